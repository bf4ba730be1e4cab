/* Path reports as JSON. Owns the keys of /path, of /why, and of what other documents say
 * about a path. */
#include "path_json.h"

#include "base/buf.h"
#include "describe.h"
#include "json_out.h"
#include "view/path.h"

static const char *check_name(const struct path_survey *survey, uint32_t check) {
    return check != UINT32_MAX ? survey->snapshot->config->checks[check].name : NULL;
}

static const char *tenant_name(const struct path_survey *survey, uint32_t tenant) {
    return tenant != CONFIG_NO_TENANT ? survey->snapshot->config->tenants[tenant].name
                                      : NULL;
}

static json_t *hop_json(const struct path_survey *survey,
                        const struct path_report *report, enum hop hop) {
    const struct path_hop *it = &report->hops[hop];
    json_t *object = json_object();
    json_out_set(object, "hop", hop_name(hop));
    json_out_set(object, "state", path_state_name(it->state));
    json_out_set(object, "reason",
                 it->reason != REASON_NONE ? reason_name(it->reason) : NULL);
    json_out_set(object, "evidence", it->evidence);
    json_object_set_new(object, "age_ms",
                        it->age_ms >= 0 ? json_integer(it->age_ms) : json_null());
    json_out_set(object, "check", check_name(survey, it->check));
    return object;
}

/* All but the hops. */
static json_t *report_json(const struct path_survey *survey,
                           const struct path_report *report) {
    const struct snapshot *snapshot = survey->snapshot;
    json_t *object = json_object();
    json_out_set(object, "tenant", tenant_name(survey, report->tenant));
    json_out_set(object, "state", tenant_state_name(report->state));
    path_json_set(object, survey, report);
    const struct tenant_record *record =
        report->tenant != CONFIG_NO_TENANT ? &snapshot->tenants[report->tenant] : NULL;
    json_out_set(object, "verdict",
                 record ? tenant_state_name(record->status.state) : NULL);
    json_out_set_time(object, "since", record ? record->since_wall_ms : 0);
    return object;
}

static json_t *whole_json(const struct path_survey *survey, uint32_t tenant) {
    struct path_report report;
    path_diagnose(survey, tenant, &report);
    json_t *object = report_json(survey, &report);
    json_t *hops = json_array();
    for (int i = 0; i < HOP_COUNT; i++)
        json_array_append_new(hops, hop_json(survey, &report, (enum hop)i));
    json_object_set_new(object, "hops", hops);
    return object;
}

static void write_one(const struct path_survey *survey, uint32_t tenant,
                      struct buf *out) {
    struct path_report report;
    path_diagnose(survey, tenant, &report);
    json_out_members(out, report_json(survey, &report));
    json_out_open_member(out, "hops", '[');
    for (int i = 0; i < HOP_COUNT; i++)
        json_out_item(out, NULL, hop_json(survey, &report, (enum hop)i));
    json_out_close_member(out, '[');
}

static void write_all(const struct path_survey *survey, struct buf *out) {
    json_out_open_member(out, "paths", '[');
    for (uint32_t i = 0; i < survey->snapshot->config->tenant_count; i++)
        json_out_item(out, NULL, whole_json(survey, i));
    json_out_close_member(out, '[');
    json_out_member(out, "shared", whole_json(survey, CONFIG_NO_TENANT));
}

void path_json_set(json_t *object, const struct path_survey *survey,
                   const struct path_report *report) {
    bool is_broken = report->is_broken;
    char owner[PATH_OWNER_MAX];
    json_out_set(object, "broken_hop", is_broken ? hop_name(report->broken_hop) : NULL);
    json_out_set(object, "owner", is_broken ? path_owner(survey, report, owner) : NULL);
    json_out_set(object, "reason", is_broken ? reason_name(report->reason) : NULL);
    json_out_set(object, "summary", report->summary);
    json_out_set(object, "next_step", report->next_step);
    json_out_set(object, "rule", is_broken ? report->rule : NULL);
}

json_t *path_json_cause(const struct view_diagnosis *diagnosis) {
    const struct path_survey *survey = &diagnosis->survey;
    const struct path_report *cause = &diagnosis->cause;
    if (!cause->is_broken)
        return json_null();
    const struct path_hop *hop = &cause->hops[cause->broken_hop];
    json_t *object = json_object();
    json_out_set(object, "tenant", tenant_name(survey, cause->tenant));
    json_out_set(object, "state", path_state_name(hop->state));
    path_json_set(object, survey, cause);
    json_out_set(object, "evidence", hop->evidence);
    json_out_set(object, "check", check_name(survey, hop->check));
    json_out_set_time(object, "since",
                      hop->check != UINT32_MAX
                          ? survey->snapshot->checks[hop->check]->since_wall_ms
                          : 0);
    return object;
}

void view_path_json(const struct view_diagnosis *diagnosis, uint32_t tenant,
                    struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    json_out_open(out);
    json_out_head(out, survey->snapshot);
    if (tenant != CONFIG_NO_TENANT)
        write_one(survey, tenant, out);
    else
        write_all(survey, out);
    json_out_close(out);
}

void view_why_json(const struct view_diagnosis *diagnosis, struct buf *out) {
    BUF_AUTO struct buf why = {0};
    describe_why(diagnosis, &why);
    json_out_open(out);
    json_out_head(out, diagnosis->survey.snapshot);
    json_out_member(out, "why", json_out_text(why.data));
    json_out_member(out, "root_cause", path_json_cause(diagnosis));
    json_out_close(out);
}
