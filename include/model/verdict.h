/* From check states to tenant states to the verdict of each policy. Pure. */
#ifndef MODEL_VERDICT_H
#define MODEL_VERDICT_H

#include "model/config.h"
#include "model/health.h"

#include <stdbool.h>
#include <stdint.h>

/* Ordered: the greater is the worse. */
enum tenant_state { TENANT_HEALTHY, TENANT_DEGRADED, TENANT_UNHEALTHY };
enum { TENANT_STATE_COUNT = 3 };

/* The state of a tenant and the check that decided it. */
struct tenant_status {
    enum tenant_state state;
    uint32_t decided_by; /* index of a check; UINT32_MAX when healthy */
};

struct verdict_input {
    const struct config *config;
    const enum check_state *states; /* verdict_weighed ones, one per config->checks */
    bool is_starting;               /* first round not done and its grace not over */
    bool is_self_degraded;          /* starved, or the engine is late */
    int64_t wall_ms;                /* for the override's end */
};

struct verdicts {
    enum verdict by_policy[POLICY_COUNT]; /* measured; the override is not in them */
    enum verdict answer; /* what /healthz says: the policy, or the override */
    bool override_active;
    int critical_tenants;
    int critical_up; /* critical tenants that are not unhealthy */
};

/* The state of a check as verdicts weigh it: the shown one, except that a pending check
 * of scope self or shared whose newest outcome is UNAVAILABLE weighs nothing. What cannot
 * be asked (a blocked port, a feature that is off) is no reason for `degraded`; a tenant
 * of which nothing is known stays so. */
enum check_state verdict_weighed(const struct check_config *check, enum check_state shown,
                                 enum outcome_kind newest);

/* One tenant from the states of the checks in its scope: a critical check that fails
 * makes it unhealthy; a failing warning, and any critical or warning check that is
 * pending, stale, suspect or blocked, makes it degraded; info checks never count. Derived
 * checks carry the severities that make this rule say: routed decides, direct alone
 * warns. */
struct tenant_status verdict_tenant(const struct config *config,
                                    const enum check_state *states, uint32_t tenant);

/* All tenants into `tenants` (config->tenant_count of them), then the verdicts.
 * `verdicts` holds the previous ones on entry: quorum has hysteresis. An unhealthy quorum
 * is left when the share is above min_healthy_percent, or at 100 %. Zeroed: no previous
 * verdict.
 *
 * serve: degraded when any tenant, or any critical or warning check of scope self or
 * shared, is not fine, while starting, or while degraded ourselves; never unhealthy.
 * quorum: unhealthy when the share of critical tenants that are not unhealthy is below
 *   min_healthy_percent; no critical tenant: healthy. Otherwise as serve.
 * strict: unhealthy when a critical tenant is unhealthy or a critical check of scope self
 * or shared fails. Otherwise as serve. */
void verdict_compute(const struct verdict_input *input, struct tenant_status *tenants,
                     struct verdicts *verdicts);

/* The override counts now. */
bool verdict_override_is_active(const struct override_config *override, int64_t wall_ms);

/* What /healthz/serve, /quorum and /strict say: the policy's own verdict. An active
 * override holds /healthz and /healthz/serve; quorum and strict go on measuring. */
enum verdict verdict_for(const struct verdicts *verdicts, enum policy policy);

const char *tenant_state_name(enum tenant_state state); /* "healthy", ... */

#endif
