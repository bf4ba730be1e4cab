/* The rules that fold check states into tenant states and those into verdicts. Keeps
 * nothing between calls: what hysteresis needs comes in with the previous verdicts. */
#include "model/verdict.h"

/* How much a check says against what it belongs to. The greater one decides. */
enum weight {
    WEIGHT_NONE,
    WEIGHT_UNCLEAR, /* pending, stale, suspect, blocked: nobody knows */
    WEIGHT_WARNING,
    WEIGHT_CRITICAL,
};

static enum weight weigh(const struct check_config *check, enum check_state state) {
    if (check->severity == SEVERITY_INFO || state == STATE_PASSING)
        return WEIGHT_NONE;
    if (state != STATE_FAILING)
        return WEIGHT_UNCLEAR;
    return check->severity == SEVERITY_CRITICAL ? WEIGHT_CRITICAL : WEIGHT_WARNING;
}

/* Let one more check of the tenant's scope speak. Of equals the first one decided. */
static void fold_check(const struct verdict_input *input, uint32_t index,
                       struct tenant_status *status) {
    const struct check_config *checks = input->config->checks;
    enum weight weight = weigh(&checks[index], input->states[index]);
    enum weight decided = WEIGHT_NONE;

    if (status->decided_by != UINT32_MAX)
        decided = weigh(&checks[status->decided_by], input->states[status->decided_by]);
    if (weight <= decided)
        return;
    status->state = weight == WEIGHT_CRITICAL ? TENANT_UNHEALTHY : TENANT_DEGRADED;
    status->decided_by = index;
}

/* 64-bit products: no share is rounded, and none overflows. */
static bool has_quorum(int64_t up, int64_t all, int64_t min_percent, bool was_unhealthy) {
    if (up == all)
        return true;
    if (was_unhealthy)
        return up * 100 > all * min_percent;
    return up * 100 >= all * min_percent;
}

enum check_state verdict_weighed(const struct check_config *check, enum check_state shown,
                                 enum outcome_kind newest) {
    bool cannot_be_asked = shown == STATE_PENDING && newest == OUTCOME_UNAVAILABLE;
    return cannot_be_asked && check->scope != SCOPE_TENANT ? STATE_PASSING : shown;
}

struct tenant_status verdict_tenant(const struct config *config,
                                    const enum check_state *states, uint32_t tenant) {
    const struct verdict_input input = {.config = config, .states = states};
    struct tenant_status status = {.state = TENANT_HEALTHY, .decided_by = UINT32_MAX};

    for (uint32_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].scope == SCOPE_TENANT && config->checks[i].tenant == tenant)
            fold_check(&input, i, &status);
    }
    return status;
}

void verdict_compute(const struct verdict_input *input, struct tenant_status *tenants,
                     struct verdicts *verdicts) {
    const struct config *config = input->config;
    const struct verdict_config *rules = &config->verdict;
    bool was_unhealthy = verdicts->by_policy[POLICY_QUORUM] == VERDICT_UNHEALTHY;
    bool is_fine = !input->is_starting && !input->is_self_degraded;
    bool is_strict_down = false;

    for (uint32_t i = 0; i < config->tenant_count; i++)
        tenants[i] = (struct tenant_status){TENANT_HEALTHY, UINT32_MAX};

    /* One pass over the checks, whatever the number of tenants. */
    for (uint32_t i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];

        if (check->scope == SCOPE_TENANT) {
            fold_check(input, i, &tenants[check->tenant]);
            continue;
        }
        enum weight weight = weigh(check, input->states[i]);
        is_fine = is_fine && weight == WEIGHT_NONE;
        is_strict_down = is_strict_down || weight == WEIGHT_CRITICAL;
    }

    *verdicts = (struct verdicts){.critical_tenants = 0};
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        is_fine = is_fine && tenants[i].state == TENANT_HEALTHY;
        if (!config->tenants[i].critical)
            continue;
        verdicts->critical_tenants++;
        if (tenants[i].state == TENANT_UNHEALTHY)
            is_strict_down = true;
        else
            verdicts->critical_up++;
    }

    enum verdict serve = is_fine ? VERDICT_HEALTHY : VERDICT_DEGRADED;
    bool is_quorum_up = has_quorum(verdicts->critical_up, verdicts->critical_tenants,
                                   rules->min_healthy_percent, was_unhealthy);

    verdicts->by_policy[POLICY_SERVE] = serve;
    verdicts->by_policy[POLICY_QUORUM] = is_quorum_up ? serve : VERDICT_UNHEALTHY;
    verdicts->by_policy[POLICY_STRICT] = is_strict_down ? VERDICT_UNHEALTHY : serve;
    verdicts->override_active =
        verdict_override_is_active(&rules->override, input->wall_ms);
    verdicts->answer = verdicts->override_active ? rules->override.verdict
                                                 : verdicts->by_policy[rules->policy];
}

bool verdict_override_is_active(const struct override_config *override, int64_t wall_ms) {
    return override->is_set && wall_ms < override->until_wall_ms;
}

enum verdict verdict_for(const struct verdicts *verdicts, enum policy policy) {
    if (policy == POLICY_SERVE && verdicts->override_active)
        return verdicts->answer;
    return verdicts->by_policy[policy];
}

const char *tenant_state_name(enum tenant_state state) {
    static const char *const names[TENANT_STATE_COUNT] = {
        [TENANT_HEALTHY] = "healthy",
        [TENANT_DEGRADED] = "degraded",
        [TENANT_UNHEALTHY] = "unhealthy",
    };

    return names[state];
}
