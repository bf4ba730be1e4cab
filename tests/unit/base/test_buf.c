/* The byte buffer: contents, growth, the NUL behind the last byte, reuse. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fds.h"

static void test_buf_append_bytes_with_nul_are_kept(void **state) {
    (void)state;
    BUF_AUTO struct buf buf = {0};
    buf_append(&buf, "a\0b", 3);
    buf_putc(&buf, '\0');
    buf_puts(&buf, "c");
    assert_int_equal(buf.len, 5);
    assert_memory_equal(buf.data, "a\0b\0c", 6);
}

static void test_buf_append_nothing_gives_empty_text(void **state) {
    (void)state;
    BUF_AUTO struct buf buf = {0};
    buf_append(&buf, NULL, 0);
    assert_non_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
}

static void test_buf_append_every_length_stays_terminated(void **state) {
    (void)state;
    BUF_AUTO struct buf buf = {0};
    for (size_t i = 1; i <= 5000; i++) {
        buf_putc(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.len, i);
        assert_true(buf.cap > buf.len);
        assert_int_equal(buf.data[i], '\0');
    }
    for (size_t i = 1; i <= 5000; i++)
        assert_int_equal(buf.data[i - 1], 'a' + i % 26);
}

static void test_buf_printf_around_capacity_is_whole(void **state) {
    (void)state;
    /* Lengths around the first capacity and its double. */
    for (int width = 60; width <= 140; width++) {
        BUF_AUTO struct buf buf = {0};
        buf_printf(&buf, "%*d", width, 7);
        assert_int_equal(buf.len, width);
        assert_int_equal(strlen(buf.data), width);
        assert_int_equal(buf.data[width - 1], '7');
        buf_printf(&buf, "|%d", width);
        assert_int_equal(strtol(buf.data + width + 1, NULL, 10), width);
    }
}

static void test_buf_printf_empty_appends_nothing(void **state) {
    (void)state;
    BUF_AUTO struct buf buf = {0};
    buf_puts(&buf, "x");
    buf_printf(&buf, "%s", "");
    assert_string_equal(buf.data, "x");
    assert_int_equal(buf.len, 1);
}

static void test_buf_clear_keeps_memory(void **state) {
    (void)state;
    BUF_AUTO struct buf buf = {0};
    buf_clear(&buf);
    assert_null(buf.data);
    buf_puts(&buf, "hello");
    const char *data = buf.data;
    size_t cap = buf.cap;
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    buf_puts(&buf, "x");
    assert_ptr_equal(buf.data, data);
    assert_int_equal(buf.cap, cap);
}

static void test_buf_take_hands_over_and_empties(void **state) {
    (void)state;
    struct buf buf = {0};
    buf_puts(&buf, "hello");
    char *text = buf_take(&buf);
    assert_string_equal(text, "hello");
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.cap, 0);
    free(text);
}

static void test_buf_take_empty_is_not_null(void **state) {
    (void)state;
    struct buf buf = {0};
    char *text = buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
}

static void test_buf_fini_allows_reuse(void **state) {
    (void)state;
    struct buf buf = {0};
    buf_puts(&buf, "one");
    buf_fini(&buf);
    assert_null(buf.data);
    buf_puts(&buf, "two");
    assert_string_equal(buf.data, "two");
    buf_fini(&buf);
    buf_fini(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_append_bytes_with_nul_are_kept),
        cmocka_unit_test(test_buf_append_nothing_gives_empty_text),
        cmocka_unit_test(test_buf_append_every_length_stays_terminated),
        cmocka_unit_test(test_buf_printf_around_capacity_is_whole),
        cmocka_unit_test(test_buf_printf_empty_appends_nothing),
        cmocka_unit_test(test_buf_clear_keeps_memory),
        cmocka_unit_test(test_buf_take_hands_over_and_empties),
        cmocka_unit_test(test_buf_take_empty_is_not_null),
        cmocka_unit_test(test_buf_fini_allows_reuse),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
