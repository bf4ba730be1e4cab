/* The engine on its loop: takes over configurations, looks at time and at itself,
 * publishes at the end of the turn. Owns the running configuration's slots, schedule and
 * board. Rules live elsewhere: when in schedule, from a due time to a state in runs, what
 * an outcome does in slot, what it means in board and model. */
#include "engine_internal.h"

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
    SWEEP_MS = 250, /* stale states, refreshed snapshots, figures */
    CLOCK_JUMP_MS = 1000,
};

static const char CGROUP_FOLDER[] = "/sys/fs/cgroup";

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

static void on_due(void *user) {
    runs_start_due(user);
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
    runs_give_up_lost(engine, now_ms);
    runs_show_all(engine, now_ms, clock_wall_ms());
    grow_ready(engine, now_ms);
    /* Time alone ends an override. */
    if (board_judge(engine->board, engine->slots, clock_wall_ms()))
        engine->changed = true;
    if (engine->dirty && !engine->changed && !engine->judge)
        publish(engine, false);
    runs_start_due(engine);
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
    runs_start_due(engine);
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
    runs_cancel(engine, slot);
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
    runs_show_all(engine, now_ms, wall_ms);
    grow_ready(engine, now_ms);
    runs_start_due(engine);
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
