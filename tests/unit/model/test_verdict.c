/* The rules from check states to verdicts, one by one. test_verdict_model.c compares all
 * combinations with a second, naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/verdict.h"

#include <ctype.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int index_of(char letter, const char *letters) {
    const char *found = strchr(letters, letter);

    assert_non_null(found);
    return (int)(found - letters);
}

/* States by letter: . pending, + passing, - failing, s stale, ~ suspect, b blocked. */
static enum check_state parse_state(char letter) {
    return (enum check_state)index_of(letter, ".+-s~b");
}

static void test_verdict_tenant_severities_and_states_decide(void **state) {
    (void)state;
    static const struct {
        const char *severities; /* c critical, w warning, i info; upper case: not ours */
        const char *states;
        enum tenant_state expected;
        uint32_t decided_by;
    } rows[] = {
        {"", "", TENANT_HEALTHY, UINT32_MAX},
        {"c", "+", TENANT_HEALTHY, UINT32_MAX},
        {"c", "-", TENANT_UNHEALTHY, 0},
        {"c", ".", TENANT_DEGRADED, 0},
        {"c", "s", TENANT_DEGRADED, 0},
        {"c", "~", TENANT_DEGRADED, 0},
        {"c", "b", TENANT_DEGRADED, 0},
        {"w", "+", TENANT_HEALTHY, UINT32_MAX},
        {"w", "-", TENANT_DEGRADED, 0},
        {"w", ".", TENANT_DEGRADED, 0},
        {"w", "s", TENANT_DEGRADED, 0},
        {"w", "~", TENANT_DEGRADED, 0},
        {"w", "b", TENANT_DEGRADED, 0},
        {"iiiiii", ".+-s~b", TENANT_HEALTHY, UINT32_MAX},
        {"wc", "-+", TENANT_DEGRADED, 0},  /* direct alone warns */
        {"wc", "+-", TENANT_UNHEALTHY, 1}, /* routed decides */
        {"wc", "--", TENANT_UNHEALTHY, 1},
        {"wc", ".-", TENANT_UNHEALTHY, 1},
        {"cw", ".-", TENANT_DEGRADED, 1}, /* a failure explains more than not knowing */
        {"wc", "-.", TENANT_DEGRADED, 0},
        {"cc", "s-", TENANT_UNHEALTHY, 1},
        {"cc", "--", TENANT_UNHEALTHY, 0}, /* of equals the first */
        {"ww", "--", TENANT_DEGRADED, 0},
        {"cw", "b~", TENANT_DEGRADED, 0},
        {"iwc", "-++", TENANT_HEALTHY, UINT32_MAX},
        {"CWc", "--+", TENANT_HEALTHY, UINT32_MAX}, /* another tenant's */
        {"Cwc", "-++", TENANT_HEALTHY, UINT32_MAX},
        {"CcC", "+-+", TENANT_UNHEALTHY, 1},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct check_config checks[8] = {{.name = "x"}};
        enum check_state states[8];
        size_t count = strlen(rows[i].severities);

        for (size_t k = 0; k < count; k++) {
            char letter = rows[i].severities[k];

            checks[k].scope = SCOPE_TENANT;
            checks[k].tenant = isupper(letter) ? 0 : 1;
            checks[k].severity = (enum severity)index_of((char)tolower(letter), "cwi");
            states[k] = parse_state(rows[i].states[k]);
        }
        const struct config config = {
            .checks = checks, .check_count = (uint32_t)count, .tenant_count = 2};
        struct tenant_status status = verdict_tenant(&config, states, 1);

        if (status.state != rows[i].expected || status.decided_by != rows[i].decided_by)
            fail_msg("%s with %s: %s by %u", rows[i].severities, rows[i].states,
                     tenant_state_name(status.state), status.decided_by);
    }
}

/* Checks of scope self and shared are in no tenant, even if their tenant field says 0. */
static void test_verdict_tenant_other_scopes_never_count(void **state) {
    (void)state;
    static const struct check_config checks[] = {
        {.scope = SCOPE_SELF, .severity = SEVERITY_CRITICAL},
        {.scope = SCOPE_SHARED,
         .severity = SEVERITY_CRITICAL,
         .tenant = CONFIG_NO_TENANT},
    };
    static const enum check_state states[] = {STATE_FAILING, STATE_FAILING};
    const struct config config = {.checks = checks, .check_count = 2, .tenant_count = 1};

    assert_int_equal(verdict_tenant(&config, states, 0).state, TENANT_HEALTHY);
}

/* `count` tenants with one critical check each; the first `down` of them fail. */
static enum verdict quorum_of(int count, int down, int min_percent, enum verdict before) {
    MEM_AUTO struct tenant_config *tenants = mem_alloc((size_t)count, sizeof(*tenants));
    MEM_AUTO struct check_config *checks = mem_alloc((size_t)count, sizeof(*checks));
    MEM_AUTO enum check_state *states = mem_alloc((size_t)count, sizeof(*states));
    MEM_AUTO struct tenant_status *status = mem_alloc((size_t)count, sizeof(*status));
    const struct config config = {
        .tenants = tenants,
        .tenant_count = (uint32_t)count,
        .checks = checks,
        .check_count = (uint32_t)count,
        .verdict = {.policy = POLICY_QUORUM, .min_healthy_percent = min_percent}};
    const struct verdict_input input = {.config = &config, .states = states};
    struct verdicts verdicts = {.by_policy = {[POLICY_QUORUM] = before}};

    for (int i = 0; i < count; i++) {
        tenants[i] = (struct tenant_config){.critical = true};
        checks[i] = (struct check_config){.scope = SCOPE_TENANT, .tenant = (uint32_t)i};
        states[i] = i < down ? STATE_FAILING : STATE_PASSING;
    }
    verdict_compute(&input, status, &verdicts);
    assert_int_equal(verdicts.critical_tenants, count);
    assert_int_equal(verdicts.critical_up, count - down);
    assert_int_equal(verdicts.answer, verdicts.by_policy[POLICY_QUORUM]);
    return verdicts.answer;
}

static void test_verdict_compute_quorum_share_is_exact(void **state) {
    (void)state;
    static const struct {
        int tenants, down, min_percent;
        bool is_entered; /* unhealthy, coming from healthy */
        bool is_kept;    /* unhealthy, coming from unhealthy */
    } rows[] = {
        {1, 0, 50, false, false},
        {1, 1, 50, true, true},
        {1, 1, 1, true, true},
        {1, 0, 100, false, false},
        {2, 1, 50, false, true}, /* at the limit: stays as it was */
        {2, 0, 50, false, false},
        {2, 2, 50, true, true},
        {2, 1, 51, true, true},
        {2, 1, 49, false, false},
        {4, 2, 50, false, true},
        {4, 1, 50, false, false},
        {3, 1, 66, false, false},
        {3, 1, 67, true, true},
        {3, 2, 33, false, false},
        {3, 2, 34, true, true}, /* 33.3 % is not 34, and not 33 either */
        {3, 1, 100, true, true},
        {3, 0, 100, false, false},
        {7, 3, 57, false, false},
        {7, 3, 58, true, true},
        {100, 50, 50, false, true},
        {100, 51, 50, true, true},
        {100, 49, 50, false, false},
        {200, 101, 50, true, true}, /* 49.5 % is below 50 */
        {2, 2, 0, false, true},
        {2, 1, 0, false, false},
        {2, 0, 101, false, false}, /* refused at load; everything up is enough anyway */
        {0, 0, 50, false, false},
        {0, 0, 0, false, false},
        {0, 0, 100, false, false},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        int count = rows[i].tenants;
        enum verdict entered =
            quorum_of(count, rows[i].down, rows[i].min_percent, VERDICT_DEGRADED);
        enum verdict kept =
            quorum_of(count, rows[i].down, rows[i].min_percent, VERDICT_UNHEALTHY);

        if ((entered == VERDICT_UNHEALTHY) != rows[i].is_entered ||
            (kept == VERDICT_UNHEALTHY) != rows[i].is_kept)
            fail_msg("%d of %d down, at least %d %%: %s, after unhealthy %s",
                     rows[i].down, count, rows[i].min_percent, verdict_name(entered),
                     verdict_name(kept));
    }
}

/* Going down and up again through the limit of 50 % of four tenants, one call each. */
static void test_verdict_compute_quorum_walk_shows_hysteresis(void **state) {
    (void)state;
    static const struct {
        int down;
        enum verdict expected;
    } steps[] = {
        {0, VERDICT_HEALTHY},   {1, VERDICT_DEGRADED},  {2, VERDICT_DEGRADED},
        {3, VERDICT_UNHEALTHY}, {2, VERDICT_UNHEALTHY}, {3, VERDICT_UNHEALTHY},
        {2, VERDICT_UNHEALTHY}, {1, VERDICT_DEGRADED},  {2, VERDICT_DEGRADED},
        {4, VERDICT_UNHEALTHY}, {0, VERDICT_HEALTHY},
    };
    enum verdict verdict = VERDICT_HEALTHY;

    for (size_t i = 0; i < LENGTH(steps); i++) {
        verdict = quorum_of(4, steps[i].down, 50, verdict);
        if (verdict != steps[i].expected)
            fail_msg("step %zu, %d down: %s", i, steps[i].down, verdict_name(verdict));
    }
}

static void test_verdict_compute_nothing_configured_is_healthy(void **state) {
    (void)state;
    static const enum verdict before[] = {VERDICT_HEALTHY, VERDICT_DEGRADED,
                                          VERDICT_UNHEALTHY};

    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        for (size_t i = 0; i < LENGTH(before); i++) {
            const struct config config = {
                .verdict = {.policy = policy, .min_healthy_percent = 50}};
            const struct verdict_input input = {.config = &config};
            struct verdicts verdicts = {.by_policy = {before[i], before[i], before[i]}};

            verdict_compute(&input, NULL, &verdicts);
            assert_int_equal(verdicts.answer, VERDICT_HEALTHY);
            for (int k = 0; k < POLICY_COUNT; k++)
                assert_int_equal(verdicts.by_policy[k], VERDICT_HEALTHY);
            assert_int_equal(verdicts.critical_tenants, 0);
            assert_int_equal(verdicts.critical_up, 0);
        }
    }
}

/* One check: scope (s self, h shared, t tenant), severity (c critical, w warning, i
 * info), state. Verdicts of serve, quorum and strict: h healthy, d degraded, u unhealthy.
 */
static void test_verdict_compute_scopes_severities_and_flags(void **state) {
    (void)state;
    static const struct {
        const char *check;
        bool is_tenant_critical, is_starting, is_self_degraded;
        const char *verdicts;
    } rows[] = {
        {"sc+", true, false, false, "hhh"},  {"sc-", true, false, false, "ddu"},
        {"hc-", true, false, false, "ddu"},  {"sw-", true, false, false, "ddd"},
        {"hw-", true, false, false, "ddd"},  {"hc.", true, false, false, "ddd"},
        {"hcs", true, false, false, "ddd"},  {"hc~", true, false, false, "ddd"},
        {"hcb", true, false, false, "ddd"},  {"si-", true, false, false, "hhh"},
        {"his", true, false, false, "hhh"},  {"hc+", true, true, false, "ddd"},
        {"hc+", true, false, true, "ddd"},   {"hc-", true, true, true, "ddu"},
        {"tc+", true, false, false, "hhh"},  {"tc-", true, false, false, "duu"},
        {"tc-", false, false, false, "ddd"}, {"tw-", true, false, false, "ddd"},
        {"tw-", false, false, false, "ddd"}, {"tc.", true, false, false, "ddd"},
        {"tcs", true, false, false, "ddd"},  {"tc~", true, false, false, "ddd"},
        {"tcb", true, false, false, "ddd"},  {"ti-", true, false, false, "hhh"},
        {"tc-", true, true, true, "duu"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *text = rows[i].check;
        const struct tenant_config tenant = {.critical = rows[i].is_tenant_critical};
        const struct check_config check = {
            .scope = (enum scope_kind)index_of(text[0], "sht"),
            .tenant = text[0] == 't' ? 0 : CONFIG_NO_TENANT,
            .severity = (enum severity)index_of(text[1], "cwi")};
        const struct config config = {.tenants = &tenant,
                                      .tenant_count = 1,
                                      .checks = &check,
                                      .check_count = 1,
                                      .verdict = {.min_healthy_percent = 50}};
        enum check_state shown = parse_state(text[2]);
        const struct verdict_input input = {.config = &config,
                                            .states = &shown,
                                            .is_starting = rows[i].is_starting,
                                            .is_self_degraded = rows[i].is_self_degraded};
        struct tenant_status status;
        struct verdicts verdicts = {.override_active = false};

        verdict_compute(&input, &status, &verdicts);
        for (int policy = 0; policy < POLICY_COUNT; policy++) {
            enum verdict expected =
                (enum verdict)index_of(rows[i].verdicts[policy], "hdu");

            if (verdicts.by_policy[policy] != expected)
                fail_msg("row %zu, %s: %s says %s", i, text, policy_name(policy),
                         verdict_name(verdicts.by_policy[policy]));
        }
    }
}

static void test_verdict_override_is_active_until_its_end(void **state) {
    (void)state;
    static const struct {
        bool is_set;
        int64_t until_ms, now_ms;
        bool is_active;
    } rows[] = {
        {true, 1000, 0, true},
        {true, 1000, 999, true},
        {true, 1000, 1000, false},
        {true, 1000, 1001, false},
        {false, 1000, 0, false},
        {true, 0, 0, false},
        {true, INT64_MAX, INT64_MAX - 1, true},
        {true, 1000, INT64_MIN, true},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct override_config override = {.is_set = rows[i].is_set,
                                                 .until_wall_ms = rows[i].until_ms};

        assert_int_equal(verdict_override_is_active(&override, rows[i].now_ms),
                         rows[i].is_active);
    }
}

/* Everything fails and is measured to fail; the override holds /healthz and
 * /healthz/serve alone, whichever policy /healthz is set to, and lets go at its end. */
static void test_verdict_compute_override_holds_answer_and_serve(void **state) {
    (void)state;
    static const struct tenant_config tenant = {.critical = true};
    static const struct check_config check = {.scope = SCOPE_TENANT};
    static const enum check_state shown = STATE_FAILING;

    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        for (int held = 0; held < VERDICT_COUNT; held++) {
            const struct config config = {
                .tenants = &tenant,
                .tenant_count = 1,
                .checks = &check,
                .check_count = 1,
                .verdict = {.policy = policy,
                            .min_healthy_percent = 50,
                            .override = {
                                .is_set = true, .verdict = held, .until_wall_ms = 1000}}};
            struct verdict_input input = {
                .config = &config, .states = &shown, .wall_ms = 999};
            struct tenant_status status;
            struct verdicts verdicts = {.override_active = false};
            const enum verdict measured =
                policy == POLICY_SERVE ? VERDICT_DEGRADED : VERDICT_UNHEALTHY;

            verdict_compute(&input, &status, &verdicts);
            assert_true(verdicts.override_active);
            assert_int_equal(verdicts.answer, held);
            assert_int_equal(verdict_for(&verdicts, POLICY_SERVE), held);
            assert_int_equal(verdict_for(&verdicts, POLICY_QUORUM), VERDICT_UNHEALTHY);
            assert_int_equal(verdict_for(&verdicts, POLICY_STRICT), VERDICT_UNHEALTHY);
            assert_int_equal(verdicts.by_policy[POLICY_SERVE], VERDICT_DEGRADED);
            assert_int_equal(status.state, TENANT_UNHEALTHY);

            input.wall_ms = 1000;
            verdict_compute(&input, &status, &verdicts);
            assert_false(verdicts.override_active);
            assert_int_equal(verdicts.answer, measured);
            assert_int_equal(verdict_for(&verdicts, POLICY_SERVE), VERDICT_DEGRADED);
        }
    }
}

/* An override to unhealthy is not a measured quorum: hysteresis must not remember it. */
static void test_verdict_compute_override_leaves_no_trace_in_quorum(void **state) {
    (void)state;
    static const struct tenant_config tenants[] = {{.critical = true},
                                                   {.critical = true}};
    static const struct check_config checks[] = {{.scope = SCOPE_TENANT, .tenant = 0},
                                                 {.scope = SCOPE_TENANT, .tenant = 1}};
    static const enum check_state states[] = {STATE_FAILING, STATE_PASSING};
    const struct config config = {.tenants = tenants,
                                  .tenant_count = 2,
                                  .checks = checks,
                                  .check_count = 2,
                                  .verdict = {.policy = POLICY_QUORUM,
                                              .min_healthy_percent = 50,
                                              .override = {.is_set = true,
                                                           .verdict = VERDICT_UNHEALTHY,
                                                           .until_wall_ms = 1000}}};
    struct verdict_input input = {.config = &config, .states = states, .wall_ms = 0};
    struct tenant_status status[2];
    struct verdicts verdicts = {.override_active = false};

    verdict_compute(&input, status, &verdicts);
    assert_int_equal(verdicts.answer, VERDICT_UNHEALTHY);
    input.wall_ms = 1000;
    verdict_compute(&input, status, &verdicts);
    assert_int_equal(verdicts.answer, VERDICT_DEGRADED);
}

static void test_tenant_state_name_every_state_the_contract_word(void **state) {
    (void)state;
    assert_string_equal(tenant_state_name(TENANT_HEALTHY), "healthy");
    assert_string_equal(tenant_state_name(TENANT_DEGRADED), "degraded");
    assert_string_equal(tenant_state_name(TENANT_UNHEALTHY), "unhealthy");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_tenant_severities_and_states_decide),
        cmocka_unit_test(test_verdict_tenant_other_scopes_never_count),
        cmocka_unit_test(test_verdict_compute_quorum_share_is_exact),
        cmocka_unit_test(test_verdict_compute_quorum_walk_shows_hysteresis),
        cmocka_unit_test(test_verdict_compute_nothing_configured_is_healthy),
        cmocka_unit_test(test_verdict_compute_scopes_severities_and_flags),
        cmocka_unit_test(test_verdict_override_is_active_until_its_end),
        cmocka_unit_test(test_verdict_compute_override_holds_answer_and_serve),
        cmocka_unit_test(test_verdict_compute_override_leaves_no_trace_in_quorum),
        cmocka_unit_test(test_tenant_state_name_every_state_the_contract_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
