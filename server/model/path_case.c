/* The case of one tenant: what its own and the shared checks say, and the facts that
 * follow from comparing them. Owns the comparisons in time, without which a check that
 * was asked before the fault would testify against the wrong one. */
#include "path_internal.h"

#define OLD_CONFIG_REASONS                                                               \
    (REASON_BIT(GW_NO_ROUTE) | REASON_BIT(GW_BACKENDREF_INVALID) |                       \
     REASON_BIT(GW_NO_ENDPOINTS) | REASON_BIT(GW_UPSTREAM_CONNECT) |                     \
     REASON_BIT(GW_UPSTREAM_RESET))

#define APP_REASONS                                                                      \
    (REASON_BIT(HTTP_STATUS) | REASON_BIT(BODY_MISMATCH) | REASON_BIT(TOO_LARGE))

#define OLD_CONFIG_SIGNS (REASON_BIT(GW_XDS_LOST) | REASON_BIT(GW_CONFIG_REJECTED))

#define UPSTREAM_REASONS (REASON_BIT(GW_UPSTREAM_CONNECT) | REASON_BIT(GW_UPSTREAM_RESET))
#define HANG_REASONS                                                                     \
    (REASON_BIT(TIMEOUT) | REASON_BIT(CONNECT_TIMEOUT) | REASON_BIT(PEER_CLOSED))

enum { BLOCKERS_MAX = 64 };

/* The checks of one tenant. */
struct own_checks {
    uint32_t routed;
    uint32_t direct;
    uint32_t worst;   /* of the operator's own checks; UINT32_MAX: none fails or warns */
    uint32_t blocked; /* routed, else the first blocked one */
};

static struct own_checks find_own(const struct snapshot *snapshot, uint32_t tenant) {
    struct own_checks own = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

    for (uint32_t i = 0; i < snapshot->config->check_count; i++) {
        const struct check_config *check = &snapshot->config->checks[i];

        if (check->scope != SCOPE_TENANT || check->tenant != tenant)
            continue;
        if (check->role == ROLE_TENANT_ROUTED && own.routed == UINT32_MAX)
            own.routed = i;
        else if (check->role == ROLE_TENANT_DIRECT && own.direct == UINT32_MAX)
            own.direct = i;
        else if (check->role == ROLE_NONE && path_is_worse(snapshot, i, own.worst))
            own.worst = i;
        if (snapshot->checks[i]->state == STATE_BLOCKED && own.blocked == UINT32_MAX &&
            check->severity != SEVERITY_INFO)
            own.blocked = i;
    }
    if (own.routed != UINT32_MAX && snapshot->checks[own.routed]->state == STATE_BLOCKED)
        own.blocked = own.routed;
    return own;
}

/* Up the chain of blocked checks to the one that blocks them all. A gateway's check is
 * found by its role. */
static uint32_t find_blocker(const struct snapshot *snapshot, uint32_t check) {
    const struct config *config = snapshot->config;

    if (check == UINT32_MAX)
        return UINT32_MAX;
    for (int i = 0; i < BLOCKERS_MAX; i++) {
        const struct check_record *record = snapshot->checks[check];

        if (record->state != STATE_BLOCKED || record->blocked_by >= config->check_count)
            break;
        check = record->blocked_by;
    }
    bool is_gateway = config->checks[check].role != ROLE_NONE &&
                      config->checks[check].scope != SCOPE_TENANT;
    return is_gateway || snapshot->checks[check]->state != STATE_FAILING ? UINT32_MAX
                                                                         : check;
}

/* When the check began to fail, at the latest; before everything where that is not known.
 */
static int64_t began_wall_ms(const struct check_record *record) {
    const struct check_timing *timing = &record->config->timing;
    int64_t steps = timing->fall > 1 ? timing->fall - 1 : 0;

    if (record->state != STATE_FAILING)
        return INT64_MIN;
    return record->since_wall_ms -
           steps * timing->fast_interval_ms * (100 - timing->jitter_percent) / 100;
}

/* Two checks are compared only as of the same time: `direct` was asked since `routed`
 * began to fail, and had not just begun to pass when `routed` was asked last. */
static bool passed_meanwhile(const struct check_record *direct,
                             const struct check_record *routed) {
    int64_t asked_ms =
        routed->has_failure ? routed->failure_wall_ms : routed->last_run_wall_ms;

    if (direct->last_run_wall_ms < began_wall_ms(routed))
        return false;
    return direct->state != STATE_PASSING ||
           asked_ms - direct->since_wall_ms >= routed->config->timing.interval_ms;
}

static uint32_t direct_facts(const struct path_case *c) {
    const struct sight *direct = &c->sights[FROM_DIRECT];
    const struct sight *routed = &c->sights[FROM_ROUTED];
    const struct outcome *newest =
        direct->record != NULL ? path_newest(direct->record) : NULL;

    if (newest == NULL)
        return 0;
    if (newest->kind == OUTCOME_FAIL && path_is_name_failure(newest->reason))
        return DIRECT_NO_NAME;
    if (newest->kind == OUTCOME_FAIL) {
        /* An application that speaks through the gateway is not down: then only our own
         * way to it is blocked. */
        bool is_heard =
            routed->kind == SIGHT_FAIL && path_is_among(routed->reason, APP_REASONS);
        return is_heard && path_is_silent(newest) ? 0 : DIRECT_FAILS;
    }
    if (routed->record == NULL || passed_meanwhile(direct->record, routed->record))
        return DIRECT_PASSES;
    return 0;
}

static uint32_t status_facts(const struct path_case *c) {
    const struct sight *status = &c->sights[FROM_STATUS];

    if (status->kind == SIGHT_PASS || status->kind == SIGHT_WARN)
        return STATUS_PASSES;
    if (status->kind != SIGHT_FAIL)
        return 0;
    if (status->reason == DNS_NXDOMAIN || status->reason == DNS_NO_ADDRESS)
        return STATUS_NO_PODS;
    return status->outcome->addresses_failed > 0 &&
                   status->outcome->addresses_failed < status->outcome->addresses_total
               ? STATUS_PARTIAL
               : 0;
}

static uint32_t loop_facts(const struct path_case *c) {
    const struct sight *loop = &c->sights[FROM_LOOPBACK];

    if (loop->kind == SIGHT_PASS || loop->kind == SIGHT_WARN)
        return LOOP_PASSES;
    if (loop->kind == SIGHT_FAIL &&
        (loop->reason == GW_NO_ROUTE || loop->outcome->http_status == 404))
        return LOOP_NO_ROUTE;
    return 0;
}

/* Do all tenants that are known say the same, and our own request through the gateway as
 * well or several of them? */
static bool do_all_say(const struct path_case *c, uint32_t count, uint64_t reasons) {
    const struct sight *loop = &c->sights[FROM_LOOPBACK];
    bool is_loop_too = loop->kind == SIGHT_FAIL && path_is_among(loop->reason, reasons);

    return count > 0 && count == c->survey->routed_known && (count >= 2 || is_loop_too);
}

/* What holds for all tenants is nobody's own fault. */
static uint32_t crowd_facts(const struct path_case *c) {
    const struct path_survey *survey = c->survey;
    uint32_t no_route = survey->routed_no_route;
    uint32_t direct = survey->direct_known;
    uint32_t facts = survey->routed_known >= 2 ? MANY_TENANTS : 0;

    if (no_route > 0 && no_route == survey->routed_known &&
        (no_route >= 2 || survey->routed_total == 1))
        facts |= ALL_NO_ROUTE;
    if (do_all_say(c, survey->routed_redirect, REASON_BIT(GW_REDIRECT)))
        facts |= ALL_REDIRECT;
    if (do_all_say(c, survey->routed_upstream, UPSTREAM_REASONS))
        facts |= ALL_UPSTREAM;
    if (do_all_say(c, survey->routed_hanging, HANG_REASONS))
        facts |= ALL_HANG;
    if (direct >= 2 && survey->direct_blocked == direct)
        facts |= ALL_DIRECT_BLOCKED;
    if (direct >= 2 && survey->direct_no_name == direct)
        facts |= ALL_DIRECT_NO_NAME;
    return facts;
}

static uint32_t network_facts(const struct path_case *c) {
    const struct path_survey *survey = c->survey;
    const struct sight *routed = &c->sights[FROM_ROUTED];
    bool routed_fails = routed->kind == SIGHT_FAIL;
    uint32_t facts = 0;

    if (survey->names_known == 0 &&
        (survey->names_failed >= 2 || survey->names_timed_out > 0))
        facts |= NO_NAMES;
    if (!survey->anybody_answered && survey->names_failed == 0 &&
        survey->direct_silent >= (survey->gateway_silent ? 1U : 3U) &&
        survey->direct_silent == survey->direct_known)
        facts |= NOTHING_ANSWERS;
    if (survey->data_wall_ms > 0 &&
        (!routed_fails || survey->data_wall_ms >= began_wall_ms(routed->record)))
        facts |= DATA_ANSWERS;
    if (routed_fails && path_is_among(routed->reason, OLD_CONFIG_REASONS) &&
        path_is_among(c->sights[FROM_STATS].reason, OLD_CONFIG_SIGNS))
        facts |= OLD_CONFIG_EXPLAINS;
    return facts;
}

static uint32_t inbound_facts(const struct path_case *c) {
    const struct path_inbound *inbound = &c->survey->inbound;
    const struct snapshot *snapshot = c->survey->snapshot;
    const struct sight *routed = &c->sights[FROM_ROUTED];
    uint32_t facts = 0;

    if (!inbound->is_known || !inbound->is_seen)
        return 0;
    if (inbound->client == PATH_CLIENT_NODE)
        facts |= APPGW_AS_NODE;
    /* While we start or drain, the gateway sends the probes to other replicas. */
    if (inbound->overdue_ms > 0 && inbound->age_ms > inbound->overdue_ms &&
        snapshot->life == LIFE_READY)
        facts |= APPGW_SILENT;
    if (inbound->attempt >= 2)
        facts |= APPGW_RETRIED;

    int64_t seen_ms = snapshot->taken_wall_ms - inbound->age_ms;

    if (routed->kind == SIGHT_FAIL && routed->record->state == STATE_FAILING &&
        inbound->client != PATH_CLIENT_UNKNOWN &&
        seen_ms > routed->record->since_wall_ms &&
        seen_ms < routed->record->failure_wall_ms)
        facts |= APPGW_PASSES;
    return facts;
}

static bool does_pass(const struct sight *sight) {
    return sight->kind == SIGHT_PASS || sight->kind == SIGHT_WARN;
}

static uint32_t decider_facts(const struct path_case *c) {
    const struct snapshot *snapshot = c->survey->snapshot;
    const struct sight *decider = &c->sights[c->decider];
    const struct sight *own = &c->sights[FROM_TENANT_CHECK];
    bool is_critical = own->record != NULL && own->record->state == STATE_FAILING &&
                       snapshot->config->checks[own->check].severity == SEVERITY_CRITICAL;
    uint32_t facts = 0;

    if (c->decider == FROM_DIRECT)
        facts |= DIRECT_DECIDES;
    if (decider->record != NULL && decider->record->state == STATE_BLOCKED)
        facts |= DECIDER_BLOCKED;
    if (c->decider == FROM_ROUTED && decider->kind == SIGHT_FAIL &&
        path_is_among(decider->reason, APP_REASONS))
        facts |= APP_ANSWERS;
    if (does_pass(decider))
        facts |= is_critical ? DECIDER_PASSES : DECIDER_PASSES | USERS_FINE;
    return facts;
}

/* Of statistics and admin port the one that says more. */
static uint32_t worse_of(const struct snapshot *snapshot, uint32_t stats,
                         uint32_t admin) {
    if (stats == UINT32_MAX || admin == UINT32_MAX)
        return stats == UINT32_MAX ? admin : stats;
    if (path_see(snapshot, stats).kind == SIGHT_NONE)
        return admin;
    return path_badness(snapshot, admin) > path_badness(snapshot, stats) ? admin : stats;
}

/* A status port that is silent while the data port answers says nothing about the pods.
 */
static void move_status(struct path_case *c) {
    struct sight *status = &c->sights[FROM_STATUS];

    if (status->kind == SIGHT_FAIL && status->hop == HOP_GATEWAY_PODS &&
        (c->facts & DATA_ANSWERS) && !(c->facts & STATUS_PARTIAL))
        status->hop = HOP_GATEWAY_READY;
}

void path_case_make(struct path_case *c, const struct path_survey *survey,
                    uint32_t tenant) {
    const struct snapshot *snapshot = survey->snapshot;
    const uint32_t *by_role = survey->by_role;
    bool is_shared = tenant == CONFIG_NO_TENANT;
    uint32_t routed = survey->passing_routed != UINT32_MAX ? survey->passing_routed
                                                           : survey->failing_routed;

    /* What all share is judged by one tenant that passes, else by one that fails. */
    if (is_shared && routed != UINT32_MAX)
        tenant = snapshot->config->checks[routed].tenant;

    struct own_checks own = find_own(snapshot, tenant);

    *c = (struct path_case){.survey = survey, .tenant = tenant, .is_shared = is_shared};
    c->decider = own.routed != UINT32_MAX ? FROM_ROUTED : FROM_DIRECT;
    c->sights[FROM_STATUS] = path_see(snapshot, by_role[ROLE_GATEWAY_STATUS]);
    c->sights[FROM_STATS] =
        path_see(snapshot, worse_of(snapshot, by_role[ROLE_GATEWAY_STATS],
                                    by_role[ROLE_GATEWAY_ADMIN]));
    c->sights[FROM_TLS] = path_see(snapshot, by_role[ROLE_GATEWAY_TLS]);
    c->sights[FROM_LOOPBACK] = path_see(snapshot, by_role[ROLE_GATEWAY_LOOPBACK]);
    c->sights[FROM_ROUTED] = path_see(snapshot, own.routed);
    c->sights[FROM_DIRECT] = path_see(snapshot, own.direct);
    c->sights[FROM_TENANT_CHECK] = path_see(snapshot, is_shared ? UINT32_MAX : own.worst);
    c->sights[FROM_SELF_CHECK] = path_see(snapshot, survey->self_check);
    c->sights[FROM_SHARED_CHECK] =
        path_see(snapshot, is_shared ? survey->shared_check : UINT32_MAX);
    c->sights[FROM_BLOCKER] =
        path_see(snapshot, is_shared ? UINT32_MAX : find_blocker(snapshot, own.blocked));

    c->facts = decider_facts(c) | direct_facts(c) | status_facts(c) | loop_facts(c) |
               crowd_facts(c) | network_facts(c) | inbound_facts(c);
    if (snapshot->config->gateway.has_tls)
        c->facts |= HAS_TLS;
    /* What passed before we got stuck says nothing about now. */
    if (survey->is_stuck)
        c->facts = (c->facts & ~(uint32_t)USERS_FINE) | IS_STUCK;
    if (snapshot->self.is_degraded)
        c->facts |= IS_STARVED;
    move_status(c);
}

const struct sight *path_sight(const struct path_case *c, enum source source) {
    static const struct sight nobody = {.check = UINT32_MAX};
    static const enum source ours[] = {
        FROM_ROUTED,   FROM_DIRECT,     FROM_STATUS,       FROM_STATS,       FROM_TLS,
        FROM_LOOPBACK, FROM_SELF_CHECK, FROM_TENANT_CHECK, FROM_SHARED_CHECK};

    if (source == FROM_NOBODY)
        return &nobody;
    if (source == FROM_DECIDER)
        return &c->sights[c->decider];
    if (source != FROM_OURS)
        return &c->sights[source];
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (c->sights[ours[i]].kind == SIGHT_OURS)
            return &c->sights[ours[i]];
    }
    return &c->sights[c->decider];
}
