/* The two text formats of Prometheus. */
#include "expose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "noise.h"

static const struct expose_family gauge = {"x_seconds", EXPOSE_GAUGE, "seconds",
                                           "A time."};
static const struct expose_family counter = {"x", EXPOSE_COUNTER, NULL, "A count."};
static const struct expose_family info = {"x", EXPOSE_INFO, NULL, "A fact."};

/* The value part of one sample. */
static const char *value_of_us(int64_t us, struct buf *out) {
    struct expose expose = {.out = out};
    buf_clear(out);
    expose_start(&expose, &gauge);
    expose_us(&expose, NULL, us);
    return strrchr(out->data, ' ') + 1;
}

static void test_expose_us_is_exact_and_short(void **state) {
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "0\n"},
        {1, "0.000001\n"},
        {-1, "-0.000001\n"},
        {10, "0.00001\n"},
        {100000, "0.1\n"},
        {1000000, "1\n"},
        {1000001, "1.000001\n"},
        {1500000, "1.5\n"},
        {-1500000, "-1.5\n"},
        {INT64_C(1772366400250000), "1772366400.25\n"},
        {INT64_MAX, "9223372036854.775807\n"},
        {INT64_MIN, "-9223372036854.775808\n"},
    };
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(value_of_us(rows[i].us, &out), rows[i].text);
}

static void test_expose_us_any_number_reads_back(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        int64_t us = (int64_t)noise_next(&seed) * (int64_t)(noise_next(&seed) % 1000);
        double read = strtod(value_of_us(us, &out), NULL);
        assert_true(read == (double)us / 1e6);
    }
}

static void test_expose_formats_differ_in_suffixes_and_unit(void **state) {
    (void)state;
    static const struct {
        const struct expose_family *family;
        bool openmetrics;
        const char *text;
    } rows[] = {
        {&gauge, false,
         "# TYPE x_seconds gauge\n# HELP x_seconds A time.\nx_seconds 1\n"},
        {&gauge, true,
         "# TYPE x_seconds gauge\n# UNIT x_seconds seconds\n# HELP x_seconds A time.\n"
         "x_seconds 1\n# EOF\n"},
        {&counter, false, "# TYPE x_total counter\n# HELP x_total A count.\nx_total 1\n"},
        {&counter, true, "# TYPE x counter\n# HELP x A count.\nx_total 1\n# EOF\n"},
        {&info, false, "# TYPE x_info gauge\n# HELP x_info A fact.\nx_info 1\n"},
        {&info, true, "# TYPE x info\n# HELP x A fact.\nx_info 1\n# EOF\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf out = {0};
        struct expose expose = {.out = &out, .openmetrics = rows[i].openmetrics};
        expose_start(&expose, rows[i].family);
        expose_int(&expose, NULL, 1);
        expose_end(&expose);
        assert_string_equal(out.data, rows[i].text);
    }
}

static void test_expose_family_without_samples_leaves_no_trace(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    struct expose expose = {.out = &out, .openmetrics = true};
    expose_start(&expose, &gauge);
    expose_start(&expose, &counter);
    expose_count(&expose, NULL, UINT64_MAX);
    expose_start(&expose, &info);
    expose_end(&expose);
    assert_string_equal(out.data, "# TYPE x counter\n# HELP x A count.\n"
                                  "x_total 18446744073709551615\n# EOF\n");
}

static void test_expose_labels_are_escaped(void **state) {
    (void)state;
    static const struct {
        const char *value;
        const char *sample;
    } rows[] = {
        {"plain", "x_info{a=\"plain\",b=\"2\"} -3\n"},
        {"", "x_info{b=\"2\"} -3\n"},
        {"q\"b\\", "x_info{a=\"q\\\"b\\\\\",b=\"2\"} -3\n"},
        {"line\nend\xff\x01", "x_info{a=\"line end? \",b=\"2\"} -3\n"},
        {"{ä}", "x_info{a=\"{ä}\",b=\"2\"} -3\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf out = {0};
        struct expose expose = {.out = &out};
        expose_start(&expose, &info);
        expose_int(&expose, EXPOSE_LABELS("a", rows[i].value, "b", "2"), -3);
        assert_string_equal(strstr(out.data, "x_info{"), rows[i].sample);
    }
}

static void test_expose_only_empty_labels_give_no_braces(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    struct expose expose = {.out = &out};
    expose_start(&expose, &counter);
    expose_ms(&expose, EXPOSE_LABELS("a", ""), -1250);
    assert_string_equal(strrchr(out.data, 'x'), "x_total -1.25\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expose_us_is_exact_and_short),
        cmocka_unit_test(test_expose_us_any_number_reads_back),
        cmocka_unit_test(test_expose_formats_differ_in_suffixes_and_unit),
        cmocka_unit_test(test_expose_family_without_samples_leaves_no_trace),
        cmocka_unit_test(test_expose_labels_are_escaped),
        cmocka_unit_test(test_expose_only_empty_labels_give_no_braces),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
