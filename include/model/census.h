/* Who probes us: per source how often, when last, what it was told. This replica's share
 * only: the gateway spreads the probes over all replicas.
 *
 * Pure: arrivals and times come in. Belongs to the engine's thread; a census_view is a
 * copy. */
#ifndef MODEL_CENSUS_H
#define MODEL_CENSUS_H

#include "base/addr.h"
#include "model/arrival.h"
#include "model/config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first rule that fits, in the order self, kubelet, load balancer, appgw, operator.
 * "Through a gateway" means that the TCP peer is one of its pods; only then is the last
 * X-Forwarded-For hop believed, and counts as the prober's address. */
enum prober {
    /* Through a gateway, no User-Agent, from clients.appgw_subnets, and for gateway.host
     * where that is set. No subnets, no such prober: its probes are unknown then. */
    PROBER_APPGW,
    /* User-Agent kube-probe/, not through a gateway and not forwarded; or from the
     * address that ambient mode gives the node's own connections. */
    PROBER_KUBELET,
    PROBER_LOAD_BALANCER, /* Azure's: from 168.63.129.16 */
    PROBER_SELF,     /* User-Agent health-responder/: loopback (any replica's), canary */
    PROBER_OPERATOR, /* any other User-Agent: curl, a browser, somebody's monitoring */
    PROBER_UNKNOWN,
};
enum { PROBER_COUNT = 6 };

enum {
    CENSUS_SOURCES = 64, /* the least recently seen makes way */
    CENSUS_GAPS = 16,    /* newest intervals, for median and jitter */
    CENSUS_SILENT_LEAST_MS = 60 * 1000,
    CENSUS_SILENT_FACTOR = 10,
};

/* One source: class, address (for Application Gateway that of its instance) and question.
 * The other texts are those of its newest arrival, without control bytes. */
struct census_source {
    enum prober prober;
    char address[ADDR_TEXT_MAX]; /* without a port; "unix"; "-": none */
    char via[ADDR_TEXT_MAX]; /* the TCP peer, a gateway pod; "": the prober itself is */
    char agent[ARRIVAL_AGENT_MAX];
    char host[ARRIVAL_HOST_MAX];
    enum probe_path path;
    uint64_t count;
    int64_t first_mono_ms;
    int64_t last_mono_ms;
    enum answer last_answer;
    uint32_t last_attempt; /* x-envoy-attempt-count: 2 or more: a retry; 0: none */
    uint64_t retried;      /* arrivals with an attempt of 2 or more */
    int64_t median_ms;     /* between arrivals; 0: fewer than three */
    int64_t jitter_ms;     /* median distance from the median */
};

/* A class as a whole. Silence is a matter of probers that are meant to go on for ever:
 * Application Gateway, kubelet, load balancer. It begins when nothing came for 60 s and
 * for 10 times the median gap (the mean where that is longer: with several replicas the
 * gaps vary so much that the median alone gives false alarms every day), after at least
 * three arrivals. */
struct census_class {
    uint64_t count;
    int64_t last_mono_ms;    /* 0: never */
    int64_t median_ms;       /* between arrivals of the class; 0: fewer than three */
    int64_t silent_after_ms; /* 0: cannot be silent, or not yet */
    bool is_silent;
};

/* Immutable once it is published; counted. */
struct census_view {
    atomic_uint refs;
    struct census_class classes[PROBER_COUNT];
    size_t source_count;
    struct census_source sources[CENSUS_SOURCES]; /* newest first */
    int64_t taken_mono_ms;
};

struct census;

struct census *census_new(void);
void census_free(struct census *census); /* NULL is fine */

/* What decides the classes from now on: gateway.host and clients.appgw_subnets; and the
 * addresses of gateway pods (a Service's address never is a peer). All copied; sources
 * that are counted already keep their class. */
void census_set_config(struct census *census, const struct config *config);
void census_set_gateway(struct census *census, const struct addr *pods, size_t count);

/* Count one arrival. */
void census_add(struct census *census, const struct arrival *arrival);

/* Classes that fell silent or came back since the last call: calls `changed` for each,
 * with the length of the silence so far, or as it was. First add what has arrived. */
void census_watch(struct census *census, int64_t now_mono_ms,
                  void (*changed)(void *user, enum prober prober, bool is_silent,
                                  int64_t silent_ms),
                  void *user);

void census_fill(const struct census *census, int64_t now_mono_ms,
                 struct census_view *view);

/* An empty view with one reference; count and release in any thread, NULL is fine. */
struct census_view *census_view_new(void);
struct census_view *census_view_ref(struct census_view *view);
void census_view_unref(struct census_view *view);

const char *
prober_name(enum prober prober); /* "appgw", "kubelet", "load_balancer", ... */

#endif
