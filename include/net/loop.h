/* The event loop and its handles: timers, descriptors, signals, wake-ups, a watched
 * folder. A thin cover over libuv, so that the rest of the program sees no library type.
 *
 * Everything here belongs to the loop's thread, except loop_wake_send and
 * loop_last_turn_us. No callback runs before the function that registered it returned,
 * and none after the handle's _free, which may be called from inside any callback, the
 * handle's own included: memory goes when libuv is done with it. Callbacks must not
 * block. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct loop_timer;
struct loop_poll;
struct loop_wake;
struct loop_signal;
struct loop_watch;

enum {
    LOOP_READABLE = 1,
    LOOP_WRITABLE = 2,
    LOOP_HANGUP =
        4, /* only reported, with LOOP_READABLE: no more than is there will come */
};

struct loop_figures {
    uint64_t turns;
    int64_t longest_turn_us; /* work between two waits, since start */
};

struct loop *loop_new(struct err *err);
/* All handles must be freed before. */
void loop_free(struct loop *loop);

/* Until loop_stop, or until no handle is left. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic milliseconds, fixed for one turn. */
int64_t loop_now_ms(const struct loop *loop);
struct loop_figures loop_figures(const struct loop *loop);

/* CLOCK_MONOTONIC microseconds when the loop last began to wait or woke up; any thread.
 */
int64_t loop_last_turn_us(const struct loop *loop);

/* Called at the end of every turn, just before the loop waits. One; NULL ends it. */
void loop_on_turn_end(struct loop *loop, void (*callback)(void *user), void *user);

struct loop_timer *loop_timer_new(struct loop *loop, void (*callback)(void *user),
                                  void *user);
/* Once, `delay_ms` from now (0: next turn); replaces an earlier setting. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is fine; so for all below */

/* `fd` stays the caller's, and must stay open until loop_poll_free. Events:
 * LOOP_READABLE, LOOP_WRITABLE; an error on fd reads as both. 0 pauses. */
struct loop_poll *loop_poll_new(struct loop *loop, int fd,
                                void (*callback)(void *user, int events), void *user);
void loop_poll_set(struct loop_poll *poll, int events);
/* Another one is told from now on, also of what is ready already. */
void loop_poll_direct(struct loop_poll *poll, void (*callback)(void *user, int events),
                      void *user);
int loop_poll_fd(const struct loop_poll *poll);
void loop_poll_free(struct loop_poll *poll);
/* The same, and closes the descriptor, which has no duplicate: one system call less. */
void loop_poll_close(struct loop_poll *poll);

/* Wake the loop from any thread; several sends may become one call. */
struct loop_wake *loop_wake_new(struct loop *loop, void (*callback)(void *user),
                                void *user);
void loop_wake_send(struct loop_wake *wake);
void loop_wake_free(struct loop_wake *wake);

struct loop_signal *loop_signal_new(struct loop *loop, int signum,
                                    void (*callback)(void *user), void *user);
void loop_signal_free(struct loop_signal *signal);

/* Changes in a folder (inotify): `name` is the entry, or NULL when it is unknown. */
struct loop_watch *loop_watch_new(struct loop *loop, const char *folder,
                                  void (*callback)(void *user, const char *name),
                                  void *user, struct err *err);
void loop_watch_free(struct loop_watch *watch);

#endif
