/* The engine on a real loop with a check type that answers what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "configs.h"
#include "engine/engine.h"
#include "net/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, FAKES_MAX = 32, HOUR_MS = 3600000 };

/* What the fake type answers for one check name. */
struct fake {
    const char *name;
    bool passes;
    bool is_unavailable;
    bool hangs;       /* never answers */
    bool flaps;       /* every second run fails */
    int64_t delay_ms; /* until it answers */
    int runs;
    int going;
    int most_going;
};

static struct fake fakes[FAKES_MAX];
static int total_going;
static int most_total_going;

struct check_run {
    struct fake *fake;
    struct loop_timer *timer;
    check_done *done;
    void *user;
};

static void reset_fakes(void) {
    memset(fakes, 0, sizeof fakes);
    total_going = most_total_going = 0;
}

static struct fake *fake_of(const char *name) {
    for (int i = 0; i < FAKES_MAX; i++) {
        if (!fakes[i].name) {
            fakes[i].name = name;
            fakes[i].passes = true;
        }
        if (strcmp(fakes[i].name, name) == 0)
            return &fakes[i];
    }
    fail_msg("too many fakes");
    return NULL;
}

static void end_fake(struct check_run *run) {
    run->fake->going--;
    total_going--;
    loop_timer_free(run->timer);
    free(run);
}

static void on_fake_timer(void *user) {
    struct check_run *run = user;
    check_done *done = run->done;
    void *done_user = run->user;
    struct outcome outcome;
    outcome_init(&outcome);
    if (run->fake->is_unavailable)
        outcome_set(&outcome, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, "port blocked");
    else if (run->fake->flaps ? run->fake->runs % 2 == 0 : run->fake->passes)
        outcome_set(&outcome, OUTCOME_PASS, REASON_NONE, "fine");
    else
        outcome_set(&outcome, OUTCOME_FAIL, CONNECT_REFUSED, "refused");
    end_fake(run);
    done(done_user, &outcome);
}

static struct check_run *start_fake(const struct check_env *env,
                                    const struct check_config *config, check_done *done,
                                    void *user) {
    struct check_run *run = MEM_NEW(struct check_run);
    run->fake = fake_of(config->name);
    run->done = done;
    run->user = user;
    run->timer = loop_timer_new(env->loop, on_fake_timer, run);
    run->fake->runs++;
    run->fake->going++;
    total_going++;
    most_total_going = total_going > most_total_going ? total_going : most_total_going;
    if (run->fake->going > run->fake->most_going)
        run->fake->most_going = run->fake->going;
    if (!run->fake->hangs)
        loop_timer_set(run->timer, run->fake->delay_ms);
    return run;
}

static const struct check_type fake_type = {"fake", NULL, start_fake, end_fake};

static const struct check_type *find_fake(const char *name) {
    (void)name;
    return &fake_type;
}

/* Checks of the same name are equal. */
static bool same_name(const struct config *a, uint32_t ai, const struct config *b,
                      uint32_t bi) {
    return strcmp(a->checks[ai].name, b->checks[bi].name) == 0;
}

struct stage {
    struct loop *loop;
    struct check_env env;
    struct engine *engine;
    struct snapshot *seen; /* newest published */
    int published;
    bool (*until)(const struct snapshot *snapshot);
    struct loop_timer *deadline;
    bool timed_out;
};

static void on_publish(void *user, struct snapshot *snapshot, bool changed) {
    struct stage *stage = user;
    (void)changed;
    snapshot_unref(stage->seen);
    stage->seen = snapshot_ref(snapshot);
    stage->published++;
    if (stage->until && stage->until(snapshot))
        loop_stop(stage->loop);
}

static void on_deadline(void *user) {
    struct stage *stage = user;
    stage->timed_out = true;
    loop_stop(stage->loop);
}

static void stage_open(struct stage *stage) {
    reset_fakes();
    *stage = (struct stage){.loop = loop_new(NULL)};
    stage->env.loop = stage->loop;
    const struct engine_options options = {.env = &stage->env,
                                           .find_type = find_fake,
                                           .same_check = same_name,
                                           .instance = "pod-1",
                                           .on_publish = on_publish,
                                           .user = stage};
    stage->engine = engine_new(&options);
    stage->deadline = loop_timer_new(stage->loop, on_deadline, stage);
}

static void stage_apply(struct stage *stage, const struct check_spec *specs,
                        uint32_t count) {
    struct config *config = configs_make(specs, count);
    engine_apply(stage->engine, config);
    config_unref(config);
}

/* Run until a published snapshot fulfils `until`. */
static void stage_run(struct stage *stage,
                      bool (*until)(const struct snapshot *snapshot)) {
    stage->until = until;
    loop_timer_set(stage->deadline, DEADLINE_MS);
    loop_run(stage->loop);
    assert_false(stage->timed_out);
}

static void stage_close(struct stage *stage) {
    loop_timer_free(stage->deadline);
    engine_free(stage->engine);
    snapshot_unref(stage->seen);
    loop_free(stage->loop);
    assert_int_equal(total_going, 0);
}

static enum check_state state_of(const struct snapshot *snapshot, const char *name) {
    return snapshot->checks[config_find_check(snapshot->config, name)]->state;
}

static const struct check_spec two_tenants[] = {
    {"tenant/app1/direct", "fake", "app1", SEVERITY_WARNING, NULL, ROLE_NONE, 0},
    {"tenant/app1/routed", "fake", "app1", SEVERITY_CRITICAL, NULL, ROLE_NONE, 0},
    {"tenant/app2/direct", "fake", "app2", SEVERITY_WARNING, NULL, ROLE_NONE, 0},
    {"tenant/app2/routed", "fake", "app2", SEVERITY_CRITICAL, NULL, ROLE_NONE, 0},
};

static bool is_healthy(const struct snapshot *snapshot) {
    return snapshot->verdicts.answer == VERDICT_HEALTHY;
}

static bool app2_is_unhealthy(const struct snapshot *snapshot) {
    return snapshot->tenants[1].status.state == TENANT_UNHEALTHY;
}

static bool is_ready(const struct snapshot *snapshot) {
    return snapshot->life == LIFE_READY;
}

static void test_apply_without_checks_is_ready_and_healthy_at_once(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, NULL, 0);
    stage_run(&stage, is_ready);
    assert_int_equal(stage.published, 1);
    assert_int_equal(stage.seen->verdicts.answer, VERDICT_HEALTHY);
    stage_close(&stage);
}

static void test_run_starts_degraded_and_becomes_healthy(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, two_tenants, 4);
    stage_run(&stage, is_healthy);
    assert_int_equal(stage.seen->life, LIFE_READY);
    assert_int_equal(state_of(stage.seen, "tenant/app2/routed"), STATE_PASSING);
    stage_close(&stage);
}

static void test_run_failing_tenant_degrades_and_recovers(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, two_tenants, 4);
    stage_run(&stage, is_healthy);
    fake_of("tenant/app2/routed")->passes = false;
    stage_run(&stage, app2_is_unhealthy);
    assert_int_equal(stage.seen->verdicts.answer, VERDICT_DEGRADED);
    assert_int_equal(stage.seen->tenants[0].status.state, TENANT_HEALTHY);
    assert_int_equal(stage.seen->verdicts.by_policy[POLICY_STRICT], VERDICT_UNHEALTHY);
    fake_of("tenant/app2/routed")->passes = true;
    stage_run(&stage, is_healthy);
    stage_close(&stage);
}

static void test_run_keeps_one_run_per_check_and_the_cap(void **state) {
    (void)state;
    struct check_spec specs[20];
    char names[20][16];
    struct stage stage;
    stage_open(&stage);
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        specs[i] = (struct check_spec){names[i], "fake",    NULL, SEVERITY_CRITICAL,
                                       NULL,     ROLE_NONE, 0};
        fake_of(names[i])->delay_ms = 40;
    }
    stage_apply(&stage, specs, 20);
    stage_run(&stage, is_healthy);
    for (int i = 0; i < 20; i++)
        assert_int_equal(fake_of(names[i])->most_going, 1);
    assert_int_equal(most_total_going, 8);
    stage_close(&stage);
}

static bool is_stale(const struct snapshot *snapshot) {
    return state_of(snapshot, "hang") == STATE_STALE;
}

static bool was_late(const struct snapshot *snapshot) {
    return snapshot->engine.late > 0;
}

static void test_run_that_never_answers_goes_stale_and_is_given_up(void **state) {
    (void)state;
    static const struct check_spec spec = {"hang", "fake",    NULL, SEVERITY_CRITICAL,
                                           NULL,   ROLE_NONE, 0};
    struct stage stage;
    stage_open(&stage);
    fake_of("hang")->hangs = true;
    stage_apply(&stage, &spec, 1);
    stage_run(&stage, is_stale);
    assert_int_equal(stage.seen->verdicts.by_policy[POLICY_STRICT], VERDICT_DEGRADED);
    stage_run(&stage, was_late);
    assert_int_equal(stage.seen->checks[0]->failures, 0);
    stage_close(&stage);
}

static const struct check_spec family[] = {
    {"gateway", "fake", NULL, SEVERITY_CRITICAL, NULL, ROLE_NONE, 0},
    {"child", "fake", "app1", SEVERITY_CRITICAL, "gateway", ROLE_NONE, 0},
    {"grandchild", "fake", "app1", SEVERITY_CRITICAL, "child", ROLE_NONE, 0},
};

static bool grandchild_is_blocked(const struct snapshot *snapshot) {
    return state_of(snapshot, "grandchild") == STATE_BLOCKED &&
           snapshot->checks[2]->blocked_by == 0; /* the child may fail first */
}

static void test_run_failing_parent_blocks_and_names_the_root(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, family, 3);
    stage_run(&stage, is_healthy);
    for (int i = 0; i < 3; i++)
        fake_of(family[i].name)->passes = false;
    stage_run(&stage, grandchild_is_blocked);
    assert_int_equal(state_of(stage.seen, "child"), STATE_BLOCKED);
    assert_int_equal(snapshot_root_cause(stage.seen), 0);
    /* Blocked children are not counted against their tenant. */
    assert_int_equal(stage.seen->tenants[0].status.state, TENANT_DEGRADED);
    int runs = fake_of("grandchild")->runs;
    for (int i = 0; i < 3; i++)
        fake_of(family[i].name)->passes = true;
    stage_run(&stage, is_healthy);
    assert_true(fake_of("grandchild")->runs > runs); /* still checked */
    stage_close(&stage);
}

static bool is_healthy_though_pending(const struct snapshot *snapshot) {
    return state_of(snapshot, "gateway") == STATE_PENDING &&
           snapshot->verdicts.answer == VERDICT_HEALTHY;
}

static bool slow_is_failing(const struct snapshot *snapshot) {
    return state_of(snapshot, "slow") == STATE_FAILING;
}

static bool app1_routed_is_failing(const struct snapshot *snapshot) {
    return state_of(snapshot, "tenant/app1/routed") == STATE_FAILING;
}

static void test_run_first_failure_asks_the_kin_at_once(void **state) {
    (void)state;
    static const struct check_spec specs[] = {
        {"tenant/app1/routed", "fake", "app1", SEVERITY_CRITICAL, NULL,
         ROLE_TENANT_ROUTED, 0},
        /* The others' own first beat comes seconds later. */
        {"tenant/app1/direct", "fake", "app1", SEVERITY_WARNING, NULL, ROLE_TENANT_DIRECT,
         HOUR_MS},
        {"tenant/app2/routed", "fake", "app2", SEVERITY_CRITICAL, NULL,
         ROLE_TENANT_ROUTED, HOUR_MS},
        {"tenant/app2/direct", "fake", "app2", SEVERITY_WARNING, NULL, ROLE_TENANT_DIRECT,
         HOUR_MS},
    };
    struct stage stage;
    stage_open(&stage);
    fake_of("tenant/app1/routed")->passes = false;
    stage_apply(&stage, specs, 4);
    stage_run(&stage, app1_routed_is_failing);
    assert_true(fake_of("tenant/app1/direct")->runs > 0);
    assert_true(fake_of("tenant/app2/routed")->runs > 0);
    assert_int_equal(fake_of("tenant/app2/direct")->runs, 0); /* tells nothing of app1 */
    stage_close(&stage);
}

static bool flapped_long_enough(const struct snapshot *snapshot) {
    return snapshot->checks[0]->runs >= 60;
}

static void test_run_flapping_check_does_not_drive_its_kin(void **state) {
    (void)state;
    static const struct check_spec specs[] = {
        {"tenant/app1/routed", "fake", "app1", SEVERITY_CRITICAL, NULL,
         ROLE_TENANT_ROUTED, 0},
        {"tenant/app2/routed", "fake", "app2", SEVERITY_CRITICAL, NULL,
         ROLE_TENANT_ROUTED, HOUR_MS},
    };
    struct stage stage;
    stage_open(&stage);
    fake_of("tenant/app1/routed")->flaps = true;
    stage_apply(&stage, specs, 2);
    stage_run(&stage, flapped_long_enough);
    int asked = fake_of("tenant/app2/routed")->runs;
    assert_in_range(asked, 1, 60 / 3 + 3); /* 60 ms between them, the flapper's runs 20 */
    stage_close(&stage);
}

static void test_run_that_took_long_is_followed_at_once(void **state) {
    (void)state;
    static const struct check_spec specs[] = {
        {"slow", "fake", NULL, SEVERITY_CRITICAL, NULL, ROLE_NONE, HOUR_MS}};
    struct stage stage;
    stage_open(&stage);
    fake_of("slow")->passes = false;
    fake_of("slow")->delay_ms = 30; /* longer than fast_interval */
    stage_apply(&stage, specs, 1);
    engine_request_run(stage.engine, "slow");
    int64_t began_ms = clock_mono_ms();
    stage_run(&stage, slow_is_failing);
    assert_true(clock_mono_ms() - began_ms >= 3 * 30);
    assert_int_equal(fake_of("slow")->runs, 3);
    stage_close(&stage);
}

static void test_run_check_that_cannot_be_asked_degrades_nothing(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    fake_of("gateway")->is_unavailable = true;
    stage_apply(&stage, family, 3);
    stage_run(&stage, is_healthy_though_pending);
    stage_close(&stage);
}

static void test_apply_keeps_the_state_of_equal_checks(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, two_tenants, 4);
    stage_run(&stage, is_healthy);
    uint64_t runs = stage.seen->checks[1]->runs;
    /* app2 goes, app1 stays: no detour over pending. */
    stage_apply(&stage, two_tenants, 2);
    stage_run(&stage, is_healthy);
    assert_int_equal(stage.seen->config->check_count, 2);
    assert_int_equal(state_of(stage.seen, "tenant/app1/routed"), STATE_PASSING);
    assert_true(stage.seen->checks[1]->runs >= runs);
    assert_ptr_equal(stage.seen->checks[1]->config, &stage.seen->config->checks[1]);
    stage_close(&stage);
}

static bool all_are_in_flight(const struct snapshot *snapshot) {
    return snapshot->engine.in_flight == 4;
}

static void test_apply_while_runs_are_in_flight_cancels_the_removed(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, two_tenants, 4);
    stage_run(&stage, is_healthy);
    for (int i = 0; i < 4; i++)
        fake_of(two_tenants[i].name)->hangs = true;
    stage_run(&stage, all_are_in_flight); /* published when they turn stale */
    stage_apply(&stage, NULL, 0);
    assert_int_equal(total_going, 0);
    stage_close(&stage);
}

static bool slow_ran_twice(const struct snapshot *snapshot) {
    return snapshot->checks[0]->runs >= 2;
}

static void test_request_run_runs_off_schedule(void **state) {
    (void)state;
    static const struct check_spec spec = {"slow", "fake",    NULL, SEVERITY_INFO,
                                           NULL,   ROLE_NONE, 0};
    struct stage stage;
    stage_open(&stage);
    struct config *config = configs_make(&spec, 1);
    struct check_timing *timing =
        (struct check_timing *)(uintptr_t)&config->checks[0].timing;
    timing->interval_ms = timing->fast_interval_ms = timing->down_interval_ms = 3600000;
    engine_apply(stage.engine, config);
    config_unref(config);
    assert_int_equal(engine_request_run(stage.engine, "slow"), ENGINE_RUN_QUEUED);
    assert_int_equal(engine_request_run(stage.engine, "gone"), ENGINE_RUN_QUEUED);
    stage_run(&stage, is_healthy); /* info checks never count */
    engine_request_run(stage.engine, "slow");
    stage_run(&stage, slow_ran_twice);
    stage_close(&stage);
}

static bool is_draining(const struct snapshot *snapshot) {
    return snapshot->life == LIFE_DRAINING;
}

static void test_set_draining_publishes_the_life_and_keeps_the_verdict(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_apply(&stage, two_tenants, 4);
    stage_run(&stage, is_healthy);
    engine_set_draining(stage.engine);
    stage_run(&stage, is_draining);
    assert_int_equal(stage.seen->verdicts.answer, VERDICT_HEALTHY);
    stage_close(&stage);
}

static void test_set_reload_copies_the_errors(void **state) {
    (void)state;
    struct stage stage;
    stage_open(&stage);
    char line[] = "config.json:3:1: x: unknown key";
    const char *lines[] = {line};
    const struct reload_stats reload = {.refused = 1, .errors = {lines, 1}};
    engine_set_reload(stage.engine, &reload);
    line[0] = '!';
    stage_apply(&stage, NULL, 0);
    stage_run(&stage, is_ready);
    assert_int_equal(stage.seen->reload.refused, 1);
    assert_int_equal(stage.seen->reload.errors.count, 1);
    assert_string_equal(stage.seen->reload.errors.items[0],
                        "config.json:3:1: x: unknown key");
    stage_close(&stage);
}

static int quiet(void **state) {
    (void)state;
    log_redirect(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_without_checks_is_ready_and_healthy_at_once),
        cmocka_unit_test(test_run_starts_degraded_and_becomes_healthy),
        cmocka_unit_test(test_run_failing_tenant_degrades_and_recovers),
        cmocka_unit_test(test_run_keeps_one_run_per_check_and_the_cap),
        cmocka_unit_test(test_run_that_never_answers_goes_stale_and_is_given_up),
        cmocka_unit_test(test_run_failing_parent_blocks_and_names_the_root),
        cmocka_unit_test(test_run_first_failure_asks_the_kin_at_once),
        cmocka_unit_test(test_run_flapping_check_does_not_drive_its_kin),
        cmocka_unit_test(test_run_that_took_long_is_followed_at_once),
        cmocka_unit_test(test_run_check_that_cannot_be_asked_degrades_nothing),
        cmocka_unit_test(test_apply_keeps_the_state_of_equal_checks),
        cmocka_unit_test(test_apply_while_runs_are_in_flight_cancels_the_removed),
        cmocka_unit_test(test_request_run_runs_off_schedule),
        cmocka_unit_test(test_set_draining_publishes_the_life_and_keeps_the_verdict),
        cmocka_unit_test(test_set_reload_copies_the_errors),
    };
    return cmocka_run_group_tests(tests, quiet, NULL);
}
