/* Our JSON schema: the whole and the configuration. Owns the order of the outer members;
 * the checks' own keys are in check_json.c. */
#include "view/status_json.h"

#include "base/buf.h"
#include "check_json.h"
#include "describe.h"
#include "json_out.h"
#include "path_json.h"

#include <string.h>

static json_t *policies_json(const struct verdicts *verdicts) {
    json_t *object = json_object();
    for (int i = 0; i < POLICY_COUNT; i++)
        json_out_set(object, policy_name((enum policy)i),
                     verdict_name(verdicts->by_policy[i]));
    return object;
}

static json_t *tenant_json(const struct path_survey *survey, uint32_t tenant) {
    const struct snapshot *snapshot = survey->snapshot;
    const struct tenant_config *config = &snapshot->config->tenants[tenant];
    const struct tenant_record *record = &snapshot->tenants[tenant];
    uint32_t decided_by = record->status.decided_by;
    struct path_report report;
    path_diagnose(survey, tenant, &report);
    json_t *object = json_object();
    json_out_set(object, "name", config->name);
    json_out_set(object, "state", tenant_state_name(record->status.state));
    json_out_set_time(object, "since", record->since_wall_ms);
    json_object_set_new(object, "critical", json_boolean(config->critical));
    json_out_set(object, "route", config->route);
    json_out_set(object, "decided_by",
                 decided_by != UINT32_MAX ? snapshot->config->checks[decided_by].name
                                          : NULL);
    path_json_set(object, survey, &report);
    return object;
}

static json_t *self_json(const struct self_status *self) {
    json_t *object = json_object();
    json_object_set_new(object, "starved", json_boolean(self->is_starved));
    json_object_set_new(object, "degraded", json_boolean(self->is_degraded));
    json_out_set(object, "sign", self->sign);
    json_out_set(object, "text", self->text);
    return object;
}

static json_t *engine_json(const struct engine_stats *engine) {
    json_t *object = json_object();
    json_out_set_int(object, "turns", (int64_t)engine->turns);
    json_out_set_int(object, "longest_turn_us", engine->longest_turn_us);
    json_out_set_int(object, "lag_us", engine->lag_us);
    json_out_set_int(object, "longest_lag_us", engine->longest_lag_us);
    json_out_set_int(object, "in_flight", engine->in_flight);
    json_out_set_int(object, "queued", engine->queued);
    json_out_set_int(object, "runs", (int64_t)engine->runs);
    json_out_set_int(object, "late", (int64_t)engine->late);
    json_out_set_int(object, "commands_refused", (int64_t)engine->commands_refused);
    json_out_set_int(object, "transitions", (int64_t)engine->transitions);
    json_out_set_int(object, "clock_jumps", (int64_t)engine->clock_jumps);
    return object;
}

static json_t *reload_json(const struct reload_stats *reload) {
    json_t *object = json_object();
    json_object_set_new(object, "last_ok", json_boolean(reload->last_ok));
    json_out_set_int(object, "loaded", (int64_t)reload->loaded);
    json_out_set_int(object, "refused", (int64_t)reload->refused);
    json_out_set_time(object, "refused_at", reload->refused_wall_ms);
    json_t *errors = json_array();
    for (size_t i = 0; i < reload->errors.count; i++)
        json_array_append_new(errors, json_out_text(reload->errors.items[i]));
    json_object_set_new(object, "errors", errors);
    return object;
}

/* Which configuration runs: its file, generation and time. */
static json_t *generation_json(const struct snapshot *snapshot) {
    json_t *object = json_object();
    json_out_set(object, "file", snapshot->config->file);
    json_out_set(object, "hash", snapshot->config->hash);
    json_out_set_time(object, "loaded", snapshot->reload.loaded_wall_ms);
    return object;
}

static void write_verdict(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    const struct verdicts *verdicts = &snapshot->verdicts;
    BUF_AUTO struct buf why = {0};
    describe_why(diagnosis, &why);
    json_out_member(out, "verdict", json_string(verdict_name(verdicts->answer)));
    json_out_member(out, "since", json_out_time(snapshot->verdict_since_wall_ms));
    json_out_member(out, "why", json_out_text(why.data));
    json_out_member(out, "policy",
                    json_string(policy_name(snapshot->config->verdict.policy)));
    json_out_member(out, "policies", policies_json(verdicts));
    json_out_member(out, "critical_tenants", json_integer(verdicts->critical_tenants));
    json_out_member(out, "critical_up", json_integer(verdicts->critical_up));
    json_out_member(out, "root_cause", path_json_cause(diagnosis));
}

void view_status_json(const struct view_diagnosis *diagnosis,
                      const struct view_query *query, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    const struct config *config = snapshot->config;
    json_out_open(out);
    json_out_head(out, snapshot);
    json_out_member(out, "started", json_out_time(snapshot->started_wall_ms));
    json_out_member(out, "life", json_string(life_name(snapshot->life)));
    write_verdict(diagnosis, out);
    json_out_member(out, "config", generation_json(snapshot));
    json_out_member(out, "reload", reload_json(&snapshot->reload));
    json_out_member(out, "self", self_json(&snapshot->self));
    json_out_member(out, "engine", engine_json(&snapshot->engine));
    json_out_open_member(out, "tenants", '[');
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        if (!query || !query->tenant ||
            strcmp(query->tenant, config->tenants[i].name) == 0)
            json_out_item(out, NULL, tenant_json(&diagnosis->survey, i));
    }
    json_out_close_member(out, '[');
    json_out_open_member(out, "checks", '[');
    for (uint32_t i = 0; i < config->check_count; i++) {
        if (view_wants_check(query, snapshot, i))
            json_out_item(out, NULL, check_json(snapshot, i));
    }
    json_out_close_member(out, '[');
    json_out_close(out);
}

void view_check_json(const struct view_diagnosis *diagnosis, uint32_t check,
                     struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    struct path_report report;
    path_diagnose(survey, survey->snapshot->config->checks[check].tenant, &report);
    json_t *path = json_object();
    path_json_set(path, survey, &report);
    json_out_open(out);
    json_out_head(out, survey->snapshot);
    json_out_members(out, check_json(survey->snapshot, check));
    json_out_member(out, "path", path);
    json_out_close(out);
}

void view_config_json(const struct snapshot *snapshot, struct buf *out) {
    json_out_open(out);
    json_out_head(out, snapshot);
    json_out_members(out, generation_json(snapshot));
    json_out_member(out, "reload", reload_json(&snapshot->reload));
    const char *effective = snapshot->config->effective;
    json_out_raw(out, "config", effective ? effective : "null");
    json_out_close(out);
}
