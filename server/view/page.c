/* The status page. Owns its structure; paths, timeline and census are files of their own,
 * the style is in page_style.h and the words come from describe.c. Everything that is not
 * a constant is escaped. */
#include "view/page.h"

#include "base/buf.h"
#include "base/text.h"
#include "describe.h"
#include "page_parts.h"
#include "page_style.h"

#include <inttypes.h>

enum {
    REFRESH_S = 10,
    HASH_SHOWN = 8,
    ROWS_MAX = 500, /* checks on the page; those that do not pass come first */
};

static const char *verdict_class(enum verdict verdict) {
    static const char *const classes[VERDICT_COUNT] = {
        [VERDICT_HEALTHY] = "ok",
        [VERDICT_DEGRADED] = "warn",
        [VERDICT_UNHEALTHY] = "bad",
    };

    return classes[verdict];
}

/* What nobody knows is grey, never green. */
static const char *check_class(const struct check_config *check, enum check_state state) {
    switch (state) {
        case STATE_PASSING:
            return "ok";
        case STATE_FAILING:
            return check->severity == SEVERITY_CRITICAL ? "bad" : "warn";
        case STATE_PENDING:
        case STATE_STALE:
        case STATE_SUSPECT:
        case STATE_BLOCKED:
            break;
    }
    return "grey";
}

static void write_head(const struct snapshot *snapshot, struct buf *out) {
    buf_puts(out,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, "
             "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
             "dark\">\n");
    buf_printf(out,
               "<meta http-equiv=\"refresh\" content=\"%d\">\n<title>%s: ", REFRESH_S,
               verdict_name(snapshot->verdicts.answer));
    page_put(out, snapshot->instance);
    buf_puts(out, "</title>\n<style>" PAGE_STYLE "</style>\n</head>\n");
}

static void write_verdict(const struct snapshot *snapshot, struct buf *out) {
    enum verdict answer = snapshot->verdicts.answer;
    buf_printf(out, "<header class=\"%s\">\n<h1>%s</h1>\n<p>for ", verdict_class(answer),
               verdict_name(answer));
    page_put_ago(snapshot, snapshot->verdict_since_wall_ms, out);
    buf_puts(out, ", since ");
    page_put_clock(snapshot->verdict_since_wall_ms, out);
    buf_printf(out, "</p>\n<p class=\"soft\">/healthz is set to policy %s; measured: ",
               policy_name(snapshot->config->verdict.policy));
    for (int i = 0; i < POLICY_COUNT; i++)
        buf_printf(out, "%s%s %s", i > 0 ? ", " : "", policy_name((enum policy)i),
                   verdict_name(snapshot->verdicts.by_policy[i]));
    buf_puts(out, "</p>\n<p class=\"soft\">seen by pod <strong>");
    page_put(out, snapshot->instance);
    buf_printf(out, "</strong> (%s) at ", life_name(snapshot->life));
    page_put_clock(snapshot->taken_wall_ms, out);
    buf_puts(out, "</p>\n<nav aria-label=\"Other views\">"
                  "<a href=\"/path?format=text\">paths</a>"
                  "<a href=\"/timeline?format=text\">timeline</a>"
                  "<a href=\"/census?format=text\">census</a>"
                  "<a href=\"/status?format=text\">status</a>"
                  "<a href=\"/metrics\">metrics</a><a href=\"/config\">config</a></nav>\n"
                  "</header>\n");
}

static void write_override(const struct snapshot *snapshot, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    if (!describe_override(snapshot, &text))
        return;
    buf_puts(out, "<section class=\"box bad\" aria-labelledby=\"override\">\n"
                  "<h2 id=\"override\">Override</h2>\n<p>");
    page_put(out, text.data);
    buf_puts(out, "</p>\n</section>\n");
}

/* How bad the root cause is; grey where nothing is known to be wrong. */
static const char *cause_class(const struct view_diagnosis *diagnosis) {
    const struct path_report *cause = &diagnosis->cause;
    if (cause->is_broken)
        return page_path_class(cause->hops[cause->broken_hop].state);
    return diagnosis->survey.snapshot->verdicts.by_policy[POLICY_SERVE] == VERDICT_HEALTHY
               ? "ok"
               : "grey";
}

static void write_cause(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct path_report *cause = &diagnosis->cause;
    BUF_AUTO struct buf text = {0};
    describe_cause(diagnosis, &text);
    buf_printf(out,
               "<section class=\"box %s\" aria-labelledby=\"cause\">\n"
               "<h2 id=\"cause\">Root cause</h2>\n<p><strong>",
               cause_class(diagnosis));
    page_put(out, text.data);
    buf_puts(out, "</strong></p>\n");
    buf_clear(&text);
    if (describe_starvation(diagnosis->survey.snapshot, &text)) {
        buf_puts(out, "<p>");
        page_put(out, text.data);
        buf_puts(out, "</p>\n");
    }
    if (cause->is_broken) {
        buf_clear(&text);
        describe_hop(&cause->hops[cause->broken_hop], &text);
        buf_puts(out, "<p class=\"soft\">");
        page_put(out, text.data);
        buf_puts(out, "</p>\n");
        page_write_commands(cause->next_step, out);
    }
    buf_puts(out, "</section>\n");
}

static void write_check_row(const struct snapshot *snapshot, uint32_t check,
                            struct buf *out) {
    const struct check_config *config = &snapshot->config->checks[check];
    const struct check_record *record = snapshot->checks[check];
    enum reason reason = describe_reason(record);
    BUF_AUTO struct buf evidence = {0};
    if (reason != REASON_NONE)
        buf_printf(&evidence, "%s: ", reason_name(reason));
    describe_evidence(snapshot, check, &evidence);
    page_open_row(check_class(config, record->state), check_state_name(record->state),
                  out);
    buf_puts(out, "<a href=\"/checks/");
    page_put(out, config->name);
    buf_puts(out, "?format=text\">");
    page_put(out, config->name);
    buf_puts(out, "</a>");
    if (evidence.len > 0) {
        buf_puts(out, "<div class=\"soft\">");
        page_put(out, evidence.data);
        buf_puts(out, "</div>");
    }
    page_close_row(snapshot, record->since_wall_ms, out);
}

static void write_checks(const struct snapshot *snapshot, struct buf *out) {
    static const char *const heads[3] = {"State", "Check", "For"};
    uint32_t count = snapshot->config->check_count;
    uint32_t rows = 0;
    if (count == 0) {
        buf_puts(out, "<p>No checks are configured.</p>\n");
        return;
    }
    buf_puts(out,
             "<section aria-labelledby=\"checks\">\n<h2 id=\"checks\">Checks</h2>\n");
    page_open_table(heads, out);
    for (int passing = 0; passing <= 1; passing++) {
        for (uint32_t i = 0; i < count && rows < ROWS_MAX; i++) {
            if ((snapshot->checks[i]->state == STATE_PASSING) != passing)
                continue;
            write_check_row(snapshot, i, out);
            rows++;
        }
    }
    page_close_table(out);
    if (rows < count)
        buf_printf(out,
                   "<p>%" PRIu32 " more checks: <a href=\"/status?format=text\">all of "
                   "them</a></p>\n",
                   count - rows);
    buf_puts(out, "</section>\n");
}

static void write_reload(const struct snapshot *snapshot, struct buf *out) {
    const struct config *config = snapshot->config;
    const struct reload_stats *reload = &snapshot->reload;
    char hash[HASH_SHOWN + 1];
    buf_printf(out,
               "<section class=\"box %s\" aria-labelledby=\"config\">\n"
               "<h2 id=\"config\">Configuration</h2>\n<p>",
               reload->last_ok ? "ok" : "bad");
    page_put(out, config->file ? config->file : "-");
    text_copy(hash, sizeof hash, config->hash);
    buf_puts(out, " (");
    page_put(out, hash);
    buf_puts(out, "), loaded ");
    page_put_clock(reload->loaded_wall_ms, out);
    buf_puts(out, "</p>\n");
    if (reload->last_ok) {
        buf_puts(out, "<p>The newest file is the running one.</p>\n");
    } else {
        buf_puts(out, "<p><strong>The newest file was refused</strong> ");
        page_put_clock(reload->refused_wall_ms, out);
        buf_puts(out, "; the configuration above still runs.</p>\n<ul>\n");
        for (size_t i = 0; i < reload->errors.count; i++) {
            buf_puts(out, "<li>");
            page_put(out, reload->errors.items[i]);
            buf_puts(out, "</li>\n");
        }
        buf_puts(out, "</ul>\n");
    }
    buf_puts(out, "</section>\n");
}

static void write_footer(const struct snapshot *snapshot, struct buf *out) {
    const struct engine_stats *engine = &snapshot->engine;
    char lag[DESCRIBE_US_MAX];
    char turn[DESCRIBE_US_MAX];
    buf_printf(out,
               "<footer class=\"soft\">\n<p>health-responder " HR_VERSION
               ": %d running, %d waiting, lag %s, longest turn %s. This page "
               "reloads every %d s.</p>\n</footer>\n",
               engine->in_flight, engine->queued, describe_us(engine->lag_us, lag),
               describe_us(engine->longest_turn_us, turn), REFRESH_S);
}

const char *view_page_policy(void) {
    return "default-src 'none'; style-src '" PAGE_STYLE_HASH
           "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

void view_page(const struct view_diagnosis *diagnosis, struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    write_head(snapshot, out);
    buf_puts(out, "<body>\n");
    write_verdict(snapshot, out);
    buf_puts(out, "<main>\n");
    write_override(snapshot, out);
    write_cause(diagnosis, out);
    page_write_silence(snapshot, out);
    page_write_paths(diagnosis, out);
    page_write_timeline(snapshot, out);
    page_write_census(snapshot, out);
    write_checks(snapshot, out);
    write_reload(snapshot, out);
    buf_puts(out, "</main>\n");
    write_footer(snapshot, out);
    buf_puts(out, "</body>\n</html>\n");
}
