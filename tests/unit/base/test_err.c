/* Errors: first one wins, what is cut and cleaned, how places are joined and shown. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "fds.h"

static void test_err_set_first_fills_and_returns_false(void **state) {
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_LIMIT, "at most %d", 7));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(err.sys, 0);
    assert_string_equal(err.text, "at most 7");
    assert_string_equal(err.where, "");
}

static void test_err_set_second_keeps_first(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_SYNTAX, "first");
    assert_false(err_set(&err, ERR_LIMIT, "second"));
    assert_false(err_set_sys(&err, EIO, "third"));
    assert_int_equal(err.kind, ERR_SYNTAX);
    assert_int_equal(err.sys, 0);
    assert_string_equal(err.text, "first");
}

static void test_err_null_is_accepted(void **state) {
    (void)state;
    assert_false(err_set(NULL, ERR_INVALID, "x"));
    assert_false(err_set_sys(NULL, EIO, "x"));
    err_wrap(NULL, "x");
    err_list_add(NULL, NULL);
}

static void test_err_set_long_text_is_cut_on_a_character(void **state) {
    (void)state;
    char text[ERR_TEXT_MAX + 50];
    memset(text, 'a', sizeof text);
    /* Two bytes that would straddle the last place. */
    memcpy(text + ERR_TEXT_MAX - 2, "\xc3\xa9", 2);
    text[sizeof text - 1] = '\0';
    struct err err = {0};
    err_set(&err, ERR_INVALID, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 2);
    assert_memory_equal(err.text, text, ERR_TEXT_MAX - 2);
}

static void test_err_set_control_bytes_are_taken_out(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INVALID, "got \"%s\"", "a\nb\x1b[0m\xff");
    assert_string_equal(err.text, "got \"a b [0m?\"");
}

static void test_err_set_sys_appends_reason_and_keeps_errno(void **state) {
    (void)state;
    struct err err = {0};
    errno = EAGAIN;
    assert_false(err_set_sys(&err, ENOENT, "cannot open %s", "/x"));
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_int_equal(err.sys, ENOENT);
    assert_string_equal(err.text, "cannot open /x: No such file or directory");
}

static void test_err_set_sys_long_message_keeps_reason(void **state) {
    (void)state;
    char path[4096];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    struct err err = {0};
    err_set_sys(&err, EACCES, "cannot open %s", path);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_non_null(strstr(err.text, "ppp: Permission denied"));
}

static void test_err_wrap_segments_are_joined(void **state) {
    (void)state;
    static const struct {
        const char *inner;
        const char *outer;
        const char *joined;
    } cases[] = {
        {"name", "tenants[1]", "tenants[1].name"},
        {"[3]", "checks", "checks[3]"},
        {"", "checks", "checks"},
        {"name", "", "name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        err_set(&err, ERR_INVALID, "x");
        err_wrap(&err, "%s", cases[i].inner);
        err_wrap(&err, "%s", cases[i].outer);
        assert_string_equal(err.where, cases[i].joined);
    }
}

static void test_err_wrap_without_error_does_nothing(void **state) {
    (void)state;
    struct err err = {0};
    err_wrap(&err, "tenants");
    assert_string_equal(err.where, "");
}

static void test_err_wrap_long_place_keeps_its_start(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INVALID, "x");
    for (int i = 0; i < 40; i++)
        err_wrap(&err, "level%d", i);
    assert_true(strlen(err.where) < ERR_WHERE_MAX);
    assert_memory_equal(err.where, "level39.level38.", 16);
}

static void test_err_format_unknown_parts_are_left_out(void **state) {
    (void)state;
    static const struct {
        int line;
        int col;
        const char *where;
        const char *file;
        const char *expected;
    } cases[] = {
        {3, 5, "checks[3].timeout", "c.json", "c.json:3:5: checks[3].timeout: bad"},
        {3, 0, "", "c.json", "c.json:3: bad"},
        {0, 5, "", "c.json", "c.json: bad"},
        {0, 0, "listen", NULL, "listen: bad"},
        {3, 5, "listen", NULL, "3:5: listen: bad"},
        {0, 0, "", NULL, "bad"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {.line = cases[i].line, .col = cases[i].col};
        err_set(&err, ERR_INVALID, "bad");
        err_wrap(&err, "%s", cases[i].where);
        char out[200];
        assert_ptr_equal(err_format(&err, cases[i].file, out, sizeof out), out);
        assert_string_equal(out, cases[i].expected);
    }
}

static void test_err_format_small_buffer_is_cut_and_terminated(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INVALID, "abc\xc3\xa9");
    char out[5];
    assert_string_equal(err_format(&err, NULL, out, sizeof out), "abc");
    assert_string_equal(err_format(&err, NULL, out, 1), "");
}

static void test_err_list_add_beyond_limit_is_counted(void **state) {
    (void)state;
    struct err_list list = {0};
    for (int i = 0; i < ERR_LIST_MAX + 3; i++) {
        struct err err = {0};
        err_set(&err, ERR_INVALID, "error %d", i);
        err_list_add(&list, &err);
    }
    assert_int_equal(list.len, ERR_LIST_MAX);
    assert_int_equal(list.dropped, 3);
    assert_string_equal(list.items[0].text, "error 0");
    assert_string_equal(list.items[ERR_LIST_MAX - 1].text, "error 19");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_set_first_fills_and_returns_false),
        cmocka_unit_test(test_err_set_second_keeps_first),
        cmocka_unit_test(test_err_null_is_accepted),
        cmocka_unit_test(test_err_set_long_text_is_cut_on_a_character),
        cmocka_unit_test(test_err_set_control_bytes_are_taken_out),
        cmocka_unit_test(test_err_set_sys_appends_reason_and_keeps_errno),
        cmocka_unit_test(test_err_set_sys_long_message_keeps_reason),
        cmocka_unit_test(test_err_wrap_segments_are_joined),
        cmocka_unit_test(test_err_wrap_without_error_does_nothing),
        cmocka_unit_test(test_err_wrap_long_place_keeps_its_start),
        cmocka_unit_test(test_err_format_unknown_parts_are_left_out),
        cmocka_unit_test(test_err_format_small_buffer_is_cut_and_terminated),
        cmocka_unit_test(test_err_list_add_beyond_limit_is_counted),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
