/* Objects as JSON, the way a person would write them: durations with units, ranges as
 * text, unset keys left out, secrets removed. Adds no keys of its own. */
#include "schema_internal.h"

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/ranges.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>

static int append(const char *bytes, size_t len, void *user) {
    buf_append(user, bytes, len);
    return 0;
}

static json_t *texts_to_json(const struct text_list *list) {
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(array, json_string(list->items[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *cidrs_to_json(const struct cidr_list *list) {
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        char host[INET6_ADDRSTRLEN];
        inet_ntop(list->items[i].family, list->items[i].bytes, host, sizeof(host));
        json_t *text = json_sprintf("%s/%d", host, list->items[i].bits);
        if (json_array_append_new(array, text) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *headers_to_json(const struct header_list *list) {
    json_t *object = json_object();

    for (size_t i = 0; i < list->count; i++) {
        if (json_object_set_new(object, list->items[i].name,
                                json_string(SCHEMA_REMOVED)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *ranges_to_json(const struct ranges *ranges) {
    char text[RANGES_TEXT_MAX];

    return json_string(ranges_format(ranges, text));
}

static json_t *duration_to_json(int64_t ms) {
    char text[TEXT_DURATION_MAX];

    return json_string(text_format_duration(ms, text));
}

static json_t *size_to_json(int64_t bytes) {
    char text[TEXT_DURATION_MAX];

    return bytes % 1024 == 0 && bytes > 0 ? json_string(schema_format_size(bytes, text))
                                          : json_integer(bytes);
}

static json_t *time_to_json(int64_t wall_ms) {
    char text[CLOCK_TEXT_MAX];

    return json_string(clock_format_rfc3339(wall_ms, text));
}

static json_t *slot_to_json(const struct schema_row *row, const void *slot) {
    switch (row->kind) {
        case SCHEMA_TEXT:
        case SCHEMA_NAME:
        case SCHEMA_URL:
        case SCHEMA_TARGET:
        case SCHEMA_HOST:
        case SCHEMA_LISTEN:
        case SCHEMA_ROUTE:
            return json_string(row->flags & SCHEMA_SECRET ? SCHEMA_REMOVED
                                                          : *(const char *const *)slot);
        case SCHEMA_BOOL:
            return json_boolean(*(const bool *)slot);
        case SCHEMA_INT:
            return json_integer(*(const int *)slot);
        case SCHEMA_PERCENT:
            return json_sprintf("%d%%", *(const int *)slot);
        case SCHEMA_ENUM:
            return json_string(row->words[*(const int *)slot]);
        case SCHEMA_DURATION:
            return duration_to_json(*(const int64_t *)slot);
        case SCHEMA_SIZE:
            return size_to_json(*(const int64_t *)slot);
        case SCHEMA_TIME:
            return time_to_json(*(const int64_t *)slot);
        case SCHEMA_RANGES:
            return ranges_to_json(slot);
        case SCHEMA_TEXTS:
            return texts_to_json(slot);
        case SCHEMA_CIDRS:
            return cidrs_to_json(slot);
        case SCHEMA_HEADERS:
            return headers_to_json(slot);
        case SCHEMA_OBJECT:
            return schema_to_json(row->object, slot);
        case SCHEMA_OBJECTS:
            return json_array();
    }
    return NULL;
}

/* Unset: a key that was not in the file, where that is known, or a row without a default
 * that is still zero. */
static bool is_unset(const struct schema_row *row, const void *object, const void *slot) {
    if (row->set_offset)
        return !*(const bool *)schema_const_slot(object, row->set_offset);
    switch (row->kind) {
        case SCHEMA_TEXT:
        case SCHEMA_NAME:
        case SCHEMA_URL:
        case SCHEMA_TARGET:
        case SCHEMA_HOST:
        case SCHEMA_LISTEN:
        case SCHEMA_ROUTE:
            return !*(const char *const *)slot;
        case SCHEMA_INT:
        case SCHEMA_PERCENT:
            return !row->fallback && *(const int *)slot == 0;
        case SCHEMA_DURATION:
        case SCHEMA_SIZE:
        case SCHEMA_TIME:
            return !row->fallback && *(const int64_t *)slot == 0;
        case SCHEMA_BOOL:
        case SCHEMA_ENUM:
        case SCHEMA_RANGES:
        case SCHEMA_TEXTS:
        case SCHEMA_CIDRS:
        case SCHEMA_HEADERS:
        case SCHEMA_OBJECT:
        case SCHEMA_OBJECTS:
            break;
    }
    return false;
}

bool schema_dump(const json_t *json, struct buf *out) {
    return json_dump_callback(json, append, out, JSON_INDENT(2)) == 0;
}

json_t *schema_to_json(const struct schema *schema, const void *object) {
    json_t *json = json_object();

    for (size_t i = 0; i < schema->row_count; i++) {
        const struct schema_row *row = &schema->rows[i];
        const void *slot = schema_const_slot(object, row->offset);
        if (is_unset(row, object, slot))
            continue;
        if (json_object_set_new(json, row->name, slot_to_json(row, slot)) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}
