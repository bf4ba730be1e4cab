/* Paths as text for a terminal, and the one line of /why. Owns the marks of the hops and
 * which tenant comes first; the diagnosis is model/path's. Never colours. */
#include "view/path.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "describe.h"
#include "text_out.h"
#include "wrap.h"

enum { HOP_LABELS = 25 }; /* column where evidence starts behind mark and hop */

static const char *mark_of(enum path_state state) {
    switch (state) {
        case PATH_UNKNOWN:
            return "[ ? ]";
        case PATH_PASS:
            return "[ok]";
        case PATH_WARN:
            return "[warn]";
        case PATH_FAIL:
            return "[FAIL]";
    }
    return "";
}

static void write_hop(const struct path_report *report, enum hop hop, struct buf *out) {
    BUF_AUTO struct buf label = {0};
    BUF_AUTO struct buf text = {0};
    buf_printf(&label, "  %-6s %s", mark_of(report->hops[hop].state), hop_name(hop));
    describe_hop(&report->hops[hop], &text);
    wrap_line(out, label.data, HOP_LABELS, text.data);
}

/* What /healthz/t/NAME says, which may be better than the path. */
static void write_verdict(const struct snapshot *snapshot, uint32_t tenant,
                          struct buf *out) {
    const struct tenant_record *record = &snapshot->tenants[tenant];
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    wrap_printf(out, "  verdict", TEXT_LABELS, "%s for %s, since %s",
                tenant_state_name(record->status.state),
                text_ago(snapshot, record->since_wall_ms, age),
                text_when(record->since_wall_ms, clock));
}

static void write_block(const struct path_survey *survey,
                        const struct path_report *report, struct buf *out) {
    BUF_AUTO struct buf line = {0};
    describe_tenant(survey, report, &line);
    wrap_line(out, tenant_state_name(report->state), TEXT_LABELS, line.data);
    for (int i = 0; i < HOP_COUNT; i++)
        write_hop(report, (enum hop)i, out);
    if (report->tenant != CONFIG_NO_TENANT)
        write_verdict(survey->snapshot, report->tenant, out);
    text_out_commands(report->next_step, out);
}

static void write_one(const struct path_survey *survey, uint32_t tenant,
                      struct buf *out) {
    struct path_report report;
    path_diagnose(survey, tenant, &report);
    buf_putc(out, '\n');
    write_block(survey, &report, out);
}

/* How early a report is read: what fails, what warns, the rest. */
static enum path_state rank_of(const struct path_report *report) {
    return report->is_broken ? report->hops[report->broken_hop].state : PATH_PASS;
}

static void write_tenants(const struct path_survey *survey, struct buf *out) {
    struct buf blocks[PATH_FAIL + 1] = {0};
    struct path_report report;
    for (uint32_t i = 0; i < survey->snapshot->config->tenant_count; i++) {
        path_diagnose(survey, i, &report);
        struct buf *block = &blocks[rank_of(&report)];
        buf_putc(block, '\n');
        write_block(survey, &report, block);
    }
    for (int i = PATH_FAIL; i >= 0; i--) {
        buf_append(out, blocks[i].data, blocks[i].len);
        buf_fini(&blocks[i]);
    }
}

void view_path_text(const struct view_diagnosis *diagnosis, uint32_t tenant,
                    struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    BUF_AUTO struct buf cause = {0};
    text_out_head(survey->snapshot, out);
    if (tenant != CONFIG_NO_TENANT) {
        write_one(survey, tenant, out);
        return;
    }
    describe_cause(diagnosis, &cause);
    wrap_line(out, "cause", TEXT_LABELS, cause.data);
    if (survey->snapshot->config->tenant_count == 0)
        write_one(survey, CONFIG_NO_TENANT, out);
    else
        write_tenants(survey, out);
}

void view_why_text(const struct view_diagnosis *diagnosis, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    describe_why(diagnosis, &text);
    buf_printf(&text, " (%s)", diagnosis->survey.snapshot->instance);
    MEM_AUTO char *line = mem_alloc(text.len + 1, 1);
    buf_puts(out, text_clean(line, text.len + 1, text.data, text.len));
    buf_putc(out, '\n');
}
