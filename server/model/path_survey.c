/* One pass over all checks: which check has which role, and counts that tell one tenant's
 * trouble from everybody's. Judges nothing. */
#include "path_internal.h"

#define CLOSED_TO_US                                                                     \
    (REASON_BIT(CONNECT_REFUSED) | REASON_BIT(CONNECT_TIMEOUT) |                         \
     REASON_BIT(PEER_CLOSED) | REASON_BIT(TIMEOUT))

/* What is only needed while counting. */
struct tally {
    struct path_survey *survey;
    bool gateway_no_name;
    int64_t newest_wall_ms;
};

static bool is_fail(const struct outcome *outcome) {
    return outcome->kind == OUTCOME_FAIL;
}

/* No sign of life at all: a refusal would be one. */
static bool is_lost(const struct outcome *outcome) {
    return is_fail(outcome) && path_is_silent(outcome) &&
           outcome->reason != CONNECT_REFUSED;
}

static bool is_of_gateway(enum check_role role) {
    return role != ROLE_NONE && role != ROLE_TENANT_DIRECT;
}

static bool is_of_data_port(enum check_role role) {
    return role == ROLE_GATEWAY_TLS || role == ROLE_GATEWAY_LOOPBACK ||
           role == ROLE_TENANT_ROUTED;
}

static void count_name(struct tally *tally, enum check_role role,
                       const struct outcome *newest) {
    struct path_survey *survey = tally->survey;

    if (path_has_name(newest))
        survey->names_known++;
    if (!is_fail(newest) || !path_is_name_failure(newest->reason))
        return;
    if (newest->reason == DNS_TIMEOUT)
        survey->names_timed_out++;
    if (!is_of_gateway(role))
        survey->names_failed++;
    else
        tally->gateway_no_name = true;
}

static void count_answer(struct path_survey *survey, enum check_role role,
                         const struct check_record *record,
                         const struct outcome *newest) {
    bool no_name = path_is_name_failure(newest->reason);
    bool answered = !is_fail(newest) || (!path_is_silent(newest) && !no_name);

    if (answered || (is_fail(newest) && newest->reason == CONNECT_REFUSED))
        survey->anybody_answered = true;
    if (is_of_gateway(role) && is_lost(newest))
        survey->gateway_silent = true;
    if (answered && is_of_data_port(role) &&
        record->last_run_wall_ms > survey->data_wall_ms)
        survey->data_wall_ms = record->last_run_wall_ms;
}

static void keep_first(uint32_t *kept, uint32_t check) {
    if (*kept == UINT32_MAX)
        *kept = check;
}

static void count_routed(struct path_survey *survey, uint32_t check,
                         const struct outcome *newest) {
    survey->routed_total++;
    if (newest == NULL)
        return;
    survey->routed_known++;

    enum sight_kind kind = path_see(survey->snapshot, check).kind;

    if (kind == SIGHT_PASS || kind == SIGHT_WARN)
        keep_first(&survey->passing_routed, check);
    else if (kind == SIGHT_FAIL)
        keep_first(&survey->failing_routed, check);
    if (!is_fail(newest))
        return;
    survey->routed_no_route += newest->reason == GW_NO_ROUTE;
    survey->routed_redirect += newest->reason == GW_REDIRECT;
    survey->routed_upstream +=
        newest->reason == GW_UPSTREAM_CONNECT || newest->reason == GW_UPSTREAM_RESET;
    survey->routed_hanging += newest->reason == TIMEOUT || path_is_silent(newest);
}

static void count_direct(struct path_survey *survey, const struct outcome *newest) {
    if (newest == NULL)
        return;
    survey->direct_known++;
    if (!is_fail(newest))
        return;
    survey->direct_no_name += path_is_name_failure(newest->reason);
    survey->direct_blocked += path_is_among(newest->reason, CLOSED_TO_US);
    survey->direct_silent += is_lost(newest);
}

int path_badness(const struct snapshot *snapshot, uint32_t check) {
    bool is_critical = snapshot->config->checks[check].severity == SEVERITY_CRITICAL;

    switch (path_see(snapshot, check).kind) {
        case SIGHT_NONE:
        case SIGHT_PASS:
            break;
        case SIGHT_WARN:
            return 1 + is_critical;
        case SIGHT_OURS:
            return 3 + is_critical;
        case SIGHT_FAIL:
            return 5 + is_critical;
    }
    return 0;
}

bool path_is_worse(const struct snapshot *snapshot, uint32_t check, uint32_t than) {
    /* A blocked one is not its own trouble. */
    if (snapshot->config->checks[check].severity == SEVERITY_INFO ||
        snapshot->checks[check]->state == STATE_BLOCKED)
        return false;
    return path_badness(snapshot, check) >
           (than == UINT32_MAX ? 0 : path_badness(snapshot, than));
}

static void keep_worse(const struct snapshot *snapshot, uint32_t check, uint32_t *kept) {
    if (path_is_worse(snapshot, check, *kept))
        *kept = check;
}

static void take_check(struct tally *tally, uint32_t check) {
    struct path_survey *survey = tally->survey;
    const struct check_config *config = &survey->snapshot->config->checks[check];
    const struct check_record *record = survey->snapshot->checks[check];
    const struct outcome *newest = path_newest(record);

    if (newest != NULL) {
        count_name(tally, config->role, newest);
        count_answer(survey, config->role, record, newest);
        if (record->last_run_wall_ms > tally->newest_wall_ms) {
            tally->newest_wall_ms = record->last_run_wall_ms;
            survey->newest_check = check;
        }
    }
    switch (config->role) {
        case ROLE_GATEWAY_STATUS:
        case ROLE_GATEWAY_STATS:
        case ROLE_GATEWAY_TLS:
        case ROLE_GATEWAY_LOOPBACK:
        case ROLE_GATEWAY_ADMIN:
            keep_first(&survey->by_role[config->role], check);
            break;
        case ROLE_TENANT_ROUTED:
            count_routed(survey, check, newest);
            break;
        case ROLE_TENANT_DIRECT:
            count_direct(survey, newest);
            break;
        case ROLE_NONE:
            if (config->scope == SCOPE_SELF)
                keep_worse(survey->snapshot, check, &survey->self_check);
            else if (config->scope == SCOPE_SHARED)
                keep_worse(survey->snapshot, check, &survey->shared_check);
            break;
    }
}

void path_survey(struct path_survey *survey, const struct snapshot *snapshot,
                 bool is_stuck) {
    *survey = (struct path_survey){
        .snapshot = snapshot,
        .inbound = path_inbound(snapshot),
        .is_stuck = is_stuck,
        .self_check = UINT32_MAX,
        .shared_check = UINT32_MAX,
        .newest_check = UINT32_MAX,
        .passing_routed = UINT32_MAX,
        .failing_routed = UINT32_MAX,
    };
    for (size_t i = 0; i < sizeof survey->by_role / sizeof survey->by_role[0]; i++)
        survey->by_role[i] = UINT32_MAX;

    struct tally tally = {.survey = survey};

    for (uint32_t i = 0; i < snapshot->config->check_count; i++)
        take_check(&tally, i);
    survey->names_failed += tally.gateway_no_name;
}
