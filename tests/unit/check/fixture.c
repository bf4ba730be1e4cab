/* The surroundings of a run. Fails the test by abort(), because it has no test state. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/tls_client.h"

enum { TICK_MS = 1, WAIT_TICKS = 10000, QUIET_TICKS = 20 };

static void on_tick(void *user) {
    struct fixture *fixture = user;
    fixture->ticks++;
    if (fixture->ticks >= fixture->ticks_max || fixture->until(fixture))
        loop_stop(fixture->env.loop);
    else
        loop_timer_set(fixture->timer, TICK_MS);
}

static bool turn_until(struct fixture *fixture,
                       bool (*until)(const struct fixture *fixture), int ticks_max) {
    fixture->until = until;
    fixture->ticks = 0;
    fixture->ticks_max = ticks_max;
    loop_timer_set(fixture->timer, TICK_MS);
    loop_run(fixture->env.loop);
    return until(fixture);
}

static void on_done(void *user, const struct outcome *outcome) {
    struct fixture *fixture = user;
    if (fixture->is_starting)
        abort();
    fixture->outcome = *outcome;
    fixture->done_count++;
    fixture->run = NULL;
}

static bool is_done(const struct fixture *fixture) {
    return fixture->done_count > 0;
}

static bool never(const struct fixture *fixture) {
    (void)fixture;
    return false;
}

void fixture_init(struct fixture *fixture, const struct dns_record *records) {
    struct err err = {0};
    char server[32];
    const char *servers[] = {server};
    *fixture = (struct fixture){
        .dns = dns_start(records),
        .config = config_new(),
        .timing = {.timeout_ms = 5000,
                   .connect_timeout_ms = 2000,
                   .max_body_bytes = 4096},
    };
    snprintf(server, sizeof server, "127.0.0.1:%d", dns_port(fixture->dns));
    const struct resolver_options options = {.servers = {servers, 1}, .timeout_ms = 200};
    fixture->env.config = fixture->config;
    fixture->env.loop = loop_new(&err);
    if (!fixture->env.loop)
        abort();
    fixture->env.resolver = resolver_new(fixture->env.loop, &options, &err);
    fixture->env.http = http_client_new(fixture->env.loop);
    fixture->env.tls = tls_client_new(fixture->env.loop, &err);
    if (!fixture->env.resolver || !fixture->env.tls)
        abort();
    fixture->timer = loop_timer_new(fixture->env.loop, on_tick, fixture);
}

void fixture_fini(struct fixture *fixture) {
    http_client_free(fixture->env.http);
    tls_client_free(fixture->env.tls);
    resolver_free(fixture->env.resolver);
    loop_timer_free(fixture->timer);
    loop_run(fixture->env.loop); /* handles go in the turn after they were freed */
    loop_free(fixture->env.loop);
    config_unref(fixture->config);
    dns_stop(fixture->dns);
}

void fixture_warm_up(void) {
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    fixture_fini(&fixture);
}

void fixture_start(struct fixture *fixture, const struct check_type *type,
                   const void *options) {
    const struct check_config check = {.name = "test",
                                       .type = type->name,
                                       .timing = fixture->timing,
                                       .options = options};
    fixture->type = type;
    fixture->done_count = 0;
    fixture->is_starting = true;
    fixture->run = type->start(&fixture->env, &check, on_done, fixture);
    fixture->is_starting = false;
}

bool fixture_wait(struct fixture *fixture, bool (*until)(const struct fixture *fixture)) {
    return turn_until(fixture, until, WAIT_TICKS);
}

bool fixture_wait_done(struct fixture *fixture) {
    return fixture_wait(fixture, is_done);
}

const struct outcome *fixture_run(struct fixture *fixture, const struct check_type *type,
                                  const void *options) {
    fixture_start(fixture, type, options);
    if (!fixture_wait_done(fixture))
        abort();
    return &fixture->outcome;
}

void fixture_cancel(struct fixture *fixture) {
    fixture->type->cancel(fixture->run);
    fixture->run = NULL;
    turn_until(fixture, never, QUIET_TICKS);
    if (fixture->done_count != 0)
        abort();
}
