/* Words about checks and the whole. Owns which of a check's outcomes explains its state,
 * and what to say where nothing is known to be broken. Never escapes: each form of the
 * view does. */
#include "describe.h"

#include "base/buf.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct check_config *config_of(const struct snapshot *snapshot,
                                            uint32_t check) {
    return &snapshot->config->checks[check];
}

static void append_clock(struct buf *out, int64_t wall_ms) {
    char when[CLOCK_TEXT_MAX];
    buf_puts(out, clock_format_rfc3339(wall_ms, when));
}

/* No hop is broken, and yet not all is fine. */
static void append_unknown(const struct snapshot *snapshot, struct buf *out) {
    uint32_t check = snapshot_root_cause(snapshot);
    buf_puts(out, "nothing is known to be wrong");
    if (snapshot->life == LIFE_STARTING)
        buf_puts(out, "; the first round of checks is not done yet");
    if (check != UINT32_MAX)
        buf_printf(out, "; %s is %s", config_of(snapshot, check)->name,
                   check_state_name(snapshot->checks[check]->state));
}

enum reason describe_reason(const struct check_record *record) {
    switch (record->state) {
        case STATE_STALE:
            return STALE;
        case STATE_SUSPECT:
            return SUSPECT_SELF;
        case STATE_BLOCKED:
            return BLOCKED_BY;
        case STATE_PENDING:
        case STATE_PASSING:
        case STATE_FAILING:
            break;
    }
    return describe_outcome(record)->reason;
}

const struct outcome *describe_outcome(const struct check_record *record) {
    bool has_just_passed =
        record->state == STATE_FAILING && record->last.kind != OUTCOME_FAIL;
    return has_just_passed && record->has_failure ? &record->failure : &record->last;
}

void describe_evidence(const struct snapshot *snapshot, uint32_t check, struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    const char *evidence = describe_outcome(record)->evidence;
    if (record->state == STATE_BLOCKED && record->blocked_by != UINT32_MAX) {
        buf_printf(out, "waits for %s", config_of(snapshot, record->blocked_by)->name);
        return;
    }
    if (record->last_run_wall_ms == 0) {
        buf_puts(out, "no outcome yet");
        return;
    }
    if (record->state == STATE_SUSPECT && describe_starvation(snapshot, out))
        buf_puts(out, "; newest outcome: ");
    if (record->state == STATE_STALE) {
        char age[DESCRIBE_AGE_MAX];
        int64_t silent_ms = snapshot->taken_mono_ms - record->last_run_mono_ms;
        buf_printf(out, "no outcome for %s", describe_age(silent_ms, age));
        if (evidence[0] != '\0')
            buf_puts(out, "; before that: ");
    }
    buf_puts(out, evidence);
}

bool describe_override(const struct snapshot *snapshot, struct buf *out) {
    const struct verdict_config *config = &snapshot->config->verdict;
    const struct override_config *override = &config->override;
    char age[DESCRIBE_AGE_MAX];
    if (!snapshot->verdicts.override_active)
        return false;
    buf_printf(out, "/healthz is held at %s by hand for another %s, until ",
               verdict_name(override->verdict),
               describe_age(override->until_wall_ms - snapshot->taken_wall_ms, age));
    append_clock(out, override->until_wall_ms);
    buf_printf(out, ", over policy %s, which measures %s: %s",
               policy_name(config->policy),
               verdict_name(snapshot->verdicts.by_policy[config->policy]),
               override->reason ? override->reason : "no reason given");
    return true;
}

void describe_cause(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    char line[PATH_LINE_MAX];
    if (diagnosis->cause.is_broken)
        buf_puts(out, path_line(&diagnosis->survey, &diagnosis->cause, line));
    else if (snapshot->verdicts.by_policy[POLICY_SERVE] == VERDICT_HEALTHY)
        buf_puts(out, "nothing is wrong");
    else
        append_unknown(snapshot, out);
}

void describe_why(const struct view_diagnosis *diagnosis, struct buf *out) {
    BUF_AUTO struct buf override = {0};
    if (describe_override(diagnosis->survey.snapshot, &override))
        buf_printf(out, "override: %s; measured: ", override.data);
    describe_cause(diagnosis, out);
}

void describe_tenant(const struct path_survey *survey, const struct path_report *report,
                     struct buf *out) {
    const struct config *config = survey->snapshot->config;
    char line[PATH_LINE_MAX];
    if (!report->is_broken && report->tenant != CONFIG_NO_TENANT)
        buf_printf(out, "%s: ", config->tenants[report->tenant].name);
    buf_puts(out, path_line(survey, report, line));
}

void describe_hop(const struct path_hop *hop, struct buf *out) {
    char age[DESCRIBE_AGE_MAX];
    if (hop->reason != REASON_NONE)
        buf_printf(out, "%s, ", reason_name(hop->reason));
    buf_puts(out, hop->evidence);
    if (hop->age_ms >= 0)
        buf_printf(out, " (%s ago)", describe_age(hop->age_ms, age));
}

bool describe_command(const char **rest, struct buf *out) {
    bool is_quoted = false;
    buf_clear(out);
    for (; **rest != '\0' && (is_quoted || **rest != ';'); (*rest)++) {
        if (**rest == '\'')
            is_quoted = !is_quoted;
        buf_putc(out, **rest);
    }
    *rest += strspn(*rest, "; ");
    return out->len > 0;
}

bool describe_starvation(const struct snapshot *snapshot, struct buf *out) {
    const struct self_status *self = &snapshot->self;
    if (!self->is_starved && !self->is_degraded)
        return false;
    buf_puts(out, "we are starved");
    if (self->text[0] != '\0')
        buf_printf(out, ": %s", self->text);
    return true;
}

char *describe_age(int64_t ms, char out[DESCRIBE_AGE_MAX]) {
    int64_t s = ms / 1000;
    if (ms <= 0)
        snprintf(out, DESCRIBE_AGE_MAX, "0 ms");
    else if (ms < 1000)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " ms", ms);
    else if (s < 120)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " s", s);
    else if (s < 3600)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " min", s / 60);
    else if (s < 86400)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " h %" PRId64 " min", s / 3600,
                 s % 3600 / 60);
    else
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " d %" PRId64 " h", s / 86400,
                 s % 86400 / 3600);
    return out;
}

char *describe_us(int64_t us, char out[DESCRIBE_US_MAX]) {
    snprintf(out, DESCRIBE_US_MAX, "%" PRId64 ".%03d ms", us / 1000, (int)(us % 1000));
    return out;
}
