/* From gateway and tenants to the checks that watch them: what each kind of derived check
 * is called, when there is one, and which keys it has. The checks are written as JSON and
 * read like any other, so nothing here knows a check type's structs. */
#include "derive_internal.h"

#include "base/mem.h"
#include "base/ranges.h"
#include "load_internal.h"
#include "path_internal.h"
#include "tables_internal.h"

#include <jansson.h>
#include <string.h>

/* A kind of check that every tenant may have, or the gateway: then `tenant` is NULL. */
struct derivation {
    const char *type;
    enum check_role role;
    bool (*applies)(const struct config *config, const struct tenant_config *tenant);
    json_t *(*build)(const struct config *config, const struct tenant_config *tenant);
    enum check_role parent; /* it depends on that check of the gateway, if there is one */
};

/* What is derived so far. */
struct derived {
    const struct config *config;
    const struct config_types *types;
    struct derived_check *checks; /* the arena's */
    size_t count;
};

/* Brackets where an IPv6 address needs them. */
static const char *url_host(const struct config *config, const char *host) {
    return strchr(host, ':') ? arena_printf(config->arena, "[%s]", host) : host;
}

/* Where the gateway takes requests. */
static const char *data_port(const struct config *config) {
    return arena_printf(config->arena, "%s:%d", url_host(config, config->gateway.service),
                        config->gateway.port);
}

static const char *check_name(const struct config *config,
                              const struct tenant_config *tenant, const char *kind) {
    return arena_printf(config->arena, "tenant/%s/%s", tenant->name, kind);
}

static const char *check_scope(const struct config *config,
                               const struct tenant_config *tenant) {
    return arena_printf(config->arena, "tenant:%s", tenant->name);
}

/* One port of the gateway's pods, or of its Service where nothing names the pods. */
static const char *pods_port(const struct config *config, int port) {
    const struct gateway_config *gateway = &config->gateway;
    const char *host = gateway->pods ? gateway->pods : gateway->service;

    return arena_printf(config->arena, "%s:%d", url_host(config, host), port);
}

static bool has_gateway(const struct config *config, const struct tenant_config *tenant) {
    (void)tenant;
    return config->gateway.is_set;
}

static json_t *build_status(const struct config *config,
                            const struct tenant_config *tenant) {
    const struct gateway_config *gateway = &config->gateway;

    (void)tenant;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name", "gateway/status", "type",
                     "gateway_status", "scope", "shared", "severity", "critical",
                     "target", pods_port(config, gateway->status_port), "balanced",
                     !gateway->pods);
}

/* Istio's Service has no port of statistics. */
static bool has_pods(const struct config *config, const struct tenant_config *tenant) {
    (void)tenant;
    return config->gateway.is_set && config->gateway.pods;
}

/* A warning: a gateway that lost its control plane goes on with the routes it has. */
static json_t *build_stats(const struct config *config,
                           const struct tenant_config *tenant) {
    (void)tenant;
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "gateway/stats", "type",
                     "gateway_stats", "scope", "shared", "severity", "warning", "target",
                     pods_port(config, config->gateway.stats_port));
}

static bool has_admin(const struct config *config, const struct tenant_config *tenant) {
    (void)tenant;
    return config->gateway.is_set && config->gateway.admin;
}

/* A warning: it speaks for the one pod whose port can be reached. */
static json_t *build_admin(const struct config *config,
                           const struct tenant_config *tenant) {
    (void)tenant;
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "gateway/admin", "type",
                     "envoy_admin", "scope", "shared", "severity", "warning", "url",
                     config->gateway.admin);
}

static bool has_tls(const struct config *config, const struct tenant_config *tenant) {
    (void)tenant;
    return config->gateway.is_set && config->gateway.has_tls;
}

/* A warning, and no check depends on it: what it finds may trouble Application Gateway
 * alone. What troubles users the routed checks see by themselves, and a blocked one would
 * hide its tenant's own trouble; the diagnosis puts the hops in order anyway. */
static json_t *build_tls(const struct config *config,
                         const struct tenant_config *tenant) {
    const struct gateway_config *gateway = &config->gateway;

    (void)tenant;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*}", "name", "gateway/tls",
                     "type", "tls", "scope", "shared", "severity", "warning", "target",
                     data_port(config), "server_name", gateway->host, "ca_file",
                     gateway->tls.ca_file, "root_fingerprint",
                     gateway->tls.root_fingerprint);
}

static bool has_loopback(const struct config *config,
                         const struct tenant_config *tenant) {
    (void)tenant;
    return config->gateway.is_set && config->auth.loop_key_file;
}

/* A warning: users do not ask for our path. */
static json_t *build_loopback(const struct config *config,
                              const struct tenant_config *tenant) {
    const struct gateway_config *gateway = &config->gateway;
    const char *url =
        arena_printf(config->arena, "%s://%s", gateway->has_tls ? "https" : "http",
                     url_host(config, gateway->host));

    (void)tenant;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*}", "name", "gateway/loopback",
                     "type", "loopback", "scope", "shared", "severity", "warning", "url",
                     url, "connect", data_port(config), "ca_file", gateway->tls.ca_file);
}

static bool has_routed(const struct config *config, const struct tenant_config *tenant) {
    return config->gateway.is_set && tenant->route;
}

static bool has_direct(const struct config *config, const struct tenant_config *tenant) {
    (void)config;
    return tenant->backend;
}

/* Users come through the gateway: where that way is checked, a backend that fails
 * directly alone is a warning. */
static json_t *build_direct(const struct config *config,
                            const struct tenant_config *tenant) {
    char expect[RANGES_TEXT_MAX];

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name",
                     check_name(config, tenant, "direct"), "type", "http", "scope",
                     check_scope(config, tenant), "severity",
                     has_routed(config, tenant) ? "warning" : "critical", "url",
                     tenant->backend, "expect", ranges_format(&tenant->expect, expect));
}

/* The port stands in `connect` alone: it is no part of Host where a load balancer or
 * Service maps it. */
static json_t *build_routed(const struct config *config,
                            const struct tenant_config *tenant) {
    const struct gateway_config *gateway = &config->gateway;
    char expect[RANGES_TEXT_MAX];
    const char *url =
        arena_printf(config->arena, "%s://%s%s", gateway->has_tls ? "https" : "http",
                     url_host(config, gateway->host), tenant->route);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:b}", "name",
                     check_name(config, tenant, "routed"), "type", "http", "scope",
                     check_scope(config, tenant), "severity", "critical", "url", url,
                     "connect", data_port(config), "expect",
                     ranges_format(&tenant->expect, expect), "contains", tenant->identity,
                     "ca_file", gateway->tls.ca_file, "through_gateway", 1);
}

static const struct derivation gateway_derivations[] = {
    {"gateway_status", ROLE_GATEWAY_STATUS, has_gateway, build_status, ROLE_NONE},
    {"gateway_stats", ROLE_GATEWAY_STATS, has_pods, build_stats, ROLE_NONE},
    {"tls", ROLE_GATEWAY_TLS, has_tls, build_tls, ROLE_NONE},
    {"loopback", ROLE_GATEWAY_LOOPBACK, has_loopback, build_loopback, ROLE_NONE},
    {"envoy_admin", ROLE_GATEWAY_ADMIN, has_admin, build_admin, ROLE_NONE},
};

static const struct derivation tenant_derivations[] = {
    {"http", ROLE_TENANT_DIRECT, has_direct, build_direct, ROLE_NONE},
    {"http", ROLE_TENANT_ROUTED, has_routed, build_routed, ROLE_GATEWAY_STATUS},
};

enum {
    GATEWAY_DERIVATIONS = sizeof(gateway_derivations) / sizeof(gateway_derivations[0]),
    TENANT_DERIVATIONS = sizeof(tenant_derivations) / sizeof(tenant_derivations[0]),
};

/* NULL: there is none. */
static const char *name_of(const struct derived *derived, enum check_role role) {
    for (size_t i = 0; role != ROLE_NONE && i < derived->count; i++) {
        if (derived->checks[i].role == role)
            return json_string_value(json_object_get(derived->checks[i].json, "name"));
    }
    return NULL;
}

static void derive(struct derived *derived, const struct derivation *derivation,
                   const struct tenant_config *tenant, const char *path) {
    if (!load_find_type(derived->types, derivation->type) ||
        !derivation->applies(derived->config, tenant))
        return;
    json_t *json = derivation->build(derived->config, tenant);
    const char *parent = name_of(derived, derivation->parent);
    if (json && parent &&
        json_object_set_new(json, "depends_on", json_pack("[s]", parent)) != 0) {
        json_decref(json);
        json = NULL;
    }
    derived->checks[derived->count++] =
        (struct derived_check){.json = json, .role = derivation->role, .path = path};
}

struct derived_check *derive_checks(const struct config *config,
                                    const struct config_types *types, size_t *count) {
    size_t most = GATEWAY_DERIVATIONS + (size_t)config->tenant_count * TENANT_DERIVATIONS;
    struct derived derived = {
        .config = config,
        .types = types,
        .checks = arena_alloc(config->arena, most, sizeof(*derived.checks)),
    };

    for (size_t i = 0; i < GATEWAY_DERIVATIONS; i++)
        derive(&derived, &gateway_derivations[i], NULL, "gateway");
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct tenant_config *tenant = &config->tenants[i];
        const char *path = path_add_index(config->arena, "tenants", i);
        for (size_t j = 0; tenant->name && j < TENANT_DERIVATIONS; j++)
            derive(&derived, &tenant_derivations[j], tenant, path);
    }
    *count = derived.count;
    return derived.checks;
}
