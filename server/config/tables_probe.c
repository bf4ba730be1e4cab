/* The tables of a probe definition, in ARM's spelling and with the service's limits. Keys
 * that only Azure needs are known, so that a misspelt one is noticed. */
#include "tables_probe_internal.h"

#include "base/addr.h"
#include "base/err.h"

enum { ID_MAX = 1024, PATH_MAX_BYTES = 2048, PROBE_PORT_MAX = 65535 };

static const char *const protocol_words[] = {"Http", "Https", NULL};
static const char *const affinity_words[] = {"Disabled", "Enabled", NULL};

static const struct schema_row match_rows[] = {
    {.name = "statusCodes",
     .kind = SCHEMA_RANGES,
     .offset = offsetof(struct appgw_match, statuses),
     .fallback = "\"200-399\"",
     .help = "Statuses that are healthy."},
    {.name = "body",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct appgw_match, body),
     .min = 0,
     .max = APPGW_MATCH_BODY_MAX,
     .help = "Text that the body must hold, no pattern. Empty, any body will do."},
};

static const struct schema match_schema = {
    .name = "match",
    .size = sizeof(struct appgw_match),
    SCHEMA_ROWS(match_rows),
};

static const struct schema_row probe_rows[] = {
    {.name = "protocol",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct appgw_probe, protocol),
     .flags = SCHEMA_REQUIRED,
     .words = protocol_words,
     .help = "That of the backend settings."},
    {.name = "host",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct appgw_probe, host),
     .help = "Host and SNI of a probe. Exactly one of host and "
             "pickHostNameFromBackendHttpSettings."},
    {.name = "pickHostNameFromBackendHttpSettings",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct appgw_probe, pick_host),
     .fallback = "false",
     .help = "Take the host of the backend settings."},
    {.name = "path",
     .kind = SCHEMA_ROUTE,
     .offset = offsetof(struct appgw_probe, path),
     .min = 1,
     .max = PATH_MAX_BYTES,
     .flags = SCHEMA_REQUIRED,
     .help = "What is requested."},
    {.name = "interval",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_probe, interval_s),
     .min = 1,
     .max = APPGW_SECONDS_MAX,
     .fallback = "30",
     .help = "Seconds between two probes of one instance."},
    {.name = "timeout",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_probe, timeout_s),
     .min = 1,
     .max = APPGW_SECONDS_MAX,
     .fallback = "30",
     .help = "Seconds for a whole answer, at most the interval."},
    {.name = "unhealthyThreshold",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_probe, unhealthy_threshold),
     .min = 1,
     .max = APPGW_THRESHOLD_MAX,
     .fallback = "3",
     .help = "Failures in a row until a server is unhealthy."},
    {.name = "port",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_probe, port),
     .min = 1,
     .max = PROBE_PORT_MAX,
     .help = "Unset, that of the backend settings."},
    {.name = "minServers",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_probe, min_servers),
     .min = 0,
     .max = 100,
     .fallback = "0",
     .help = "Servers that count as healthy whatever they answer."},
    {.name = "match",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct appgw_probe, match),
     .object = &match_schema,
     .help = "What a healthy answer is."},
};

static bool check_probe(const void *object, struct err *err) {
    return appgw_probe_check(object, err);
}

const struct schema probe_schema = {
    .name = "probe.properties",
    .size = sizeof(struct appgw_probe),
    SCHEMA_ROWS(probe_rows),
    .check = check_probe,
};

static const struct schema_row draining_rows[] = {
    {.name = "enabled",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct appgw_draining, enabled),
     .flags = SCHEMA_REQUIRED,
     .help = "Whether requests in flight to a removed server are waited for."},
    {.name = "drainTimeoutInSec",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct appgw_draining, timeout_s),
     .min = 1,
     .max = APPGW_DRAIN_MAX_S,
     .fallback = "30",
     .help = "Seconds they are waited for."},
};

static const struct schema draining_schema = {
    .name = "connectionDraining",
    .size = sizeof(struct appgw_draining),
    SCHEMA_ROWS(draining_rows),
};

static const struct schema_row reference_rows[] = {
    {.name = "id",
     .kind = SCHEMA_TEXT,
     .min = 0,
     .max = ID_MAX,
     .help = "A resource's id."},
};

static const struct schema reference_schema = {
    .name = "reference",
    .size = sizeof(const char *),
    SCHEMA_ROWS(reference_rows),
};

static const struct schema_row settings_rows[] = {
    {.name = "protocol",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct settings_input, settings.protocol),
     .flags = SCHEMA_REQUIRED,
     .words = protocol_words,
     .help = "How the gateway speaks to its pool."},
    {.name = "port",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct settings_input, settings.port),
     .min = 1,
     .max = PROBE_PORT_MAX,
     .flags = SCHEMA_REQUIRED,
     .help = "The port of the servers."},
    {.name = "cookieBasedAffinity",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct settings_input, affinity),
     .fallback = "\"Disabled\"",
     .words = affinity_words,
     .help = "Whether a client stays with its server."},
    {.name = "affinityCookieName",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct settings_input, ignored),
     .min = 0,
     .max = ID_MAX,
     .help = "The cookie's name."},
    {.name = "requestTimeout",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct settings_input, settings.request_timeout_s),
     .min = 1,
     .max = APPGW_SECONDS_MAX,
     .fallback = "30",
     .help = "Seconds a client's request may take."},
    {.name = "hostName",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct settings_input, settings.host_name),
     .help = "Host of requests to the pool; of the probe as well where it picks it."},
    {.name = "pickHostNameFromBackendAddress",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct settings_input, settings.pick_host),
     .fallback = "false",
     .help = "Take the server's own name instead."},
    {.name = "path",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct settings_input, ignored),
     .min = 0,
     .max = PATH_MAX_BYTES,
     .help = "Put before the path of clients' requests, not of probes."},
    {.name = "probe",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct settings_input, ignored),
     .object = &reference_schema,
     .help = "The probe these settings use."},
    {.name = "probeEnabled",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct settings_input, probe_enabled),
     .fallback = "true",
     .help = "Whether they do."},
    {.name = "connectionDraining",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct settings_input, settings.draining),
     .object = &draining_schema,
     .help = "How a server is left."},
    {.name = "trustedRootCertificates",
     .kind = SCHEMA_OBJECTS,
     .object = &reference_schema,
     .help = "Roots that are trusted instead of well-known CAs."},
    {.name = "authenticationCertificates",
     .kind = SCHEMA_OBJECTS,
     .object = &reference_schema,
     .help = "The same of the v1 SKU."},
    {.name = "dedicatedBackendConnection",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct settings_input, is_dedicated),
     .fallback = "false",
     .help = "Whether each client has its own connection to the server."},
    {.name = "validateCertChainAndExpiry",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct settings_input, settings.validate_chain),
     .fallback = "true",
     .help = "Whether chain and dates of the server's certificate count."},
    {.name = "validateSNI",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct settings_input, settings.validate_name),
     .fallback = "true",
     .help = "Whether its name counts."},
    {.name = "sniName",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct settings_input, settings.sni_name),
     .help = "The name in SNI, and of the certificate, where it is not the host."},
};

static bool check_settings(const void *object, struct err *err) {
    return appgw_settings_check(&((const struct settings_input *)object)->settings, err);
}

const struct schema settings_schema = {
    .name = "backendHttpSettings.properties",
    .size = sizeof(struct settings_input),
    SCHEMA_ROWS(settings_rows),
    .check = check_settings,
};

static const struct schema_row address_rows[] = {
    {.name = "ipAddress",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct address_input, ip),
     .min = 1,
     .max = ADDR_TEXT_MAX,
     .help = "A numeric address. Exactly one of ipAddress and fqdn."},
    {.name = "fqdn",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct address_input, name),
     .help = "A name."},
};

static bool check_address(const void *object, struct err *err) {
    const struct address_input *address = object;
    struct addr addr;

    if (!address->ip == !address->name)
        return err_set(err, ERR_INVALID, "expected exactly one of ipAddress and fqdn");
    if (!address->ip || addr_parse_ip(address->ip, 0, &addr))
        return true;
    err_set(err, ERR_INVALID, "expected a numeric address, found \"%s\"", address->ip);
    err_wrap(err, "ipAddress");
    return false;
}

const struct schema address_schema = {
    .name = "backendAddresses",
    .size = sizeof(struct address_input),
    SCHEMA_ROWS(address_rows),
    .check = check_address,
};

static const struct schema_row pool_rows[] = {
    {.name = "backendAddresses",
     .kind = SCHEMA_OBJECTS,
     .object = &address_schema,
     .help = "The pool's members."},
};

const struct schema pool_schema = {
    .name = "backendAddressPool.properties",
    .size = sizeof(struct pool_input),
    SCHEMA_ROWS(pool_rows),
};

#define NAME_ROW(type)                                                                   \
    {                                                                                    \
        .name = "name", .kind = SCHEMA_TEXT, .offset = offsetof(type, name), .min = 1,   \
        .max = APPGW_NAME_MAX, .flags = SCHEMA_REQUIRED, .help = "Its name in Azure."    \
    }

/* The name alone: of an object that `az` has flattened. */
static const struct schema_row name_rows[] = {NAME_ROW(struct name_input)};

const struct schema name_schema = {
    .name = "name",
    .size = sizeof(struct name_input),
    SCHEMA_ROWS(name_rows),
};

static const struct schema_row probe_item_rows[] = {
    NAME_ROW(struct probe_item),
    {.name = "properties",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct probe_item, probe),
     .flags = SCHEMA_REQUIRED,
     .object = &probe_schema,
     .help = "How it probes."},
};

const struct schema probe_item_schema = {
    .name = "probe",
    .size = sizeof(struct probe_item),
    SCHEMA_ROWS(probe_item_rows),
};

static const struct schema_row settings_item_rows[] = {
    NAME_ROW(struct settings_item),
    {.name = "properties",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct settings_item, input),
     .flags = SCHEMA_REQUIRED,
     .object = &settings_schema,
     .help = "How the gateway speaks to the pool."},
};

const struct schema settings_item_schema = {
    .name = "backendHttpSettings",
    .size = sizeof(struct settings_item),
    SCHEMA_ROWS(settings_item_rows),
};

static const struct schema_row pool_item_rows[] = {
    NAME_ROW(struct pool_item),
    {.name = "properties",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct pool_item, input),
     .flags = SCHEMA_REQUIRED,
     .object = &pool_schema,
     .help = "Who is in it."},
};

const struct schema pool_item_schema = {
    .name = "backendAddressPool",
    .size = sizeof(struct pool_item),
    SCHEMA_ROWS(pool_item_rows),
};

static const struct schema_row definition_rows[] = {
    {.name = "$schema",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct definition_input, ignored),
     .min = 0,
     .max = ID_MAX,
     .help = "For editors."},
    {.name = "probe",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct definition_input, probe),
     .flags = SCHEMA_REQUIRED,
     .object = &probe_item_schema,
     .help = "The probe."},
    {.name = "backendHttpSettings",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct definition_input, settings),
     .set_offset = offsetof(struct definition_input, has_settings),
     .object = &settings_item_schema,
     .help = "The backend settings it belongs to."},
    {.name = "backendAddressPool",
     .kind = SCHEMA_OBJECT,
     .offset = offsetof(struct definition_input, pool),
     .set_offset = offsetof(struct definition_input, has_pool),
     .object = &pool_item_schema,
     .help = "The servers that are probed."},
};

const struct schema definition_schema = {
    .name = "probe definition",
    .size = sizeof(struct definition_input),
    SCHEMA_ROWS(definition_rows),
};
