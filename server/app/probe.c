/* Runs every instance of a simulated Application Gateway against every server until it is
 * told to end, prints a line per probe, and the health report at the end. */
#include "app/probe.h"

#include "app/args.h"
#include "app/command.h"
#include "app/definition.h"
#include "app/prober.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/url.h"
#include "config/probe_definition.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "view/backend_health.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TARGETS_MAX = 16,
    INSTANCES_MAX = 125, /* of an Application Gateway v2 */
    ROOT_FILE_MAX = 4 * 1024 * 1024,
    UNTIL_TIMEOUT_MS = 2 * 60 * 1000,
    LABEL_MAX = URL_HOST_MAX + 16,
};

struct probe_options {
    const char *definition;
    const char *probe;
    const char *targets[TARGETS_MAX + 1];
    const char *root;
    const char *count;
    const char *until;
    const char *timeout;
    const char *instances;
    const char *interval;
    bool watch;
    bool schema;
};

/* A server under one set of backend settings, as the report shows it. */
struct server {
    char label[LABEL_MAX];
    char host[URL_HOST_MAX];
    struct prober_target target;
};

/* One instance that probes one of them. */
struct seat {
    struct session *session;
    const struct server *server;
    int instance;
    struct prober *prober;
    int64_t done;
};

struct session {
    const struct command *command;
    const struct appgw_definition *definition;
    struct prober_env env;
    struct server *servers;
    size_t server_count;
    struct seat *seats; /* by server, then by instance */
    int instances;
    int64_t count; /* probes of each seat; 0: no end of that kind */
    bool until_healthy;
    int64_t timeout_ms; /* of the whole run; 0: none */
    struct loop *loop;
};

static size_t seat_count(const struct session *session) {
    return session->server_count * (size_t)session->instances;
}

static const char *settings_name(const struct server *server) {
    return server->target.settings ? server->target.settings->name : "default";
}

static bool is_over(const struct session *session) {
    for (size_t i = 0; i < seat_count(session); i++) {
        const struct seat *seat = &session->seats[i];
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
    if (seat->session->instances > 1)
        fprintf(stderr, " instance %d", seat->instance);
    fprintf(stderr, ": %s%s, %" PRId64 " ms: %s\n",
            appgw_health_name(appgw_state_health(state, 1)),
            result->has_changed ? " now" : "", result->took_us / 1000, result->log);
}

static void on_result(void *user, const struct prober_result *result) {
    struct seat *seat = user;
    struct session *session = seat->session;
    print_line(seat, result);
    seat->done++;
    if (session->count > 0 && seat->done >= session->count)
        prober_stop(seat->prober);
    if (is_over(session))
        loop_stop(session->loop);
}

static void on_end(void *user) {
    const struct session *session = user;
    loop_stop(session->loop);
}

/* The instances of a gateway do not probe in step: theirs are spread over the interval.
 */
static void take_seats(struct session *session) {
    session->seats = mem_alloc(seat_count(session), sizeof *session->seats);
    for (size_t i = 0; i < seat_count(session); i++) {
        struct seat *seat = &session->seats[i];
        seat->session = session;
        seat->server = &session->servers[i / (size_t)session->instances];
        seat->instance = (int)(i % (size_t)session->instances);
        seat->prober =
            prober_new(&session->env, &seat->server->target,
                       session->env.interval_ms * seat->instance / session->instances,
                       on_result, seat);
    }
}

/* Until it is over, out of time, or somebody says so. */
static void run_seats(struct session *session) {
    static const int signums[] = {SIGINT, SIGTERM};
    struct loop_signal *signals[2];
    struct loop_timer *deadline = loop_timer_new(session->loop, on_end, session);
    for (size_t i = 0; i < 2; i++)
        signals[i] = loop_signal_new(session->loop, signums[i], on_end, session);
    if (session->timeout_ms > 0)
        loop_timer_set(deadline, session->timeout_ms);
    take_seats(session);
    loop_run(session->loop);
    loop_timer_free(deadline);
    for (size_t i = 0; i < 2; i++)
        loop_signal_free(signals[i]);
}

/* What one instance says of a server that not all find healthy counts for all. */
static struct backend_health health_of(const struct session *session, size_t server) {
    const struct seat *seats = &session->seats[server * (size_t)session->instances];
    struct appgw_state states[INSTANCES_MAX];
    const char *log = NULL;
    for (int i = 0; i < session->instances; i++) {
        const char *own = prober_log(seats[i].prober);
        states[i] = *prober_state(seats[i].prober);
        if (!log || (log[0] == '\0') || (states[i].probes > 0 && states[i].failures > 0))
            log = own;
    }
    return (struct backend_health){
        .settings = settings_name(seats->server),
        .address = seats->server->label,
        .health = appgw_state_health(states, session->instances),
        .log = log,
    };
}

static int report(const struct session *session) {
    BUF_AUTO struct buf out = {0};
    struct backend_health *servers = mem_alloc(session->server_count, sizeof *servers);
    int status = EXIT_FINE;
    for (size_t i = 0; i < session->server_count; i++) {
        servers[i] = health_of(session, i);
        if (servers[i].health != APPGW_HEALTHY)
            status = EXIT_FOUND;
    }
    const char *pool = session->definition->pool;
    view_backend_health(pool ? pool : "default", servers, session->server_count, &out);
    fwrite(out.data, 1, out.len, stdout);
    free(servers);
    return status;
}

static int run_session(struct session *session) {
    struct err err = {0};
    const struct resolver_options names = {.timeout_ms = 0};
    int status = EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN);
    session->loop = loop_new(&err);
    session->env.loop = session->loop;
    if (session->loop) {
        session->env.resolver = resolver_new(session->loop, &names, &err);
        session->env.http = http_client_new(session->loop, &err);
    }
    if (session->env.resolver && session->env.http) {
        run_seats(session);
        status = report(session);
    } else {
        fprintf(stderr, "health-responder %s: %s\n", session->command->name, err.text);
    }
    for (size_t i = 0; session->seats && i < seat_count(session); i++)
        prober_free(session->seats[i].prober);
    free(session->seats);
    http_client_free(session->env.http);
    resolver_free(session->env.resolver);
    if (session->loop)
        loop_free(session->loop);
    return status;
}

static size_t settings_count(const struct session *session) {
    size_t count = session->definition->settings_count;
    return count > 0 ? count : 1;
}

/* The server at `place` of the pool, under all settings of the definition: by settings
 * first, as the report is ordered. `port` 0: the settings'. */
static void add_server(struct session *session, size_t place, const char *label,
                       const char *host, uint16_t port) {
    const struct appgw_definition *definition = session->definition;
    size_t pool_size = session->server_count / settings_count(session);
    for (size_t i = 0; i < settings_count(session); i++) {
        struct server *server = &session->servers[i * pool_size + place];
        const struct appgw_settings *settings =
            definition->settings_count > 0 ? &definition->settings[i] : NULL;
        text_copy(server->label, sizeof server->label, label);
        text_copy(server->host, sizeof server->host, host);
        server->target = (struct prober_target){
            .address = server->host,
            .port = port != 0 ? port : (uint16_t)appgw_port(&definition->probe, settings),
            .settings = settings};
    }
}

static bool add_target(struct session *session, size_t place, const char *text,
                       struct err *err) {
    const struct appgw_probe *probe = &session->definition->probe;
    struct url url;
    char label[LABEL_MAX];
    if (!url_parse(text, &url, err))
        return false;
    if (strcmp(url.target, "/") != 0)
        return err_set(err, ERR_INVALID, "expected no path: %s comes from the definition",
                       probe->path);
    if (url.tls != (probe->protocol == APPGW_HTTPS))
        return err_set(err, ERR_INVALID, "expected %s://, the protocol of the definition",
                       appgw_protocol_scheme(probe->protocol));
    if (url.has_port)
        snprintf(label, sizeof label, "%s:%u", url.host, (unsigned)url.port);
    else
        snprintf(label, sizeof label, "%s", url.host);
    add_server(session, place, label, url.host, url.has_port ? url.port : 0);
    return true;
}

/* Those that were given, else the pool of the definition. */
static bool add_servers(struct session *session, const struct probe_options *options,
                        int *status) {
    const struct text_list *pool = &session->definition->addresses;
    size_t given = 0;
    while (given <= TARGETS_MAX && options->targets[given])
        given++;
    if (given > TARGETS_MAX) {
        *status = command_usage(session->command, "--target: at most %d", TARGETS_MAX);
        return false;
    }
    if (given == 0 && pool->count == 0) {
        *status = command_usage(session->command,
                                "--target is needed: the definition has no single pool "
                                "with members");
        return false;
    }
    session->server_count = (given > 0 ? given : pool->count) * settings_count(session);
    session->servers = mem_alloc(session->server_count, sizeof *session->servers);
    for (size_t i = 0; i < given; i++) {
        struct err err = {0};
        if (!add_target(session, i, options->targets[i], &err)) {
            *status = command_usage(session->command, "--target %s: %s",
                                    options->targets[i], err.text);
            return false;
        }
    }
    for (size_t i = 0; given == 0 && i < pool->count; i++)
        add_server(session, i, pool->items[i], pool->items[i], 0);
    return true;
}

static bool read_root(struct session *session, const char *file, int *status) {
    BUF_AUTO struct buf text = {0};
    struct err err = {0};
    session->env.root_file = file;
    if (!file)
        return true;
    if (!file_read(file, ROOT_FILE_MAX, &text, &err)) {
        *status = command_usage(session->command, "--root: %s", err.text);
        return false;
    }
    if (text.len > 0 && strstr(text.data, "-----BEGIN CERTIFICATE-----"))
        return true;
    *status = command_usage(session->command,
                            "--root: %s holds no certificate in PEM form; openssl x509 "
                            "-inform der -in FILE makes one of a .cer file",
                            file);
    return false;
}

static bool read_number(const struct session *session, const char *name, const char *text,
                        int64_t max, int64_t *number, int *status) {
    if (!text || text_parse_int(text, 1, max, number))
        return true;
    *status =
        command_usage(session->command, "--%s: expected 1 to %" PRId64 ", found \"%s\"",
                      name, max, text);
    return false;
}

static bool read_duration(const struct session *session, const char *name,
                          const char *text, int64_t *ms, int *status) {
    if (!text || (text_parse_duration(text, ms) && *ms > 0))
        return true;
    *status =
        command_usage(session->command,
                      "--%s: expected a duration such as \"500ms\" or \"2m\", found "
                      "\"%s\"",
                      name, text);
    return false;
}

/* How long, how often, how many. */
static bool read_run(struct session *session, const struct probe_options *options,
                     int *status) {
    const struct appgw_probe *probe = &session->definition->probe;
    int64_t instances = 1;
    session->env.interval_ms = probe->interval_s * INT64_C(1000);
    session->env.timeout_ms = probe->timeout_s * INT64_C(1000);
    if (options->until && strcmp(options->until, "healthy") != 0) {
        *status = command_usage(
            session->command, "--until: expected healthy, found \"%s\"", options->until);
        return false;
    }
    if ((options->count != NULL) + (options->until != NULL) + options->watch > 1) {
        *status = command_usage(session->command,
                                "--count, --until and --watch exclude each other");
        return false;
    }
    session->until_healthy = options->until;
    session->count = options->until || options->watch ? 0 : 1;
    session->timeout_ms = options->until ? UNTIL_TIMEOUT_MS : 0;
    if (!read_number(session, "count", options->count, 1000000, &session->count,
                     status) ||
        !read_number(session, "instances", options->instances, INSTANCES_MAX, &instances,
                     status) ||
        !read_duration(session, "timeout", options->timeout, &session->timeout_ms,
                       status) ||
        !read_duration(session, "interval", options->interval, &session->env.interval_ms,
                       status))
        return false;
    session->instances = (int)instances;
    if (session->env.timeout_ms > session->env.interval_ms)
        session->env.timeout_ms = session->env.interval_ms;
    return true;
}

static int probe(const struct command *command, const struct probe_options *options) {
    struct probe_definition *definition =
        definition_read(command, options->definition, options->probe);
    int status = EXIT_USAGE;
    if (!definition)
        return status;
    struct session session = {.command = command, .definition = &definition->data};
    session.env.definition = &definition->data;
    if (read_run(&session, options, &status) &&
        read_root(&session, options->root, &status) &&
        add_servers(&session, options, &status))
        status = run_session(&session);
    free(session.servers);
    probe_definition_free(definition);
    return status;
}

int probe_run(const struct command *command, int argc, char **argv) {
    struct probe_options options = {.definition = NULL};
    struct arg args[TARGETS_MAX + 12] = {
        {"definition", &options.definition, NULL},
        {"probe", &options.probe, NULL},
        {"root", &options.root, NULL},
        {"count", &options.count, NULL},
        {"until", &options.until, NULL},
        {"watch", NULL, &options.watch},
        {"timeout", &options.timeout, NULL},
        {"instances", &options.instances, NULL},
        {"interval", &options.interval, NULL},
        {"schema", NULL, &options.schema},
    };
    int status;
    for (size_t i = 0; i <= TARGETS_MAX; i++)
        args[10 + i] = (struct arg){"target", &options.targets[i], NULL};
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (at != argc)
        return command_usage(command, "takes no arguments");
    if (options.schema) {
        BUF_AUTO struct buf out = {0};
        probe_definition_write_json_schema(&out);
        fwrite(out.data, 1, out.len, stdout);
        return EXIT_FINE;
    }
    if (!options.definition)
        return command_usage(command, "--definition is needed");
    return probe(command, &options);
}
