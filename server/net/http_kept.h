/* Connections, and those that stay open between two exchanges, by the peer they lead to.
 * One that the peer closes, or speaks on, is dropped at once. */
#ifndef NET_HTTP_KEPT_H
#define NET_HTTP_KEPT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

struct http_kept;
struct loop;
struct loop_poll;
struct tls_wire;

/* Whom a connection leads to, and what it had to prove. */
struct http_peer {
    struct addr addr;
    char *host; /* owned; that a certificate must name; NULL: no TLS */
    bool is_literal;
    char *ca_file;  /* owned; NULL: the system's */
    bool takes_any; /* certificate */
};

void http_peer_fini(struct http_peer *peer);

/* Owns both, and the descriptor. */
struct http_connection {
    struct loop_poll *poll; /* NULL: there is no connection */
    struct tls_wire *tls;   /* NULL: plain */
};

void http_connection_close(struct http_connection *connection);

/* Holds at most `max`; the one that has waited longest goes first. */
struct http_kept *http_kept_new(struct loop *loop, size_t max);
/* The connection, which waits for LOOP_READABLE, and what `peer` owns belong to `kept`
 * from here; both are emptied. */
void http_kept_put(struct http_kept *kept, struct http_peer *peer,
                   struct http_connection *connection);
/* The one that waited last, the caller's from here, to be directed; without a poll where
 * there is none. */
struct http_connection http_kept_take(struct http_kept *kept,
                                      const struct http_peer *peer);
void http_kept_free(struct http_kept *kept); /* NULL is fine */

#endif
