/* The engine's whole picture. Owns tenants, verdicts and life; knows no check's insides
 * and starts nothing. */
#include "engine/board.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/history.h"

#include <stdlib.h>
#include <string.h>

struct board {
    const char *instance;
    struct history *history; /* borrowed */
    struct config *config;
    enum life life;
    int64_t started_wall_ms;
    enum check_state *states; /* the shown ones, as verdict_compute wants them */
    struct tenant_status *judged;
    struct tenant_record *tenants;
    struct verdicts verdicts;
    int64_t verdict_since_wall_ms;
    struct self_status self;
    struct engine_stats stats;
    struct reload_stats reload;
    char **errors; /* of the refused file, owned */
};

static void free_errors(struct board *board) {
    for (size_t i = 0; i < board->reload.errors.count; i++)
        free(board->errors[i]);
    free(board->errors);
    board->errors = NULL;
}

static void enter_verdict(struct board *board, enum verdict old, enum verdict new,
                          int64_t wall_ms) {
    board->verdict_since_wall_ms = wall_ms;
    log_event(new == VERDICT_HEALTHY ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "verdict",
              LOG_TEXT("old", verdict_name(old)), LOG_TEXT("new", verdict_name(new)),
              LOG_TEXT("policy", policy_name(board->config->verdict.policy)),
              LOG_BOOL("override", board->verdicts.override_active));
    const struct happening happening = {
        .kind = EVENT_VERDICT, .old = verdict_name(old), .new = verdict_name(new)};
    history_note(board->history, &happening);
}

/* The only function that changes a tenant's state. */
static bool enter_tenant(struct board *board, uint32_t tenant, int64_t wall_ms) {
    struct tenant_record *record = &board->tenants[tenant];
    struct tenant_status status = board->judged[tenant];
    if (record->status.state == status.state) {
        bool moved = record->status.decided_by != status.decided_by;
        record->status = status;
        return moved;
    }
    const struct check_config *decided = NULL;
    if (status.decided_by != UINT32_MAX)
        decided = &board->config->checks[status.decided_by];
    log_event(status.state == TENANT_HEALTHY ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
              "tenant_state", LOG_TEXT("tenant", board->config->tenants[tenant].name),
              LOG_TEXT("old", tenant_state_name(record->status.state)),
              LOG_TEXT("new", tenant_state_name(status.state)),
              LOG_TEXT("check", decided ? decided->name : NULL));
    const struct happening happening = {.kind = EVENT_TENANT,
                                        .subject = board->config->tenants[tenant].name,
                                        .old = tenant_state_name(record->status.state),
                                        .new = tenant_state_name(status.state),
                                        .text = decided ? decided->name : NULL};
    history_note(board->history, &happening);
    record->status = status;
    record->since_wall_ms = wall_ms;
    return true;
}

static void note_override(const struct board *board) {
    const struct override_config *override = &board->config->verdict.override;
    bool is_active = board->verdicts.override_active;
    log_event(LOG_LEVEL_WARN, "override", LOG_BOOL("active", is_active),
              LOG_TEXT("verdict", verdict_name(override->verdict)),
              LOG_TEXT("reason", override->reason));
    const struct happening happening = {.kind = EVENT_OVERRIDE,
                                        .old = is_active ? "none" : "active",
                                        .new = is_active ? verdict_name(override->verdict)
                                                         : "none",
                                        .text = override->reason};
    history_note(board->history, &happening);
}

struct board *board_new(const char *instance, struct history *history, int64_t wall_ms) {
    struct board *board = MEM_NEW(struct board);
    board->instance = instance;
    board->history = history;
    board->life = LIFE_STARTING;
    board->started_wall_ms = wall_ms;
    board->verdict_since_wall_ms = wall_ms;
    board->self.sign = "fine";
    return board;
}

void board_free(struct board *board) {
    free_errors(board);
    free(board->states);
    free(board->judged);
    free(board->tenants);
    config_unref(board->config);
    free(board);
}

void board_set_config(struct board *board, struct config *config, int64_t wall_ms) {
    struct tenant_record *tenants = mem_alloc(config->tenant_count, sizeof *tenants);
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        tenants[i].status = (struct tenant_status){TENANT_DEGRADED, UINT32_MAX};
        tenants[i].since_wall_ms = wall_ms;
        uint32_t old = CONFIG_NO_TENANT;
        if (board->config)
            old = config_find_tenant(board->config, config->tenants[i].name);
        if (old != CONFIG_NO_TENANT) {
            tenants[i] = board->tenants[old];
            tenants[i].status.decided_by = UINT32_MAX;
        }
    }
    free(board->tenants);
    board->tenants = tenants;
    free(board->states);
    board->states = mem_alloc(config->check_count, sizeof *board->states);
    free(board->judged);
    board->judged = mem_alloc(config->tenant_count, sizeof *board->judged);
    const struct happening happening = {.kind = EVENT_CONFIG,
                                        .subject = config->file,
                                        .old = board->config ? board->config->hash : NULL,
                                        .new = config->hash};
    history_note(board->history, &happening);
    config_ref(config);
    config_unref(board->config);
    board->config = config;
}

void board_enter_life(struct board *board, enum life life) {
    if (board->life == life)
        return;
    log_event(LOG_LEVEL_INFO, "life", LOG_TEXT("old", life_name(board->life)),
              LOG_TEXT("new", life_name(life)));
    const struct happening happening = {
        .kind = EVENT_LIFE, .old = life_name(board->life), .new = life_name(life)};
    history_note(board->history, &happening);
    board->life = life;
}

enum life board_life(const struct board *board) {
    return board->life;
}

void board_set_reload(struct board *board, const struct reload_stats *reload) {
    if (reload->refused != board->reload.refused) {
        const struct happening happening = {
            .kind = EVENT_CONFIG,
            .new = "refused",
            .text = reload->errors.count > 0 ? reload->errors.items[0] : NULL};
        history_note(board->history, &happening);
    }
    free_errors(board);
    board->reload = *reload;
    board->errors = mem_alloc(reload->errors.count, sizeof *board->errors);
    for (size_t i = 0; i < reload->errors.count; i++)
        board->errors[i] = mem_copy_text(reload->errors.items[i]);
}

void board_set_self(struct board *board, const struct self_status *self) {
    if (strcmp(board->self.sign, self->sign) != 0) {
        const struct happening happening = {.kind = EVENT_SELF,
                                            .old = board->self.sign,
                                            .new = self->sign,
                                            .text = self->text};
        history_note(board->history, &happening);
    }
    board->self = *self;
}

struct engine_stats *board_stats(struct board *board) {
    return &board->stats;
}

bool board_judge(struct board *board, struct slot *const *slots, int64_t wall_ms) {
    const struct config *config = board->config;
    for (uint32_t i = 0; i < config->check_count; i++)
        board->states[i] = verdict_weighed(slots[i]->config, slots[i]->shown,
                                           slot_newest(slots[i])->last.kind);
    struct verdict_input input = {
        .config = config,
        .states = board->states,
        .is_starting = board->life == LIFE_STARTING,
        .is_self_degraded = board->self.is_degraded,
        .wall_ms = wall_ms,
    };
    struct verdicts old = board->verdicts;
    verdict_compute(&input, board->judged, &board->verdicts);

    bool changed = false;
    for (uint32_t i = 0; i < config->tenant_count; i++)
        changed |= enter_tenant(board, i, wall_ms);
    if (old.answer != board->verdicts.answer)
        enter_verdict(board, old.answer, board->verdicts.answer, wall_ms);
    if (old.override_active != board->verdicts.override_active) {
        note_override(board);
        changed = true;
    }
    for (int i = 0; i < POLICY_COUNT; i++)
        changed |= old.by_policy[i] != board->verdicts.by_policy[i];
    return changed || old.answer != board->verdicts.answer;
}

struct snapshot *board_snapshot(struct board *board, struct slot *const *slots,
                                int64_t now_ms, int64_t wall_ms) {
    struct snapshot *snapshot = snapshot_new(board->config);
    snapshot->instance = board->instance;
    snapshot->started_wall_ms = board->started_wall_ms;
    snapshot->taken_wall_ms = wall_ms;
    snapshot->taken_mono_ms = now_ms;
    snapshot->life = board->life;
    snapshot->verdicts = board->verdicts;
    snapshot->verdict_since_wall_ms = board->verdict_since_wall_ms;
    snapshot->timeline = history_timeline(board->history);
    snapshot->census = history_census(board->history);
    snapshot->self = board->self;
    snapshot->engine = board->stats;
    snapshot->reload = board->reload;
    snapshot->reload.errors = (struct text_list){0};
    snapshot_set_errors(snapshot, (const char *const *)board->errors,
                        board->reload.errors.count);
    for (uint32_t i = 0; i < board->config->check_count; i++)
        snapshot->checks[i] = check_record_ref(slot_publish(slots[i]));
    if (board->config->tenant_count > 0) {
        memcpy(snapshot->tenants, board->tenants,
               board->config->tenant_count * sizeof *board->tenants);
    }
    return snapshot;
}
