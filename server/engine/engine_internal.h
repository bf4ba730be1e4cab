/* What the files of the engine share: its one struct, and the part that runs checks
 * (runs.c) as engine.c calls it. */
#ifndef ENGINE_ENGINE_INTERNAL_H
#define ENGINE_ENGINE_INTERNAL_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct board;
struct commands;
struct guard;
struct history;
struct kin;
struct loop;
struct loop_timer;
struct loop_wake;
struct pods;
struct schedule;
struct slot;

struct engine {
    struct engine_options options;
    struct loop *loop; /* borrowed from options.env */
    struct config *config;
    struct slot **slots; /* one per config->checks */
    uint32_t *order;     /* check indices, dependencies before dependents */
    struct kin *kin;
    struct schedule *schedule;
    struct board *board;
    struct history *history;
    struct pods *pods;
    struct commands *commands;
    struct guard *guard;
    struct loop_wake *wake;
    struct loop_timer *due_timer;
    struct loop_timer *sweep_timer;
    int64_t applied_ms;       /* monotonic: first real configuration */
    uint32_t without_outcome; /* slots that never had one */
    uint32_t last_failed;     /* slots whose newest outcome is a failure */
    int in_flight;
    bool judge;   /* a shown state may have changed: verdicts at the end of the turn */
    bool changed; /* publish at the end of the turn */
    bool dirty;   /* publish at the next sweep */
    int64_t sweep_due_us;
    int64_t wall_offset_ms; /* wall minus monotonic clock */
    struct snapshot *published;
};

/* Start what is due, as far as the cap allows, and wait for the next. */
void runs_start_due(struct engine *engine);

/* Cancel the runs that never ended. */
void runs_give_up_lost(struct engine *engine, int64_t now_ms);

/* Cancel the run in flight, if there is one. */
void runs_cancel(struct engine *engine, struct slot *slot);

/* Look at every check: what time and dependencies make of its counted state. */
void runs_show_all(struct engine *engine, int64_t now_ms, int64_t wall_ms);

#endif
