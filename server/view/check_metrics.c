/* Families per check. The label `check` is on all of them; what else is known about a
 * check stands once, on health_responder_check_info, to be joined. */
#include "check_metrics.h"

#include "describe.h"

#include <stddef.h>

typedef void (*check_writer)(struct expose *expose, const struct snapshot *snapshot,
                             uint32_t check);

static const char *name_of(const struct snapshot *snapshot, uint32_t check) {
    return snapshot->config->checks[check].name;
}

static void write_info(struct expose *expose, const struct snapshot *snapshot,
                       uint32_t check) {
    const struct config *config = snapshot->config;
    const struct check_config *it = &config->checks[check];
    const char *tenant =
        it->scope == SCOPE_TENANT ? config->tenants[it->tenant].name : "";
    char scope[SCOPE_TEXT_MAX];
    expose_int(expose,
               EXPOSE_LABELS("check", it->name, "type", it->type, "role",
                             check_role_name(it->role), "scope",
                             check_scope_format(config, it, scope), "tenant", tenant,
                             "severity", severity_name(it->severity)),
               1);
}

static void write_state(struct expose *expose, const struct snapshot *snapshot,
                        uint32_t check) {
    for (int i = 0; i < STATE_COUNT; i++)
        expose_int(expose,
                   EXPOSE_LABELS("check", name_of(snapshot, check), "state",
                                 check_state_name((enum check_state)i)),
                   snapshot->checks[check]->state == (enum check_state)i);
}

static void write_reason(struct expose *expose, const struct snapshot *snapshot,
                         uint32_t check) {
    enum reason reason = describe_reason(snapshot->checks[check]);
    expose_int(
        expose,
        EXPOSE_LABELS("check", name_of(snapshot, check), "reason", reason_name(reason)),
        1);
}

static void write_changed(struct expose *expose, const struct snapshot *snapshot,
                          uint32_t check) {
    expose_ms(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
              snapshot->checks[check]->since_wall_ms);
}

static void write_age(struct expose *expose, const struct snapshot *snapshot,
                      uint32_t check) {
    const struct check_record *record = snapshot->checks[check];
    if (record->last_run_wall_ms != 0)
        expose_ms(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                  snapshot->taken_mono_ms - record->last_run_mono_ms);
}

static void write_last_run(struct expose *expose, const struct snapshot *snapshot,
                           uint32_t check) {
    const struct check_record *record = snapshot->checks[check];
    if (record->last_run_wall_ms != 0)
        expose_ms(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                  record->last_run_wall_ms);
}

static void write_last_failure(struct expose *expose, const struct snapshot *snapshot,
                               uint32_t check) {
    const struct check_record *record = snapshot->checks[check];
    if (record->has_failure)
        expose_ms(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                  record->failure_wall_ms);
}

static void write_duration(struct expose *expose, const struct snapshot *snapshot,
                           uint32_t check) {
    const struct outcome *last = &snapshot->checks[check]->last;
    for (int i = 0; i < PHASE_COUNT; i++) {
        if (last->phase_us[i] >= 0)
            expose_us(expose,
                      EXPOSE_LABELS("check", name_of(snapshot, check), "phase",
                                    phase_name((enum phase)i)),
                      last->phase_us[i]);
    }
}

static void write_runs(struct expose *expose, const struct snapshot *snapshot,
                       uint32_t check) {
    expose_count(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                 snapshot->checks[check]->runs);
}

static void write_passes(struct expose *expose, const struct snapshot *snapshot,
                         uint32_t check) {
    expose_count(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                 snapshot->checks[check]->passes);
}

static void write_failures(struct expose *expose, const struct snapshot *snapshot,
                           uint32_t check) {
    expose_count(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                 snapshot->checks[check]->failures);
}

static void write_late(struct expose *expose, const struct snapshot *snapshot,
                       uint32_t check) {
    expose_count(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                 snapshot->checks[check]->late);
}

static void write_skipped(struct expose *expose, const struct snapshot *snapshot,
                          uint32_t check) {
    expose_count(expose, EXPOSE_LABELS("check", name_of(snapshot, check)),
                 snapshot->checks[check]->skipped);
}

#define CHECK(name, type, unit, help)                                                    \
    { "health_responder_check" name, type, unit, help }

/* clang-format off */
static const struct {
    struct expose_family family;
    check_writer write;
} families[] = {
    {CHECK("", EXPOSE_INFO, NULL, "What each check is."), write_info},
    {CHECK("_state", EXPOSE_GAUGE, NULL, "1 for the shown state of each check."), write_state},
    {CHECK("_reason", EXPOSE_INFO, NULL, "Reason code that explains the state of each check; NONE: its newest outcome passed."), write_reason},
    {CHECK("_changed_timestamp_seconds", EXPOSE_GAUGE, "seconds", "When the shown state of each check began."), write_changed},
    {CHECK("_age_seconds", EXPOSE_GAUGE, "seconds", "Age of the newest outcome."), write_age},
    {CHECK("_last_run_timestamp_seconds", EXPOSE_GAUGE, "seconds", "When the newest run ended."), write_last_run},
    {CHECK("_last_failure_timestamp_seconds", EXPOSE_GAUGE, "seconds", "When the newest failed run ended."), write_last_failure},
    {CHECK("_last_duration_seconds", EXPOSE_GAUGE, "seconds", "Time from the start of the newest run to the end of each phase it reached."), write_duration},
    {CHECK("_runs", EXPOSE_COUNTER, NULL, "Runs."), write_runs},
    {CHECK("_passes", EXPOSE_COUNTER, NULL, "Runs that passed."), write_passes},
    {CHECK("_failures", EXPOSE_COUNTER, NULL, "Runs that failed."), write_failures},
    {CHECK("_late", EXPOSE_COUNTER, NULL, "Answers that came after their deadline and were dropped."), write_late},
    {CHECK("_skipped", EXPOSE_COUNTER, NULL, "Starts given up because the run before was still going."), write_skipped},
};
/* clang-format on */

void check_metrics_write(struct expose *expose, const struct snapshot *snapshot) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        expose_start(expose, &families[i].family);
        for (uint32_t check = 0; check < snapshot->config->check_count; check++)
            families[i].write(expose, snapshot, check);
    }
}
