/* One connection attempt: a socket that is connected in time, or why not. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "deadline.h"

#include <stdint.h>

struct addr;
struct loop;
struct loop_poll;

struct dial {
    struct deadline deadline;
    struct loop_poll *poll; /* NULL: decided, and only to be reported */
    int fd;                 /* -1: none */
    int sys;
    void (*callback)(void *user, int fd, int sys);
    void *user;
};

/* Begin to connect a new socket that does not block: 0 (connected already), EINPROGRESS,
 * or why not. `fd` gets the socket, the caller's also after a failure, or -1. */
int dial_connect(const struct addr *addr, int *fd);
/* What came of it, asked once the socket is writable: 0 or an errno. */
int dial_outcome(int fd);

/* Begin. `callback` runs once, later, never before this returns: with a connected socket
 * that is its own from then on, or with -1 and an errno, ETIMEDOUT once the clock shows
 * `end_us`. The dial holds nothing more when it runs. */
void dial_start(struct dial *dial, struct loop *loop, const struct addr *addr,
                int64_t end_us, void (*callback)(void *user, int fd, int sys),
                void *user);
/* The callback will not run. Fine at any time after dial_start. */
void dial_cancel(struct dial *dial);

#endif
