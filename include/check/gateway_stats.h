/* Check type `gateway_stats`: what Envoy's own figures say about every gateway pod, on
 * port 15090: that it lives, takes new configuration, and still gets any. */
#ifndef CHECK_GATEWAY_STATS_H
#define CHECK_GATEWAY_STATS_H

#include "config/schema.h"

struct check_type;

struct gateway_stats_options {
    const char *target; /* "host:port"; every address of the name is one pod */
};

extern const struct schema gateway_stats_options_schema;

/* Of one pod, the first that holds: its state is not LIVE or its workers have not started
 * (GW_NOT_LIVE); it rejected listeners or clusters and has accepted none since
 * (GW_CONFIG_REJECTED); it is not connected to the control plane, or its stream broke and
 * nothing came since (GW_XDS_LOST). For a pod up for less than 30 s, and where other pods
 * are fine, this is a warning. UNAVAILABLE: the port is blocked, or gives no statistics,
 * or more than can be read. */
extern const struct check_type check_gateway_stats;

#endif
