/* Defaults and comparison of objects that a table describes. Knows no JSON. */
#include "schema_internal.h"

#include "base/addr.h"
#include "base/mem.h"
#include "base/ranges.h"

#include <assert.h>
#include <string.h>

/* The tables are ours: a default that its own row refuses is a mistake in the program. */
static void set_default(const struct schema_row *row, void *object, struct arena *arena) {
    const char *fallback = row->fallback;
    size_t len = strlen(fallback);
    int64_t number = 0;
    bool done = false;

    if (fallback[0] == '"') {
        char *text = arena_alloc(arena, len, 1);
        text_copy(text, len - 1, fallback + 1);
        done = schema_store_text(row, object, arena, text, NULL);
    } else if (strcmp(fallback, "true") == 0 || strcmp(fallback, "false") == 0) {
        done = schema_store_bool(row, object, fallback[0] == 't');
    } else {
        done = text_parse_int(fallback, INT64_MIN, INT64_MAX, &number) &&
               schema_store_int(row, object, number);
    }
    assert(done);
    (void)done;
}

static bool equal_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool equal_ranges(const struct ranges *a, const struct ranges *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].low != b->items[i].low || a->items[i].high != b->items[i].high)
            return false;
    }
    return true;
}

static bool equal_texts(const struct text_list *a, const struct text_list *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!equal_text(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static bool equal_cidrs(const struct cidr_list *a, const struct cidr_list *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct cidr *x = &a->items[i];
        const struct cidr *y = &b->items[i];
        if (x->family != y->family || x->bits != y->bits ||
            memcmp(x->bytes, y->bytes, sizeof(x->bytes)) != 0)
            return false;
    }
    return true;
}

static bool equal_headers(const struct header_list *a, const struct header_list *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!equal_text(a->items[i].name, b->items[i].name) ||
            !equal_text(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

static bool equal_slots(const struct schema_row *row, const void *a, const void *b) {
    switch (row->kind) {
        case SCHEMA_TEXT:
        case SCHEMA_NAME:
        case SCHEMA_URL:
        case SCHEMA_TARGET:
        case SCHEMA_HOST:
        case SCHEMA_LISTEN:
        case SCHEMA_ROUTE:
            return equal_text(*(const char *const *)a, *(const char *const *)b);
        case SCHEMA_BOOL:
            return *(const bool *)a == *(const bool *)b;
        case SCHEMA_INT:
        case SCHEMA_PERCENT:
        case SCHEMA_ENUM:
            return *(const int *)a == *(const int *)b;
        case SCHEMA_DURATION:
        case SCHEMA_SIZE:
        case SCHEMA_TIME:
            return *(const int64_t *)a == *(const int64_t *)b;
        case SCHEMA_RANGES:
            return equal_ranges(a, b);
        case SCHEMA_TEXTS:
            return equal_texts(a, b);
        case SCHEMA_CIDRS:
            return equal_cidrs(a, b);
        case SCHEMA_HEADERS:
            return equal_headers(a, b);
        case SCHEMA_OBJECT:
            return schema_equal(row->object, a, b);
        case SCHEMA_OBJECTS:
            return true;
    }
    return false;
}

void schema_set_defaults(const struct schema *schema, void *object, struct arena *arena) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const struct schema_row *row = &schema->rows[i];
        if (row->kind == SCHEMA_OBJECT)
            schema_set_defaults(row->object, schema_slot(object, row->offset), arena);
        else if (row->fallback)
            set_default(row, object, arena);
    }
}

bool schema_equal(const struct schema *schema, const void *a, const void *b) {
    for (size_t i = 0; i < schema->row_count; i++) {
        const struct schema_row *row = &schema->rows[i];
        if (row->set_offset && *(const bool *)schema_const_slot(a, row->set_offset) !=
                                   *(const bool *)schema_const_slot(b, row->set_offset))
            return false;
        if (!equal_slots(row, schema_const_slot(a, row->offset),
                         schema_const_slot(b, row->offset)))
            return false;
    }
    return true;
}
