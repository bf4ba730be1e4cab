/* The line-wise layout of our JSON documents, and values that cannot fail on odd bytes.
 * Never knows what a document is about, but that each says who speaks and who holds
 * /healthz by hand. */
#include "json_out.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "view/status_json.h"

#include <string.h>

static int append(const char *data, size_t size, void *out) {
    buf_append(out, data, size);
    return 0;
}

/* A comma unless this is the first of its bracket, and the line it stands on. */
static void start_line(struct buf *out, const char *indent) {
    char last = out->data[out->len - 1];
    if (last != '{' && last != '[')
        buf_putc(out, ',');
    buf_putc(out, '\n');
    buf_puts(out, indent);
}

static void write_key(struct buf *out, const char *key) {
    text_append_json(out, key, strlen(key));
    buf_puts(out, ": ");
}

static void write_value(struct buf *out, json_t *value) {
    json_dump_callback(value, append, out, JSON_ENCODE_ANY);
    json_decref(value);
}

static json_t *override_json(const struct snapshot *snapshot) {
    const struct verdict_config *config = &snapshot->config->verdict;
    if (!config->override.is_set)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "active",
                        json_boolean(snapshot->verdicts.override_active));
    json_out_set(object, "verdict", verdict_name(config->override.verdict));
    json_out_set(object, "reason", config->override.reason);
    json_out_set_time(object, "until", config->override.until_wall_ms);
    json_out_set(object, "over_policy", policy_name(config->policy));
    json_out_set(object, "measured",
                 verdict_name(snapshot->verdicts.by_policy[config->policy]));
    return object;
}

void json_out_open(struct buf *out) {
    buf_putc(out, '{');
}

void json_out_member(struct buf *out, const char *key, json_t *value) {
    start_line(out, "  ");
    write_key(out, key);
    write_value(out, value);
}

void json_out_raw(struct buf *out, const char *key, const char *json) {
    start_line(out, "  ");
    write_key(out, key);
    buf_puts(out, json);
}

void json_out_close(struct buf *out) {
    buf_puts(out, "\n}\n");
}

void json_out_members(struct buf *out, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) json_out_member(out, key, json_incref(value));
    json_decref(object);
}

void json_out_open_member(struct buf *out, const char *key, char bracket) {
    start_line(out, "  ");
    write_key(out, key);
    buf_putc(out, bracket);
}

void json_out_item(struct buf *out, const char *key, json_t *value) {
    start_line(out, "    ");
    if (key)
        write_key(out, key);
    write_value(out, value);
}

void json_out_close_member(struct buf *out, char bracket) {
    if (out->data[out->len - 1] != bracket)
        buf_puts(out, "\n  ");
    buf_putc(out, bracket == '[' ? ']' : '}');
}

json_t *json_out_text(const char *text) {
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    size_t len = strlen(text);
    MEM_AUTO char *clean = mem_alloc(len + 1, 1);
    return json_string(text_clean(clean, len + 1, text, len));
}

json_t *json_out_time(int64_t wall_ms) {
    char text[CLOCK_TEXT_MAX];
    return wall_ms != 0 ? json_string(clock_format_rfc3339(wall_ms, text)) : json_null();
}

void json_out_set(json_t *object, const char *key, const char *text) {
    json_object_set_new(object, key, json_out_text(text));
}

void json_out_set_int(json_t *object, const char *key, int64_t number) {
    json_object_set_new(object, key, json_integer(number));
}

void json_out_set_time(json_t *object, const char *key, int64_t wall_ms) {
    json_object_set_new(object, key, json_out_time(wall_ms));
}

void json_out_head(struct buf *out, const struct snapshot *snapshot) {
    json_out_member(out, "schema", json_integer(VIEW_SCHEMA_VERSION));
    json_out_member(out, "instance", json_out_text(snapshot->instance));
    json_out_member(out, "version", json_string(HR_VERSION));
    json_out_member(out, "taken", json_out_time(snapshot->taken_wall_ms));
    json_out_member(out, "override", override_json(snapshot));
}
