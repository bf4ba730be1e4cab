/* Timeline and census on the status page: the newest events, failures that go on, and who
 * asks. The rest is one link away. */
#include "page_parts.h"

#include "base/buf.h"
#include "describe.h"
#include "describe_history.h"

#include <string.h>

enum { EVENTS_SHOWN = 10 };

/* The words that events change to, where they are good or bad. */
static const char *class_of(const struct event *event) {
    static const char *const words[][2] = {
        {"passing", "ok"},    {"healthy", "ok"}, {"probing", "ok"},   {"failing", "bad"},
        {"unhealthy", "bad"}, {"silent", "bad"}, {"degraded", "warn"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(event->new, words[i][0]) == 0)
            return words[i][1];
    }
    return "grey";
}

static void write_event(const struct snapshot *snapshot, const struct event *event,
                        struct buf *out) {
    BUF_AUTO struct buf text = {0};
    describe_event(event, &text);
    page_open_row(class_of(event), event_kind_name(event->kind), out);
    page_put(out, text.data);
    page_close_row(snapshot, event->wall_ms, out);
}

static void write_open_incidents(const struct snapshot *snapshot, struct buf *out) {
    const struct timeline_view *timeline = snapshot->timeline;
    for (size_t i = 0; i < timeline->incident_count; i++) {
        const struct incident *incident = timeline->incidents[i];
        if (incident->ended_wall_ms != 0)
            continue;
        BUF_AUTO struct buf text = {0};
        describe_first(incident, &text);
        page_open_row("bad", "open", out);
        page_put(out, incident->check);
        buf_puts(out, "<div class=\"soft\">");
        page_put(out, text.data);
        buf_puts(out, "</div>");
        page_close_row(snapshot, incident->began_wall_ms, out);
    }
}

void page_write_silence(const struct snapshot *snapshot, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    for (int i = 0; snapshot->census && i < PROBER_COUNT; i++) {
        buf_clear(&text);
        if (!describe_silence(snapshot, (enum prober)i, &text))
            continue;
        buf_puts(out,
                 "<section class=\"box bad\" aria-label=\"Silent prober\">\n<p><strong>");
        page_put(out, text.data);
        buf_puts(out, "</strong> (" DESCRIBE_SHARE ")</p>\n</section>\n");
    }
}

void page_write_timeline(const struct snapshot *snapshot, struct buf *out) {
    static const char *const heads[3] = {"Kind", "What changed", "Ago"};
    const struct timeline_view *timeline = snapshot->timeline;
    if (!timeline || timeline->event_count + timeline->incident_count == 0)
        return;
    buf_puts(out, "<section aria-labelledby=\"timeline\">\n"
                  "<h2 id=\"timeline\">Timeline</h2>\n");
    page_open_table(heads, out);
    write_open_incidents(snapshot, out);
    for (size_t i = 0; i < timeline->event_count && i < EVENTS_SHOWN; i++)
        write_event(snapshot, timeline->events[i], out);
    page_close_table(out);
    buf_puts(out,
             "<p><a href=\"/timeline?format=text\">all events and incidents, with the "
             "minute before each</a></p>\n</section>\n");
}

void page_write_census(const struct snapshot *snapshot, struct buf *out) {
    const struct census_view *census = snapshot->census;
    if (!census)
        return;
    buf_puts(out, "<section aria-labelledby=\"census\">\n"
                  "<h2 id=\"census\">Who asks</h2>\n"
                  "<p class=\"soft\">" DESCRIBE_SHARE "</p>\n<dl>\n");
    for (int i = 0; i < PROBER_COUNT; i++) {
        BUF_AUTO struct buf text = {0};
        describe_class(snapshot, (enum prober)i, &text);
        buf_printf(out, "<dt>%s</dt><dd%s>", prober_name((enum prober)i),
                   census->classes[i].is_silent ? " class=\"bad\"" : "");
        page_put(out, text.data);
        buf_puts(out, "</dd>\n");
    }
    buf_puts(out, "</dl>\n<p><a href=\"/census?format=text\">every source</a></p>\n"
                  "</section>\n");
}
