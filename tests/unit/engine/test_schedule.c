/* When checks run: rates, phases, jitter, fairness. Time is a number here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/schedule.h"

#include <stdio.h>
#include <stdlib.h>

enum { START_MS = 1000000 };

static struct schedule *one_group(uint32_t count) {
    uint32_t *groups = calloc(count, sizeof *groups);
    struct schedule *schedule = schedule_new(count, groups, 1, 7);
    free(groups);
    return schedule;
}

static void test_first_spreads_phases_over_five_seconds(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    struct schedule *schedule = one_group(COUNT);
    int per_second[5] = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "tenant/app%u/direct", i);
        schedule_first(schedule, i, name, 60000, START_MS);
        int64_t phase = schedule_due(schedule, i) - START_MS;
        assert_in_range(phase, 0, 4999);
        per_second[phase / 1000]++;
    }
    for (int i = 0; i < 5; i++)
        assert_in_range(per_second[i], COUNT / 5 / 2, COUNT / 5 * 2);
    schedule_free(schedule);
}

static void test_first_same_name_gives_same_phase(void **state) {
    (void)state;
    struct schedule *schedule = one_group(2);
    schedule_first(schedule, 0, "gateway/status", 5000, START_MS);
    schedule_first(schedule, 1, "gateway/status", 5000, START_MS);
    assert_int_equal(schedule_due(schedule, 0), schedule_due(schedule, 1));
    schedule_free(schedule);
}

static void test_next_with_jitter_keeps_the_mean_rate(void **state) {
    (void)state;
    enum { BEATS = 1000, INTERVAL = 1000, JITTER = 10 };
    struct schedule *schedule = one_group(1);
    schedule_first(schedule, 0, "x", 1, START_MS);
    int64_t earliest = INT64_MAX, latest = 0;
    int64_t due = START_MS;
    for (int i = 1; i <= BEATS; i++) {
        schedule_collect(schedule, due);
        assert_int_equal(schedule_pop(schedule), 0);
        assert_int_equal(schedule_next(schedule, 0, INTERVAL, JITTER, due), 0);
        due = schedule_due(schedule, 0);
        int64_t offset = due - (START_MS + (int64_t)i * INTERVAL);
        earliest = offset < earliest ? offset : earliest;
        latest = offset > latest ? offset : latest;
    }
    /* Never further from the beat than half the jitter, after a thousand beats as well.
     */
    assert_in_range(earliest, -INTERVAL * JITTER / 200, -1);
    assert_in_range(latest, 1, INTERVAL * JITTER / 200);
    schedule_free(schedule);
}

static void test_next_after_a_stall_skips_and_never_catches_up(void **state) {
    (void)state;
    struct schedule *schedule = one_group(1);
    schedule_first(schedule, 0, "x", 1, START_MS);
    schedule_collect(schedule, START_MS);
    assert_int_equal(schedule_pop(schedule), 0);
    assert_int_equal(schedule_next(schedule, 0, 100, 0, START_MS + 1050), 10);
    assert_int_equal(schedule_due(schedule, 0), START_MS + 1100);
    schedule_free(schedule);
}

static void test_next_on_a_planned_check_changes_nothing(void **state) {
    (void)state;
    struct schedule *schedule = one_group(1);
    schedule_first(schedule, 0, "x", 5000, START_MS);
    int64_t due = schedule_due(schedule, 0);
    assert_int_equal(schedule_next(schedule, 0, 1000, 0, START_MS), 0);
    assert_int_equal(schedule_due(schedule, 0), due);
    schedule_free(schedule);
}

static void test_soon_moves_a_planned_check_forward_only(void **state) {
    (void)state;
    struct schedule *schedule = one_group(3);
    for (uint32_t i = 0; i < 3; i++) {
        schedule_first(schedule, i, "x", 1, START_MS);
        schedule_collect(schedule, START_MS);
        assert_int_equal(schedule_pop(schedule), i);
        schedule_next(schedule, i, 1000 + 100 * i, 0, START_MS);
    }
    schedule_soon(schedule, 2, START_MS + 300);
    assert_int_equal(schedule_wait_ms(schedule, START_MS), 300);
    schedule_soon(schedule, 2, START_MS + 400);
    assert_int_equal(schedule_due(schedule, 2), START_MS + 300);
    /* The beat goes on from the run between. */
    schedule_collect(schedule, START_MS + 300);
    assert_int_equal(schedule_pop(schedule), 2);
    assert_int_equal(schedule_next(schedule, 2, 1000, 0, START_MS + 301), 0);
    assert_int_equal(schedule_due(schedule, 2), START_MS + 1300);
    schedule_free(schedule);
}

static void test_soon_plans_a_check_that_has_just_run(void **state) {
    (void)state;
    struct schedule *schedule = one_group(1);
    schedule_soon(schedule, 0, START_MS + 5);
    assert_int_equal(schedule_due(schedule, 0), START_MS + 5);
    schedule_free(schedule);
}

static void test_wait_is_the_time_to_the_earliest(void **state) {
    (void)state;
    struct schedule *schedule = one_group(3);
    assert_int_equal(schedule_wait_ms(schedule, START_MS), -1);
    for (uint32_t i = 0; i < 3; i++)
        schedule_first(schedule, i, "x", 1, START_MS);
    assert_int_equal(schedule_wait_ms(schedule, START_MS - 30), 30);
    assert_int_equal(schedule_wait_ms(schedule, START_MS + 5), 0);
    schedule_free(schedule);
}

static void test_collect_takes_the_due_ones_in_order(void **state) {
    (void)state;
    enum { COUNT = 200 };
    struct schedule *schedule = one_group(COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        schedule_first(schedule, i, name, 5000, START_MS);
    }
    int64_t due[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        due[i] = schedule_due(schedule, i);
    schedule_collect(schedule, START_MS + 2500);
    int64_t last = 0;
    uint32_t taken = 0;
    for (uint32_t c; (c = schedule_pop(schedule)) != SCHEDULE_NONE; taken++) {
        assert_true(due[c] >= last && due[c] <= START_MS + 2500);
        last = due[c];
        assert_int_equal(schedule_due(schedule, c), -1);
    }
    uint32_t expected = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        expected += due[i] <= START_MS + 2500;
    assert_int_equal(taken, expected);
    schedule_free(schedule);
}

static void test_pop_serves_groups_in_turn(void **state) {
    (void)state;
    /* Ten checks of tenant 0 arrive before one of tenant 1 and one shared check. */
    uint32_t groups[12] = {[10] = 1, [11] = 2};
    struct schedule *schedule = schedule_new(12, groups, 3, 1);
    for (uint32_t i = 0; i < 12; i++)
        schedule_push(schedule, i);
    assert_int_equal(schedule_queued(schedule), 12);
    assert_int_equal(schedule_pop(schedule), 0);
    assert_int_equal(schedule_pop(schedule), 10);
    assert_int_equal(schedule_pop(schedule), 11);
    for (uint32_t i = 1; i < 10; i++)
        assert_int_equal(schedule_pop(schedule), i);
    assert_int_equal(schedule_pop(schedule), SCHEDULE_NONE);
    assert_int_equal(schedule_queued(schedule), 0);
    schedule_push(schedule, 11);
    schedule_push(schedule, 3);
    assert_int_equal(schedule_pop(schedule), 11);
    assert_int_equal(schedule_pop(schedule), 3);
    schedule_free(schedule);
}

static void test_push_twice_queues_once_and_keeps_the_plan(void **state) {
    (void)state;
    struct schedule *schedule = one_group(1);
    schedule_first(schedule, 0, "x", 5000, START_MS);
    int64_t due = schedule_due(schedule, 0);
    schedule_push(schedule, 0);
    schedule_push(schedule, 0);
    assert_int_equal(schedule_queued(schedule), 1);
    assert_int_equal(schedule_pop(schedule), 0);
    assert_int_equal(schedule_due(schedule, 0), due);
    schedule_free(schedule);
}

static void test_adopt_keeps_due_time_and_place_in_the_queue(void **state) {
    (void)state;
    struct schedule *old = one_group(2);
    schedule_first(old, 0, "a", 5000, START_MS);
    schedule_push(old, 1);
    struct schedule *new = one_group(2);
    schedule_adopt(new, 1, old, 0);
    schedule_adopt(new, 0, old, 1);
    assert_int_equal(schedule_due(new, 1), schedule_due(old, 0));
    assert_int_equal(schedule_due(new, 0), -1);
    assert_int_equal(schedule_pop(new), 0);
    schedule_free(old);
    schedule_free(new);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_spreads_phases_over_five_seconds),
        cmocka_unit_test(test_first_same_name_gives_same_phase),
        cmocka_unit_test(test_next_with_jitter_keeps_the_mean_rate),
        cmocka_unit_test(test_next_after_a_stall_skips_and_never_catches_up),
        cmocka_unit_test(test_next_on_a_planned_check_changes_nothing),
        cmocka_unit_test(test_soon_moves_a_planned_check_forward_only),
        cmocka_unit_test(test_soon_plans_a_check_that_has_just_run),
        cmocka_unit_test(test_wait_is_the_time_to_the_earliest),
        cmocka_unit_test(test_collect_takes_the_due_ones_in_order),
        cmocka_unit_test(test_pop_serves_groups_in_turn),
        cmocka_unit_test(test_push_twice_queues_once_and_keeps_the_plan),
        cmocka_unit_test(test_adopt_keeps_due_time_and_place_in_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
