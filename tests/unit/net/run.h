/* Running a loop in a test: until something happened, at most for a while. */
#ifndef TESTS_UNIT_NET_RUN_H
#define TESTS_UNIT_NET_RUN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "fds.h"
#include "net/loop.h"

enum { RUN_LIMIT_MS = 10000 };

static inline struct loop *run_loop_new(void) {
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    if (!loop) {
        fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return loop;
}

/* As fds_setup, after libuv opened what it keeps for the life of the process. */
static inline int run_setup(void **state) {
    loop_free(run_loop_new());
    return fds_setup(state);
}

struct run_guard {
    struct loop *loop;
    bool late;
};

static inline void run_on_guard(void *user) {
    struct run_guard *guard = user;
    guard->late = true;
    loop_stop(guard->loop);
}

/* Until a callback calls loop_stop. False if none did within `limit_ms`. */
static inline bool run_for(struct loop *loop, int64_t limit_ms) {
    struct run_guard guard = {.loop = loop};
    struct loop_timer *timer = loop_timer_new(loop, run_on_guard, &guard);
    loop_timer_set(timer, limit_ms);
    loop_run(loop);
    loop_timer_free(timer);
    return !guard.late;
}

static inline bool run(struct loop *loop) {
    return run_for(loop, RUN_LIMIT_MS);
}

#endif
