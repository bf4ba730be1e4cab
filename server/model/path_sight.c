/* What one check says about the path: passes, warns, fails and where, or nothing because
 * it is our own fault. Looks at one record at a time; never compares checks. */
#include "path_internal.h"

#include <string.h>

#define SILENT_REASONS                                                                   \
    (REASON_BIT(CONNECT_REFUSED) | REASON_BIT(CONNECT_TIMEOUT) | REASON_BIT(PEER_CLOSED))

bool path_is_tls_failure(enum reason reason) {
    return reason == TLS_SAN_MISMATCH || reason == TLS_EXPIRED ||
           reason == TLS_UNKNOWN_CA || reason == TLS_CHAIN;
}

/* A CA file that cannot be read is the one fault of ours with a reason of somebody else.
 */
static bool is_ours(const struct outcome *outcome) {
    return reason_is_local(outcome->reason) ||
           (outcome->kind == OUTCOME_UNAVAILABLE && path_is_tls_failure(outcome->reason));
}

/* Requests through the gateway's data port: what was reached before it went wrong. */
static enum hop data_hop(const struct outcome *outcome, bool has_tls, enum hop beyond) {
    bool is_before_tls = has_tls && outcome->phase_us[PHASE_TLS] < 0;
    enum reason reason = outcome->reason;

    if (path_is_tls_failure(reason))
        return HOP_GATEWAY_TLS;
    if (reason == CONNECT_REFUSED || reason == CONNECT_TIMEOUT)
        return HOP_GATEWAY_PODS;
    if (reason == PEER_CLOSED)
        return has_tls && !is_before_tls ? HOP_GATEWAY_TLS : HOP_GATEWAY_PODS;
    if (reason == TIMEOUT)
        return is_before_tls && path_is_silent(outcome) ? HOP_GATEWAY_PODS : beyond;
    if (reason == PROTOCOL && outcome->http_status == 0)
        return is_before_tls ? HOP_GATEWAY_TLS : HOP_GATEWAY_PODS;
    return beyond;
}

static enum hop routed_hop(const struct outcome *outcome, bool has_tls) {
    enum hop usual = reason_hop(outcome->reason);

    if (usual == HOP_ROUTE || usual == HOP_IDENTITY || usual == HOP_GATEWAY_READY)
        return usual;
    return data_hop(outcome, has_tls, HOP_BACKEND_ROUTED);
}

/* Without a role: by scope, and where only the reason tells, as something that was asked
 * directly. */
static enum hop own_check_hop(const struct check_config *check, enum reason reason) {
    enum hop usual = reason_hop(reason);

    if (check->scope == SCOPE_SELF)
        return HOP_SELF;
    if (check->scope == SCOPE_TENANT || usual == HOP_GATEWAY_PODS ||
        usual == HOP_GATEWAY_TLS)
        return HOP_BACKEND_DIRECT;
    return usual == HOP_BACKEND_ROUTED && reason > IDENTITY_MISMATCH ? HOP_BACKEND_DIRECT
                                                                     : usual;
}

/* Where a failure or warning of this check is seen. */
static enum hop hop_of(const struct check_config *check, const struct outcome *outcome,
                       bool has_tls) {
    if (path_is_name_failure(outcome->reason) && check->scope != SCOPE_SELF)
        return HOP_NAMES;
    switch (check->role) {
        case ROLE_GATEWAY_STATUS:
            return path_is_silent(outcome) ? HOP_GATEWAY_PODS : HOP_GATEWAY_READY;
        case ROLE_GATEWAY_STATS:
        case ROLE_GATEWAY_ADMIN:
            return HOP_GATEWAY_READY;
        case ROLE_GATEWAY_TLS:
            return path_is_silent(outcome) ? HOP_GATEWAY_PODS : HOP_GATEWAY_TLS;
        case ROLE_GATEWAY_LOOPBACK:
            return data_hop(outcome, has_tls, HOP_IDENTITY);
        case ROLE_TENANT_ROUTED:
            return routed_hop(outcome, has_tls);
        case ROLE_TENANT_DIRECT:
            return HOP_BACKEND_DIRECT;
        case ROLE_NONE:
            break;
    }
    return own_check_hop(check, outcome->reason);
}

/* The outcome that explains a failing check. */
static const struct outcome *failure_of(const struct check_record *record) {
    bool has_just_passed = record->last.kind != OUTCOME_FAIL && record->has_failure;

    return has_just_passed ? &record->failure : &record->last;
}

static enum sight_kind kind_of(const struct outcome *outcome) {
    switch (outcome->kind) {
        case OUTCOME_PASS:
            return SIGHT_PASS;
        case OUTCOME_WARN:
            return SIGHT_WARN;
        case OUTCOME_FAIL:
            return SIGHT_FAIL;
        case OUTCOME_UNAVAILABLE:
            break;
    }
    return SIGHT_NONE;
}

/* Kind, reason and outcome from the state. */
static void see_state(const struct check_record *record, struct sight *sight) {
    bool has_run = record->last_run_wall_ms != 0;

    sight->outcome = &record->last;
    switch (record->state) {
        case STATE_STALE:
            sight->kind = SIGHT_OURS;
            sight->reason = STALE;
            return;
        case STATE_SUSPECT:
            sight->kind = SIGHT_OURS;
            sight->reason = is_ours(&record->last) ? record->last.reason : SUSPECT_SELF;
            return;
        case STATE_FAILING:
            sight->outcome = failure_of(record);
            sight->kind = SIGHT_FAIL;
            break;
        case STATE_PASSING:
            /* One failure that is not counted yet changes nothing. */
            sight->kind =
                record->last.kind == OUTCOME_FAIL ? SIGHT_PASS : kind_of(&record->last);
            break;
        case STATE_BLOCKED: /* is still checked */
            sight->kind = has_run ? kind_of(&record->last) : SIGHT_NONE;
            break;
        case STATE_PENDING:
            break;
    }
    if (has_run && is_ours(sight->outcome)) {
        sight->kind = SIGHT_OURS;
        sight->reason = sight->outcome->reason;
    } else if (sight->kind == SIGHT_FAIL || sight->kind == SIGHT_WARN) {
        sight->reason = sight->outcome->reason;
    }
}

bool path_is_among(enum reason reason, uint64_t reasons) {
    return (reasons & REASON_BIT(reason)) != 0;
}

bool path_is_name_failure(enum reason reason) {
    return reason == DNS_NXDOMAIN || reason == DNS_TIMEOUT || reason == DNS_NO_ADDRESS;
}

bool path_has_name(const struct outcome *outcome) {
    return outcome->phase_us[PHASE_NAME] >= 0 && !path_is_name_failure(outcome->reason);
}

bool path_is_silent(const struct outcome *outcome) {
    if (path_is_among(outcome->reason, SILENT_REASONS))
        return true;
    if (outcome->reason != TIMEOUT || outcome->http_status != 0)
        return false;
    /* Of several addresses the failed ones were silent if all that answered passed. */
    int failed = outcome->addresses_failed > 0 ? outcome->addresses_failed : 1;
    int total = outcome->addresses_total > 0 ? outcome->addresses_total : 1;
    return outcome->answered <= total - failed;
}

const struct outcome *path_newest(const struct check_record *record) {
    if (record->state == STATE_STALE || record->state == STATE_SUSPECT ||
        record->last_run_wall_ms == 0)
        return NULL;
    const struct outcome *newest =
        record->state == STATE_FAILING ? failure_of(record) : &record->last;
    return newest->kind == OUTCOME_UNAVAILABLE || is_ours(newest) ? NULL : newest;
}

struct sight path_see(const struct snapshot *snapshot, uint32_t check) {
    struct sight sight = {.check = check};

    if (check == UINT32_MAX)
        return sight;
    sight.record = snapshot->checks[check];
    see_state(sight.record, &sight);
    if (sight.kind == SIGHT_OURS)
        sight.hop = HOP_SELF;
    else if (sight.kind == SIGHT_FAIL || sight.kind == SIGHT_WARN)
        sight.hop = hop_of(&snapshot->config->checks[check], sight.outcome,
                           snapshot->config->gateway.has_tls);
    return sight;
}
