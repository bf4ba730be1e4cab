/* What else a table drives: comparison, writing back, JSON Schema, man page. */
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "sample.h"

/* Every key, changed alone, makes a difference; but the items of `objects` are the
 * caller's. */
static void test_schema_equal_every_key_counts(void **state) {
    static const struct {
        const char *key;
        const char *json;
    } changes[] = {
        {"text", "\"wxy\""},
        {"secret", "\"other\""},
        {"name", "\"a/c\""},
        {"segment", "\"sex\""},
        {"flag", "true"},
        {"number", "41"},
        {"duration", "\"91s\""},
        {"size", "1"},
        {"percent", "\"34%\""},
        {"word", "\"red\""},
        {"url", "\"http://i/\""},
        {"target", "\"h:2\""},
        {"host", "\"i\""},
        {"listen", "\"127.0.0.1:2\""},
        {"route", "\"/s\""},
        {"listen_or_none", "\"127.0.0.1:1\""},
        {"ranges", "\"200\""},
        {"time", "\"1970-01-01T00:00:02Z\""},
        {"texts", "[\"u\"]"},
        {"cidrs", "[\"11.0.0.0/8\"]"},
        {"texts", "[]"},
        {"cidrs", "[]"},
        {"headers", "{}"},
        {"cidrs", "[\"10.0.0.0/9\"]"},
        {"headers", "{\"X\":\"z\"}"},
        {"headers", "{\"Y\":\"y\"}"},
        {"inner", "{\"number\": 6, \"text\": \"in\"}"},
        {"inner", "{\"number\": 5}"},
        {"ranges", "[\"200\", \"300-398\"]"},
    };
    struct reading a;
    struct reading b;

    (void)state;
    read_text(&a, full_text, "");
    read_text(&b, full_text, "");
    assert_true(schema_equal(&sample_schema, &a.sample, &b.sample));
    end(&b);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        json_t *json = json_loads(full_text, 0, NULL);
        json_t *change = json_loads(changes[i].json, JSON_DECODE_ANY, NULL);
        assert_int_equal(json_object_set_new(json, changes[i].key, change), 0);
        char *text = json_dumps(json, 0);
        read_text(&b, text, "");
        assert_true(b.ok);
        if (schema_equal(&sample_schema, &a.sample, &b.sample) ||
            schema_equal(&sample_schema, &b.sample, &a.sample))
            fail_msg("%s: %s makes no difference", changes[i].key, changes[i].json);
        end(&b);
        free(text);
        json_decref(json);
    }
    end(&a);
}

static void test_schema_equal_unset_differs_from_set(void **state) {
    struct reading a;
    struct reading b;

    (void)state;
    read_text(&a, "{}", "");
    read_text(&b, "{\"inner\": {\"number\": 3}}", "");
    assert_false(schema_equal(&sample_schema, &a.sample, &b.sample));
    end(&b);
    read_text(&b, "{\"url\": \"http://h/\"}", "");
    assert_false(schema_equal(&sample_schema, &a.sample, &b.sample));
    assert_false(schema_equal(&sample_schema, &b.sample, &a.sample));
    end(&b);
    end(&a);
}

static char *dump(const struct sample *sample) {
    json_t *json = schema_to_json(&sample_schema, sample);
    char *text = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    assert_non_null(text);
    return text;
}

static void test_schema_to_json_full_object_without_secrets(void **state) {
    struct reading reading;

    (void)state;
    read_text(&reading, full_text, "");
    char *text = dump(&reading.sample);
    assert_string_equal(
        text,
        "{\"text\":\"wxyz\",\"secret\":\"(removed)\",\"name\":\"a/b\","
        "\"segment\":\"seg\",\"flag\":false,\"number\":42,\"duration\":\"90s\","
        "\"size\":\"1MiB\",\"percent\":\"33%\",\"word\":\"blue\",\"url\":\"http://h/\","
        "\"target\":\"h:1\",\"host\":\"h\",\"listen\":\"127.0.0.1:1\","
        "\"listen_or_none\":\"none\",\"route\":\"/r\","
        "\"time\":\"1970-01-01T00:00:01.000Z\",\"ranges\":\"200,300-399\","
        "\"texts\":[\"t\"],\"cidrs\":[\"10.0.0.0/8\"],\"headers\":{\"X\":\"(removed)\"},"
        "\"inner\":{\"number\":5,\"text\":\"in\"},\"objects\":[]}");
    free(text);
    end(&reading);
}

static void test_schema_to_json_defaults_written_unset_left_out(void **state) {
    struct reading reading;

    (void)state;
    read_text(&reading, "{\"size\": 1000}", "");
    char *text = dump(&reading.sample);
    assert_string_equal(text, "{\"text\":\"abc\",\"flag\":true,\"number\":-5,"
                              "\"duration\":\"5s\",\"size\":1000,\"percent\":\"50%\","
                              "\"word\":\"green\",\"listen\":\"[::]:80\","
                              "\"ranges\":\"200-299\",\"texts\":[],\"cidrs\":[],"
                              "\"headers\":{},\"objects\":[]}");
    free(text);
    end(&reading);
}

static void test_schema_to_json_schema_every_row_described(void **state) {
    json_t *json = schema_to_json_schema(&sample_schema);
    json_t *properties = json_object_get(json, "properties");

    (void)state;
    assert_int_equal(json_object_size(properties), sample_schema.row_count);
    for (size_t i = 0; i < sample_schema.row_count; i++) {
        const struct schema_row *row = &sample_schema.rows[i];
        json_t *property = json_object_get(properties, row->name);
        assert_non_null(json_string_value(json_object_get(property, "description")));
        assert_int_equal(json_object_get(property, "default") != NULL,
                         row->fallback != NULL);
        assert_true(json_object_get(property, "type") || row->kind == SCHEMA_ENUM);
    }
    json_t *number = json_object_get(properties, "number");
    assert_int_equal(json_integer_value(json_object_get(number, "minimum")), -5);
    assert_int_equal(json_integer_value(json_object_get(number, "default")), -5);
    json_t *word = json_object_get(properties, "word");
    assert_int_equal(json_array_size(json_object_get(word, "enum")), 3);
    json_t *inner = json_object_get(properties, "inner");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(inner, "required"), 0)),
        "number");
    assert_true(json_is_false(json_object_get(json, "additionalProperties")));
    json_decref(json);
}

static void test_schema_to_mdoc_every_row_and_no_raw_backslash(void **state) {
    BUF_AUTO struct buf text = {0};

    (void)state;
    schema_to_mdoc(&sample_schema, &text);
    for (size_t i = 0; i < sample_schema.row_count; i++) {
        BUF_AUTO struct buf item = {0};
        buf_printf(&item, ".It Cm %s\n", sample_schema.rows[i].name);
        assert_non_null(strstr(text.data, item.data));
    }
    assert_non_null(strstr(text.data, "Help \\e for \\(dqtext\\(dq."));
    assert_non_null(strstr(text.data, "\nThe default is \\(dq5s\\(dq.\n"));
    assert_non_null(strstr(text.data, "\nRequired.\nThe default is 3.\n"));
    assert_true(text_has_suffix(text.data, ".El\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_equal_every_key_counts),
        cmocka_unit_test(test_schema_equal_unset_differs_from_set),
        cmocka_unit_test(test_schema_to_json_full_object_without_secrets),
        cmocka_unit_test(test_schema_to_json_defaults_written_unset_left_out),
        cmocka_unit_test(test_schema_to_json_schema_every_row_described),
        cmocka_unit_test(test_schema_to_mdoc_every_row_and_no_raw_backslash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
