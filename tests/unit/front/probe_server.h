/* A real probe port on a free port, for tests. */
#ifndef TESTS_UNIT_FRONT_PROBE_SERVER_H
#define TESTS_UNIT_FRONT_PROBE_SERVER_H

#include <stdatomic.h>

#include "front/probe.h"
#include "model/snapshot.h"
#include "raw.h"

struct probe_server {
    int listen_fd;
    struct addr addr;
    struct arrivals *arrivals;
    struct probe_front *front;
    atomic_int_fast64_t last_turn_us; /* what the front is told */
    struct config *config;            /* three tenants: t0, t1, t2 */
};

/* Nothing is published yet; the engine turned just now. `listen`: NULL for a TCP port. */
struct probe_server *probe_server_start(const char *listen, unsigned connection_limit);
void probe_server_stop(struct probe_server *server);

/* Publish answers with this life and verdict, and the loop key "a loop key"; the tenants
 * are healthy, degraded and unhealthy. */
void probe_server_publish(struct probe_server *server, enum life life,
                          enum verdict verdict);

/* The reply has the headers that every answer of the port carries, and none that tells
 * more than the answer. */
void probe_assert_headers(const struct raw_reply *reply);
/* It says that the connection ends. */
void probe_assert_closes(const struct raw_reply *reply);

#endif
