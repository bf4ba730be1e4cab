/* The probe port: a libmicrohttpd daemon with its own epoll thread that answers from
 * memory. It never waits for the engine, a check, or the detail port. */
#ifndef FRONT_PROBE_H
#define FRONT_PROBE_H

#include "front/answers.h"
#include "front/arrivals.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct probe_front;

struct probe_front_options {
    int listen_fd; /* from listen_open; stays the caller's, who closes it after
                    * _close_listener or _stop */
    struct arrivals *arrivals; /* borrowed, outlives the front */
    /* CLOCK_MONOTONIC microseconds of the engine's last turn; called in the front's
     * thread. */
    int64_t (*last_turn_us)(void *user);
    void *user;
    unsigned connection_limit; /* 0: 1024, less where RLIMIT_NOFILE asks for it */
    unsigned idle_timeout_s;   /* 0: 75, above Envoy's and Application Gateway's reuse */
};

enum { PROBE_STUCK_AFTER_US = 10 * 1000 * 1000 };

/* Until the first _publish every question but live is answered with 503 "starting". */
struct probe_front *probe_front_start(const struct probe_front_options *options,
                                      struct err *err);

/* Swap the answers; takes them over, frees the old ones. Any one thread. */
void probe_front_publish(struct probe_front *front, struct answers *answers);

/* Take no new connections; what the kernel has already accepted is still served, as far
 * as the connection limit allows. After this the descriptor may be closed. Takes at most
 * about a second, where the front's thread is stuck. Call once. */
void probe_front_close_listener(struct probe_front *front);

/* Requests being answered now, and connections taken by _close_listener that have not
 * been answered yet. Any thread. */
unsigned probe_front_in_flight(const struct probe_front *front);

/* End the daemon and its thread; open connections are closed. Frees everything. NULL is
 * fine. */
void probe_front_stop(struct probe_front *front);

#endif
