/* Descriptors on the loop: one epoll set inside libuv's, watched by a single uv_poll.
 *
 * Owns the set and its registrations; a descriptor only to close it in loop_poll_close.
 * Level-triggered: what a callback leaves unread is reported again. */
#include "loop_internal.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 1024 };

struct loop_poll {
    struct loop *loop;
    int fd; /* borrowed */
    int events;
    bool in_set;
    void (*callback)(void *user, int events);
    void *user;
    struct list node; /* in poll_set.dead */
};

static void change(struct loop_poll *poll, int operation, int events) {
    struct epoll_event event = {.data.ptr = poll};
    if (events & LOOP_READABLE)
        event.events |= EPOLLIN | EPOLLRDHUP;
    if (events & LOOP_WRITABLE)
        event.events |= EPOLLOUT;
    if (epoll_ctl(poll->loop->polls.fd, operation, poll->fd, &event) != 0 &&
        operation != EPOLL_CTL_DEL) {
        log_event(LOG_LEVEL_ERROR, "epoll_failed", LOG_INT("fd", poll->fd),
                  LOG_TEXT("error", strerror(errno)));
        abort();
    }
}

static int events_of(uint32_t bits, int wanted) {
    int events = 0;
    if (bits & (EPOLLERR | EPOLLHUP))
        events = LOOP_READABLE | LOOP_WRITABLE;
    if (bits & (EPOLLIN | EPOLLRDHUP))
        events |= LOOP_READABLE;
    if (bits & EPOLLOUT)
        events |= LOOP_WRITABLE;
    events &= wanted;
    if ((events & LOOP_READABLE) && (bits & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)))
        events |= LOOP_HANGUP;
    return events;
}

/* One wait a turn: what does not fit is reported in the next, as epoll takes turns
 * itself. */
static void on_ready(uv_poll_t *handle, int status, int uv_events) {
    (void)status;
    (void)uv_events;
    struct loop *loop = handle->loop->data;
    struct poll_set *polls = &loop->polls;
    loop_begin_turn(loop);
    struct epoll_event ready[EVENTS_PER_TURN];
    int count = epoll_wait(polls->fd, ready, EVENTS_PER_TURN, 0);
    polls->in_dispatch = true;
    for (int i = 0; i < count; i++) {
        struct loop_poll *poll = ready[i].data.ptr;
        int events = events_of(ready[i].events, poll->events);
        if (events)
            poll->callback(poll->user, events);
    }
    polls->in_dispatch = false;
    while (!list_is_empty(&polls->dead)) {
        struct loop_poll *poll = LIST_ITEM(polls->dead.next, struct loop_poll, node);
        list_remove(&poll->node);
        free(poll);
    }
}

bool poll_set_init(struct loop *loop, struct err *err) {
    struct poll_set *polls = &loop->polls;
    list_init(&polls->dead);
    polls->fd = epoll_create1(EPOLL_CLOEXEC);
    if (polls->fd < 0)
        return err_set_sys(err, errno, "cannot create an epoll set");
    int rc = uv_poll_init(&loop->uv, &polls->uv, polls->fd);
    if (rc != 0) {
        close(polls->fd);
        return err_set_sys(err, -rc, "cannot watch an epoll set");
    }
    uv_poll_start(&polls->uv, UV_READABLE, on_ready); /* fails only for events it lacks */
    uv_unref((uv_handle_t *)&polls->uv);
    return true;
}

void poll_set_fini(struct loop *loop) {
    loop_close_handle(loop, (uv_handle_t *)&loop->polls.uv);
    close(loop->polls.fd);
}

struct loop_poll *loop_poll_new(struct loop *loop, int fd,
                                void (*callback)(void *user, int events), void *user) {
    struct loop_poll *poll = MEM_NEW(struct loop_poll);
    poll->loop = loop;
    poll->fd = fd;
    poll->callback = callback;
    poll->user = user;
    if (loop->polls.count++ == 0)
        uv_ref((uv_handle_t *)&loop->polls.uv);
    return poll;
}

void loop_poll_set(struct loop_poll *poll, int events) {
    if (events == poll->events)
        return;
    poll->events = events;
    /* Not MOD to nothing: epoll reports errors even then, again and again. */
    if (events == 0)
        change(poll, EPOLL_CTL_DEL, 0);
    else
        change(poll, poll->in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, events);
    poll->in_set = events != 0;
}

void loop_poll_direct(struct loop_poll *poll, void (*callback)(void *user, int events),
                      void *user) {
    poll->callback = callback;
    poll->user = user;
}

int loop_poll_fd(const struct loop_poll *poll) {
    return poll->fd;
}

static void forget(struct loop_poll *poll) {
    struct poll_set *polls = &poll->loop->polls;
    if (--polls->count == 0)
        uv_unref((uv_handle_t *)&polls->uv);
    if (polls->in_dispatch) /* its event may be there already; it wants none now */
        list_append(&polls->dead, &poll->node);
    else
        free(poll);
}

void loop_poll_free(struct loop_poll *poll) {
    if (!poll)
        return;
    loop_poll_set(poll, 0);
    forget(poll);
}

void loop_poll_close(struct loop_poll *poll) {
    if (!poll)
        return;
    poll->events = 0;
    close(poll->fd); /* the set lets go of what is closed */
    forget(poll);
}
