/* The time line as SVG: no script, no font and no file from elsewhere, dark where the
 * reader's system is, read aloud row by row. */
#include "view/timing.h"

#include "base/buf.h"
#include "base/text.h"

#include <inttypes.h>

enum {
    WIDTH = 860,
    LABELS = 250, /* where the time axis begins */
    LEGEND = 300,
    AXIS = WIDTH - LABELS - 30,
    TOP = 76,
    ROW = 34,
    BAR = 10,
    GAP = 22, /* above the events */
    TICKS_MAX = 8,
    TENTH_MS = 100,
};

static const char style[] =
    "<style>\n"
    "svg { font: 13px system-ui, sans-serif; background: #fff; fill: #222; }\n"
    ".title { font-weight: 600; font-size: 15px; }\n"
    ".small { font-size: 11px; fill: #666; }\n"
    ".grid { stroke: #ddd; }\n"
    ".detect { fill: #d0561f; } .recover { fill: #2a7f4f; }\n"
    ".range { fill-opacity: 0.35; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  svg { background: #16181c; fill: #e6e6e6; }\n"
    "  .small { fill: #a0a0a0; } .grid { stroke: #3a3d44; }\n"
    "  .detect { fill: #ff8a52; } .recover { fill: #58c48a; }\n"
    "}\n"
    "</style>\n";

static int64_t greatest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t longest_ms(const struct timing_report *report) {
    int64_t ms = 1;
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        ms = greatest(ms, greatest(report->rows[i].detect.worst_ms,
                                   report->rows[i].recover.worst_ms));
    for (int i = 0; i < TIMING_WAY_COUNT; i++)
        ms = greatest(ms, greatest(report->ways[i].detect.worst_ms,
                                   report->ways[i].recover.worst_ms));
    return ms;
}

/* A round number of seconds that divides the axis into few parts. */
static int64_t tick_ms(int64_t longest) {
    static const int64_t steps_s[] = {1,   2,   5,    10,   15,   30,    60,   120,
                                      300, 600, 1800, 3600, 7200, 21600, 86400};
    size_t i = 0;
    while (i + 1 < sizeof steps_s / sizeof *steps_s &&
           longest > steps_s[i] * 1000 * TICKS_MAX)
        i++;
    int64_t ms = steps_s[i] * 1000;
    return longest > ms * TICKS_MAX ? longest / TICKS_MAX : ms;
}

static int64_t x_of(int64_t ms, int64_t longest) {
    return LABELS + ms * AXIS / longest;
}

static void put_axis(struct buf *out, int64_t longest, int height) {
    int64_t step = tick_ms(longest);
    for (int64_t ms = 0; ms <= longest; ms += step) {
        int64_t x = x_of(ms, longest);
        buf_printf(out,
                   "<line class=\"grid\" x1=\"%" PRId64 "\" y1=\"%d\" x2=\"%" PRId64
                   "\" y2=\"%d\"/>\n<text class=\"small\" x=\"%" PRId64
                   "\" y=\"%d\" text-anchor=\"middle\">%" PRId64 " s</text>\n",
                   x, TOP - 8, x, height - 12, x, TOP - 14, ms / 1000);
    }
}

/* From best to worst, a mark at typical; a span of nothing is still seen. */
static void put_span(struct buf *out, const char *class, const char *what,
                     const struct span *span, int64_t longest, int y) {
    int64_t from = x_of(span->best_ms, longest);
    int64_t to = x_of(span->worst_ms, longest);
    char best[TEXT_DURATION_MAX];
    char typical[TEXT_DURATION_MAX];
    char worst[TEXT_DURATION_MAX];
    buf_printf(out,
               "<g class=\"%s\"><title>%s after %s to %s, typically %s</title>"
               "<rect class=\"range\" x=\"%" PRId64 "\" y=\"%d\" width=\"%" PRId64
               "\" height=\"%d\" rx=\"2\"/><rect x=\"%" PRId64
               "\" y=\"%d\" width=\"3\" height=\"%d\"/></g>\n",
               class, what, text_format_duration(span->best_ms, best),
               text_format_duration(span->worst_ms, worst),
               text_format_duration(span->typical_ms / TENTH_MS * TENTH_MS, typical),
               from, y, to - from > 3 ? to - from : 3, BAR,
               x_of(span->typical_ms, longest) - 1, y - 1, BAR + 2);
}

static void put_row(struct buf *out, const char *label, const struct span *detect,
                    const struct span *recover, int64_t longest, int y) {
    buf_printf(out, "<text x=\"12\" y=\"%d\">", y + BAR + 4);
    text_append_html(out, label);
    buf_puts(out, "</text>\n");
    put_span(out, "detect", "noticed", detect, longest, y);
    put_span(out, "recover", "forgiven", recover, longest, y + BAR + 3);
}

static void put_legend(struct buf *out) {
    buf_printf(out,
               "<text class=\"title\" x=\"12\" y=\"24\">Time to notice, time to "
               "forgive</text>\n"
               "<rect class=\"detect\" x=\"%d\" y=\"15\" width=\"12\" height=\"10\"/>"
               "<text x=\"%d\" y=\"24\">noticed</text>\n"
               "<rect class=\"recover\" x=\"%d\" y=\"15\" width=\"12\" height=\"10\"/>"
               "<text x=\"%d\" y=\"24\">forgiven</text>\n"
               "<text class=\"small\" x=\"%d\" y=\"24\">best to worst, mark: "
               "typical</text>\n",
               LEGEND, LEGEND + 18, LEGEND + 90, LEGEND + 108, LEGEND + 190);
}

void view_timing_svg(const struct view_timing *timing, struct buf *out) {
    const struct timing_report *report = timing->report;
    int64_t longest = longest_ms(report);
    int height = TOP + (TIMING_LAYER_COUNT + TIMING_WAY_COUNT) * ROW + GAP + 12;
    int y = TOP;
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "width=\"%d\" height=\"%d\" role=\"img\" aria-labelledby=\"t\">\n"
               "<title id=\"t\">Time to notice and to forgive, per layer and end to "
               "end</title>\n",
               WIDTH, height, WIDTH, height);
    buf_puts(out, style);
    put_legend(out);
    put_axis(out, longest, height);
    for (int i = 0; i < TIMING_LAYER_COUNT; i++, y += ROW)
        put_row(out, timing_layer_text((enum timing_layer)i), &report->rows[i].detect,
                &report->rows[i].recover, longest, y);
    buf_printf(out, "<text class=\"small\" x=\"12\" y=\"%d\">end to end</text>\n",
               y + GAP / 2);
    y += GAP;
    for (int i = 0; i < TIMING_WAY_COUNT; i++, y += ROW)
        put_row(out, timing_way_text((enum timing_way)i), &report->ways[i].detect,
                &report->ways[i].recover, longest, y);
    buf_puts(out, "</svg>\n");
}
