/* The status page. Owns its structure; the style is in page_style.h and the words come
 * from describe.c. Everything that is not a constant is escaped. */
#include "view/page.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "describe.h"
#include "page_style.h"

enum {
    REFRESH_S = 10,
    HASH_SHOWN = 8,
    ROWS_MAX = 500, /* checks on the page; those that do not pass come first */
};

static void put(struct buf *out, const char *text) {
    text_append_html(out, text);
}

/* A point in time: how long ago for people, exactly for programs and on hovering. */
static void put_ago(const struct snapshot *snapshot, int64_t wall_ms, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    clock_format_rfc3339(wall_ms, clock);
    buf_printf(out, "<time datetime=\"%s\" title=\"%s\">%s</time>", clock, clock,
               describe_age(snapshot->taken_wall_ms - wall_ms, age));
}

static void put_clock(int64_t wall_ms, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    clock_format_rfc3339(wall_ms, clock);
    buf_printf(out, "<time datetime=\"%s\">%s</time>", clock, clock);
}

static const char *verdict_class(enum verdict verdict) {
    static const char *const classes[VERDICT_COUNT] = {
        [VERDICT_HEALTHY] = "ok",
        [VERDICT_DEGRADED] = "warn",
        [VERDICT_UNHEALTHY] = "bad",
    };

    return classes[verdict];
}

static const char *tenant_class(enum tenant_state state) {
    static const char *const classes[TENANT_STATE_COUNT] = {
        [TENANT_HEALTHY] = "ok",
        [TENANT_DEGRADED] = "warn",
        [TENANT_UNHEALTHY] = "bad",
    };

    return classes[state];
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
    put(out, snapshot->instance);
    buf_puts(out, "</title>\n<style>" PAGE_STYLE "</style>\n</head>\n");
}

static void write_verdict(const struct snapshot *snapshot, struct buf *out) {
    enum verdict answer = snapshot->verdicts.answer;
    buf_printf(out, "<header class=\"%s\">\n<h1>%s</h1>\n<p>for ", verdict_class(answer),
               verdict_name(answer));
    put_ago(snapshot, snapshot->verdict_since_wall_ms, out);
    buf_puts(out, ", since ");
    put_clock(snapshot->verdict_since_wall_ms, out);
    buf_printf(out, "</p>\n<p class=\"soft\">/healthz is set to policy %s; measured: ",
               policy_name(snapshot->config->verdict.policy));
    for (int i = 0; i < POLICY_COUNT; i++)
        buf_printf(out, "%s%s %s", i > 0 ? ", " : "", policy_name((enum policy)i),
                   verdict_name(snapshot->verdicts.by_policy[i]));
    buf_puts(out, "</p>\n<p class=\"soft\">seen by pod <strong>");
    put(out, snapshot->instance);
    buf_printf(out, "</strong> (%s) at ", life_name(snapshot->life));
    put_clock(snapshot->taken_wall_ms, out);
    buf_puts(out, "</p>\n<nav aria-label=\"Other views\"><a href=\"/status\">status</a>"
                  "<a href=\"/metrics\">metrics</a><a href=\"/config\">config</a></nav>\n"
                  "</header>\n");
}

static void write_override(const struct snapshot *snapshot, struct buf *out) {
    const struct override_config *override = &snapshot->config->verdict.override;
    if (!snapshot->verdicts.override_active)
        return;
    buf_printf(out,
               "<section class=\"box bad\" aria-labelledby=\"override\">\n"
               "<h2 id=\"override\">Override</h2>\n<p>/healthz is held at "
               "<strong>%s</strong> until ",
               verdict_name(override->verdict));
    put_clock(override->until_wall_ms, out);
    buf_puts(out, ": ");
    put(out, override->reason ? override->reason : "no reason given");
    buf_puts(out, "</p>\n</section>\n");
}

static void write_term(const char *term, const char *text, struct buf *out) {
    buf_printf(out, "<dt>%s</dt><dd>", term);
    put(out, text);
    buf_puts(out, "</dd>\n");
}

static void write_cause_details(const struct snapshot *snapshot, uint32_t cause,
                                struct buf *out) {
    const struct check_config *check = &snapshot->config->checks[cause];
    const struct check_record *record = snapshot->checks[cause];
    enum reason reason = describe_reason(record);
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "%s is %s", check->name, check_state_name(record->state));
    buf_puts(out, "<dl>\n");
    write_term("check", text.data, out);
    if (reason != REASON_NONE) {
        buf_clear(&text);
        buf_printf(&text, "%s: %s", reason_name(reason), reason_text(reason));
        write_term("reason", text.data, out);
        buf_clear(&text);
        describe_owner(snapshot, cause, &text);
        write_term("owner", text.data, out);
        write_term("do", describe_next_step(reason), out);
    }
    buf_clear(&text);
    describe_evidence(snapshot, cause, &text);
    if (text.len > 0)
        write_term("evidence", text.data, out);
    buf_puts(out, "<dt>for</dt><dd>");
    put_ago(snapshot, record->since_wall_ms, out);
    buf_puts(out, "</dd>\n</dl>\n");
}

static void write_cause(const struct snapshot *snapshot, struct buf *out) {
    uint32_t cause = snapshot_root_cause(snapshot);
    BUF_AUTO struct buf text = {0};
    const char *class = "ok";
    if (cause != UINT32_MAX)
        class =
            check_class(&snapshot->config->checks[cause], snapshot->checks[cause]->state);
    else if (describe_own_trouble(snapshot, &text))
        class = "warn";
    buf_printf(out,
               "<section class=\"box %s\" aria-labelledby=\"cause\">\n"
               "<h2 id=\"cause\">Root cause</h2>\n",
               class);
    buf_clear(&text);
    if (cause != UINT32_MAX) {
        write_cause_details(snapshot, cause, out);
        describe_starvation(snapshot, &text);
    } else {
        describe_no_cause(snapshot, &text);
    }
    if (text.len > 0) {
        buf_puts(out, "<p>");
        put(out, text.data);
        buf_puts(out, "</p>\n");
    }
    buf_puts(out, "</section>\n");
}

/* Opens a section with a table of three columns. */
static void open_table(const char *id, const char *title, const char *what,
                       struct buf *out) {
    buf_printf(out,
               "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n<table>\n"
               "<thead><tr><th scope=\"col\">State</th><th scope=\"col\">%s</th>"
               "<th scope=\"col\">For</th></tr></thead>\n<tbody>\n",
               id, id, title, what);
}

static void close_table(struct buf *out) {
    buf_puts(out, "</tbody>\n</table>\n");
}

static void open_row(const char *class, const char *state, struct buf *out) {
    buf_printf(out, "<tr class=\"%s\"><td><b>%s</b></td><td>", class, state);
}

static void close_row(const struct snapshot *snapshot, int64_t since_wall_ms,
                      struct buf *out) {
    buf_puts(out, "</td><td>");
    put_ago(snapshot, since_wall_ms, out);
    buf_puts(out, "</td></tr>\n");
}

static void write_tenants(const struct snapshot *snapshot, struct buf *out) {
    const struct config *config = snapshot->config;
    if (config->tenant_count == 0)
        return;
    open_table("tenants", "Tenants", "Tenant", out);
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct tenant_config *tenant = &config->tenants[i];
        const struct tenant_record *record = &snapshot->tenants[i];
        enum tenant_state state = record->status.state;
        open_row(tenant_class(state), tenant_state_name(state), out);
        put(out, tenant->name);
        buf_puts(out, "<div class=\"soft\">");
        put(out, tenant->route ? tenant->route : "no route");
        if (!tenant->critical)
            buf_puts(out, ", not critical");
        if (record->status.decided_by != UINT32_MAX) {
            buf_puts(out, ", by ");
            put(out, config->checks[record->status.decided_by].name);
        }
        buf_puts(out, "</div>");
        close_row(snapshot, record->since_wall_ms, out);
    }
    close_table(out);
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
    open_row(check_class(config, record->state), check_state_name(record->state), out);
    buf_puts(out, "<a href=\"/checks/");
    put(out, config->name);
    buf_puts(out, "?format=text\">");
    put(out, config->name);
    buf_puts(out, "</a>");
    if (evidence.len > 0) {
        buf_puts(out, "<div class=\"soft\">");
        put(out, evidence.data);
        buf_puts(out, "</div>");
    }
    close_row(snapshot, record->since_wall_ms, out);
}

static void write_checks(const struct snapshot *snapshot, struct buf *out) {
    uint32_t count = snapshot->config->check_count;
    uint32_t rows = 0;
    if (count == 0) {
        buf_puts(out, "<p>No checks are configured.</p>\n");
        return;
    }
    open_table("checks", "Checks", "Check", out);
    for (int passing = 0; passing <= 1; passing++) {
        for (uint32_t i = 0; i < count && rows < ROWS_MAX; i++) {
            if ((snapshot->checks[i]->state == STATE_PASSING) != passing)
                continue;
            write_check_row(snapshot, i, out);
            rows++;
        }
    }
    close_table(out);
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
    put(out, config->file ? config->file : "-");
    text_copy(hash, sizeof hash, config->hash);
    buf_puts(out, " (");
    put(out, hash);
    buf_puts(out, "), loaded ");
    put_clock(reload->loaded_wall_ms, out);
    buf_puts(out, "</p>\n");
    if (reload->last_ok) {
        buf_puts(out, "<p>The newest file is the running one.</p>\n");
    } else {
        buf_puts(out, "<p><strong>The newest file was refused</strong> ");
        put_clock(reload->refused_wall_ms, out);
        buf_puts(out, "; the configuration above still runs.</p>\n<ul>\n");
        for (size_t i = 0; i < reload->errors.count; i++) {
            buf_puts(out, "<li>");
            put(out, reload->errors.items[i]);
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

void view_page(const struct snapshot *snapshot, struct buf *out) {
    write_head(snapshot, out);
    buf_puts(out, "<body>\n");
    write_verdict(snapshot, out);
    buf_puts(out, "<main>\n");
    write_override(snapshot, out);
    write_cause(snapshot, out);
    write_tenants(snapshot, out);
    write_checks(snapshot, out);
    write_reload(snapshot, out);
    buf_puts(out, "</main>\n");
    write_footer(snapshot, out);
    buf_puts(out, "</body>\n</html>\n");
}
