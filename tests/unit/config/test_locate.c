/* Places in JSON text: paths of every form, text of every form, and text that ends early.
 */
#include "config/locate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct example {
    const char *text;
    const char *path;
    bool key;
    int line;
    int col;
};

static void assert_place(const struct example *example) {
    int line = -1;
    int col = -1;

    assert_true(locate(example->text, strlen(example->text), example->path, example->key,
                       &line, &col));
    if (line != example->line || col != example->col)
        fail_msg("%s in %s: expected %d:%d, found %d:%d", example->path, example->text,
                 example->line, example->col, line, col);
}

static void assert_places(const struct example *examples, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_place(&examples[i]);
}

#define ASSERT_PLACES(examples)                                                          \
    assert_places((examples), sizeof(examples) / sizeof((examples)[0]))

static void test_locate_plain_paths_found(void **state) {
    static const char text[] = "{\n"
                               "  \"a\": 1,\n"
                               "  \"b\": {\"c\": [10, {\"d\" : \"x\"}, [[], [7]]]}\n"
                               "}";
    static const struct example examples[] = {
        {text, "", false, 1, 1},           {text, "", true, 1, 1},
        {text, "a", false, 2, 8},          {text, "a", true, 2, 3},
        {text, "b", false, 3, 8},          {text, "b.c", false, 3, 14},
        {text, "b.c", true, 3, 9},         {text, "b.c[0]", false, 3, 15},
        {text, "b.c[1]", false, 3, 19},    {text, "b.c[1].d", false, 3, 26},
        {text, "b.c[1].d", true, 3, 20},   {text, "b.c[2]", false, 3, 32},
        {text, "b.c[2][0]", false, 3, 33}, {text, "b.c[2][1][0]", false, 3, 38},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_path_beyond_the_text_gives_deepest_part(void **state) {
    static const char text[] = "{\"a\": {\"b\": [1, 2]}, \"s\": \"x\"}";
    static const struct example examples[] = {
        {text, "x", false, 1, 1},
        {text, "x", true, 1, 1},
        {text, "x.y.z", false, 1, 1},
        {text, "a.x", false, 1, 7},
        {text, "a.x", true, 1, 7},
        {text, "a.b[2]", false, 1, 13},
        {text, "a.b.c", false, 1, 13},
        {text, "a[0]", false, 1, 7},
        {text, "a.b[0].c", false, 1, 14},
        {text, "s.t", false, 1, 27},
        {text, "s[0]", true, 1, 27},
        {text, "[0]", false, 1, 1},
        {text, "a.b[99999999999999999999]", false, 1, 13},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_escaped_keys_compare_by_character(void **state) {
    static const struct example examples[] = {
        {"{\"\\u0061b\": 1}", "ab", false, 1, 13},
        {"{\"\\u0061b\": 1}", "ab", true, 1, 2},
        {"{\"a/b\": 1}", "[\"a\\/b\"]", false, 1, 9},
        {"{\"a\\/b\": 1}", "[\"a/b\"]", false, 1, 10},
        {"{\"X-A.b\": 1}", "[\"X-A.b\"]", false, 1, 11},
        {"{\"a]b\": [5]}", "[\"a]b\"][0]", false, 1, 10},
        {"{\"a\\\"b\": {\"c\": 5}}", "[\"a\\\"b\"].c", false, 1, 16},
        {"{\"\\b\\f\\n\\r\\t\\\\\": 1}",
         "[\"\\u0008\\u000c\\u000A\\u000d\\u0009\\u005C\"]", false, 1, 18},
        {"{\"\": 1}", "[\"\"]", false, 1, 6},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_unicode_keys_and_columns_in_bytes(void **state) {
    static const struct example examples[] = {
        {"{\"\xC3\xA4\": 1}", "[\"\\u00e4\"]", false, 1, 8},
        {"{\"\\u00e4\": 1}", "[\"\xC3\xA4\"]", false, 1, 12},
        {"{\"\xE2\x82\xAC\": 1}", "[\"\\u20AC\"]", false, 1, 9},
        {"{\"\xF0\x9F\x98\x80\": 1}", "[\"\\ud83d\\ude00\"]", false, 1, 10},
        {"{\"\\uD83D\\uDE00\": 1}", "[\"\xF0\x9F\x98\x80\"]", false, 1, 18},
        {"{\"\xC3\xA4\": 1, \"a\": 2}", "a", true, 1, 11},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_similar_keys_only_the_equal_one_counts(void **state) {
    static const struct example examples[] = {
        {"{\"name2\": 1, \"nam\": 2, \"name\": 3}", "name", true, 1, 24},
        {"{\"x\": \"name\", \"y\": {\"name\": 1}, \"name\": 2}", "name", true, 1, 33},
        {"{\"x\": \"{\\\"name\\\": 1}\", \"name\": 2}", "name", true, 1, 24},
        {"{\"x\": \"a\\\\\", \"name\": 2}", "name", true, 1, 14},
        {"{\"x\": [\"]\", \"}\", {\"name\": 1}], \"name\": 2}", "name", true, 1, 32},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_repeated_key_gives_the_last(void **state) {
    static const struct example examples[] = {
        {"{\"a\": 1, \"a\": {\"b\": 2}}", "a", true, 1, 10},
        {"{\"a\": {\"b\": 2}, \"\\u0061\": 1}", "a", true, 1, 17},
        {"{\"a\": {\"b\": 2}, \"a\": 1}", "a.b", false, 1, 22},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_white_space_of_every_kind_counts_lines(void **state) {
    static const struct example examples[] = {
        {" \t\r\n {}", "", false, 2, 2},
        {"\n\n\n{\n\"a\"\n:\n1}", "a", false, 7, 1},
        {"\n\n\n{\n\"a\"\n:\n1}", "a", true, 5, 1},
        {"{\"a\":[\r\n1\r\n,\r\n2]}", "a[1]", false, 4, 1},
        {"5", "", false, 1, 1},
    };

    (void)state;
    ASSERT_PLACES(examples);
}

static void test_locate_deep_nesting_found(void **state) {
    enum { DEPTH = 2000 };
    BUF_AUTO struct buf text = {0};
    BUF_AUTO struct buf path = {0};
    int line, col;

    (void)state;
    for (int i = 0; i < DEPTH; i++) {
        buf_puts(&text, "[");
        buf_puts(&path, "[0]");
    }
    for (int i = 0; i < DEPTH; i++)
        buf_puts(&text, "]");
    assert_true(locate(text.data, text.len, path.data, false, &line, &col));
    assert_int_equal(line, 1);
    assert_int_equal(col, DEPTH);
}

static void test_locate_nothing_there_false(void **state) {
    static const char *const texts[] = {"", " ", "\n\t\r "};
    int line = 7;
    int col = 8;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(locate(texts[i], strlen(texts[i]), "a", false, &line, &col));
    assert_int_equal(line, 7);
    assert_int_equal(col, 8);
}

/* Heap copies of the exact length: reading past the end is seen. */
static void test_locate_cut_text_stays_inside(void **state) {
    static const char text[] =
        "{\"a\\u00e4\": [1, {\"b\\\"\": \"\\ud83d\\ude00\"}, true], "
        "\"c\": {\"d\": null}}";
    static const char *const paths[] = {"",    "a",      "[\"a\\u00e4\"][1][\"b\\\"\"]",
                                        "c.d", "[0][1]", "[\"",
                                        "a.",  "[",      "[\"a"};
    int line, col;

    (void)state;
    for (size_t len = 1; len < sizeof(text); len++) {
        char *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, text, len);
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
            assert_true(locate(copy, len, paths[i], i % 2 == 0, &line, &col));
            assert_int_equal(line, 1);
            assert_in_range(col, 1, len + 1); /* the end is a place */
        }
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locate_plain_paths_found),
        cmocka_unit_test(test_locate_path_beyond_the_text_gives_deepest_part),
        cmocka_unit_test(test_locate_escaped_keys_compare_by_character),
        cmocka_unit_test(test_locate_unicode_keys_and_columns_in_bytes),
        cmocka_unit_test(test_locate_similar_keys_only_the_equal_one_counts),
        cmocka_unit_test(test_locate_repeated_key_gives_the_last),
        cmocka_unit_test(test_locate_white_space_of_every_kind_counts_lines),
        cmocka_unit_test(test_locate_deep_nesting_found),
        cmocka_unit_test(test_locate_nothing_there_false),
        cmocka_unit_test(test_locate_cut_text_stays_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
