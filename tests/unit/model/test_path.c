/* Path diagnosis, rule by rule: for each scene the hop, the owner and the reason that
 * must be named, and how badly. Each rule of the table is the answer to at least one
 * scene. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_path_fixture.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { SHARED = CONFIG_NO_TENANT };

struct row {
    const char *scene;
    uint32_t tenant; /* from 0; SHARED: what all share */
    const char *rule;
    enum hop hop;
    const char *owner;
    enum reason reason;
    enum path_state state;
    enum tenant_state tenant_state;
};

/* clang-format off */
#define FAILS PATH_FAIL
#define WARNS PATH_WARN
#define UP TENANT_HEALTHY
#define MID TENANT_DEGRADED
#define DOWN TENANT_UNHEALTHY

static const struct row rows[] = {
    /* Ourselves. */
    {"stuck", 0, "self-stuck", HOP_SELF, "us", STALE, FAILS, MID},
    {"stuck routed=GW_NO_ROUTE", 0, "self-stuck", HOP_SELF, "us", STALE, FAILS, DOWN},
    {"starved", 0, "self-starved", HOP_SELF, "us", SUSPECT_SELF, WARNS, MID},
    {"starved routed=suspect", 0, "self-starved", HOP_SELF, "us", SUSPECT_SELF, FAILS, MID},
    {"self=CONNECT_REFUSED", 0, "self-check", HOP_SELF, "us", CONNECT_REFUSED, WARNS, MID},
    {"self=DNS_TIMEOUT routed=TIMEOUT", 0, "self-check", HOP_SELF, "us", DNS_TIMEOUT, FAILS, DOWN},
    {"routed=stale", 0, "self-stale", HOP_SELF, "us", STALE, FAILS, MID},
    {"routed=stale direct=stale status=stale", 0, "self-stale", HOP_SELF, "us", STALE, FAILS, MID},
    {"routed=suspect direct=CONNECT_REFUSED", 0, "self-suspect", HOP_SELF, "us", SUSPECT_SELF, FAILS, MID},
    {"routed=?LOCAL_TARGET_REFUSED", 0, "self-refused", HOP_SELF, "us", LOCAL_TARGET_REFUSED, FAILS, MID},
    {"nogw direct=LOCAL_TARGET_REFUSED", 0, "self-refused", HOP_SELF, "us", LOCAL_TARGET_REFUSED, FAILS, DOWN},
    {"routed=?TLS_UNKNOWN_CA", 0, "self-ca-file", HOP_SELF, "us", TLS_UNKNOWN_CA, FAILS, MID},
    {"routed=?LOCAL_FDS", 0, "self-resources", HOP_SELF, "us", LOCAL_FDS, FAILS, MID},
    {"routed=?LOCAL_MEMORY", 0, "self-resources", HOP_SELF, "us", LOCAL_MEMORY, FAILS, MID},
    {"status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT "
     "direct=CONNECT_TIMEOUT", 0, "self-isolated", HOP_SELF, "us", CONNECT_TIMEOUT, FAILS, DOWN},
    {"status=PEER_CLOSED stats=na tls=PEER_CLOSED loop=PEER_CLOSED routed=PEER_CLOSED direct=PEER_CLOSED",
     0, "self-isolated", HOP_SELF, "us", PEER_CLOSED, FAILS, DOWN},
    {"nogw tenants=3 direct=TIMEOUT direct2=CONNECT_TIMEOUT direct3=PEER_CLOSED",
     1, "self-isolated", HOP_SELF, "us", CONNECT_TIMEOUT, FAILS, DOWN},
    /* But a refusal, or anybody's answer, shows that our network works. */
    {"status=CONNECT_REFUSED stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT "
     "direct=CONNECT_TIMEOUT", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT "
     "direct=CONNECT_TIMEOUT own=pass", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"tenants=2 status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT "
     "direct=CONNECT_TIMEOUT routed2=CONNECT_TIMEOUT direct2=CONNECT_REFUSED",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"nogw tenants=2 direct=CONNECT_TIMEOUT direct2=CONNECT_TIMEOUT", 0, "direct-silent", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_TIMEOUT, FAILS, DOWN},

    /* Blocked. */
    {"shared=DNS_NXDOMAIN routed=none+blocked+by:shared", 0, "blocked-name", HOP_NAMES, "platform", DNS_NXDOMAIN, FAILS, MID},
    {"shared=HTTP_STATUS routed=GW_NO_ROUTE+blocked+by:shared", 0, "blocked", HOP_BACKEND_DIRECT, "platform", HTTP_STATUS, FAILS, MID},
    {"shared=CONNECT_REFUSED routed=none+blocked+by:shared", 0, "blocked", HOP_BACKEND_DIRECT, "platform", CONNECT_REFUSED, FAILS, MID},
    {"shared=GW_XDS_LOST routed=none+blocked+by:shared", 0, "blocked", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, MID},
    {"tenants=2 own2=CONNECT_REFUSED routed=none+blocked+by:own2", 0, "blocked", HOP_BACKEND_DIRECT, "tenant:app2", CONNECT_REFUSED, FAILS, MID},
    {"tenants=2 routed2=GW_NO_ROUTE routed=none+blocked+by:own own=none+blocked+by:routed2",
     0, "blocked", HOP_ROUTE, "tenant:app2", GW_NO_ROUTE, FAILS, MID},
    {"self=TIMEOUT+warning routed=none+blocked+by:self", 0, "blocked", HOP_SELF, "us", TIMEOUT, FAILS, MID},
    {"shared=DNS_NXDOMAIN own=none+blocked+by:shared routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"shared=HTTP_STATUS own=none+blocked+by:shared routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"shared=DNS_NXDOMAIN routed=pass+blocked+by:shared", 0, "side-blocked", HOP_NAMES, "platform", DNS_NXDOMAIN, WARNS, MID},
    {"shared=HTTP_STATUS routed=pass+blocked+by:shared", 0, "side-blocked", HOP_BACKEND_DIRECT, "platform", HTTP_STATUS, WARNS, MID},
    /* By a check of the gateway: as that one says. */
    {"status=GW_NOT_LIVE routed=none+blocked", 0, "gateway-not-live", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, FAILS, MID},
    {"status=CONNECT_REFUSED stats=na tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED+blocked",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, MID},
    {"status=GW_NOT_LIVE routed=pass+blocked", 0, "gateway-status", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, WARNS, MID},

    /* Names. */
    {"status=DNS_TIMEOUT stats=DNS_TIMEOUT tls=DNS_TIMEOUT loop=DNS_TIMEOUT routed=DNS_TIMEOUT direct=DNS_TIMEOUT",
     0, "names-dead", HOP_NAMES, "platform", DNS_TIMEOUT, FAILS, DOWN},
    {"nogw direct=DNS_TIMEOUT", 0, "names-dead", HOP_NAMES, "platform", DNS_TIMEOUT, FAILS, DOWN},
    {"status=DNS_NXDOMAIN stats=na tls=DNS_NXDOMAIN loop=DNS_NXDOMAIN routed=DNS_NXDOMAIN direct=DNS_NXDOMAIN",
     0, "names-unknown", HOP_NAMES, "platform", DNS_NXDOMAIN, FAILS, DOWN},
    {"nogw tenants=2 direct=DNS_NXDOMAIN direct2=DNS_NXDOMAIN", 1, "names-unknown", HOP_NAMES, "platform", DNS_NXDOMAIN, FAILS, DOWN},
    {"status=DNS_NXDOMAIN stats=na tls=DNS_NXDOMAIN loop=DNS_NXDOMAIN routed=DNS_NXDOMAIN",
     0, "names-gateway", HOP_NAMES, "platform", DNS_NXDOMAIN, FAILS, DOWN},
    {"tls=DNS_NO_ADDRESS loop=DNS_NO_ADDRESS routed=DNS_NO_ADDRESS", 0, "names-gateway", HOP_NAMES, "platform", DNS_NO_ADDRESS, FAILS, DOWN},
    {"status=DNS_TIMEOUT stats=na tls=DNS_TIMEOUT loop=DNS_TIMEOUT routed=DNS_TIMEOUT",
     0, "names-gateway", HOP_NAMES, "platform", DNS_TIMEOUT, FAILS, DOWN},
    {"status=CONNECT_REFUSED+numeric stats=na tls=none loop=none routed=CONNECT_REFUSED+numeric direct=DNS_TIMEOUT",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"nogw direct=DNS_NXDOMAIN", 0, "names-backend", HOP_NAMES, "tenant:app1", DNS_NXDOMAIN, FAILS, DOWN},
    {"nogw tenants=2 direct2=DNS_NO_ADDRESS", 1, "names-backend", HOP_NAMES, "tenant:app2", DNS_NO_ADDRESS, FAILS, DOWN},

    /* The gateway's pods. */
    {"status=GW_NOT_LIVE routed=CONNECT_REFUSED tls=CONNECT_REFUSED loop=CONNECT_REFUSED",
     0, "gateway-not-live", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, FAILS, DOWN},
    {"status=GW_NOT_LIVE routed=HTTP_STATUS", 0, "app-other-path", HOP_BACKEND_ROUTED, "tenant:app1", HTTP_STATUS, FAILS, DOWN},
    {"status=DNS_NXDOMAIN routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT appgw=10",
     0, "gateway-only-for-us", HOP_GATEWAY_PODS, "platform", CONNECT_TIMEOUT, FAILS, DOWN},
    {"tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED appgw=10",
     0, "listener-tls-missing", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"tenants=2 status=na stats=na tls=none loop=none routed=CONNECT_TIMEOUT appgw=10",
     0, "gateway-silent", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"plain status=na stats=na loop=none routed=TIMEOUT appgw=10", 0, "upstream-hangs", HOP_BACKEND_ROUTED, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"status=HTTP_STATUS routed=none tls=none loop=none", 0, "gateway-status", HOP_GATEWAY_READY, "gateway", HTTP_STATUS, FAILS, MID},
    {"status=DNS_NXDOMAIN stats=na tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED",
     0, "gateway-no-pods", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"status=DNS_NO_ADDRESS stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT",
     0, "gateway-no-pods", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT appgw=10",
     0, "gateway-only-for-us", HOP_GATEWAY_PODS, "platform", CONNECT_TIMEOUT, FAILS, DOWN},
    {"status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT appgw=70",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"status=CONNECT_REFUSED stats=na tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    /* As ztunnel shows it: every connection is accepted first. */
    {"status=PEER_CLOSED stats=na tls=PEER_CLOSED loop=PEER_CLOSED routed=PEER_CLOSED",
     0, "gateway-down", HOP_GATEWAY_PODS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"plain status=TIMEOUT+early stats=na loop=TIMEOUT routed=TIMEOUT", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"tenants=2 status=TIMEOUT+early stats=na tls=TIMEOUT+early loop=TIMEOUT+early routed=TIMEOUT+early "
     "routed2=TIMEOUT+early", 1, "gateway-down", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"tenants=0 status=CONNECT_REFUSED stats=na tls=CONNECT_REFUSED loop=CONNECT_REFUSED",
     SHARED, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"status=CONNECT_REFUSED stats=na tls=none loop=none routed=none", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, MID},
    {"status=CONNECT_REFUSED stats=na tls=DNS_TIMEOUT loop=none routed=none", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, MID},
    {"status=CONNECT_REFUSED+part routed=PEER_CLOSED tls=none loop=none", 0, "gateway-part-down", HOP_GATEWAY_PODS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED", 0, "listener-tls-missing", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"tls=PEER_CLOSED loop=PEER_CLOSED routed=PEER_CLOSED", 0, "listener-tls-missing", HOP_GATEWAY_PODS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"plain loop=PEER_CLOSED routed=PEER_CLOSED", 0, "listener-missing", HOP_GATEWAY_PODS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"plain loop=CONNECT_REFUSED routed=CONNECT_REFUSED", 0, "listener-missing", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"status=na stats=na tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED",
     0, "gateway-silent", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, FAILS, DOWN},
    {"tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT", 0, "gateway-silent", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},
    {"tls=TIMEOUT+early loop=TIMEOUT+early routed=TIMEOUT+early", 0, "gateway-silent", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"plain tenants=2 loop=TIMEOUT routed=TIMEOUT routed2=TIMEOUT", 1, "gateway-hangs", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"plain tenants=2 loop=TIMEOUT routed=TIMEOUT direct=TIMEOUT routed2=TIMEOUT",
     0, "backend-slow", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"tenants=2 tls=none loop=none routed=PEER_CLOSED+late routed2=TIMEOUT", 0, "tls-closed", HOP_GATEWAY_TLS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"tenants=2 tls=none loop=none routed=PEER_CLOSED+late routed2=TIMEOUT", 1, "gateway-hangs", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"plain loop=TIMEOUT routed=TIMEOUT", 0, "gateway-hangs", HOP_GATEWAY_PODS, "gateway", TIMEOUT, FAILS, DOWN},
    {"plain loop=PROTOCOL routed=PROTOCOL", 0, "gateway-not-http", HOP_GATEWAY_PODS, "gateway", PROTOCOL, FAILS, DOWN},
    {"stats=GW_XDS_LOST routed=GW_NO_ENDPOINTS", 0, "gateway-old-config", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"stats=~GW_XDS_LOST routed=GW_NO_ROUTE", 0, "gateway-old-config", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"stats=pass admin=GW_XDS_LOST routed=GW_UPSTREAM_CONNECT", 0, "gateway-old-config", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"stats=na admin=GW_XDS_LOST routed=GW_NO_ROUTE", 0, "gateway-old-config", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"stats=GW_XDS_LOST admin=pass routed=GW_NO_ROUTE", 0, "gateway-old-config", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"stats=GW_CONFIG_REJECTED routed=GW_NO_ENDPOINTS", 0, "gateway-rejected-config", HOP_GATEWAY_READY, "gateway", GW_CONFIG_REJECTED, FAILS, DOWN},
    {"stats=~GW_CONFIG_REJECTED routed=GW_NO_ROUTE", 0, "gateway-rejected-config", HOP_GATEWAY_READY, "gateway", GW_CONFIG_REJECTED, FAILS, DOWN},
    {"stats=GW_CONFIG_REJECTED routed=GW_NO_ENDPOINTS direct=CONNECT_REFUSED",
     0, "backend-not-ready", HOP_BACKEND_DIRECT, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},

    /* TLS. */
    {"tls=TLS_SAN_MISMATCH loop=TLS_SAN_MISMATCH routed=TLS_SAN_MISMATCH", 0, "tls-name", HOP_GATEWAY_TLS, "gateway", TLS_SAN_MISMATCH, FAILS, DOWN},
    {"tls=TLS_EXPIRED loop=TLS_EXPIRED routed=TLS_EXPIRED", 0, "tls-expired", HOP_GATEWAY_TLS, "gateway", TLS_EXPIRED, FAILS, DOWN},
    {"tls=TLS_UNKNOWN_CA loop=TLS_UNKNOWN_CA routed=TLS_UNKNOWN_CA", 0, "tls-unknown-ca", HOP_GATEWAY_TLS, "gateway", TLS_UNKNOWN_CA, FAILS, DOWN},
    {"tls=TLS_CHAIN loop=TLS_CHAIN routed=TLS_CHAIN", 0, "tls-chain", HOP_GATEWAY_TLS, "gateway", TLS_CHAIN, FAILS, DOWN},
    {"loop=PEER_CLOSED+late routed=PEER_CLOSED+late", 0, "tls-closed", HOP_GATEWAY_TLS, "gateway", PEER_CLOSED, FAILS, DOWN},
    {"tls=PROTOCOL loop=PROTOCOL routed=PROTOCOL", 0, "tls-handshake", HOP_GATEWAY_TLS, "gateway", PROTOCOL, FAILS, DOWN},

    /* Routes. */
    {"tenants=2 loop=GW_NO_ROUTE routed=GW_NO_ROUTE", 0, "route-host-taken", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"loop=GW_NO_ROUTE routed=GW_NO_ENDPOINTS", 0, "upstream-no-endpoints", HOP_BACKEND_ROUTED, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"tenants=2 loop=IDENTITY_MISMATCH+404 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE", 1, "route-host-taken", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=2 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE", 0, "route-none", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=2 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE+once", 0, "route-none", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=3 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE routed3=GW_NO_ROUTE", SHARED, "route-none", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"loop=absent routed=GW_NO_ROUTE", 0, "route-only-one", HOP_ROUTE, "gateway", GW_NO_ROUTE, FAILS, DOWN},
    {"routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=2 loop=absent routed2=GW_NO_ROUTE", 1, "route-missing", HOP_ROUTE, "tenant:app2", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=3 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE", 1, "route-missing", HOP_ROUTE, "tenant:app2", GW_NO_ROUTE, FAILS, DOWN},
    {"tenants=2 loop=absent routed=GW_NO_ROUTE routed2=none", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"routed=GW_BACKENDREF_INVALID direct=DNS_NXDOMAIN", 0, "route-no-service", HOP_ROUTE, "tenant:app1", GW_BACKENDREF_INVALID, FAILS, DOWN},
    {"routed=GW_BACKENDREF_INVALID", 0, "route-backend", HOP_ROUTE, "tenant:app1", GW_BACKENDREF_INVALID, FAILS, DOWN},
    {"routed=GW_BACKENDREF_INVALID direct=CONNECT_REFUSED", 0, "route-backend", HOP_ROUTE, "tenant:app1", GW_BACKENDREF_INVALID, FAILS, DOWN},
    {"tenants=2 routed=GW_REDIRECT routed2=GW_REDIRECT", 1, "route-redirect-all", HOP_ROUTE, "gateway", GW_REDIRECT, FAILS, DOWN},
    {"loop=GW_REDIRECT routed=GW_REDIRECT", 0, "route-redirect-all", HOP_ROUTE, "gateway", GW_REDIRECT, FAILS, DOWN},
    {"tenants=2 routed=GW_REDIRECT", 0, "route-redirect", HOP_ROUTE, "tenant:app1", GW_REDIRECT, FAILS, DOWN},
    {"routed=GW_DENIED", 0, "route-denied", HOP_ROUTE, "gateway", GW_DENIED, FAILS, DOWN},
    {"identity routed=IDENTITY_MISMATCH", 0, "identity-tenant", HOP_IDENTITY, "gateway", IDENTITY_MISMATCH, FAILS, DOWN},
    {"identity routed=IDENTITY_MISMATCH direct=CONNECT_REFUSED", 0, "identity-tenant", HOP_IDENTITY, "gateway", IDENTITY_MISMATCH, FAILS, DOWN},

    /* The application, both ways. */
    {"routed=GW_NO_ENDPOINTS direct=CONNECT_REFUSED", 0, "backend-not-ready", HOP_BACKEND_DIRECT, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"stats=GW_XDS_LOST routed=GW_NO_ENDPOINTS direct=CONNECT_REFUSED", 0, "backend-not-ready", HOP_BACKEND_DIRECT, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED", 0, "backend-down", HOP_BACKEND_DIRECT, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED+once", 0, "backend-down", HOP_BACKEND_DIRECT, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"tenants=2 routed=GW_UPSTREAM_RESET direct=PEER_CLOSED routed2=GW_UPSTREAM_RESET direct2=PEER_CLOSED",
     1, "backend-down", HOP_BACKEND_DIRECT, "tenant:app2", GW_UPSTREAM_RESET, FAILS, DOWN},
    {"routed=GW_UPSTREAM_TIMEOUT direct=TIMEOUT", 0, "backend-slow", HOP_BACKEND_DIRECT, "tenant:app1", GW_UPSTREAM_TIMEOUT, FAILS, DOWN},
    {"plain routed=TIMEOUT direct=TIMEOUT", 0, "backend-slow", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"routed=HTTP_STATUS direct=HTTP_STATUS", 0, "backend-fails", HOP_BACKEND_DIRECT, "tenant:app1", HTTP_STATUS, FAILS, DOWN},
    {"routed=GW_UPSTREAM_PROTOCOL direct=PROTOCOL", 0, "backend-fails", HOP_BACKEND_DIRECT, "tenant:app1", GW_UPSTREAM_PROTOCOL, FAILS, DOWN},
    {"routed=PROTOCOL+head direct=PROTOCOL+head", 0, "backend-fails", HOP_BACKEND_DIRECT, "tenant:app1", PROTOCOL, FAILS, DOWN},

    /* The application through the gateway alone. */
    {"tenants=2 routed=GW_UPSTREAM_CONNECT routed2=GW_UPSTREAM_RESET", 1, "upstream-all", HOP_BACKEND_ROUTED, "gateway", GW_UPSTREAM_RESET, FAILS, DOWN},
    {"tenants=2 routed=GW_UPSTREAM_CONNECT routed2=GW_UPSTREAM_CONNECT", 0, "upstream-all", HOP_BACKEND_ROUTED, "gateway", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"loop=GW_UPSTREAM_RESET routed=GW_UPSTREAM_RESET", 0, "upstream-all", HOP_BACKEND_ROUTED, "gateway", GW_UPSTREAM_RESET, FAILS, DOWN},
    {"tenants=2 routed=GW_UPSTREAM_CONNECT", 0, "upstream-unreachable", HOP_BACKEND_ROUTED, "gateway", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"routed=GW_NO_ENDPOINTS", 0, "upstream-no-endpoints", HOP_BACKEND_ROUTED, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"routed=GW_NO_ENDPOINTS direct=DNS_NXDOMAIN", 0, "upstream-not-ready", HOP_BACKEND_ROUTED, "tenant:app1", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"routed=GW_UPSTREAM_CONNECT direct=absent", 0, "upstream-connect", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"routed=GW_UPSTREAM_CONNECT direct=stale", 0, "upstream-connect", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"routed=GW_UPSTREAM_CONNECT direct=suspect", 0, "upstream-connect", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"routed=GW_UPSTREAM_RESET", 0, "upstream-reset", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_RESET, FAILS, DOWN},
    {"routed=GW_UPSTREAM_PROTOCOL", 0, "upstream-protocol", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_PROTOCOL, FAILS, DOWN},
    {"routed=GW_UPSTREAM_TIMEOUT", 0, "upstream-timeout", HOP_BACKEND_ROUTED, "tenant:app1", GW_UPSTREAM_TIMEOUT, FAILS, DOWN},
    {"routed=TIMEOUT", 0, "upstream-hangs", HOP_BACKEND_ROUTED, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"plain tenants=2 routed=TIMEOUT", 0, "upstream-hangs", HOP_BACKEND_ROUTED, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"plain tenants=2 routed=TIMEOUT routed2=TIMEOUT", 0, "upstream-hangs", HOP_BACKEND_ROUTED, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"routed=HTTP_STATUS+404", 0, "app-other-path", HOP_BACKEND_ROUTED, "tenant:app1", HTTP_STATUS, FAILS, DOWN},
    {"routed=HTTP_STATUS direct=none", 0, "app-status", HOP_BACKEND_ROUTED, "tenant:app1", HTTP_STATUS, FAILS, DOWN},
    /* It speaks through the gateway, so it is not down: only we cannot reach it. */
    {"routed=HTTP_STATUS direct=CONNECT_TIMEOUT", 0, "app-status", HOP_BACKEND_ROUTED, "tenant:app1", HTTP_STATUS, FAILS, DOWN},
    {"routed=BODY_MISMATCH", 0, "app-answer", HOP_BACKEND_ROUTED, "tenant:app1", BODY_MISMATCH, FAILS, DOWN},
    {"routed=TOO_LARGE", 0, "app-answer", HOP_BACKEND_ROUTED, "tenant:app1", TOO_LARGE, FAILS, DOWN},
    {"routed=PROTOCOL+head", 0, "app-answer", HOP_BACKEND_ROUTED, "tenant:app1", PROTOCOL, FAILS, DOWN},
    {"routed=GW_XDS_LOST", 0, "routed", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    {"routed=GW_XDS_LOST direct=CONNECT_REFUSED", 0, "routed", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, FAILS, DOWN},
    /* The status port alone blocks the check, but the answer is the tenant's trouble. */
    {"status=CONNECT_REFUSED routed=GW_NO_ENDPOINTS+blocked direct=CONNECT_REFUSED",
     0, "backend-not-ready", HOP_BACKEND_DIRECT, "tenant:app1", GW_NO_ENDPOINTS, FAILS, MID},
    {"status=GW_NOT_LIVE+part routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},

    /* Without a gateway. */
    {"nogw direct=CONNECT_REFUSED", 0, "direct-closed", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_REFUSED, FAILS, DOWN},
    {"nogw tenants=2 direct=PEER_CLOSED direct2=PEER_CLOSED", 1, "direct-closed", HOP_BACKEND_DIRECT, "tenant:app2", PEER_CLOSED, FAILS, DOWN},
    {"nogw direct=TIMEOUT", 0, "direct-silent", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, FAILS, DOWN},
    {"nogw direct=CONNECT_TIMEOUT", 0, "direct-silent", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_TIMEOUT, FAILS, DOWN},
    {"nogw direct=TLS_EXPIRED", 0, "direct", HOP_BACKEND_DIRECT, "tenant:app1", TLS_EXPIRED, FAILS, DOWN},
    {"nogw direct=HTTP_STATUS", 0, "direct", HOP_BACKEND_DIRECT, "tenant:app1", HTTP_STATUS, FAILS, DOWN},

    /* The operator's own checks of a tenant. */
    {"own=DNS_NXDOMAIN", 0, "tenant-check-name", HOP_NAMES, "tenant:app1", DNS_NXDOMAIN, FAILS, DOWN},
    {"own=CONNECT_REFUSED", 0, "tenant-check", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_REFUSED, FAILS, DOWN},
    {"own=CONNECT_REFUSED+warning", 0, "tenant-check", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_REFUSED, WARNS, MID},
    {"own=CONNECT_REFUSED+warning routed=none", 0, "tenant-check", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_REFUSED, WARNS, MID},
    {"own=DNS_TIMEOUT+warning routed=none", 0, "tenant-check-name", HOP_NAMES, "tenant:app1", DNS_TIMEOUT, WARNS, MID},
    {"own=CONNECT_REFUSED routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},

    /* What users do not notice. */
    {"direct=stale", 0, "side-ours", HOP_SELF, "us", STALE, WARNS, MID},
    {"status=?LOCAL_FDS", 0, "side-ours", HOP_SELF, "us", LOCAL_FDS, WARNS, MID},
    {"self=CONNECT_REFUSED+warning", 0, "side-self", HOP_SELF, "us", CONNECT_REFUSED, WARNS, MID},
    {"self=~TIMEOUT", 0, "side-self", HOP_SELF, "us", TIMEOUT, WARNS, MID},
    {"self=TIMEOUT+warning routed=none", 0, "side-self", HOP_SELF, "us", TIMEOUT, WARNS, MID},
    {"shared=HTTP_STATUS own=none+blocked+by:shared", 0, "side-blocked", HOP_BACKEND_DIRECT, "platform", HTTP_STATUS, WARNS, MID},
    {"tenants=2 status=none stats=none tls=none loop=none direct=DNS_TIMEOUT direct2=DNS_TIMEOUT routed=none routed2=none",
     0, "names-dead-for-apps", HOP_NAMES, "platform", DNS_TIMEOUT, WARNS, MID},
    {"tenants=2 direct=DNS_NXDOMAIN direct2=DNS_NXDOMAIN", 0, "names-apps", HOP_NAMES, "platform", DNS_NXDOMAIN, WARNS, MID},
    {"tenants=2 direct=DNS_NXDOMAIN", 0, "names-app", HOP_NAMES, "tenant:app1", DNS_NXDOMAIN, WARNS, MID},
    {"tenants=2 direct=DNS_NXDOMAIN direct2=DNS_NXDOMAIN routed=none", 0, "names-apps", HOP_NAMES, "platform", DNS_NXDOMAIN, WARNS, MID},
    {"tenants=2 direct=DNS_NXDOMAIN routed=none", 0, "names-app", HOP_NAMES, "tenant:app1", DNS_NXDOMAIN, WARNS, MID},
    {"tenants=2 status=none stats=none tls=none loop=none routed=none routed2=none direct=CONNECT_TIMEOUT+numeric "
     "direct2=DNS_TIMEOUT", 0, "app-blocked", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_TIMEOUT, WARNS, MID},
    {"direct=DNS_TIMEOUT", 0, "names-app", HOP_NAMES, "tenant:app1", DNS_TIMEOUT, WARNS, MID},
    {"status=DNS_NXDOMAIN", 0, "names-pods", HOP_NAMES, "platform", DNS_NXDOMAIN, WARNS, MID},
    {"status=DNS_NXDOMAIN routed=pass+blocked", 0, "names-pods", HOP_NAMES, "platform", DNS_NXDOMAIN, WARNS, MID},
    {"stats=DNS_NO_ADDRESS", 0, "names-stats", HOP_NAMES, "platform", DNS_NO_ADDRESS, WARNS, MID},
    {"tls=DNS_TIMEOUT", 0, "names-tls", HOP_NAMES, "platform", DNS_TIMEOUT, WARNS, MID},
    {"loop=DNS_TIMEOUT", 0, "names-loopback", HOP_NAMES, "platform", DNS_TIMEOUT, WARNS, MID},
    {"status=CONNECT_REFUSED+part", 0, "some-pods-down", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, WARNS, MID},
    {"status=TIMEOUT+part routed=pass+blocked", 0, "some-pods-down", HOP_GATEWAY_PODS, "gateway", TIMEOUT, WARNS, MID},
    {"tls=CONNECT_REFUSED", 0, "tls-port-silent", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, WARNS, MID},
    {"loop=CONNECT_REFUSED", 0, "loopback-silent", HOP_GATEWAY_PODS, "gateway", CONNECT_REFUSED, WARNS, MID},
    {"status=GW_NOT_LIVE+part", 0, "some-pods-not-ready", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, WARNS, MID},
    {"status=CONNECT_REFUSED", 0, "status-port-silent", HOP_GATEWAY_READY, "gateway", CONNECT_REFUSED, WARNS, MID},
    {"status=TIMEOUT+early", 0, "status-port-silent", HOP_GATEWAY_READY, "gateway", TIMEOUT, WARNS, MID},
    {"status=~GW_NOT_LIVE", 0, "gateway-status", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, WARNS, MID},
    {"status=HTTP_STATUS", 0, "gateway-status", HOP_GATEWAY_READY, "gateway", HTTP_STATUS, WARNS, MID},
    {"stats=GW_XDS_LOST", 0, "istiod-lost", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, WARNS, MID},
    {"stats=~GW_XDS_LOST", SHARED, "istiod-lost", HOP_GATEWAY_READY, "gateway", GW_XDS_LOST, WARNS, MID},
    {"stats=GW_CONFIG_REJECTED", 0, "config-rejected", HOP_GATEWAY_READY, "gateway", GW_CONFIG_REJECTED, WARNS, MID},
    {"stats=~GW_CONFIG_REJECTED", 0, "config-rejected", HOP_GATEWAY_READY, "gateway", GW_CONFIG_REJECTED, WARNS, MID},
    {"stats=GW_NOT_LIVE", 0, "gateway-stats", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, WARNS, MID},
    {"tls=~TLS_EXPIRED", 0, "tls-expires", HOP_GATEWAY_TLS, "gateway", TLS_EXPIRED, WARNS, MID},
    {"tls=TLS_EXPIRED", 0, "tls-check", HOP_GATEWAY_TLS, "gateway", TLS_EXPIRED, WARNS, MID},
    {"tls=TLS_UNKNOWN_CA", 0, "tls-check", HOP_GATEWAY_TLS, "gateway", TLS_UNKNOWN_CA, WARNS, MID},
    {"tls=TLS_CHAIN routed=none", 0, "tls-check", HOP_GATEWAY_TLS, "gateway", TLS_CHAIN, FAILS, MID},
    {"loop=TLS_CHAIN", 0, "tls-loopback", HOP_GATEWAY_TLS, "gateway", TLS_CHAIN, WARNS, MID},
    {"loop=GW_NO_ROUTE", 0, "probe-route-missing", HOP_IDENTITY, "gateway", GW_NO_ROUTE, WARNS, MID},
    {"loop=IDENTITY_MISMATCH", 0, "probe-path-taken", HOP_IDENTITY, "gateway", IDENTITY_MISMATCH, WARNS, MID},
    {"loop=HTTP_STATUS", SHARED, "probe-path-taken", HOP_IDENTITY, "gateway", HTTP_STATUS, WARNS, MID},
    {"loop=GW_NO_ENDPOINTS", 0, "probe-path-broken", HOP_IDENTITY, "us", GW_NO_ENDPOINTS, WARNS, MID},
    {"loop=TIMEOUT", 0, "probe-path-broken", HOP_IDENTITY, "us", TIMEOUT, WARNS, MID},
    {"tenants=2 direct=CONNECT_TIMEOUT direct2=PEER_CLOSED", 1, "apps-blocked", HOP_BACKEND_DIRECT, "platform", PEER_CLOSED, WARNS, MID},
    {"tenants=2 direct=CONNECT_TIMEOUT direct2=CONNECT_TIMEOUT", SHARED, "apps-blocked", HOP_BACKEND_DIRECT, "platform", CONNECT_TIMEOUT, WARNS, MID},
    {"tenants=2 direct=CONNECT_TIMEOUT", 0, "app-blocked", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_TIMEOUT, WARNS, MID},
    {"tenants=2 direct=TIMEOUT direct2=TIMEOUT routed=none", 0, "apps-blocked", HOP_BACKEND_DIRECT, "platform", TIMEOUT, WARNS, MID},
    {"direct=TIMEOUT", 0, "app-blocked", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, WARNS, MID},
    {"direct=HTTP_STATUS routed=none", 0, "app-direct", HOP_BACKEND_DIRECT, "tenant:app1", HTTP_STATUS, WARNS, MID},
    {"tenants=0 self=pass appgw=95+node", SHARED, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"direct=CONNECT_REFUSED", 0, "app-blocked", HOP_BACKEND_DIRECT, "tenant:app1", CONNECT_REFUSED, WARNS, MID},
    {"direct=PEER_CLOSED routed=none", 0, "app-blocked", HOP_BACKEND_DIRECT, "tenant:app1", PEER_CLOSED, WARNS, MID},
    {"direct=HTTP_STATUS", 0, "app-direct", HOP_BACKEND_DIRECT, "tenant:app1", HTTP_STATUS, WARNS, MID},
    {"direct=~TIMEOUT", 0, "app-direct", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, WARNS, MID},
    {"routed=~TLS_EXPIRED", 0, "routed-warns", HOP_GATEWAY_TLS, "gateway", TLS_EXPIRED, WARNS, MID},
    {"own=~TIMEOUT", 0, "tenant-check-warns", HOP_BACKEND_DIRECT, "tenant:app1", TIMEOUT, WARNS, MID},
    {"shared=CONNECT_REFUSED", SHARED, "shared-check", HOP_BACKEND_DIRECT, "platform", CONNECT_REFUSED, FAILS, DOWN},
    {"shared=GW_NO_ENDPOINTS", SHARED, "shared-check", HOP_BACKEND_ROUTED, "platform", GW_NO_ENDPOINTS, FAILS, DOWN},
    {"shared=TLS_EXPIRED", SHARED, "shared-check", HOP_BACKEND_DIRECT, "platform", TLS_EXPIRED, FAILS, DOWN},
    {"shared=GW_NOT_LIVE", SHARED, "shared-check", HOP_GATEWAY_READY, "gateway", GW_NOT_LIVE, FAILS, DOWN},
    {"shared=DNS_NXDOMAIN nogw tenants=0", SHARED, "shared-check", HOP_NAMES, "platform", DNS_NXDOMAIN, FAILS, DOWN},
    {"shared=CONNECT_REFUSED+warning", SHARED, "shared-check", HOP_BACKEND_DIRECT, "platform", CONNECT_REFUSED, WARNS, MID},
    {"shared=~TIMEOUT", SHARED, "shared-check-warns", HOP_BACKEND_DIRECT, "platform", TIMEOUT, WARNS, MID},

    /* Inbound. */
    {"appgw=95+node", 0, "appgw-silent-cluster", HOP_INBOUND, "platform", TIMEOUT, WARNS, MID},
    {"appgw=95", 0, "appgw-silent", HOP_INBOUND, "platform", TIMEOUT, WARNS, MID},
    {"appgw=95", SHARED, "appgw-silent", HOP_INBOUND, "platform", TIMEOUT, WARNS, MID},
    {"appgw=95 routed=GW_NO_ROUTE", 0, "route-missing", HOP_ROUTE, "tenant:app1", GW_NO_ROUTE, FAILS, DOWN},
    {"appgw=3+retry", 0, "appgw-retried", HOP_INBOUND, "us", GW_UPSTREAM_CONNECT, WARNS, MID},
    /* Nothing answers, and Application Gateway has gone as well: then it is not only us. */
    {"status=CONNECT_TIMEOUT stats=na tls=CONNECT_TIMEOUT loop=CONNECT_TIMEOUT routed=CONNECT_TIMEOUT "
     "direct=CONNECT_TIMEOUT appgw=95", 0, "gateway-down", HOP_GATEWAY_PODS, "gateway", CONNECT_TIMEOUT, FAILS, DOWN},

    /* Nothing is broken. */
    {"", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"", SHARED, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"plain tenants=4 identity own=pass self=pass shared=pass admin=pass appgw=3", 3, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"nogw", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"nogw tenants=0", SHARED, NULL, HOP_SELF, "", REASON_NONE, PATH_UNKNOWN, UP},
    {"stats=na admin=na", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"routed=GW_NO_ROUTE+once direct=TIMEOUT+once", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"routed=none", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, MID},
    {"routed=none direct=none status=none stats=none tls=none loop=none", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_UNKNOWN, MID},
    {"appgw=95 starting", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"appgw=95+stranger", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"appgw=59", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"appgw=3+node", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"appgw=95 routed=none", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, MID},
    {"appgw=95+node routed=none", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, MID},
    {"appgw=3+retry routed=none", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, MID},
    {"shared=CONNECT_REFUSED", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    /* Another tenant's trouble. */
    {"tenants=2 routed2=GW_NO_ROUTE direct2=DNS_NXDOMAIN own2=TIMEOUT", 0, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"tenants=2 routed2=GW_NO_ROUTE direct2=DNS_NXDOMAIN own2=TIMEOUT", SHARED, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    {"tenants=2 routed=GW_NO_ENDPOINTS routed2=GW_NO_ROUTE", SHARED, NULL, HOP_SELF, "", REASON_NONE, PATH_PASS, UP},
    /* Two faults at once. */
    {"tenants=2 routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED routed2=GW_NO_ROUTE", 0, "backend-down", HOP_BACKEND_DIRECT, "tenant:app1", GW_UPSTREAM_CONNECT, FAILS, DOWN},
    {"tenants=2 routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED routed2=GW_NO_ROUTE", 1, "route-missing", HOP_ROUTE, "tenant:app2", GW_NO_ROUTE, FAILS, DOWN},
};
/* clang-format on */

static const char *or_none(const char *text) {
    return text != NULL ? text : "none";
}

static void compare(const struct row *row, const struct path_survey *survey,
                    const struct path_report *report) {
    char owner[PATH_OWNER_MAX] = "";
    const char *rule = report->is_broken ? report->rule : NULL;
    enum path_state state = report->hops[report->broken_hop].state;

    if (report->is_broken)
        path_owner(survey, report, owner);
    if (strcmp(or_none(rule), or_none(row->rule)) != 0)
        fail_msg("%s: expected rule %s, got %s (%s)", row->scene, or_none(row->rule),
                 or_none(rule), report->summary);
    if (report->broken_hop != row->hop || strcmp(owner, row->owner) != 0 ||
        report->reason != row->reason)
        fail_msg("%s: got %s, %s, %s", row->scene, hop_name(report->broken_hop), owner,
                 reason_name(report->reason));
    if (state != row->state)
        fail_msg("%s: the hop is %s", row->scene, path_state_name(state));
    if (report->state != row->tenant_state)
        fail_msg("%s: state %s", row->scene, tenant_state_name(report->state));
}

static void test_path_diagnose_every_rule_names_hop_owner_and_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;
        struct path_survey survey;

        scene_make(&scene, rows[i].scene);
        scene_diagnose(&scene, rows[i].tenant, &report);
        path_survey(&survey, scene.snapshot, false);
        compare(&rows[i], &survey, &report);
        scene_free(&scene);
    }
}

static void test_path_rule_id_each_has_a_scene_and_is_unique(void **state) {
    (void)state;
    size_t count = 0;

    for (const char *id; (id = path_rule_id(count)) != NULL; count++) {
        bool is_tested = false;

        for (size_t i = 0; i < LENGTH(rows); i++)
            is_tested = is_tested || strcmp(or_none(rows[i].rule), id) == 0;
        if (!is_tested)
            fail_msg("no scene for rule %s", id);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(path_rule_id(i), id);
    }
    assert_true(count > 50);
    assert_null(path_rule_id(count + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_diagnose_every_rule_names_hop_owner_and_reason),
        cmocka_unit_test(test_path_rule_id_each_has_a_scene_and_is_unique),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
