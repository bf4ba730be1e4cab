/* Going away without a failed probe: serving -> draining -> closing -> ended.
 *
 * draining: /readyz is 503, /healthz as it was, for `delay`; Kubernetes moves traffic
 * away. closing: the listener is closed, requests in flight finish, for at most
 * `timeout`. Loop thread only. */
#ifndef APP_DRAIN_H
#define APP_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct drain;
struct loop;

struct drain_options {
    struct loop *loop;
    void (*on_draining)(void *user);
    void (*on_closing)(void *user);
    unsigned (*in_flight)(void *user); /* requests still being answered */
    void (*on_ended)(void *user);
    void *user;
};

struct drain *drain_new(const struct drain_options *options);
void drain_free(struct drain *drain);

/* SIGTERM: the first begins, with these durations; the second ends at once. */
void drain_signal(struct drain *drain, int64_t delay_ms, int64_t timeout_ms);

#endif
