/* Reading through a table: every kind at and beyond its limits, every error with its
 * place. */
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sample.h"

/* A value of one key, accepted or refused with a text that holds `hint`. */
struct example {
    const char *key;
    const char *json;
    const char *hint; /* NULL: accepted */
};

static void assert_example(const struct example *example) {
    BUF_AUTO struct buf text = {0};
    struct reading reading;

    buf_printf(&text, "{\"%s\": %s}", example->key, example->json);
    read_text(&reading, text.data, "");
    const char *found = reading.ok ? "" : reading.errors.items[0].text;
    if (reading.ok != !example->hint || (example->hint && !strstr(found, example->hint)))
        fail_msg("%s: expected %s, found %s", text.data,
                 example->hint ? example->hint : "no error", found);
    if (example->hint) {
        assert_int_equal(reading.errors.len, 1);
        assert_int_equal(reading.errors.items[0].line, 1);
        assert_true(reading.errors.items[0].col > 1);
        if (!strstr(found, "expected ") ||
            (!strstr(found, ", found ") && !strstr(found, ", got ")))
            fail_msg("%s: it does not say what was expected and found: %s", text.data,
                     found);
    }
    end(&reading);
}

static const struct example plain_examples[] = {
    {"text", "\"ab\"", NULL},
    {"text", "\"abcde\"", NULL},
    {"text", "\"\\u00e4\"", NULL}, /* two bytes */
    {"text", "\"a\"", "2 to 5 bytes, found \"a\""},
    {"text", "\"abcdef\"", "2 to 5 bytes"},
    {"text", "\"\"", "found \"\""},
    {"text", "12", "found 12"},
    {"text", "null", "found null"},
    {"text", "[]", "found an empty array"},
    {"text", "[1]", "found an array"},
    {"text", "{}", "found an object"},
    {"text", "true", "found true"},
    {"secret", "\"abc\"", NULL},
    {"secret", "\"a long secret text\"", "found a string"},
    {"secret", "\"(removed)\"", "expected the secret"},
    {"name", "\"a/b-1/c\"", NULL},
    {"name", "\"a//b\"", "found \"a//b\""},
    {"name", "\"a/run\"", "none of them \"run\""},
    {"name", "\"A\"", "found \"A\""},
    {"name", "\"abcdefghijklmnopqrstu\"", "expected"}, /* 21 bytes */
    {"segment", "\"a-1\"", NULL},
    {"segment", "\"a/b\"", "found \"a/b\""},
    {"segment", "\"run\"", "not \"run\""},
    {"flag", "false", NULL},
    {"flag", "\"true\"", "true or false, found \"true\""},
    {"flag", "0", "found 0"},
    {"number", "-5", NULL},
    {"number", "100", NULL},
    {"number", "-6", "-5 to 100, found -6"},
    {"number", "101", "found 101"},
    {"number", "4294967297", "found 4294967297"},
    {"number", "1.0", "found 1"},
    {"number", "\"1\"", "found \"1\""},
    {"number", "true", "found true"},
    {"duration", "\"50ms\"", NULL},
    {"duration", "\"1h\"", NULL},
    {"duration", "\"0.05s\"", NULL},
    {"duration", "\"49ms\"", "50ms to 1h, found \"49ms\""},
    {"duration", "\"3600001ms\"", "50ms to 1h"},
    {"duration", "\"5\"", "found \"5\""},
    {"duration", "5", "found 5"},
    {"duration", "\"-5s\"", "found \"-5s\""},
    {"size", "1", NULL},
    {"size", "1048576", NULL},
    {"size", "\"1024KiB\"", NULL},
    {"size", "\"1MiB\"", NULL},
    {"size", "0", "found 0"},
    {"size", "1048577", "found 1048577"},
    {"size", "\"2MiB\"", "found \"2MiB\""},
    {"size", "\"0KiB\"", "found"},
    {"size", "\"KiB\"", "found"},
    {"size", "\" 1KiB\"", "found"},
    {"size", "\"1kib\"", "found"},
    {"size", "\"9223372036854775807KiB\"", "found"},
    {"size", "\"1\"", "found \"1\""},
    {"percent", "\"0%\"", NULL},
    {"percent", "\"100%\"", NULL},
    {"percent", "\"101%\"", "\"0%\" to \"100%\""},
    {"percent", "\"%\"", "found"},
    {"percent", "\"-0%\"", "found"},
    {"percent", "\"50\"", "found"},
    {"percent", "\"5%%\"", "found"},
    {"percent", "50", "found 50"},
    {"word", "\"blue\"", NULL},
    {"word", "\"Blue\"", "\"red\", \"green\" or \"blue\", found \"Blue\""},
    {"word", "\"\"", "found \"\""},
    {"word", "1", "found 1"},
    {"time", "\"2026-01-31T12:00:00Z\"", NULL},
    {"time", "\"2026-01-31T12:00:00.5+01:00\"", NULL},
    {"time", "\"2026-01-31 12:00\"", "found"},
    {"time", "\"2026-02-30T12:00:00Z\"", "found"},
    {"time", "1700000000", "found"},
};

static const struct example address_examples[] = {
    {"url", "\"http://h\"", NULL},
    {"url", "\"https://h:8443/a?b=c\"", NULL},
    {"url", "\"http://[::1]/\"", NULL},
    {"url", "\"http:///x\"", "host is missing"},
    {"url", "\"ftp://h/\"", "http"},
    {"url", "5", "http or https URL, found 5"},
    {"target", "\"h:1\"", NULL},
    {"target", "\"h.example.com.:65535\"", NULL},
    {"target", "\"10.0.0.1:80\"", NULL},
    {"target", "\"[fd00::1]:80\"", NULL},
    {"target", "\"unix:/run/x\"", NULL},
    {"target", "\"unix:@x\"", NULL},
    {"target", "\"h\"", "found"},
    {"target", "\"h:\"", "found"},
    {"target", "\"h:0\"", "found"},
    {"target", "\"h:65536\"", "found"},
    {"target", "\":80\"", "found"},
    {"target", "\"[]:80\"", "found"},
    {"target", "\"[h]:80\"", "found"},
    {"target", "\"[10.0.0.1]:80\"", "found"},
    {"target", "\"fd00::1:80\"", "found"},
    {"target", "\"10.0.0.256:80\"", "found"},
    {"target", "\"unix:\"", "found"},
    {"host", "\"h\"", NULL},
    {"host", "\"a.b-c.example.com.\"", NULL},
    {"host", "\"10.0.0.1\"", NULL},
    {"host", "\"fd00::1\"", NULL},
    {"host", "\"[::1]\"", "found"},
    {"host", "\"u@h\"", "found"},
    {"host", "\"h/\"", "found"},
    {"host", "\"h?\"", "found"},
    {"host", "\"h:\"", "found"},
    {"host", "\"h:80\"", "found"},
    {"host", "\"http://h\"", "found"},
    {"host", "\"a..b\"", "found"},
    {"host", "\".\"", "found"},
    {"host", "\"\"", "found"},
    {"host", "\"1.2.3\"", "found"},
    {"listen", "\"127.0.0.1:0\"", NULL},
    {"listen", "\"unix:/run/x\"", NULL},
    {"listen", "\"localhost:80\"", "numeric"},
    {"listen", "\"none\"", "got \"none\""},
    {"listen", "\"8080\"", "got"},
    {"listen_or_none", "\"none\"", NULL},
    {"listen_or_none", "\"None\"", "got"},
    {"listen_or_none", "null", "or \"none\", found null"},
    {"route", "\"/\"", NULL},
    {"route", "\"/a?b=c&d\"", NULL},
    {"route", "\"/123456789\"", NULL},
    {"route", "\"/1234567890\"", "found"},
    {"route", "\"a\"", "found"},
    {"route", "\"\"", "found"},
    {"route", "\"/a#b\"", "found"},
    {"route", "\"/a b\"", "found"},
    {"route", "\"/\\u00e4\"", "found"},
    {"route", "\"/\\u007f\"", "found"},
};

static const struct example list_examples[] = {
    {"ranges", "\"200\"", NULL},
    {"ranges", "\"200-204,300\"", NULL},
    {"ranges", "[\"200\", \"301-302\"]", NULL},
    {"ranges", "\"\"", "got"},
    {"ranges", "[]", "found an empty array"},
    {"ranges", "200", "found 200"},
    {"ranges", "[200]", "found 200"},
    {"ranges", "{}", "found an object"},
    {"texts", "[]", NULL},
    {"texts", "[\"a\", \"b\"]", NULL},
    {"texts", "[\"a\", \"b\", \"c\"]", "at most 2 items, found 3"},
    {"texts", "\"a\"", "an array of strings, found \"a\""},
    {"texts", "[\"\"]", "found \"\""},
    {"texts", "[null]", "found null"},
    {"cidrs", "[\"10.0.0.0/8\", \"::1\"]", NULL},
    {"cidrs", "[\"10.0.0.1/8\"]", "10.0.0.0/8"},
    {"cidrs", "[7]", "found 7"},
    {"cidrs", "{}", "found an object"},
    {"headers", "{\"X-A\": \"b\", \"x!#\": \"\\t \xC3\xA4\"}", NULL},
    {"headers", "{\"X-A\": \"b\", \"B\": \"\", \"C\": \"\"}", "at most 2"},
    {"headers", "{\"X A\": \"b\"}", "name of a header"},
    {"headers", "{\"\": \"b\"}", "name of a header"},
    {"headers", "{\"X-A\": \"b\\nc\"}", "control characters, found a string"},
    {"headers", "{\"X-A\": \"b\\u007f\"}", "control characters"},
    {"headers", "{\"X-A\": 5}", "found 5"},
    {"headers", "[\"X-A: b\"]", "found an array"},
    {"objects", "[]", NULL},
    {"objects", "[5]", NULL}, /* the caller reads the items */
    {"objects", "{}", "an array of objects, found an object"},
    {"objects", "\"x\"", "found \"x\""},
    {"inner", "{\"number\": 9}", NULL},
    {"inner", "{\"number\": 10}", "1 to 9, found 10"},
    {"inner", "{\"number\": 7}", "no seven"},
    {"inner", "{}", "1 to 9, found nothing"},
    {"inner", "{\"number\": 1, \"numbers\": 1}", "known key such as \"number\""},
    {"inner", "[]", "expected an object, found an empty array"},
    {"inner", "5", "expected an object, found 5"},
    {"txet", "5", "known key such as \"text\", found \"txet\""},
    {"completely-different", "5", "known key, found"},
};

#define ASSERT_EXAMPLES(examples)                                                        \
    for (size_t i = 0; i < sizeof(examples) / sizeof((examples)[0]); i++)                \
    assert_example(&(examples)[i])

static void test_schema_read_plain_kinds_within_limits_only(void **state) {
    (void)state;
    ASSERT_EXAMPLES(plain_examples);
}

static void test_schema_read_addresses_within_limits_only(void **state) {
    (void)state;
    ASSERT_EXAMPLES(address_examples);
}

static void test_schema_read_lists_and_objects_within_limits_only(void **state) {
    (void)state;
    ASSERT_EXAMPLES(list_examples);
}

static void test_schema_read_every_kind_stored(void **state) {
    struct reading reading;
    const struct sample *sample = &reading.sample;

    (void)state;
    read_text(&reading, full_text, "");
    assert_true(reading.ok);
    assert_string_equal(sample->text, "wxyz");
    assert_string_equal(sample->secret, "s3cret");
    assert_string_equal(sample->name, "a/b");
    assert_string_equal(sample->segment, "seg");
    assert_false(sample->flag);
    assert_int_equal(sample->number, 42);
    assert_int_equal(sample->duration_ms, 90000);
    assert_int_equal(sample->size_bytes, 1048576);
    assert_int_equal(sample->percent, 33);
    assert_int_equal(sample->word, 2);
    assert_string_equal(sample->url, "http://h/");
    assert_string_equal(sample->target, "h:1");
    assert_string_equal(sample->host, "h");
    assert_string_equal(sample->listen, "127.0.0.1:1");
    assert_string_equal(sample->listen_or_none, "none");
    assert_string_equal(sample->route, "/r");
    assert_int_equal(sample->time_ms, 1000);
    assert_int_equal(sample->ranges.count, 2);
    assert_true(ranges_contain(&sample->ranges, 350));
    assert_false(ranges_contain(&sample->ranges, 204));
    assert_int_equal(sample->texts.count, 1);
    assert_string_equal(sample->texts.items[0], "t");
    assert_int_equal(sample->cidrs.count, 1);
    assert_int_equal(sample->cidrs.items[0].bits, 8);
    assert_int_equal(sample->headers.count, 1);
    assert_string_equal(sample->headers.items[0].value, "y");
    assert_int_equal(sample->inner.number, 5);
    assert_true(sample->has_inner);
    end(&reading);
}

static void test_schema_set_defaults_every_fallback_stored(void **state) {
    struct reading reading;
    const struct sample *sample = &reading.sample;

    (void)state;
    read_text(&reading, "{}", "");
    assert_true(reading.ok);
    assert_string_equal(sample->text, "abc");
    assert_null(sample->secret);
    assert_true(sample->flag);
    assert_int_equal(sample->number, -5);
    assert_int_equal(sample->duration_ms, 5000);
    assert_int_equal(sample->size_bytes, 4096);
    assert_int_equal(sample->percent, 50);
    assert_int_equal(sample->word, 1);
    assert_string_equal(sample->listen, "[::]:80");
    assert_true(ranges_contain(&sample->ranges, 299));
    assert_int_equal(sample->inner.number, 3);
    assert_false(sample->has_inner);
    end(&reading);
}

static void test_schema_read_errors_have_paths_and_places(void **state) {
    static const char text[] = "{\n"
                               "  \"texts\": [\"a\", 5],\n"
                               "  \"headers\": {\"X.A\": 5},\n"
                               "  \"inner\": {\"nmber\": 1},\n"
                               "  \"numbr\": 1\n"
                               "}";
    static const struct {
        const char *where;
        int line;
        int col;
    } expected[] = {
        {"texts[1]", 2, 18},    {"headers[\"X.A\"]", 3, 22},
        {"inner.nmber", 4, 13}, {"inner.number", 4, 12},
        {"numbr", 5, 3},
    };
    struct reading reading;

    (void)state;
    read_text(&reading, text, "");
    assert_int_equal(reading.errors.len, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(reading.errors.items[i].where, expected[i].where);
        assert_int_equal(reading.errors.items[i].line, expected[i].line);
        assert_int_equal(reading.errors.items[i].col, expected[i].col);
    }
    end(&reading);
}

static void test_schema_read_below_a_path_prefixes_it(void **state) {
    struct reading reading;

    (void)state;
    read_text(&reading, "{\"number\": \"x\", \"inner\": 5}", "list[3]");
    assert_int_equal(reading.errors.len, 2);
    assert_string_equal(reading.errors.items[0].where, "list[3].number");
    assert_string_equal(reading.errors.items[1].where, "list[3].inner");
    end(&reading);
    read_text(&reading, "[]", "list[3]");
    assert_string_equal(reading.errors.items[0].where, "list[3]");
    end(&reading);
}

static void test_schema_read_more_than_the_list_holds_counted(void **state) {
    BUF_AUTO struct buf text = {0};
    struct reading reading;

    (void)state;
    buf_puts(&text, "{\"number\": 1");
    for (int i = 0; i < ERR_LIST_MAX + 5; i++)
        buf_printf(&text, ", \"k%d\": 1", i);
    buf_puts(&text, "}");
    read_text(&reading, text.data, "");
    assert_int_equal(reading.errors.len, ERR_LIST_MAX);
    assert_int_equal(reading.errors.dropped, 5);
    end(&reading);
}

static void test_schema_read_ignore_unknown_reads_the_rest(void **state) {
    struct err_list errors = {0};
    struct sample sample = {0};
    struct schema_target target = {&sample_schema, &sample};
    struct schema_reader reader = {
        .arena = arena_new(), .errors = &errors, .ignore_unknown = true};
    json_t *json = json_pack("{s:i, s:i, s:s}", "other", 1, "number", 7, "flag", "x");

    (void)state;
    assert_false(schema_read(&reader, &target, 1, json, ""));
    assert_int_equal(errors.len, 1);
    assert_string_equal(errors.items[0].where, "flag");
    assert_int_equal(errors.items[0].line, 0);
    assert_int_equal(sample.number, 7);
    json_decref(json);
    arena_free(reader.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_read_plain_kinds_within_limits_only),
        cmocka_unit_test(test_schema_read_addresses_within_limits_only),
        cmocka_unit_test(test_schema_read_lists_and_objects_within_limits_only),
        cmocka_unit_test(test_schema_read_every_kind_stored),
        cmocka_unit_test(test_schema_set_defaults_every_fallback_stored),
        cmocka_unit_test(test_schema_read_errors_have_paths_and_places),
        cmocka_unit_test(test_schema_read_below_a_path_prefixes_it),
        cmocka_unit_test(test_schema_read_more_than_the_list_holds_counted),
        cmocka_unit_test(test_schema_read_ignore_unknown_reads_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
