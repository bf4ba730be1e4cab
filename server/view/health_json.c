/* application/health+json. Owns how our states map to pass, warn and fail, and which
 * routes a check that does not pass affects. The draft's "status" of a check is read as
 * the status its examples show, not as the "output" its text says by mistake. */
#include "view/health_json.h"

#include "base/buf.h"
#include "describe.h"
#include "json_out.h"

#include <string.h>

static const char *verdict_status(enum verdict verdict) {
    static const char *const words[VERDICT_COUNT] = {
        [VERDICT_HEALTHY] = "pass",
        [VERDICT_DEGRADED] = "warn",
        [VERDICT_UNHEALTHY] = "fail",
    };

    return words[verdict];
}

static const char *check_status(const struct check_config *check,
                                const struct check_record *record) {
    if (record->state == STATE_FAILING && check->severity == SEVERITY_CRITICAL)
        return "fail";
    if (record->state == STATE_PASSING && record->last.kind != OUTCOME_WARN)
        return "pass";
    return "warn";
}

/* "/app2" becomes "/app2/{rest}". */
static json_t *route_template(const char *route) {
    BUF_AUTO struct buf text = {0};
    size_t len = strlen(route);
    if (len > 0 && route[len - 1] == '/')
        len--;
    buf_append(&text, route, len);
    buf_puts(&text, "/{rest}");
    return json_out_text(text.data);
}

/* Routes of the tenants that are not healthy and that this check speaks for. */
static void set_affected(json_t *object, const struct snapshot *snapshot,
                         const struct check_config *check) {
    const struct config *config = snapshot->config;
    bool is_of_tenant = check->scope == SCOPE_TENANT;
    uint32_t first = is_of_tenant ? check->tenant : 0;
    uint32_t end = is_of_tenant ? check->tenant + 1 : config->tenant_count;
    json_t *routes = json_array();
    for (uint32_t i = first; i < end; i++) {
        if (snapshot->tenants[i].status.state != TENANT_HEALTHY &&
            config->tenants[i].route)
            json_array_append_new(routes, route_template(config->tenants[i].route));
    }
    if (json_array_size(routes) > 0)
        json_object_set(object, "affectedEndpoints", routes);
    json_decref(routes);
}

static json_t *entry_json(const struct snapshot *snapshot, uint32_t check) {
    const struct check_config *config = &snapshot->config->checks[check];
    const struct check_record *record = snapshot->checks[check];
    const char *status = check_status(config, record);
    enum reason reason = describe_reason(record);
    json_t *object = json_object();
    json_out_set(object, "componentId", config->name);
    json_out_set(object, "componentType",
                 config->scope == SCOPE_SELF ? "system" : "component");
    if (record->last.phase_us[PHASE_TOTAL] >= 0) {
        json_out_set_int(object, "observedValue", record->last.phase_us[PHASE_TOTAL]);
        json_out_set(object, "observedUnit", "us");
    }
    json_out_set(object, "status", status);
    json_out_set(object, "state", check_state_name(record->state));
    json_out_set_time(object, "since", record->since_wall_ms);
    if (record->last_run_wall_ms != 0)
        json_out_set_time(object, "time", record->last_run_wall_ms);
    if (reason != REASON_NONE)
        json_out_set(object, "reason", reason_name(reason));
    if (strcmp(status, "pass") != 0) {
        BUF_AUTO struct buf output = {0};
        describe_evidence(snapshot, check, &output);
        set_affected(object, snapshot, config);
        if (output.len > 0)
            json_out_set(object, "output", output.data);
    }
    json_t *entries = json_array();
    json_array_append_new(entries, object);
    return entries;
}

static json_t *notes_json(const struct snapshot *snapshot) {
    json_t *notes = json_array();
    BUF_AUTO struct buf pod = {0};
    buf_printf(&pod, "seen by pod %s", snapshot->instance);
    json_array_append_new(notes, json_out_text(pod.data));
    BUF_AUTO struct buf override = {0};
    if (describe_override(snapshot, &override))
        json_array_append_new(notes, json_out_text(override.data));
    if (!snapshot->reload.last_ok)
        json_array_append_new(
            notes, json_string("the last configuration was refused, see /config"));
    return notes;
}

void view_status_health_json(const struct view_diagnosis *diagnosis,
                             const struct view_query *query, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    enum verdict verdict = snapshot->verdicts.answer;
    json_out_open(out);
    json_out_member(out, "status", json_string(verdict_status(verdict)));
    json_out_member(out, "version", json_string("1"));
    json_out_member(out, "releaseId", json_string(HR_VERSION));
    json_out_member(out, "serviceId", json_out_text(snapshot->instance));
    json_out_member(out, "description",
                    json_string("the path from Application Gateway to the tenants"));
    json_out_member(out, "notes", notes_json(snapshot));
    if (verdict != VERDICT_HEALTHY) {
        BUF_AUTO struct buf why = {0};
        describe_why(diagnosis, &why);
        json_out_member(out, "output", json_out_text(why.data));
    }
    json_out_open_member(out, "checks", '{');
    for (uint32_t i = 0; i < snapshot->config->check_count; i++) {
        if (!view_wants_check(query, snapshot, i))
            continue;
        BUF_AUTO struct buf key = {0};
        buf_printf(&key, "%s:responseTime", snapshot->config->checks[i].name);
        json_out_item(out, key.data, entry_json(snapshot, i));
    }
    json_out_close_member(out, '{');
    json_out_member(out, "links", json_pack("{s:s}", "about", "/status"));
    json_out_close(out);
}

int view_status_health_code(const struct snapshot *snapshot) {
    return snapshot->verdicts.answer == VERDICT_UNHEALTHY ? 503 : 200;
}
