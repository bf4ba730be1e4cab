/* Check type `tcp`: connect, perhaps send, perhaps expect; also over unix sockets. */
#ifndef CHECK_TCP_H
#define CHECK_TCP_H

#include "config/schema.h"

#include <stdbool.h>

struct check_type;

struct tcp_options {
    const char *target; /* "host:port" or "unix:PATH" */
    const char *send;   /* NULL: nothing */
    const char *expect; /* NULL: the connection is enough */
    bool every_address;
};

extern const struct schema tcp_options_schema; /* of struct tcp_options */

extern const struct check_type check_tcp;

#endif
