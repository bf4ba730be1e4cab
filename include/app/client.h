/* One GET to a running health-responder, for the subcommands that read it. Blocks. */
#ifndef APP_CLIENT_H
#define APP_CLIENT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct err;

struct client_request {
    const char *base;  /* "http://127.0.0.1:9090" */
    const char *path;  /* "/status?format=text" */
    const char *token; /* bearer token, or NULL */
    int64_t timeout_ms;
};

/* Fetch; `status` and `body` are set on success. False with a sentence that says which
 * address did not answer and what to try. */
bool client_get(const struct client_request *request, int *status, struct buf *body,
                struct err *err);

#endif
