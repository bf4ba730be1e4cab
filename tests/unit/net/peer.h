/* A scripted peer: accepts on a thread of its own and plays one script for each
 * connection, one after the other. Scripts block; peer_stop ends their waiting. */
#ifndef TESTS_UNIT_NET_PEER_H
#define TESTS_UNIT_NET_PEER_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* `fd` is blocking, and closed when the script returns. */
typedef void peer_script(struct peer *peer, int fd, const void *argument);

/* `where` as for addr_parse_listen, NULL is "127.0.0.1:0", "unix:" and "unix:@" are a
 * place of this process's own. `argument` is borrowed. */
struct peer *peer_start(const char *where, peer_script *script, const void *argument);
void peer_stop(struct peer *peer);

const struct addr *peer_addr(const struct peer *peer);
unsigned peer_accepted(const struct peer *peer);

/* Read until a blank line came, or `size` - 1 bytes; false if the client left before.
 * `out` may be NULL. */
bool peer_read_request(int fd, char *out, size_t size);
void peer_write(int fd, const char *text);
/* Until the client closes, or peer_stop. */
void peer_hang(struct peer *peer, int fd);
/* Close with a reset: what is unread or unsent is lost. */
void peer_reset(int fd);

/* Scripts. */
/* Say nothing. */
void peer_hang_script(struct peer *peer, int fd, const void *argument);
/* Read a request, write `argument`, close. */
void peer_answer(struct peer *peer, int fd, const void *argument);
/* The same for as many requests as come on the connection. */
void peer_answer_each(struct peer *peer, int fd, const void *argument);
/* Read a request, write `argument`, keep the connection open. */
void peer_answer_and_hang(struct peer *peer, int fd, const void *argument);
/* Write `argument` without waiting for anything, then wait for the client to leave. */
void peer_greet(struct peer *peer, int fd, const void *argument);

/* An address on loopback where nobody listens. */
struct addr peer_refusing_addr(void);

/* A listener whose backlog is full, so that a further connection hangs. */
struct full_listener {
    int fd;
    int clients[4];
    struct addr addr;
};
void full_listener_open(struct full_listener *listener);
void full_listener_close(struct full_listener *listener);

#endif
