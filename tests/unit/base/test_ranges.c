/* Status code sets: what people write, what is refused and how it is shown again. */
#include "base/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "fds.h"

static void test_ranges_add_accepted_forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"200", "200"},
        {"200-299", "200-299"},
        {"200,204", "200,204"},
        {"200-299,304", "200-299,304"},
        {" 200-299 , 304 ", "200-299,304"},
        {"204-204", "204"},
        {"100-599", "100-599"},
        {"304,200-204,200", "304,200-204,200"},
        {"100-101,110-111,120-121,130-131,140-141,150-151,160-161,170-171",
         "100-101,110-111,120-121,130-131,140-141,150-151,160-161,170-171"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ranges ranges = {0};
        struct err err = {0};
        assert_true(ranges_add(&ranges, cases[i].text, &err));
        assert_int_equal(err.kind, ERR_NONE);
        char out[RANGES_TEXT_MAX];
        assert_ptr_equal(ranges_format(&ranges, out), out);
        assert_string_equal(out, cases[i].shown);
    }
}

static void test_ranges_add_refused_forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *hint;
    } cases[] = {
        {"", "got \"\""},
        {" ", "got \"\""},
        {",", "got \"\""},
        {"200,", "got \"\""},
        {",200", "got \"\""},
        {"200,,204", "got \"\""},
        {"99", "got \"99\""},
        {"099", "got \"099\""},
        {"600", "got \"600\""},
        {"2000", "got \"2000\""},
        {"200-600", "got \"200-600\""},
        {"200-", "got \"200-\""},
        {"-200", "got \"-200\""},
        {"200 - 299", "got \"200 - 299\""},
        {"2xx", "got \"2xx\""},
        {"200;204", "got \"200;204\""},
        {"200,abc,204", "got \"abc\""},
        {"299-200", "expected 200-299"},
        {"100,101,102,103,104,105,106,107,108", "at most 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ranges ranges = {0};
        struct err err = {0};
        if (ranges_add(&ranges, cases[i].text, &err))
            fail_msg("accepted: \"%s\"", cases[i].text);
        if (!strstr(err.text, cases[i].hint))
            fail_msg("\"%s\": no %s in: %s", cases[i].text, cases[i].hint, err.text);
        assert_int_equal(ranges.count, 0);
    }
}

static void test_ranges_add_twice_adds_up_to_the_limit(void **state) {
    (void)state;
    struct ranges ranges = {0};
    for (int i = 0; i < RANGES_MAX; i++)
        assert_true(ranges_add(&ranges, "200-299", NULL));
    struct err err = {0};
    assert_false(ranges_add(&ranges, "304", &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(ranges.count, RANGES_MAX);
}

static void test_ranges_contain_edges(void **state) {
    (void)state;
    struct ranges ranges = {0};
    assert_false(ranges_contain(&ranges, 200));
    assert_true(ranges_add(&ranges, "200-204,304", NULL));
    static const struct {
        int code;
        bool in;
    } cases[] = {{199, false}, {200, true},  {204, true}, {205, false}, {303, false},
                 {304, true},  {305, false}, {0, false},  {-1, false},  {65736, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ranges_contain(&ranges, cases[i].code), cases[i].in);
}

static void test_ranges_format_empty_is_empty(void **state) {
    (void)state;
    struct ranges ranges = {0};
    char out[RANGES_TEXT_MAX] = "x";
    assert_string_equal(ranges_format(&ranges, out), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_add_accepted_forms),
        cmocka_unit_test(test_ranges_add_refused_forms),
        cmocka_unit_test(test_ranges_add_twice_adds_up_to_the_limit),
        cmocka_unit_test(test_ranges_contain_edges),
        cmocka_unit_test(test_ranges_format_empty_is_empty),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
