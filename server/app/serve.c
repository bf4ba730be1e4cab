/* The composition root: makes every part, connects them, runs the loop, takes them apart
 * in the opposite order. Decides nothing itself. */
#include "app/serve.h"

#include "app/args.h"
#include "app/command.h"
#include "app/drain.h"
#include "app/reload.h"
#include "app/secrets.h"
#include "app/types.h"
#include "base/err.h"
#include "base/log.h"
#include "check/check.h"
#include "config/load.h"
#include "engine/engine.h"
#include "front/answers.h"
#include "front/arrivals.h"
#include "front/detail.h"
#include "front/listen.h"
#include "front/probe.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/tls_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    FDS_WANTED = 65536,
    INSTANCE_MAX = 256,
    ARRIVALS_EVERY_MS = 1000,
    ARRIVALS_BATCH = 64,
    /* A replaced resolver may still have questions open for this long. */
    RESOLVER_RETIRE_MS = 6 * 60 * 1000,
};

struct listener {
    int fd; /* -1: none */
    struct addr bound;
};

struct server {
    char instance[INSTANCE_MAX];
    struct config *config;
    struct loop *loop;
    struct resolver *resolver;
    struct resolver *retired; /* replaced by a reload */
    struct loop_timer *retire_timer;
    struct http_client *http;
    struct tls_client *tls;
    struct check_env env;
    struct addr own_listeners[2];
    struct engine *engine;
    struct listener probe_listener;
    struct listener detail_listener;
    struct arrivals *arrivals;
    struct loop_timer *arrivals_timer;
    struct probe_front *probe;
    struct detail_front *detail; /* NULL: turned off */
    struct reload *reload;
    struct drain *drain;
    struct loop_signal *signals[3];
    struct secret token;
    struct secret loop_key;
};

/* --- what the parts tell each other --- */

static int64_t last_turn_us(void *user) {
    const struct server *server = user;
    return loop_last_turn_us(server->loop);
}

static bool request_run(void *user, const char *check) {
    struct server *server = user;
    return engine_request_run(server->engine, check) == ENGINE_RUN_QUEUED;
}

static void on_publish(void *user, struct snapshot *snapshot, bool changed) {
    struct server *server = user;
    if (server->detail)
        detail_front_publish(server->detail, snapshot);
    if (changed) {
        probe_front_publish(server->probe,
                            answers_new(snapshot, server->loop_key.value.data,
                                        server->loop_key.value.len));
    }
}

/* False only at start: later the old secret stays. */
static bool read_secrets(struct server *server, struct err *err) {
    const struct auth_config *auth = &server->config->auth;
    bool token_changed = false;
    bool key_changed = false;
    if (!secret_read(&server->token, auth->token_file, &token_changed, err)) {
        err_wrap(err, "auth.token_file");
        return false;
    }
    if (!secret_read(&server->loop_key, auth->loop_key_file, &key_changed, err)) {
        err_wrap(err, "auth.loop_key_file");
        return false;
    }
    server->env.loop_key = server->loop_key.value.data;
    server->env.loop_key_len = server->loop_key.value.len;
    if (server->detail) {
        detail_front_set_auth(server->detail, auth->read, server->token.value.data,
                              server->token.value.len);
    }
    if (key_changed && engine_snapshot(server->engine)) {
        probe_front_publish(server->probe, answers_new(engine_snapshot(server->engine),
                                                       server->loop_key.value.data,
                                                       server->loop_key.value.len));
    }
    return true;
}

static void on_look(void *user) {
    struct server *server = user;
    struct err err = {0};
    bool failed = !read_secrets(server, &err);
    if (failed && !server->token.failed) {
        char line[ERR_WHERE_MAX + ERR_TEXT_MAX];
        log_event(LOG_LEVEL_ERROR, "secret",
                  LOG_TEXT("error", err_format(&err, NULL, line, sizeof line)));
    }
    server->token.failed = failed;
}

static void on_stats(void *user, const struct reload_stats *stats) {
    struct server *server = user;
    engine_set_reload(server->engine, stats);
}

static void take_arrivals(void *user) {
    struct server *server = user;
    struct arrival batch[ARRIVALS_BATCH];
    size_t count;
    do {
        count = arrivals_take(server->arrivals, batch, ARRIVALS_BATCH);
        engine_count_arrivals(server->engine, batch, count);
    } while (count == ARRIVALS_BATCH);
    engine_look_at_probers(server->engine);
    loop_timer_set(server->arrivals_timer, ARRIVALS_EVERY_MS);
}

static void free_retired(void *user) {
    struct server *server = user;
    resolver_free(server->retired);
    server->retired = NULL;
}

static struct resolver *make_resolver(struct server *server, const struct config *config,
                                      struct err *err) {
    const struct resolver_options options = {.servers = config->resolver.servers,
                                             .search = config->resolver.search,
                                             .timeout_ms = config->resolver.timeout_ms};
    return resolver_new(server->loop, &options, err);
}

/* A new resolver for every configuration: its settings may have changed, and a reload is
 * the moment when kept answers should go. */
static void replace_resolver(struct server *server, const struct config *config) {
    struct err err = {0};
    struct resolver *fresh = make_resolver(server, config, &err);
    if (!fresh) {
        log_event(LOG_LEVEL_ERROR, "resolver", LOG_TEXT("error", err.text));
        return;
    }
    free_retired(server);
    server->retired = server->resolver;
    loop_timer_set(server->retire_timer, RESOLVER_RETIRE_MS);
    server->resolver = fresh;
    server->env.resolver = fresh;
}

static void on_config(void *user, struct config *config) {
    struct server *server = user;
    config_ref(config);
    config_unref(server->config);
    server->config = config;
    log_configure(config->log.format, config->log.level);
    replace_resolver(server, config);
    on_look(server);
    engine_apply(server->engine, config);
}

/* --- signals and the end --- */

static void on_draining(void *user) {
    struct server *server = user;
    engine_set_draining(server->engine);
}

static void close_listener(struct listener *listener) {
    if (listener->fd >= 0) {
        listen_close(listener->fd, &listener->bound);
        listener->fd = -1;
    }
}

static void on_closing(void *user) {
    struct server *server = user;
    probe_front_close_listener(server->probe);
    close_listener(&server->probe_listener);
}

static unsigned in_flight(void *user) {
    const struct server *server = user;
    return probe_front_in_flight(server->probe);
}

static void on_ended(void *user) {
    struct server *server = user;
    loop_stop(server->loop);
}

static void on_sigterm(void *user) {
    struct server *server = user;
    drain_signal(server->drain, server->config->drain.delay_ms,
                 server->config->drain.timeout_ms);
}

/* A person at a terminal: nobody has to be moved away first. */
static void on_sigint(void *user) {
    struct server *server = user;
    drain_signal(server->drain, 0, server->config->drain.timeout_ms);
}

static void on_sighup(void *user) {
    struct server *server = user;
    reload_look(server->reload);
}

/* --- start --- */

static void set_limits(void) {
    struct rlimit limit;
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FDS_WANTED) {
        limit.rlim_cur = limit.rlim_max < FDS_WANTED ? limit.rlim_max : FDS_WANTED;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The pod's name: set by the downward API, else the host's name, which is the same. */
static void find_instance(struct server *server) {
    const char *name = getenv("POD_NAME");
    if (name && *name)
        text_copy(server->instance, sizeof server->instance, name);
    else if (gethostname(server->instance, sizeof server->instance - 1) != 0)
        text_copy(server->instance, sizeof server->instance, "unknown");
}

static bool open_listener(struct listener *listener, const char *text, const char *key,
                          struct err *err) {
    listener->fd = listen_open(text, &listener->bound, err);
    if (listener->fd < 0) {
        err_wrap(err, "listen.%s", key);
        return false;
    }
    return true;
}

static bool open_listeners(struct server *server, struct err *err) {
    const struct listen_config *listen = &server->config->listen;
    if (!open_listener(&server->probe_listener, listen->probe, "probe", err))
        return false;
    server->own_listeners[0] = server->probe_listener.bound;
    server->env.own_listener_count = 1;
    if (strcmp(listen->detail, "none") == 0)
        return true;
    if (!open_listener(&server->detail_listener, listen->detail, "detail", err))
        return false;
    server->own_listeners[1] = server->detail_listener.bound;
    server->env.own_listener_count = 2;
    return true;
}

static bool start_engine(struct server *server, struct err *err) {
    server->loop = loop_new(err);
    if (!server->loop)
        return false;
    server->resolver = make_resolver(server, server->config, err);
    server->http = http_client_new(server->loop);
    server->tls = server->resolver ? tls_client_new(server->loop, err) : NULL;
    if (!server->tls)
        return false;
    server->retire_timer = loop_timer_new(server->loop, free_retired, server);
    server->env.loop = server->loop;
    server->env.resolver = server->resolver;
    server->env.http = server->http;
    server->env.tls = server->tls;
    server->env.config = server->config;
    server->env.own_listeners = server->own_listeners;
    const struct engine_options options = {.env = &server->env,
                                           .find_type = check_type_find,
                                           .same_check = types_same_check,
                                           .instance = server->instance,
                                           .on_publish = on_publish,
                                           .user = server};
    server->engine = engine_new(&options);
    return true;
}

static bool start_fronts(struct server *server, struct err *err) {
    server->arrivals = arrivals_new();
    const struct probe_front_options probe = {.listen_fd = server->probe_listener.fd,
                                              .arrivals = server->arrivals,
                                              .last_turn_us = last_turn_us,
                                              .user = server};
    server->probe = probe_front_start(&probe, err);
    if (!server->probe || server->detail_listener.fd < 0)
        return server->probe != NULL;
    const struct detail_front_options detail = {.listen_fd = server->detail_listener.fd,
                                                .probe_arrivals = server->arrivals,
                                                .last_turn_us = last_turn_us,
                                                .request_run = request_run,
                                                .user = server};
    server->detail = detail_front_start(&detail, err);
    return server->detail != NULL;
}

static void start_signals(struct server *server) {
    const struct drain_options drain = {.loop = server->loop,
                                        .on_draining = on_draining,
                                        .on_closing = on_closing,
                                        .in_flight = in_flight,
                                        .on_ended = on_ended,
                                        .user = server};
    server->drain = drain_new(&drain);
    const struct reload_options reload = {.loop = server->loop,
                                          .running = server->config,
                                          .on_config = on_config,
                                          .on_stats = on_stats,
                                          .on_look = on_look,
                                          .user = server};
    server->reload = reload_new(&reload);
    server->signals[0] = loop_signal_new(server->loop, SIGTERM, on_sigterm, server);
    server->signals[1] = loop_signal_new(server->loop, SIGINT, on_sigint, server);
    server->signals[2] = loop_signal_new(server->loop, SIGHUP, on_sighup, server);
}

static bool start(struct server *server, struct err *err) {
    if (!open_listeners(server, err) || !start_engine(server, err))
        return false;
    /* Before anybody can see us: a SIGTERM that comes now drains, too. */
    start_signals(server);
    if (!start_fronts(server, err) || !read_secrets(server, err))
        return false;
    engine_apply(server->engine, server->config);
    server->arrivals_timer = loop_timer_new(server->loop, take_arrivals, server);
    loop_timer_set(server->arrivals_timer, ARRIVALS_EVERY_MS);
    char probe[ADDR_TEXT_MAX];
    char detail[ADDR_TEXT_MAX];
    log_event(LOG_LEVEL_INFO, "started", LOG_TEXT("version", HR_VERSION),
              LOG_TEXT("instance", server->instance),
              LOG_TEXT("probe", addr_format(&server->probe_listener.bound, probe)),
              LOG_TEXT("detail", addr_format(&server->detail_listener.bound, detail)),
              LOG_TEXT("config", server->config->hash),
              LOG_INT("checks", server->config->check_count));
    return true;
}

static void stop(struct server *server) {
    for (int i = 0; i < 3; i++)
        loop_signal_free(server->signals[i]);
    if (server->reload) {
        reload_free(server->reload);
        drain_free(server->drain);
    }
    /* Requests come from the fronts' threads: those end before what they call. */
    if (server->detail)
        detail_front_stop(server->detail);
    if (server->probe)
        probe_front_stop(server->probe);
    if (server->engine)
        engine_free(server->engine);
    arrivals_free(server->arrivals);
    close_listener(&server->probe_listener);
    close_listener(&server->detail_listener);
    if (server->http)
        http_client_free(server->http);
    tls_client_free(server->tls);
    loop_timer_free(server->arrivals_timer);
    loop_timer_free(server->retire_timer);
    resolver_free(server->retired);
    resolver_free(server->resolver);
    if (server->loop)
        loop_free(server->loop);
    secret_fini(&server->token);
    secret_fini(&server->loop_key);
    config_unref(server->config);
}

int serve_run(const struct command *command, int argc, char **argv) {
    const char *file = "/etc/health-responder/config.json";
    bool wait_for_config = false;
    const struct arg args[] = {
        {"config", &file, NULL}, {"wait-for-config", NULL, &wait_for_config}, {0}};
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (at != argc) {
        return command_usage(command,
                             "takes no arguments; the file goes behind --config");
    }
    set_limits();
    struct server server = {.probe_listener.fd = -1, .detail_listener.fd = -1};
    struct err_list errors = {0};
    server.config = config_load(file, types_for_config(), &errors);
    if (!server.config && !wait_for_config) {
        command_print_errors(file, &errors);
        return EXIT_USAGE;
    }
    if (!server.config)
        server.config = config_stand_in(file, types_for_config());
    log_configure(server.config->log.format, server.config->log.level);
    find_instance(&server);
    struct err err = {0};
    bool started = start(&server, &err);
    if (started) {
        loop_run(server.loop);
        log_event(LOG_LEVEL_INFO, "ended", LOG_TEXT("instance", server.instance));
    } else {
        err_list_add(&errors, &err);
        command_print_errors(file, &errors);
    }
    stop(&server);
    return started ? EXIT_FINE : EXIT_USAGE;
}
