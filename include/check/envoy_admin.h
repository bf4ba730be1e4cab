/* Check type `envoy_admin`: what an Envoy tells about itself on its admin port, where
 * that can be reached: from inside its pod. */
#ifndef CHECK_ENVOY_ADMIN_H
#define CHECK_ENVOY_ADMIN_H

#include "base/text.h"
#include "config/schema.h"

struct check_type;

struct envoy_admin_options {
    const char *url;           /* http, without a path */
    struct text_list clusters; /* names, or parts of them, whose hosts are counted */
    int warn_days;             /* 0: never */
};

extern const struct schema envoy_admin_options_schema;

/* /ready, /server_info, /clusters for the named ones, /certs, one after the other. The
 * worst of what they say: FAIL, WARN, UNAVAILABLE for a part that could not be had, PASS.
 *
 * FAIL: not live (GW_NOT_LIVE; WARN for the first 30 s of its life); no healthy host in a
 * named cluster (GW_NO_ENDPOINTS); a certificate it serves has expired (TLS_EXPIRED).
 * WARN: some hosts are not healthy, a named cluster is not there (GW_NO_ENDPOINTS); fewer
 * than `warn_days` are left (TLS_EXPIRED). UNAVAILABLE: the port cannot be reached. */
extern const struct check_type check_envoy_admin;

#endif
