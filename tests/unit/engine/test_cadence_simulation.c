/* Monte Carlo against the closed formulas of model/cadence.h: probers of every kind with
 * random settings, phases, faults and recoveries. Our own checks are simulated with the
 * engine's schedule and the model's rise and fall, Application Gateway with its own state
 * machine. Every simulated time lies between best and worst; the mean of faults that
 * answer is the typical one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azure/state.h"
#include "engine/schedule.h"
#include "model/cadence.h"
#include "model/health.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS = 400, FAULTS = 60, MEAN_FAULTS = 20000 };

static uint64_t seed = 20261123;

static int64_t pick(int64_t least, int64_t most) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return least + (int64_t)((seed >> 33) % (uint64_t)(most - least + 1));
}

/* Down from `from_ms` until `until_ms`. */
struct fault {
    int64_t from_ms;
    int64_t until_ms;
    bool answers; /* at once; otherwise a probe takes something up to its timeout */
    bool hangs;   /* every probe takes all of it */
};

static bool is_down(const struct fault *fault, int64_t ms) {
    return ms >= fault->from_ms && ms < fault->until_ms;
}

static int64_t probe_takes_ms(const struct fault *fault, const struct cadence *cadence,
                              int64_t start_ms) {
    if (!is_down(fault, start_ms) || fault->answers)
        return 0;
    return fault->hangs ? cadence->timeout_ms : pick(0, cadence->timeout_ms);
}

/* When the state of one prober changed. */
struct seen {
    int64_t down_ms;
    int64_t up_ms;
};

/* One with an interval of its own: Application Gateway, load balancer, kubelet. */
static struct seen watch_interval(const struct cadence *cadence,
                                  const struct fault *fault) {
    struct seen seen = {-1, -1};
    struct appgw_state state = {.is_healthy = true};
    int successes = 0;
    for (int64_t start_ms = pick(0, cadence->interval_ms); seen.up_ms < 0;) {
        int64_t end_ms = start_ms + probe_takes_ms(fault, cadence, start_ms);
        bool was_up = state.is_healthy;
        if (is_down(fault, start_ms)) {
            successes = 0;
            appgw_state_count(&state, false, cadence->fall);
        } else if (was_up || ++successes >= cadence->rise) {
            appgw_state_count(&state, true, cadence->fall);
        }
        if (was_up && !state.is_healthy)
            seen.down_ms = end_ms;
        if (!was_up && state.is_healthy)
            seen.up_ms = end_ms;
        if (cadence->gap == CADENCE_FROM_END)
            start_ms = end_ms + cadence->interval_ms;
        else
            start_ms = start_ms + cadence->interval_ms > end_ms
                           ? start_ms + cadence->interval_ms
                           : end_ms;
    }
    return seen;
}

/* As the engine plans the run after one that began and ended at these times. */
static void plan_beat(struct schedule *schedule, const struct cadence *cadence,
                      const struct health *health, int64_t start_ms, int64_t end_ms) {
    if (health_is_moving(health)) {
        int64_t due_ms = start_ms + cadence->edge_interval_ms;
        schedule_soon(schedule, 0, due_ms > end_ms ? due_ms : end_ms);
        return;
    }
    int64_t interval_ms = health->counted == STATE_FAILING ? cadence->down_interval_ms
                                                           : cadence->interval_ms;
    schedule_next(schedule, 0, interval_ms, cadence->jitter_percent, end_ms);
}

/* One of our own checks, on the engine's schedule. */
static struct seen watch_beat(const struct cadence *cadence, const struct fault *fault) {
    const uint32_t group = 0;
    struct seen seen = {-1, -1};
    struct health health = {.counted = STATE_PASSING, .is_streak_pass = true};
    struct schedule *schedule = schedule_new(1, &group, 1, (uint64_t)pick(0, INT32_MAX));
    char name[24];
    snprintf(name, sizeof name, "check-%d", (int)pick(0, INT32_MAX));
    schedule_first(schedule, 0, name, cadence->interval_ms, 0);
    while (seen.up_ms < 0) {
        int64_t start_ms = schedule_due(schedule, 0);
        struct outcome outcome;
        schedule_collect(schedule, start_ms);
        assert_int_equal(schedule_pop(schedule), 0);
        int64_t end_ms = start_ms + probe_takes_ms(fault, cadence, start_ms);
        outcome_init(&outcome);
        if (is_down(fault, start_ms))
            outcome_set(&outcome, OUTCOME_FAIL, TIMEOUT, "down");
        if (health_count(&health, &outcome, cadence->rise, cadence->fall, false,
                         end_ms)) {
            if (health.counted == STATE_FAILING)
                seen.down_ms = end_ms;
            else
                seen.up_ms = end_ms;
        }
        /* A probe that ran into its timeout ends a moment later than that. */
        plan_beat(schedule, cadence, &health, start_ms, end_ms + pick(0, 1));
    }
    schedule_free(schedule);
    return seen;
}

/* All of them: the last one decides. */
static struct seen watch_all(const struct cadence *cadence, const struct fault *fault) {
    struct seen last = {-1, -1};
    for (int i = 0; i < cadence->probers; i++) {
        struct seen seen = cadence->gap == CADENCE_BEAT ? watch_beat(cadence, fault)
                                                        : watch_interval(cadence, fault);
        last.down_ms = seen.down_ms > last.down_ms ? seen.down_ms : last.down_ms;
        last.up_ms = seen.up_ms > last.up_ms ? seen.up_ms : last.up_ms;
    }
    return last;
}

static struct fault random_fault(const struct cadence *cadence) {
    struct span detect = cadence_detect(cadence);
    int64_t warm_ms = 3 * cadence->interval_ms;
    int64_t from_ms = pick(warm_ms, warm_ms + 20 * cadence->interval_ms);
    /* Long enough to be noticed by all, over at any moment after that. */
    int64_t least_ms = from_ms + detect.worst_ms + cadence->timeout_ms + 2;
    int64_t kind = pick(0, 2);
    return (struct fault){.from_ms = from_ms,
                          .until_ms =
                              pick(least_ms, least_ms + 5 * cadence->down_interval_ms),
                          .answers = kind == 0,
                          .hangs = kind == 1};
}

static void assert_within(const struct cadence *cadence, const char *what, int64_t ms,
                          struct span span) {
    if (ms >= span.best_ms && ms <= span.worst_ms)
        return;
    fail_msg("%s after %lld ms, not %lld..%lld: gap %d, interval %lld, edge %lld, down "
             "%lld, timeout %lld, jitter %d %%, fall %d, rise %d, probers %d",
             what, (long long)ms, (long long)span.best_ms, (long long)span.worst_ms,
             (int)cadence->gap, (long long)cadence->interval_ms,
             (long long)cadence->edge_interval_ms, (long long)cadence->down_interval_ms,
             (long long)cadence->timeout_ms, cadence->jitter_percent, cadence->fall,
             cadence->rise, cadence->probers);
}

static void assert_bounds(const struct cadence *cadence) {
    struct span detect = cadence_detect(cadence);
    struct span answered = cadence_detect_answered(cadence);
    struct span recover = cadence_recover(cadence);
    /* The end of a probe is up to a millisecond late in the simulation, each time. */
    detect.worst_ms += cadence->fall;
    answered.worst_ms += cadence->fall;
    recover.worst_ms += cadence->rise + 1;
    assert_true(detect.best_ms <= detect.typical_ms);
    assert_true(answered.typical_ms <= detect.worst_ms);
    for (int i = 0; i < FAULTS; i++) {
        struct fault fault = random_fault(cadence);
        struct seen seen = watch_all(cadence, &fault);
        int64_t detected_ms = seen.down_ms - fault.from_ms;
        assert_within(cadence, "detected", detected_ms,
                      fault.answers ? answered : detect);
        assert_within(cadence, "recovered", seen.up_ms - fault.until_ms, recover);
    }
}

static struct cadence random_interval_cadence(enum cadence_gap gap) {
    int64_t interval_ms = pick(1, 300) * 100;
    return (struct cadence){.gap = gap,
                            .interval_ms = interval_ms,
                            .edge_interval_ms = interval_ms,
                            .down_interval_ms = interval_ms,
                            .timeout_ms = pick(1, interval_ms),
                            .fall = (int)pick(1, 20),
                            .rise = (int)pick(1, 3),
                            .probers = (int)pick(1, 4)};
}

static void test_cadence_from_start_simulated_within_bounds(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        struct cadence cadence = random_interval_cadence(CADENCE_FROM_START);
        assert_bounds(&cadence);
    }
}

static void test_cadence_from_end_simulated_within_bounds(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        struct cadence cadence = random_interval_cadence(CADENCE_FROM_END);
        assert_bounds(&cadence);
    }
}

/* Which of the two Application Gateway does is not documented: the second bounds both. */
static void test_cadence_from_end_bounds_from_start_as_well(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        struct cadence unknown = random_interval_cadence(CADENCE_FROM_END);
        struct cadence real = unknown;
        real.gap = CADENCE_FROM_START;
        for (int k = 0; k < FAULTS; k++) {
            struct fault fault = random_fault(&unknown);
            struct seen seen = watch_all(&real, &fault);
            assert_within(&unknown, "detected", seen.down_ms - fault.from_ms,
                          cadence_detect(&unknown));
            assert_within(&unknown, "recovered", seen.up_ms - fault.until_ms,
                          cadence_recover(&unknown));
        }
    }
}

static void test_cadence_beat_simulated_within_bounds(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        int64_t interval_ms = pick(50, 20000);
        struct cadence cadence = {.gap = CADENCE_BEAT,
                                  .interval_ms = interval_ms,
                                  .edge_interval_ms = pick(50, interval_ms),
                                  .down_interval_ms = pick(50, 2 * interval_ms),
                                  .timeout_ms = pick(10, interval_ms),
                                  .jitter_percent = (int)pick(0, 50),
                                  .fall = (int)pick(1, 6),
                                  .rise = (int)pick(1, 6),
                                  .probers = 1};
        assert_bounds(&cadence);
    }
}

static void test_cadence_typical_is_the_mean_of_faults_that_answer(void **state) {
    (void)state;
    static const struct cadence cadences[] = {
        {CADENCE_FROM_START, 10000, 10000, 10000, 5000, 0, 3, 1, 1},
        {CADENCE_FROM_START, 10000, 10000, 10000, 5000, 0, 3, 1, 2},
        {CADENCE_FROM_START, 30000, 30000, 30000, 30000, 0, 1, 1, 4},
        {CADENCE_FROM_END, 5000, 5000, 5000, 5000, 0, 2, 1, 1},
        {CADENCE_BEAT, 5000, 1000, 5000, 2000, 0, 3, 2, 1},
        {CADENCE_BEAT, 5000, 1000, 5000, 2000, 10, 3, 2, 1},
    };
    for (size_t i = 0; i < sizeof cadences / sizeof *cadences; i++) {
        const struct cadence *cadence = &cadences[i];
        double down = 0;
        double up = 0;
        for (int k = 0; k < MEAN_FAULTS; k++) {
            struct fault fault = random_fault(cadence);
            fault.answers = true;
            struct seen seen = watch_all(cadence, &fault);
            down += (double)(seen.down_ms - fault.from_ms) / MEAN_FAULTS;
            up += (double)(seen.up_ms - fault.until_ms) / MEAN_FAULTS;
        }
        double detect = (double)cadence_detect(cadence).typical_ms;
        double recover = (double)cadence_recover(cadence).typical_ms;
        print_message("typical %.0f %.0f, simulated %.0f %.0f\n", detect, recover, down,
                      up);
        assert_true(down > detect * 0.97 && down < detect * 1.03);
        assert_true(up > recover * 0.97 && up < recover * 1.03);
    }
}

/* Worst and best are reached, not only never passed: a bound of nothing is no bound. */
static void test_cadence_bounds_are_tight(void **state) {
    (void)state;
    static const struct cadence cadences[] = {
        {CADENCE_FROM_START, 10000, 10000, 10000, 5000, 0, 3, 1, 1},
        {CADENCE_FROM_END, 10000, 10000, 10000, 5000, 0, 3, 1, 1},
        {CADENCE_BEAT, 5000, 1000, 5000, 2000, 10, 3, 2, 1},
    };
    for (size_t i = 0; i < sizeof cadences / sizeof *cadences; i++) {
        struct span span = cadence_detect(&cadences[i]);
        int64_t least = INT64_MAX;
        int64_t most = 0;
        for (int k = 0; k < MEAN_FAULTS; k++) {
            struct fault fault = random_fault(&cadences[i]);
            int64_t ms = watch_all(&cadences[i], &fault).down_ms - fault.from_ms;
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        print_message("%lld..%lld, simulated %lld..%lld\n", (long long)span.best_ms,
                      (long long)span.worst_ms, (long long)least, (long long)most);
        assert_true(least <= span.best_ms + 200);
        assert_true(most >= span.worst_ms - 400);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cadence_from_start_simulated_within_bounds),
        cmocka_unit_test(test_cadence_from_end_simulated_within_bounds),
        cmocka_unit_test(test_cadence_from_end_bounds_from_start_as_well),
        cmocka_unit_test(test_cadence_beat_simulated_within_bounds),
        cmocka_unit_test(test_cadence_typical_is_the_mean_of_faults_that_answer),
        cmocka_unit_test(test_cadence_bounds_are_tight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
