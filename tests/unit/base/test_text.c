/* Strings: cutting, numbers, durations, escaping, the nearest word, cleaning. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "fds.h"

static void test_text_copy_cuts_on_a_character(void **state) {
    (void)state;
    static const struct {
        const char *src;
        size_t size;
        const char *copy;
        bool whole;
    } cases[] = {
        {"abc", 4, "abc", true},
        {"abc", 3, "ab", false},
        {"abc", 1, "", false},
        {"", 1, "", true},
        {"a\xc3\xa9", 4, "a\xc3\xa9", true},
        {"a\xc3\xa9", 3, "a", false},
        {"\xf0\x9f\x98\x80", 4, "", false},
        {"x\xf0\x9f\x98\x80", 5, "x", false},
        /* Not UTF-8: cut all the same, never far back. */
        {"\x80\x80\x80\x80\x80\x80", 6, "\x80\x80", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dst[16];
        memset(dst, 'z', sizeof dst);
        assert_int_equal(text_copy(dst, cases[i].size, cases[i].src), cases[i].whole);
        assert_string_equal(dst, cases[i].copy);
        assert_int_equal(dst[cases[i].size], 'z');
    }
}

static void test_text_copy_no_room_writes_nothing(void **state) {
    (void)state;
    char dst = 'z';
    assert_false(text_copy(&dst, 0, "a"));
    assert_int_equal(dst, 'z');
}

static void test_text_has_prefix_and_suffix_edges(void **state) {
    (void)state;
    assert_true(text_has_prefix("unix:x", "unix:"));
    assert_true(text_has_prefix("unix:", "unix:"));
    assert_true(text_has_prefix("x", ""));
    assert_false(text_has_prefix("unix", "unix:"));
    assert_false(text_has_prefix("aunix:", "unix:"));
    assert_true(text_has_suffix("a.json", ".json"));
    assert_true(text_has_suffix(".json", ".json"));
    assert_true(text_has_suffix("x", ""));
    assert_false(text_has_suffix("json", ".json"));
    assert_false(text_has_suffix("a.jsonx", ".json"));
}

static void test_text_equal_secret_any_difference_is_seen(void **state) {
    (void)state;
    assert_true(text_equal_secret("", 0, "", 0));
    assert_true(text_equal_secret(NULL, 0, "x", 0));
    assert_true(text_equal_secret("a\0b", 3, "a\0b", 3));
    assert_false(text_equal_secret("a\0b", 3, "a\0c", 3));
    assert_false(text_equal_secret("abc", 3, "abcd", 4));
    assert_false(text_equal_secret("abc", 3, "", 0));
    const char secret[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        for (int bit = 0; bit < 8; bit++) {
            char other[17];
            memcpy(other, secret, sizeof other);
            other[i] = (char)(other[i] ^ (1 << bit));
            assert_false(text_equal_secret(secret, 16, other, 16));
        }
    }
}

static void test_text_parse_int_accepted(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t min;
        int64_t max;
        int64_t value;
    } cases[] = {
        {"0", 0, 0, 0},
        {"-0", 0, 0, 0},
        {"007", 0, 10, 7},
        {"-5", -5, 5, -5},
        {"65535", 0, 65535, 65535},
        {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = -99;
        assert_true(text_parse_int(cases[i].text, cases[i].min, cases[i].max, &value));
        assert_int_equal(value, cases[i].value);
    }
}

static void test_text_parse_int_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x10",
        "1e3",
        "--1",
        "1-",
        "101",
        "-101",
        "abc",
        "1\n",
        "\xd9\xa1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = -99;
        if (text_parse_int(cases[i], -100, 100, &value))
            fail_msg("accepted: \"%s\"", cases[i]);
        assert_int_equal(value, -99);
    }
    int64_t value = -99;
    assert_false(text_parse_int("9223372036854775808", INT64_MIN, INT64_MAX, &value));
    assert_false(text_parse_int("-9223372036854775809", INT64_MIN, INT64_MAX, &value));
    assert_false(text_parse_int("18446744073709551616", INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, -99);
}

static void test_text_parse_duration_accepted(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0s", 0},
        {"0ms", 0},
        {"250ms", 250},
        {"5s", 5000},
        {"1.5s", 1500},
        {"1.0ms", 1},
        {"10m", 600000},
        {"1h", 3600000},
        {"0.001s", 1},
        {"0.0010000000000000000000s", 1},
        {"0.0078125h", 28125},
        {"1.25h", 4500000},
        {"007s", 7000},
        {"9223372036854775807ms", INT64_MAX},
        {"9223372036854775.807s", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -99;
        if (!text_parse_duration(cases[i].text, &ms))
            fail_msg("refused: \"%s\"", cases[i].text);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void test_text_parse_duration_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "5",
        "s",
        "ms",
        "-1s",
        "+1s",
        " 1s",
        "1s ",
        "1 s",
        "1S",
        "1sec",
        "1us",
        "1d",
        "1m30s",
        ".5s",
        "5.s",
        "1..5s",
        "1.5",
        "0.5ms",
        "0.0001s",
        "1e3s",
        "0x1s",
        "1,5s",
        "0.00000000001h",
        "0.0000000001s",
        "9223372036854775808ms",
        "9223372036854776s",
        "9223372036854775.808s",
        "99999999999999999999s",
        "2562047788016h",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -99;
        if (text_parse_duration(cases[i], &ms))
            fail_msg("accepted: \"%s\"", cases[i]);
        assert_int_equal(ms, -99);
    }
}

static void test_text_format_duration_is_shortest(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ms"},
        {250, "250ms"},
        {1000, "1s"},
        {1001, "1001ms"},
        {1010, "1.01s"},
        {1500, "1.5s"},
        {5000, "5s"},
        {90000, "90s"},
        {60000, "1m"},
        {600000, "10m"},
        {3600000, "1h"},
        {5400000, "90m"},
        {86400000, "24h"},
        {12345, "12345ms"},
        {-1500, "-1500ms"},
        {INT64_MAX, "9223372036854775807ms"},
        {INT64_MIN, "-9223372036854775808ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[TEXT_DURATION_MAX];
        assert_ptr_equal(text_format_duration(cases[i].ms, out), out);
        assert_string_equal(out, cases[i].text);
    }
}

static void test_text_format_duration_parses_back(void **state) {
    (void)state;
    for (int64_t ms = 0; ms < 20000000; ms += 997) {
        char out[TEXT_DURATION_MAX];
        int64_t parsed;
        assert_true(text_parse_duration(text_format_duration(ms, out), &parsed));
        assert_int_equal(parsed, ms);
    }
}

static void test_text_nearest_picks_what_was_meant(void **state) {
    (void)state;
    static const char *const words[] = {
        "interval", "timeout", "connect_timeout", "rise", "fall", "name", "names"};
    static const struct {
        const char *word;
        const char *nearest;
    } cases[] = {
        {"timeout", "timeout"},
        {"tiemout", "timeout"},
        {"timeuot", "timeout"},
        {"Timeout", "timeout"},
        {"time_out", "timeout"},
        {"intervall", "interval"},
        {"conect_timeout", "connect_timeout"},
        {"raise", "rise"},
        {"rsie", "rise"},
        {"fal", "fall"},
        {"nam", "name"},
        {"namee", "name"},
        {"xyz", NULL},
        {"", NULL},
        {"timetable", NULL},
        {"rs", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got =
            text_nearest(cases[i].word, words, sizeof words / sizeof words[0]);
        if (cases[i].nearest ? !got || strcmp(got, cases[i].nearest) != 0 : got != NULL)
            fail_msg("\"%s\": got %s", cases[i].word, got ? got : "nothing");
    }
    assert_null(text_nearest("x", NULL, 0));
}

static void test_text_nearest_long_words_are_passed_over(void **state) {
    (void)state;
    char longest[66];
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    char too_long[66];
    memset(too_long, 'a', sizeof too_long);
    too_long[65] = '\0';
    const char *const words[] = {too_long, longest};
    assert_ptr_equal(text_nearest(longest, words, 2), longest);
    assert_null(text_nearest(too_long, words, 2));
}

static void test_text_append_json_escapes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {NULL, 0, "\"\""},
        {"a/b", 3, "\"a/b\""},
        {"\"\\\b\f\n\r\t", 7, "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
        {"\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\""},
        {"\xc2\x85\xc2\x9b\xc2\xa0", 6, "\"\\u0085\\u009b\xc2\xa0\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", 1, "\"\xef\xbf\xbd\""},
        {"a\xe2\x82", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        /* Cut short by the length, not by what follows in memory. */
        {"\xe2\x82\xac", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc3(", 2, "\"\xef\xbf\xbd(\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO struct buf out = {0};
        text_append_json(&out, cases[i].bytes, cases[i].len);
        assert_string_equal(out.data, cases[i].json);
    }
}

static void test_text_append_json_refuses_what_is_not_utf8(void **state) {
    (void)state;
    /* Overlong forms, surrogates, beyond U+10FFFF, lone continuation and lead bytes. */
    static const char *const bad[] = {"\xc0\x80",         "\xc1\xbf",
                                      "\xe0\x9f\xbf",     "\xed\xa0\x80",
                                      "\xed\xbf\xbf",     "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80", "\x80",
                                      "\xf5\x80\x80\x80", "\xfe"};
    static const char *const good[] = {
        "\xc2\xa0",     "\xdf\xbf",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        BUF_AUTO struct buf out = {0};
        size_t len = strlen(bad[i]);
        text_append_json(&out, bad[i], len);
        assert_int_equal(out.len, 2 + 3 * len);
        for (size_t j = 0; j < len; j++)
            assert_memory_equal(out.data + 1 + 3 * j, "\xef\xbf\xbd", 3);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        BUF_AUTO struct buf out = {0};
        text_append_json(&out, good[i], strlen(good[i]));
        assert_int_equal(out.len, 2 + strlen(good[i]));
        assert_memory_equal(out.data + 1, good[i], strlen(good[i]));
    }
}

static void test_text_append_html_escapes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *html;
    } cases[] = {
        {"", ""},
        {"plain \xc3\xa9", "plain \xc3\xa9"},
        {"<a href=\"x\">'&'</a>",
         "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"},
        {"&amp;", "&amp;amp;"},
        {"a\nb\x7f", "a\xef\xbf\xbd"
                     "b\xef\xbf\xbd"},
        {"\xc2\x9b|\xff|", "\xef\xbf\xbd|\xef\xbf\xbd|"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO struct buf out = {0};
        buf_puts(&out, "");
        text_append_html(&out, cases[i].text);
        assert_string_equal(out.data, cases[i].html);
    }
}

static void test_text_clean_makes_one_line(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        size_t size;
        const char *clean;
    } cases[] = {
        {"", 0, 1, ""},
        {NULL, 0, 8, ""},
        {"a\r\nb\tc", 6, 16, "a  b c"},
        {"a\0b", 3, 16, "a b"},
        {"\x1b[31m\x7f", 6, 16, " [31m "},
        {"\xc2\x9b"
         "31m",
         5, 16, " 31m"},
        {"\xff\xc3\xa9\xc3", 4, 16, "?\xc3\xa9?"},
        {"abcdef", 6, 4, "abc"},
        {"ab\xc3\xa9", 4, 4, "ab"},
        {"ab\xc3\xa9", 4, 5, "ab\xc3\xa9"},
        {"abc", 3, 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dst[32];
        memset(dst, 'z', sizeof dst);
        assert_ptr_equal(text_clean(dst, cases[i].size, cases[i].bytes, cases[i].len),
                         dst);
        assert_string_equal(dst, cases[i].clean);
        assert_int_equal(dst[cases[i].size], 'z');
    }
    char none = 'z';
    assert_ptr_equal(text_clean(&none, 0, "a", 1), &none);
    assert_int_equal(none, 'z');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_copy_cuts_on_a_character),
        cmocka_unit_test(test_text_copy_no_room_writes_nothing),
        cmocka_unit_test(test_text_has_prefix_and_suffix_edges),
        cmocka_unit_test(test_text_equal_secret_any_difference_is_seen),
        cmocka_unit_test(test_text_parse_int_accepted),
        cmocka_unit_test(test_text_parse_int_refused),
        cmocka_unit_test(test_text_parse_duration_accepted),
        cmocka_unit_test(test_text_parse_duration_refused),
        cmocka_unit_test(test_text_format_duration_is_shortest),
        cmocka_unit_test(test_text_format_duration_parses_back),
        cmocka_unit_test(test_text_nearest_picks_what_was_meant),
        cmocka_unit_test(test_text_nearest_long_words_are_passed_over),
        cmocka_unit_test(test_text_append_json_escapes),
        cmocka_unit_test(test_text_append_json_refuses_what_is_not_utf8),
        cmocka_unit_test(test_text_append_html_escapes),
        cmocka_unit_test(test_text_clean_makes_one_line),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
