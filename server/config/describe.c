/* The whole file's format for others: a JSON Schema for editors, lists of keys for the
 * man page. */
#include "config/load.h"

#include "base/buf.h"
#include "schema_internal.h"
#include "tables_internal.h"

#include <jansson.h>

/* The keys of a check of one type, `type` itself fixed. */
static json_t *type_schema(const struct config_type *type) {
    json_t *json = schema_to_json_schema(type->options);
    json_t *properties = json_object_get(json, "properties");
    json_t *required = json_object_get(json, "required");

    /* What is not common to all types is refused by the schema of all. */
    json_object_del(json, "additionalProperties");
    json_object_del(json, "type");
    if (json_object_set_new(properties, "type",
                            json_pack("{s:s}", "const", type->name)) != 0 ||
        json_array_append_new(required, json_string("type")) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* A check: the common keys, the timing, and those of its type. */
static json_t *check_schema(const struct config_types *types) {
    json_t *json = schema_to_json_schema(&check_input_schema);
    json_t *timing = schema_to_json_schema(&timing_schema);
    json_t *one_of = json_array();
    bool ok = json_object_update(json_object_get(json, "properties"),
                                 json_object_get(timing, "properties")) == 0;

    json_decref(timing);
    for (size_t i = 0; i < types->count; i++)
        ok = ok && json_array_append_new(one_of, type_schema(&types->items[i])) == 0;
    json_object_del(json, "additionalProperties");
    ok = json_object_set_new(json, "oneOf", one_of) == 0 && ok &&
         json_object_set_new(json, "unevaluatedProperties", json_false()) == 0;
    if (!ok) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *document_schema(const struct config_types *types) {
    json_t *json =
        json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", "health-responder configuration");
    bool ok = json_object_update_new(json, schema_to_json_schema(&config_schema)) == 0;
    json_t *checks = json_object_get(json_object_get(json, "properties"), "checks");

    if (!ok || json_object_set_new(checks, "items", check_schema(types)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static void put_section(const char *title, const char *help, const struct schema *schema,
                        struct buf *out) {
    buf_printf(out, ".Ss %s\n", title);
    schema_put_mdoc_text(help, out);
    schema_to_mdoc(schema, out);
}

void config_write_json_schema(const struct config_types *types, struct buf *out) {
    json_t *json = document_schema(types);

    schema_dump(json, out);
    buf_putc(out, '\n');
    json_decref(json);
}

void config_write_mdoc(const struct config_types *types, struct buf *out) {
    for (size_t i = 0; i < config_schema.row_count; i++) {
        const struct schema_row *row = &config_schema.rows[i];
        put_section(row->name, row->help, row->object, out);
        if (row->object != &check_input_schema)
            continue;
        buf_puts(out,
                 ".Pp\nThe keys of\n.Cm defaults\nmay stand in each check as well.\n");
        for (size_t j = 0; j < types->count; j++) {
            BUF_AUTO struct buf title = {0};
            buf_printf(&title, "checks of type %s", types->items[j].name);
            put_section(title.data, "They take these keys as well.",
                        types->items[j].options, out);
        }
    }
}
