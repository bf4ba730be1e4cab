/* Pieces of HTML. Owns escaping, times and tables; never knows what is told with them. */
#include "page_parts.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "describe.h"

void page_put(struct buf *out, const char *text) {
    text_append_html(out, text);
}

void page_put_ago(const struct snapshot *snapshot, int64_t wall_ms, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    char age[DESCRIBE_AGE_MAX];
    clock_format_rfc3339(wall_ms, clock);
    buf_printf(out, "<time datetime=\"%s\" title=\"%s\">%s</time>", clock, clock,
               describe_age(snapshot->taken_wall_ms - wall_ms, age));
}

void page_put_clock(int64_t wall_ms, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    clock_format_rfc3339(wall_ms, clock);
    buf_printf(out, "<time datetime=\"%s\">%s</time>", clock, clock);
}

void page_open_table(const char *const heads[3], struct buf *out) {
    buf_puts(out, "<table>\n<thead><tr>");
    for (int i = 0; i < 3; i++)
        buf_printf(out, "<th scope=\"col\">%s</th>", heads[i]);
    buf_puts(out, "</tr></thead>\n<tbody>\n");
}

void page_close_table(struct buf *out) {
    buf_puts(out, "</tbody>\n</table>\n");
}

void page_open_row(const char *class, const char *word, struct buf *out) {
    buf_printf(out, "<tr class=\"%s\"><td><b>%s</b></td><td>", class, word);
}

void page_close_row(const struct snapshot *snapshot, int64_t wall_ms, struct buf *out) {
    buf_puts(out, "</td><td>");
    page_put_ago(snapshot, wall_ms, out);
    buf_puts(out, "</td></tr>\n");
}

const char *page_tenant_class(enum tenant_state state) {
    static const char *const classes[TENANT_STATE_COUNT] = {
        [TENANT_HEALTHY] = "ok",
        [TENANT_DEGRADED] = "warn",
        [TENANT_UNHEALTHY] = "bad",
    };

    return classes[state];
}

const char *page_path_class(enum path_state state) {
    static const char *const classes[] = {
        [PATH_UNKNOWN] = "grey",
        [PATH_PASS] = "ok",
        [PATH_WARN] = "warn",
        [PATH_FAIL] = "bad",
    };

    return classes[state];
}

void page_write_commands(const char *next_step, struct buf *out) {
    BUF_AUTO struct buf command = {0};
    if (*next_step == '\0')
        return;
    buf_puts(out, "<div class=\"do\">Do:\n");
    while (describe_command(&next_step, &command)) {
        buf_puts(out, "<code>");
        page_put(out, command.data);
        buf_puts(out, "</code>\n");
    }
    buf_puts(out, "</div>\n");
}
