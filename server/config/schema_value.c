/* Single values of a table's rows: from a string, an integer or a boolean to the C type
 * at the row's offset, within the row's limits. Knows no JSON and no paths. */
#include "schema_internal.h"

#include "base/addr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/ranges.h"
#include "base/url.h"
#include "model/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * 1024 };

static bool in_range(const struct schema_row *row, int64_t value) {
    return value >= row->min && value <= row->max;
}

/* What stands in a URL between "http://" and the path. */
static bool parse_authority(const char *text, struct url *url) {
    char full[URL_HOST_MAX + 32];
    int len = snprintf(full, sizeof(full), "http://%s/", text);

    return !strpbrk(text, "/?#@") && (size_t)len < sizeof(full) &&
           url_parse(full, url, NULL);
}

/* A numeric address stands without brackets: nothing follows it. */
static bool is_host(const char *text) {
    struct addr addr;
    struct url url;

    return addr_parse_ip(text, 0, &addr) ||
           (parse_authority(text, &url) && !url.has_port && !url.is_literal);
}

/* "host:port" with brackets around IPv6, or "unix:/path". */
static bool is_target(const char *text, struct err *err) {
    struct addr addr;
    struct url url;

    if (text_has_prefix(text, "unix:"))
        return addr_parse_listen(text, &addr, err);
    return parse_authority(text, &url) && url.has_port;
}

static bool is_listen(const struct schema_row *row, const char *text, struct err *err) {
    struct addr addr;

    if ((row->flags & SCHEMA_NONE_OK) && strcmp(text, "none") == 0)
        return true;
    return addr_parse_listen(text, &addr, err);
}

static bool is_route(const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p >= 0x7f || *p == '#')
            return false;
    }
    return text[0] == '/';
}

static bool is_name(const struct schema_row *row, const char *text) {
    return row->flags & SCHEMA_SEGMENT ? tenant_name_is_valid(text)
                                       : check_name_is_valid(text);
}

static bool parse_size(const char *text, int64_t *bytes) {
    char digits[24];
    int64_t unit = text_has_suffix(text, "KiB")   ? KIB
                   : text_has_suffix(text, "MiB") ? MIB
                                                  : 0;

    if (unit == 0 || text[0] == '-' || strlen(text) - 3 >= sizeof(digits))
        return false;
    text_copy(digits, strlen(text) - 2, text);
    return text_parse_int(digits, 0, INT64_MAX / unit, bytes) &&
           !__builtin_mul_overflow(*bytes, unit, bytes);
}

static bool parse_percent(const char *text, int64_t *percent) {
    char digits[4];

    if (!text_has_suffix(text, "%") || text[0] == '-' || strlen(text) > sizeof(digits))
        return false;
    text_copy(digits, strlen(text), text);
    return text_parse_int(digits, 0, 100, percent);
}

static bool store_word(const struct schema_row *row, void *object, const char *text) {
    for (int i = 0; row->words[i]; i++) {
        if (strcmp(row->words[i], text) == 0) {
            *(int *)schema_slot(object, row->offset) = i;
            return true;
        }
    }
    return false;
}

static bool store_copy(const struct schema_row *row, void *object, struct arena *arena,
                       const char *text) {
    *(const char **)schema_slot(object, row->offset) = arena_copy_text(arena, text);
    return true;
}

/* What stands for a secret in the effective configuration is never the secret. */
static bool store_free_text(const struct schema_row *row, void *object,
                            struct arena *arena, const char *text, struct err *err) {
    if ((row->flags & SCHEMA_SECRET) && strcmp(text, SCHEMA_REMOVED) == 0)
        return err_set(err, ERR_INVALID, "expected the secret it stands for, got \"%s\"",
                       text);
    return in_range(row, (int64_t)strlen(text)) && store_copy(row, object, arena, text);
}

static bool store_int64(const struct schema_row *row, void *object, int64_t value) {
    if (!in_range(row, value))
        return false;
    *(int64_t *)schema_slot(object, row->offset) = value;
    return true;
}

static bool store_time(const struct schema_row *row, void *object, const char *text) {
    return clock_parse_rfc3339(text, schema_slot(object, row->offset));
}

static bool store_ranges(const struct schema_row *row, void *object, const char *text,
                         struct err *err) {
    struct ranges ranges = {0};

    if (!ranges_add(&ranges, text, err))
        return false;
    *(struct ranges *)schema_slot(object, row->offset) = ranges;
    return true;
}

bool schema_store_text(const struct schema_row *row, void *object, struct arena *arena,
                       const char *text, struct err *err) {
    int64_t number;
    struct url url;

    switch (row->kind) {
        case SCHEMA_TEXT:
            return store_free_text(row, object, arena, text, err);
        case SCHEMA_NAME:
            return in_range(row, (int64_t)strlen(text)) && is_name(row, text) &&
                   store_copy(row, object, arena, text);
        case SCHEMA_URL:
            return url_parse(text, &url, err) && store_copy(row, object, arena, text);
        case SCHEMA_TARGET:
            return is_target(text, err) && store_copy(row, object, arena, text);
        case SCHEMA_HOST:
            return is_host(text) && store_copy(row, object, arena, text);
        case SCHEMA_LISTEN:
            return is_listen(row, text, err) && store_copy(row, object, arena, text);
        case SCHEMA_ROUTE:
            return in_range(row, (int64_t)strlen(text)) && is_route(text) &&
                   store_copy(row, object, arena, text);
        case SCHEMA_DURATION:
            return text_parse_duration(text, &number) && store_int64(row, object, number);
        case SCHEMA_SIZE:
            return parse_size(text, &number) && store_int64(row, object, number);
        case SCHEMA_PERCENT:
            if (!parse_percent(text, &number) || !in_range(row, number))
                return false;
            *(int *)schema_slot(object, row->offset) = (int)number;
            return true;
        case SCHEMA_ENUM:
            return store_word(row, object, text);
        case SCHEMA_TIME:
            return store_time(row, object, text);
        case SCHEMA_RANGES:
            return store_ranges(row, object, text, err);
        case SCHEMA_BOOL:
        case SCHEMA_INT:
        case SCHEMA_TEXTS:
        case SCHEMA_CIDRS:
        case SCHEMA_HEADERS:
        case SCHEMA_OBJECT:
        case SCHEMA_OBJECTS:
            break;
    }
    return false;
}

bool schema_store_int(const struct schema_row *row, void *object, int64_t value) {
    if (row->kind == SCHEMA_SIZE)
        return store_int64(row, object, value);
    if (row->kind != SCHEMA_INT || !in_range(row, value))
        return false;
    *(int *)schema_slot(object, row->offset) = (int)value;
    return true;
}

bool schema_store_bool(const struct schema_row *row, void *object, bool value) {
    if (row->kind != SCHEMA_BOOL)
        return false;
    *(bool *)schema_slot(object, row->offset) = value;
    return true;
}

char *schema_format_size(int64_t bytes, char out[TEXT_DURATION_MAX]) {
    bool mib = bytes >= MIB && bytes % MIB == 0;
    bool kib = bytes >= KIB && bytes % KIB == 0;
    int64_t number = mib ? bytes / MIB : kib ? bytes / KIB : bytes;

    snprintf(out, TEXT_DURATION_MAX, "%" PRId64 "%s", number,
             mib   ? "MiB"
             : kib ? "KiB"
                   : "");
    return out;
}
