/* Rules between the keys of a probe definition, and what a definition means for one
 * server. Owns the service's limits; never reads files or JSON. */
#include "azure/definition.h"

#include "base/buf.h"
#include "base/err.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443, SLOW_DETECTION_S = 60 };

static const char *const default_host = "127.0.0.1";

static bool refuse(struct err *err, const char *where, const char *text) {
    err_set(err, ERR_INVALID, "%s", text);
    err_wrap(err, "%s", where);
    return false;
}

bool appgw_probe_check(const struct appgw_probe *probe, struct err *err) {
    if (probe->timeout_s > probe->interval_s) {
        err_set(err, ERR_INVALID,
                "expected at most the interval, %d, found %d: the service refuses a "
                "probe that is still waiting when the next one is due",
                probe->interval_s, probe->timeout_s);
        err_wrap(err, "timeout");
        return false;
    }
    if (probe->host && probe->pick_host)
        return refuse(err, "host",
                      "expected no host next to pickHostNameFromBackendHttpSettings: the "
                      "service takes exactly one of them");
    if (!probe->host && !probe->pick_host)
        return refuse(err, "",
                      "expected host, or pickHostNameFromBackendHttpSettings true, found "
                      "none of them: the service takes exactly one");
    return true;
}

bool appgw_settings_check(const struct appgw_settings *settings, struct err *err) {
    if (settings->host_name && settings->pick_host)
        return refuse(err, "hostName",
                      "expected no hostName next to pickHostNameFromBackendAddress: the "
                      "service takes one of them");
    return true;
}

bool appgw_pair_check(const struct appgw_probe *probe,
                      const struct appgw_settings *settings, struct err *err) {
    if (probe->protocol != settings->protocol) {
        err_set(
            err, ERR_INVALID,
            "expected \"%s\", the protocol of the backend settings, found \"%s\": the "
            "service refuses a probe that does not speak as its settings do",
            settings->protocol == APPGW_HTTPS ? "Https" : "Http",
            probe->protocol == APPGW_HTTPS ? "Https" : "Http");
        err_wrap(err, "protocol");
        return false;
    }
    if (probe->pick_host && !settings->host_name && !settings->pick_host)
        return refuse(
            err, "pickHostNameFromBackendHttpSettings",
            "expected hostName or pickHostNameFromBackendAddress in the backend "
            "settings, found none: there is no host to pick");
    return true;
}

int appgw_port(const struct appgw_probe *probe, const struct appgw_settings *settings) {
    if (probe->port != 0)
        return probe->port;
    if (settings)
        return settings->port;
    return probe->protocol == APPGW_HTTPS ? HTTPS_PORT : HTTP_PORT;
}

const char *appgw_host(const struct appgw_probe *probe,
                       const struct appgw_settings *settings, const char *address) {
    if (probe->host)
        return probe->host;
    if (settings && settings->host_name)
        return settings->host_name;
    return settings && settings->pick_host ? address : default_host;
}

const char *appgw_server_name(const struct appgw_probe *probe,
                              const struct appgw_settings *settings,
                              const char *address) {
    return settings && settings->sni_name ? settings->sni_name
                                          : appgw_host(probe, settings, address);
}

static void advise_probe(const struct appgw_probe *probe,
                         void (*say)(void *user, const char *sentence), void *user) {
    if (probe->min_servers > 0)
        say(user,
            "minServers is above 0: with one pool member (an internal load balancer "
            "is one) it counts as healthy whatever it answers");
    if (ranges_contain(&probe->match.statuses, 302))
        say(user, "match.statusCodes holds 302: a redirect, to a login page for example, "
                  "passes as healthy");
    if (probe->unhealthy_threshold == 1)
        say(user, "unhealthyThreshold is 1: one lost probe takes the server out, and an "
                  "only one takes everything down");
    if ((probe->unhealthy_threshold + 1) * probe->interval_s > SLOW_DETECTION_S)
        say(user, "interval x (unhealthyThreshold + 1) is above a minute: users meet "
                  "errors for so long before the service acts");
}

static void advise_settings(const struct appgw_settings *settings,
                            void (*say)(void *user, const char *sentence), void *user) {
    if (!settings->draining.enabled)
        say(user, "connectionDraining is off: requests in flight to a removed server are "
                  "given 30 s");
    if (settings->protocol == APPGW_HTTPS && !settings->validate_chain)
        say(user, "validateCertChainAndExpiry is false: the service trusts any "
                  "certificate there; the simulator does not");
    if (settings->protocol == APPGW_HTTPS && !settings->validate_name)
        say(user, "validateSNI is false: the service takes a certificate of any name "
                  "there; the simulator does not");
}

void appgw_advise(const struct appgw_definition *definition,
                  void (*say)(void *user, const char *sentence), void *user) {
    advise_probe(&definition->probe, say, user);
    for (size_t i = 0; i < definition->settings_count; i++)
        advise_settings(&definition->settings[i], say, user);
}

void appgw_describe(const struct appgw_definition *definition, struct buf *out) {
    const struct appgw_probe *probe = &definition->probe;
    char statuses[RANGES_TEXT_MAX];
    buf_printf(out, "probe %s: GET %s over %s, Host %s\n", definition->name, probe->path,
               appgw_protocol_scheme(probe->protocol),
               probe->host ? probe->host : "of the backend settings");
    buf_printf(out, "  every %d s, timeout %d s, unhealthy after %d in a row\n",
               probe->interval_s, probe->timeout_s, probe->unhealthy_threshold);
    buf_printf(
        out, "  healthy: status %s%s\n", ranges_format(&probe->match.statuses, statuses),
        probe->match.body && probe->match.body[0] ? " and the body of match.body" : "");
    for (size_t i = 0; i < definition->settings_count; i++) {
        const struct appgw_settings *settings = &definition->settings[i];
        buf_printf(out, "  settings %s: %s, port %d\n", settings->name,
                   appgw_protocol_scheme(settings->protocol),
                   appgw_port(probe, settings));
    }
    if (definition->pool) {
        buf_printf(out, "  pool %s:", definition->pool);
        for (size_t i = 0; i < definition->addresses.count; i++)
            buf_printf(out, " %s", definition->addresses.items[i]);
        buf_putc(out, '\n');
    }
}

const char *appgw_protocol_scheme(int protocol) {
    return protocol == APPGW_HTTPS ? "https" : "http";
}
