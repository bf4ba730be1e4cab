/* What loop.c and loop_poll.c share: the loop itself. */
#ifndef NET_LOOP_INTERNAL_H
#define NET_LOOP_INTERNAL_H

#include "net/loop.h"

#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>

#include "list.h"

/* The descriptors of all loop_polls, in an epoll of their own inside libuv's: uv_poll
 * takes seven system calls per short-lived connection where this takes three. */
struct poll_set {
    int fd;
    uv_poll_t
        uv; /* active while the set holds a descriptor that must keep the loop alive */
    size_t count;
    bool in_dispatch;
    struct list dead; /* freed during a dispatch, whose events may still name them */
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;   /* runs while `soon` holds a timer: the loop must not wait then */
    struct list soon; /* timers for the next turn, in the order they were set */
    struct poll_set polls;
    size_t closing; /* libuv handles whose close callback is still to come */
    struct loop_figures figures;
    bool in_turn;
    int64_t turn_start_us;
    _Atomic int64_t last_turn_us;
    void (*turn_end)(void *user);
    void *turn_end_user;
};

/* Before any callback that libuv makes while it polls: the turn has begun. */
void loop_begin_turn(struct loop *loop);

/* Closes a libuv handle; its data, which may be NULL, is freed when libuv lets go of it.
 */
void loop_close_handle(struct loop *loop, uv_handle_t *handle);

bool poll_set_init(struct loop *loop, struct err *err);
void poll_set_fini(struct loop *loop);

#endif
