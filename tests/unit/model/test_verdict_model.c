/* verdict_compute against a second model, written for one small installation in the
 * plainest way: two tenants with a direct and a routed check, one critical and one
 * warning check of scope shared. Every combination of their states, of the flags, of what
 * came before, of which tenants are critical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/verdict.h"

enum { GATEWAY, DIRECT1, ROUTED1, DIRECT2, ROUTED2, EXTRA, CHECKS };

static const struct check_config checks[CHECKS] = {
    [GATEWAY] = {.name = "gateway/status",
                 .scope = SCOPE_SHARED,
                 .tenant = CONFIG_NO_TENANT,
                 .severity = SEVERITY_CRITICAL},
    [DIRECT1] = {.name = "tenant/app1/direct",
                 .scope = SCOPE_TENANT,
                 .tenant = 0,
                 .severity = SEVERITY_WARNING},
    [ROUTED1] = {.name = "tenant/app1/routed",
                 .scope = SCOPE_TENANT,
                 .tenant = 0,
                 .severity = SEVERITY_CRITICAL},
    [DIRECT2] = {.name = "tenant/app2/direct",
                 .scope = SCOPE_TENANT,
                 .tenant = 1,
                 .severity = SEVERITY_WARNING},
    [ROUTED2] = {.name = "tenant/app2/routed",
                 .scope = SCOPE_TENANT,
                 .tenant = 1,
                 .severity = SEVERITY_CRITICAL},
    [EXTRA] = {.name = "extra",
               .scope = SCOPE_SHARED,
               .tenant = CONFIG_NO_TENANT,
               .severity = SEVERITY_WARNING},
};

struct circumstances {
    bool is_critical[2]; /* per tenant */
    int min_percent;
    bool is_starting, is_self_degraded;
    bool was_quorum_unhealthy;
};

struct expectation {
    enum tenant_state tenants[2];
    uint32_t decided_by[2];
    enum verdict serve, quorum, strict;
};

/* Users come through the gateway: what `routed` says is true, `direct` only warns. */
static void expect_tenant(const enum check_state *states, uint32_t direct,
                          uint32_t routed, enum tenant_state *tenant,
                          uint32_t *decided_by) {
    if (states[routed] == STATE_FAILING) {
        *tenant = TENANT_UNHEALTHY;
        *decided_by = routed;
    } else if (states[direct] == STATE_PASSING && states[routed] == STATE_PASSING) {
        *tenant = TENANT_HEALTHY;
        *decided_by = UINT32_MAX;
    } else {
        *tenant = TENANT_DEGRADED;
        *decided_by = states[direct] == STATE_PASSING ? routed : direct;
    }
}

static bool expect_quorum_unhealthy(const struct circumstances *now,
                                    const enum tenant_state *tenants) {
    double all = 0;
    double up = 0;

    for (int i = 0; i < 2; i++) {
        if (!now->is_critical[i])
            continue;
        all += 1;
        if (tenants[i] != TENANT_UNHEALTHY)
            up += 1;
    }
    if (all == 0 || up == all)
        return false;

    double share = up / all * 100; /* 0 or 50: exact */

    if (share < now->min_percent)
        return true;
    return now->was_quorum_unhealthy && share <= now->min_percent;
}

static struct expectation expect(const enum check_state *states,
                                 const struct circumstances *now) {
    struct expectation e;

    expect_tenant(states, DIRECT1, ROUTED1, &e.tenants[0], &e.decided_by[0]);
    expect_tenant(states, DIRECT2, ROUTED2, &e.tenants[1], &e.decided_by[1]);

    int passing = 0;

    for (int i = 0; i < CHECKS; i++)
        passing += states[i] == STATE_PASSING;
    e.serve = passing == CHECKS ? VERDICT_HEALTHY : VERDICT_DEGRADED;
    if (now->is_starting || now->is_self_degraded)
        e.serve = VERDICT_DEGRADED;
    e.quorum = expect_quorum_unhealthy(now, e.tenants) ? VERDICT_UNHEALTHY : e.serve;
    e.strict = e.serve;
    if (states[GATEWAY] == STATE_FAILING ||
        (now->is_critical[0] && states[ROUTED1] == STATE_FAILING) ||
        (now->is_critical[1] && states[ROUTED2] == STATE_FAILING))
        e.strict = VERDICT_UNHEALTHY;
    return e;
}

static void compare(const enum check_state *states, const struct circumstances *now) {
    const struct tenant_config tenants[2] = {
        {.name = "app1", .critical = now->is_critical[0]},
        {.name = "app2", .critical = now->is_critical[1]}};
    const struct config config = {.tenants = tenants,
                                  .tenant_count = 2,
                                  .checks = checks,
                                  .check_count = CHECKS,
                                  .verdict = {.min_healthy_percent = now->min_percent}};
    const struct verdict_input input = {.config = &config,
                                        .states = states,
                                        .is_starting = now->is_starting,
                                        .is_self_degraded = now->is_self_degraded};
    struct verdicts got = {.by_policy = {[POLICY_QUORUM] = now->was_quorum_unhealthy
                                                               ? VERDICT_UNHEALTHY
                                                               : VERDICT_DEGRADED}};
    struct tenant_status status[2];
    const struct expectation e = expect(states, now);

    verdict_compute(&input, status, &got);

    bool is_same = got.by_policy[POLICY_SERVE] == e.serve &&
                   got.by_policy[POLICY_QUORUM] == e.quorum &&
                   got.by_policy[POLICY_STRICT] == e.strict && got.answer == e.serve;

    for (uint32_t i = 0; i < 2; i++) {
        const struct tenant_status alone = verdict_tenant(&config, states, i);

        is_same = is_same && status[i].state == e.tenants[i] &&
                  status[i].decided_by == e.decided_by[i] &&
                  alone.state == e.tenants[i] && alone.decided_by == e.decided_by[i];
    }
    if (is_same)
        return;
    for (int i = 0; i < CHECKS; i++)
        print_error("%s %s\n", checks[i].name, check_state_name(states[i]));
    fail_msg("critical %d %d, min %d %%, starting %d, degraded %d, quorum was down %d: "
             "serve %s, quorum %s (expected %s), strict %s (expected %s), tenants %s %s",
             now->is_critical[0], now->is_critical[1], now->min_percent, now->is_starting,
             now->is_self_degraded, now->was_quorum_unhealthy,
             verdict_name(got.by_policy[POLICY_SERVE]),
             verdict_name(got.by_policy[POLICY_QUORUM]), verdict_name(e.quorum),
             verdict_name(got.by_policy[POLICY_STRICT]), verdict_name(e.strict),
             tenant_state_name(status[0].state), tenant_state_name(status[1].state));
}

static void compare_all_states(const struct circumstances *now) {
    int combinations = 1;

    for (int i = 0; i < CHECKS; i++)
        combinations *= STATE_COUNT;
    for (int number = 0; number < combinations; number++) {
        enum check_state states[CHECKS];
        int rest = number;

        for (int i = 0; i < CHECKS; i++) {
            states[i] = (enum check_state)(rest % STATE_COUNT);
            rest /= STATE_COUNT;
        }
        compare(states, now);
    }
}

static void test_verdict_compute_all_states_match_naive_model(void **state) {
    (void)state;
    static const int percents[] = {0, 1, 49, 50, 51, 100};

    for (size_t p = 0; p < sizeof(percents) / sizeof(percents[0]); p++) {
        for (int who = 0; who < 4; who++) {
            for (int was_down = 0; was_down < 2; was_down++) {
                const struct circumstances now = {
                    .is_critical = {who & 1, (who & 2) != 0},
                    .min_percent = percents[p],
                    .was_quorum_unhealthy = was_down};

                compare_all_states(&now);
            }
        }
    }
}

static void test_verdict_compute_flags_all_states_match_naive_model(void **state) {
    (void)state;
    for (int flags = 1; flags < 4; flags++) {
        const struct circumstances now = {.is_critical = {true, true},
                                          .min_percent = 50,
                                          .is_starting = flags & 1,
                                          .is_self_degraded = (flags & 2) != 0};

        compare_all_states(&now);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_compute_all_states_match_naive_model),
        cmocka_unit_test(test_verdict_compute_flags_all_states_match_naive_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
