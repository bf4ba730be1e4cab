/* Reading a JSON object into structs through tables: every key by its row, every error
 * with its path and, where the text is at hand, its line and column. Never stops at the
 * first. */
#include "schema_internal.h"

#include "base/addr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/ranges.h"
#include "config/locate.h"
#include "path_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FOUND_MAX = 80 }; /* bytes of a wrong value that an error shows */

/* One value being read: where it stands and where it goes. */
struct value {
    struct schema_reader *reader;
    const struct schema_row *row;
    void *object;
    json_t *json;
    const char *path; /* of the object it is in */
    const char *key;  /* its key in the file; a row's name, or a header's */
};

static size_t error_count(const struct err_list *errors) {
    return errors->len + errors->dropped;
}

static const char *value_path(const struct value *value) {
    return path_add_key(value->reader->arena, value->path, value->key);
}

static void found_string(const char *text, struct buf *out) {
    BUF_AUTO struct buf full = {0};
    char cut[FOUND_MAX + 1];

    text_append_json(&full, text, strlen(text));
    bool is_whole = text_copy(cut, sizeof(cut), full.data);
    buf_printf(out, "%s%s", cut, is_whole ? "" : "...");
}

/* What a person would call the value: scalars as written, unless they are secrets. */
static void found_text(const json_t *json, bool is_secret, struct buf *out) {
    switch (json ? json_typeof(json) : JSON_NULL) {
        case JSON_OBJECT:
            buf_puts(out, "an object");
            break;
        case JSON_ARRAY:
            buf_puts(out, json_array_size(json) ? "an array" : "an empty array");
            break;
        case JSON_STRING:
            if (is_secret)
                buf_puts(out, "a string");
            else
                found_string(json_string_value(json), out);
            break;
        case JSON_INTEGER:
            buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
            break;
        case JSON_REAL:
            buf_printf(out, "%g", json_real_value(json));
            break;
        case JSON_TRUE:
            buf_puts(out, "true");
            break;
        case JSON_FALSE:
            buf_puts(out, "false");
            break;
        case JSON_NULL:
            buf_puts(out, json ? "null" : "nothing");
            break;
    }
}

/* Add "expected ..., found ...", with what `why` says more. A `why` that is a sentence of
 * that kind itself stands alone. */
static void report_wrong(const struct value *value, const char *path,
                         const char *expected, const json_t *json,
                         const struct err *why) {
    BUF_AUTO struct buf found = {0};
    const char *reason = why ? why->text : "";

    found_text(json, value->row->flags & SCHEMA_SECRET, &found);
    if (!text_has_prefix(reason, "expected"))
        schema_report(value->reader, path, false, "expected %s, found %s%s%s", expected,
                      found.data, reason[0] ? ": " : "", reason);
    else if (strstr(reason, ", got "))
        schema_report(value->reader, path, false, "%s", reason);
    else
        schema_report(value->reader, path, false, "%s, found %s", reason, found.data);
}

/* The value is not what its row takes. */
static void report(const struct value *value, const struct err *why) {
    BUF_AUTO struct buf expected = {0};

    schema_describe(value->row, &expected);
    report_wrong(value, value_path(value), expected.data, value->json, why);
}

/* How many items an array or object has, if the row allows so many. */
static bool count_items(const struct value *value, size_t *count) {
    *count = json_is_array(value->json) ? json_array_size(value->json)
                                        : json_object_size(value->json);
    if (value->row->max == 0 || *count <= (size_t)value->row->max)
        return true;
    schema_report(value->reader, value_path(value), false,
                  "expected at most %" PRId64 " items, found %zu", value->row->max,
                  *count);
    return false;
}

static void report_item(const struct value *value, size_t i, const char *expected,
                        const struct err *why) {
    const char *path = path_add_index(value->reader->arena, value_path(value), i);

    report_wrong(value, path, expected, json_array_get(value->json, i), why);
}

static void read_texts(const struct value *value) {
    struct text_list *list = schema_slot(value->object, value->row->offset);
    size_t count;

    if (!count_items(value, &count))
        return;
    const char **items = arena_alloc(value->reader->arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(value->json, i));
        if (!text || text[0] == '\0')
            report_item(value, i, "a string that is not empty", NULL);
        items[i] = arena_copy_text(value->reader->arena, text);
    }
    *list = (struct text_list){items, count};
}

static void read_cidrs(const struct value *value) {
    struct cidr_list *list = schema_slot(value->object, value->row->offset);
    size_t count;

    if (!count_items(value, &count))
        return;
    struct cidr *items = arena_alloc(value->reader->arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(value->json, i));
        struct err why = {0};
        if (!text || !cidr_parse(text, &items[i], &why))
            report_item(value, i, "a block such as \"10.0.0.0/8\"", &why);
    }
    *list = (struct cidr_list){items, count};
}

static void read_ranges(const struct value *value) {
    struct ranges *ranges = schema_slot(value->object, value->row->offset);
    struct ranges read = {0};

    if (json_array_size(value->json) == 0) {
        report(value, NULL);
        return;
    }
    for (size_t i = 0; i < json_array_size(value->json); i++) {
        const char *text = json_string_value(json_array_get(value->json, i));
        struct err why = {0};
        if (!text || !ranges_add(&read, text, &why))
            report_item(value, i, "statuses such as \"200-299\"", &why);
    }
    *ranges = read;
}

/* RFC 9110, section 5.6.2 */
static bool is_header_name(const char *name) {
    return name[0] != '\0' &&
           strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name);
}

/* No control character but the tab: a line break would be another header. */
static bool is_header_value(const char *value) {
    for (const char *p = value; *p != '\0'; p++) {
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    }
    return true;
}

/* A header's value is never shown. */
static void check_header(const struct value *value, const char *name,
                         const json_t *item) {
    struct schema_reader *reader = value->reader;
    const char *path = path_add_key(reader->arena, value_path(value), name);
    const char *text = json_string_value(item);
    BUF_AUTO struct buf found = {0};

    if (!is_header_name(name)) {
        found_string(name, &found);
        schema_report(reader, path, true,
                      "expected the name of a header such as \"X-Probe\", found %s",
                      found.data);
    } else if (text && strcmp(text, SCHEMA_REMOVED) == 0) {
        schema_report(reader, path, false,
                      "expected the secret it stands for, got \"%s\"", SCHEMA_REMOVED);
    } else if (!text || !is_header_value(text)) {
        found_text(item, true, &found);
        schema_report(reader, path, false,
                      "expected a string without control characters, found %s",
                      found.data);
    }
}

static void read_headers(const struct value *value) {
    struct header_list *list = schema_slot(value->object, value->row->offset);
    struct arena *arena = value->reader->arena;
    size_t count;
    size_t i = 0;
    const char *name;
    json_t *item;

    if (!count_items(value, &count))
        return;
    struct header *items = arena_alloc(arena, count, sizeof(*items));
    json_object_foreach(value->json, name, item) {
        check_header(value, name, item);
        items[i].name = arena_copy_text(arena, name);
        items[i].value = arena_copy_text(arena, json_string_value(item));
        i++;
    }
    *list = (struct header_list){items, count};
}

static void read_array(const struct value *value) {
    switch (value->row->kind) {
        case SCHEMA_TEXTS:
            read_texts(value);
            break;
        case SCHEMA_CIDRS:
            read_cidrs(value);
            break;
        case SCHEMA_RANGES:
            read_ranges(value);
            break;
        case SCHEMA_OBJECTS:
            break;
        case SCHEMA_TEXT:
        case SCHEMA_NAME:
        case SCHEMA_BOOL:
        case SCHEMA_INT:
        case SCHEMA_DURATION:
        case SCHEMA_SIZE:
        case SCHEMA_PERCENT:
        case SCHEMA_ENUM:
        case SCHEMA_URL:
        case SCHEMA_TARGET:
        case SCHEMA_HOST:
        case SCHEMA_LISTEN:
        case SCHEMA_ROUTE:
        case SCHEMA_TIME:
        case SCHEMA_HEADERS:
        case SCHEMA_OBJECT:
            report(value, NULL);
            break;
    }
}

/* Everything but an object of a table of its own. */
static void read_plain(const struct value *value) {
    const struct schema_row *row = value->row;
    struct err why = {0};

    switch (json_typeof(value->json)) {
        case JSON_STRING:
            if (!schema_store_text(row, value->object, value->reader->arena,
                                   json_string_value(value->json), &why))
                report(value, &why);
            break;
        case JSON_INTEGER:
            if (!schema_store_int(row, value->object, json_integer_value(value->json)))
                report(value, NULL);
            break;
        case JSON_TRUE:
        case JSON_FALSE:
            if (!schema_store_bool(row, value->object, json_is_true(value->json)))
                report(value, NULL);
            break;
        case JSON_ARRAY:
            read_array(value);
            break;
        case JSON_OBJECT:
            if (row->kind == SCHEMA_HEADERS)
                read_headers(value);
            else
                report(value, NULL);
            break;
        case JSON_REAL:
        case JSON_NULL:
            report(value, NULL);
            break;
    }
}

static const struct schema_row *find_row(const struct schema_target *targets,
                                         size_t count, const char *name, void **object) {
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < targets[i].schema->row_count; j++) {
            const struct schema_row *row = &targets[i].schema->rows[j];
            if (strcmp(row->name, name) == 0) {
                *object = targets[i].object;
                return row;
            }
        }
    }
    return NULL;
}

static void report_unknown(struct schema_reader *reader,
                           const struct schema_target *targets, size_t count,
                           const char *path, const char *key) {
    BUF_AUTO struct buf found = {0};
    size_t known = 0;

    for (size_t i = 0; i < count; i++)
        known += targets[i].schema->row_count;
    const char **names = arena_alloc(reader->arena, known, sizeof(*names));
    known = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < targets[i].schema->row_count; j++)
            names[known++] = targets[i].schema->rows[j].name;
    }
    const char *nearest = text_nearest(key, names, known);
    found_string(key, &found);
    path = path_add_key(reader->arena, path, key);
    if (nearest)
        schema_report(reader, path, true, "expected a known key such as \"%s\", found %s",
                      nearest, found.data);
    else
        schema_report(reader, path, true, "expected a known key, found %s", found.data);
}

static void report_missing(struct schema_reader *reader,
                           const struct schema_target *target, const json_t *json,
                           const char *path) {
    for (size_t i = 0; i < target->schema->row_count; i++) {
        const struct schema_row *row = &target->schema->rows[i];
        if (!(row->flags & SCHEMA_REQUIRED) || json_object_get(json, row->name))
            continue;
        struct value value = {reader, row, target->object, NULL, path, row->name};
        report(&value, NULL);
    }
}

void schema_report(struct schema_reader *reader, const char *path, bool at_key,
                   const char *fmt, ...) {
    BUF_AUTO struct buf text = {0};
    struct err err = {0};
    va_list args;

    if (reader->errors->len == ERR_LIST_MAX) {
        reader->errors->dropped++; /* nobody will read its place */
        return;
    }
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    err_set(&err, ERR_INVALID, "%s", text.data);
    err_wrap(&err, "%s", path);
    if (reader->text)
        locate(reader->text, reader->len, path, at_key, &err.line, &err.col);
    err_list_add(reader->errors, &err);
}

bool schema_read(struct schema_reader *reader, const struct schema_target *targets,
                 size_t count, json_t *json, const char *path) {
    size_t before = error_count(reader->errors);
    const char *key;
    json_t *item;

    if (!json_is_object(json)) {
        BUF_AUTO struct buf found = {0};
        found_text(json, false, &found);
        schema_report(reader, path, false, "expected an object, found %s", found.data);
        return false;
    }
    json_object_foreach(json, key, item) {
        void *object = NULL;
        const struct schema_row *row = find_row(targets, count, key, &object);
        if (!row) {
            if (!reader->ignore_unknown)
                report_unknown(reader, targets, count, path, key);
            continue;
        }
        if (row->set_offset)
            *(bool *)schema_slot(object, row->set_offset) = true;
        struct value value = {reader, row, object, item, path, key};
        if (row->kind == SCHEMA_OBJECT) {
            struct schema_target inner = {row->object, schema_slot(object, row->offset)};
            schema_read(reader, &inner, 1, item, value_path(&value));
        } else {
            read_plain(&value);
        }
    }
    for (size_t i = 0; i < count; i++)
        report_missing(reader, &targets[i], json, path);
    if (error_count(reader->errors) != before)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        if (targets[i].schema->check &&
            !targets[i].schema->check(targets[i].object, &err))
            schema_report(reader, path_add(reader->arena, path, err.where), false, "%s",
                          err.text);
    }
    return error_count(reader->errors) == before;
}
