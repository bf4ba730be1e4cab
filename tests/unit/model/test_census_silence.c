/* Intervals between arrivals, and classes that fall silent and come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes.h"

#include <stdio.h>

/* An arrival after each of the gaps, which 0 ends; then when the last one came. */
static int64_t add_gaps(struct census *census, enum prober prober, const int *gaps_ms) {
    int64_t after_ms = 0;

    add_at(census, make_probe(prober), 0);
    for (; *gaps_ms != 0; gaps_ms++) {
        after_ms += *gaps_ms;
        add_at(census, make_probe(prober), after_ms);
    }
    return after_ms;
}

static int64_t add_regular(struct census *census, enum prober prober, int gap_ms,
                           int count, int64_t from_ms) {
    for (int i = 0; i < count; i++)
        add_at(census, make_probe(prober), from_ms + (int64_t)i * gap_ms);
    return from_ms + (int64_t)(count - 1) * gap_ms;
}

static void test_census_fill_median_and_jitter(void **state) {
    (void)state;
    static const struct {
        const char *what;
        int gaps_ms[24];
        int median_ms;
        int jitter_ms;
    } rows[] = {
        {"one arrival", {0}, 0, 0},
        {"two arrivals", {10000, 0}, 0, 0},
        {"two gaps: their mean", {10000, 11000, 0}, 10500, 500},
        {"three gaps: the middle one", {9000, 30000, 10000, 0}, 10000, 1000},
        {"order does not matter", {30000, 10000, 9000, 0}, 10000, 1000},
        {"four gaps", {1, 4, 2, 3, 0}, 2, 1},
        {"an outlier moves neither", {10, 10, 10, 10, 59000, 10, 10, 0}, 10, 0},
        {"around", {90, 110, 100, 80, 120, 0}, 100, 10},
        {"sixteen", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0}, 8, 4},
        {"the seventeenth replaces the first",
         {900, 5, 5, 5, 5, 5, 5, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 0},
         6,
         1},
        {"only the newest count",
         {9, 9, 9, 9, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0},
         5,
         0},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct census *census = census_new();

        add_gaps(census, PROBER_KUBELET, rows[i].gaps_ms);

        struct census_view view = fill_at(census, 0);

        census_free(census);
        if (view.sources[0].median_ms != rows[i].median_ms ||
            view.sources[0].jitter_ms != rows[i].jitter_ms ||
            view.classes[PROBER_KUBELET].median_ms != rows[i].median_ms)
            fail_msg("%s: expected %d and %d, got %d and %d, class %d", rows[i].what,
                     rows[i].median_ms, rows[i].jitter_ms, (int)view.sources[0].median_ms,
                     (int)view.sources[0].jitter_ms,
                     (int)view.classes[PROBER_KUBELET].median_ms);
    }
}

static void test_census_add_out_of_order_is_no_interval(void **state) {
    struct census *census = *state;

    add_at(census, make_probe(PROBER_KUBELET), 5000);
    add_at(census, make_probe(PROBER_KUBELET), 4997);
    add_at(census, make_probe(PROBER_KUBELET), 4999);

    struct census_view view = fill_at(census, 5000);

    assert_int_equal(view.sources[0].last_mono_ms, START_MS + 5000);
    assert_int_equal(view.sources[0].median_ms, 0);
    assert_int_equal(view.classes[PROBER_KUBELET].last_mono_ms, START_MS + 5000);
}

/* Two instances: each comes every 10 s, one of them every 5 s. */
static void test_census_fill_class_counts_all_its_sources(void **state) {
    struct census *census = *state;
    struct arrival other = make_arrival(gateway_pod, "10.0.1.6", "", our_host);

    for (int i = 0; i < 8; i++) {
        add_at(census, make_probe(PROBER_APPGW), (int64_t)i * 10000);
        add_at(census, other, (int64_t)i * 10000 + 5000);
    }

    struct census_view view = fill_at(census, 75000);

    assert_int_equal(view.source_count, 2);
    assert_int_equal(view.sources[0].median_ms, 10000);
    assert_int_equal(view.sources[1].median_ms, 10000);
    assert_int_equal(view.classes[PROBER_APPGW].count, 16);
    assert_int_equal(view.classes[PROBER_APPGW].median_ms, 5000);
    assert_int_equal(view.classes[PROBER_APPGW].last_mono_ms, START_MS + 75000);
}

static void test_census_fill_silent_after_as_documented(void **state) {
    (void)state;
    static const struct {
        const char *what;
        enum prober prober;
        int gaps_ms[20];
        int silent_after_ms;
    } rows[] = {
        {"one arrival", PROBER_APPGW, {0}, 0},
        {"two arrivals", PROBER_APPGW, {10000, 0}, 0},
        {"three arrivals", PROBER_APPGW, {10000, 10000, 0}, 100000},
        {"at least a minute", PROBER_APPGW, {5000, 5000, 5000, 0}, 60000},
        {"just above", PROBER_APPGW, {6001, 6001, 6001, 0}, 60010},
        {"kubelet", PROBER_KUBELET, {10000, 10000, 0}, 100000},
        {"load balancer", PROBER_LOAD_BALANCER, {15000, 15000, 0}, 150000},
        {"self may stop", PROBER_SELF, {5000, 5000, 5000, 0}, 0},
        {"operators may stop", PROBER_OPERATOR, {1000, 1000, 1000, 0}, 0},
        {"unknown ones may stop", PROBER_UNKNOWN, {1000, 1000, 1000, 0}, 0},
        {"bursts: the mean",
         PROBER_APPGW,
         {1, 1, 1, 29997, 1, 1, 1, 29997, 1, 1, 1, 29997, 0},
         75000},
        {"a share that varies: the mean",
         PROBER_APPGW,
         {10000, 10000, 40000, 10000, 10000, 40000, 0},
         200000},
        {"few long ones: the median", PROBER_APPGW, {1, 10000, 10000, 10000, 0}, 100000},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct census *census = census_new();

        configure(census, our_host, "10.0.1.0/24");
        set_gateway(census);

        int64_t last_ms = add_gaps(census, rows[i].prober, rows[i].gaps_ms);
        int64_t end_ms = last_ms + rows[i].silent_after_ms;
        struct census_view before = fill_at(census, end_ms - 1);
        struct census_view at = fill_at(census, end_ms);
        struct census_view late = fill_at(census, end_ms + 3600 * 1000);
        bool can_be = rows[i].silent_after_ms > 0;

        census_free(census);
        if (at.classes[rows[i].prober].silent_after_ms != rows[i].silent_after_ms)
            fail_msg("%s: expected %d, got %d", rows[i].what, rows[i].silent_after_ms,
                     (int)at.classes[rows[i].prober].silent_after_ms);
        if (before.classes[rows[i].prober].is_silent ||
            at.classes[rows[i].prober].is_silent != can_be ||
            late.classes[rows[i].prober].is_silent != can_be)
            fail_msg("%s: silent at the wrong time", rows[i].what);
    }
}

/* What census_watch told, as "appgw-60000 kubelet+65000". */
struct told {
    char text[200];
    size_t len;
};

static void on_changed(void *user, enum prober prober, bool is_silent,
                       int64_t silent_ms) {
    struct told *told = user;

    told->len +=
        (size_t)snprintf(told->text + told->len, sizeof(told->text) - told->len,
                         "%s%s%c%d", told->len > 0 ? " " : "", prober_name(prober),
                         is_silent ? '-' : '+', (int)silent_ms);
}

static void assert_watch(struct census *census, int64_t after_ms, const char *expected) {
    struct told told = {0};

    census_watch(census, START_MS + after_ms, on_changed, &told);
    assert_string_equal(told.text, expected);
}

static void test_census_watch_never_seen_is_not_silent(void **state) {
    assert_watch(*state, 0, "");
    assert_watch(*state, 24LL * 3600 * 1000, "");
}

static void test_census_watch_tells_each_change_once(void **state) {
    struct census *census = *state;

    add_regular(census, PROBER_APPGW, 10000, 5, 0); /* until 40 s */
    assert_watch(census, 40000, "");
    assert_watch(census, 139999, "");
    assert_watch(census, 140000, "appgw-100000");
    assert_watch(census, 141000, "");
    assert_watch(census, 500000, "");
    add_regular(census, PROBER_APPGW, 10000, 2, 640000);
    assert_watch(census, 650500, "appgw+600000");
    assert_watch(census, 651000, "");

    assert_watch(census, 900000, "appgw-250000");
    add_regular(census, PROBER_APPGW, 10000, 1, 901000);
    assert_watch(census, 902000, "appgw+251000");
}

static void test_census_watch_came_back_between_two_calls_nothing_to_tell(void **state) {
    struct census *census = *state;

    add_regular(census, PROBER_KUBELET, 5000, 5, 0);
    add_regular(census, PROBER_KUBELET, 5000, 2, 100000);
    assert_watch(census, 106000, "");
}

static void test_census_watch_classes_are_apart(void **state) {
    struct census *census = *state;

    add_regular(census, PROBER_APPGW, 5000, 5, 0);
    add_regular(census, PROBER_KUBELET, 5000, 30, 0); /* until 145 s */
    add_regular(census, PROBER_OPERATOR, 1000, 5, 0);
    assert_watch(census, 81000, "appgw-61000");
    assert_watch(census, 205000, "kubelet-60000");
    add_regular(census, PROBER_APPGW, 5000, 1, 210000);
    add_regular(census, PROBER_KUBELET, 5000, 1, 211000);
    assert_watch(census, 212000, "appgw+190000 kubelet+66000");
}

/* An hour of silence, then two probes, then silence again: told as quickly. */
static void
test_census_watch_after_a_long_silence_next_one_is_told_in_time(void **state) {
    struct census *census = *state;

    add_regular(census, PROBER_APPGW, 5000, 17, 0); /* until 80 s */
    assert_watch(census, 140000, "appgw-60000");
    add_regular(census, PROBER_APPGW, 5000, 2, 3680000);
    assert_watch(census, 3685000, "appgw+3600000");

    struct census_view view = fill_at(census, 3685000);

    assert_int_equal(view.classes[PROBER_APPGW].median_ms, 5000);
    assert_in_range(view.classes[PROBER_APPGW].silent_after_ms, 60000, 90000);
}

/* An interval of two minutes where it was five seconds is first silence, then normal. */
static void test_census_watch_slower_from_now_on_becomes_normal(void **state) {
    struct census *census = *state;
    int told = 0;

    add_regular(census, PROBER_APPGW, 5000, 17, 0);
    for (int64_t at_ms = 200000; at_ms <= 200000 + 20 * 120000; at_ms += 120000) {
        struct told before = {0};
        struct told after = {0};

        census_watch(census, START_MS + at_ms - 1, on_changed, &before);
        add_regular(census, PROBER_APPGW, 1, 1, at_ms);
        census_watch(census, START_MS + at_ms + 1, on_changed, &after);
        told += before.len > 0;
        assert_int_equal(before.len > 0, after.len > 0);
    }
    assert_in_range(told, 1, 4);
    assert_false(
        fill_at(census, 200000 + 20 * 120000 + 1000000).classes[PROBER_APPGW].is_silent);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        PROBES_TEST(test_census_fill_median_and_jitter),
        PROBES_TEST(test_census_add_out_of_order_is_no_interval),
        PROBES_TEST(test_census_fill_class_counts_all_its_sources),
        PROBES_TEST(test_census_fill_silent_after_as_documented),
        PROBES_TEST(test_census_watch_never_seen_is_not_silent),
        PROBES_TEST(test_census_watch_tells_each_change_once),
        PROBES_TEST(test_census_watch_came_back_between_two_calls_nothing_to_tell),
        PROBES_TEST(test_census_watch_classes_are_apart),
        PROBES_TEST(test_census_watch_after_a_long_silence_next_one_is_told_in_time),
        PROBES_TEST(test_census_watch_slower_from_now_on_becomes_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
