/* Check type `gateway_stats`. Owns which of Envoy's statistics are read and what they
 * mean; pods, their names and deadlines are pods.c's business. */
#include "check/gateway_stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "check/check.h"
#include "check/prometheus_text.h"
#include "http_outcome.h"
#include "net/http_client.h"
#include "pods.h"
#include "run.h"
#include "updates.h"

enum { BODY_MAX = 1024 * 1024, YOUNG_S = 30 };

/* Istio calls the control plane's cluster "xds-grpc;" inside. Not asked for: the days
 * that are left of the first certificate, which read 0 in every mesh, for it is the
 * pod's own identity. As RE2:
 *   ^(server\.(state|uptime)
 *    |(listener_manager\.lds|cluster_manager\.cds)\.update_(success|rejected|failure)
 *    |listener_manager\.workers_started
 *    |control_plane\.connected_state
 *    |cluster\.xds-grpc;?\.upstream_cx_active)$ */
#define FILTER                                                                           \
    "%5E%28server%5C.%28state%7Cuptime%29"                                               \
    "%7C%28listener_manager%5C.lds%7Ccluster_manager%5C.cds%29"                          \
    "%5C.update_%28success%7Crejected%7Cfailure%29"                                      \
    "%7Clistener_manager%5C.workers_started%7Ccontrol_plane%5C.connected_state"          \
    "%7Ccluster%5C.xds-grpc%3B%3F%5C.upstream_cx_active%29%24"

enum figure {
    SERVER_STATE,
    UPTIME,
    WORKERS_STARTED,
    XDS_STATE,
    XDS_CONNECTIONS,
    LDS_ACCEPTED,
    LDS_REJECTED,
    LDS_FAILED,
    CDS_ACCEPTED,
    CDS_REJECTED,
    CDS_FAILED,
};
enum { FIGURE_COUNT = 11 };

static const struct prometheus_wanted figure_names[FIGURE_COUNT] = {
    [SERVER_STATE] = {.name = "envoy_server_state"},
    [UPTIME] = {.name = "envoy_server_uptime"},
    [WORKERS_STARTED] = {.name = "envoy_listener_manager_workers_started"},
    [XDS_STATE] = {.name = "envoy_control_plane_connected_state"},
    [XDS_CONNECTIONS] = {.name = "envoy_cluster_upstream_cx_active", .label = "xds-grpc"},
    [LDS_ACCEPTED] = {.name = "envoy_listener_manager_lds_update_success"},
    [LDS_REJECTED] = {.name = "envoy_listener_manager_lds_update_rejected"},
    [LDS_FAILED] = {.name = "envoy_listener_manager_lds_update_failure"},
    [CDS_ACCEPTED] = {.name = "envoy_cluster_manager_cds_update_success"},
    [CDS_REJECTED] = {.name = "envoy_cluster_manager_cds_update_rejected"},
    [CDS_FAILED] = {.name = "envoy_cluster_manager_cds_update_failure"},
};

/* With `usedonly`, a counter that never rose is not there. */
static double value_of(const struct prometheus_wanted *figure) {
    return figure->is_found ? figure->value : 0;
}

static bool is_zero(const struct prometheus_wanted *figure) {
    return figure->is_found && figure->value <= 0;
}

static const char *state_name(double state) {
    static const char *const names[] = {"LIVE", "DRAINING", "PRE_INITIALIZING",
                                        "INITIALIZING"};
    return state >= 0 && state < 4 ? names[(int)state] : "unknown";
}

static struct update_state note_updates(const struct pod *pod,
                                        const struct prometheus_wanted *figures) {
    const struct update_counts counts[UPDATE_KINDS] = {
        {value_of(&figures[LDS_ACCEPTED]), value_of(&figures[LDS_REJECTED]),
         value_of(&figures[LDS_FAILED])},
        {value_of(&figures[CDS_ACCEPTED]), value_of(&figures[CDS_REJECTED]),
         value_of(&figures[CDS_FAILED])},
    };
    return updates_note(&pod->addr, value_of(&figures[UPTIME]), counts);
}

/* The connection to the control plane alone is not enough: Envoy's ends at the agent in
 * its pod, which accepts it and then tries istiod for 20 s at a time. */
static void judge_figures(struct pod *pod, const struct prometheus_wanted *figures) {
    struct update_state updates = note_updates(pod, figures);
    struct outcome *outcome = &pod->outcome;
    double up_s = value_of(&figures[UPTIME]);
    /* State and uptime are written every few seconds only, the first time after that. */
    pod->is_young = up_s < YOUNG_S;
    if (value_of(&figures[SERVER_STATE]) != 0)
        outcome_set(outcome, OUTCOME_FAIL, GW_NOT_LIVE, "Envoy's state is %s, up %.0f s",
                    state_name(figures[SERVER_STATE].value), up_s);
    else if (is_zero(&figures[WORKERS_STARTED]))
        outcome_set(outcome, OUTCOME_FAIL, GW_NOT_LIVE,
                    "Envoy's workers have not started, up %.0f s", up_s);
    else if (updates.is_rejected)
        outcome_set(outcome, OUTCOME_FAIL, GW_CONFIG_REJECTED,
                    "rejected its newest configuration (LDS %.0f, CDS %.0f times)",
                    value_of(&figures[LDS_REJECTED]), value_of(&figures[CDS_REJECTED]));
    else if (is_zero(&figures[XDS_STATE]) || is_zero(&figures[XDS_CONNECTIONS]))
        outcome_set(outcome, OUTCOME_FAIL, GW_XDS_LOST,
                    "not connected to the control plane (xds-grpc)");
    else if (updates.is_lost)
        outcome_set(outcome, OUTCOME_FAIL, GW_XDS_LOST,
                    "nothing comes from the control plane (failed %.0f times)",
                    value_of(&figures[LDS_FAILED]));
    else
        outcome_set(outcome, OUTCOME_PASS, REASON_NONE,
                    "%s, up %.0f s, its configuration accepted",
                    figures[SERVER_STATE].is_found ? "LIVE" : "state not told", up_s);
}

static void judge(struct pod *pod, const struct http_result *result) {
    int64_t ms = attempt_shown_ms(result->total_us);
    char body[HTTP_EXCERPT_MAX];
    struct prometheus_wanted figures[FIGURE_COUNT];
    bool is_any = false;
    if (result->status != 200) {
        outcome_set(&pod->outcome, OUTCOME_UNAVAILABLE, HTTP_STATUS,
                    "no statistics: HTTP %d in %" PRId64 " ms: %s", result->status, ms,
                    http_excerpt(result, body));
        return;
    }
    if (result->body_cut) {
        outcome_set(&pod->outcome, OUTCOME_UNAVAILABLE, TOO_LARGE,
                    "more statistics than the %zu KiB that are read",
                    result->body_len / 1024);
        return;
    }
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        figures[i] = figure_names[i];
    prometheus_read(result->body, result->body_len, figures, FIGURE_COUNT);
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        is_any = is_any || figures[i].is_found;
    if (is_any)
        judge_figures(pod, figures);
    else
        outcome_set(&pod->outcome, OUTCOME_UNAVAILABLE, BODY_MISMATCH,
                    "no statistics of Envoy in the answer: %s",
                    http_excerpt(result, body));
}

static const struct pods_type pods_type = {
    .path = "/stats/prometheus?usedonly&filter=" FILTER,
    .max_body = BODY_MAX,
    .judge = judge,
};

static struct check_run *gateway_stats_start(const struct check_env *env,
                                             const struct check_config *config,
                                             check_done *done, void *user) {
    const struct gateway_stats_options *options = config->options;
    return pods_start(env, config, options->target, false, &pods_type, done, user);
}

const struct check_type check_gateway_stats = {
    .name = "gateway_stats",
    .options = &gateway_stats_options_schema,
    .start = gateway_stats_start,
    .cancel = pods_cancel,
};
