/* Our listening sockets: dual stack with a fall-back to IPv4, unix, port 0 for tests. */
#ifndef FRONT_LISTEN_H
#define FRONT_LISTEN_H

#include "base/addr.h"

#include <stdbool.h>

struct err;

/* Bind and listen. "[::]:8080" becomes "0.0.0.0:8080" where the kernel has no IPv6. TCP
 * sockets get TCP_DEFER_ACCEPT, so that a connection without a request costs nothing. A
 * stale unix socket file (nobody accepts on it) is replaced, a live one is an error.
 * `bound` gets the real address and port. Returns the descriptor (non-blocking,
 * close-on-exec) or -1. */
int listen_open(const char *text, struct addr *bound, struct err *err);

/* Close, and remove the file of a unix socket. */
void listen_close(int fd, const struct addr *bound);

#endif
