/* The configuration as data: what config/ reads from a file and everybody else obeys.
 *
 * A struct config and all it points to live in one arena, never change after they are
 * loaded, and are counted: the engine holds one reference, every snapshot another.
 * Durations are milliseconds. Optional text is NULL where unset. Any thread may read. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/addr.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/ranges.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { CONFIG_NO_TENANT = UINT32_MAX, CONFIG_NAME_MAX = 63 };

enum policy { POLICY_SERVE, POLICY_QUORUM, POLICY_STRICT };
enum { POLICY_COUNT = 3 };

enum verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_UNHEALTHY };
enum { VERDICT_COUNT = 3 };

enum severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_INFO };
enum scope_kind { SCOPE_SELF, SCOPE_SHARED, SCOPE_TENANT };

/* Who may read the detail port: everybody who reaches it, or holders of the token. */
enum auth_read { AUTH_READ_OPEN, AUTH_READ_TOKEN };

/* What a check is for. Path diagnosis finds its evidence by role, never by name. */
enum check_role {
    ROLE_NONE, /* written by the operator under checks[] */
    ROLE_GATEWAY_STATUS,
    ROLE_GATEWAY_STATS,
    ROLE_GATEWAY_TLS,
    ROLE_GATEWAY_LOOPBACK,
    ROLE_GATEWAY_ADMIN,
    ROLE_TENANT_DIRECT, /* the backend itself, past the gateway */
    ROLE_TENANT_ROUTED, /* the tenant's route through the gateway, as a user comes */
};

struct listen_config {
    const char *probe;  /* addr_parse_listen form */
    const char *detail; /* the same, or "none" */
};

struct gateway_tls_config {
    const char *ca_file;
    const char *root_fingerprint; /* SHA-256 of the root, 64 hex digits, no colons */
};

struct gateway_config {
    bool is_set;         /* the object is in the file */
    bool has_tls;        /* the `tls` object is in the file */
    const char *host;    /* Host and SNI of every routed request */
    const char *service; /* name or address of the gateway's Service */
    const char *pods;    /* headless name: every address is checked; or NULL */
    int port;            /* 443 with tls, else 80, where the file says nothing */
    struct gateway_tls_config tls;
    int status_port;
    int stats_port;
    const char *admin; /* URL of Envoy's admin port, or NULL */
};

struct tenant_config {
    const char *name;
    const char
        *route; /* the path that is requested through the gateway, and must match */
    const char *backend;  /* URL that is requested directly, or NULL */
    struct ranges expect; /* statuses that are right */
    const char *identity; /* text that the answer must hold, or NULL */
    bool critical;        /* counts for `quorum` and `strict` */
};

/* When a check runs and when its state changes. */
struct check_timing {
    int64_t interval_ms;
    int64_t fast_interval_ms; /* while between states */
    int64_t down_interval_ms; /* while failing */
    int64_t timeout_ms;       /* one run, from its start to its outcome */
    int64_t connect_timeout_ms;
    int rise; /* passes in a row until passing */
    int fall; /* failures in a row until failing */
    int jitter_percent;
    bool reuse; /* keep the connection between runs */
    int64_t max_body_bytes;
};

struct check_config {
    const char *name;
    const char *type; /* a check type's name, check/check.h */
    enum check_role role;
    enum scope_kind scope;
    uint32_t
        tenant; /* index into tenants; CONFIG_NO_TENANT unless scope is SCOPE_TENANT */
    enum severity severity;
    const uint32_t *parents; /* indices of the checks it depends on; never a cycle */
    uint32_t parent_count;
    struct check_timing timing;
    const void *options; /* the type's own options struct, check/<type>.h */
};

struct override_config {
    bool is_set;
    enum verdict verdict;
    const char *reason;
    int64_t until_wall_ms; /* it ends by itself then */
};

struct verdict_config {
    enum policy policy;
    int min_healthy_percent;
    int pool_members;
    int64_t start_grace_ms;
    struct override_config override;
};

struct engine_config {
    int concurrency;                /* runs in flight, all checks together */
    int stale_after;                /* intervals without an outcome */
    struct cidr_list allow_targets; /* otherwise refused addresses that may be checked */
};

struct resolver_config {
    struct text_list servers; /* "10.0.0.10" or "10.0.0.10:53"; empty: from resolv.conf */
    struct text_list search;  /* empty: from resolv.conf */
    int64_t timeout_ms;       /* 0: from resolv.conf */
};

struct clients_config {
    struct cidr_list appgw_subnets;
};

struct auth_config {
    const char *token_file;
    enum auth_read read;
    const char *loop_key_file;
};

struct drain_config {
    int64_t delay_ms;   /* from SIGTERM until the listener closes */
    int64_t timeout_ms; /* from then until requests in flight are given up */
};

struct log_config {
    enum log_format format;
    enum log_level level;
};

struct config {
    struct arena *arena;    /* owns everything below, this struct included */
    const char *file;       /* as it was named on the command line */
    char hash[MAC_HEX_MAX]; /* SHA-256 of the file's bytes: its generation, for people */
    bool is_stand_in;       /* empty, until the file can be used; never ready */
    struct listen_config listen;
    struct gateway_config gateway;
    struct verdict_config verdict;
    struct engine_config engine;
    struct resolver_config resolver;
    struct clients_config clients;
    struct auth_config auth;
    struct drain_config drain;
    struct log_config log;
    struct check_timing defaults;
    const struct tenant_config *tenants;
    uint32_t tenant_count;
    const char *effective; /* all of it as JSON, defaults written out, secrets removed */
    const struct check_config
        *checks; /* derived ones first, then checks[], in file order */
    uint32_t check_count;
};

/* Take and give back a reference. The last one frees everything. NULL is fine. Any
 * thread. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* A new empty config in an arena of its own, with one reference. */
struct config *config_new(void);

/* The tenant or check of that name; its index, or CONFIG_NO_TENANT / UINT32_MAX. Linear.
 */
uint32_t config_find_tenant(const struct config *config, const char *name);
uint32_t config_find_check(const struct config *config, const char *name);

/* The words used in files, bodies and labels. Static. */
const char *policy_name(enum policy policy);
const char *verdict_name(enum verdict verdict);
const char *severity_name(enum severity severity);
const char *check_role_name(enum check_role role);
/* "self", "shared" or "tenant:NAME" into out; returns out. */
enum { SCOPE_TEXT_MAX = 80 };
char *check_scope_format(const struct config *config, const struct check_config *check,
                         char out[SCOPE_TEXT_MAX]);

/* A check name: segments of [a-z0-9-]{1,63} joined by "/"; no segment is "run". */
bool check_name_is_valid(const char *name);
/* A tenant name: one such segment. */
bool tenant_name_is_valid(const char *name);

#endif
