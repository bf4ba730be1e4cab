/* A plain HTTP exchange, over a connection of its own or a kept one: the check that is
 * made most often. libcurl would do the same for twice the CPU time
 * (docs/measurements.md). Everything else (TLS, unix sockets) is libcurl's. */
#ifndef NET_HTTP_PLAIN_H
#define NET_HTTP_PLAIN_H

#include "http_internal.h"

struct http_plain;
struct url;

/* What is asked can be asked this way; `url` gets its parts, which lie inside the text.
 */
bool http_plain_can(const struct http_request *request, struct url *url);
/* Begin, with the parts of the request's URL; what becomes of it is told to
 * http_client_end. CURLE_OK, or what is wrong with it before anything was sent.
 * transfer->plain is set. */
CURLcode http_plain_start(struct http_transfer *transfer,
                          const struct http_request *request, const struct url *url);
/* Close the connection, or keep it where request and answer allow, and free. NULL is
 * fine. */
void http_plain_free(struct http_plain *plain);

#endif
