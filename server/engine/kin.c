/* Lists by tenant, of the gateway and by role. Knows no state and starts nothing. */
#include "engine/kin.h"

#include "base/mem.h"

#include <stdlib.h>

enum { ROLES = ROLE_TENANT_ROUTED + 1 };

struct list {
    uint32_t *items;
    size_t count;
};

struct kin {
    const struct check_config *checks; /* borrowed from the configuration */
    struct list *by_tenant;
    uint32_t tenant_count;
    struct list gateway;        /* shared checks that arose from `gateway` */
    struct list by_role[ROLES]; /* of tenants, the first KIN_SAME_ROLE_MOST + 1 */
};

static void list_add(struct list *list, uint32_t check) {
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count > 0 ? 2 * list->count : 1;
        list->items = mem_resize(list->items, room, sizeof *list->items);
    }
    list->items[list->count++] = check;
}

struct kin *kin_new(const struct config *config) {
    struct kin *kin = MEM_NEW(struct kin);
    kin->checks = config->checks;
    kin->tenant_count = config->tenant_count;
    kin->by_tenant = mem_alloc(config->tenant_count, sizeof *kin->by_tenant);
    for (uint32_t i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];
        if (check->scope != SCOPE_TENANT) {
            if (check->role != ROLE_NONE)
                list_add(&kin->gateway, i);
            continue;
        }
        list_add(&kin->by_tenant[check->tenant], i);
        struct list *same = &kin->by_role[check->role];
        if (check->role != ROLE_NONE && same->count <= KIN_SAME_ROLE_MOST)
            list_add(same, i);
    }
    return kin;
}

void kin_free(struct kin *kin) {
    if (!kin)
        return;
    for (uint32_t i = 0; i < kin->tenant_count; i++)
        free(kin->by_tenant[i].items);
    for (int i = 0; i < ROLES; i++)
        free(kin->by_role[i].items);
    free(kin->by_tenant);
    free(kin->gateway.items);
    free(kin);
}

/* All of the list but `self` and, where `tenant` is one, that tenant's. */
static size_t add_all(const struct kin *kin, const struct list *list, uint32_t self,
                      uint32_t tenant, uint32_t *out, size_t count) {
    for (size_t i = 0; i < list->count && count < KIN_MOST; i++) {
        uint32_t check = list->items[i];
        if (check != self &&
            (tenant == CONFIG_NO_TENANT || kin->checks[check].tenant != tenant))
            out[count++] = check;
    }
    return count;
}

size_t kin_of(const struct kin *kin, uint32_t check, uint32_t out[KIN_MOST]) {
    const struct check_config *config = &kin->checks[check];
    size_t count = 0;
    if (config->scope == SCOPE_TENANT) {
        count = add_all(kin, &kin->by_tenant[config->tenant], check, CONFIG_NO_TENANT,
                        out, count);
        count = add_all(kin, &kin->gateway, check, CONFIG_NO_TENANT, out, count);
        if (config->role != ROLE_NONE)
            count = add_all(kin, &kin->by_role[config->role], check, config->tenant, out,
                            count);
    } else if (config->role != ROLE_NONE) {
        count = add_all(kin, &kin->gateway, check, CONFIG_NO_TENANT, out, count);
        count = add_all(kin, &kin->by_role[ROLE_TENANT_ROUTED], check, CONFIG_NO_TENANT,
                        out, count);
    }
    return count;
}
