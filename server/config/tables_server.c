/* The tables of the document and of the server's own settings: listeners, verdict,
 * engine, resolver, clients, auth, drain, log. Keys, ranges, defaults and help stand here
 * and nowhere else. */
#include "tables_internal.h"

#include "base/addr.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_WAIT_MS = 10 * MINUTE_MS };

static const char *const policy_words[] = {"serve", "quorum", "strict", NULL};
static const char *const verdict_words[] = {"healthy", "degraded", "unhealthy", NULL};
static const char *const read_words[] = {"open", "token", NULL};
static const char *const format_words[] = {"json", "text", NULL};
static const char *const level_words[] = {"debug", "info", "warn", "error", NULL};

static const struct schema_row listen_rows[] = {
    {.name = "probe",
     .kind = SCHEMA_LISTEN,
     .offset = offsetof(struct listen_config, probe),
     .fallback = "\"[::]:8080\"",
     .help = "Where probes are answered. It falls back to IPv4 where there is no IPv6."},
    {.name = "detail",
     .kind = SCHEMA_LISTEN,
     .offset = offsetof(struct listen_config, detail),
     .fallback = "\"[::]:9090\"",
     .flags = SCHEMA_NONE_OK,
     .help = "Where operators and Prometheus are answered."},
};

/* Port 0 is another port each time. */
static bool check_listen(const void *object, struct err *err) {
    const struct listen_config *listen = object;
    struct addr addr;

    if (strcmp(listen->probe, listen->detail) != 0 ||
        !addr_parse_listen(listen->probe, &addr, NULL) ||
        (!addr_is_unix(&addr) && addr_port(&addr) == 0))
        return true;
    err_set(err, ERR_INVALID, "expected another address than that of probe, found \"%s\"",
            listen->detail);
    err_wrap(err, "detail");
    return false;
}

static const struct schema listen_schema = {
    .name = "listen",
    .size = sizeof(struct listen_config),
    SCHEMA_ROWS(listen_rows),
    .check = check_listen,
};

static const struct schema_row override_rows[] = {
    {.name = "verdict",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct override_config, verdict),
     .flags = SCHEMA_REQUIRED,
     .words = verdict_words,
     .help = "What /healthz says instead of the policy's verdict."},
    {.name = "reason",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct override_config, reason),
     .min = 1,
     .max = 200,
     .flags = SCHEMA_REQUIRED,
     .help = "Why, for those who wonder."},
    {.name = "until",
     .kind = SCHEMA_TIME,
     .offset = offsetof(struct override_config, until_wall_ms),
     .flags = SCHEMA_REQUIRED,
     .help = "When it ends by itself."},
};

static const struct schema override_schema = {
    .name = "verdict.override",
    .size = sizeof(struct override_config),
    SCHEMA_ROWS(override_rows),
};

static const struct schema_row verdict_rows[] = {
    {.name = "policy",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct verdict_config, policy),
     .fallback = "\"serve\"",
     .words = policy_words,
     .help = "When /healthz answers 503."},
    {.name = "min_healthy",
     .kind = SCHEMA_PERCENT,
     .offset = offsetof(struct verdict_config, min_healthy_percent),
     .min = 1,
     .max = 100,
     .fallback = "\"50%\"",
     .help = "The share of critical tenants that the policy quorum asks for."},
    {.name = "pool_members",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct verdict_config, pool_members),
     .min = 1,
     .max = 1000,
     .fallback = "1",
     .help = "How many members Application Gateway's backend pool has."},
    {.name = "start_grace",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct verdict_config, start_grace_ms),
     .min = 0,
     .max = LONGEST_WAIT_MS,
     .fallback = "\"10s\"",
     .help = "How long after the start the first round of checks is waited for."},
    {.name = "override",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct verdict_config, override),
     .object = &override_schema,
     .set_offset = offsetof(struct verdict_config, override.is_set),
     .help = "Holds /healthz by hand for some time."},
};

static bool check_verdict(const void *object, struct err *err) {
    const struct verdict_config *verdict = object;

    if (verdict->policy == POLICY_SERVE || verdict->pool_members > 1)
        return true;
    err_set(
        err, ERR_INVALID,
        "expected \"serve\" while pool_members is 1, found \"%s\": a 503 from the only "
        "member takes every tenant down, the healthy ones too",
        policy_words[verdict->policy]);
    err_wrap(err, "policy");
    return false;
}

static const struct schema verdict_schema = {
    .name = "verdict",
    .size = sizeof(struct verdict_config),
    SCHEMA_ROWS(verdict_rows),
    .check = check_verdict,
};

static const struct schema_row engine_rows[] = {
    {.name = "concurrency",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct engine_config, concurrency),
     .min = 1,
     .max = 10000,
     .fallback = "256",
     .help = "How many runs of all checks may be in flight."},
    {.name = "stale_after",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct engine_config, stale_after),
     .min = 1,
     .max = 100,
     .fallback = "3",
     .help = "After how many intervals without an outcome a state is stale."},
    {.name = "allow_targets",
     .kind = SCHEMA_CIDRS,
     .offset = offsetof(struct engine_config, allow_targets),
     .max = 64,
     .help = "Addresses that are refused otherwise: link-local ones and our own."},
};

static const struct schema engine_schema = {
    .name = "engine",
    .size = sizeof(struct engine_config),
    SCHEMA_ROWS(engine_rows),
};

static const struct schema_row resolver_rows[] = {
    {.name = "servers",
     .kind = SCHEMA_TEXTS,
     .offset = offsetof(struct resolver_config, servers),
     .max = 8,
     .help = "Name servers, as address or address:port. Empty, those of resolv.conf."},
    {.name = "search",
     .kind = SCHEMA_TEXTS,
     .offset = offsetof(struct resolver_config, search),
     .max = 32,
     .help = "Domains to search. Empty, those of resolv.conf."},
    {.name = "timeout",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct resolver_config, timeout_ms),
     .min = TIMEOUT_MIN_MS,
     .max = TIMEOUT_MAX_MS,
     .help = "The wait for one answer of one server. Unset, that of resolv.conf."},
};

static bool is_name_server(const char *text) {
    struct addr addr;

    return addr_parse_ip(text, 0, &addr) ||
           (addr_parse_listen(text, &addr, NULL) && !addr_is_unix(&addr) &&
            addr_port(&addr) != 0);
}

static bool check_resolver(const void *object, struct err *err) {
    const struct text_list *servers = &((const struct resolver_config *)object)->servers;

    for (size_t i = 0; i < servers->count; i++) {
        if (is_name_server(servers->items[i]))
            continue;
        err_set(err, ERR_INVALID,
                "expected an address such as \"10.0.0.10\" or \"[fd00::10]:53\", found "
                "\"%s\"",
                servers->items[i]);
        err_wrap(err, "servers[%zu]", i);
        return false;
    }
    return true;
}

static const struct schema resolver_schema = {
    .name = "resolver",
    .size = sizeof(struct resolver_config),
    SCHEMA_ROWS(resolver_rows),
    .check = check_resolver,
};

static const struct schema_row clients_rows[] = {
    {.name = "appgw_subnets",
     .kind = SCHEMA_CIDRS,
     .offset = offsetof(struct clients_config, appgw_subnets),
     .max = 64,
     .help = "Application Gateway's subnets, to tell its probes from others'."},
};

static const struct schema clients_schema = {
    .name = "clients",
    .size = sizeof(struct clients_config),
    SCHEMA_ROWS(clients_rows),
};

static const struct schema_row auth_rows[] = {
    {.name = "token_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct auth_config, token_file),
     .min = 1,
     .max = PATH_BYTES_MAX,
     .help = "A file with the token that allows to run checks."},
    {.name = "read",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct auth_config, read),
     .fallback = "\"open\"",
     .words = read_words,
     .help = "Whether reading the detail port needs the token too."},
    {.name = "loop_key_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct auth_config, loop_key_file),
     .min = 1,
     .max = PATH_BYTES_MAX,
     .help = "A file with the key that replicas prove themselves with."},
};

static bool check_auth(const void *object, struct err *err) {
    const struct auth_config *auth = object;

    if (auth->read == AUTH_READ_OPEN || auth->token_file)
        return true;
    err_set(err, ERR_INVALID, "expected token_file next to \"token\", found none");
    err_wrap(err, "read");
    return false;
}

static const struct schema auth_schema = {
    .name = "auth",
    .size = sizeof(struct auth_config),
    SCHEMA_ROWS(auth_rows),
    .check = check_auth,
};

static const struct schema_row drain_rows[] = {
    {.name = "delay",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct drain_config, delay_ms),
     .min = 0,
     .max = LONGEST_WAIT_MS,
     .fallback = "\"15s\"",
     .help = "From the signal to end until the listeners close."},
    {.name = "timeout",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct drain_config, timeout_ms),
     .min = 0,
     .max = LONGEST_WAIT_MS,
     .fallback = "\"10s\"",
     .help = "From then until requests in flight are given up."},
};

static const struct schema drain_schema = {
    .name = "drain",
    .size = sizeof(struct drain_config),
    SCHEMA_ROWS(drain_rows),
};

static const struct schema_row log_rows[] = {
    {.name = "format",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct log_config, format),
     .fallback = "\"json\"",
     .words = format_words,
     .help = "How a line is written."},
    {.name = "level",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct log_config, level),
     .fallback = "\"info\"",
     .words = level_words,
     .help = "The least level that is written."},
};

static const struct schema log_schema = {
    .name = "log",
    .size = sizeof(struct log_config),
    SCHEMA_ROWS(log_rows),
};

static const struct schema_row config_rows[] = {
    {.name = "listen",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, listen),
     .object = &listen_schema,
     .help = "Where the server listens. A change needs a restart."},
    {.name = "gateway",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, gateway),
     .object = &gateway_schema,
     .set_offset = offsetof(struct config, gateway.is_set),
     .help = "The Istio gateway on the path. Without it there are no checks through it."},
    {.name = "tenants",
     .kind = SCHEMA_OBJECTS,
     .object = &tenant_schema,
     .help = "The applications behind the gateway. Each needs a backend, or a route and "
             "a gateway."},
    {.name = "checks",
     .kind = SCHEMA_OBJECTS,
     .object = &check_input_schema,
     .help = "Checks beside those that follow from gateway and tenants."},
    {.name = "defaults",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, defaults),
     .object = &timing_schema,
     .help = "What every check takes that does not say otherwise."},
    {.name = "verdict",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, verdict),
     .object = &verdict_schema,
     .help = "What Application Gateway is told."},
    {.name = "engine",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, engine),
     .object = &engine_schema,
     .help = "Limits of running checks."},
    {.name = "resolver",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, resolver),
     .object = &resolver_schema,
     .help = "How names are resolved."},
    {.name = "clients",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, clients),
     .object = &clients_schema,
     .help = "Who is expected to probe."},
    {.name = "auth",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, auth),
     .object = &auth_schema,
     .help = "Who may read and command the detail port."},
    {.name = "drain",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, drain),
     .object = &drain_schema,
     .help = "How the server ends."},
    {.name = "log",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct config, log),
     .object = &log_schema,
     .help = "What is written to standard error."},
};

const struct schema config_schema = {
    .name = "configuration",
    .size = sizeof(struct config),
    SCHEMA_ROWS(config_rows),
};
