/* Text for a terminal. Owns the order of what a person reads first; the words come from
 * describe.c and text_out.c, the width from wrap.c. Never colours. */
#include "view/status_text.h"

#include "base/buf.h"
#include "base/text.h"
#include "text_out.h"
#include "wrap.h"

#include <inttypes.h>
#include <string.h>

enum {
    NAMES_MAX = 34 /* longest name that others are lined up with */
};

static void write_verdict(const struct snapshot *snapshot, struct buf *out) {
    const struct verdicts *verdicts = &snapshot->verdicts;
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    wrap_printf(out, "verdict", TEXT_LABELS, "%s for %s, since %s (policy %s)",
                verdict_name(verdicts->answer),
                text_ago(snapshot, snapshot->verdict_since_wall_ms, age),
                text_when(snapshot->verdict_since_wall_ms, clock),
                policy_name(snapshot->config->verdict.policy));
    text_out_override(snapshot, out);
}

static void write_cause(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct path_report *cause = &diagnosis->cause;
    BUF_AUTO struct buf text = {0};
    describe_cause(diagnosis, &text);
    wrap_line(out, "cause", TEXT_LABELS, text.data);
    if (!cause->is_broken)
        return;
    buf_clear(&text);
    describe_hop(&cause->hops[cause->broken_hop], &text);
    wrap_line(out, "evidence", TEXT_LABELS, text.data);
    text_out_commands(cause->next_step, out);
}

/* Also where a check is to blame: what it says is worth less then. */
static void write_starvation(const struct snapshot *snapshot, struct buf *out) {
    const struct self_status *self = &snapshot->self;
    if (self->is_starved || self->is_degraded)
        wrap_printf(out, "STARVED", TEXT_LABELS, "%s; outcomes are not counted now",
                    self->text);
}

static void write_policies(const struct snapshot *snapshot, struct buf *out) {
    const struct verdicts *verdicts = &snapshot->verdicts;
    BUF_AUTO struct buf text = {0};
    for (int i = 0; i < POLICY_COUNT; i++)
        buf_printf(&text, "%s%s %s", i > 0 ? ", " : "", policy_name((enum policy)i),
                   verdict_name(verdicts->by_policy[i]));
    wrap_line(out, "measured", TEXT_LABELS, text.data);
}

static void write_reload(const struct snapshot *snapshot, struct buf *out) {
    const struct reload_stats *reload = &snapshot->reload;
    const struct config *config = snapshot->config;
    char age[DESCRIBE_AGE_MAX];
    char clock[CLOCK_TEXT_MAX];
    wrap_printf(out, "config", TEXT_LABELS, "%s (%.8s), loaded %s ago",
                config->file ? config->file : "-", config->hash,
                text_ago(snapshot, reload->loaded_wall_ms, age));
    if (reload->last_ok)
        return;
    wrap_printf(out, "RELOAD", TEXT_LABELS,
                "refused %s ago (%s), the configuration above stays:",
                text_ago(snapshot, reload->refused_wall_ms, age),
                text_when(reload->refused_wall_ms, clock));
    for (size_t i = 0; i < reload->errors.count; i++)
        wrap_line(out, "", TEXT_LABELS, reload->errors.items[i]);
}

static void write_pod(const struct snapshot *snapshot, struct buf *out) {
    const struct engine_stats *engine = &snapshot->engine;
    char clock[CLOCK_TEXT_MAX];
    char lag[DESCRIBE_US_MAX];
    char turn[DESCRIBE_US_MAX];
    wrap_printf(out, "pod", TEXT_LABELS, "%s, health-responder %s, %s",
                snapshot->instance, HR_VERSION, life_name(snapshot->life));
    wrap_printf(out, "engine", TEXT_LABELS,
                "%d running, %d waiting; lag %s, longest turn %s", engine->in_flight,
                engine->queued, describe_us(engine->lag_us, lag),
                describe_us(engine->longest_turn_us, turn));
    wrap_line(out, "seen", TEXT_LABELS, text_when(snapshot->taken_wall_ms, clock));
}

static void write_tenant(const struct path_survey *survey, uint32_t tenant,
                         struct buf *out) {
    const struct snapshot *snapshot = survey->snapshot;
    const struct tenant_record *record = &snapshot->tenants[tenant];
    struct path_report report;
    char age[DESCRIBE_AGE_MAX];
    BUF_AUTO struct buf text = {0};
    path_diagnose(survey, tenant, &report);
    describe_tenant(survey, &report, &text);
    wrap_printf(out, tenant_state_name(record->status.state), TEXT_LABELS, "%s, for %s%s",
                text.data, text_ago(snapshot, record->since_wall_ms, age),
                snapshot->config->tenants[tenant].critical ? "" : ", not critical");
}

static void write_tenants(const struct path_survey *survey,
                          const struct view_query *query, struct buf *out) {
    const struct snapshot *snapshot = survey->snapshot;
    const struct config *config = snapshot->config;
    if (config->tenant_count == 0)
        return;
    buf_printf(out, "\nTENANTS, %d of %d critical ones up\n",
               snapshot->verdicts.critical_up, snapshot->verdicts.critical_tenants);
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        if (!query || !query->tenant ||
            strcmp(config->tenants[i].name, query->tenant) == 0)
            write_tenant(survey, i, out);
    }
}

/* The column where ages line up. */
static size_t longest_name(const struct snapshot *snapshot,
                           const struct view_query *query) {
    size_t longest = 0;
    for (uint32_t i = 0; i < snapshot->config->check_count; i++) {
        size_t width = wrap_width(snapshot->config->checks[i].name);
        if (width > longest && width <= NAMES_MAX && view_wants_check(query, snapshot, i))
            longest = width;
    }
    return longest;
}

static void write_check_row(const struct snapshot *snapshot, uint32_t check,
                            size_t name_width, struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    const char *name = snapshot->config->checks[check].name;
    enum reason reason = describe_reason(record);
    size_t width = wrap_width(name);
    char age[DESCRIBE_AGE_MAX];
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "%s%*s  %s  ", name,
               (int)(width < name_width ? name_width - width : 0), "",
               text_ago(snapshot, record->since_wall_ms, age));
    if (reason != REASON_NONE)
        buf_printf(&text, "%s ", reason_name(reason));
    describe_evidence(snapshot, check, &text);
    wrap_line(out, check_state_name(record->state), TEXT_LABELS, text.data);
}

static void write_checks(const struct snapshot *snapshot, const struct view_query *query,
                         struct buf *out) {
    size_t name_width = longest_name(snapshot, query);
    bool is_first = true;
    for (int passing = 0; passing <= 1; passing++) {
        for (uint32_t i = 0; i < snapshot->config->check_count; i++) {
            if ((snapshot->checks[i]->state == STATE_PASSING) != passing ||
                !view_wants_check(query, snapshot, i))
                continue;
            if (is_first)
                buf_puts(out, "\nCHECKS\n");
            is_first = false;
            write_check_row(snapshot, i, name_width, out);
        }
    }
    if (is_first)
        buf_puts(out, "\nno checks\n");
}

static void write_outcome(const struct snapshot *snapshot, const char *label,
                          const struct outcome *outcome, int64_t wall_ms,
                          struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "%s at %s (%s ago)", outcome_kind_name(outcome->kind),
               text_when(wall_ms, clock), text_ago(snapshot, wall_ms, age));
    if (outcome->reason != REASON_NONE)
        buf_printf(&text, ": %s, %s", reason_name(outcome->reason),
                   reason_text(outcome->reason));
    wrap_line(out, label, TEXT_LABELS, text.data);
    if (outcome->evidence[0] != '\0')
        wrap_line(out, "", TEXT_LABELS, outcome->evidence);
    buf_clear(&text);
    if (outcome->remote[0] != '\0')
        buf_printf(&text, "from %s", outcome->remote);
    if (outcome->addresses_total > 1)
        buf_printf(&text, "; %d of %d addresses failed", outcome->addresses_failed,
                   outcome->addresses_total);
    for (int i = 0; i < PHASE_COUNT; i++) {
        char phase[DESCRIBE_US_MAX];
        if (outcome->phase_us[i] >= 0)
            buf_printf(&text, "%s%s %s", text.len > 0 ? ", " : "",
                       phase_name((enum phase)i),
                       describe_us(outcome->phase_us[i], phase));
    }
    if (text.len > 0)
        wrap_line(out, "", TEXT_LABELS, text.data);
}

static void write_timing(const struct check_config *config, struct buf *out) {
    const struct check_timing *timing = &config->timing;
    char every[TEXT_DURATION_MAX];
    char fast[TEXT_DURATION_MAX];
    char down[TEXT_DURATION_MAX];
    wrap_printf(out, "timing", TEXT_LABELS,
                "every %s, %s between states, %s while failing; rise %d, fall %d",
                text_format_duration(timing->interval_ms, every),
                text_format_duration(timing->fast_interval_ms, fast),
                text_format_duration(timing->down_interval_ms, down), timing->rise,
                timing->fall);
}

/* What is wrong on the path that a check belongs to. */
static void write_path(const struct path_survey *survey, uint32_t tenant,
                       struct buf *out) {
    struct path_report report;
    BUF_AUTO struct buf text = {0};
    path_diagnose(survey, tenant, &report);
    if (!report.is_broken)
        return;
    describe_tenant(survey, &report, &text);
    wrap_line(out, "path", TEXT_LABELS, text.data);
    text_out_commands(report.next_step, out);
}

void view_status_text(const struct view_diagnosis *diagnosis,
                      const struct view_query *query, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    write_verdict(snapshot, out);
    write_cause(diagnosis, out);
    write_starvation(snapshot, out);
    write_policies(snapshot, out);
    write_reload(snapshot, out);
    write_pod(snapshot, out);
    write_tenants(&diagnosis->survey, query, out);
    write_checks(snapshot, query, out);
}

void view_check_text(const struct view_diagnosis *diagnosis, uint32_t check,
                     struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    const struct check_config *config = &snapshot->config->checks[check];
    const struct check_record *record = snapshot->checks[check];
    enum reason reason = describe_reason(record);
    char scope[SCOPE_TEXT_MAX];
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    BUF_AUTO struct buf text = {0};
    wrap_line(out, "check", TEXT_LABELS, config->name);
    wrap_printf(out, "state", TEXT_LABELS, "%s for %s, since %s",
                check_state_name(record->state),
                text_ago(snapshot, record->since_wall_ms, age),
                text_when(record->since_wall_ms, clock));
    describe_evidence(snapshot, check, &text);
    if (reason != REASON_NONE) {
        wrap_printf(out, "reason", TEXT_LABELS, "%s, %s", reason_name(reason),
                    reason_text(reason));
        wrap_line(out, "evidence", TEXT_LABELS, text.data);
    }
    write_path(&diagnosis->survey, config->tenant, out);
    wrap_printf(out, "is", TEXT_LABELS, "%s, %s, %s", config->type,
                severity_name(config->severity),
                check_scope_format(snapshot->config, config, scope));
    write_timing(config, out);
    wrap_printf(out, "counted", TEXT_LABELS, "%s; %u %s in a row",
                check_state_name(record->counted), record->streak,
                record->is_streak_pass ? "passed" : "failed");
    wrap_printf(out, "runs", TEXT_LABELS,
                "%" PRIu64 ": %" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64
                " late; %" PRIu64 " skipped",
                record->runs, record->passes, record->failures, record->late,
                record->skipped);
    if (record->last_run_wall_ms > 0)
        write_outcome(snapshot, "last", &record->last, record->last_run_wall_ms, out);
    if (record->has_failure)
        write_outcome(snapshot, "failure", &record->failure, record->failure_wall_ms,
                      out);
    text_out_head(snapshot, out);
}
