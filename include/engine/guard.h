/* Is the observer well? Loop lag, CPU throttling of our cgroup, room for descriptors and
 * memory, and a canary request to our own listener. While we are starved, outcomes say
 * more about us than about the targets: they are shown as suspect and not counted. Loop
 * thread. */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct guard;
struct http_client;
struct loop;

enum {
    GUARD_LAG_LIMIT_MS = 100,        /* a timer this late: starved */
    GUARD_CANARY_LIMIT_MS = 500,     /* our own /livez slower than this: starved */
    GUARD_THROTTLED_PERCENT = 25,    /* of wall time, in the last second */
    GUARD_HEADROOM_PERCENT = 5,      /* descriptors or memory left: less is starvation */
    GUARD_HOLD_MS = 1000,            /* starved until this long after the last sign */
    GUARD_DEGRADED_AFTER_MS = 15000, /* starved for so long: our own degradation */
};

enum guard_sign {
    GUARD_FINE,
    GUARD_LAG,
    GUARD_THROTTLED,
    GUARD_FDS,
    GUARD_MEMORY,
    GUARD_CANARY, /* our own listener answers late, or not at all */
};

struct guard_options {
    struct loop *loop;
    struct http_client *http;
    const struct addr *canary; /* our probe listener; NULL or unix: no canary */
    const char *cgroup_folder; /* "/sys/fs/cgroup"; tests have their own */
};

struct guard *guard_new(const struct guard_options *options);
void guard_free(struct guard *guard);

/* A timer of the engine came `lag_us` late. */
void guard_note_lag(struct guard *guard, int64_t lag_us);

/* The newest outcome of every check is a failure (`all`), or no longer. The first time
 * the canary is sent at once; until it answers, the round is suspect. */
void guard_note_all_failing(struct guard *guard, bool all);

/* Outcomes that arrive now are suspect. */
bool guard_is_starved(const struct guard *guard);
/* Starved for longer than GUARD_DEGRADED_AFTER_MS without a pause. */
bool guard_is_degraded(const struct guard *guard);
/* Why, for people: the newest sign, its figure in `text`. */
enum guard_sign guard_sign(const struct guard *guard);
const char *guard_text(const struct guard *guard);
const char *guard_sign_name(enum guard_sign sign);

#endif
