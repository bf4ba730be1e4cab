#include "probe_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "front/listen.h"
#include "pictures.h"

static int64_t last_turn_us(void *user) {
    struct probe_server *server = user;
    return atomic_load(&server->last_turn_us);
}

struct probe_server *probe_server_start(const char *listen, unsigned connection_limit) {
    struct probe_server *server = MEM_NEW(struct probe_server);
    struct err err = {0};
    server->listen_fd = listen_open(listen ? listen : "127.0.0.1:0", &server->addr, &err);
    server->arrivals = arrivals_new();
    server->config = picture_config(3);
    atomic_store(&server->last_turn_us, clock_mono_us());
    struct probe_front_options options = {
        .listen_fd = server->listen_fd,
        .arrivals = server->arrivals,
        .last_turn_us = last_turn_us,
        .user = server,
        .connection_limit = connection_limit,
    };
    server->front = probe_front_start(&options, &err);
    if (!server->front) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return server;
}

void probe_server_stop(struct probe_server *server) {
    probe_front_stop(server->front);
    listen_close(server->listen_fd, &server->addr);
    arrivals_free(server->arrivals);
    config_unref(server->config);
    free(server);
}

void probe_server_publish(struct probe_server *server, enum life life,
                          enum verdict verdict) {
    static const char key[] = "a loop key";
    struct snapshot *snapshot = picture_new(server->config);
    snapshot->life = life;
    snapshot->verdicts.answer = verdict;
    snapshot->verdicts.by_policy[POLICY_SERVE] = VERDICT_DEGRADED;
    snapshot->verdicts.by_policy[POLICY_QUORUM] = VERDICT_HEALTHY;
    snapshot->verdicts.by_policy[POLICY_STRICT] = VERDICT_UNHEALTHY;
    snapshot->tenants[1].status.state = TENANT_DEGRADED;
    snapshot->tenants[2].status.state = TENANT_UNHEALTHY;
    probe_front_publish(server->front, answers_new(snapshot, key, strlen(key)));
    snapshot_unref(snapshot);
}

void probe_assert_headers(const struct raw_reply *reply) {
    static const char *const headers[][2] = {
        {"Content-Type", "text/plain; charset=utf-8"},
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (!raw_has(reply, headers[i][0], headers[i][1]))
            fail_msg("%s in %s", headers[i][0], reply->head);
    }
    assert_null(raw_header(reply, "Server", NULL));
    assert_null(raw_header(reply, "X-Responder", NULL));
    assert_null(raw_header(reply, "Location", NULL));
}

void probe_assert_closes(const struct raw_reply *reply) {
    assert_true(raw_has(reply, "Connection", "close"));
}
