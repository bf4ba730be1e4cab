/* Rise of one, fall of N: the state machine of Application Gateway's probes. Knows
 * neither time nor answers. */
#include "azure/state.h"

#include <limits.h>

bool appgw_state_count(struct appgw_state *state, bool is_success,
                       int unhealthy_threshold) {
    bool was_healthy = state->is_healthy;
    state->probes++;
    if (is_success)
        state->failures = 0;
    else if (state->failures < INT_MAX)
        state->failures++;
    state->is_healthy =
        is_success || (was_healthy && state->failures < unhealthy_threshold);
    return state->is_healthy != was_healthy;
}

enum appgw_health appgw_state_health(const struct appgw_state *states, int count) {
    int probed = 0;
    int healthy = 0;
    for (int i = 0; i < count; i++) {
        probed += states[i].probes > 0;
        healthy += states[i].is_healthy;
    }
    if (probed == 0)
        return APPGW_UNKNOWN;
    if (healthy == 0)
        return APPGW_UNHEALTHY;
    return healthy < count ? APPGW_PARTIAL : APPGW_HEALTHY;
}

const char *appgw_health_name(enum appgw_health health) {
    switch (health) {
        case APPGW_UNKNOWN:
            return "Unknown";
        case APPGW_UNHEALTHY:
            return "Unhealthy";
        case APPGW_PARTIAL:
            return "Partial";
        case APPGW_HEALTHY:
            return "Healthy";
    }
    return "Unknown";
}
