/* Runs the probers on a loop of their own, prints what they find. Decides when it is
 * over. */
#include "app/probe_session.h"

#include "app/command.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "view/backend_health.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One instance that probes one server. */
struct seat {
    struct run *run;
    const struct probe_server *server;
    int instance;
    struct prober *prober;
    int64_t done;
};

struct run {
    const struct probe_session *session;
    struct prober_env env;
    struct seat *seats; /* by server, then by instance; NULL: none taken yet */
};

static size_t seat_count(const struct probe_session *session) {
    return session->server_count * (size_t)session->instances;
}

static const char *settings_name(const struct probe_server *server) {
    return server->target.settings ? server->target.settings->name : "default";
}

static bool is_over(const struct run *run) {
    const struct probe_session *session = run->session;
    for (size_t i = 0; i < seat_count(session); i++) {
        const struct seat *seat = &run->seats[i];
        if (session->count > 0 && seat->done < session->count)
            return false;
        if (session->until_healthy && !prober_state(seat->prober)->is_healthy)
            return false;
    }
    return session->count > 0 || session->until_healthy;
}

static void print_line(const struct seat *seat, const struct prober_result *result) {
    const struct appgw_state *state = prober_state(seat->prober);
    char time[CLOCK_TEXT_MAX];
    clock_format_rfc3339(clock_wall_ms(), time);
    fprintf(stderr, "%.12s %s %s", time + strlen("2026-01-31T"), seat->server->label,
            settings_name(seat->server));
    if (seat->run->session->instances > 1)
        fprintf(stderr, " instance %d", seat->instance);
    fprintf(stderr, ": %s%s, %" PRId64 " ms: %s\n",
            appgw_health_name(appgw_state_health(state, 1)),
            result->has_changed ? " now" : "", result->took_us / 1000, result->log);
}

static void on_result(void *user, const struct prober_result *result) {
    struct seat *seat = user;
    const struct run *run = seat->run;
    print_line(seat, result);
    seat->done++;
    if (run->session->count > 0 && seat->done >= run->session->count)
        prober_stop(seat->prober);
    if (is_over(run))
        loop_stop(run->env.loop);
}

static void on_end(void *user) {
    const struct run *run = user;
    loop_stop(run->env.loop);
}

/* The instances of a gateway do not probe in step: theirs are spread over the interval.
 */
static void take_seats(struct run *run) {
    const struct probe_session *session = run->session;
    run->seats = mem_alloc(seat_count(session), sizeof *run->seats);
    for (size_t i = 0; i < seat_count(session); i++) {
        struct seat *seat = &run->seats[i];
        seat->run = run;
        seat->server = &session->servers[i / (size_t)session->instances];
        seat->instance = (int)(i % (size_t)session->instances);
        seat->prober = prober_new(
            &run->env, &seat->server->target,
            session->interval_ms * seat->instance / session->instances, on_result, seat);
    }
}

/* Until it is over, out of time, or somebody says so. */
static void probe_all(struct run *run) {
    static const int signums[] = {SIGINT, SIGTERM};
    struct loop_signal *signals[2];
    struct loop_timer *deadline = loop_timer_new(run->env.loop, on_end, run);
    for (size_t i = 0; i < 2; i++)
        signals[i] = loop_signal_new(run->env.loop, signums[i], on_end, run);
    if (run->session->run_timeout_ms > 0)
        loop_timer_set(deadline, run->session->run_timeout_ms);
    take_seats(run);
    loop_run(run->env.loop);
    loop_timer_free(deadline);
    for (size_t i = 0; i < 2; i++)
        loop_signal_free(signals[i]);
}

/* Where the instances disagree, the log of one that has failures is shown. */
static struct backend_health health_of(const struct run *run, size_t server) {
    int instances = run->session->instances;
    const struct seat *seats = &run->seats[server * (size_t)instances];
    struct appgw_state states[PROBE_INSTANCES_MAX];
    const char *log = "";
    for (int i = 0; i < instances; i++) {
        states[i] = *prober_state(seats[i].prober);
        if (log[0] == '\0' || states[i].failures > 0)
            log = prober_log(seats[i].prober);
    }
    return (struct backend_health){
        .settings = settings_name(seats->server),
        .address = seats->server->label,
        .health = appgw_state_health(states, instances),
        .log = log,
    };
}

static int report(const struct run *run) {
    const struct probe_session *session = run->session;
    BUF_AUTO struct buf out = {0};
    struct backend_health *servers = mem_alloc(session->server_count, sizeof *servers);
    int status = EXIT_FINE;
    for (size_t i = 0; i < session->server_count; i++) {
        servers[i] = health_of(run, i);
        if (servers[i].health != APPGW_HEALTHY)
            status = EXIT_FOUND;
    }
    const char *pool = session->definition->pool;
    view_backend_health(pool ? pool : "default", servers, session->server_count, &out);
    fwrite(out.data, 1, out.len, stdout);
    free(servers);
    return status;
}

static bool begin(struct run *run, struct err *err) {
    const struct resolver_options names = {.timeout_ms = 0};
    run->env.loop = loop_new(err);
    if (!run->env.loop)
        return false;
    run->env.resolver = resolver_new(run->env.loop, &names, err);
    run->env.http = http_client_new(run->env.loop);
    return run->env.resolver;
}

static void end(struct run *run) {
    for (size_t i = 0; run->seats && i < seat_count(run->session); i++)
        prober_free(run->seats[i].prober);
    free(run->seats);
    http_client_free(run->env.http);
    resolver_free(run->env.resolver);
    if (run->env.loop)
        loop_free(run->env.loop);
}

int probe_session_run(const struct probe_session *session) {
    struct run run = {.session = session,
                      .env = {.definition = session->definition,
                              .root_file = session->root_file,
                              .interval_ms = session->interval_ms,
                              .timeout_ms = session->timeout_ms}};
    struct err err = {0};
    int status = EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN);
    if (begin(&run, &err)) {
        probe_all(&run);
        status = report(&run);
    } else {
        fprintf(stderr, "health-responder %s: %s\n", session->command->name, err.text);
    }
    end(&run);
    return status;
}
