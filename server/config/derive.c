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

/* A kind of check that every tenant may have. */
struct derivation {
    const char *type;
    enum check_role role;
    bool (*applies)(const struct config *config, const struct tenant_config *tenant);
    json_t *(*build)(const struct config *config, const struct tenant_config *tenant);
};

/* Brackets where an IPv6 address needs them. */
static const char *url_host(const struct config *config, const char *host) {
    return strchr(host, ':') ? arena_printf(config->arena, "[%s]", host) : host;
}

static const char *check_name(const struct config *config,
                              const struct tenant_config *tenant, const char *kind) {
    return arena_printf(config->arena, "tenant/%s/%s", tenant->name, kind);
}

static const char *check_scope(const struct config *config,
                               const struct tenant_config *tenant) {
    return arena_printf(config->arena, "tenant:%s", tenant->name);
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
    const char *connect = arena_printf(config->arena, "%s:%d",
                                       url_host(config, gateway->service), gateway->port);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:b}", "name",
                     check_name(config, tenant, "routed"), "type", "http", "scope",
                     check_scope(config, tenant), "severity", "critical", "url", url,
                     "connect", connect, "expect", ranges_format(&tenant->expect, expect),
                     "contains", tenant->identity, "ca_file", gateway->tls.ca_file,
                     "through_gateway", 1);
}

static const struct derivation tenant_derivations[] = {
    {"http", ROLE_TENANT_DIRECT, has_direct, build_direct},
    {"http", ROLE_TENANT_ROUTED, has_routed, build_routed},
};

enum { TENANT_DERIVATIONS = sizeof(tenant_derivations) / sizeof(tenant_derivations[0]) };

struct derived_check *derive_checks(const struct config *config,
                                    const struct config_types *types, size_t *count) {
    struct derived_check *checks =
        arena_alloc(config->arena, (size_t)config->tenant_count * TENANT_DERIVATIONS,
                    sizeof(*checks));

    *count = 0;
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct tenant_config *tenant = &config->tenants[i];
        for (size_t j = 0; tenant->name && j < TENANT_DERIVATIONS; j++) {
            const struct derivation *derivation = &tenant_derivations[j];
            if (!load_find_type(types, derivation->type) ||
                !derivation->applies(config, tenant))
                continue;
            checks[(*count)++] = (struct derived_check){
                .json = derivation->build(config, tenant),
                .role = derivation->role,
                .path = path_add_index(config->arena, "tenants", i),
            };
        }
    }
    return checks;
}
