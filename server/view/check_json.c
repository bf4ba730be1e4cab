/* A check's record as JSON. Owns the keys of one check; ages are counted to the moment
 * the snapshot was taken. */
#include "check_json.h"

#include "describe.h"
#include "json_out.h"

static void set_identity(json_t *object, const struct config *config,
                         const struct check_config *check) {
    char scope[SCOPE_TEXT_MAX];
    json_out_set(object, "name", check->name);
    json_out_set(object, "type", check->type);
    json_out_set(object, "role", check_role_name(check->role));
    json_out_set(object, "scope", check_scope_format(config, check, scope));
    json_out_set(object, "tenant",
                 check->scope == SCOPE_TENANT ? config->tenants[check->tenant].name
                                              : NULL);
    json_out_set(object, "severity", severity_name(check->severity));
    json_t *parents = json_array();
    for (uint32_t i = 0; i < check->parent_count; i++)
        json_array_append_new(parents,
                              json_out_text(config->checks[check->parents[i]].name));
    json_object_set_new(object, "depends_on", parents);
}

/* The shown state and what explains it. */
static void set_state(json_t *object, const struct snapshot *snapshot, uint32_t check) {
    const struct check_record *record = snapshot->checks[check];
    enum reason reason = describe_reason(record);
    json_out_set(object, "state", check_state_name(record->state));
    json_out_set(object, "counted", check_state_name(record->counted));
    json_out_set(object, "reason", reason != REASON_NONE ? reason_name(reason) : NULL);
    json_out_set(object, "blocked_by",
                 record->blocked_by != UINT32_MAX
                     ? snapshot->config->checks[record->blocked_by].name
                     : NULL);
    json_out_set_time(object, "since", record->since_wall_ms);
    bool has_run = record->last_run_wall_ms != 0;
    json_object_set_new(
        object, "age_ms",
        has_run ? json_integer(snapshot->taken_mono_ms - record->last_run_mono_ms)
                : json_null());
    json_out_set_int(object, "next_run_ms",
                     record->next_run_mono_ms - snapshot->taken_mono_ms);
}

static void set_timing(json_t *object, const struct check_timing *timing) {
    json_out_set_int(object, "rise", timing->rise);
    json_out_set_int(object, "fall", timing->fall);
    json_out_set_int(object, "interval_ms", timing->interval_ms);
    json_out_set_int(object, "fast_interval_ms", timing->fast_interval_ms);
    json_out_set_int(object, "down_interval_ms", timing->down_interval_ms);
    json_out_set_int(object, "timeout_ms", timing->timeout_ms);
}

static void set_history(json_t *object, const struct check_record *record) {
    json_out_set_int(object, "runs", (int64_t)record->runs);
    json_out_set_int(object, "passes", (int64_t)record->passes);
    json_out_set_int(object, "failures", (int64_t)record->failures);
    json_out_set_int(object, "late", (int64_t)record->late);
    json_out_set_int(object, "skipped", (int64_t)record->skipped);
    json_object_set_new(object, "last",
                        record->last_run_wall_ms != 0
                            ? outcome_json(&record->last, record->last_run_wall_ms)
                            : json_null());
    json_object_set_new(object, "failure",
                        record->has_failure
                            ? outcome_json(&record->failure, record->failure_wall_ms)
                            : json_null());
}

json_t *outcome_json(const struct outcome *outcome, int64_t wall_ms) {
    json_t *object = json_object();
    json_out_set(object, "kind", outcome_kind_name(outcome->kind));
    json_out_set(object, "reason",
                 outcome->reason != REASON_NONE ? reason_name(outcome->reason) : NULL);
    json_out_set(object, "evidence", outcome->evidence);
    json_out_set_time(object, "at", wall_ms);
    json_out_set(object, "remote", outcome->remote[0] != '\0' ? outcome->remote : NULL);
    json_object_set_new(object, "http_status",
                        outcome->http_status != 0 ? json_integer(outcome->http_status)
                                                  : json_null());
    json_out_set_int(object, "addresses_total", outcome->addresses_total);
    json_out_set_int(object, "addresses_failed", outcome->addresses_failed);
    json_out_set_int(object, "answered", outcome->answered);
    json_t *phases = json_object();
    for (int i = 0; i < PHASE_COUNT; i++) {
        if (outcome->phase_us[i] >= 0)
            json_out_set_int(phases, phase_name((enum phase)i), outcome->phase_us[i]);
    }
    json_object_set_new(object, "phases_us", phases);
    return object;
}

json_t *check_json(const struct snapshot *snapshot, uint32_t check) {
    const struct check_config *config = &snapshot->config->checks[check];
    const struct check_record *record = snapshot->checks[check];
    json_t *object = json_object();
    set_identity(object, snapshot->config, config);
    set_state(object, snapshot, check);
    json_out_set_int(object, "streak", record->streak);
    json_out_set(object, "streak_of", record->is_streak_pass ? "pass" : "fail");
    set_timing(object, &config->timing);
    set_history(object, record);
    return object;
}
