/* The engine on its loop: starts due checks, takes their outcomes, publishes at the end
 * of the turn. Owns the running configuration's slots, schedule and board. Rules live
 * elsewhere: when in schedule, what an outcome does in slot, what it means in board and
 * model. */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/board.h"
#include "engine/commands.h"
#include "engine/guard.h"
#include "engine/history.h"
#include "engine/kin.h"
#include "engine/plan.h"
#include "engine/pods.h"
#include "engine/schedule.h"
#include "engine/slot.h"
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_MS = 250,        /* stale states, refreshed snapshots, figures */
    LATE_SLACK_MS = 250,   /* an outcome this much after its timeout is dropped */
    LOST_SLACK_MS = 2000,  /* a run this much after its timeout is given up */
    STALE_LEAST_MS = 1000, /* no check is stale before, however short its interval */
    CLOCK_JUMP_MS = 1000,
    ALL_FAILING_LEAST = 3, /* checks; fewer failing together is nothing special */
};

static const char CGROUP_FOLDER[] = "/sys/fs/cgroup";

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

static void show_all(struct engine *engine, int64_t now_ms, int64_t wall_ms) {
    for (uint32_t i = 0; i < engine->config->check_count; i++)
        show(engine, engine->slots[engine->order[i]], now_ms, wall_ms);
}

static void publish(struct engine *engine, bool changed) {
    struct engine_stats *stats = board_stats(engine->board);
    struct loop_figures figures = loop_figures(engine->loop);
    stats->turns = figures.turns;
    stats->longest_turn_us = figures.longest_turn_us;
    stats->in_flight = engine->in_flight;
    stats->queued = (int)schedule_queued(engine->schedule);
    stats->commands_refused = commands_refused(engine->commands);

    struct snapshot *snapshot = board_snapshot(
        engine->board, engine->slots, loop_now_ms(engine->loop), clock_wall_ms());
    snapshot_unref(engine->published);
    engine->published = snapshot;
    engine->dirty = false;
    engine->changed = false;
    engine->options.on_publish(engine->options.user, snapshot, changed);
}

static void on_turn_end(void *user) {
    struct engine *engine = user;
    if (!engine->config)
        return;
    if (engine->judge) {
        engine->judge = false;
        board_judge(engine->board, engine->slots, clock_wall_ms());
        engine->changed = true;
    }
    if (engine->changed)
        publish(engine, true);
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

static void start_due(struct engine *engine);

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

/* Ask now whoever can tell whose fault this is, except who was asked a moment ago. */
static void ask_kin(struct engine *engine, const struct slot *slot) {
    uint32_t kin[KIN_MOST];
    size_t count = kin_of(engine->kin, slot->index, kin);
    int64_t now_ms = loop_now_ms(engine->loop);
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
        show_all(engine, now_ms, wall_ms);
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
    start_due(engine);
}

static void start_run(struct engine *engine, struct slot *slot) {
    if (slot->run)
        return; /* asked for off its beat and still going: that run stands for this one */
    slot->run_started_ms = loop_now_ms(engine->loop);
    slot->run = slot->type->start(engine->options.env, slot->config, on_outcome, slot);
    engine->in_flight++;
}

static void start_due(struct engine *engine) {
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

static void on_due(void *user) {
    start_due(user);
}

static void give_up_lost_runs(struct engine *engine, int64_t now_ms) {
    for (uint32_t i = 0; i < engine->config->check_count; i++) {
        struct slot *slot = engine->slots[i];
        int64_t limit_ms = slot->config->timing.timeout_ms + LOST_SLACK_MS;
        if (slot->run && now_ms - slot->run_started_ms > limit_ms) {
            slot->type->cancel(slot->run);
            drop_late(engine, slot, now_ms - slot->run_started_ms);
            end_run(engine, slot);
        }
    }
}

static void measure_lag(struct engine *engine) {
    struct engine_stats *stats = board_stats(engine->board);
    int64_t now_us = clock_mono_us();
    stats->lag_us = now_us > engine->sweep_due_us ? now_us - engine->sweep_due_us : 0;
    if (stats->lag_us > stats->longest_lag_us)
        stats->longest_lag_us = stats->lag_us;
    guard_note_lag(engine->guard, stats->lag_us);
    int64_t offset_ms = clock_wall_ms() - now_us / 1000;
    int64_t jump_ms = offset_ms - engine->wall_offset_ms;
    if (jump_ms > CLOCK_JUMP_MS || jump_ms < -CLOCK_JUMP_MS) {
        stats->clock_jumps++;
        log_event(LOG_LEVEL_WARN, "clock_jump", LOG_INT("by_ms", jump_ms));
    }
    engine->wall_offset_ms = offset_ms;
}

static void look_at_self(struct engine *engine) {
    struct self_status self = {.is_starved = guard_is_starved(engine->guard),
                               .is_degraded = guard_is_degraded(engine->guard),
                               .sign = guard_sign_name(guard_sign(engine->guard))};
    text_copy(self.text, sizeof self.text, guard_text(engine->guard));
    board_set_self(engine->board, &self);
}

static void arm_sweep(struct engine *engine) {
    engine->sweep_due_us = clock_mono_us() + (int64_t)SWEEP_MS * 1000;
    loop_timer_set(engine->sweep_timer, SWEEP_MS);
}

static void grow_ready(struct engine *engine, int64_t now_ms) {
    int64_t grace_ms = engine->config->verdict.start_grace_ms;
    if (board_life(engine->board) != LIFE_STARTING || engine->config->is_stand_in)
        return;
    if (engine->without_outcome == 0 || now_ms - engine->applied_ms >= grace_ms) {
        board_enter_life(engine->board, LIFE_READY);
        engine->judge = true;
    }
}

static void on_sweep(void *user) {
    struct engine *engine = user;
    int64_t now_ms = loop_now_ms(engine->loop);
    measure_lag(engine);
    look_at_self(engine);
    give_up_lost_runs(engine, now_ms);
    show_all(engine, now_ms, clock_wall_ms());
    grow_ready(engine, now_ms);
    /* Time alone ends an override. */
    if (board_judge(engine->board, engine->slots, clock_wall_ms()))
        engine->changed = true;
    if (engine->dirty && !engine->changed && !engine->judge)
        publish(engine, false);
    start_due(engine);
    arm_sweep(engine);
}

static void on_wake(void *user) {
    struct engine *engine = user;
    char *name;
    while ((name = commands_take(engine->commands))) {
        uint32_t check = config_find_check(engine->config, name);
        if (check != UINT32_MAX)
            schedule_push(engine->schedule, check);
        free(name);
    }
    start_due(engine);
}

struct engine *engine_new(const struct engine_options *options) {
    struct engine *engine = MEM_NEW(struct engine);
    engine->options = *options;
    engine->loop = options->env->loop;
    engine->history = history_new();
    engine->pods = pods_new(options->env, engine->history);
    engine->board = board_new(options->instance, engine->history, clock_wall_ms());
    engine->commands = commands_new();
    const struct guard_options guard = {.loop = engine->loop,
                                        .http = options->env->http,
                                        .canary = options->env->own_listener_count > 0
                                                      ? options->env->own_listeners
                                                      : NULL,
                                        .cgroup_folder = CGROUP_FOLDER};
    engine->guard = guard_new(&guard);
    engine->wake = loop_wake_new(engine->loop, on_wake, engine);
    engine->due_timer = loop_timer_new(engine->loop, on_due, engine);
    engine->sweep_timer = loop_timer_new(engine->loop, on_sweep, engine);
    engine->wall_offset_ms = clock_wall_ms() - clock_mono_ms();
    loop_on_turn_end(engine->loop, on_turn_end, engine);
    return engine;
}

static void retire_slot(struct engine *engine, struct slot *slot) {
    if (slot->run) {
        slot->type->cancel(slot->run);
        slot->run = NULL;
        engine->in_flight--;
    }
    slot_free(slot);
}

void engine_free(struct engine *engine) {
    loop_on_turn_end(engine->loop, NULL, NULL);
    guard_free(engine->guard);
    loop_wake_free(engine->wake);
    loop_timer_free(engine->due_timer);
    loop_timer_free(engine->sweep_timer);
    for (uint32_t i = 0; engine->config && i < engine->config->check_count; i++)
        retire_slot(engine, engine->slots[i]);
    free(engine->slots);
    free(engine->order);
    kin_free(engine->kin);
    schedule_free(engine->schedule);
    commands_free(engine->commands);
    snapshot_unref(engine->published);
    pods_free(engine->pods);
    board_free(engine->board);
    history_free(engine->history);
    config_unref(engine->config);
    free(engine);
}

/* The slot that an equal check had in the old configuration, or NULL. Checks mostly keep
 * their place, so the search starts there. */
static struct slot *take_equal_slot(struct engine *engine, const struct config *next,
                                    uint32_t index) {
    const struct config *old = engine->config;
    if (!old || old->check_count == 0)
        return NULL;
    uint32_t at = index;
    if (at >= old->check_count ||
        strcmp(old->checks[at].name, next->checks[index].name) != 0)
        at = config_find_check(old, next->checks[index].name);
    if (at == UINT32_MAX || !engine->slots[at] ||
        !engine->options.same_check(old, at, next, index))
        return NULL;
    struct slot *slot = engine->slots[at];
    engine->slots[at] = NULL;
    return slot;
}

void engine_apply(struct engine *engine, struct config *config) {
    int64_t now_ms = loop_now_ms(engine->loop);
    int64_t wall_ms = clock_wall_ms();
    struct slot **slots = mem_alloc(config->check_count, sizeof(struct slot *));
    struct schedule *schedule = plan_schedule(config, engine->options.instance);
    engine->without_outcome = 0;
    engine->last_failed = 0;
    for (uint32_t i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];
        struct slot *slot = take_equal_slot(engine, config, i);
        if (slot) {
            schedule_adopt(schedule, i, engine->schedule, slot->index);
        } else {
            slot = slot_new(engine, engine->history, now_ms, wall_ms);
            schedule_first(schedule, i, check->name, check->timing.interval_ms, now_ms);
        }
        slot->type = engine->options.find_type(check->type);
        slot_set_config(slot, check, i);
        slots[i] = slot;
        engine->without_outcome += slot->health.last_ms == 0;
        engine->last_failed += slot->last_failed;
    }
    for (uint32_t i = 0; i < config->check_count; i++)
        for (uint32_t p = 0; p < config->checks[i].parent_count; p++)
            slots[config->checks[i].parents[p]]->has_children = true;
    for (uint32_t i = 0; engine->config && i < engine->config->check_count; i++)
        if (engine->slots[i])
            retire_slot(engine, engine->slots[i]);
    free(engine->slots);
    free(engine->order);
    kin_free(engine->kin);
    schedule_free(engine->schedule);
    board_set_config(engine->board, config, wall_ms);
    if (!engine->config)
        arm_sweep(engine);
    if (!engine->config || engine->config->is_stand_in)
        engine->applied_ms = now_ms;
    config_ref(config);
    config_unref(engine->config);
    engine->config = config;
    engine->options.env->config = config;
    history_set_config(engine->history, config);
    pods_set_config(engine->pods, config);
    engine->slots = slots;
    engine->order = plan_order(config);
    engine->kin = kin_new(config);
    engine->schedule = schedule;
    engine->judge = true;
    show_all(engine, now_ms, wall_ms);
    grow_ready(engine, now_ms);
    start_due(engine);
}

void engine_set_reload(struct engine *engine, const struct reload_stats *reload) {
    board_set_reload(engine->board, reload);
    engine->changed = true;
}

void engine_set_draining(struct engine *engine) {
    board_enter_life(engine->board, LIFE_DRAINING);
    engine->judge = true;
}

void engine_count_arrivals(struct engine *engine, const struct arrival *arrivals,
                           size_t count) {
    history_count(engine->history, arrivals, count);
}

void engine_look_at_probers(struct engine *engine) {
    history_look(engine->history);
    engine->dirty = true;
}

const struct snapshot *engine_snapshot(const struct engine *engine) {
    return engine->published;
}

enum engine_run_request engine_request_run(struct engine *engine, const char *check) {
    if (!commands_add(engine->commands, check, clock_mono_ms()))
        return ENGINE_RUN_LIMITED;
    loop_wake_send(engine->wake);
    return ENGINE_RUN_QUEUED;
}
