/* Connecting without blocking, under a deadline. Owns the socket until it is handed over.
 * A connection that is there at once, or fails at once, is reported by the timer. */
#include "dial.h"

#include "base/addr.h"
#include "net/loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(struct dial *dial, int sys) {
    int fd = -1;
    if (sys == 0) {
        fd = dial->fd;
        dial->fd = -1;
    }
    dial_cancel(dial);
    dial->callback(dial->user, fd, sys);
}

static void on_event(void *user, int events) {
    (void)events;
    struct dial *dial = user;
    report(dial, dial_outcome(dial->fd));
}

static void on_deadline(void *user) {
    struct dial *dial = user;
    report(dial, dial->poll ? ETIMEDOUT : dial->sys);
}

int dial_connect(const struct addr *addr, int *fd) {
    *fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    return connect(*fd, &addr->u.sa, addr->len) == 0 ? 0 : errno;
}

int dial_outcome(int fd) {
    int sys = 0;
    socklen_t size = sizeof sys;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &size) == 0 ? sys : errno;
}

void dial_start(struct dial *dial, struct loop *loop, const struct addr *addr,
                int64_t end_us, void (*callback)(void *user, int fd, int sys),
                void *user) {
    *dial = (struct dial){.callback = callback, .user = user};
    deadline_init(&dial->deadline, loop, on_deadline, dial);
    dial->sys = dial_connect(addr, &dial->fd);
    if (dial->sys != EINPROGRESS) {
        deadline_set(&dial->deadline, 0);
        return;
    }
    dial->poll = loop_poll_new(loop, dial->fd, on_event, dial);
    loop_poll_set(dial->poll, LOOP_WRITABLE);
    deadline_set(&dial->deadline, end_us);
}

void dial_cancel(struct dial *dial) {
    loop_poll_free(dial->poll);
    dial->poll = NULL;
    deadline_fini(&dial->deadline);
    if (dial->fd >= 0)
        close(dial->fd);
    dial->fd = -1;
}
