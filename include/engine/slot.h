/* One check inside the engine: its health, what is shown of it, and the record that tells
 * the rest of the program. No I/O and no clock: times come in. Loop thread only. */
#ifndef ENGINE_SLOT_H
#define ENGINE_SLOT_H

#include "model/health.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct check_run;
struct check_type;
struct engine;
struct history;

struct slot {
    struct engine *engine;             /* borrowed */
    struct history *history;           /* borrowed */
    const struct check_config *config; /* borrowed from the running configuration */
    const struct check_type *type;
    uint32_t index;    /* in config->checks */
    bool has_children; /* other checks depend on it */
    bool last_failed;  /* the newest outcome is a failure */

    struct health health;
    enum check_state shown;
    char serial[OUTCOME_SERIAL_MAX]; /* newest known certificate; "": none */
    int64_t first_ms;                /* monotonic: when the engine took it up */

    struct check_run *run; /* in flight, or NULL */
    int64_t run_started_ms;
    int64_t kin_asked_ms; /* monotonic, because this check began to fail; 0: never */

    struct check_record *record; /* newest published one, counted; never NULL */
    struct check_record *draft;  /* the next one, NULL while nothing changed */
};

/* A new slot, pending, with an empty record. */
struct slot *slot_new(struct engine *engine, struct history *history, int64_t now_ms,
                      int64_t wall_ms);
/* The run in flight must be gone. */
void slot_free(struct slot *slot);

/* Belong to another configuration from now on: the record is drafted anew. */
void slot_set_config(struct slot *slot, const struct check_config *config,
                     uint32_t index);

/* The record as it stands: the draft, or the published one. */
const struct check_record *slot_newest(const struct slot *slot);

/* The record to write to; a copy of the published one the first time. */
struct check_record *slot_draft(struct slot *slot);

/* Count an outcome into health and draft. Returns true when the counted state changed. */
bool slot_count(struct slot *slot, const struct outcome *outcome, bool starved,
                int64_t now_ms, int64_t wall_ms);

/* The only function that changes the shown state; logs old -> new. `blocked_by` is the
 * index of a failing dependency or UINT32_MAX. Returns true when it changed. */
bool slot_show(struct slot *slot, enum check_state state, uint32_t blocked_by,
               int64_t wall_ms);

/* The interval until the next run where the check is in a state, failing or not. */
int64_t slot_interval_ms(const struct slot *slot);

/* Publish: the draft becomes the record. Returns the record, without a new reference. */
struct check_record *slot_publish(struct slot *slot);

#endif
