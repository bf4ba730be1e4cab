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

enum { VALUE_MAX = 1100, LABEL_MAX = 64, TOKEN_MAX = 32 };

/* A Service as Kubernetes names it; "" where the name does not tell. */
struct service_name {
    char service[LABEL_MAX];
    char namespace[LABEL_MAX];
};

struct writer {
    const struct path_case *c;
    const struct sight *sight; /* may be NULL */
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
static void gateway_of(const char *service, char out[LABEL_MAX]) {
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

static const char *pods_name(const struct gateway_config *gateway) {
    return gateway->pods != NULL ? gateway->pods : gateway->service;
}

static void backend_host(const struct path_case *c, char out[URL_HOST_MAX]) {
    const struct config *config = c->survey->snapshot->config;
    struct url url;

    out[0] = '\0';
    if (c->tenant != CONFIG_NO_TENANT && config->tenants[c->tenant].backend != NULL &&
        url_parse(config->tenants[c->tenant].backend, &url, NULL))
        text_copy(out, URL_HOST_MAX, url.host);
}

static void put_text(char out[VALUE_MAX], const char *text) {
    text_copy(out, VALUE_MAX, text != NULL ? text : "");
}

static bool is_token(const char *token, const char *name) {
    return strcmp(token, name) == 0;
}

/* Values of the gateway's tokens. */
static bool write_gateway(const struct gateway_config *gateway, const char *token,
                          char out[VALUE_MAX]) {
    struct service_name service = split_service(gateway->service);
    char name[LABEL_MAX];

    if (is_token(token, "host"))
        put_text(out, gateway->host);
    else if (is_token(token, "service"))
        put_text(out, gateway->service);
    else if (is_token(token, "pods"))
        put_text(out, pods_name(gateway));
    else if (is_token(token, "port"))
        snprintf(out, VALUE_MAX, "%d", gateway->port);
    else if (is_token(token, "status_port"))
        snprintf(out, VALUE_MAX, "%d", gateway->status_port);
    else if (is_token(token, "gw_svc"))
        put_text(out, service.service);
    else if (is_token(token, "gw_ns"))
        put_text(out, service.namespace);
    else if (is_token(token, "pods_ns"))
        put_text(out, split_service(pods_name(gateway)).namespace);
    else if (is_token(token, "gw")) {
        gateway_of(service.service, name);
        put_text(out, name);
    } else
        return false;
    return true;
}

/* Values of the tenant's tokens. */
static bool write_tenant(const struct path_case *c, const char *token,
                         char out[VALUE_MAX]) {
    const struct config *config = c->survey->snapshot->config;
    char host[URL_HOST_MAX];

    backend_host(c, host);
    if (is_token(token, "route"))
        put_text(out,
                 c->tenant != CONFIG_NO_TENANT ? config->tenants[c->tenant].route : NULL);
    else if (is_token(token, "backend"))
        put_text(out, host);
    else if (is_token(token, "svc"))
        put_text(out, split_service(host).service);
    else if (is_token(token, "ns"))
        put_text(out, split_service(host).namespace);
    else
        return false;
    return true;
}

/* Values of the tokens that tell what a check said. */
static bool write_sight(const struct config *config, const struct sight *sight,
                        const char *token, char out[VALUE_MAX]) {
    bool is_known = sight != NULL && sight->record != NULL;
    int failed = is_known ? sight->outcome->addresses_failed : 0;
    int total = is_known ? sight->outcome->addresses_total : 0;

    if (is_token(token, "check"))
        put_text(out, is_known ? config->checks[sight->check].name : NULL);
    else if (is_token(token, "text"))
        put_text(out, is_known ? reason_text(sight->reason) : NULL);
    else if (is_token(token, "status"))
        snprintf(out, VALUE_MAX, "%d", is_known ? sight->outcome->http_status : 0);
    else if (is_token(token, "failed"))
        snprintf(out, VALUE_MAX, "%d", failed > 0 ? failed : 1);
    else if (is_token(token, "total"))
        snprintf(out, VALUE_MAX, "%d", total > 0 ? total : 1);
    else
        return false;
    return true;
}

/* Values of the tokens that are about us. */
static bool write_self(const struct path_survey *survey, const char *token,
                       char out[VALUE_MAX]) {
    const struct snapshot *snapshot = survey->snapshot;
    const char *detail = snapshot->config->listen.detail;
    struct addr addr;

    out[0] = '\0';
    if (is_token(token, "instance"))
        put_text(out, snapshot->instance);
    else if (is_token(token, "starved"))
        put_text(out, snapshot->self.text);
    else if (is_token(token, "silent"))
        snprintf(out, VALUE_MAX, "%" PRId64 " s",
                 survey->inbound != NULL ? survey->inbound->appgw_age_ms / 1000 : 0);
    else if (!is_token(token, "detail_port"))
        return false;
    else if (detail != NULL && addr_parse_listen(detail, &addr, NULL) &&
             addr_port(&addr) != 0)
        snprintf(out, VALUE_MAX, "%u", (unsigned)addr_port(&addr));
    return true;
}

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
static bool put_token(struct writer *writer, const char *token) {
    const struct path_survey *survey = writer->c->survey;
    const struct config *config = survey->snapshot->config;
    char value[VALUE_MAX] = "";

    if (!write_gateway(&config->gateway, token, value) &&
        !write_tenant(writer->c, token, value) &&
        !write_sight(config, writer->sight, token, value) &&
        !write_self(survey, token, value))
        return false;
    if (value[0] == '\0' || (writer->is_command && !is_safe_in_shell(value)))
        snprintf(value, sizeof value, "<%s>", token);
    put_bytes(writer, value, strlen(value));
    return true;
}

static void put_template(struct writer *writer, const char *template) {
    writer->out[0] = '\0';
    while (*template != '\0') {
        size_t plain = strcspn(template, "{");
        char token[TOKEN_MAX];

        put_bytes(writer, template, plain);
        template += plain;
        if (*template == '\0')
            break;

        size_t len = strspn(template + 1, "abcdefghijklmnopqrstuvwxyz_");
        bool is_closed = template[1 + len] == '}' && len < sizeof token;

        snprintf(token, sizeof token, "%.*s", (int)len, template + 1);
        if (is_closed && put_token(writer, token)) {
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
    else if (record->state == STATE_PENDING)
        lead = "not counted yet: ";
    else if (record->state == STATE_PASSING && record->last.kind == OUTCOME_FAIL)
        lead = "one failure, not counted yet: ";
    else if (record->last.kind == OUTCOME_UNAVAILABLE && sight->outcome == &record->last)
        lead = "not available: ";
    snprintf(text, sizeof text, "%s: %s%s", snapshot->config->checks[sight->check].name,
             lead, evidence);
    text_clean(out, PATH_EVIDENCE_MAX, text, strlen(text));
}

void path_write_inbound(const struct path_inbound *inbound, char out[PATH_EVIDENCE_MAX]) {
    static const char *const clients[] = {
        [PATH_CLIENT_UNKNOWN] = "",
        [PATH_CLIENT_KEPT] = "; its own address arrives",
        [PATH_CLIENT_NODE] = "; it arrives as a node's address",
    };

    if (inbound == NULL || !inbound->is_known) {
        text_copy(out, PATH_EVIDENCE_MAX,
                  "not testable from here: Application Gateway's listener and WAF, "
                  "network rules, the load balancer");
        return;
    }
    if (!inbound->appgw_seen) {
        snprintf(out, PATH_EVIDENCE_MAX,
                 "not testable from here; this replica has seen no probe of Application "
                 "Gateway%s",
                 clients[inbound->client]);
        return;
    }
    char every[64] = "";
    if (inbound->appgw_interval_ms > 0)
        snprintf(every, sizeof every, ", one in %" PRId64 " ms",
                 inbound->appgw_interval_ms);
    snprintf(out, PATH_EVIDENCE_MAX,
             "not testable from here; Application Gateway asked %" PRId64
             " ms ago, %" PRIu64 " probes%s (this replica's share)%s%s",
             inbound->appgw_age_ms, inbound->appgw_count, every,
             inbound->appgw_attempt >= 2 ? "; the newest needed a retry" : "",
             clients[inbound->client]);
}
