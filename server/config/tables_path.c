/* The tables of the path and its checks: gateway, tenants, checks, and when checks run.
 * Keys, ranges, defaults and help stand here and nowhere else. */
#include "tables_internal.h"

#include <string.h>

enum {
    INTERVAL_MIN_MS = 50,
    INTERVAL_MAX_MS = 60 * MINUTE_MS,
    BODY_BYTES_MAX = 1024 * 1024,
    FINGERPRINT_LEN = 64,
};

static const char *const severity_words[] = {"critical", "warning", "info", NULL};

static const char *const role_words[] = {
    "none",          "gateway_status", "gateway_stats", "gateway_tls", "gateway_loopback",
    "gateway_admin", "tenant_direct",  "tenant_routed", NULL};

static const struct schema_row tls_rows[] = {
    {.name = "ca_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct gateway_tls_config, ca_file),
     .min = 1,
     .max = PATH_BYTES_MAX,
     .help = "A PEM file of the certificates to trust instead of the system's."},
    {.name = "root_fingerprint",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct gateway_tls_config, root_fingerprint),
     .min = 1,
     .max = 256,
     .help = "SHA-256 of the root certificate, 64 hex digits without colons."},
};

static bool check_tls(const void *object, struct err *err) {
    const char *hex = ((const struct gateway_tls_config *)object)->root_fingerprint;

    if (!hex || (strlen(hex) == FINGERPRINT_LEN &&
                 strspn(hex, "0123456789abcdefABCDEF") == FINGERPRINT_LEN))
        return true;
    err_set(err, ERR_INVALID, "expected 64 hex digits without colons, found \"%s\"", hex);
    err_wrap(err, "root_fingerprint");
    return false;
}

static const struct schema tls_schema = {
    .name = "gateway.tls",
    .size = sizeof(struct gateway_tls_config),
    SCHEMA_ROWS(tls_rows),
    .check = check_tls,
};

static const struct schema_row gateway_rows[] = {
    {.name = "host",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct gateway_config, host),
     .flags = SCHEMA_REQUIRED,
     .help = "The name in Host and SNI of every request through the gateway."},
    {.name = "service",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct gateway_config, service),
     .flags = SCHEMA_REQUIRED,
     .help = "The gateway's Service, where such requests connect to."},
    {.name = "pods",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct gateway_config, pods),
     .help = "A headless name: each of its addresses is checked. Unset, the service is."},
    {.name = "port",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct gateway_config, port),
     .min = 1,
     .max = PORT_MAX,
     .help = "The gateway's port. Unset, 443 with tls and 80 without."},
    {.name = "tls",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct gateway_config, tls),
     .object = &tls_schema,
     .set_offset = offsetof(struct gateway_config, has_tls),
     .help = "The gateway is asked over TLS. May be empty."},
    {.name = "status_port",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct gateway_config, status_port),
     .min = 1,
     .max = PORT_MAX,
     .fallback = "15021",
     .help = "The port of Istio's own readiness."},
    {.name = "stats_port",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct gateway_config, stats_port),
     .min = 1,
     .max = PORT_MAX,
     .fallback = "15090",
     .help = "The port of Envoy's statistics."},
    {.name = "admin",
     .kind = SCHEMA_URL,
     .offset = offsetof(struct gateway_config, admin),
     .help = "Envoy's admin port, where it can be reached."},
};

static const struct schema_row tenant_rows[] = {
    {.name = "name",
     .kind = SCHEMA_NAME,
     .offset = offsetof(struct tenant_config, name),
     .min = 1,
     .max = CONFIG_NAME_MAX,
     .flags = SCHEMA_REQUIRED | SCHEMA_SEGMENT,
     .help = "The tenant's name in paths, labels and check names."},
    {.name = "route",
     .kind = SCHEMA_ROUTE,
     .offset = offsetof(struct tenant_config, route),
     .min = 1,
     .max = 1024,
     .help = "The path that is requested through the gateway, and must match a route."},
    {.name = "backend",
     .kind = SCHEMA_URL,
     .offset = offsetof(struct tenant_config, backend),
     .help = "What is requested directly, past the gateway."},
    {.name = "expect",
     .kind = SCHEMA_RANGES,
     .offset = offsetof(struct tenant_config, expect),
     .fallback = "\"200-299\"",
     .help = "The statuses that are right."},
    {.name = "identity",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct tenant_config, identity),
     .min = 1,
     .max = 1024,
     .help = "Text that the answer through the gateway must hold, so that another "
             "application on the route is noticed."},
    {.name = "critical",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct tenant_config, critical),
     .fallback = "true",
     .help = "The tenant counts for the policies quorum and strict."},
};

static const struct schema_row check_input_rows[] = {
    {.name = "name",
     .kind = SCHEMA_NAME,
     .offset = offsetof(struct check_input, config.name),
     .min = 1,
     .max = 127,
     .flags = SCHEMA_REQUIRED,
     .help = "The check's name in paths and labels."},
    {.name = "type",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct check_input, config.type),
     .min = 1,
     .max = 64,
     .help = "What kind of check it is."},
    {.name = "role",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct check_input, config.role),
     .words = role_words,
     .set_offset = offsetof(struct check_input, has_role),
     .help = "What a check is for that follows from gateway or tenants. The effective "
             "configuration shows it."},
    {.name = "scope",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct check_input, scope),
     .min = 1,
     .max = 80,
     .fallback = "\"shared\"",
     .help = "Whose trouble a failure is: self, shared, or tenant:NAME."},
    {.name = "severity",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct check_input, config.severity),
     .fallback = "\"critical\"",
     .words = severity_words,
     .help = "What a failure does to the state of its scope."},
    {.name = "depends_on",
     .kind = SCHEMA_TEXTS,
     .offset = offsetof(struct check_input, depends_on),
     .max = 64,
     .help = "Names of checks without which this one says nothing."},
};

static const struct schema_row timing_rows[] = {
    {.name = "interval",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct check_timing, interval_ms),
     .min = INTERVAL_MIN_MS,
     .max = INTERVAL_MAX_MS,
     .fallback = "\"5s\"",
     .help = "From the start of one run to the start of the next."},
    {.name = "fast_interval",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct check_timing, fast_interval_ms),
     .min = INTERVAL_MIN_MS,
     .max = INTERVAL_MAX_MS,
     .fallback = "\"1s\"",
     .help =
         "The interval while the check is between two states. Unset, at most interval."},
    {.name = "down_interval",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct check_timing, down_interval_ms),
     .min = INTERVAL_MIN_MS,
     .max = INTERVAL_MAX_MS,
     .help = "The interval while the check fails. Unset, the same as interval."},
    {.name = "timeout",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct check_timing, timeout_ms),
     .min = TIMEOUT_MIN_MS,
     .max = TIMEOUT_MAX_MS,
     .fallback = "\"2s\"",
     .help =
         "The longest a run may take, at most interval. Unset, it is cut to interval."},
    {.name = "connect_timeout",
     .kind = SCHEMA_DURATION,
     .offset = offsetof(struct check_timing, connect_timeout_ms),
     .min = TIMEOUT_MIN_MS,
     .max = TIMEOUT_MAX_MS,
     .fallback = "\"1s\"",
     .help = "The longest a connection may take. Unset, it is cut to timeout."},
    {.name = "rise",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct check_timing, rise),
     .min = 1,
     .max = 100,
     .fallback = "2",
     .help = "Passes in a row until a failing check passes."},
    {.name = "fall",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct check_timing, fall),
     .min = 1,
     .max = 100,
     .fallback = "3",
     .help = "Failures in a row until a passing check fails."},
    {.name = "jitter",
     .kind = SCHEMA_PERCENT,
     .offset = offsetof(struct check_timing, jitter_percent),
     .min = 0,
     .max = 50,
     .fallback = "\"10%\"",
     .help = "How far an interval is varied by chance, so that replicas spread."},
    {.name = "reuse",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct check_timing, reuse),
     .fallback = "false",
     .help =
         "Keep the connection between runs. Then a run says nothing about connecting."},
    {.name = "max_body",
     .kind = SCHEMA_SIZE,
     .offset = offsetof(struct check_timing, max_body_bytes),
     .min = 1,
     .max = BODY_BYTES_MAX,
     .fallback = "\"4KiB\"",
     .help = "How much of an answer is read."},
};

const struct schema gateway_schema = {
    .name = "gateway",
    .size = sizeof(struct gateway_config),
    SCHEMA_ROWS(gateway_rows),
};

const struct schema tenant_schema = {
    .name = "tenants",
    .size = sizeof(struct tenant_config),
    SCHEMA_ROWS(tenant_rows),
};

const struct schema check_input_schema = {
    .name = "checks",
    .size = sizeof(struct check_input),
    SCHEMA_ROWS(check_input_rows),
};

const struct schema timing_schema = {
    .name = "defaults",
    .size = sizeof(struct check_timing),
    SCHEMA_ROWS(timing_rows),
};
