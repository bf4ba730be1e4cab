/* A run of a check type that asks addresses: the target is looked up, one address or
 * every one is asked, and what they said becomes one outcome. A type only knows how to
 * ask one address. Inside this layer; loop thread only. */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

#include "base/addr.h"
#include "check/check.h"
#include "model/config.h"
#include "model/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct target_lookup;
struct check_run;

/* One address being asked. */
struct attempt {
    struct check_run *run;
    struct addr addr;
    int64_t started_us;
    void *asked; /* what `ask` returned; NULL once it has ended */
};

struct run_type {
    /* Start to ask; attempt_end is called once, later, never before this returns. */
    void *(*ask)(struct attempt *attempt, int64_t timeout_ms);
    void (*cancel)(void *asked); /* attempt_end will not be called; NULL is fine */
};

struct check_run {
    const struct check_env *env; /* borrowed, outlives the run */
    const struct run_type *type;
    const void *question; /* the type's own copy of its options; in the arena */
    struct check_timing timing;
    struct arena *arena;
    check_done *done;
    void *user;
    bool every_address;
    int64_t started_us;
    int64_t name_us;              /* -1: the target is no name */
    struct target_lookup *lookup; /* NULL once it has ended */
    struct attempt *attempts;     /* in address order; in the arena */
    size_t attempt_count;
    size_t open_count;
    size_t reported;        /* the attempt whose outcome is the worst so far */
    struct outcome outcome; /* that one, with the counts of all */
};

/* A run that has not begun; the type puts its question into run->arena. */
struct check_run *run_new(const struct check_env *env, const struct check_config *config,
                          check_done *done, void *user);
/* Begin; `target` as in target_lookup_start. Of several addresses the first is asked, so
 * that a run is one attempt at one address, unless `every_address`. */
void run_start(struct check_run *run, const struct run_type *type, const char *target,
               bool every_address);
void run_cancel(struct check_run *run);

/* Hand in what an address said: kind, reason, evidence, http_status, phases from the
 * start of the attempt, and in `answered` 1 if it sent at least one byte. The attempt is
 * gone, perhaps the run too. */
void attempt_end(struct attempt *attempt, const struct outcome *outcome);

/* Whole milliseconds for people; never 0, which would read as nothing measured. */
int64_t attempt_shown_ms(int64_t us);

#endif
