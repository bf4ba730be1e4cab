/* What one instance of Application Gateway thinks of one server under one set of backend
 * settings: unhealthy until the first success, healthy at once after one, unhealthy again
 * after so many failures in a row. Pure. */
#ifndef AZURE_STATE_H
#define AZURE_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise. */
struct appgw_state {
    bool is_healthy;
    int failures; /* in a row */
    uint64_t probes;
};

/* Count a probe's result. True: is_healthy has changed. */
bool appgw_state_count(struct appgw_state *state, bool is_success,
                       int unhealthy_threshold);

/* A server as the health report shows it: several instances may disagree. */
enum appgw_health {
    APPGW_UNKNOWN, /* nobody has probed it yet */
    APPGW_UNHEALTHY,
    APPGW_PARTIAL, /* healthy for some instances */
    APPGW_HEALTHY,
};

enum appgw_health appgw_state_health(const struct appgw_state *states, int count);

const char *appgw_health_name(enum appgw_health health); /* "Healthy", ... */

#endif
