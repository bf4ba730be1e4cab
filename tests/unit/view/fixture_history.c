/* Reads descriptions of timelines and censuses. What happened goes through the timeline
 * of the server itself. */
#include "fixture_internal.h"

#include <stdio.h>

#include "base/text.h"

static void read_event(struct config *config, const json_t *json, struct event *event) {
    int64_t ago_ms = fixture_int(json, "ago_ms", 1000);
    event->kind = WORD(json, "kind", EVENT_CHECK, EVENT_KIND_COUNT, event_kind_name,
                       enum event_kind);
    event->wall_ms = FIXTURE_WALL_MS - ago_ms;
    event->mono_ms = FIXTURE_MONO_MS - ago_ms;
    event->reason =
        WORD(json, "reason", REASON_NONE, REASON_COUNT, reason_name, enum reason);
    text_copy(event->subject, sizeof event->subject,
              fixture_text(config, json, "subject", ""));
    text_copy(event->old, sizeof event->old, fixture_text(config, json, "old", ""));
    text_copy(event->new, sizeof event->new, fixture_text(config, json, "new", ""));
    text_copy(event->text, sizeof event->text, fixture_text(config, json, "text", ""));
}

static void take_step(struct config *config, struct timeline *timeline,
                      const json_t *json) {
    const char *opened = fixture_text(config, json, "opened", NULL);
    const char *ended = fixture_text(config, json, "ended", NULL);
    int64_t ago_ms = fixture_int(json, "ago_ms", 1000);
    struct event event = {0};
    struct outcome first;
    if (opened) {
        fixture_outcome(config, json_object_get(json, "first"), &first);
        timeline_open_incident(timeline, opened, &first, FIXTURE_WALL_MS - ago_ms,
                               FIXTURE_MONO_MS - ago_ms);
    } else if (ended) {
        timeline_end_incident(timeline, ended, FIXTURE_WALL_MS - ago_ms);
    } else {
        read_event(config, json, &event);
        timeline_add(timeline, &event);
    }
}

void fixture_timeline(struct snapshot *snapshot, const json_t *json) {
    if (!json)
        return;
    struct timeline *timeline = timeline_new();
    for (size_t i = 0; i < json_array_size(json); i++)
        take_step(snapshot->config, timeline, json_array_get(json, i));
    snapshot->timeline = timeline_view_get(timeline);
    timeline_free(timeline);
}

static void read_class(const json_t *json, struct census_class *class) {
    class->count = (uint64_t)fixture_int(json, "count", 0);
    if (class->count > 0)
        class->last_mono_ms = FIXTURE_MONO_MS - fixture_int(json, "ago_ms", 3000);
    class->median_ms = fixture_int(json, "median_ms", 0);
    class->silent_after_ms = fixture_int(json, "silent_after_ms", 0);
    class->is_silent = fixture_bool(json, "silent", false);
}

static void read_source(struct config *config, const json_t *json,
                        struct census_source *source) {
    source->prober =
        WORD(json, "class", PROBER_APPGW, PROBER_COUNT, prober_name, enum prober);
    source->path = WORD(json, "path", PROBE_HEALTHZ, PROBE_PATH_COUNT, probe_path_name,
                        enum probe_path);
    source->last_answer =
        WORD(json, "answer", ANSWER_HEALTHY, ANSWER_COUNT, answer_word, enum answer);
    source->count = (uint64_t)fixture_int(json, "count", 1);
    source->last_mono_ms = FIXTURE_MONO_MS - fixture_int(json, "ago_ms", 3000);
    source->first_mono_ms = FIXTURE_MONO_MS - fixture_int(json, "first_ago_ms", 4000000);
    source->last_attempt = (uint32_t)fixture_int(json, "attempt", 0);
    source->retried = (uint64_t)fixture_int(json, "retried", 0);
    source->median_ms = fixture_int(json, "median_ms", 0);
    source->jitter_ms = fixture_int(json, "jitter_ms", 0);
    text_copy(source->address, sizeof source->address,
              fixture_text(config, json, "address", "-"));
    text_copy(source->via, sizeof source->via, fixture_text(config, json, "via", ""));
    text_copy(source->agent, sizeof source->agent,
              fixture_text(config, json, "agent", ""));
    text_copy(source->host, sizeof source->host, fixture_text(config, json, "host", ""));
}

void fixture_census(struct snapshot *snapshot, const json_t *json) {
    if (!json)
        return;
    const json_t *sources = json_object_get(json, "sources");
    struct census_view *census = census_view_new();
    for (int i = 0; i < PROBER_COUNT; i++)
        read_class(json_object_get(json, prober_name((enum prober)i)),
                   &census->classes[i]);
    for (size_t i = 0; i < json_array_size(sources) && i < CENSUS_SOURCES; i++)
        read_source(snapshot->config, json_array_get(sources, i), &census->sources[i]);
    census->source_count = json_array_size(sources);
    census->taken_mono_ms = FIXTURE_MONO_MS;
    snapshot->census = census;
}
