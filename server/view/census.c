/* The census for a terminal and for programs. Owns its words and keys; who is who is
 * model/census' matter. Ages are counted to the moment of the snapshot. Never colours. */
#include "view/census.h"

#include "base/buf.h"
#include "describe_history.h"
#include "json_out.h"
#include "text_out.h"
#include "wrap.h"

#include <inttypes.h>

enum { CLASS_LABELS = 15 }; /* column where text starts behind a class */

static int64_t age_of(const struct snapshot *snapshot, int64_t mono_ms) {
    return snapshot->taken_mono_ms - mono_ms;
}

static void write_silence(const struct snapshot *snapshot, struct buf *out) {
    for (int i = 0; i < PROBER_COUNT; i++) {
        BUF_AUTO struct buf text = {0};
        if (describe_silence(snapshot, (enum prober)i, &text))
            wrap_line(out, "SILENT", TEXT_LABELS, text.data);
    }
}

static void write_class(const struct snapshot *snapshot, enum prober prober,
                        struct buf *out) {
    BUF_AUTO struct buf text = {0};
    describe_class(snapshot, prober, &text);
    wrap_line(out, prober_name(prober), CLASS_LABELS, text.data);
}

static void write_source(const struct snapshot *snapshot,
                         const struct census_source *source, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    describe_source(snapshot, source, &text);
    wrap_line(out, prober_name(source->prober), CLASS_LABELS, text.data);
}

/* A figure that is not known yet is null. */
static json_t *known_ms(int64_t ms) {
    return ms > 0 ? json_integer(ms) : json_null();
}

/* A monotonic moment: age, and the same by the wall clock. */
static void set_moment(json_t *object, const struct snapshot *snapshot, const char *key,
                       const char *age_key, int64_t mono_ms) {
    int64_t age_ms = age_of(snapshot, mono_ms);
    json_out_set_time(object, key, snapshot->taken_wall_ms - age_ms);
    json_out_set_int(object, age_key, age_ms);
}

static json_t *class_json(const struct snapshot *snapshot, enum prober prober) {
    const struct census_class *class = &snapshot->census->classes[prober];
    json_t *object = json_object();
    json_out_set(object, "class", prober_name(prober));
    json_out_set_int(object, "count", (int64_t) class->count);
    if (class->count > 0) {
        set_moment(object, snapshot, "last_seen", "age_ms", class->last_mono_ms);
    } else {
        json_object_set_new(object, "last_seen", json_null());
        json_object_set_new(object, "age_ms", json_null());
    }
    json_object_set_new(object, "median_ms", known_ms(class->median_ms));
    json_object_set_new(object, "silent_after_ms", known_ms(class->silent_after_ms));
    json_object_set_new(object, "silent", json_boolean(class->is_silent));
    return object;
}

static json_t *source_json(const struct snapshot *snapshot,
                           const struct census_source *source) {
    json_t *object = json_object();
    json_out_set(object, "class", prober_name(source->prober));
    json_out_set(object, "address", source->address);
    json_out_set(object, "via", source->via[0] != '\0' ? source->via : NULL);
    json_out_set(object, "agent", source->agent);
    json_out_set(object, "host", source->host);
    json_out_set(object, "path", probe_path_name(source->path));
    json_out_set_int(object, "count", (int64_t)source->count);
    set_moment(object, snapshot, "first_seen", "first_age_ms", source->first_mono_ms);
    set_moment(object, snapshot, "last_seen", "age_ms", source->last_mono_ms);
    json_object_set_new(object, "median_ms", known_ms(source->median_ms));
    json_object_set_new(object, "jitter_ms",
                        source->median_ms > 0 ? json_integer(source->jitter_ms)
                                              : json_null());
    json_out_set(object, "last_answer", answer_word(source->last_answer));
    json_object_set_new(object, "last_attempt",
                        source->last_attempt > 0 ? json_integer(source->last_attempt)
                                                 : json_null());
    json_out_set_int(object, "retried", (int64_t)source->retried);
    return object;
}

void view_census_text(const struct snapshot *snapshot, struct buf *out) {
    const struct census_view *census = snapshot->census;
    text_out_head(snapshot, out);
    wrap_line(out, "share", TEXT_LABELS, DESCRIBE_SHARE);
    if (!census) {
        wrap_line(out, "", TEXT_LABELS, "nothing is counted yet");
        return;
    }
    write_silence(snapshot, out);
    buf_puts(out, "\nCLASSES\n");
    for (int i = 0; i < PROBER_COUNT; i++)
        write_class(snapshot, (enum prober)i, out);
    buf_puts(out, census->source_count > 0 ? "\nSOURCES, the newest first\n"
                                           : "\nno sources yet\n");
    for (size_t i = 0; i < census->source_count; i++)
        write_source(snapshot, &census->sources[i], out);
}

void view_census_json(const struct snapshot *snapshot, struct buf *out) {
    const struct census_view *census = snapshot->census;
    json_out_open(out);
    json_out_head(out, snapshot);
    json_out_member(out, "share", json_string(DESCRIBE_SHARE));
    json_out_open_member(out, "classes", '[');
    for (int i = 0; census && i < PROBER_COUNT; i++)
        json_out_item(out, NULL, class_json(snapshot, (enum prober)i));
    json_out_close_member(out, '[');
    json_out_open_member(out, "sources", '[');
    for (size_t i = 0; census && i < census->source_count; i++)
        json_out_item(out, NULL, source_json(snapshot, &census->sources[i]));
    json_out_close_member(out, '[');
    json_out_close(out);
}
