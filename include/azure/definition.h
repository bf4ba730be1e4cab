/* Application Gateway's probe as it is defined in Azure: the probe, the backend settings
 * it belongs to, the pool. Names and units are the service's (seconds). Plain data, read
 * by config/probe_definition.h; pure functions. Any thread. */
#ifndef AZURE_DEFINITION_H
#define AZURE_DEFINITION_H

#include "base/ranges.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/* What the service accepts. */
enum {
    APPGW_SECONDS_MAX = 86400, /* interval, timeout, requestTimeout; from 1 */
    APPGW_THRESHOLD_MAX = 20,  /* from 1 */
    APPGW_MATCH_BODY_MAX = 4090,
    APPGW_DRAIN_MAX_S = 3600,
    APPGW_DRAIN_DEFAULT_S = 30, /* while connection draining is off */
    APPGW_NAME_MAX = 80,
};

enum appgw_protocol { APPGW_HTTP, APPGW_HTTPS };

struct appgw_match {
    const char *body; /* NULL or "": any body */
    struct ranges statuses;
};

struct appgw_probe {
    int protocol;     /* enum appgw_protocol */
    const char *host; /* Host and SNI; NULL: those of the settings */
    const char *path;
    int interval_s;
    int timeout_s;
    int unhealthy_threshold;
    bool pick_host; /* pickHostNameFromBackendHttpSettings */
    int min_servers;
    int port; /* 0: the settings' */
    struct appgw_match match;
};

struct appgw_draining {
    bool enabled;
    int timeout_s;
};

struct appgw_settings {
    const char *name;
    int protocol; /* enum appgw_protocol */
    int port;
    int request_timeout_s;
    const char *host_name;
    bool pick_host; /* pickHostNameFromBackendAddress */
    struct appgw_draining draining;
    bool validate_chain; /* validateCertChainAndExpiry */
    bool validate_name;  /* validateSNI */
    const char *sni_name;
};

/* All pointers belong to whoever read the definition. */
struct appgw_definition {
    const char *name; /* the probe's */
    struct appgw_probe probe;
    const struct appgw_settings *settings; /* those that use the probe; may be none */
    size_t settings_count;
    const char *pool;           /* its name; NULL: no pool, or no single one */
    struct text_list addresses; /* of the pool's members */
};

/* Rules between keys that the service enforces. False with one sentence; `where` is the
 * key, in the service's spelling. */
bool appgw_probe_check(const struct appgw_probe *probe, struct err *err);
bool appgw_settings_check(const struct appgw_settings *settings, struct err *err);
/* The probe and settings that use it; `where` is a key of the probe. */
bool appgw_pair_check(const struct appgw_probe *probe,
                      const struct appgw_settings *settings, struct err *err);

/* The port a server is probed on; `settings` may be NULL. */
int appgw_port(const struct appgw_probe *probe, const struct appgw_settings *settings);
/* What goes into Host, for a server of the pool at `address` (a name or a number). */
const char *appgw_host(const struct appgw_probe *probe,
                       const struct appgw_settings *settings, const char *address);
/* The name in SNI and on the certificate: settings' own, else the Host. A numeric one is
 * compared with the certificate but not sent. */
const char *appgw_server_name(const struct appgw_probe *probe,
                              const struct appgw_settings *settings, const char *address);

/* What is allowed and still unwise, a sentence each: calls `say` for every one. */
void appgw_advise(const struct appgw_definition *definition,
                  void (*say)(void *user, const char *sentence), void *user);

/* Lines for people: what is sent, how often, and what is expected. */
void appgw_describe(const struct appgw_definition *definition, struct buf *out);

const char *appgw_protocol_scheme(int protocol); /* "http" or "https" */

#endif
