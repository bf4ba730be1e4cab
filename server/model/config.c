/* The configuration's life and its words: counting, finding by name, names of enums, and
 * which names are allowed. Never reads a file and knows no defaults: config/ does that.
 */
#include "model/config.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What config_new makes. The count is kept out of the data, so that a config stays plain.
 */
struct counted_config {
    struct config config; /* first: its address is the address of the whole */
    atomic_uint refs;
};

static struct counted_config *to_counted(struct config *config) {
    return (struct counted_config *)config;
}

/* The length of the name segment that `text` starts with; 0 if there is none. */
static size_t segment_length(const char *text) {
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (len > CONFIG_NAME_MAX || (len == 3 && memcmp(text, "run", 3) == 0))
        return 0;
    return len;
}

struct config *config_new(void) {
    struct arena *arena = arena_new();
    struct counted_config *counted = arena_alloc(arena, 1, sizeof(*counted));

    counted->config.arena = arena;
    atomic_init(&counted->refs, 1);
    return &counted->config;
}

struct config *config_ref(struct config *config) {
    if (config != NULL)
        atomic_fetch_add_explicit(&to_counted(config)->refs, 1, memory_order_relaxed);
    return config;
}

void config_unref(struct config *config) {
    if (config == NULL)
        return;
    if (atomic_fetch_sub_explicit(&to_counted(config)->refs, 1, memory_order_acq_rel) ==
        1)
        arena_free(config->arena);
}

uint32_t config_find_tenant(const struct config *config, const char *name) {
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        if (strcmp(config->tenants[i].name, name) == 0)
            return i;
    }
    return CONFIG_NO_TENANT;
}

uint32_t config_find_check(const struct config *config, const char *name) {
    for (uint32_t i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].name, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

const char *policy_name(enum policy policy) {
    static const char *const names[POLICY_COUNT] = {
        [POLICY_SERVE] = "serve",
        [POLICY_QUORUM] = "quorum",
        [POLICY_STRICT] = "strict",
    };

    return names[policy];
}

const char *verdict_name(enum verdict verdict) {
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_HEALTHY] = "healthy",
        [VERDICT_DEGRADED] = "degraded",
        [VERDICT_UNHEALTHY] = "unhealthy",
    };

    return names[verdict];
}

const char *severity_name(enum severity severity) {
    static const char *const names[] = {
        [SEVERITY_CRITICAL] = "critical",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_INFO] = "info",
    };

    return names[severity];
}

const char *check_role_name(enum check_role role) {
    static const char *const names[] = {
        [ROLE_NONE] = "none",
        [ROLE_GATEWAY_STATUS] = "gateway_status",
        [ROLE_GATEWAY_STATS] = "gateway_stats",
        [ROLE_GATEWAY_TLS] = "gateway_tls",
        [ROLE_GATEWAY_LOOPBACK] = "gateway_loopback",
        [ROLE_GATEWAY_ADMIN] = "gateway_admin",
        [ROLE_TENANT_DIRECT] = "tenant_direct",
        [ROLE_TENANT_ROUTED] = "tenant_routed",
    };

    return names[role];
}

char *check_scope_format(const struct config *config, const struct check_config *check,
                         char out[SCOPE_TEXT_MAX]) {
    switch (check->scope) {
        case SCOPE_SELF:
            snprintf(out, SCOPE_TEXT_MAX, "self");
            break;
        case SCOPE_SHARED:
            snprintf(out, SCOPE_TEXT_MAX, "shared");
            break;
        case SCOPE_TENANT:
            snprintf(out, SCOPE_TEXT_MAX, "tenant:%s",
                     config->tenants[check->tenant].name);
            break;
    }
    return out;
}

bool check_name_is_valid(const char *name) {
    for (;;) {
        size_t len = segment_length(name);

        if (len == 0)
            return false;
        if (name[len] == '\0')
            return true;
        if (name[len] != '/')
            return false;
        name += len + 1;
    }
}

bool tenant_name_is_valid(const char *name) {
    size_t len = segment_length(name);

    return len > 0 && name[len] == '\0';
}
