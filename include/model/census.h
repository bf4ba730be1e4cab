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

enum prober {
    PROBER_APPGW,   /* no User-Agent, last X-Forwarded-For hop in clients.appgw_subnets
                       (believed from a gateway pod only), the configured host */
    PROBER_KUBELET, /* User-Agent kube-probe/ */
    PROBER_LOAD_BALANCER, /* 168.63.129.16, or kube-proxy's health check of a node */
    PROBER_SELF,          /* our own loopback check and canary */
    PROBER_OPERATOR,      /* curl, wget, a browser */
    PROBER_UNKNOWN,
};
enum { PROBER_COUNT = 6 };

enum {
    CENSUS_SOURCES = 64, /* the least recently seen makes way */
    CENSUS_GAPS = 16,    /* newest intervals, for median and jitter */
    CENSUS_SILENT_LEAST_MS = 60 * 1000,
    CENSUS_SILENT_FACTOR = 10,
};

/* One source: class, address and, for Application Gateway, its instance. */
struct census_source {
    enum prober prober;
    char address[ADDR_TEXT_MAX]; /* of the prober: the forwarded one where it is believed
                                  */
    char via[ADDR_TEXT_MAX];     /* the TCP peer; "" where it is the prober itself */
    char agent[ARRIVAL_AGENT_MAX];
    char host[ARRIVAL_HOST_MAX];
    enum probe_path path;
    uint64_t count;
    int64_t first_mono_ms;
    int64_t last_mono_ms;
    enum answer last_answer;
    uint32_t
        last_attempt;  /* x-envoy-attempt-count: 2 or more means a retry; 0: unknown */
    uint64_t retried;  /* arrivals with an attempt of 2 or more */
    int64_t median_ms; /* between arrivals; 0: fewer than three */
    int64_t jitter_ms; /* median distance from the median */
};

/* A class as a whole. */
struct census_class {
    uint64_t count;
    int64_t last_mono_ms; /* 0: never */
    int64_t median_ms;    /* between arrivals of the class */
    bool is_silent;       /* nothing for max(60 s, 10 medians), after at least three */
};

struct census_view {
    struct census_class classes[PROBER_COUNT];
    size_t source_count;
    struct census_source sources[CENSUS_SOURCES]; /* newest first */
    int64_t taken_mono_ms;
};

struct census;

struct census *census_new(void);
void census_free(struct census *census);

/* What decides the classes from now on: host, subnets; and the addresses of gateway pods,
 * whose X-Forwarded-For is believed. All copied. */
void census_set_config(struct census *census, const struct config *config);
void census_set_gateway(struct census *census, const struct addr *pods, size_t count);

/* Count one arrival. */
void census_add(struct census *census, const struct arrival *arrival);

/* Classes that fell silent or came back since the last call: calls `changed` for each. */
void census_watch(struct census *census, int64_t now_mono_ms,
                  void (*changed)(void *user, enum prober prober, bool is_silent,
                                  int64_t silent_ms),
                  void *user);

void census_fill(const struct census *census, int64_t now_mono_ms,
                 struct census_view *view);

const char *prober_name(enum prober prober); /* "appgw", "kubelet", ... */

#endif
