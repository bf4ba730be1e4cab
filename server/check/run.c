/* Runs of check types that ask addresses. Owns the run, its deadline and the rule by
 * which the outcomes of several addresses become one; never judges what an address said.
 */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "check/target.h"

/* How much an outcome says against the check; the worst of all addresses is reported. */
static const int badness[] = {[OUTCOME_PASS] = 0,
                              [OUTCOME_WARN] = 1,
                              [OUTCOME_UNAVAILABLE] = 2,
                              [OUTCOME_FAIL] = 3};

static void free_run(struct check_run *run) {
    arena_free(run->arena);
    free(run);
}

/* The run is gone before `done` hears of it: the engine may start the next one from
 * there. */
static void finish(struct check_run *run) {
    struct outcome outcome = run->outcome;
    check_done *done = run->done;
    void *user = run->user;
    outcome.phase_us[PHASE_NAME] = run->name_us;
    outcome.phase_us[PHASE_TOTAL] = clock_mono_us() - run->started_us;
    free_run(run);
    done(user, &outcome);
}

static int64_t left_ms(const struct check_run *run) {
    int64_t used_ms = (clock_mono_us() - run->started_us) / 1000;
    int64_t left = run->timing.timeout_ms - used_ms;
    return left > 0 ? left : 1;
}

static void on_lookup(void *user, const struct target_result *result) {
    struct check_run *run = user;
    run->lookup = NULL;
    run->name_us = result->name_us;
    if (result->count == 0) {
        run->outcome = *result->outcome;
        finish(run);
        return;
    }
    run->attempt_count = run->every_address ? result->count : 1;
    run->open_count = run->attempt_count;
    run->outcome.addresses_total = (int)run->attempt_count;
    run->attempts = arena_alloc(run->arena, run->attempt_count, sizeof *run->attempts);
    for (size_t i = 0; i < run->attempt_count; i++) {
        struct attempt *attempt = &run->attempts[i];
        attempt->run = run;
        attempt->addr = result->addrs[i];
        attempt->started_us = clock_mono_us();
        attempt->asked = run->type->ask(attempt, left_ms(run));
    }
}

/* Count from the start of the run instead of the attempt's. */
static void shift_phases(struct outcome *outcome, int64_t offset_us) {
    for (int i = PHASE_CONNECT; i < PHASE_TOTAL; i++) {
        if (outcome->phase_us[i] >= 0)
            outcome->phase_us[i] += offset_us;
    }
}

/* Of equally bad outcomes the one of the first address is reported, whatever ended first.
 */
static void take_outcome(struct check_run *run, const struct attempt *attempt,
                         const struct outcome *outcome) {
    struct outcome *kept = &run->outcome;
    size_t index = (size_t)(attempt - run->attempts);
    int answered = kept->answered + outcome->answered;
    int failed = kept->addresses_failed + (outcome->kind == OUTCOME_FAIL ? 1 : 0);
    bool is_first = run->open_count == run->attempt_count;
    int worse = badness[outcome->kind] - badness[kept->kind];
    if (is_first || worse > 0 || (worse == 0 && index < run->reported)) {
        int total = kept->addresses_total;
        *kept = *outcome;
        kept->addresses_total = total;
        shift_phases(kept, attempt->started_us - run->started_us);
        addr_format(&attempt->addr, kept->remote);
        run->reported = index;
    }
    kept->answered = answered;
    kept->addresses_failed = failed;
}

/* Evidence of several addresses says how many, and which one is quoted. */
static void add_counts(struct outcome *outcome) {
    char text[OUTCOME_EVIDENCE_MAX + OUTCOME_REMOTE_MAX + 64];
    if (outcome->addresses_failed > 0)
        snprintf(text, sizeof text, "%d of %d addresses failed; %s: %s",
                 outcome->addresses_failed, outcome->addresses_total, outcome->remote,
                 outcome->evidence);
    else
        snprintf(text, sizeof text, "%d addresses; %s: %s", outcome->addresses_total,
                 outcome->remote, outcome->evidence);
    text_copy(outcome->evidence, sizeof outcome->evidence, text);
}

struct check_run *run_new(const struct check_env *env, const struct check_config *config,
                          check_done *done, void *user) {
    struct check_run *run = MEM_NEW(struct check_run);
    run->env = env;
    run->timing = config->timing;
    run->arena = arena_new();
    run->done = done;
    run->user = user;
    run->started_us = clock_mono_us();
    run->name_us = -1;
    outcome_init(&run->outcome);
    return run;
}

void run_start(struct check_run *run, const struct run_type *type, const char *target,
               bool every_address) {
    run->type = type;
    run->every_address = every_address;
    run->lookup =
        target_lookup_start(run->env, target, run->timing.timeout_ms, on_lookup, run);
}

void run_cancel(struct check_run *run) {
    target_lookup_cancel(run->lookup);
    for (size_t i = 0; i < run->attempt_count; i++)
        run->type->cancel(run->attempts[i].asked);
    free_run(run);
}

void attempt_end(struct attempt *attempt, const struct outcome *outcome) {
    struct check_run *run = attempt->run;
    attempt->asked = NULL;
    take_outcome(run, attempt, outcome);
    if (--run->open_count > 0)
        return;
    if (run->attempt_count > 1)
        add_counts(&run->outcome);
    finish(run);
}

int64_t attempt_shown_ms(int64_t us) {
    return us > 0 ? (us + 999) / 1000 : 1;
}
