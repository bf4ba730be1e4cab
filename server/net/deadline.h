/* A deadline that is never early, and that never beats what already came: when it passes,
 * descriptors are polled once more before it is reported, so that a loop that was busy
 * does not call a peer late. */
#ifndef NET_DEADLINE_H
#define NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

struct deadline {
    struct loop_timer *timer;
    int64_t at_us;
    bool passed; /* only the last poll is still to come */
    void (*callback)(void *user);
    void *user;
};

void deadline_init(struct deadline *deadline, struct loop *loop,
                   void (*callback)(void *user), void *user);
/* `at_us` is a time of clock_mono_us. Replaces an earlier setting. */
void deadline_set(struct deadline *deadline, int64_t at_us);
void deadline_stop(struct deadline *deadline);
void deadline_fini(struct deadline *deadline);

#endif
