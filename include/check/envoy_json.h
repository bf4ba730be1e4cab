/* What Envoy's admin port tells in JSON, as far as a health check wants to know it. Pure;
 * any thread.
 *
 * Envoy leaves out what is false, zero or empty, and writes 64-bit numbers as strings;
 * older and newer versions know more or fewer keys. So an absent or odd value reads as
 * nothing, and only text that is no JSON object, or that would take far more memory than
 * Envoy's own answers do, is an error. All texts are cleaned for evidence and cut. */
#ifndef CHECK_ENVOY_JSON_H
#define CHECK_ENVOY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct text_list;

enum { ENVOY_TEXT_MAX = 160, ENVOY_NAMES_MAX = 32 };

/* Of /server_info. */
struct envoy_info {
    char state[ENVOY_TEXT_MAX]; /* "LIVE", "DRAINING", ...; "": not told */
    int64_t uptime_s;           /* -1: not told */
};

/* One cluster of /clusters?format=json. */
struct envoy_cluster {
    char name[ENVOY_TEXT_MAX];
    int64_t hosts;
    int64_t healthy;
    char sick[ENVOY_TEXT_MAX]; /* address of the first host that is not healthy; or "" */
    char why[ENVOY_TEXT_MAX];  /* its flag, as Envoy calls it */
};

/* All that were asked for. */
struct envoy_clusters {
    size_t matched;
    size_t sick;                /* of them, with a host that is not healthy, or no host */
    struct envoy_cluster worst; /* without a healthy host before one with some before one
                                   with all; of equals the first */
    const char *missing; /* the first text that fits no cluster, borrowed; NULL: none */
};

/* The certificates of /certs that the gateway shows to its clients. Those of the mesh (a
 * SPIFFE identity) are left out: they live for a day and are replaced in time. */
struct envoy_certs {
    size_t count;
    char name[ENVOY_TEXT_MAX]; /* of the one that ends first: SAN, else serial number */
    int64_t left_ms;           /* until it ends; negative: it has ended */
};

bool envoy_read_info(const char *text, size_t len, struct envoy_info *info,
                     struct err *err);

/* Clusters whose name holds one of at most ENVOY_NAMES_MAX `names`. */
bool envoy_read_clusters(const char *text, size_t len, const struct text_list *names,
                         struct envoy_clusters *clusters, struct err *err);

bool envoy_read_certs(const char *text, size_t len, int64_t now_wall_ms,
                      struct envoy_certs *certs, struct err *err);

#endif
