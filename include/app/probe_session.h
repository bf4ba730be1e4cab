/* A run of probers: every instance against every server until it is over, a line per
 * probe on stderr, the health report on stdout. */
#ifndef APP_PROBE_SESSION_H
#define APP_PROBE_SESSION_H

#include "app/prober.h"
#include "base/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

enum {
    PROBE_INSTANCES_MAX = 125, /* of an Application Gateway v2 */
    PROBE_LABEL_MAX = URL_HOST_MAX + 16,
};

/* A server under one set of backend settings. */
struct probe_server {
    char label[PROBE_LABEL_MAX]; /* as the report shows it */
    char host[URL_HOST_MAX];     /* target.address points here */
    struct prober_target target;
};

struct probe_session {
    const struct command *command;
    const struct appgw_definition *definition;
    const char *root_file; /* PEM; NULL: well-known CAs */
    int64_t interval_ms;
    int64_t timeout_ms;           /* of one probe */
    struct probe_server *servers; /* by settings, in the order of the report */
    size_t server_count;
    int instances;
    int64_t count;          /* probes of each; 0: no end of that kind */
    bool until_healthy;     /* ends when all are */
    int64_t run_timeout_ms; /* of the whole; 0: none */
};

/* Blocks. Returns the exit status: 0 when all are healthy at the end, 1 when not, 2 when
 * nothing could be started. */
int probe_session_run(const struct probe_session *session);

#endif
