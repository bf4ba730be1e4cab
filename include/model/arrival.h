/* A probe as it reached us: what the front noticed about one request, for counting who
 * probes. Plain data. */
#ifndef MODEL_ARRIVAL_H
#define MODEL_ARRIVAL_H

#include <stdint.h>

/* The questions of the probe port (wire contract: docs/wire-contract.md). */
enum probe_path {
    PROBE_HEALTHZ,
    PROBE_READY,
    PROBE_LIVE,
    PROBE_SERVE,
    PROBE_QUORUM,
    PROBE_STRICT,
    PROBE_TENANT, /* /healthz/t/NAME */
    PROBE_LOOP,   /* /healthz/loop/NONCE */
    PROBE_OTHER,  /* everything else: 404 */
};
enum { PROBE_PATH_COUNT = 9 };

/* What was answered. Each is one fixed response. */
enum answer {
    ANSWER_HEALTHY,
    ANSWER_DEGRADED,
    ANSWER_UNHEALTHY,
    ANSWER_READY,
    ANSWER_STARTING,
    ANSWER_DRAINING,
    ANSWER_LIVE,
    ANSWER_STUCK,
    ANSWER_PROOF, /* the loopback MAC; the only one whose body is not constant */
    ANSWER_NOT_FOUND,
    ANSWER_METHOD,
    ANSWER_BAD_REQUEST,
};
enum { ANSWER_COUNT = 12 };

enum { ARRIVAL_AGENT_MAX = 40, ARRIVAL_HOST_MAX = 64 };

struct arrival {
    int64_t mono_us;
    enum probe_path path;
    enum answer answer;
    int peer_family;      /* AF_INET, AF_INET6 (never a mapped address), AF_UNIX */
    int forwarded_family; /* of the last X-Forwarded-For hop; 0: none, or not an address
                           */
    uint8_t peer[16];
    uint8_t forwarded[16];
    uint32_t attempt;              /* x-envoy-attempt-count; 0: absent */
    char agent[ARRIVAL_AGENT_MAX]; /* User-Agent, cut; "" if there is none */
    char host[ARRIVAL_HOST_MAX];   /* Host, cut */
};

/* Exact counts since start, of one front. */
struct arrival_counts {
    uint64_t by_path_and_answer[PROBE_PATH_COUNT][ANSWER_COUNT];
    uint64_t ring_dropped; /* arrivals that found the ring full: counted, not described */
};

const char *probe_path_name(enum probe_path path); /* "healthz", "ready", "tenant", ... */
const char *answer_word(enum answer answer); /* "healthy", "not found", ...: the body */
int answer_status(enum answer answer);       /* 200, 503, 404, 405, 400 */

#endif
