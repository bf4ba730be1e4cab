/* Tables in words: what a row takes, as errors, the editor's JSON Schema and the man page
 * say it. Never looks at values. */
#include "schema_internal.h"

#include "base/buf.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { MDOC_COLUMNS = 60 };

/* Kinds whose wording does not depend on the row. */
static const char *const phrases[] = {
    [SCHEMA_BOOL] = "true or false",
    [SCHEMA_URL] = "an http or https URL",
    [SCHEMA_TARGET] = "\"host:port\" or \"unix:PATH\"",
    [SCHEMA_HOST] = "a host name or a numeric address, without a port",
    [SCHEMA_ROUTE] = "a path such as \"/app1\"",
    [SCHEMA_TIME] = "a time such as \"2026-01-31T12:00:00Z\"",
    [SCHEMA_RANGES] = "statuses such as \"200-299\" or [\"200\", \"301-302\"]",
    [SCHEMA_TEXTS] = "an array of strings",
    [SCHEMA_CIDRS] = "an array of address blocks such as \"10.0.0.0/8\"",
    [SCHEMA_HEADERS] = "an object such as {\"X-Probe\": \"1\"}",
    [SCHEMA_OBJECT] = "an object",
    [SCHEMA_OBJECTS] = "an array of objects",
};

/* The JSON Schema of each kind, limits left out. Patterns catch what an editor should
 * underline; the server checks more. */
static const char *const templates[] = {
    [SCHEMA_TEXT] = "{'type': 'string'}",
    [SCHEMA_NAME] =
        "{'type': 'string', 'pattern': '^[a-z0-9-]{1,63}(/[a-z0-9-]{1,63})*$'}",
    [SCHEMA_BOOL] = "{'type': 'boolean'}",
    [SCHEMA_INT] = "{'type': 'integer'}",
    [SCHEMA_DURATION] = "{'type': 'string', 'pattern': '^[0-9]+([.][0-9]+)?(ms|s|m|h)$'}",
    [SCHEMA_SIZE] = "{'type': ['integer', 'string'], 'pattern': '^[0-9]+(KiB|MiB)$'}",
    [SCHEMA_PERCENT] = "{'type': 'string', 'pattern': '^(100|[0-9]{1,2})%$'}",
    [SCHEMA_ENUM] = "{}",
    [SCHEMA_URL] = "{'type': 'string', 'pattern': '^https?://[^/#?]+(/[^#]*)?$'}",
    [SCHEMA_TARGET] = "{'type': 'string', 'pattern': '^(unix:.+|.+:[0-9]+)$'}",
    [SCHEMA_HOST] = "{'type': 'string', 'pattern': '^[A-Za-z0-9_.:-]+$'}",
    [SCHEMA_LISTEN] = "{'type': 'string', 'pattern': '^(unix:.+|.+:[0-9]+)$'}",
    [SCHEMA_ROUTE] = "{'type': 'string', 'pattern': '^/[^# ]*$'}",
    [SCHEMA_TIME] = "{'type': 'string', 'format': 'date-time'}",
    [SCHEMA_RANGES] = ("{'type': ['string', 'array'], 'items': {'type': 'string'}, "
                       "'minItems': 1}"),
    [SCHEMA_TEXTS] = "{'type': 'array', 'items': {'type': 'string', 'minLength': 1}}",
    [SCHEMA_CIDRS] = "{'type': 'array', 'items': {'type': 'string'}}",
    [SCHEMA_HEADERS] = "{'type': 'object', 'additionalProperties': {'type': 'string'}}",
    [SCHEMA_OBJECT] = "{}",
    [SCHEMA_OBJECTS] = "{'type': 'array'}",
};

static void describe_words(const struct schema_row *row, struct buf *out) {
    for (int i = 0; row->words[i]; i++) {
        const char *joint = i == 0 ? "" : row->words[i + 1] ? ", " : " or ";
        buf_printf(out, "%s\"%s\"", joint, row->words[i]);
    }
}

static void describe_durations(const struct schema_row *row, struct buf *out) {
    char min[TEXT_DURATION_MAX];
    char max[TEXT_DURATION_MAX];

    buf_printf(out, "a duration of %s to %s", text_format_duration(row->min, min),
               text_format_duration(row->max, max));
}

static void describe_names(const struct schema_row *row, struct buf *out) {
    if (row->flags & SCHEMA_SEGMENT)
        buf_puts(out, "1 to 63 of a-z, 0-9 and \"-\", but not \"run\"");
    else
        buf_puts(out, "parts of 1 to 63 of a-z, 0-9 and \"-\", joined by \"/\", none of "
                      "them \"run\"");
}

void schema_describe(const struct schema_row *row, struct buf *out) {
    if (row->kind == SCHEMA_TEXT)
        buf_printf(out, "a string of %" PRId64 " to %" PRId64 " bytes", row->min,
                   row->max);
    else if (row->kind == SCHEMA_NAME)
        describe_names(row, out);
    else if (row->kind == SCHEMA_INT)
        buf_printf(out, "an integer of %" PRId64 " to %" PRId64, row->min, row->max);
    else if (row->kind == SCHEMA_DURATION)
        describe_durations(row, out);
    else if (row->kind == SCHEMA_SIZE)
        buf_printf(out,
                   "a size of %" PRId64 " to %" PRId64 " bytes such as 512 or \"4KiB\"",
                   row->min, row->max);
    else if (row->kind == SCHEMA_PERCENT)
        buf_printf(out, "a percentage of \"%" PRId64 "%%\" to \"%" PRId64 "%%\"",
                   row->min, row->max);
    else if (row->kind == SCHEMA_ENUM)
        describe_words(row, out);
    else if (row->kind == SCHEMA_LISTEN)
        buf_printf(out, "an address such as \"[::]:8080\" or \"unix:PATH\"%s",
                   row->flags & SCHEMA_NONE_OK ? ", or \"none\"" : "");
    else
        buf_puts(out, phrases[row->kind]);
}

/* Templates are written with single quotes. */
static json_t *template_schema(enum schema_kind kind) {
    BUF_AUTO struct buf json = {0};

    for (const char *p = templates[kind]; *p != '\0'; p++) {
        if (*p == '\'')
            buf_putc(&json, '"');
        else
            buf_putc(&json, *p);
    }
    return json_loads(json.data, 0, NULL);
}

static json_t *words_to_json(const char *const *words) {
    json_t *array = json_array();

    for (int i = 0; words[i]; i++) {
        if (json_array_append_new(array, json_string(words[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static bool set_text(json_t *json, const char *key, const char *text) {
    return json_object_set_new(json, key, json_string(text)) == 0;
}

static bool set_count(json_t *json, const char *key, int64_t count) {
    return count == 0 || json_object_set_new(json, key, json_integer(count)) == 0;
}

static bool set_limits(json_t *json, const struct schema_row *row, const char *min_key,
                       const char *max_key) {
    return json_object_set_new(json, min_key, json_integer(row->min)) == 0 &&
           json_object_set_new(json, max_key, json_integer(row->max)) == 0;
}

/* What a row says beyond the template of its kind. */
static bool add_details(json_t *json, const struct schema_row *row) {
    if (row->kind == SCHEMA_TEXT)
        return set_limits(json, row, "minLength", "maxLength");
    if (row->kind == SCHEMA_INT || row->kind == SCHEMA_SIZE)
        return set_limits(json, row, "minimum", "maximum");
    if (row->kind == SCHEMA_NAME && (row->flags & SCHEMA_SEGMENT))
        return set_text(json, "pattern", "^[a-z0-9-]{1,63}$");
    if (row->kind == SCHEMA_LISTEN && (row->flags & SCHEMA_NONE_OK))
        return set_text(json, "pattern", "^(none|unix:.+|.+:[0-9]+)$");
    if (row->kind == SCHEMA_TEXTS || row->kind == SCHEMA_CIDRS)
        return set_count(json, "maxItems", row->max);
    if (row->kind == SCHEMA_HEADERS)
        return set_count(json, "maxProperties", row->max);
    if (row->kind == SCHEMA_ENUM)
        return json_object_set_new(json, "enum", words_to_json(row->words)) == 0;
    if (row->kind == SCHEMA_OBJECT)
        return json_object_update_new(json, schema_to_json_schema(row->object)) == 0;
    if (row->kind == SCHEMA_OBJECTS)
        return json_object_set_new(json, "items", schema_to_json_schema(row->object)) ==
               0;
    return true;
}

static json_t *row_schema(const struct schema_row *row) {
    BUF_AUTO struct buf text = {0};
    json_t *json = template_schema(row->kind);

    buf_printf(&text, "%s Takes ", row->help);
    schema_describe(row, &text);
    buf_putc(&text, '.');
    if (!add_details(json, row) ||
        json_object_set_new(json, "description", json_string(text.data)) != 0 ||
        (row->fallback &&
         json_object_set_new(json, "default",
                             json_loads(row->fallback, JSON_DECODE_ANY, NULL)) != 0)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

json_t *schema_to_json_schema(const struct schema *schema) {
    json_t *json = json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties",
                             "required", "additionalProperties", 0);
    json_t *properties = json_object_get(json, "properties");
    json_t *required = json_object_get(json, "required");

    for (size_t i = 0; i < schema->row_count; i++) {
        const struct schema_row *row = &schema->rows[i];
        if (json_object_set_new(properties, row->name, row_schema(row)) != 0 ||
            ((row->flags & SCHEMA_REQUIRED) &&
             json_array_append_new(required, json_string(row->name)) != 0)) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

/* A new line for each sentence, none too long, and none that starts with a control
 * character. */
void schema_put_mdoc_text(const char *text, struct buf *out) {
    size_t line = out->len;

    for (const char *p = text; *p != '\0'; p++) {
        bool may_break = *p == ' ' && p > text && p[1] != '.' && p[1] != '\'';
        if (may_break && (p[-1] == '.' || out->len - line > MDOC_COLUMNS)) {
            buf_putc(out, '\n');
            line = out->len;
        } else if (*p == '\\') {
            buf_puts(out, "\\e");
        } else if (*p == '"') {
            buf_puts(out, "\\(dq");
        } else {
            buf_putc(out, *p);
        }
    }
    buf_putc(out, '\n');
}

static void row_to_mdoc(const struct schema_row *row, struct buf *out) {
    BUF_AUTO struct buf text = {0};

    buf_printf(out, ".It Cm %s\n", row->name);
    schema_put_mdoc_text(row->help, out);
    buf_puts(&text, "Takes ");
    schema_describe(row, &text);
    buf_puts(&text, row->flags & SCHEMA_REQUIRED ? ". Required." : ".");
    if (row->fallback)
        buf_printf(&text, " The default is %s.", row->fallback);
    schema_put_mdoc_text(text.data, out);
    if (row->object)
        schema_to_mdoc(row->object, out);
}

void schema_to_mdoc(const struct schema *schema, struct buf *out) {
    buf_puts(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < schema->row_count; i++)
        row_to_mdoc(&schema->rows[i], out);
    buf_puts(out, ".El\n");
}
