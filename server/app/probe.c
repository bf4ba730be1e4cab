/* What is to be probed, how often and how long: options and the definition put together.
 * Probes nothing itself. */
#include "app/probe.h"

#include "app/args.h"
#include "app/command.h"
#include "app/definition.h"
#include "app/probe_session.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "config/probe_definition.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TARGETS_MAX = 16,
    ROOT_FILE_MAX = 4 * 1024 * 1024,
    UNTIL_TIMEOUT_MS = 2 * 60 * 1000,
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

static size_t settings_count(const struct probe_session *session) {
    size_t count = session->definition->settings_count;
    return count > 0 ? count : 1;
}

/* The server at `place` of the pool, under all settings of the definition: by settings
 * first, as the report is ordered. `port` 0: the settings'. */
static void add_server(struct probe_session *session, size_t place, const char *label,
                       const char *host, uint16_t port) {
    const struct appgw_definition *definition = session->definition;
    size_t pool_size = session->server_count / settings_count(session);
    for (size_t i = 0; i < settings_count(session); i++) {
        struct probe_server *server = &session->servers[i * pool_size + place];
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

static bool add_target(struct probe_session *session, size_t place, const char *text,
                       struct err *err) {
    const struct appgw_probe *probe = &session->definition->probe;
    struct url url;
    char label[PROBE_LABEL_MAX];
    if (!url_parse(text, &url, err))
        return false;
    if (strcmp(url.target, "/") != 0)
        return err_set(err, ERR_INVALID, "expected no path: %s comes from the definition",
                       probe->path);
    if (url.tls != (probe->protocol == APPGW_HTTPS))
        return err_set(err, ERR_INVALID, "expected %s://, the protocol of the definition",
                       appgw_protocol_scheme(probe->protocol));
    if (url.has_port)
        snprintf(label, sizeof label, strchr(url.host, ':') ? "[%s]:%u" : "%s:%u",
                 url.host, (unsigned)url.port);
    else
        snprintf(label, sizeof label, "%s", url.host);
    add_server(session, place, label, url.host, url.has_port ? url.port : 0);
    return true;
}

/* Those that were given, else the pool of the definition. */
static bool add_servers(struct probe_session *session,
                        const struct probe_options *options, int *status) {
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

/* Found out before the first probe: a run that trusts nobody says nothing about a server.
 * The empty pass phrase keeps OpenSSL from asking for one. */
static bool holds_certificate(const struct buf *text) {
    char pass_phrase[] = "";
    BIO *bio = BIO_new_mem_buf(text->len > 0 ? text->data : "", (int)text->len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, pass_phrase) : NULL;
    bool is_there = certificate;
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return is_there;
}

static bool read_root(struct probe_session *session, const char *file, int *status) {
    BUF_AUTO struct buf text = {0};
    struct err err = {0};
    session->root_file = file;
    if (!file)
        return true;
    if (!file_read(file, ROOT_FILE_MAX, &text, &err)) {
        *status = command_usage(session->command, "--root: %s", err.text);
        return false;
    }
    if (holds_certificate(&text))
        return true;
    *status = command_usage(session->command,
                            "--root: %s holds no certificate in PEM form; openssl x509 "
                            "-inform der -in FILE makes one of a .cer file",
                            file);
    return false;
}

static bool read_number(const struct probe_session *session, const char *name,
                        const char *text, int64_t max, int64_t *number, int *status) {
    if (!text || text_parse_int(text, 1, max, number))
        return true;
    *status =
        command_usage(session->command, "--%s: expected 1 to %" PRId64 ", found \"%s\"",
                      name, max, text);
    return false;
}

static bool read_duration(const struct probe_session *session, const char *name,
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
static bool read_run(struct probe_session *session, const struct probe_options *options,
                     int *status) {
    const struct appgw_probe *probe = &session->definition->probe;
    int64_t instances = 1;
    session->interval_ms = probe->interval_s * INT64_C(1000);
    session->timeout_ms = probe->timeout_s * INT64_C(1000);
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
    session->run_timeout_ms = options->until ? UNTIL_TIMEOUT_MS : 0;
    if (!read_number(session, "count", options->count, 1000000, &session->count,
                     status) ||
        !read_number(session, "instances", options->instances, PROBE_INSTANCES_MAX,
                     &instances, status) ||
        !read_duration(session, "timeout", options->timeout, &session->run_timeout_ms,
                       status) ||
        !read_duration(session, "interval", options->interval, &session->interval_ms,
                       status))
        return false;
    session->instances = (int)instances;
    if (session->timeout_ms > session->interval_ms)
        session->timeout_ms = session->interval_ms;
    return true;
}

static int probe(const struct command *command, const struct probe_options *options) {
    struct probe_definition *definition =
        definition_read(options->definition, options->probe);
    int status = EXIT_USAGE;
    if (!definition)
        return status;
    definition_advise(command, definition);
    struct probe_session session = {.command = command, .definition = &definition->data};
    if (read_run(&session, options, &status) &&
        read_root(&session, options->root, &status) &&
        add_servers(&session, options, &status))
        status = probe_session_run(&session);
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
