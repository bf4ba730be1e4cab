/* Check type `gateway_status`: Istio's own readiness of every gateway pod, on port 15021.
 * A pod that answers 200 serves; it says nothing about routes. */
#ifndef CHECK_GATEWAY_STATUS_H
#define CHECK_GATEWAY_STATUS_H

#include "config/schema.h"

#include <stdbool.h>

struct check_type;

struct gateway_status_options {
    const char *target; /* "host:port"; every address of the name is one pod */
    bool is_balanced;   /* except that a Service's address is any of its pods */
};

extern const struct schema gateway_status_options_schema;

/* PASS: all pods are ready. WARN (GW_NOT_LIVE, or why a pod could not be asked): some are
 * not, users are served by the others; or only pods that have just come are not. FAIL
 * (GW_NOT_LIVE): all pods say that they are not. UNAVAILABLE: none is ready and not all
 * could be asked: the port may be blocked, and the data port has to tell. */
extern const struct check_type check_gateway_status;

#endif
