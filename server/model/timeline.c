/* The history of the process in bounded memory: a ring of events, a short list of
 * incidents, and the counted views that carry both to other threads. Never decides what
 * is an event or when an incident begins: the engine does. */
#include "model/timeline.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct timeline {
    uint64_t total;
    uint64_t incident_total;
    struct event
        *events[TIMELINE_EVENTS]; /* event `id` is at (id - 1) % TIMELINE_EVENTS */
    size_t incident_count;
    struct incident *incidents[TIMELINE_INCIDENTS]; /* oldest first */
    struct timeline_view *view; /* of the present state; NULL: not made yet */
};

static void clean(char *dst, size_t size, const char *src) {
    text_clean(dst, size, src, strlen(src));
}

static struct event *event_ref(struct event *event) {
    atomic_fetch_add_explicit(&event->refs, 1, memory_order_relaxed);
    return event;
}

static void event_unref(struct event *event) {
    if (event == NULL)
        return;
    if (atomic_fetch_sub_explicit(&event->refs, 1, memory_order_acq_rel) == 1)
        free(event);
}

static struct incident *incident_ref(struct incident *incident) {
    atomic_fetch_add_explicit(&incident->refs, 1, memory_order_relaxed);
    return incident;
}

static void incident_unref(struct incident *incident) {
    if (atomic_fetch_sub_explicit(&incident->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < incident->before_count; i++)
        event_unref(incident->before[i]);
    free(incident);
}

static void forget_view(struct timeline *timeline) {
    timeline_view_unref(timeline->view);
    timeline->view = NULL;
}

static size_t kept_events(const struct timeline *timeline) {
    return timeline->total < TIMELINE_EVENTS ? (size_t)timeline->total : TIMELINE_EVENTS;
}

/* The event that `index` others came after. */
static struct event *newest_event(const struct timeline *timeline, size_t index) {
    return timeline->events[(timeline->total - 1 - index) % TIMELINE_EVENTS];
}

/* The id of the newest event of that check, or 0. */
static uint64_t opening_event(const struct timeline *timeline, const char *check) {
    for (size_t i = 0; i < kept_events(timeline); i++) {
        const struct event *event = newest_event(timeline, i);

        if (event->kind == EVENT_CHECK && strcmp(event->subject, check) == 0)
            return event->id;
    }
    return 0;
}

/* Something was changed, by somebody or by itself; the other kinds only follow from that.
 */
static bool is_change(enum event_kind kind) {
    switch (kind) {
        case EVENT_OVERRIDE:
        case EVENT_LIFE:
        case EVENT_CONFIG:
        case EVENT_ADDRESSES:
        case EVENT_CERTIFICATE:
        case EVENT_SELF:
            return true;
        case EVENT_CHECK:
        case EVENT_TENANT:
        case EVENT_VERDICT:
        case EVENT_PROBER:
            return false;
    }
    return false;
}

static void keep_minute_before(const struct timeline *timeline, struct incident *incident,
                               int64_t mono_ms) {
    struct event *found[TIMELINE_EVENTS];
    size_t found_count = 0;
    size_t changes = 0;

    for (size_t i = 0; i < kept_events(timeline); i++) {
        struct event *event = newest_event(timeline, i);

        if (event->mono_ms < mono_ms - TIMELINE_BEFORE_MS ||
            (incident->id != 0 && event->id >= incident->id))
            continue;
        found[found_count++] = event;
        if (is_change(event->kind) && changes < TIMELINE_BEFORE)
            changes++;
    }

    size_t room_for_changes = changes;
    size_t room_for_others = TIMELINE_BEFORE - changes;

    for (size_t i = 0; i < found_count; i++) {
        size_t *room = is_change(found[i]->kind) ? &room_for_changes : &room_for_others;

        if (*room == 0)
            continue;
        (*room)--;
        incident->before[incident->before_count++] = event_ref(found[i]);
    }
}

/* The place of the check's open incident, or incident_count. */
static size_t find_open(const struct timeline *timeline, const char *check) {
    size_t i = 0;

    while (i < timeline->incident_count &&
           (timeline->incidents[i]->ended_wall_ms != 0 ||
            strcmp(timeline->incidents[i]->check, check) != 0))
        i++;
    return i;
}

static size_t incidents_of(const struct timeline *timeline, const char *check) {
    size_t count = 0;

    for (size_t i = 0; i < timeline->incident_count; i++)
        count += strcmp(timeline->incidents[i]->check, check) == 0;
    return count;
}

static void drop_incident(struct timeline *timeline) {
    size_t dropped = 0;
    size_t most = 0;

    /* Where all are open, the oldest one goes. */
    for (size_t i = 0; i < timeline->incident_count; i++) {
        const struct incident *incident = timeline->incidents[i];
        size_t count = incidents_of(timeline, incident->check);

        if (incident->ended_wall_ms != 0 && count > most) {
            dropped = i;
            most = count;
        }
    }
    incident_unref(timeline->incidents[dropped]);
    timeline->incident_count--;
    memmove(&timeline->incidents[dropped], &timeline->incidents[dropped + 1],
            (timeline->incident_count - dropped) * sizeof(struct incident *));
}

static struct timeline_view *make_view(const struct timeline *timeline) {
    struct timeline_view *view = MEM_NEW(struct timeline_view);

    atomic_init(&view->refs, 1);
    view->total = timeline->total;
    view->incident_total = timeline->incident_total;
    view->event_count = kept_events(timeline);
    view->incident_count = timeline->incident_count;
    for (size_t i = 0; i < view->event_count; i++)
        view->events[i] = event_ref(newest_event(timeline, i));
    for (size_t i = 0; i < view->incident_count; i++)
        view->incidents[i] =
            incident_ref(timeline->incidents[timeline->incident_count - 1 - i]);
    return view;
}

struct timeline *timeline_new(void) {
    return MEM_NEW(struct timeline);
}

void timeline_free(struct timeline *timeline) {
    if (timeline == NULL)
        return;
    forget_view(timeline);
    for (size_t i = 0; i < TIMELINE_EVENTS; i++)
        event_unref(timeline->events[i]);
    for (size_t i = 0; i < timeline->incident_count; i++)
        incident_unref(timeline->incidents[i]);
    free(timeline);
}

void timeline_add(struct timeline *timeline, const struct event *event) {
    struct event **place = &timeline->events[timeline->total % TIMELINE_EVENTS];
    struct event *copy = MEM_NEW(struct event);

    atomic_init(&copy->refs, 1);
    copy->id = ++timeline->total;
    copy->kind = event->kind;
    copy->wall_ms = event->wall_ms;
    copy->mono_ms = event->mono_ms;
    copy->reason = event->reason;
    clean(copy->subject, sizeof(copy->subject), event->subject);
    clean(copy->old, sizeof(copy->old), event->old);
    clean(copy->new, sizeof(copy->new), event->new);
    clean(copy->text, sizeof(copy->text), event->text);
    event_unref(*place);
    *place = copy;
    forget_view(timeline);
}

void timeline_open_incident(struct timeline *timeline, const char *check,
                            const struct outcome *first, int64_t wall_ms,
                            int64_t mono_ms) {
    char subject[TIMELINE_SUBJECT_MAX];

    clean(subject, sizeof(subject), check);
    if (find_open(timeline, subject) < timeline->incident_count)
        return;
    if (timeline->incident_count == TIMELINE_INCIDENTS)
        drop_incident(timeline);

    struct incident *incident = MEM_NEW(struct incident);

    atomic_init(&incident->refs, 1);
    incident->id = opening_event(timeline, subject);
    incident->began_wall_ms = wall_ms;
    memcpy(incident->check, subject, sizeof(subject));
    incident->first = *first;
    keep_minute_before(timeline, incident, mono_ms);
    timeline->incidents[timeline->incident_count++] = incident;
    timeline->incident_total++;
    forget_view(timeline);
}

void timeline_end_incident(struct timeline *timeline, const char *check,
                           int64_t wall_ms) {
    char subject[TIMELINE_SUBJECT_MAX];

    clean(subject, sizeof(subject), check);

    size_t place = find_open(timeline, subject);

    if (place == timeline->incident_count)
        return;

    struct incident *old = timeline->incidents[place];
    struct incident *ended = MEM_NEW(struct incident);
    const size_t start = offsetof(struct incident, id);

    /* Not the count before it: other threads change it meanwhile. */
    memcpy((char *)ended + start, (const char *)old + start, sizeof(*ended) - start);
    atomic_init(&ended->refs, 1);
    for (size_t i = 0; i < ended->before_count; i++)
        event_ref(ended->before[i]);
    ended->ended_wall_ms = wall_ms;
    timeline->incidents[place] = ended;
    incident_unref(old);
    forget_view(timeline);
}

struct timeline_view *timeline_view_get(struct timeline *timeline) {
    if (timeline->view == NULL)
        timeline->view = make_view(timeline);
    return timeline_view_ref(timeline->view);
}

struct timeline_view *timeline_view_ref(struct timeline_view *view) {
    atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
    return view;
}

void timeline_view_unref(struct timeline_view *view) {
    if (view == NULL)
        return;
    if (atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < view->event_count; i++)
        event_unref(view->events[i]);
    for (size_t i = 0; i < view->incident_count; i++)
        incident_unref(view->incidents[i]);
    free(view);
}

const char *event_kind_name(enum event_kind kind) {
    static const char *const names[EVENT_KIND_COUNT] = {
        [EVENT_CHECK] = "check",         [EVENT_TENANT] = "tenant",
        [EVENT_VERDICT] = "verdict",     [EVENT_OVERRIDE] = "override",
        [EVENT_LIFE] = "life",           [EVENT_CONFIG] = "config",
        [EVENT_ADDRESSES] = "addresses", [EVENT_CERTIFICATE] = "certificate",
        [EVENT_SELF] = "self",           [EVENT_PROBER] = "prober",
    };

    return names[kind];
}
