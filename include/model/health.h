/* The state of one check: rise and fall over outcomes, and what hides it.
 *
 * `counted` is what rise and fall made of the outcomes. What is shown may differ: nothing
 * came for too long (stale), we were starved (suspect), a dependency is down (blocked).
 * Pure: time comes in as a parameter. */
#ifndef MODEL_HEALTH_H
#define MODEL_HEALTH_H

#include "model/outcome.h"

#include <stdbool.h>
#include <stdint.h>

enum check_state {
    STATE_PENDING, /* not enough outcomes yet */
    STATE_PASSING,
    STATE_FAILING,
    STATE_STALE,   /* no outcome for stale_after intervals */
    STATE_SUSPECT, /* the last outcomes came while we were starved ourselves */
    STATE_BLOCKED, /* a check it depends on is failing */
};
enum { STATE_COUNT = 6 };

struct health {
    enum check_state counted; /* STATE_PENDING, STATE_PASSING or STATE_FAILING only */
    bool is_streak_pass;      /* what the streak is made of */
    unsigned streak;          /* equal outcomes in a row that were counted */
    bool is_suspect;          /* the newest outcome was not counted */
    int64_t last_ms;          /* monotonic time of the newest outcome; 0: none yet */
};

/* Count an outcome. UNAVAILABLE is noted (last_ms) and moves nothing; a starved one sets
 * is_suspect and moves nothing. Returns true when `counted` changed. */
bool health_count(struct health *health, const struct outcome *outcome, int rise,
                  int fall, bool starved, int64_t now_ms);

/* What to show: stale beats suspect beats blocked beats counted. `stale_ms` is the age
 * from which on an outcome says nothing any more; `started_ms` stands in for last_ms
 * before the first outcome. A pending check without any outcome becomes stale as well. */
enum check_state health_shown(const struct health *health, int64_t now_ms,
                              int64_t started_ms, int64_t stale_ms, bool is_blocked);

/* Between two states: the newest counted outcomes contradict `counted`, or it is pending.
 */
bool health_is_moving(const struct health *health);

const char *check_state_name(enum check_state state); /* "pending", ... */

#endif
