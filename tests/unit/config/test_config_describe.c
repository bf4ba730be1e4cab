/* The file's format as a JSON Schema and as a part of the man page: complete, well
 * formed. */
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/buf.h"
#include "types.h"

/* What the effective configuration shows is what the schema must know. */
static const char everything[] =
    "{\"gateway\": {\"host\": \"h\", \"service\": \"s\", \"pods\": \"p\", \"tls\": "
    "{\"ca_file\": \"/c\"}, \"admin\": \"http://127.0.0.1:15000\"},"
    "\"tenants\": [{\"name\": \"t\", \"route\": \"/t\", \"backend\": \"http://t/\", "
    "\"identity\": \"i\"}],"
    "\"checks\": [{\"name\": \"a\", \"type\": \"tcp\", \"target\": \"h:1\", \"send\": "
    "\"s\","
    "\"expect\": \"e\"}],"
    "\"verdict\": {\"override\": {\"verdict\": \"healthy\", \"reason\": \"r\", "
    "\"until\": "
    "\"2030-01-01T00:00:00Z\"}},"
    "\"resolver\": {\"timeout\": \"1s\"},"
    "\"auth\": {\"token_file\": \"/t\", \"loop_key_file\": \"/k\"}}";

static json_t *parse_schema(void) {
    BUF_AUTO struct buf text = {0};

    config_write_json_schema(&types, &text);
    json_t *json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

/* Every key of `object` is one of the schema's properties, and so on inside. */
static void assert_covers(json_t *schema, json_t *object) {
    json_t *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) {
        json_t *property = json_object_get(properties, key);
        if (!property)
            fail_msg("no property %s", key);
        if (json_is_object(value) && json_object_get(property, "properties"))
            assert_covers(property, value);
    }
}

static void test_config_write_json_schema_knows_every_key(void **state) {
    struct config *config = parse_valid(everything);
    json_t *schema = parse_schema();
    json_t *effective = json_loads(config->effective, 0, NULL);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
                        "https://json-schema.org/draft/2020-12/schema");
    assert_covers(schema, effective);
    json_t *tenants = json_object_get(json_object_get(schema, "properties"), "tenants");
    assert_covers(json_object_get(tenants, "items"),
                  json_array_get(json_object_get(effective, "tenants"), 0));
    json_decref(effective);
    json_decref(schema);
    config_unref(config);
}

static void test_config_write_json_schema_one_form_per_check_type(void **state) {
    json_t *schema = parse_schema();
    json_t *checks = json_object_get(json_object_get(schema, "properties"), "checks");
    json_t *items = json_object_get(checks, "items");
    json_t *forms = json_object_get(items, "oneOf");

    (void)state;
    assert_true(json_is_false(json_object_get(items, "unevaluatedProperties")));
    assert_null(json_object_get(items, "additionalProperties"));
    assert_non_null(json_object_get(json_object_get(items, "properties"), "interval"));
    assert_non_null(json_object_get(json_object_get(items, "properties"), "depends_on"));
    assert_int_equal(json_array_size(forms), types.count);
    for (size_t i = 0; i < types.count; i++) {
        json_t *form = json_array_get(forms, i);
        json_t *properties = json_object_get(form, "properties");
        json_t *type = json_object_get(json_object_get(properties, "type"), "const");
        assert_string_equal(json_string_value(type), types.items[i].name);
        assert_null(json_object_get(form, "additionalProperties"));
        for (size_t j = 0; j < types.items[i].options->row_count; j++)
            assert_non_null(
                json_object_get(properties, types.items[i].options->rows[j].name));
    }
    json_decref(schema);
}

static void test_config_write_mdoc_every_section_and_list_closed(void **state) {
    static const char *const sections[] = {"listen",
                                           "gateway",
                                           "tenants",
                                           "checks",
                                           "checks of type http",
                                           "checks of type tcp",
                                           "defaults",
                                           "verdict",
                                           "engine",
                                           "resolver",
                                           "clients",
                                           "auth",
                                           "drain",
                                           "log"};
    BUF_AUTO struct buf text = {0};
    int depth = 0;

    (void)state;
    config_write_mdoc(&types, &text);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        BUF_AUTO struct buf line = {0};
        buf_printf(&line, ".Ss %s\n", sections[i]);
        assert_non_null(strstr(text.data, line.data));
    }
    for (const char *p = text.data; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        depth += strncmp(p, ".Bl", 3) == 0;
        depth -= strncmp(p, ".El", 3) == 0;
        assert_true(depth >= 0);
        assert_true(p[0] != '\n' && p[0] != '\'');
    }
    assert_int_equal(depth, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_write_json_schema_knows_every_key),
        cmocka_unit_test(test_config_write_json_schema_one_form_per_check_type),
        cmocka_unit_test(test_config_write_mdoc_every_section_and_list_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
