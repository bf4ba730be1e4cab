/* Builds struct config values as the configuration layer would leave them. */
#include "configs.h"

#include "base/mem.h"

#include <string.h>

static uint32_t tenant_index(struct config *config, struct tenant_config *tenants,
                             const char *name) {
    for (uint32_t i = 0; i < config->tenant_count; i++)
        if (strcmp(tenants[i].name, name) == 0)
            return i;
    tenants[config->tenant_count] =
        (struct tenant_config){.name = name, .critical = true};
    return config->tenant_count++;
}

struct config *configs_make(const struct check_spec *specs, uint32_t count) {
    struct config *config = config_new();
    struct tenant_config *tenants = arena_alloc(config->arena, count, sizeof *tenants);
    struct check_config *checks = arena_alloc(config->arena, count, sizeof *checks);
    config->tenants = tenants;
    config->checks = checks;
    config->check_count = count;
    config->verdict.pool_members = 1;
    config->verdict.min_healthy_percent = 50;
    config->verdict.start_grace_ms = 10000;
    config->engine.concurrency = 8;
    config->engine.stale_after = 3;
    for (uint32_t i = 0; i < count; i++) {
        checks[i] = (struct check_config){
            .name = specs[i].name,
            .type = specs[i].type,
            .scope = specs[i].tenant ? SCOPE_TENANT : SCOPE_SHARED,
            .tenant = specs[i].tenant ? tenant_index(config, tenants, specs[i].tenant)
                                      : CONFIG_NO_TENANT,
            .severity = specs[i].severity,
            .role = specs[i].role,
            .timing = {
                .interval_ms = specs[i].interval_ms > 0 ? specs[i].interval_ms : 60,
                .fast_interval_ms = 20,
                .down_interval_ms = specs[i].interval_ms > 0 ? specs[i].interval_ms : 70,
                .timeout_ms = 50,
                .connect_timeout_ms = 50,
                .rise = 2,
                .fall = 3,
                .max_body_bytes = 4096}};
        if (specs[i].parent) {
            uint32_t *parent = arena_alloc(config->arena, 1, sizeof *parent);
            *parent = config_find_check(config, specs[i].parent);
            checks[i].parents = parent;
            checks[i].parent_count = 1;
        }
    }
    return config;
}
