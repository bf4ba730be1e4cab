/* What changed and what failed: the newest events in one bounded ring, and incidents
 * apart from them, so that successes and noise never push a failure out.
 *
 * A timeline belongs to the engine's thread. What leaves it is a timeline_view:
 * immutable, counted, sharing its events and incidents with other views; any thread may
 * read and release one that it holds a reference to. */
#ifndef MODEL_TIMELINE_H
#define MODEL_TIMELINE_H

#include "model/outcome.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TIMELINE_EVENTS = 256,
    TIMELINE_INCIDENTS = 32,
    TIMELINE_BEFORE = 16, /* events an incident keeps from the minute before it */
    TIMELINE_BEFORE_MS = 60 * 1000,
    TIMELINE_SUBJECT_MAX = 136,
    TIMELINE_VALUE_MAX = 128,
};

enum event_kind {
    EVENT_CHECK,       /* a check's shown state */
    EVENT_TENANT,      /* a tenant's state */
    EVENT_VERDICT,     /* what /healthz says */
    EVENT_OVERRIDE,    /* began or ended */
    EVENT_LIFE,        /* starting, ready, draining */
    EVENT_CONFIG,      /* loaded, refused, restored */
    EVENT_ADDRESSES,   /* the set of addresses of a name */
    EVENT_CERTIFICATE, /* another serial number is served */
    EVENT_SELF,        /* starved, recovered */
    EVENT_PROBER,      /* a class of probers fell silent, or came back */
};
enum { EVENT_KIND_COUNT = 10 };

/* Immutable after timeline_add. Each text is one line without control bytes. */
struct event {
    atomic_uint refs;
    uint64_t id; /* 1, 2, ...: never used twice in a process */
    enum event_kind kind;
    int64_t wall_ms;
    int64_t mono_ms;
    enum reason reason;                 /* REASON_NONE where none applies */
    char subject[TIMELINE_SUBJECT_MAX]; /* check, tenant, name; "" for the whole */
    char old[TIMELINE_VALUE_MAX];
    char new[TIMELINE_VALUE_MAX];
    char text[OUTCOME_EVIDENCE_MAX]; /* evidence */
};

/* A check's failure from its first evidence to its end. Immutable: one that ends is
 * replaced in later views. */
struct incident {
    atomic_uint refs;
    uint64_t id; /* of the event that opened it; 0: there was none */
    int64_t began_wall_ms;
    int64_t ended_wall_ms; /* 0: still going on */
    char check[TIMELINE_SUBJECT_MAX];
    struct outcome first; /* the outcome that turned the check to failing */
    size_t before_count;
    struct event *before[TIMELINE_BEFORE]; /* the minute before, newest first, counted */
};

struct timeline_view {
    atomic_uint refs;
    uint64_t total;          /* events since start, the ones pushed out included */
    uint64_t incident_total; /* the same of incidents */
    size_t event_count;
    size_t incident_count;
    struct event *events[TIMELINE_EVENTS];          /* newest first, counted */
    struct incident *incidents[TIMELINE_INCIDENTS]; /* newest first, counted */
};

struct timeline;

struct timeline *timeline_new(void);
void timeline_free(struct timeline *timeline); /* views live on; NULL is fine */

/* Add a copy of `event`; its id and refs are set here, its texts cleaned. */
void timeline_add(struct timeline *timeline, const struct event *event);

/* Open an incident for the check (nothing if one is open already). Call it after
 * timeline_add of the check's own event: the newest EVENT_CHECK of that subject is the
 * one that opened it, and what the incident keeps is what came before that. Where the
 * minute before holds more than TIMELINE_BEFORE events, changes (configuration,
 * addresses, certificates, override, life, our own state) stay rather than other checks'
 * results: they are the likelier causes.
 *
 * A full list lets a finished incident go before an open one; of finished ones that of
 * the check which has the most, so that a flapping check pushes out its own; then the
 * oldest. */
void timeline_open_incident(struct timeline *timeline, const char *check,
                            const struct outcome *first, int64_t wall_ms,
                            int64_t mono_ms);
/* End the check's open incident; nothing if there is none. */
void timeline_end_incident(struct timeline *timeline, const char *check, int64_t wall_ms);

/* The newest view, with a new reference; the same one while nothing changed. */
struct timeline_view *timeline_view_get(struct timeline *timeline);
struct timeline_view *timeline_view_ref(struct timeline_view *view);
void timeline_view_unref(struct timeline_view *view); /* NULL is fine; any thread */

const char *event_kind_name(enum event_kind kind); /* "check", "tenant", ... */

#endif
