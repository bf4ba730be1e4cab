/* Incidents: when they begin and end, their evidence, and which one makes way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "happen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t count_incidents(const struct timeline_view *view, const char *check,
                              bool only_open) {
    size_t count = 0;

    for (size_t i = 0; i < view->incident_count; i++) {
        const struct incident *incident = view->incidents[i];

        count += strcmp(incident->check, check) == 0 &&
                 (!only_open || incident->ended_wall_ms == 0);
    }
    return count;
}

static void test_timeline_open_incident_keeps_the_first_evidence(void **state) {
    struct timeline *timeline = *state;
    struct outcome first;

    outcome_init(&first);
    outcome_set(&first, OUTCOME_FAIL, GW_NO_ENDPOINTS, "503 no healthy upstream");
    first.http_status = 503;
    first.phase_us[PHASE_TOTAL] = 1234;
    add(timeline, EVENT_LIFE, "");
    add(timeline, EVENT_CHECK, "tenant/app2/routed");
    timeline_open_incident(timeline, "tenant/app2/routed", &first, 1700000000000, 1000);
    outcome_set(&first, OUTCOME_FAIL, TIMEOUT, "later");

    struct timeline_view *view = timeline_view_get(timeline);
    const struct incident *incident = view->incidents[0];

    assert_int_equal(view->incident_count, 1);
    assert_int_equal(view->incident_total, 1);
    assert_int_equal(incident->id, 2);
    assert_int_equal(incident->began_wall_ms, 1700000000000);
    assert_int_equal(incident->ended_wall_ms, 0);
    assert_string_equal(incident->check, "tenant/app2/routed");
    assert_int_equal(incident->first.reason, GW_NO_ENDPOINTS);
    assert_int_equal(incident->first.http_status, 503);
    assert_int_equal(incident->first.phase_us[PHASE_TOTAL], 1234);
    assert_string_equal(incident->first.evidence, "503 no healthy upstream");
    timeline_view_unref(view);
}

static void test_timeline_open_incident_open_already_first_one_stays(void **state) {
    struct timeline *timeline = *state;

    fail_check(timeline, "a");
    now_ms += 1000;
    fail_check(timeline, "a");
    now_ms += 1000;
    fail_check(timeline, "b");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, 2);
    assert_int_equal(view->incident_total, 2);
    assert_string_equal(view->incidents[0]->check, "b");
    assert_string_equal(view->incidents[1]->check, "a");
    assert_int_equal(view->incidents[1]->id, 1);
    assert_int_equal(view->incidents[1]->began_wall_ms, 1000);
    timeline_view_unref(view);
}

static void test_timeline_end_incident_only_that_of_the_check(void **state) {
    struct timeline *timeline = *state;

    timeline_end_incident(timeline, "a", 1);
    fail_check(timeline, "a");
    fail_check(timeline, "ab");
    timeline_end_incident(timeline, "a", 2000);
    timeline_end_incident(timeline, "a", 3000);

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, 2);
    assert_int_equal(view->incidents[0]->ended_wall_ms, 0);
    assert_int_equal(view->incidents[1]->ended_wall_ms, 2000);
    timeline_view_unref(view);
}

static void test_timeline_open_incident_after_its_end_another_one(void **state) {
    struct timeline *timeline = *state;

    flap(timeline, "a");
    now_ms += 5000;
    fail_check(timeline, "a");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, 2);
    assert_int_equal(view->incidents[0]->began_wall_ms, 6000);
    assert_int_equal(view->incidents[0]->ended_wall_ms, 0);
    assert_int_equal(view->incidents[1]->began_wall_ms, 1000);
    assert_int_equal(view->incidents[1]->ended_wall_ms, 1001);
    timeline_view_unref(view);
}

/* A name that is cut is cut in the same way each time. */
static void test_timeline_open_incident_name_too_long_is_still_ended(void **state) {
    struct timeline *timeline = *state;
    char name[TIMELINE_SUBJECT_MAX + 20];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    fail_check(timeline, name);
    timeline_end_incident(timeline, name, 9000);

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incidents[0]->id, 1);
    assert_int_equal(view->incidents[0]->ended_wall_ms, 9000);
    assert_int_equal(strlen(view->incidents[0]->check), TIMELINE_SUBJECT_MAX - 1);
    timeline_view_unref(view);
}

/* The ids in before[], as "3 2 1". */
static void assert_before(struct timeline *timeline, const char *expected) {
    struct timeline_view *view = timeline_view_get(timeline);
    const struct incident *incident = view->incidents[0];
    char got[200] = "";
    size_t len = 0;

    for (size_t i = 0; i < incident->before_count; i++)
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%d", i > 0 ? " " : "",
                                (int)incident->before[i]->id);
    assert_string_equal(got, expected);
    timeline_view_unref(view);
}

static void test_timeline_open_incident_keeps_the_minute_before(void **state) {
    struct timeline *timeline = *state;

    add(timeline, EVENT_CONFIG, "too old"); /* 1 */
    now_ms += 1;
    add(timeline, EVENT_ADDRESSES, "exactly a minute"); /* 2 */
    now_ms += TIMELINE_BEFORE_MS;
    add(timeline, EVENT_CHECK, "other"); /* 3 */
    add(timeline, EVENT_CHECK, "a");     /* 4: opens */
    add(timeline, EVENT_TENANT, "app1"); /* 5: follows from it */
    open_incident(timeline, "a");
    assert_before(timeline, "3 2");
}

static void test_timeline_open_incident_without_event_keeps_all_before(void **state) {
    struct timeline *timeline = *state;

    add(timeline, EVENT_TENANT, "a"); /* another kind: the name alone is not enough */
    add(timeline, EVENT_CHECK, "b");
    open_incident(timeline, "a");
    assert_before(timeline, "2 1");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incidents[0]->id, 0);
    timeline_view_unref(view);
}

static void test_timeline_open_incident_nothing_before_none(void **state) {
    fail_check(*state, "a");
    assert_before(*state, "");
}

static void test_timeline_open_incident_newest_event_of_the_check_opens(void **state) {
    struct timeline *timeline = *state;

    flap(timeline, "a");              /* 1 */
    add(timeline, EVENT_CHECK, "a");  /* 2: passing again */
    add(timeline, EVENT_CHECK, "aa"); /* 3 */
    fail_check(timeline, "a");        /* 4 */
    assert_before(timeline, "3 2 1");
}

/* 40 checks fail within a moment: the change that they follow from is kept. */
static void test_timeline_open_incident_changes_outlast_other_checks(void **state) {
    struct timeline *timeline = *state;

    add(timeline, EVENT_CONFIG, "");      /* 1 */
    add(timeline, EVENT_ADDRESSES, "gw"); /* 2 */
    for (int i = 0; i < 40; i++)          /* 3 to 42 */
        add(timeline, EVENT_CHECK, "other");
    fail_check(timeline, "a");
    assert_before(timeline, "42 41 40 39 38 37 36 35 34 33 32 31 30 29 2 1");
}

static void test_timeline_open_incident_too_many_changes_newest_stay(void **state) {
    struct timeline *timeline = *state;
    static const enum event_kind kinds[] = {EVENT_CERTIFICATE, EVENT_OVERRIDE, EVENT_LIFE,
                                            EVENT_SELF};

    for (int i = 0; i < 20; i++) /* 1 to 20 */
        add(timeline, kinds[i % 4], "");
    add(timeline, EVENT_VERDICT, "");
    add(timeline, EVENT_PROBER, "");
    fail_check(timeline, "a");
    assert_before(timeline, "20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5");
}

static void test_timeline_incidents_full_finished_make_way_before_open(void **state) {
    struct timeline *timeline = *state;
    char name[24];

    for (int i = 0; i < TIMELINE_INCIDENTS; i++) {
        snprintf(name, sizeof(name), "check%d", i);
        fail_check(timeline, name);
    }
    timeline_end_incident(timeline, "check20", now_ms);
    timeline_end_incident(timeline, "check10", now_ms);
    fail_check(timeline, "new1");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, TIMELINE_INCIDENTS);
    assert_int_equal(view->incident_total, TIMELINE_INCIDENTS + 1);
    assert_int_equal(count_incidents(view, "check0", true), 1);
    assert_int_equal(count_incidents(view, "check10", false), 0); /* the older one */
    assert_int_equal(count_incidents(view, "check20", false), 1);
    assert_string_equal(view->incidents[0]->check, "new1");
    timeline_view_unref(view);

    fail_check(timeline, "new2"); /* for check20 */
    fail_check(timeline, "new3"); /* all are open: for the oldest */
    view = timeline_view_get(timeline);
    assert_int_equal(view->incident_count, TIMELINE_INCIDENTS);
    assert_int_equal(count_incidents(view, "check20", false), 0);
    assert_int_equal(count_incidents(view, "check0", false), 0);
    assert_int_equal(count_incidents(view, "check1", true), 1);
    assert_int_equal(count_incidents(view, "new2", true), 1);
    assert_string_equal(view->incidents[0]->check, "new3");
    for (size_t i = 0; i + 1 < view->incident_count; i++)
        assert_true(view->incidents[i]->id > view->incidents[i + 1]->id);
    timeline_view_unref(view);
}

static void test_timeline_incidents_flapping_check_pushes_out_its_own(void **state) {
    struct timeline *timeline = *state;

    flap(timeline, "quiet");
    for (int i = 0; i < 5 * TIMELINE_INCIDENTS; i++)
        flap(timeline, "flapping");
    flap(timeline, "late");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, TIMELINE_INCIDENTS);
    assert_int_equal(view->incident_total, 5 * TIMELINE_INCIDENTS + 2);
    assert_int_equal(count_incidents(view, "quiet", false), 1);
    assert_int_equal(count_incidents(view, "late", false), 1);
    /* The newest of its own are kept. */
    assert_int_equal(view->incidents[1]->id, 5 * TIMELINE_INCIDENTS + 1);
    timeline_view_unref(view);
}

/* Successes and noise of any length leave the failure and its evidence. */
static void test_timeline_incidents_noise_never_pushes_one_out(void **state) {
    struct timeline *timeline = *state;

    add(timeline, EVENT_CONFIG, "cause");
    fail_check(timeline, "a");
    for (int i = 0; i < 4 * TIMELINE_EVENTS; i++)
        add(timeline, EVENT_CHECK, "noise");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_int_equal(view->incident_count, 1);
    assert_string_equal(view->incidents[0]->first.evidence, "a hung");
    assert_int_equal(view->incidents[0]->before_count, 1);
    assert_string_equal(view->incidents[0]->before[0]->subject, "cause");
    timeline_view_unref(view);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HAPPEN_TEST(test_timeline_open_incident_keeps_the_first_evidence),
        HAPPEN_TEST(test_timeline_open_incident_open_already_first_one_stays),
        HAPPEN_TEST(test_timeline_end_incident_only_that_of_the_check),
        HAPPEN_TEST(test_timeline_open_incident_after_its_end_another_one),
        HAPPEN_TEST(test_timeline_open_incident_name_too_long_is_still_ended),
        HAPPEN_TEST(test_timeline_open_incident_keeps_the_minute_before),
        HAPPEN_TEST(test_timeline_open_incident_without_event_keeps_all_before),
        HAPPEN_TEST(test_timeline_open_incident_nothing_before_none),
        HAPPEN_TEST(test_timeline_open_incident_newest_event_of_the_check_opens),
        HAPPEN_TEST(test_timeline_open_incident_changes_outlast_other_checks),
        HAPPEN_TEST(test_timeline_open_incident_too_many_changes_newest_stay),
        HAPPEN_TEST(test_timeline_incidents_full_finished_make_way_before_open),
        HAPPEN_TEST(test_timeline_incidents_flapping_check_pushes_out_its_own),
        HAPPEN_TEST(test_timeline_incidents_noise_never_pushes_one_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
