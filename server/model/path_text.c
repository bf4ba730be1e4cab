/* The words of a diagnosis: names of the configuration into summaries and commands, and
 * what a check said into one line of evidence. Never puts a name into a command that a
 * shell could take for more than a name. */
#include "path_internal.h"

#include "base/addr.h"
#include "base/text.h"
#include "base/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 1100, LABEL_MAX = 64 };

/* A Service as Kubernetes names it; "" where the name does not tell. */
struct service_name {
    char service[LABEL_MAX];
    char namespace[LABEL_MAX];
};

struct writer {
    const struct path_case *c;
    const struct sight *sight;
    bool is_command;
    char *out;
    size_t size;
    size_t len;
};

/* "a.b.svc" and "a.b.svc.cluster.local." name Service a of namespace b. */
static struct service_name split_service(const char *host) {
    struct service_name name = {"", ""};
    size_t service = host != NULL ? strcspn(host, ".") : 0;

    if (service == 0 || service >= LABEL_MAX || host[service] == '\0')
        return name;

    const char *second = host + service + 1;
    size_t namespace = strcspn(second, ".");
    const char *third = second + namespace;

    if (namespace == 0 || namespace >= LABEL_MAX || strncmp(third, ".svc", 4) != 0 ||
        (third[4] != '\0' && third[4] != '.'))
        return name;
    memcpy(name.service, host, service);
    memcpy(name.namespace, second, namespace);
    return name;
}

/* Istio names the Service GATEWAY-CLASS. */
static void gateway_of(const char *service, char *out) {
    static const char *const classes[] = {"-approuting-istio", "-istio"};

    out[0] = '\0';
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (!text_has_suffix(service, classes[i]))
            continue;
        snprintf(out, LABEL_MAX, "%.*s", (int)(strlen(service) - strlen(classes[i])),
                 service);
        return;
    }
}

static const struct config *config_of(const struct writer *writer) {
    return writer->c->survey->snapshot->config;
}

static const struct tenant_config *tenant_of(const struct writer *writer) {
    static const struct tenant_config nobody;
    uint32_t tenant = writer->c->tenant;

    return tenant != CONFIG_NO_TENANT ? &config_of(writer)->tenants[tenant] : &nobody;
}

/* What follows gives the value of one token each, NULL or "" where it is not known;
 * `room` holds what is not written anywhere. */

static const char *host_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return config_of(writer)->gateway.host;
}

static const char *service_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return config_of(writer)->gateway.service;
}

static const char *pods_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    const struct gateway_config *gateway = &config_of(writer)->gateway;

    return gateway->pods != NULL ? gateway->pods : gateway->service;
}

static const char *gateway_service_value(const struct writer *writer,
                                         char room[VALUE_MAX]) {
    struct service_name name = split_service(service_value(writer, room));

    text_copy(room, VALUE_MAX, name.service);
    return room;
}

static const char *gateway_namespace_value(const struct writer *writer,
                                           char room[VALUE_MAX]) {
    struct service_name name = split_service(service_value(writer, room));

    text_copy(room, VALUE_MAX, name.namespace);
    return room;
}

static const char *pods_namespace_value(const struct writer *writer,
                                        char room[VALUE_MAX]) {
    struct service_name name = split_service(pods_value(writer, room));

    text_copy(room, VALUE_MAX, name.namespace);
    return room;
}

static const char *gateway_value(const struct writer *writer, char room[VALUE_MAX]) {
    struct service_name name = split_service(service_value(writer, room));

    gateway_of(name.service, room);
    return room;
}

static const char *port_value(const struct writer *writer, char room[VALUE_MAX]) {
    snprintf(room, VALUE_MAX, "%d", config_of(writer)->gateway.port);
    return room;
}

static const char *status_port_value(const struct writer *writer, char room[VALUE_MAX]) {
    snprintf(room, VALUE_MAX, "%d", config_of(writer)->gateway.status_port);
    return room;
}

static const char *route_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return tenant_of(writer)->route;
}

static const char *backend_value(const struct writer *writer, char room[VALUE_MAX]) {
    const char *backend = tenant_of(writer)->backend;
    struct url url;

    if (backend == NULL || !url_parse(backend, &url, NULL))
        return NULL;
    text_copy(room, VALUE_MAX, url.host);
    return room;
}

static const char *backend_service_value(const struct writer *writer,
                                         char room[VALUE_MAX]) {
    struct service_name name = split_service(backend_value(writer, room));

    text_copy(room, VALUE_MAX, name.service);
    return room;
}

static const char *backend_namespace_value(const struct writer *writer,
                                           char room[VALUE_MAX]) {
    struct service_name name = split_service(backend_value(writer, room));

    text_copy(room, VALUE_MAX, name.namespace);
    return room;
}

static const char *check_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return writer->sight->record != NULL
               ? config_of(writer)->checks[writer->sight->check].name
               : NULL;
}

static const char *reason_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return writer->sight->record != NULL ? reason_text(writer->sight->reason) : NULL;
}

static const char *status_value(const struct writer *writer, char room[VALUE_MAX]) {
    snprintf(room, VALUE_MAX, "%d",
             writer->sight->record != NULL ? writer->sight->outcome->http_status : 0);
    return room;
}

static const char *failed_value(const struct writer *writer, char room[VALUE_MAX]) {
    int failed =
        writer->sight->record != NULL ? writer->sight->outcome->addresses_failed : 0;

    snprintf(room, VALUE_MAX, "%d", failed > 0 ? failed : 1);
    return room;
}

static const char *total_value(const struct writer *writer, char room[VALUE_MAX]) {
    int total =
        writer->sight->record != NULL ? writer->sight->outcome->addresses_total : 0;

    snprintf(room, VALUE_MAX, "%d", total > 0 ? total : 1);
    return room;
}

static const char *instance_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return writer->c->survey->snapshot->instance;
}

static const char *starved_value(const struct writer *writer, char room[VALUE_MAX]) {
    (void)room;
    return writer->c->survey->snapshot->self.text;
}

static const char *silent_value(const struct writer *writer, char room[VALUE_MAX]) {
    snprintf(room, VALUE_MAX, "%" PRId64 " s", writer->c->survey->inbound.age_ms / 1000);
    return room;
}

static const char *detail_port_value(const struct writer *writer, char room[VALUE_MAX]) {
    const char *detail = config_of(writer)->listen.detail;
    struct addr addr;

    if (detail == NULL || !addr_parse_listen(detail, &addr, NULL) ||
        addr_port(&addr) == 0)
        return NULL;
    snprintf(room, VALUE_MAX, "%u", (unsigned)addr_port(&addr));
    return room;
}

static const struct token {
    const char *name;
    const char *unknown; /* what stands for it where it is not known */
    const char *(*value)(const struct writer *writer, char room[VALUE_MAX]);
} tokens[] = {
    {"host", "<host>", host_value},
    {"service", "<gateway-service>", service_value},
    {"pods", "<gateway-pods>", pods_value},
    {"pods_ns", "<gateway-namespace>", pods_namespace_value},
    {"gw", "<gateway>", gateway_value},
    {"gw_svc", "<gateway-service>", gateway_service_value},
    {"gw_ns", "<gateway-namespace>", gateway_namespace_value},
    {"port", "<port>", port_value},
    {"status_port", "<port>", status_port_value},
    {"route", "<route>", route_value},
    {"backend", "<backend>", backend_value},
    {"svc", "<service>", backend_service_value},
    {"ns", "<namespace>", backend_namespace_value},
    {"check", "<check>", check_value},
    {"text", "<reason>", reason_value},
    {"status", "<status>", status_value},
    {"failed", "<number>", failed_value},
    {"total", "<number>", total_value},
    {"instance", "<our-pod>", instance_value},
    {"starved", "no figure", starved_value},
    {"silent", "<time>", silent_value},
    {"detail_port", "<detail-port>", detail_port_value},
};

static bool is_safe_in_shell(const char *text) {
    return text[0] != '\0' && text[0] != '-' && strlen(text) < URL_HOST_MAX &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789-._~/:@%+,=")] == '\0';
}

static void put_bytes(struct writer *writer, const char *bytes, size_t len) {
    char clean[VALUE_MAX];

    text_clean(clean, sizeof clean, bytes, len);
    text_copy(writer->out + writer->len, writer->size - writer->len, clean);
    writer->len += strlen(writer->out + writer->len);
}

/* False if there is no such token: then the braces belong to the command. */
static bool put_token(struct writer *writer, const char *name, size_t len) {
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        const struct token *token = &tokens[i];
        char room[VALUE_MAX];

        if (strlen(token->name) != len || memcmp(token->name, name, len) != 0)
            continue;
        const char *value = token->value(writer, room);
        bool is_known = value != NULL && value[0] != '\0' &&
                        (!writer->is_command || is_safe_in_shell(value));
        if (!is_known)
            value = token->unknown;
        put_bytes(writer, value, strlen(value));
        return true;
    }
    return false;
}

static void put_template(struct writer *writer, const char *template) {
    writer->out[0] = '\0';
    while (*template != '\0') {
        size_t plain = strcspn(template, "{");

        put_bytes(writer, template, plain);
        template += plain;
        if (*template == '\0')
            break;

        size_t len = strspn(template + 1, "abcdefghijklmnopqrstuvwxyz_");

        if (template[1 + len] == '}' && put_token(writer, template + 1, len)) {
            template += len + 2;
        } else {
            put_bytes(writer, template, 1);
            template ++;
        }
    }
}

void path_write_summary(const struct path_case *c, const struct sight *sight,
                        const char *template, char out[PATH_SUMMARY_MAX]) {
    struct writer writer = {c, sight, false, out, PATH_SUMMARY_MAX, 0};

    put_template(&writer, template);
}

void path_write_command(const struct path_case *c, const struct sight *sight,
                        const char *template, char out[PATH_NEXT_MAX]) {
    struct writer writer = {c, sight, true, out, PATH_NEXT_MAX, 0};

    put_template(&writer, template);
}

void path_write_evidence(const struct snapshot *snapshot, const struct sight *sight,
                         char out[PATH_EVIDENCE_MAX]) {
    char text[PATH_EVIDENCE_MAX];
    const struct check_record *record = sight->record;
    const char *evidence = sight->outcome->evidence;
    const char *lead = "";

    if (record->last_run_wall_ms == 0)
        evidence = "no outcome yet";
    else if (sight->kind == SIGHT_OURS && sight->reason == STALE)
        lead = "no new outcome; before that: ";
    else if (sight->kind == SIGHT_OURS && sight->reason == SUSPECT_SELF)
        lead = "while we were starved: ";
    else if (record->state == STATE_PASSING && record->last.kind == OUTCOME_FAIL)
        lead = "one failure, not counted yet: ";
    else if (record->last.kind == OUTCOME_UNAVAILABLE && sight->outcome == &record->last)
        lead = "not available: ";
    else if (record->state == STATE_PENDING)
        lead = "not counted yet: ";
    snprintf(text, sizeof text, "%s: %s%s", snapshot->config->checks[sight->check].name,
             lead, evidence);
    text_clean(out, PATH_EVIDENCE_MAX, text, strlen(text));
}

void path_write_inbound(const struct path_inbound *inbound, char out[PATH_EVIDENCE_MAX]) {
    static const char *const clients[] = {
        [PATH_CLIENT_UNKNOWN] = "; its address is not one of clients.appgw_subnets",
        [PATH_CLIENT_KEPT] = "; its own address arrives",
        [PATH_CLIENT_NODE] = "; a node's address arrives instead of its own",
    };
    char every[64] = "";

    if (!inbound->is_known || !inbound->is_seen) {
        snprintf(out, PATH_EVIDENCE_MAX,
                 "not testable from here: Application Gateway's listener and WAF, "
                 "network rules, the load balancer%s",
                 inbound->is_known ? "; this replica has seen none of its probes" : "");
        return;
    }
    if (inbound->interval_ms > 0)
        snprintf(every, sizeof every, ", one in %" PRId64 " ms", inbound->interval_ms);
    snprintf(out, PATH_EVIDENCE_MAX,
             "not testable from here; Application Gateway asked %" PRId64
             " ms ago, %" PRIu64 " probes%s (this replica's share)%s%s",
             inbound->age_ms, inbound->count, every,
             inbound->attempt >= 2 ? "; the newest needed a retry" : "",
             clients[inbound->client]);
}
