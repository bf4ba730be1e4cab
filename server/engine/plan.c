/* Order and fairness groups of a configuration's checks. Keeps nothing. */
#include "engine/plan.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>

uint32_t *plan_order(const struct config *config) {
    uint32_t *order = mem_alloc(config->check_count, sizeof *order);
    uint32_t *depth = mem_alloc(config->check_count, sizeof *depth);
    bool moved = true;
    /* Each round settles one more level; the longest chain of dependencies bounds them.
     */
    while (moved) {
        moved = false;
        for (uint32_t i = 0; i < config->check_count; i++) {
            const struct check_config *check = &config->checks[i];
            for (uint32_t p = 0; p < check->parent_count; p++) {
                if (depth[i] <= depth[check->parents[p]]) {
                    depth[i] = depth[check->parents[p]] + 1;
                    moved = true;
                }
            }
        }
    }
    uint32_t placed = 0;
    for (uint32_t level = 0; placed < config->check_count; level++) {
        for (uint32_t i = 0; i < config->check_count; i++)
            if (depth[i] == level)
                order[placed++] = i;
    }
    free(depth);
    return order;
}

struct schedule *plan_schedule(const struct config *config, const char *instance) {
    uint32_t *groups = mem_alloc(config->check_count, sizeof *groups);
    for (uint32_t i = 0; i < config->check_count; i++) {
        bool is_tenant = config->checks[i].scope == SCOPE_TENANT;
        groups[i] = is_tenant ? config->checks[i].tenant : config->tenant_count;
    }
    uint64_t seed = (uint64_t)clock_mono_us();
    for (const char *c = instance; *c; c++)
        seed = seed * 31 + (unsigned char)*c;
    struct schedule *schedule =
        schedule_new(config->check_count, groups, config->tenant_count + 1, seed);
    free(groups);
    return schedule;
}
