/* A struct with a member of every kind, its table, and reading JSON into it. */
#ifndef TESTS_UNIT_CONFIG_SAMPLE_H
#define TESTS_UNIT_CONFIG_SAMPLE_H

#include "base/addr.h"
#include "base/mem.h"
#include "base/ranges.h"
#include "config/schema.h"

#include <jansson.h>
#include <string.h>

struct inner {
    int number;
    const char *text;
};

struct sample {
    bool first; /* so that nothing else stands at offset 0 */
    const char *text;
    const char *secret;
    const char *name;
    const char *segment;
    bool flag;
    int number;
    int64_t duration_ms;
    int64_t size_bytes;
    int percent;
    int word;
    const char *url;
    const char *target;
    const char *host;
    const char *listen;
    const char *listen_or_none;
    const char *route;
    int64_t time_ms;
    struct ranges ranges;
    struct text_list texts;
    struct cidr_list cidrs;
    struct header_list headers;
    struct inner inner;
    bool has_inner;
};

static const char *const words[] = {"red", "green", "blue", NULL};

static inline bool check_inner(const void *object, struct err *err) {
    const struct inner *inner = object;

    if (inner->number != 7)
        return true;
    err_set(err, ERR_INVALID, "expected no seven, found 7");
    err_wrap(err, "number");
    return false;
}

static const struct schema_row inner_rows[] = {
    {.name = "number",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct inner, number),
     .min = 1,
     .max = 9,
     .fallback = "3",
     .flags = SCHEMA_REQUIRED,
     .help = "A number."},
    {.name = "text",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct inner, text),
     .max = 4,
     .help = "A text."},
};

static const struct schema inner_schema = {
    .name = "inner",
    .size = sizeof(struct inner),
    .rows = inner_rows,
    .row_count = 2,
    .check = check_inner,
};

#define ROW(key, member, row_kind, ...)                                                  \
    {                                                                                    \
        .name = (key), .kind = (row_kind), .offset = offsetof(struct sample, member),    \
        .help = "Help \\ for \"" key "\".", __VA_ARGS__                                  \
    }

static const struct schema_row sample_rows[] = {
    ROW("text", text, SCHEMA_TEXT, .min = 2, .max = 5, .fallback = "\"abc\""),
    ROW("secret", secret, SCHEMA_TEXT, .max = 10, .flags = SCHEMA_SECRET),
    ROW("name", name, SCHEMA_NAME, .min = 1, .max = 20),
    ROW("segment", segment, SCHEMA_NAME, .min = 1, .max = 20, .flags = SCHEMA_SEGMENT),
    ROW("flag", flag, SCHEMA_BOOL, .fallback = "true"),
    ROW("number", number, SCHEMA_INT, .min = -5, .max = 100, .fallback = "-5"),
    ROW("duration", duration_ms, SCHEMA_DURATION, .min = 50, .max = 3600000,
        .fallback = "\"5s\""),
    ROW("size", size_bytes, SCHEMA_SIZE, .min = 1, .max = 1048576,
        .fallback = "\"4KiB\""),
    ROW("percent", percent, SCHEMA_PERCENT, .min = 0, .max = 100, .fallback = "\"50%\""),
    ROW("word", word, SCHEMA_ENUM, .words = words, .fallback = "\"green\""),
    ROW("url", url, SCHEMA_URL),
    ROW("target", target, SCHEMA_TARGET),
    ROW("host", host, SCHEMA_HOST),
    ROW("listen", listen, SCHEMA_LISTEN, .fallback = "\"[::]:80\""),
    ROW("listen_or_none", listen_or_none, SCHEMA_LISTEN, .flags = SCHEMA_NONE_OK),
    ROW("route", route, SCHEMA_ROUTE, .min = 1, .max = 10),
    ROW("time", time_ms, SCHEMA_TIME),
    ROW("ranges", ranges, SCHEMA_RANGES, .fallback = "\"200-299\""),
    ROW("texts", texts, SCHEMA_TEXTS, .max = 2),
    ROW("cidrs", cidrs, SCHEMA_CIDRS),
    ROW("headers", headers, SCHEMA_HEADERS, .max = 2),
    ROW("inner", inner, SCHEMA_OBJECT, .object = &inner_schema,
        .set_offset = offsetof(struct sample, has_inner)),
    {.name = "objects",
     .kind = SCHEMA_OBJECTS,
     .object = &inner_schema,
     .help = "Objects."},
};

static const struct schema sample_schema = {
    .name = "sample",
    .size = sizeof(struct sample),
    .rows = sample_rows,
    .row_count = sizeof(sample_rows) / sizeof(sample_rows[0]),
};

/* One reading of JSON text into a sample with its defaults. */
struct reading {
    struct arena *arena;
    struct err_list errors;
    struct sample sample;
    bool ok;
};

static inline void read_text(struct reading *reading, const char *text,
                             const char *path) {
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

    if (!json)
        fail_msg("%s: %s", text, error.text);
    *reading = (struct reading){.arena = arena_new()};
    struct schema_reader reader = {.arena = reading->arena,
                                   .errors = &reading->errors,
                                   .text = text,
                                   .len = strlen(text)};
    struct schema_target target = {&sample_schema, &reading->sample};
    schema_set_defaults(&sample_schema, &reading->sample, reading->arena);
    reading->ok = schema_read(&reader, &target, 1, json, path);
    json_decref(json);
    assert_int_equal(reading->ok, reading->errors.len == 0);
}

static inline void end(struct reading *reading) {
    arena_free(reading->arena);
}

/* Every key, none at its default. */
static const char full_text[] =
    "{\"text\": \"wxyz\", \"secret\": \"s3cret\", \"name\": \"a/b\", \"segment\": "
    "\"seg\","
    " \"flag\": false, \"number\": 42, \"duration\": \"90s\", \"size\": \"1MiB\","
    " \"percent\": \"33%\", \"word\": \"blue\", \"url\": \"http://h/\","
    " \"target\": \"h:1\", \"host\": \"h\", \"listen\": \"127.0.0.1:1\","
    " \"listen_or_none\": \"none\", \"route\": \"/r\","
    " \"time\": \"1970-01-01T00:00:01Z\", \"ranges\": [\"200\", \"300-399\"],"
    " \"texts\": [\"t\"], \"cidrs\": [\"10.0.0.0/8\"], \"headers\": {\"X\": \"y\"},"
    " \"inner\": {\"number\": 5, \"text\": \"in\"}, \"objects\": [{}]}";

#endif
