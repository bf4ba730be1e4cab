/* The routes of the detail port: one table, and one small function per row that asks a
 * view for the body. Never touches a socket; who may ask was decided before. */
#include "routes_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "front/probe.h"
#include "process_internal.h"
#include "view/census.h"
#include "view/health_json.h"
#include "view/metrics.h"
#include "view/page.h"
#include "view/path.h"
#include "view/status_json.h"
#include "view/status_text.h"
#include "view/timeline.h"
#include "view/timing.h"
#include "view/verbose.h"

#include <stdarg.h>
#include <string.h>

enum { FORMATS_MAX = 3, SAID_NAME_MAX = 80, SAID_TENANTS_MAX = 50 };

/* A request with what its row made of it. */
struct route_call {
    const struct route_request *request;
    const char *name; /* what stands for NAME in the path; NULL where the row has none */
    enum view_format format;
};

struct route {
    const char *path; /* what is served, NAME standing for any text that is not empty */
    bool is_post;     /* otherwise GET and HEAD */
    void (*reply)(const struct route_call *call, struct route_reply *reply);
    size_t format_count;
    enum view_format formats[FORMATS_MAX]; /* the first one is the default */
};

static const char name_mark[] = "NAME";

/* The words of ?format=. */
static const char *format_word(enum view_format format) {
    switch (format) {
        case VIEW_JSON:
            return "json";
        case VIEW_HEALTH_JSON:
            return "health";
        case VIEW_TEXT:
            return "text";
        case VIEW_HTML:
            return "html";
        case VIEW_PROMETHEUS:
            return "prometheus";
        case VIEW_OPENMETRICS:
            return "openmetrics";
        case VIEW_SVG:
            return "svg";
    }
    return "";
}

static bool is_live(const struct detail_front_options *options) {
    return clock_mono_us() - options->last_turn_us(options->user) <= PROBE_STUCK_AFTER_US;
}

static void diagnose(const struct route_call *call, struct view_diagnosis *diagnosis) {
    const struct route_request *request = call->request;
    view_diagnose(diagnosis, request->snapshot, !is_live(request->options));
}

static void reply_page(const struct route_call *call, struct route_reply *reply) {
    struct view_diagnosis diagnosis;
    diagnose(call, &diagnosis);
    reply->policy = view_page_policy();
    view_page(&diagnosis, &reply->body);
}

/* What the filters name is there; says 404 where it is not. */
static bool query_is_known(const struct route_call *call, struct route_reply *reply) {
    char why[160];
    if (view_query_is_known(&call->request->query, call->request->snapshot, why,
                            sizeof why))
        return true;
    route_say(reply, 404, "%s", why);
    return false;
}

static void reply_status(const struct route_call *call, struct route_reply *reply) {
    const struct snapshot *snapshot = call->request->snapshot;
    const struct view_query *query = &call->request->query;
    struct view_diagnosis diagnosis;
    if (!query_is_known(call, reply))
        return;
    diagnose(call, &diagnosis);
    if (call->format == VIEW_TEXT) {
        view_status_text(&diagnosis, query, &reply->body);
    } else if (call->format == VIEW_HEALTH_JSON) {
        reply->status = (unsigned)view_status_health_code(snapshot);
        view_status_health_json(&diagnosis, query, &reply->body);
    } else {
        view_status_json(&diagnosis, query, &reply->body);
    }
}

static void reply_verbose(const struct route_call *call, enum verbose_endpoint endpoint,
                          struct route_reply *reply) {
    const struct route_request *request = call->request;
    struct verbose_facts facts = {.is_live = is_live(request->options)};
    reply->status = (unsigned)view_verbose(request->snapshot, &request->query, endpoint,
                                           &facts, &reply->body);
}

static void reply_healthz(const struct route_call *call, struct route_reply *reply) {
    reply_verbose(call, VERBOSE_HEALTHZ, reply);
}

static void reply_readyz(const struct route_call *call, struct route_reply *reply) {
    reply_verbose(call, VERBOSE_READYZ, reply);
}

static void reply_livez(const struct route_call *call, struct route_reply *reply) {
    reply_verbose(call, VERBOSE_LIVEZ, reply);
}

static void reply_why(const struct route_call *call, struct route_reply *reply) {
    struct view_diagnosis diagnosis;
    diagnose(call, &diagnosis);
    if (call->format == VIEW_TEXT)
        view_why_text(&diagnosis, &reply->body);
    else
        view_why_json(&diagnosis, &reply->body);
}

static void write_path(const struct route_call *call, uint32_t tenant,
                       struct route_reply *reply) {
    struct view_diagnosis diagnosis;
    diagnose(call, &diagnosis);
    if (call->format == VIEW_TEXT)
        view_path_text(&diagnosis, tenant, &reply->body);
    else
        view_path_json(&diagnosis, tenant, &reply->body);
}

static void reply_paths(const struct route_call *call, struct route_reply *reply) {
    write_path(call, CONFIG_NO_TENANT, reply);
}

static void say_tenants(const struct route_call *call, struct route_reply *reply) {
    const struct config *config = call->request->snapshot->config;
    uint32_t count =
        config->tenant_count < SAID_TENANTS_MAX ? config->tenant_count : SAID_TENANTS_MAX;
    char said[SAID_NAME_MAX];
    BUF_AUTO struct buf names = {0};
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", config->tenants[i].name);
    if (count < config->tenant_count)
        buf_printf(&names, " and %u more", (unsigned)(config->tenant_count - count));
    text_clean(said, sizeof said, call->name, strlen(call->name));
    route_say(reply, 404, "no tenant is named \"%s\"; known: %s", said,
              count > 0 ? names.data : "none");
}

static void reply_path(const struct route_call *call, struct route_reply *reply) {
    uint32_t tenant = config_find_tenant(call->request->snapshot->config, call->name);
    if (tenant == CONFIG_NO_TENANT)
        say_tenants(call, reply);
    else
        write_path(call, tenant, reply);
}

static void reply_timeline(const struct route_call *call, struct route_reply *reply) {
    const struct snapshot *snapshot = call->request->snapshot;
    const struct view_query *query = &call->request->query;
    if (!query_is_known(call, reply))
        return;
    if (call->format == VIEW_TEXT)
        view_timeline_text(snapshot, query, &reply->body);
    else
        view_timeline_json(snapshot, query, &reply->body);
}

static void reply_census(const struct route_call *call, struct route_reply *reply) {
    if (call->format == VIEW_TEXT)
        view_census_text(call->request->snapshot, &reply->body);
    else
        view_census_json(call->request->snapshot, &reply->body);
}

/* Nobody tells us the definition that is in use: the shipped one, with what is measured.
 */
static void reply_timing(const struct route_call *call, struct route_reply *reply) {
    const struct snapshot *snapshot = call->request->snapshot;
    const struct timing_input input = {.config = snapshot->config,
                                       .census = snapshot->census};
    struct timing_report report;
    timing_fill(&report, &input);
    const struct view_timing timing = {&report, snapshot->config, snapshot};
    if (call->format == VIEW_TEXT)
        view_timing_text(&timing, &reply->body);
    else if (call->format == VIEW_SVG)
        view_timing_svg(&timing, &reply->body);
    else
        view_timing_json(&timing, &reply->body);
}

/* The index of the check named in the path; says 404 where there is none. */
static uint32_t find_check(const struct route_call *call, struct route_reply *reply) {
    uint32_t check = config_find_check(call->request->snapshot->config, call->name);
    if (check == UINT32_MAX) {
        char said[SAID_NAME_MAX];
        text_clean(said, sizeof said, call->name, strlen(call->name));
        route_say(reply, 404, "no check is named \"%s\": /status lists them", said);
    }
    return check;
}

static void reply_check(const struct route_call *call, struct route_reply *reply) {
    uint32_t check = find_check(call, reply);
    struct view_diagnosis diagnosis;
    if (check == UINT32_MAX)
        return;
    diagnose(call, &diagnosis);
    if (call->format == VIEW_TEXT)
        view_check_text(&diagnosis, check, &reply->body);
    else
        view_check_json(&diagnosis, check, &reply->body);
}

static void reply_run(const struct route_call *call, struct route_reply *reply) {
    const struct route_request *request = call->request;
    uint32_t check = find_check(call, reply);
    if (check == UINT32_MAX)
        return;
    if (!request->options->request_run(request->options->user, call->name)) {
        route_say(reply, 429, "too many runs were asked for: try again in a second");
        return;
    }
    reply->status = 202;
    const char *instance = request->snapshot->instance;
    buf_puts(&reply->body, "{\"instance\": ");
    text_append_json(&reply->body, instance, strlen(instance));
    buf_puts(&reply->body, ", \"check\": ");
    text_append_json(&reply->body, call->name, strlen(call->name));
    buf_puts(&reply->body, ", \"accepted\": true}\n");
}

static void reply_config(const struct route_call *call, struct route_reply *reply) {
    view_config_json(call->request->snapshot, &reply->body);
}

static void reply_metrics(const struct route_call *call, struct route_reply *reply) {
    const struct route_request *request = call->request;
    struct metrics_process process = {.is_live = is_live(request->options)};
    process_measure(&process);
    struct view_diagnosis diagnosis;
    arrivals_counts(request->options->probe_arrivals, &process.arrivals);
    diagnose(call, &diagnosis);
    view_metrics(&diagnosis, &process, call->format == VIEW_OPENMETRICS, &reply->body);
}

/* The first row that a path matches decides. */
static const struct route routes[] = {
    {"/", false, reply_page, 1, {VIEW_HTML}},
    {"/status", false, reply_status, 3, {VIEW_JSON, VIEW_HEALTH_JSON, VIEW_TEXT}},
    {"/healthz", false, reply_healthz, 1, {VIEW_TEXT}},
    {"/readyz", false, reply_readyz, 1, {VIEW_TEXT}},
    {"/livez", false, reply_livez, 1, {VIEW_TEXT}},
    {"/why", false, reply_why, 2, {VIEW_TEXT, VIEW_JSON}},
    {"/path", false, reply_paths, 2, {VIEW_JSON, VIEW_TEXT}},
    {"/path/NAME", false, reply_path, 2, {VIEW_JSON, VIEW_TEXT}},
    {"/timeline", false, reply_timeline, 2, {VIEW_JSON, VIEW_TEXT}},
    {"/census", false, reply_census, 2, {VIEW_JSON, VIEW_TEXT}},
    {"/timing", false, reply_timing, 3, {VIEW_JSON, VIEW_TEXT, VIEW_SVG}},
    {"/checks/NAME/run", true, reply_run, 1, {VIEW_JSON}},
    {"/checks/NAME", false, reply_check, 2, {VIEW_JSON, VIEW_TEXT}},
    {"/config", false, reply_config, 1, {VIEW_JSON}},
    {"/metrics", false, reply_metrics, 2, {VIEW_PROMETHEUS, VIEW_OPENMETRICS}},
};
enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

/* The row serves this path; `name` gets what stands for NAME, in the request's arena. */
static bool matches(const struct route *route, const struct route_request *request,
                    const char **name) {
    const char *mark = strstr(route->path, name_mark);
    *name = NULL;
    if (!mark)
        return strcmp(request->path, route->path) == 0;
    size_t before = (size_t)(mark - route->path);
    const char *suffix = mark + strlen(name_mark);
    size_t around = before + strlen(suffix);
    size_t len = strlen(request->path);
    if (len <= around || strncmp(request->path, route->path, before) != 0 ||
        !text_has_suffix(request->path, suffix))
        return false;
    *name =
        arena_printf(request->arena, "%.*s", (int)(len - around), request->path + before);
    return true;
}

static bool has_method(const struct route *route, const char *method) {
    if (route->is_post)
        return strcmp(method, "POST") == 0;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void say_formats(const struct route *route, struct route_reply *reply) {
    BUF_AUTO struct buf words = {0};
    for (size_t i = 0; i < route->format_count; i++)
        buf_printf(&words, "%s%s", i > 0 ? ", " : "", format_word(route->formats[i]));
    route_say(reply, 400, "format: expected one of %s", words.data);
}

static void say_routes(struct route_reply *reply) {
    route_say(reply, 404, "not found; this port serves:");
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        buf_printf(&reply->body, "  %s %s\n", routes[i].is_post ? "POST" : "GET ",
                   routes[i].path);
}

void route_answer(const struct route_request *request, struct route_reply *reply) {
    struct route_call call = {.request = request};
    const struct route *route = NULL;
    for (size_t i = 0; i < ROUTE_COUNT && !route; i++) {
        if (matches(&routes[i], request, &call.name))
            route = &routes[i];
    }
    if (!route) {
        say_routes(reply);
    } else if (!has_method(route, request->method)) {
        reply->allow = route->is_post ? "POST" : "GET, HEAD";
        route_say(reply, 405, "method not allowed: %s takes %s", route->path,
                  reply->allow);
    } else if (!view_choose(&request->query, route->formats, route->format_count,
                            &call.format)) {
        say_formats(route, reply);
    } else {
        reply->status = 200;
        reply->media_type = view_media_type(call.format);
        route->reply(&call, reply);
    }
}

void route_say(struct route_reply *reply, unsigned status, const char *fmt, ...) {
    reply->status = status;
    reply->media_type = view_media_type(VIEW_TEXT);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&reply->body, fmt, args);
    va_end(args);
    buf_putc(&reply->body, '\n');
}
