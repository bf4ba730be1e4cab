#include "pictures.h"

#include "base/mem.h"

static struct check_config make_check(const char *name, enum scope_kind scope,
                                      uint32_t tenant) {
    return (struct check_config){
        .name = name,
        .type = "http",
        .role = scope == SCOPE_TENANT ? ROLE_TENANT_DIRECT : ROLE_GATEWAY_STATUS,
        .scope = scope,
        .tenant = tenant,
        .severity = SEVERITY_CRITICAL,
        .timing = {.interval_ms = 5000,
                   .fast_interval_ms = 1000,
                   .down_interval_ms = 5000,
                   .timeout_ms = 2000,
                   .connect_timeout_ms = 1000,
                   .rise = 2,
                   .fall = 3,
                   .jitter_percent = 10},
    };
}

struct config *picture_config(uint32_t tenant_count) {
    struct config *config = config_new();
    struct arena *arena = config->arena;
    struct tenant_config *tenants = arena_alloc(arena, tenant_count, sizeof *tenants);
    struct check_config *checks = arena_alloc(arena, tenant_count + 1, sizeof *checks);
    checks[0] = make_check("gateway/status", SCOPE_SHARED, CONFIG_NO_TENANT);
    for (uint32_t i = 0; i < tenant_count; i++) {
        tenants[i].name = arena_printf(arena, "t%u", i);
        tenants[i].route = arena_printf(arena, "/t%u", i);
        tenants[i].critical = true;
        checks[i + 1] =
            make_check(arena_printf(arena, "tenant/t%u/direct", i), SCOPE_TENANT, i);
    }
    config->file = "test.json";
    config->effective = "{}";
    config->tenants = tenants;
    config->tenant_count = tenant_count;
    config->checks = checks;
    config->check_count = tenant_count + 1;
    config->verdict.policy = POLICY_SERVE;
    config->verdict.min_healthy_percent = 50;
    config->verdict.pool_members = 1;
    config->engine.concurrency = 256;
    config->engine.stale_after = 3;
    return config;
}

struct snapshot *picture_new(struct config *config) {
    struct snapshot *snapshot = snapshot_new(config);
    snapshot->instance = "pod-1";
    snapshot->started_wall_ms = snapshot->verdict_since_wall_ms = 1700000000000;
    snapshot->taken_wall_ms = 1700000060000;
    snapshot->taken_mono_ms = 60000;
    snapshot->life = LIFE_READY;
    snapshot->reload.loaded = 1;
    snapshot->reload.last_ok = true;
    snapshot->reload.loaded_wall_ms = 1700000000000;
    for (uint32_t i = 0; i < config->check_count; i++) {
        struct check_record *record = check_record_new();
        record->config = &config->checks[i];
        record->state = record->counted = STATE_PASSING;
        record->since_wall_ms = 1700000010000;
        snapshot->checks[i] = record;
    }
    for (uint32_t i = 0; i < config->tenant_count; i++)
        snapshot->tenants[i].status.decided_by = UINT32_MAX;
    snapshot->verdicts.critical_tenants = snapshot->verdicts.critical_up =
        (int)config->tenant_count;
    return snapshot;
}
