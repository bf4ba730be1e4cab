/* Rise and fall: from the outcomes of one check to its state. Owns no time and no memory;
 * never decides when a check runs or what depends on it. */
#include "model/health.h"

#include <limits.h>

bool health_count(struct health *health, const struct outcome *outcome, int rise,
                  int fall, bool starved, int64_t now_ms) {
    health->last_ms = now_ms;
    health->is_suspect = starved;
    if (starved || outcome->kind == OUTCOME_UNAVAILABLE)
        return false;

    bool is_pass = outcome->kind != OUTCOME_FAIL;

    if (health->is_streak_pass != is_pass) {
        health->is_streak_pass = is_pass;
        health->streak = 0;
    }
    if (health->streak < UINT_MAX)
        health->streak++;

    enum check_state reached = is_pass ? STATE_PASSING : STATE_FAILING;
    int64_t streak = health->streak;

    if (health->counted == reached || streak < (is_pass ? rise : fall))
        return false;
    health->counted = reached;
    return true;
}

enum check_state health_shown(const struct health *health, int64_t now_ms,
                              int64_t started_ms, int64_t stale_ms, bool is_blocked) {
    int64_t since_ms = health->last_ms != 0 ? health->last_ms : started_ms;

    if (now_ms - since_ms >= stale_ms)
        return STATE_STALE;
    if (health->is_suspect)
        return STATE_SUSPECT;
    if (is_blocked)
        return STATE_BLOCKED;
    return health->counted;
}

bool health_is_moving(const struct health *health) {
    if (health->counted == STATE_PENDING)
        return true;
    return health->is_streak_pass != (health->counted == STATE_PASSING);
}

const char *check_state_name(enum check_state state) {
    static const char *const names[STATE_COUNT] = {
        [STATE_PENDING] = "pending", [STATE_PASSING] = "passing",
        [STATE_FAILING] = "failing", [STATE_STALE] = "stale",
        [STATE_SUSPECT] = "suspect", [STATE_BLOCKED] = "blocked",
    };

    return names[state];
}
