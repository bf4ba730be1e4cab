/* From a due time to a shown state: starts runs, takes their outcomes, decides when each
 * check is asked again. Judges no tenant and publishes nothing. */
#include "engine_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/board.h"
#include "engine/guard.h"
#include "engine/kin.h"
#include "engine/schedule.h"
#include "engine/slot.h"
#include "net/loop.h"

enum {
    LATE_SLACK_MS = 250,   /* an outcome this much after its timeout is dropped */
    LOST_SLACK_MS = 2000,  /* a run this much after its timeout is given up */
    STALE_LEAST_MS = 1000, /* no check is stale before, however short its interval */
    ALL_FAILING_LEAST = 3, /* checks; fewer failing together is nothing special */
};

static uint32_t failing_dependency(const struct engine *engine, const struct slot *slot) {
    for (uint32_t i = 0; i < slot->config->parent_count; i++) {
        uint32_t parent = slot->config->parents[i];
        const struct slot *other = engine->slots[parent];
        if (other->shown == STATE_FAILING)
            return parent;
        if (other->shown == STATE_BLOCKED) {
            return slot_newest(other)->blocked_by;
        }
    }
    return UINT32_MAX;
}

static int64_t stale_ms(const struct engine *engine, const struct slot *slot) {
    const struct check_timing *timing = &slot->config->timing;
    int64_t longest = timing->interval_ms > timing->down_interval_ms
                          ? timing->interval_ms
                          : timing->down_interval_ms;
    int64_t stale = longest * engine->config->engine.stale_after + timing->timeout_ms;
    return stale > STALE_LEAST_MS ? stale : STALE_LEAST_MS;
}

static void show(struct engine *engine, struct slot *slot, int64_t now_ms,
                 int64_t wall_ms) {
    uint32_t blocked_by = failing_dependency(engine, slot);
    enum check_state state =
        health_shown(&slot->health, now_ms, slot->first_ms, stale_ms(engine, slot),
                     blocked_by != UINT32_MAX);
    if (slot_show(slot, state, blocked_by, wall_ms)) {
        board_stats(engine->board)->transitions++;
        engine->judge = true;
    }
}

void runs_show_all(struct engine *engine, int64_t now_ms, int64_t wall_ms) {
    for (uint32_t i = 0; i < engine->config->check_count; i++)
        show(engine, engine->slots[engine->order[i]], now_ms, wall_ms);
}

/* Between two states each run follows the start of the one before: a run that took longer
 * than fast_interval is followed at once, not at some later beat. */
static void plan_next(struct engine *engine, struct slot *slot) {
    const struct check_timing *timing = &slot->config->timing;
    int64_t now_ms = loop_now_ms(engine->loop);
    struct check_record *draft = slot_draft(slot);
    if (health_is_moving(&slot->health)) {
        int64_t due_ms = slot->run_started_ms + timing->fast_interval_ms;
        schedule_soon(engine->schedule, slot->index, due_ms > now_ms ? due_ms : now_ms);
    } else {
        draft->skipped +=
            schedule_next(engine->schedule, slot->index, slot_interval_ms(slot),
                          timing->jitter_percent, now_ms);
    }
    draft->next_run_mono_ms = schedule_due(engine->schedule, slot->index);
    engine->dirty = true;
}

static void end_run(struct engine *engine, struct slot *slot) {
    slot->run = NULL;
    engine->in_flight--;
    plan_next(engine, slot);
}

static void drop_late(struct engine *engine, struct slot *slot, int64_t took_ms) {
    slot_draft(slot)->late++;
    board_stats(engine->board)->late++;
    log_event(LOG_LEVEL_WARN, "check_late", LOG_TEXT("check", slot->config->name),
              LOG_INT("took_ms", took_ms),
              LOG_INT("timeout_ms", slot->config->timing.timeout_ms));
}

/* When everything fails at once, the observer is the first suspect. */
static void note_failure(struct engine *engine, struct slot *slot, bool failed) {
    if (slot->last_failed != failed) {
        slot->last_failed = failed;
        engine->last_failed += failed ? 1 : -1U;
    }
    guard_note_all_failing(engine->guard,
                           engine->config->check_count >= ALL_FAILING_LEAST &&
                               engine->last_failed == engine->config->check_count);
}

/* Ask now whoever can tell whose fault this is, except who was asked a moment ago. Once
 * in an interval: a check that flaps must not drive all others at its own pace. */
static void ask_kin(struct engine *engine, struct slot *slot) {
    int64_t now_ms = loop_now_ms(engine->loop);
    if (slot->kin_asked_ms > 0 &&
        now_ms - slot->kin_asked_ms < slot->config->timing.interval_ms)
        return;
    slot->kin_asked_ms = now_ms;
    uint32_t kin[KIN_MOST];
    size_t count = kin_of(engine->kin, slot->index, kin);
    for (size_t i = 0; i < count; i++) {
        const struct slot *other = engine->slots[kin[i]];
        int64_t age_ms = now_ms - other->run_started_ms;
        if (!other->run && age_ms >= other->config->timing.fast_interval_ms)
            schedule_push(engine->schedule, kin[i]);
    }
}

static void take_outcome(struct engine *engine, struct slot *slot,
                         const struct outcome *outcome) {
    int64_t now_ms = loop_now_ms(engine->loop);
    int64_t wall_ms = clock_wall_ms();
    if (slot->health.last_ms == 0)
        engine->without_outcome--;
    note_failure(engine, slot, outcome->kind == OUTCOME_FAIL);
    bool starved = guard_is_starved(engine->guard) || reason_is_local(outcome->reason);
    slot_count(slot, outcome, starved, now_ms, wall_ms);
    if (outcome->kind == OUTCOME_FAIL && !starved && slot->health.streak == 1)
        ask_kin(engine, slot);
    if (slot->has_children)
        runs_show_all(engine, now_ms, wall_ms);
    else
        show(engine, slot, now_ms, wall_ms);
}

static void on_outcome(void *user, const struct outcome *outcome) {
    struct slot *slot = user;
    struct engine *engine = slot->engine;
    int64_t took_ms = loop_now_ms(engine->loop) - slot->run_started_ms;
    board_stats(engine->board)->runs++;
    if (took_ms > slot->config->timing.timeout_ms + LATE_SLACK_MS)
        drop_late(engine, slot, took_ms);
    else
        take_outcome(engine, slot, outcome);
    end_run(engine, slot);
    runs_start_due(engine);
}

static void start_run(struct engine *engine, struct slot *slot) {
    if (slot->run)
        return; /* asked for off its beat and still going: that run stands for this one */
    slot->run_started_ms = loop_now_ms(engine->loop);
    slot->run = slot->type->start(engine->options.env, slot->config, on_outcome, slot);
    engine->in_flight++;
}

void runs_start_due(struct engine *engine) {
    schedule_collect(engine->schedule, loop_now_ms(engine->loop));
    while (engine->in_flight < engine->config->engine.concurrency) {
        uint32_t check = schedule_pop(engine->schedule);
        if (check == SCHEDULE_NONE)
            break;
        start_run(engine, engine->slots[check]);
    }
    int64_t wait_ms = schedule_wait_ms(engine->schedule, loop_now_ms(engine->loop));
    if (wait_ms >= 0)
        loop_timer_set(engine->due_timer, wait_ms);
}

void runs_give_up_lost(struct engine *engine, int64_t now_ms) {
    for (uint32_t i = 0; i < engine->config->check_count; i++) {
        struct slot *slot = engine->slots[i];
        int64_t limit_ms = slot->config->timing.timeout_ms + LOST_SLACK_MS;
        if (slot->run && now_ms - slot->run_started_ms > limit_ms) {
            runs_cancel(engine, slot);
            drop_late(engine, slot, now_ms - slot->run_started_ms);
            plan_next(engine, slot);
        }
    }
}

void runs_cancel(struct engine *engine, struct slot *slot) {
    if (!slot->run)
        return;
    slot->type->cancel(slot->run);
    slot->run = NULL;
    engine->in_flight--;
}
