/* From a Service to the load balancer's rules and probes. Owns the order in which
 * annotations, appProtocol and defaults decide; never talks to anybody. */
#include "azure/ilb.h"

#include "base/err.h"
#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_MAX = 128,
    WORD_MAX = 16, /* bytes of a protocol that is one of ours */
    SHARED_PORT = 10256,
    INTERVAL_MIN_S = 5,
    THRESHOLD_MIN = 2,
    TOTAL_BELOW_S = 120,
    PORT_MAX = 65535,
};

#define PREFIX "service.beta.kubernetes.io/"

static const char internal_key[] = PREFIX "azure-load-balancer-internal";
static const char all_ports_key[] =
    PREFIX "azure-load-balancer-enable-high-availability-ports";
static const char no_floating_key[] = PREFIX "azure-disable-load-balancer-floating-ip";
static const char link_key[] = PREFIX "azure-pls-create";
static const char link_proxy_key[] = PREFIX "azure-pls-proxy-protocol";
static const char protocol_key[] = PREFIX "azure-load-balancer-health-probe-protocol";
static const char path_key[] = PREFIX "azure-load-balancer-health-probe-request-path";
static const char interval_key[] = PREFIX "azure-load-balancer-health-probe-interval";
static const char threshold_key[] =
    PREFIX "azure-load-balancer-health-probe-num-of-probe";

static const char default_path[] = "/";
static const char node_path[] = "/healthz";

static const char *annotation(const struct ilb_service *service, const char *key) {
    for (size_t i = 0; i < service->annotation_count; i++) {
        if (strcmp(service->annotations[i].key, key) == 0)
            return service->annotations[i].value;
    }
    return NULL;
}

static char *port_key(int port, const char *name, char out[KEY_MAX]) {
    snprintf(out, KEY_MAX, PREFIX "port_%d_%s", port, name);
    return out;
}

static const char *port_annotation(const struct ilb_service *service, int port,
                                   const char *name) {
    char key[KEY_MAX];
    return annotation(service, port_key(port, name, key));
}

static bool is_true(const char *value) {
    return value && strcasecmp(value, "true") == 0;
}

/* kube-proxy's own probe: 200 on nodes that hold a pod. A private link service that
 * speaks the proxy protocol takes it away. */
static bool has_node_probe(const struct ilb_service *service) {
    return service->is_local && !(is_true(annotation(service, link_key)) &&
                                  is_true(annotation(service, link_proxy_key)));
}

static bool read_number(const char *key, const char *name, const char *value, int min,
                        int *number, struct err *err) {
    int64_t parsed;
    size_t skip = strspn(value, " \t\r\n");
    char trimmed[24];
    text_copy(trimmed, sizeof trimmed, value + skip);
    for (size_t len = strlen(trimmed); len > 0 && strchr(" \t\r\n", trimmed[len - 1]);)
        trimmed[--len] = '\0';
    if (!text_parse_int(trimmed, INT32_MIN, INT32_MAX, &parsed))
        return err_set(err, ERR_INVALID,
                       "failed to parse annotation %s: %s value must be a whole number",
                       key, trimmed);
    if (parsed < min)
        return err_set(err, ERR_INVALID,
                       "failed to parse annotation %s: the minimum value of %s is %d",
                       key, name, min);
    *number = (int)parsed;
    return true;
}

/* The port's own annotation, the Service's, the default. */
static bool find_number(const struct ilb_service *service, int port, const char *name,
                        const char *global, int min, int *number, struct err *err) {
    char own[KEY_MAX];
    char param[32];
    snprintf(param, sizeof param, "health-probe_%s", name);
    port_key(port, param, own);
    const char *key = annotation(service, own) ? own : global;
    const char *value = annotation(service, key);
    return !value || read_number(key, name, value, min, number, err);
}

static bool set_timing(const struct ilb_service *service, int port,
                       struct ilb_probe *probe, struct err *err) {
    probe->interval_s = ILB_INTERVAL_S;
    probe->threshold = ILB_THRESHOLD;
    if (!find_number(service, port, "num-of-probe", threshold_key, THRESHOLD_MIN,
                     &probe->threshold, err) ||
        !find_number(service, port, "interval", interval_key, INTERVAL_MIN_S,
                     &probe->interval_s, err))
        return false;
    if ((int64_t)probe->interval_s * probe->threshold < TOTAL_BELOW_S)
        return true;
    return err_set(err, ERR_INVALID,
                   "failed to parse health probe config for port %d: total probe should "
                   "be less than 120, please adjust interval and number of probe "
                   "accordingly",
                   port);
}

static const struct ilb_port *port_of_name(const struct ilb_service *service,
                                           const char *name) {
    const struct ilb_port *found = NULL;
    for (size_t i = 0; i < service->port_count; i++) {
        const char *own = service->ports[i].name;
        if (strcasecmp(own ? own : "", name) == 0)
            found = &service->ports[i];
    }
    return found;
}

/* A port of the Service, by name or number, means its node port; any other number means
 * itself. */
static bool choose_port(const struct ilb_service *service, const struct ilb_port *port,
                        const char *wanted, int *chosen, struct err *err) {
    char key[KEY_MAX];
    int64_t number;
    const struct ilb_port *named = port_of_name(service, wanted);
    if (!text_parse_int(wanted, INT64_MIN, INT64_MAX, &number)) {
        if (!named)
            return err_set(err, ERR_INVALID,
                           "failed to parse annotation %s: port %s not found in service",
                           port_key(port->port, "health-probe_port", key), wanted);
        *chosen = named->node_port;
        return true;
    }
    if (!named && (number < 0 || number > PORT_MAX))
        return err_set(err, ERR_INVALID,
                       "failed to parse annotation %s: port %s is out of range",
                       port_key(port->port, "health-probe_port", key), wanted);
    *chosen = (int)number;
    for (size_t i = 0; i < service->port_count; i++) {
        if (service->ports[i].port == number) {
            *chosen = service->ports[i].node_port;
            break;
        }
    }
    return true;
}

static enum ilb_protocol protocol_of_word(const char *text, bool is_basic) {
    char word[WORD_MAX];
    if (!text_copy(word, sizeof word, text + strspn(text, " \t\r\n")))
        return ILB_TCP;
    for (size_t len = strlen(word); len > 0 && strchr(" \t\r\n", word[len - 1]);)
        word[--len] = '\0';
    if (strcasecmp(word, "http") == 0)
        return ILB_HTTP;
    return strcasecmp(word, "https") == 0 && !is_basic ? ILB_HTTPS : ILB_TCP;
}

static enum ilb_protocol choose_protocol(const struct ilb_service *service,
                                         const struct ilb_port *port, bool is_basic) {
    const char *word = port_annotation(service, port->port, "health-probe_protocol");
    if (!word)
        word = port->app_protocol;
    if (!word)
        word = annotation(service, protocol_key);
    return word ? protocol_of_word(word, is_basic) : ILB_TCP;
}

static const char *choose_path(const struct ilb_service *service, int port) {
    const char *path = port_annotation(service, port, "health-probe_request-path");
    if (!path)
        path = annotation(service, path_key);
    return path ? path : default_path;
}

static bool is_tcp(const struct ilb_port *port) {
    return !port->protocol || strcmp(port->protocol, "TCP") == 0;
}

/* The port's own probe; ILB_NO_PROBE where it makes none. */
static bool make_probe(const struct ilb_service *service, const struct ilb_port *port,
                       const struct ilb_cloud *cloud, struct ilb_probe *probe,
                       struct err *err) {
    const char *wanted = port_annotation(service, port->port, "health-probe_port");
    *probe = (struct ilb_probe){.port = port->node_port};
    if (!is_tcp(port) || (!wanted && has_node_probe(service)))
        return true;
    if (wanted && !choose_port(service, port, wanted, &probe->port, err))
        return false;
    if (!set_timing(service, port->port, probe, err))
        return false;
    probe->protocol = choose_protocol(service, port, cloud->is_basic);
    if (probe->protocol != ILB_TCP)
        probe->path = choose_path(service, port->port);
    return true;
}

/* What rules share that have no probe of their own: kube-proxy's, or the cluster's. */
static bool make_common_probe(const struct ilb_service *service,
                              const struct ilb_cloud *cloud, struct ilb_probe *probe,
                              struct err *err) {
    *probe = (struct ilb_probe){0};
    if (has_node_probe(service)) {
        int port = service->health_check_node_port;
        if (!set_timing(service, port, probe, err))
            return false;
        probe->protocol = ILB_HTTP;
        probe->port = port;
        probe->path = port != 0 ? node_path : "";
    } else if (!service->is_local && cloud->is_shared) {
        *probe = (struct ilb_probe){
            .protocol = ILB_HTTP,
            .port = cloud->shared_port != 0 ? cloud->shared_port : SHARED_PORT,
            .path = cloud->shared_path ? cloud->shared_path : node_path,
            .interval_s = ILB_INTERVAL_S,
            .threshold = ILB_THRESHOLD};
    }
    return true;
}

static bool uses_all_ports(const struct ilb_service *service,
                           const struct ilb_cloud *cloud) {
    return !cloud->is_basic && is_true(annotation(service, internal_key)) &&
           is_true(annotation(service, all_ports_key));
}

/* One rule, with the common probe or that of the first port that can make one. */
static void plan_all_ports(const struct ilb_service *service,
                           const struct ilb_cloud *cloud, const struct ilb_probe *common,
                           struct ilb_plan *plan) {
    struct ilb_rule rule = {
        .exists = true, .floating_ip = !service->is_ipv6, .probe = *common};
    for (size_t i = 0; i < service->port_count && rule.probe.protocol == ILB_NO_PROBE;
         i++) {
        struct ilb_probe own;
        if (make_probe(service, &service->ports[i], cloud, &own, NULL))
            rule.probe = own;
    }
    plan->is_for_all_ports = true;
    plan->probe_count = rule.probe.protocol != ILB_NO_PROBE;
    for (size_t i = 0; i < service->port_count; i++)
        plan->rules[i] = rule;
}

static bool plan_port(const struct ilb_service *service, const struct ilb_port *port,
                      const struct ilb_cloud *cloud, const struct ilb_probe *common,
                      bool *uses_common, struct ilb_rule *rule, struct err *err) {
    bool is_shared = common->protocol != ILB_NO_PROBE && !service->is_local;
    rule->exists = true;
    rule->floating_ip =
        !service->is_ipv6 && !is_true(annotation(service, no_floating_key));
    rule->backend_port = rule->floating_ip ? port->port : port->node_port;
    if (is_true(port_annotation(service, port->port, "no_probe_rule")))
        return true;
    if (!is_shared && !make_probe(service, port, cloud, &rule->probe, err))
        return false;
    if (rule->probe.protocol == ILB_NO_PROBE && common->protocol != ILB_NO_PROBE) {
        rule->probe = *common;
        *uses_common = true;
    }
    return true;
}

bool ilb_plan(const struct ilb_service *service, const struct ilb_cloud *cloud,
              struct ilb_plan *plan, struct err *err) {
    struct ilb_probe common;
    bool uses_common = false;
    *plan = (struct ilb_plan){0};
    if (!make_common_probe(service, cloud, &common, err))
        return false;
    if (uses_all_ports(service, cloud)) {
        plan_all_ports(service, cloud, &common, plan);
        return true;
    }
    for (size_t i = 0; i < service->port_count; i++) {
        const struct ilb_port *port = &service->ports[i];
        struct ilb_rule *rule = &plan->rules[i];
        bool shares = false;
        if (is_true(port_annotation(service, port->port, "no_lb_rule")))
            continue;
        if (!plan_port(service, port, cloud, &common, &shares, rule, err))
            return false;
        uses_common |= shares;
        plan->probe_count += rule->probe.protocol != ILB_NO_PROBE && !shares;
    }
    plan->probe_count += uses_common;
    return true;
}

const char *ilb_protocol_name(enum ilb_protocol protocol) {
    switch (protocol) {
        case ILB_NO_PROBE:
            return "none";
        case ILB_TCP:
            return "TCP";
        case ILB_HTTP:
            return "HTTP";
        case ILB_HTTPS:
            return "HTTPS";
    }
    return "none";
}
