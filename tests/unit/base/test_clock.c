/* The clocks and RFC 3339, compared with libc's own calendar over four centuries. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "fds.h"

static int64_t fixed_mono_us(void) {
    return 1234567;
}

static int64_t fixed_wall_ms(void) {
    return 42;
}

static void test_clock_override_replaces_and_restores(void **state) {
    (void)state;
    clock_override(fixed_mono_us, fixed_wall_ms);
    assert_int_equal(clock_mono_us(), 1234567);
    assert_int_equal(clock_mono_ms(), 1234);
    assert_int_equal(clock_wall_ms(), 42);
    clock_override(NULL, NULL);
    assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

static void test_clock_mono_never_goes_back(void **state) {
    (void)state;
    int64_t before = clock_mono_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_us();
        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_mono_ms() - before / 1000 < 60000);
}

static void test_clock_wall_is_the_system_time(void **state) {
    (void)state;
    int64_t low = (int64_t)time(NULL) * 1000 - 1000;
    int64_t now = clock_wall_ms();
    int64_t high = (int64_t)time(NULL) * 1000 + 2000;
    assert_true(now >= low && now <= high);
}

static void test_clock_format_known_times(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(1795466980123), "2026-11-23T20:49:40.123Z"},
        {INT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(253402300800000), "10000-01-01T00:00:00.000Z"},
        {INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z"},
        {INT64_MAX, "292278994-08-17T07:12:55.807Z"},
        {INT64_MIN, "-292275055-05-16T16:47:04.192Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[CLOCK_TEXT_MAX];
        assert_ptr_equal(clock_format_rfc3339(cases[i].ms, out), out);
        assert_string_equal(out, cases[i].text);
    }
}

static void test_clock_format_and_parse_agree_with_libc(void **state) {
    (void)state;
    /* From 1600 to 2400 in steps that hit every month and hour. */
    for (int64_t s = INT64_C(-11676096000); s < INT64_C(13569465600); s += 1000003) {
        time_t seconds = (time_t)s;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        char expected[64];
        assert_true(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.007Z", &tm) >
                    0);
        char out[CLOCK_TEXT_MAX];
        assert_string_equal(clock_format_rfc3339(s * 1000 + 7, out), expected);
        int64_t parsed;
        assert_true(clock_parse_rfc3339(out, &parsed));
        assert_int_equal(parsed, s * 1000 + 7);
    }
}

static void test_clock_parse_accepted_forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.123456789Z", 123},
        {"1970-01-01T00:00:00.9999999999999999999999Z", 999},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"2026-11-23T20:49:40.123Z", INT64_C(1795466980123)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2017-01-01T00:59:60+01:00", INT64_C(1483228800000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        assert_true(clock_parse_rfc3339(cases[i].text, &ms));
        assert_int_equal(ms, cases[i].ms);
    }
}

static void test_clock_parse_refused_forms(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "now",
        "2026-11-23",
        "2026-11-23T20:49Z",
        "2026-11-23T20:49:40",
        "2026-11-23 20:49:40Z",
        "2026-11-23T20:49:40.Z",
        "2026-11-23T20:49:40,5Z",
        "2026\r11\r23T20:49:40Z",
        "2026-11-23T20:49:40Z ",
        " 2026-11-23T20:49:40Z",
        "2026-11-23T20:49:40ZZ",
        "2026-11-23T20:49:40+0100",
        "2026-11-23T20:49:40+01",
        "2026-11-23T20:49:40+24:00",
        "2026-11-23T20:49:40+01:60",
        "2026-11-23T24:00:00Z",
        "2026-11-23T20:60:00Z",
        "2026-11-23T20:49:60Z",
        "2026-11-23T20:49:61Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "26-11-23T20:49:40Z",
        "12026-11-23T20:49:40Z",
        "-026-11-23T20:49:40Z",
        "2026-1-23T20:49:40Z",
        "2026-11-23T2O:49:40Z",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 77;
        if (clock_parse_rfc3339(cases[i], &ms))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(ms, 77);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_override_replaces_and_restores),
        cmocka_unit_test(test_clock_mono_never_goes_back),
        cmocka_unit_test(test_clock_wall_is_the_system_time),
        cmocka_unit_test(test_clock_format_known_times),
        cmocka_unit_test(test_clock_format_and_parse_agree_with_libc),
        cmocka_unit_test(test_clock_parse_accepted_forms),
        cmocka_unit_test(test_clock_parse_refused_forms),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
