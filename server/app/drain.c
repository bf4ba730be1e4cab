/* The states of an orderly end, and the timers between them. Knows no server: what
 * happens in a state is told by callbacks. */
#include "app/drain.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"

#include <stdlib.h>

enum { LOOK_MS = 20 }; /* between two looks at the requests in flight */

enum drain_state { DRAIN_SERVING, DRAIN_DRAINING, DRAIN_CLOSING, DRAIN_ENDED };

struct drain {
    struct drain_options options;
    enum drain_state state;
    struct loop_timer *timer;
    int64_t timeout_ms;
    int64_t give_up_ms; /* monotonic */
};

static const char *state_name(enum drain_state state) {
    static const char *const names[] = {[DRAIN_SERVING] = "serving",
                                        [DRAIN_DRAINING] = "draining",
                                        [DRAIN_CLOSING] = "closing",
                                        [DRAIN_ENDED] = "ended"};
    return names[state];
}

/* The only function that changes the state. */
static void enter(struct drain *drain, enum drain_state state) {
    log_event(LOG_LEVEL_INFO, "drain", LOG_TEXT("old", state_name(drain->state)),
              LOG_TEXT("new", state_name(state)));
    drain->state = state;
}

static void end(struct drain *drain) {
    enter(drain, DRAIN_ENDED);
    loop_timer_stop(drain->timer);
    drain->options.on_ended(drain->options.user);
}

static void close_or_end(struct drain *drain) {
    if (drain->state == DRAIN_DRAINING) {
        enter(drain, DRAIN_CLOSING);
        drain->give_up_ms = loop_now_ms(drain->options.loop) + drain->timeout_ms;
        drain->options.on_closing(drain->options.user);
    } else {
        bool is_over = loop_now_ms(drain->options.loop) >= drain->give_up_ms;
        if (is_over || drain->options.in_flight(drain->options.user) == 0) {
            end(drain);
            return;
        }
    }
    loop_timer_set(drain->timer, LOOK_MS);
}

static void on_timer(void *user) {
    close_or_end(user);
}

struct drain *drain_new(const struct drain_options *options) {
    struct drain *drain = MEM_NEW(struct drain);
    drain->options = *options;
    drain->timer = loop_timer_new(options->loop, on_timer, drain);
    return drain;
}

void drain_free(struct drain *drain) {
    loop_timer_free(drain->timer);
    free(drain);
}

void drain_signal(struct drain *drain, int64_t delay_ms, int64_t timeout_ms) {
    switch (drain->state) {
        case DRAIN_SERVING:
            enter(drain, DRAIN_DRAINING);
            drain->timeout_ms = timeout_ms;
            drain->options.on_draining(drain->options.user);
            loop_timer_set(drain->timer, delay_ms);
            break;
        case DRAIN_DRAINING:
        case DRAIN_CLOSING:
            end(drain);
            break;
        case DRAIN_ENDED:
            break;
    }
}
