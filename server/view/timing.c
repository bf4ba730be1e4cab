/* Times to detect and to recover as text and JSON. Owns words and columns; the figures
 * are model/timing's, the picture is timing_svg.c's. */
#include "view/timing.h"

#include "base/buf.h"
#include "json_out.h"
#include "text_out.h"
#include "wrap.h"

#include <inttypes.h>
#include <stdio.h>

enum { SECONDS_MAX = 32, TENTHS_BELOW_MS = 1000 * 1000 };

/* "26.7", without the fraction where a column would not hold it. */
static const char *seconds(int64_t ms, char out[SECONDS_MAX]) {
    if (ms >= TENTHS_BELOW_MS)
        snprintf(out, SECONDS_MAX, "%" PRId64, (ms + 500) / 1000);
    else
        snprintf(out, SECONDS_MAX, "%" PRId64 ".%" PRId64, (ms + 50) / 1000,
                 (ms + 50) % 1000 / 100);
    return out;
}

static void put_span(struct buf *out, const struct span *span) {
    char best[SECONDS_MAX];
    char typical[SECONDS_MAX];
    char worst[SECONDS_MAX];
    buf_printf(out, "  %5s %5s %5s", seconds(span->best_ms, best),
               seconds(span->typical_ms, typical), seconds(span->worst_ms, worst));
}

static void put_row(struct buf *out, const struct timing_row *row) {
    char interval[SECONDS_MAX];
    char timeout[SECONDS_MAX];
    buf_printf(out, "%-23s ", timing_layer_text(row->layer));
    if (row->has_cadence)
        buf_printf(out, "%5s %5s %2d", seconds(row->cadence.interval_ms, interval),
                   seconds(row->cadence.timeout_ms, timeout), row->cadence.fall);
    else
        buf_printf(out, "%14s", "on a request");
    put_span(out, &row->detect);
    put_span(out, &row->recover);
    buf_puts(out, row->measured_ms > 0 ? " *\n" : "\n");
}

static void put_layers(struct buf *out, const struct timing_report *report) {
    buf_printf(out, "%-23s %5s %5s %2s  %-17s  %s\n", "in seconds", "", "", "", "noticed",
               "forgiven");
    buf_printf(out, "%-23s %5s %5s %2s  %5s %5s %5s  %5s %5s %5s\n", "layer", "every",
               "wait", "x", "best", "typ", "worst", "best", "typ", "worst");
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        put_row(out, &report->rows[i]);
}

static void put_ways(struct buf *out, const struct timing_report *report) {
    buf_puts(out, "\nend to end\n");
    for (int i = 0; i < TIMING_WAY_COUNT; i++) {
        buf_printf(out, "%-38s", timing_way_text((enum timing_way)i));
        put_span(out, &report->ways[i].detect);
        put_span(out, &report->ways[i].recover);
        buf_putc(out, '\n');
    }
}

static void put_drains(struct buf *out, const struct timing_report *report) {
    char need[SECONDS_MAX];
    char has[SECONDS_MAX];
    buf_puts(out, "\ndrain                   needs   has\n");
    for (int i = 0; i < TIMING_LAYER_COUNT; i++) {
        const struct timing_row *row = &report->rows[i];
        if (row->drain_need_ms > 0)
            buf_printf(out, "%-23s %5s %5s\n", timing_layer_text(row->layer),
                       seconds(row->drain_need_ms, need),
                       seconds(row->drain_has_ms, has));
    }
}

/* What the figures rest on. */
static void put_notes(struct buf *out, const struct view_timing *timing) {
    const struct timing_report *report = timing->report;
    char stale[SECONDS_MAX];
    buf_putc(out, '\n');
    wrap_printf(out, "note", TEXT_LABELS,
                "Application Gateway: instances %d, sets of backend settings %d; all of "
                "them must have noticed",
                report->instances, report->settings);
    if (timing->config->verdict.policy == POLICY_SERVE)
        wrap_line(out, "note", TEXT_LABELS,
                  "policy serve: a tenant never takes the pool out; the last line is for "
                  "a prober of /healthz/strict");
    if (report->slowest_check != UINT32_MAX)
        wrap_printf(out, "note", TEXT_LABELS, "the slowest of our checks is %s",
                    timing->config->checks[report->slowest_check].name);
    wrap_printf(out, "note", TEXT_LABELS,
                "a state of ours that is older than %s s says nothing any more",
                seconds(report->stale_ms, stale));
    wrap_line(out, "note", TEXT_LABELS,
              "kubelet, gateway and load balancer as k8s/base and the platform have "
              "them");
    if (report->is_measured)
        wrap_line(out, "note", TEXT_LABELS,
                  "* measured by the census: this replica's share, so an interval may "
                  "be shorter than it looks from here");
    for (size_t i = 0; i < report->warning_count; i++)
        wrap_line(out, "warning", TEXT_LABELS, report->warnings[i]);
}

void view_timing_text(const struct view_timing *timing, struct buf *out) {
    if (timing->snapshot) {
        text_out_head(timing->snapshot, out);
        buf_putc(out, '\n');
    }
    put_layers(out, timing->report);
    put_ways(out, timing->report);
    put_drains(out, timing->report);
    put_notes(out, timing);
}

static json_t *span_json(const struct span *span) {
    return json_pack("{s:I, s:I, s:I}", "best", (json_int_t)span->best_ms, "typical",
                     (json_int_t)span->typical_ms, "worst", (json_int_t)span->worst_ms);
}

static json_t *row_json(const struct timing_row *row) {
    const struct cadence *cadence = &row->cadence;
    json_t *json = json_object();
    json_out_set(json, "layer", timing_layer_id(row->layer));
    json_object_set_new(
        json, "probe",
        row->has_cadence
            ? json_pack("{s:I, s:I, s:I, s:I, s:i, s:i, s:i}", "interval_ms",
                        (json_int_t)cadence->interval_ms, "fast_interval_ms",
                        (json_int_t)cadence->edge_interval_ms, "down_interval_ms",
                        (json_int_t)cadence->down_interval_ms, "timeout_ms",
                        (json_int_t)cadence->timeout_ms, "fall", cadence->fall, "rise",
                        cadence->rise, "probers", cadence->probers)
            : json_null());
    json_object_set_new(json, "measured_interval_ms",
                        row->measured_ms > 0 ? json_integer(row->measured_ms)
                                             : json_null());
    json_object_set_new(json, "detect_ms", span_json(&row->detect));
    json_object_set_new(json, "recover_ms", span_json(&row->recover));
    json_object_set_new(json, "drain_ms",
                        row->drain_need_ms > 0
                            ? json_pack("{s:I, s:I}", "needed",
                                        (json_int_t)row->drain_need_ms, "configured",
                                        (json_int_t)row->drain_has_ms)
                            : json_null());
    return json;
}

static json_t *way_json(const struct timing_report *report, enum timing_way way) {
    enum timing_layer layers[2];
    size_t count = timing_way_layers(way, layers);
    json_t *json = json_object();
    json_t *ids = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(ids, json_string(timing_layer_id(layers[i])));
    json_out_set(json, "event", timing_way_id(way));
    json_out_set(json, "text", timing_way_text(way));
    json_object_set_new(json, "layers", ids);
    json_object_set_new(json, "detect_ms", span_json(&report->ways[way].detect));
    json_object_set_new(json, "recover_ms", span_json(&report->ways[way].recover));
    return json;
}

void view_timing_json(const struct view_timing *timing, struct buf *out) {
    const struct timing_report *report = timing->report;
    json_out_open(out);
    if (timing->snapshot)
        json_out_head(out, timing->snapshot);
    else
        json_out_member(out, "schema", json_integer(1));
    json_out_member(out, "instances", json_integer(report->instances));
    json_out_member(out, "settings", json_integer(report->settings));
    json_out_member(
        out, "slowest_check",
        json_out_text(report->slowest_check == UINT32_MAX
                          ? NULL
                          : timing->config->checks[report->slowest_check].name));
    json_out_member(out, "stale_ms", json_integer(report->stale_ms));
    json_out_open_member(out, "layers", '[');
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        json_out_item(out, NULL, row_json(&report->rows[i]));
    json_out_close_member(out, '[');
    json_out_open_member(out, "end_to_end", '[');
    for (int i = 0; i < TIMING_WAY_COUNT; i++)
        json_out_item(out, NULL, way_json(report, (enum timing_way)i));
    json_out_close_member(out, '[');
    json_out_open_member(out, "warnings", '[');
    for (size_t i = 0; i < report->warning_count; i++)
        json_out_item(out, NULL, json_out_text(report->warnings[i]));
    json_out_close_member(out, '[');
    json_out_close(out);
}
