/* Path diagnosis: at which hop the way to a tenant is broken, whose that is, and what to
 * do about it.
 *
 * Pure: reads a snapshot and allocates nothing. Evidence is found by role, scope and
 * tenant, never by a check's name. What cannot be tested from inside is unknown, never
 * fine. Any thread. */
#ifndef MODEL_PATH_H
#define MODEL_PATH_H

#include "model/reason.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATH_EVIDENCE_MAX = 704,
    PATH_SUMMARY_MAX = 512,
    PATH_NEXT_MAX = 1024,
    PATH_LINE_MAX = 1024,
};

/* Ordered: the greater is the worse. */
enum path_state { PATH_UNKNOWN, PATH_PASS, PATH_WARN, PATH_FAIL };

/* As which address the gateway sees the probes of Application Gateway. */
enum path_client {
    PATH_CLIENT_UNKNOWN,
    PATH_CLIENT_KEPT, /* their own: externalTrafficPolicy Local */
    PATH_CLIENT_NODE, /* a node's: externalTrafficPolicy Cluster */
};

/* What the census says about the probes of Application Gateway: this replica's share. */
struct path_inbound {
    bool is_known;       /* probes are counted; otherwise nothing else is read */
    bool is_seen;        /* at least one of them since start */
    uint64_t count;      /* since start */
    int64_t age_ms;      /* since the newest one */
    int64_t interval_ms; /* measured between two; 0: not yet */
    int64_t overdue_ms;  /* a longer silence is overdue; 0: cannot be said */
    uint32_t attempt;    /* x-envoy-attempt-count of the newest; 0: not told */
    enum path_client client;
};

struct path_hop {
    enum path_state state;
    enum reason reason; /* REASON_NONE unless state is PATH_WARN or PATH_FAIL */
    uint32_t check;     /* index of the check that says so; UINT32_MAX: none */
    int64_t age_ms;     /* of its newest outcome; -1: none */
    char evidence[PATH_EVIDENCE_MAX]; /* one line without control characters */
};

/* `broken_hop`, `owner`, `reason` and `rule` mean something only while `is_broken`. */
struct path_report {
    uint32_t tenant; /* CONFIG_NO_TENANT: what all tenants share */
    /* The tenant's state in the snapshot, but at least degraded while something is
     * broken: an unhealthy tenant always has a hop that fails. */
    enum tenant_state state;
    bool is_broken; /* hops[broken_hop] fails, or warns: users are fine */
    enum hop broken_hop;
    enum owner owner;
    uint32_t owner_tenant; /* whose, where owner is OWNER_TENANT */
    enum reason reason;
    const char *rule;                /* id of the rule that decided; static */
    char summary[PATH_SUMMARY_MAX];  /* one clause; "nothing is wrong" */
    char next_step[PATH_NEXT_MAX];   /* shell commands; "" where nothing is to be done */
    struct path_hop hops[HOP_COUNT]; /* by enum hop */
};

/* One look at all checks of a snapshot, shared by the diagnosis of every tenant: filled
 * in by path_survey, read by the functions below. */
struct path_survey {
    const struct snapshot *snapshot; /* borrowed */
    struct path_inbound inbound;
    bool is_stuck;                            /* the engine thread does not turn */
    uint32_t by_role[ROLE_GATEWAY_ADMIN + 1]; /* checks; UINT32_MAX: none */
    uint32_t self_check;     /* the worst of scope self; UINT32_MAX: none fails */
    uint32_t shared_check;   /* the same of the operator's own shared checks */
    uint32_t newest_check;   /* of the newest outcome of all; UINT32_MAX: none yet */
    uint32_t passing_routed; /* one of them; UINT32_MAX: none passes */
    uint32_t failing_routed;
    uint32_t names_known;  /* checks whose target's name has an address */
    uint32_t names_failed; /* names without one; all of the gateway's count as one */
    uint32_t names_timed_out;
    uint32_t routed_total;
    uint32_t routed_known; /* with a newest outcome; the next ones say which */
    uint32_t routed_no_route;
    uint32_t routed_redirect;
    uint32_t routed_upstream;
    uint32_t routed_hanging;
    uint32_t direct_known;
    uint32_t direct_blocked;
    uint32_t direct_silent;
    uint32_t direct_no_name;
    bool gateway_silent;   /* a check of the gateway got no byte and no refusal */
    bool anybody_answered; /* or refused: then our own network is fine */
    int64_t data_wall_ms;  /* newest answer from the gateway's data port; 0: none */
};

/* `is_stuck`: the engine thread has not turned for so long that the snapshot is old. */
void path_survey(struct path_survey *survey, const struct snapshot *snapshot,
                 bool is_stuck);

/* The way to one tenant; CONFIG_NO_TENANT: only what all tenants share. */
void path_diagnose(const struct path_survey *survey, uint32_t tenant,
                   struct path_report *report);

/* The one thing to repair first: what breaks the way for all, then the tenant in the
 * worst state (critical and longest first), then what only warns. Without any, a report
 * in which nothing is broken. */
void path_root_cause(const struct path_survey *survey, struct path_report *report);

/* "app2: route is broken: no HTTPRoute matches ... (GW_NO_ROUTE, owner tenant:app2)", or
 * the summary alone where nothing is broken. Returns out. */
char *path_line(const struct path_survey *survey, const struct path_report *report,
                char out[PATH_LINE_MAX]);

/* "tenant:app2", "gateway", ... of a broken report, as it is printed. Returns out. */
enum { PATH_OWNER_MAX = 80 };
char *path_owner(const struct path_survey *survey, const struct path_report *report,
                 char out[PATH_OWNER_MAX]);

/* The ids of all rules, in the order they are tried; NULL past the end. */
const char *path_rule_id(size_t index);

const char *path_state_name(enum path_state state); /* "unknown", "pass", ... */

#endif
