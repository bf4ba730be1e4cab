/* Words about checks and the whole. Owns what to do first for every reason, and which of
 * a check's outcomes explains its state. Never escapes: each form of the view does. */
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

/* clang-format off */
static const char *const next_steps[] = {
    [REASON_NONE] = "",
    [DNS_NXDOMAIN] = "compare the name in the configuration with `kubectl get service -A`",
    [DNS_TIMEOUT] = "look at CoreDNS: `kubectl -n kube-system get pods -l k8s-app=kube-dns`",
    [DNS_NO_ADDRESS] = "a headless Service without ready pods has no address: look at its endpoints",
    [CONNECT_REFUSED] = "see if the pods run and listen on that port",
    [CONNECT_TIMEOUT] = "look for a NetworkPolicy, a dead node or a wrong address",
    [PEER_CLOSED] = "in a mesh this is also what refused looks like: see if the pods run and listen on that port",
    [GW_NOT_LIVE] = "look at the gateway pods: `kubectl -n istio-ingress get pods`, then their logs",
    [GW_CONFIG_REJECTED] = "find the rejected resource: `istioctl proxy-status`, then istiod's log",
    [GW_XDS_LOST] = "see if istiod runs and the gateway reaches it on port 15012",
    [TLS_SAN_MISMATCH] = "compare the certificate in the Gateway's secret with its host name",
    [TLS_EXPIRED] = "renew the certificate in the Gateway's secret; look at the clocks too",
    [TLS_UNKNOWN_CA] = "compare the CA file of the configuration with the issuer of the Gateway's certificate",
    [TLS_CHAIN] = "see if the Gateway's secret holds the intermediate certificates too",
    [GW_NO_ROUTE] = "look at the tenant's HTTPRoute (host, path, parentRefs): `kubectl get httproute -A`",
    [GW_BACKENDREF_INVALID] = "look at the HTTPRoute's ResolvedRefs condition: Service name, port, ReferenceGrant",
    [GW_REDIRECT] = "see which HTTPRoute redirects, and request the place it points at",
    [GW_DENIED] = "look for an AuthorizationPolicy at the gateway: `kubectl get authorizationpolicy -A`",
    [GW_NO_ENDPOINTS] = "see why no pod of the tenant's Service is ready: `kubectl get endpointslice`",
    [GW_UPSTREAM_CONNECT] = "see if the tenant's pods listen on the Service's target port",
    [GW_UPSTREAM_RESET] = "look at the tenant's pods and logs: it closed or refused the connection",
    [GW_UPSTREAM_PROTOCOL] = "see if the Service's port speaks HTTP (appProtocol, TLS, HTTP/2)",
    [GW_UPSTREAM_TIMEOUT] = "look at the tenant's latency and the timeout of its HTTPRoute",
    [IDENTITY_MISMATCH] = "look for another HTTPRoute that takes the same host and path",
    [HTTP_STATUS] = "look at the application's own logs: it answered itself",
    [BODY_MISMATCH] = "compare the answer with the expected text in the configuration",
    [TIMEOUT] = "see if the peer is overloaded or stuck; request it by hand",
    [PROTOCOL] = "see if the port is the right one and speaks the expected protocol",
    [TOO_LARGE] = "check a smaller page, or raise max_body",
    [LOCAL_FDS] = "raise the limit of open files, or lower engine.concurrency",
    [LOCAL_MEMORY] = "raise this pod's memory limit",
    [LOCAL_TARGET_REFUSED] = "correct the target, or permit its address in engine.allow_targets",
    [SUSPECT_SELF] = "look at this pod's CPU limit and throttling",
    [STALE] = "look at this pod's log and load; the check no longer runs as planned",
    [BLOCKED_BY] = "repair the check it depends on first",
};
/* clang-format on */

_Static_assert(sizeof next_steps / sizeof next_steps[0] == REASON_COUNT,
               "a next step for every reason");

static const struct check_config *config_of(const struct snapshot *snapshot,
                                            uint32_t check) {
    return &snapshot->config->checks[check];
}

/* The owner's kind: the reason's first guess, corrected by what the check looks at. */
static enum owner owner_of(const struct check_config *check, enum reason reason) {
    enum owner guess = reason_owner(reason);
    if (guess == OWNER_US || guess == OWNER_PLATFORM)
        return guess;
    switch (check->scope) {
        case SCOPE_SELF:
            return OWNER_US;
        case SCOPE_SHARED:
            return check->role == ROLE_NONE ? OWNER_PLATFORM : OWNER_GATEWAY;
        case SCOPE_TENANT:
            break;
    }
    return check->role == ROLE_TENANT_ROUTED ? guess : OWNER_TENANT;
}

static void append_clock(struct buf *out, int64_t wall_ms) {
    char when[CLOCK_TEXT_MAX];
    buf_puts(out, clock_format_rfc3339(wall_ms, when));
}

/* "tenant/app2/routed is failing since WHEN: CODE, text; owner; evidence". */
static void append_cause(const struct snapshot *snapshot, uint32_t check,
                         struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    enum reason reason = describe_reason(record);
    buf_printf(out, "%s is %s since ", config_of(snapshot, check)->name,
               check_state_name(record->state));
    append_clock(out, record->since_wall_ms);
    if (reason != REASON_NONE) {
        buf_printf(out, ": %s, %s, owner ", reason_name(reason), reason_text(reason));
        describe_owner(snapshot, check, out);
    }
    BUF_AUTO struct buf evidence = {0};
    describe_evidence(snapshot, check, &evidence);
    if (evidence.len > 0)
        buf_printf(out, ": %s", evidence.data);
}

enum reason describe_reason(const struct check_record *record) {
    switch (record->state) {
        case STATE_STALE:
            return STALE;
        case STATE_SUSPECT:
            return SUSPECT_SELF;
        case STATE_BLOCKED:
            return BLOCKED_BY;
        case STATE_PENDING:
        case STATE_PASSING:
        case STATE_FAILING:
            break;
    }
    return describe_outcome(record)->reason;
}

const struct outcome *describe_outcome(const struct check_record *record) {
    bool has_just_passed =
        record->state == STATE_FAILING && record->last.kind != OUTCOME_FAIL;
    return has_just_passed && record->has_failure ? &record->failure : &record->last;
}

void describe_evidence(const struct snapshot *snapshot, uint32_t check, struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    const char *evidence = describe_outcome(record)->evidence;
    if (record->state == STATE_BLOCKED && record->blocked_by != UINT32_MAX) {
        buf_printf(out, "waits for %s", config_of(snapshot, record->blocked_by)->name);
        return;
    }
    if (record->last_run_wall_ms == 0) {
        buf_puts(out, "no outcome yet");
        return;
    }
    if (record->state == STATE_SUSPECT && describe_starvation(snapshot, out))
        buf_puts(out, "; newest outcome: ");
    if (record->state == STATE_STALE) {
        char age[DESCRIBE_AGE_MAX];
        int64_t silent_ms = snapshot->taken_mono_ms - record->last_run_mono_ms;
        buf_printf(out, "no outcome for %s", describe_age(silent_ms, age));
        if (evidence[0] != '\0')
            buf_puts(out, "; before that: ");
    }
    buf_puts(out, evidence);
}

void describe_owner(const struct snapshot *snapshot, uint32_t check, struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    if (record->state == STATE_BLOCKED && record->blocked_by != UINT32_MAX)
        check = record->blocked_by;
    const struct check_config *config = config_of(snapshot, check);
    enum owner owner = owner_of(config, describe_reason(snapshot->checks[check]));
    buf_puts(out, owner_name(owner));
    if (owner == OWNER_TENANT)
        buf_printf(out, ":%s", snapshot->config->tenants[config->tenant].name);
}

const char *describe_next_step(enum reason reason) {
    return next_steps[reason];
}

void describe_why(const struct snapshot *snapshot, struct buf *out) {
    uint32_t cause = snapshot_root_cause(snapshot);
    if (snapshot->verdicts.override_active) {
        const struct override_config *override = &snapshot->config->verdict.override;
        buf_printf(out, "an override holds /healthz at %s until ",
                   verdict_name(override->verdict));
        append_clock(out, override->until_wall_ms);
        buf_printf(out, " (%s); measured: ", override->reason ? override->reason : "-");
    }
    if (cause != UINT32_MAX)
        append_cause(snapshot, cause, out);
    else if (!describe_own_trouble(snapshot, out))
        buf_puts(out, "nothing is wrong");
}

bool describe_own_trouble(const struct snapshot *snapshot, struct buf *out) {
    enum verdict measured = snapshot->verdicts.by_policy[POLICY_SERVE];
    if (measured == VERDICT_HEALTHY || snapshot_root_cause(snapshot) != UINT32_MAX)
        return false;
    if (!describe_starvation(snapshot, out))
        buf_puts(out, "the first round of checks is not done yet");
    return true;
}

void describe_no_cause(const struct snapshot *snapshot, struct buf *out) {
    if (!describe_own_trouble(snapshot, out))
        buf_puts(out, snapshot->verdicts.override_active ? "nothing but the override"
                                                         : "nothing is wrong");
}

bool describe_starvation(const struct snapshot *snapshot, struct buf *out) {
    const struct self_status *self = &snapshot->self;
    if (!self->is_starved && !self->is_degraded)
        return false;
    buf_puts(out, "we are starved");
    if (self->text[0] != '\0')
        buf_printf(out, ": %s", self->text);
    return true;
}

char *describe_age(int64_t ms, char out[DESCRIBE_AGE_MAX]) {
    int64_t s = ms / 1000;
    if (ms <= 0)
        snprintf(out, DESCRIBE_AGE_MAX, "0 ms");
    else if (ms < 1000)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " ms", ms);
    else if (s < 120)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " s", s);
    else if (s < 3600)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " min", s / 60);
    else if (s < 86400)
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " h %" PRId64 " min", s / 3600,
                 s % 3600 / 60);
    else
        snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 " d %" PRId64 " h", s / 86400,
                 s % 86400 / 3600);
    return out;
}

char *describe_us(int64_t us, char out[DESCRIBE_US_MAX]) {
    snprintf(out, DESCRIBE_US_MAX, "%" PRId64 ".%03d ms", us / 1000, (int)(us % 1000));
    return out;
}
