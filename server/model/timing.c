/* The figures of every layer, put together. Owns the assumptions about what is not ours;
 * the arithmetic is cadence.c's. */
#include "model/timing.h"

#include "azure/ilb.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SECOND_MS = 1000,
    TENTH_MS = 100,
    BALANCER_INTERVAL_MS = ILB_INTERVAL_S * SECOND_MS,
    /* azure/probe.json */
    PROBE_INTERVAL_S = 10,
    PROBE_TIMEOUT_S = 5,
    PROBE_THRESHOLD = 3,
    INSTANCES = 2,
    /* Istio's kube-gateway.yaml, readinessProbe */
    GATEWAY_PERIOD_MS = 15 * SECOND_MS,
    GATEWAY_TIMEOUT_MS = SECOND_MS,
    GATEWAY_THRESHOLD = 4,
    /* k8s/base/gateway: terminationDrainDuration */
    GATEWAY_DRAIN_MS = 25 * SECOND_MS,
    /* k8s/base/health-responder: readinessProbe, DestinationRule */
    RESPONDER_PERIOD_MS = 2 * SECOND_MS,
    RESPONDER_TIMEOUT_MS = 2 * SECOND_MS,
    RESPONDER_THRESHOLD = 2,
    ENVOY_CONNECT_MS = SECOND_MS,
    ENVOY_EJECTED_MS = 15 * SECOND_MS,
    ENVOY_SWEEP_MS = SECOND_MS,
    /* istiod collects changes of endpoints for so long before it tells gateways */
    ENDPOINTS_MS = 10 * SECOND_MS,
    FIT_PERCENT = 20, /* how far a measured interval may be from the configured one */
};

static const char *const layer_ids[] = {
    [TIMING_APPGW] = "appgw",
    [TIMING_LOAD_BALANCER] = "load_balancer",
    [TIMING_GATEWAY_POD] = "gateway_pod",
    [TIMING_ENVOY] = "envoy",
    [TIMING_RESPONDER_POD] = "responder_pod",
    [TIMING_CHECKS] = "checks",
};

static const char *const layer_texts[] = {
    [TIMING_APPGW] = "Application Gateway",
    [TIMING_LOAD_BALANCER] = "internal load balancer",
    [TIMING_GATEWAY_POD] = "kubelet, gateway pods",
    [TIMING_ENVOY] = "gateway, a dead replica",
    [TIMING_RESPONDER_POD] = "kubelet, our pods",
    [TIMING_CHECKS] = "our checks",
};

static const struct {
    const char *id;
    const char *text;
    size_t count;
    enum timing_layer layers[2];
} ways[] = {
    [TIMING_PATH_DOWN] = {"path_down",
                          "the whole path stops answering",
                          1,
                          {TIMING_APPGW}},
    [TIMING_GATEWAY_ONE] = {"gateway_pod_hangs",
                            "one gateway pod hangs",
                            2,
                            {TIMING_GATEWAY_POD, TIMING_LOAD_BALANCER}},
    [TIMING_TENANT_SEEN] = {"tenant_seen",
                            "a tenant is down: we show it",
                            1,
                            {TIMING_CHECKS}},
    [TIMING_TENANT_OUT] = {"tenant_out",
                           "a tenant is down: pool out (strict)",
                           2,
                           {TIMING_CHECKS, TIMING_APPGW}},
};

__attribute__((format(printf, 2, 3))) static void warn(struct timing_report *report,
                                                       const char *fmt, ...) {
    va_list args;
    if (report->warning_count == TIMING_WARNINGS_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(report->warnings[report->warning_count++], TIMING_TEXT_MAX, fmt, args);
    va_end(args);
}

static void warn_text(void *user, const char *sentence) {
    warn(user, "%s", sentence);
}

static struct cadence steady(enum cadence_gap gap, int64_t interval_ms,
                             int64_t timeout_ms, int fall) {
    return (struct cadence){.gap = gap,
                            .interval_ms = interval_ms,
                            .edge_interval_ms = interval_ms,
                            .down_interval_ms = interval_ms,
                            .timeout_ms = timeout_ms,
                            .fall = fall,
                            .rise = 1,
                            .probers = 1};
}

static void set_interval(struct cadence *cadence, int64_t interval_ms) {
    cadence->interval_ms = interval_ms;
    cadence->edge_interval_ms = interval_ms;
    cadence->down_interval_ms = interval_ms;
}

/* The smallest median of the sources that ask this: gaps of a replica's share are
 * multiples of the real one. 0: too few arrivals. */
static int64_t measured_ms(const struct census_view *census, enum prober prober,
                           enum probe_path path) {
    int64_t least = 0;
    for (size_t i = 0; census && i < census->source_count; i++) {
        const struct census_source *source = &census->sources[i];
        if (source->prober == prober && source->path == path && source->median_ms > 0 &&
            (least == 0 || source->median_ms < least))
            least = source->median_ms;
    }
    return least;
}

static int count_instances(const struct census_view *census) {
    int count = 0;
    for (size_t i = 0; census && i < census->source_count; i++)
        count += census->sources[i].prober == PROBER_APPGW &&
                 census->sources[i].path == PROBE_HEALTHZ;
    return count;
}

static void measure(struct timing_report *report, struct timing_row *row, int64_t ms) {
    if (ms == 0)
        return;
    row->measured_ms = ms;
    set_interval(&row->cadence, ms);
    report->is_measured = true;
}

static void fill_appgw(struct timing_report *report, const struct timing_input *input) {
    struct timing_row *row = &report->rows[TIMING_APPGW];
    const struct appgw_definition *definition = input->definition;
    int64_t interval_s = definition ? definition->probe.interval_s : PROBE_INTERVAL_S;
    int64_t timeout_s = definition ? definition->probe.timeout_s : PROBE_TIMEOUT_S;
    int fall = definition ? definition->probe.unhealthy_threshold : PROBE_THRESHOLD;
    int seen = count_instances(input->census);
    report->instances = input->instances > 0 ? input->instances
                        : seen > 0           ? seen
                                             : INSTANCES;
    report->settings = definition && definition->settings_count > 0
                           ? (int)definition->settings_count
                           : 1;
    /* Whether it waits from the start or the end of a probe is not documented: the end
     * is the worse of both. */
    row->has_cadence = true;
    row->cadence =
        steady(CADENCE_FROM_END, interval_s * SECOND_MS, timeout_s * SECOND_MS, fall);
    row->cadence.probers = report->instances * report->settings;
    measure(report, row, measured_ms(input->census, PROBER_APPGW, PROBE_HEALTHZ));
    if (definition && definition->settings_count > 0) {
        const struct appgw_settings *settings = &definition->settings[0];
        int drain_s = settings->draining.enabled ? settings->draining.timeout_s
                                                 : APPGW_DRAIN_DEFAULT_S;
        row->drain_need_ms = settings->request_timeout_s * INT64_C(1000);
        row->drain_has_ms = drain_s * INT64_C(1000);
    }
}

static void fill_platform(struct timing_report *report,
                          const struct timing_input *input) {
    struct timing_row *balancer = &report->rows[TIMING_LOAD_BALANCER];
    struct timing_row *gateway = &report->rows[TIMING_GATEWAY_POD];
    struct timing_row *envoy = &report->rows[TIMING_ENVOY];
    struct timing_row *responder = &report->rows[TIMING_RESPONDER_POD];
    balancer->has_cadence = true;
    balancer->cadence = steady(CADENCE_FROM_START, BALANCER_INTERVAL_MS,
                               BALANCER_INTERVAL_MS, ILB_THRESHOLD);
    gateway->has_cadence = true;
    gateway->cadence = steady(CADENCE_FROM_START, GATEWAY_PERIOD_MS, GATEWAY_TIMEOUT_MS,
                              GATEWAY_THRESHOLD);
    gateway->drain_need_ms = cadence_detect_answered(&balancer->cadence).worst_ms;
    gateway->drain_has_ms = GATEWAY_DRAIN_MS;
    envoy->detect = (struct span){0, 0, ENVOY_CONNECT_MS};
    envoy->recover =
        (struct span){ENVOY_EJECTED_MS, ENVOY_EJECTED_MS + ENVOY_SWEEP_MS / 2,
                      ENVOY_EJECTED_MS + ENVOY_SWEEP_MS};
    responder->has_cadence = true;
    responder->cadence = steady(CADENCE_FROM_START, RESPONDER_PERIOD_MS,
                                RESPONDER_TIMEOUT_MS, RESPONDER_THRESHOLD);
    measure(report, responder, measured_ms(input->census, PROBER_KUBELET, PROBE_READY));
    responder->drain_need_ms = ENDPOINTS_MS;
    responder->drain_has_ms = input->config->drain.delay_ms;
}

static struct cadence cadence_of(const struct check_timing *timing) {
    return (struct cadence){.gap = CADENCE_BEAT,
                            .interval_ms = timing->interval_ms,
                            .edge_interval_ms = timing->fast_interval_ms,
                            .down_interval_ms = timing->down_interval_ms,
                            .timeout_ms = timing->timeout_ms,
                            .jitter_percent = timing->jitter_percent,
                            .fall = timing->fall,
                            .rise = timing->rise,
                            .probers = 1};
}

static void fill_checks(struct timing_report *report, const struct config *config) {
    struct timing_row *row = &report->rows[TIMING_CHECKS];
    int64_t slowest_ms = -1;
    const struct check_timing *timing = &config->defaults;
    report->slowest_check = UINT32_MAX;
    for (uint32_t i = 0; i < config->check_count; i++) {
        struct cadence cadence = cadence_of(&config->checks[i].timing);
        int64_t worst_ms = cadence_detect(&cadence).worst_ms;
        if (worst_ms > slowest_ms) {
            slowest_ms = worst_ms;
            report->slowest_check = i;
            timing = &config->checks[i].timing;
        }
    }
    row->has_cadence = true;
    row->cadence = cadence_of(timing);
    int64_t longest_ms = timing->interval_ms > timing->down_interval_ms
                             ? timing->interval_ms
                             : timing->down_interval_ms;
    report->stale_ms = longest_ms * config->engine.stale_after + timing->timeout_ms;
}

static void fill_spans(struct timing_report *report) {
    for (int i = 0; i < TIMING_LAYER_COUNT; i++) {
        struct timing_row *row = &report->rows[i];
        row->layer = (enum timing_layer)i;
        if (!row->has_cadence)
            continue;
        row->detect = cadence_detect(&row->cadence);
        row->recover = cadence_recover(&row->cadence);
    }
}

static void fill_ways(struct timing_report *report) {
    const struct timing_row *rows = report->rows;
    /* Nodes that became unhealthy and our own 503 are noticed by an answer. */
    struct span balancer = cadence_detect_answered(&rows[TIMING_LOAD_BALANCER].cadence);
    struct span answered = cadence_detect_answered(&rows[TIMING_APPGW].cadence);
    report->ways[TIMING_PATH_DOWN].detect = rows[TIMING_APPGW].detect;
    report->ways[TIMING_PATH_DOWN].recover =
        span_add(rows[TIMING_LOAD_BALANCER].recover, rows[TIMING_APPGW].recover);
    report->ways[TIMING_GATEWAY_ONE].detect =
        span_add(rows[TIMING_GATEWAY_POD].detect, balancer);
    report->ways[TIMING_GATEWAY_ONE].recover =
        span_add(rows[TIMING_GATEWAY_POD].recover, rows[TIMING_LOAD_BALANCER].recover);
    report->ways[TIMING_TENANT_SEEN].detect = rows[TIMING_CHECKS].detect;
    report->ways[TIMING_TENANT_SEEN].recover = rows[TIMING_CHECKS].recover;
    report->ways[TIMING_TENANT_OUT].detect =
        span_add(rows[TIMING_CHECKS].detect, answered);
    report->ways[TIMING_TENANT_OUT].recover =
        span_add(rows[TIMING_CHECKS].recover, rows[TIMING_APPGW].recover);
}

static const char *text_of(int64_t ms, char out[TEXT_DURATION_MAX]) {
    return text_format_duration(ms, out);
}

static void warn_timeouts(struct timing_report *report) {
    char timeout[TEXT_DURATION_MAX];
    char interval[TEXT_DURATION_MAX];
    for (int i = 0; i < TIMING_LAYER_COUNT; i++) {
        const struct timing_row *row = &report->rows[i];
        int64_t interval_ms = row->cadence.interval_ms;
        if (row->measured_ms > 0) /* never exactly the one that is meant */
            interval_ms += interval_ms * FIT_PERCENT / 100;
        if (row->has_cadence && row->cadence.timeout_ms > interval_ms)
            warn(report,
                 "%s: the timeout, %s, is longer than the interval, %s: a hanging probe "
                 "is still waited for when the next one is due",
                 layer_texts[i], text_of(row->cadence.timeout_ms, timeout),
                 text_of(row->cadence.interval_ms, interval));
    }
}

static void warn_drains(struct timing_report *report) {
    static const char *const reasons[] = {
        [TIMING_APPGW] = "requests that take their whole requestTimeout are cut when a "
                         "server is removed",
        [TIMING_GATEWAY_POD] = "the load balancer sends connections to a pod that ends "
                               "until two probes have failed",
        [TIMING_RESPONDER_POD] = "gateways may hear that late that a pod has gone, and "
                                 "the load balancer needs two probes, 10 s",
    };
    char has[TEXT_DURATION_MAX];
    char need[TEXT_DURATION_MAX];
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const struct timing_row *row = &report->rows[i];
        if (reasons[i] && row->drain_has_ms < row->drain_need_ms)
            warn(report, "%s: a drain of %s is shorter than %s: %s", layer_texts[i],
                 text_of(row->drain_has_ms, has), text_of(row->drain_need_ms, need),
                 reasons[i]);
    }
}

static void warn_fit(struct timing_report *report, const struct timing_input *input) {
    const struct timing_row *row = &report->rows[TIMING_APPGW];
    char measured[TEXT_DURATION_MAX];
    char defined[TEXT_DURATION_MAX];
    if (!input->definition || row->measured_ms == 0)
        return;
    int64_t defined_ms = input->definition->probe.interval_s * INT64_C(1000);
    if (row->measured_ms * 100 < defined_ms * (100 - FIT_PERCENT))
        warn(report,
             "Application Gateway: the census measures %s between probes, the definition "
             "says %s: another definition is in use, or several settings probe",
             text_of(row->measured_ms, measured), text_of(defined_ms, defined));
}

static void warn_answers(struct timing_report *report, const struct timing_input *input) {
    const struct timing_row *kubelet = &report->rows[TIMING_RESPONDER_POD];
    const struct timing_row *appgw = &report->rows[TIMING_APPGW];
    if (input->answer_p99_us > kubelet->cadence.timeout_ms * 1000)
        warn(report,
             "kubelet, our pods: its timeout, %" PRId64 " ms, is shorter than the 99th "
             "percentile of our answers, %" PRId64 " ms: healthy pods are taken out",
             kubelet->cadence.timeout_ms, input->answer_p99_us / 1000);
    if (input->answer_p99_us > appgw->cadence.timeout_ms * 1000)
        warn(report,
             "Application Gateway: its timeout, %" PRId64 " ms, is shorter than the 99th "
             "percentile of our answers, %" PRId64 " ms",
             appgw->cadence.timeout_ms, input->answer_p99_us / 1000);
}

static void warn_chains(struct timing_report *report) {
    const struct timing_row *appgw = &report->rows[TIMING_APPGW];
    char a[TEXT_DURATION_MAX];
    char b[TEXT_DURATION_MAX];
    if (report->stale_ms > appgw->detect.typical_ms)
        warn(report,
             "our checks: a state is believed for %s (stale_after), longer than "
             "Application Gateway typically takes to decide, %s: it may decide by old "
             "news",
             text_of(report->stale_ms, a),
             text_of(appgw->detect.typical_ms / TENTH_MS * TENTH_MS, b));
    if (ENVOY_CONNECT_MS >= appgw->cadence.timeout_ms)
        warn(report,
             "Application Gateway: its timeout, %s, leaves no time to try another "
             "replica: the gateway waits %s for a dead one to accept",
             text_of(appgw->cadence.timeout_ms, a), text_of(ENVOY_CONNECT_MS, b));
}

void timing_fill(struct timing_report *report, const struct timing_input *input) {
    *report = (struct timing_report){.instances = 0};
    fill_appgw(report, input);
    fill_platform(report, input);
    fill_checks(report, input->config);
    fill_spans(report);
    fill_ways(report);
    warn_timeouts(report);
    warn_drains(report);
    warn_fit(report, input);
    warn_answers(report, input);
    warn_chains(report);
    if (input->definition)
        appgw_advise(input->definition, warn_text, report);
}

const char *timing_layer_id(enum timing_layer layer) {
    return layer_ids[layer];
}

const char *timing_layer_text(enum timing_layer layer) {
    return layer_texts[layer];
}

const char *timing_way_id(enum timing_way way) {
    return ways[way].id;
}

const char *timing_way_text(enum timing_way way) {
    return ways[way].text;
}

size_t timing_way_layers(enum timing_way way, enum timing_layer layers[2]) {
    memcpy(layers, ways[way].layers, sizeof ways[way].layers);
    return ways[way].count;
}
