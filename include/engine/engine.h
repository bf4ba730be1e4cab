/* The engine: runs every check at its rate, turns outcomes into states and states into
 * verdicts, and publishes what it knows. It does not know who reads.
 *
 * Belongs to the loop's thread, except engine_request_run. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "check/check.h"
#include "model/arrival.h"
#include "model/config.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct engine_options {
    struct check_env *env; /* borrowed; `config` in it is set by engine_apply */
    const struct check_type *(*find_type)(
        const char *name); /* check_type_find, or a test's */
    /* Equal checks keep their state and schedule over engine_apply. */
    bool (*same_check)(const struct config *a, uint32_t a_index, const struct config *b,
                       uint32_t b_index);
    const char *instance; /* this pod's name; borrowed */
    /* A new snapshot, at the end of the turn that changed a state, a verdict, the life or
     * the configuration (`changed`), and at most every 250 ms otherwise. It is borrowed:
     * who keeps it takes a reference. */
    void (*on_publish)(void *user, struct snapshot *snapshot, bool changed);
    void *user;
};

enum engine_run_request {
    ENGINE_RUN_QUEUED,
    ENGINE_RUN_LIMITED, /* too many requests waiting, or asked again too soon */
};

struct engine *engine_new(const struct engine_options *options);
/* Cancels every run. */
void engine_free(struct engine *engine);

/* Take over a configuration (one reference is taken); the first call starts the checks.
 */
void engine_apply(struct engine *engine, struct config *config);

/* What the next snapshots say about loads of the configuration; `errors` is copied. */
void engine_set_reload(struct engine *engine, const struct reload_stats *reload);

/* /readyz says draining from now on. Checks go on. */
void engine_set_draining(struct engine *engine);

/* Count who has probed. */
void engine_count_arrivals(struct engine *engine, const struct arrival *arrivals,
                           size_t count);
/* Notice who fell silent, and refresh what snapshots say about probers; once a second. */
void engine_look_at_probers(struct engine *engine);

/* The newest published snapshot, borrowed until the loop goes on; NULL before the first.
 */
const struct snapshot *engine_snapshot(const struct engine *engine);

/* Run a check as soon as a place is free, off its schedule, which does not move. From any
 * thread; names a check that the caller found in a snapshot, a vanished one is ignored.
 */
enum engine_run_request engine_request_run(struct engine *engine, const char *check);

#endif
