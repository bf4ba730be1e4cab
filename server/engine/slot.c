/* The life of one check between outcomes and records.
 *
 * Owns rise, fall and what is shown; never starts a run and never decides a verdict. */
#include "engine/slot.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slot *slot_new(struct engine *engine, struct history *history, int64_t now_ms,
                      int64_t wall_ms) {
    struct slot *slot = MEM_NEW(struct slot);
    slot->engine = engine;
    slot->history = history;
    slot->first_ms = now_ms;
    slot->shown = STATE_PENDING;
    slot->record = check_record_new();
    slot->record->since_wall_ms = wall_ms;
    slot->record->blocked_by = UINT32_MAX;
    outcome_init(&slot->record->last);
    outcome_init(&slot->record->failure);
    return slot;
}

void slot_free(struct slot *slot) {
    assert(!slot->run);
    check_record_unref(slot->record);
    check_record_unref(slot->draft);
    free(slot);
}

void slot_set_config(struct slot *slot, const struct check_config *config,
                     uint32_t index) {
    slot->config = config;
    slot->index = index;
    slot->has_children = false;
    slot_draft(slot)->config = config;
}

const struct check_record *slot_newest(const struct slot *slot) {
    return slot->draft ? slot->draft : slot->record;
}

struct check_record *slot_draft(struct slot *slot) {
    if (!slot->draft)
        slot->draft = check_record_copy(slot->record);
    return slot->draft;
}

/* A failed run in between has no serial; the newest known one is compared. */
static void note_certificate(struct slot *slot, const struct outcome *outcome) {
    if (!outcome->serial[0] || strcmp(slot->serial, outcome->serial) == 0)
        return;
    if (slot->serial[0]) {
        log_event(LOG_LEVEL_INFO, "certificate", LOG_TEXT("check", slot->config->name),
                  LOG_TEXT("old", slot->serial), LOG_TEXT("new", outcome->serial));
        const struct happening happening = {.kind = EVENT_CERTIFICATE,
                                            .subject = slot->config->name,
                                            .old = slot->serial,
                                            .new = outcome->serial,
                                            .text = outcome->evidence};
        history_note(slot->history, &happening);
    }
    text_copy(slot->serial, sizeof slot->serial, outcome->serial);
}

bool slot_count(struct slot *slot, const struct outcome *outcome, bool starved,
                int64_t now_ms, int64_t wall_ms) {
    const struct check_timing *timing = &slot->config->timing;
    struct check_record *draft = slot_draft(slot);
    bool changed =
        health_count(&slot->health, outcome, timing->rise, timing->fall, starved, now_ms);
    draft->counted = slot->health.counted;
    draft->streak = slot->health.streak;
    draft->is_streak_pass = slot->health.is_streak_pass;
    note_certificate(slot, outcome);
    draft->last = *outcome;
    draft->last_run_mono_ms = now_ms;
    draft->last_run_wall_ms = wall_ms;
    draft->runs++;
    if (starved)
        return changed; /* says more about us than about the target */
    if (outcome->kind == OUTCOME_FAIL) {
        draft->failures++;
        draft->has_failure = true;
        draft->failure = *outcome;
        draft->failure_wall_ms = wall_ms;
    } else if (outcome->kind != OUTCOME_UNAVAILABLE) {
        draft->passes++;
    }
    return changed;
}

bool slot_show(struct slot *slot, enum check_state state, uint32_t blocked_by,
               int64_t wall_ms) {
    if (slot_newest(slot)->blocked_by != blocked_by)
        slot_draft(slot)->blocked_by = blocked_by;
    if (slot->shown == state)
        return false;
    struct check_record *draft = slot_draft(slot);
    const struct outcome *last = &draft->last;
    log_event(state == STATE_FAILING ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "check_state",
              LOG_TEXT("check", slot->config->name),
              LOG_TEXT("old", check_state_name(slot->shown)),
              LOG_TEXT("new", check_state_name(state)),
              LOG_TEXT("reason", last->reason ? reason_name(last->reason) : NULL),
              LOG_TEXT("remote", last->remote), LOG_TEXT("evidence", last->evidence));
    const struct happening happening = {.kind = EVENT_CHECK,
                                        .subject = slot->config->name,
                                        .old = check_state_name(slot->shown),
                                        .new = check_state_name(state),
                                        .reason = last->reason,
                                        .text = last->evidence};
    history_note(slot->history, &happening);
    if (state == STATE_FAILING)
        history_open_incident(slot->history, slot->config->name, last);
    else if (state == STATE_PASSING)
        history_end_incident(slot->history, slot->config->name);
    slot->shown = state;
    draft->state = state;
    draft->since_wall_ms = wall_ms;
    return true;
}

int64_t slot_interval_ms(const struct slot *slot) {
    const struct check_timing *timing = &slot->config->timing;
    return slot->health.counted == STATE_FAILING ? timing->down_interval_ms
                                                 : timing->interval_ms;
}

struct check_record *slot_publish(struct slot *slot) {
    if (slot->draft) {
        check_record_unref(slot->record);
        slot->record = slot->draft;
        slot->draft = NULL;
    }
    return slot->record;
}
