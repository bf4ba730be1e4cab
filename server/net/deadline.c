/* A deadline over a loop timer, measured by the clock rather than by the turn's time. */
#include "deadline.h"

#include "base/clock.h"
#include "net/loop.h"

static void on_timer(void *user) {
    struct deadline *deadline = user;
    if (deadline->passed)
        deadline->callback(deadline->user);
    else
        deadline_set(deadline, deadline->at_us);
}

void deadline_init(struct deadline *deadline, struct loop *loop,
                   void (*callback)(void *user), void *user) {
    deadline->timer = loop_timer_new(loop, on_timer, deadline);
    deadline->callback = callback;
    deadline->user = user;
}

void deadline_set(struct deadline *deadline, int64_t at_us) {
    int64_t left_us = at_us - clock_mono_us();
    deadline->at_us = at_us;
    deadline->passed = left_us <= 0;
    loop_timer_set(deadline->timer, left_us > 0 ? (left_us + 999) / 1000 : 0);
}

void deadline_stop(struct deadline *deadline) {
    loop_timer_stop(deadline->timer);
}

void deadline_fini(struct deadline *deadline) {
    loop_timer_free(deadline->timer);
    deadline->timer = NULL;
}
