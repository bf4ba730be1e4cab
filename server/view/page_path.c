/* The paths on the status page: for each tenant a row of boxes, one per hop. Owns the
 * symbols beside the colours, and which tenants come first. */
#include "page_parts.h"

#include "base/buf.h"
#include "base/mem.h"
#include "describe.h"

#include <inttypes.h>
#include <string.h>

enum { PATHS_MAX = 100 }; /* tenants on the page */

/* What is seen where colours are not. */
static const char *symbol_of(enum path_state state) {
    switch (state) {
        case PATH_UNKNOWN:
            return "?";
        case PATH_PASS:
            return "\u2713";
        case PATH_WARN:
            return "!";
        case PATH_FAIL:
            return "\u2717";
    }
    return "";
}

/* A name of ours that a narrow box may break behind each underscore. */
static void put_name(const char *name, struct buf *out) {
    for (; *name != '\0'; name++) {
        buf_putc(out, *name);
        if (*name == '_')
            buf_puts(out, "<wbr>");
    }
}

static void write_hop(const struct path_report *report, enum hop hop, struct buf *out) {
    const struct path_hop *it = &report->hops[hop];
    bool is_break = report->is_broken && report->broken_hop == hop;
    BUF_AUTO struct buf text = {0};
    describe_hop(it, &text);
    buf_printf(out, "<li class=\"%s%s\" title=\"", page_path_class(it->state),
               is_break ? " break" : "");
    page_put(out, text.data);
    buf_printf(out, "\"><i aria-hidden=\"true\">%s</i> ", symbol_of(it->state));
    put_name(hop_name(hop), out);
    buf_printf(out, " <small>%s ", path_state_name(it->state));
    put_name(it->reason != REASON_NONE ? reason_name(it->reason) : "", out);
    buf_puts(out, "</small></li>\n");
}

static void write_hops(const struct path_report *report, const char *whose,
                       struct buf *out) {
    buf_puts(out, "<ol class=\"hops\" aria-label=\"Path to ");
    page_put(out, whose);
    buf_puts(out, "\">\n");
    for (int i = 0; i < HOP_COUNT; i++)
        write_hop(report, (enum hop)i, out);
    buf_puts(out, "</ol>\n");
}

static void write_break(const struct path_survey *survey,
                        const struct path_report *report, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    describe_tenant(survey, report, &text);
    buf_puts(out, "<p>");
    page_put(out, text.data);
    buf_puts(out, "</p>\n<p class=\"soft\">");
    buf_clear(&text);
    describe_hop(&report->hops[report->broken_hop], &text);
    page_put(out, text.data);
    buf_puts(out, "</p>\n");
    page_write_commands(report->next_step, out);
}

static void write_tenant(const struct view_diagnosis *diagnosis, uint32_t tenant,
                         struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    const struct snapshot *snapshot = survey->snapshot;
    const struct tenant_config *config = &snapshot->config->tenants[tenant];
    const struct tenant_record *record = &snapshot->tenants[tenant];
    struct path_report report;
    path_diagnose(survey, tenant, &report);
    buf_printf(out,
               "<article class=\"%s\" aria-labelledby=\"path-%" PRIu32 "\">\n"
               "<h3 id=\"path-%" PRIu32 "\">",
               page_tenant_class(report.state), tenant, tenant);
    page_put(out, config->name);
    buf_printf(out, " <b>%s</b></h3>\n<p class=\"soft\">",
               tenant_state_name(report.state));
    page_put(out, config->route ? config->route : "no route");
    buf_printf(out, ", verdict %s for ", tenant_state_name(record->status.state));
    page_put_ago(snapshot, record->since_wall_ms, out);
    buf_puts(out, config->critical ? "" : ", not critical");
    buf_puts(out, " <a href=\"/path/");
    page_put(out, config->name);
    buf_puts(out, "?format=text\" aria-label=\"evidence of every hop to ");
    page_put(out, config->name);
    buf_puts(out, "\">evidence of every hop</a></p>\n");
    write_hops(&report, config->name, out);
    if (report.is_broken && strcmp(report.summary, diagnosis->cause.summary) == 0)
        buf_puts(out, "<p>The <a href=\"#cause\">root cause</a>.</p>\n");
    else if (report.is_broken)
        write_break(survey, &report, out);
    buf_puts(out, "</article>\n");
}

static void write_shared(const struct path_survey *survey, struct buf *out) {
    struct path_report report;
    path_diagnose(survey, CONFIG_NO_TENANT, &report);
    write_hops(&report, "all tenants", out);
}

/* What fails, then what warns, then the rest. */
static void write_tenants(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    uint32_t count = survey->snapshot->config->tenant_count;
    uint32_t written = 0;
    MEM_AUTO enum path_state *ranks = mem_alloc(count, sizeof *ranks);
    for (uint32_t i = 0; i < count; i++) {
        struct path_report report;
        path_diagnose(survey, i, &report);
        ranks[i] = report.is_broken ? report.hops[report.broken_hop].state : PATH_UNKNOWN;
    }
    for (int rank = PATH_FAIL; rank >= PATH_UNKNOWN; rank--) {
        for (uint32_t i = 0; i < count && written < PATHS_MAX; i++) {
            if ((int)ranks[i] != rank)
                continue;
            write_tenant(diagnosis, i, out);
            written++;
        }
    }
    if (written < count)
        buf_printf(out,
                   "<p>%" PRIu32 " more tenants: <a href=\"/path?format=text\">all of "
                   "them</a></p>\n",
                   count - written);
}

void page_write_paths(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct path_survey *survey = &diagnosis->survey;
    buf_puts(out, "<section aria-labelledby=\"paths\">\n<h2 id=\"paths\">Paths</h2>\n");
    if (survey->snapshot->config->tenant_count > 0)
        write_tenants(diagnosis, out);
    else
        write_shared(survey, out);
    buf_puts(out, "</section>\n");
}
