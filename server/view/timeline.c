/* The timeline for a terminal and for programs. Owns the order (open incidents, ended
 * ones, events) and the keys; what is kept is model/timeline's. Never colours. */
#include "view/timeline.h"

#include "base/buf.h"
#include "check_json.h"
#include "describe_history.h"
#include "json_out.h"
#include "text_out.h"
#include "wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    DATE_LEN = 10,     /* of an RFC 3339 time; a T follows */
    EVENT_LABELS = 26, /* column where text starts behind time and kind */
};

static const char *time_of_day(int64_t wall_ms, char out[CLOCK_TEXT_MAX]) {
    return text_when(wall_ms, out) + DATE_LEN + 1;
}

static bool wants_incident(const struct view_query *query,
                           const struct snapshot *snapshot,
                           const struct incident *incident, bool is_open) {
    return (incident->ended_wall_ms == 0) == is_open &&
           view_wants_event(query, snapshot, EVENT_CHECK, incident->check);
}

/* One line; `indent` columns before the time. */
static void write_event(const struct event *event, size_t indent, const char *label,
                        struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    BUF_AUTO struct buf head = {0};
    BUF_AUTO struct buf text = {0};
    buf_printf(&head, "%-*s%s %s", (int)indent, label, time_of_day(event->wall_ms, clock),
               event_kind_name(event->kind));
    describe_event(event, &text);
    wrap_line(out, head.data, indent + EVENT_LABELS, text.data);
}

static void write_incident(const struct snapshot *snapshot,
                           const struct incident *incident, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "%s since %s", incident->check,
               text_when(incident->began_wall_ms, clock));
    if (incident->ended_wall_ms == 0)
        buf_printf(&text, ", for %s", text_ago(snapshot, incident->began_wall_ms, age));
    else
        buf_printf(&text, ", ended after %s",
                   describe_age(incident->ended_wall_ms - incident->began_wall_ms, age));
    wrap_line(out, incident->ended_wall_ms == 0 ? "OPEN" : "ended", TEXT_LABELS,
              text.data);
    buf_clear(&text);
    describe_first(incident, &text);
    wrap_line(out, "  first", TEXT_LABELS, text.data);
    for (size_t i = 0; i < incident->before_count; i++)
        write_event(incident->before[i], TEXT_LABELS, i == 0 ? "  before" : "", out);
}

static void write_incidents(const struct snapshot *snapshot,
                            const struct view_query *query, struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    bool is_first = true;
    for (int is_open = 1; is_open >= 0; is_open--) {
        for (size_t i = 0; i < timeline->incident_count; i++) {
            if (!wants_incident(query, snapshot, timeline->incidents[i], is_open))
                continue;
            buf_puts(out, is_first ? "\nINCIDENTS\n" : "");
            is_first = false;
            write_incident(snapshot, timeline->incidents[i], out);
        }
    }
    if (is_first)
        buf_puts(out, "\nno incidents\n");
}

static void write_events(const struct snapshot *snapshot, const struct view_query *query,
                         struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    char clock[CLOCK_TEXT_MAX];
    char date[DATE_LEN + 1] = "";
    for (size_t i = 0; i < timeline->event_count; i++) {
        const struct event *event = timeline->events[i];
        if (!view_wants_event(query, snapshot, event->kind, event->subject))
            continue;
        text_when(event->wall_ms, clock);
        if (strncmp(clock, date, DATE_LEN) != 0) {
            snprintf(date, sizeof date, "%.*s", DATE_LEN, clock);
            buf_printf(out, "\nEVENTS of %s\n", date);
        }
        write_event(event, 0, "", out);
    }
    if (date[0] == '\0')
        buf_puts(out, "\nno events\n");
}

static json_t *event_json(const struct event *event) {
    json_t *object = json_object();
    json_out_set_int(object, "id", (int64_t)event->id);
    json_out_set(object, "kind", event_kind_name(event->kind));
    json_out_set_time(object, "at", event->wall_ms);
    json_out_set(object, "subject", event->subject);
    json_out_set(object, "old", event->old);
    json_out_set(object, "new", event->new);
    json_out_set(object, "reason",
                 event->reason != REASON_NONE ? reason_name(event->reason) : NULL);
    json_out_set(object, "text", event->text);
    return object;
}

static json_t *incident_json(const struct incident *incident) {
    json_t *object = json_object();
    json_out_set_int(object, "id", (int64_t)incident->id);
    json_out_set(object, "check", incident->check);
    json_out_set_time(object, "began", incident->began_wall_ms);
    json_out_set_time(object, "ended", incident->ended_wall_ms);
    json_object_set_new(object, "first",
                        outcome_json(&incident->first, incident->began_wall_ms));
    json_t *before = json_array();
    for (size_t i = 0; i < incident->before_count; i++)
        json_array_append_new(before, event_json(incident->before[i]));
    json_object_set_new(object, "before", before);
    return object;
}

static void write_json_lists(const struct snapshot *snapshot,
                             const struct view_query *query, struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    json_out_open_member(out, "incidents", '[');
    for (int is_open = 1; timeline && is_open >= 0; is_open--) {
        for (size_t i = 0; i < timeline->incident_count; i++) {
            if (wants_incident(query, snapshot, timeline->incidents[i], is_open))
                json_out_item(out, NULL, incident_json(timeline->incidents[i]));
        }
    }
    json_out_close_member(out, '[');
    json_out_open_member(out, "events", '[');
    for (size_t i = 0; timeline && i < timeline->event_count; i++) {
        const struct event *event = timeline->events[i];
        if (view_wants_event(query, snapshot, event->kind, event->subject))
            json_out_item(out, NULL, event_json(event));
    }
    json_out_close_member(out, '[');
}

void view_timeline_text(const struct snapshot *snapshot, const struct view_query *query,
                        struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    char clock[CLOCK_TEXT_MAX];
    text_out_head(snapshot, out);
    wrap_printf(out, "happened", TEXT_LABELS,
                "%" PRIu64 " events and %" PRIu64 " incidents since %s; the newest %d "
                "and %d are kept",
                timeline ? timeline->total : 0, timeline ? timeline->incident_total : 0,
                text_when(snapshot->started_wall_ms, clock), TIMELINE_EVENTS,
                TIMELINE_INCIDENTS);
    if (!timeline)
        return;
    write_incidents(snapshot, query, out);
    write_events(snapshot, query, out);
}

void view_timeline_json(const struct snapshot *snapshot, const struct view_query *query,
                        struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    json_out_open(out);
    json_out_head(out, snapshot);
    json_out_member(out, "started", json_out_time(snapshot->started_wall_ms));
    json_out_member(out, "event_total",
                    json_integer(timeline ? (int64_t)timeline->total : 0));
    json_out_member(out, "incident_total",
                    json_integer(timeline ? (int64_t)timeline->incident_total : 0));
    write_json_lists(snapshot, query, out);
    json_out_close(out);
}
