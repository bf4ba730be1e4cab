/* What the engine knows as a whole: shown states, tenants, verdicts, its own life and
 * figures; and the snapshot made of them. No I/O: times come in. Loop thread only. */
#ifndef ENGINE_BOARD_H
#define ENGINE_BOARD_H

#include "engine/slot.h"
#include "model/config.h"
#include "model/snapshot.h"
#include "model/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct board;
struct history;

/* `history` is borrowed and told of every change. */
struct board *board_new(const char *instance, struct history *history, int64_t wall_ms);
void board_free(struct board *board);

/* Judge this configuration from now on; takes a reference. Tenants of the same name keep
 * the time since when they are in their state. */
void board_set_config(struct board *board, struct config *config, int64_t wall_ms);

/* The only function that changes the engine's life; logs old -> new. */
void board_enter_life(struct board *board, enum life life);
enum life board_life(const struct board *board);

/* Copies the error texts. */
void board_set_reload(struct board *board, const struct reload_stats *reload);

/* How we are doing ourselves, for the next judgement and snapshot. */
void board_set_self(struct board *board, const struct self_status *self);

struct engine_stats *board_stats(struct board *board);

/* Fold the slots' shown states into tenants and verdicts; logs what changed, old -> new.
 * Returns true when anything did. */
bool board_judge(struct board *board, struct slot *const *slots, int64_t wall_ms);

/* A snapshot with one reference; publishes every slot's draft. */
struct snapshot *board_snapshot(struct board *board, struct slot *const *slots,
                                int64_t now_ms, int64_t wall_ms);

#endif
