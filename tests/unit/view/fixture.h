/* Snapshots for tests from a compact JSON description. What is left out has a plain
 * default: {} is a ready pod with an empty configuration. Mistakes in a description end
 * the process. */
#ifndef TESTS_UNIT_VIEW_FIXTURE_H
#define TESTS_UNIT_VIEW_FIXTURE_H

#include "view/diagnosis.h"
#include "view/metrics.h"
#include "view/query.h"

struct fixture {
    struct snapshot *snapshot;       /* owned */
    struct view_diagnosis diagnosis; /* of the snapshot as it was described */
    struct metrics_process process;
    struct view_query query; /* verbose, and what is excluded */
};

/* The keys, all of them optional:
 *
 * instance, life, file, hash, effective, policy, since_ms
 * override: verdict, reason, left_ms (until it ends)
 * self: starved, degraded, sign, text
 * reload: ok, loaded, refused, errors[]
 * engine: the members of struct engine_stats
 * gateway: tls, host, service, subnets (false: no clients.appgw_subnets)
 * tenants[]: name, route, backend, identity, critical, since_ms
 * checks[]: name, type, role, scope, tenant, severity, parents[], state, counted,
 *   since_ms, age_ms, streak, blocked_by, counts [runs, passes, failures, late, skipped],
 *   last, failure
 * last, failure: kind, reason, evidence, remote, http_status, addresses [total, failed,
 *   answered], phases_us[], and of a failure ago_ms
 * process: live, log_dropped, ring_dropped, resident, cpu_us, open_fds, max_fds,
 *   probes [[path, answer, count], ...]
 * exclude[]: for view_verbose
 * timeline[], oldest first, each with ago_ms: an event (kind, subject, old, new, reason,
 *   text), "opened": CHECK with `first`, or "ended": CHECK
 * census: appgw, kubelet, ...: count, ago_ms, median_ms, silent_after_ms, silent; and
 *   sources[]: class, address, via, agent, host, path, count, ago_ms, first_ago_ms,
 *   median_ms, jitter_ms, answer, attempt, retried
 *
 * U+E0FF in a text stands for the byte 0xFF, which JSON cannot hold. */
struct fixture fixture_parse(const char *json);
struct fixture fixture_load(const char *path);
void fixture_fini(struct fixture *fixture);

#define FIXTURE_AUTO __attribute__((cleanup(fixture_fini)))

#endif
