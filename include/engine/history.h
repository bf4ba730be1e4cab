/* What happened and who asked: the engine's timeline and census, and the views of both
 * that go into snapshots. No I/O; loop thread only. */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "model/arrival.h"
#include "model/census.h"
#include "model/config.h"
#include "model/outcome.h"
#include "model/timeline.h"

#include <stddef.h>
#include <stdint.h>

struct history;

/* NULL texts are empty ones. */
struct happening {
    enum event_kind kind;
    const char *subject;
    const char *old;
    const char *new;
    enum reason reason;
    const char *text;
};

struct history *history_new(void);
void history_free(struct history *history);

/* Put it on the timeline, now. */
void history_note(struct history *history, const struct happening *happening);

/* A check turned to failing with this outcome; the check is fine again. Behind the note
 * of the check's own change. */
void history_open_incident(struct history *history, const char *check,
                           const struct outcome *first);
void history_end_incident(struct history *history, const char *check);

/* Who is who in the census from now on. */
void history_set_config(struct history *history, const struct config *config);

/* The addresses of gateway pods; another set than before is an event of `name`. */
void history_set_gateway(struct history *history, const char *name,
                         const struct addr *addrs, size_t count);

void history_count(struct history *history, const struct arrival *arrivals, size_t count);

/* Look for silent probers and make the census' view anew; about once a second. */
void history_look(struct history *history);

/* The newest views, each with a new reference. */
struct timeline_view *history_timeline(struct history *history);
struct census_view *history_census(struct history *history);

#endif
