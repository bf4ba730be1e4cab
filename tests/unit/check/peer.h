/* A peer that follows a script, in a thread of its own: what a check may meet. */
#ifndef TESTS_UNIT_CHECK_PEER_H
#define TESTS_UNIT_CHECK_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct addr;
struct peer;

struct peer_script {
    const char *say;    /* once the request is read; NULL: nothing */
    const char *repeat; /* then this, for as long as the other side takes it */
    bool speaks_first;  /* does not wait for a request */
    bool hangs;   /* keeps the connection open, without a word, until it is closed */
    bool resets;  /* closes with a reset */
    SSL_CTX *tls; /* borrowed */
};

/* Listens when it returns; `where` in addr_parse_listen form, port 0 for a free one. The
 * script is copied, the texts are borrowed. */
struct peer *peer_start(const char *where, const struct peer_script *script);
/* Joins the thread. */
void peer_stop(struct peer *peer);

uint16_t peer_port(const struct peer *peer);
/* Connections accepted so far. */
int peer_connections(const struct peer *peer);
/* Requests read to the end of their head, or with tls handshakes done, so far. */
int peer_requests(const struct peer *peer);
/* What came on the last connection, from its start; after peer_requests has counted it.
 */
const char *peer_heard(const struct peer *peer);

/* A listening socket whose queue is full, so that connections to it never end: filled in
 * with its port. */
enum { PEER_FULL_FDS = 16 };
struct peer_full {
    int fds[PEER_FULL_FDS];
    int count;
    uint16_t port;
};
void peer_full_start(struct peer_full *full);
void peer_full_stop(struct peer_full *full);

/* A port of `ip` where nobody listens. */
uint16_t peer_closed_port(const char *ip);

#endif
