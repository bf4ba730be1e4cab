/* An admin port, in a thread of its own, that answers by path. */
#ifndef TESTS_UNIT_CHECK_ADMIN_PORT_H
#define TESTS_UNIT_CHECK_ADMIN_PORT_H

#include <stdint.h>

struct admin_page {
    const char *path; /* how the request's target begins; NULL ends a table */
    int status;       /* 0: closes without an answer; -1: hangs until it is closed */
    const char *body;
};

struct admin_port;

/* Listens on 127.0.0.1 when it returns. The pages are borrowed; what is not among them is
 * 404 with an empty body. One connection at a time, one request to each. */
struct admin_port *admin_port_start(const struct admin_page *pages);
void admin_port_stop(struct admin_port *port);

uint16_t admin_port_number(const struct admin_port *port);
/* Requests so far. */
int admin_port_requests(const struct admin_port *port);
/* The first lines of the requests, one below the other; after as many requests as are
 * expected have been counted. */
const char *admin_port_heard(const struct admin_port *port);

#endif
