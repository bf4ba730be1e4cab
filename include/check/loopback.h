/* Check type `loopback`: a request to ourselves through the gateway. Whoever answers
 * /healthz/loop/NONCE must hold our key, and so be one of our replicas: nobody else's
 * route owns the probe's path.
 *
 * Every run makes a new nonce of the time and chance and takes the MAC of that one alone,
 * so an old answer never fits again, and the answering side needs no clock. A tenant who
 * owns the path and passes each request on to us is not noticed. */
#ifndef CHECK_LOOPBACK_H
#define CHECK_LOOPBACK_H

#include "config/schema.h"

struct check_type;

struct loopback_options {
    const char *url;     /* scheme, host and port; its host is Host and SNI */
    const char *connect; /* "host:port" to connect to instead; NULL: the URL's */
    const char *ca_file;
};

extern const struct schema loopback_options_schema; /* of struct loopback_options */

extern const struct check_type check_loopback;

#endif
