/* The table of reason codes: one row each, the only place where a code gets its hop,
 * owner and text. docs/reason-codes.md repeats it for people; test_reason compares the
 * two. */
#include "model/reason.h"

struct row {
    const char *name;
    enum hop hop;
    enum owner owner;
    const char *text;
};

/* clang-format off */
#define ROW(code, hop, owner, text) [code] = {#code, HOP_##hop, OWNER_##owner, text}

static const struct row rows[] = {
    [REASON_NONE] = {"NONE", HOP_SELF, OWNER_US, "nothing is wrong"},

    ROW(DNS_NXDOMAIN, NAMES, PLATFORM, "the name does not exist"),
    ROW(DNS_TIMEOUT, NAMES, PLATFORM, "no name server answered in time"),
    ROW(DNS_NO_ADDRESS, NAMES, PLATFORM, "the name exists but has no address"),

    ROW(CONNECT_REFUSED, GATEWAY_PODS, GATEWAY, "the connection was refused"),
    ROW(CONNECT_TIMEOUT, GATEWAY_PODS, GATEWAY, "nobody answered the connection attempt"),
    ROW(PEER_CLOSED, GATEWAY_PODS, GATEWAY, "the connection was closed before any answer"),

    ROW(GW_NOT_LIVE, GATEWAY_READY, GATEWAY, "the gateway says it is not ready"),
    ROW(GW_CONFIG_REJECTED, GATEWAY_READY, GATEWAY, "the gateway rejected its configuration"),
    ROW(GW_XDS_LOST, GATEWAY_READY, GATEWAY, "the gateway lost its control plane"),

    ROW(TLS_SAN_MISMATCH, GATEWAY_TLS, GATEWAY, "the certificate is for another name"),
    ROW(TLS_EXPIRED, GATEWAY_TLS, GATEWAY, "the certificate is expired or not yet valid"),
    ROW(TLS_UNKNOWN_CA, GATEWAY_TLS, GATEWAY, "the certificate comes from an unknown CA"),
    ROW(TLS_CHAIN, GATEWAY_TLS, GATEWAY, "the certificate chain cannot be verified"),

    ROW(GW_NO_ROUTE, ROUTE, TENANT, "no HTTPRoute matches"),
    ROW(GW_BACKENDREF_INVALID, ROUTE, TENANT, "the HTTPRoute points at no usable backend"),
    ROW(GW_REDIRECT, ROUTE, TENANT, "the route answers with a redirect"),
    ROW(GW_DENIED, ROUTE, GATEWAY, "an authorization policy denies the request"),
    ROW(GW_NO_ENDPOINTS, BACKEND_ROUTED, TENANT, "the backend has no ready endpoint"),
    ROW(GW_UPSTREAM_CONNECT, BACKEND_ROUTED, TENANT, "the gateway cannot connect to the backend"),
    ROW(GW_UPSTREAM_RESET, BACKEND_ROUTED, TENANT, "the backend closed the connection"),
    ROW(GW_UPSTREAM_PROTOCOL, BACKEND_ROUTED, TENANT, "the backend does not speak HTTP"),
    ROW(GW_UPSTREAM_TIMEOUT, BACKEND_ROUTED, TENANT, "the backend took longer than the route allows"),

    ROW(IDENTITY_MISMATCH, IDENTITY, GATEWAY, "somebody else answered"),

    ROW(HTTP_STATUS, BACKEND_ROUTED, TENANT, "the application answered with a wrong status"),
    ROW(BODY_MISMATCH, BACKEND_ROUTED, TENANT, "the answer lacks the expected text"),

    ROW(TIMEOUT, BACKEND_ROUTED, TENANT, "the peer took too long to answer"),
    ROW(PROTOCOL, BACKEND_ROUTED, TENANT, "the peer sent something else than expected"),
    ROW(TOO_LARGE, BACKEND_ROUTED, TENANT, "the answer is larger than allowed"),

    ROW(LOCAL_FDS, SELF, US, "we have no file descriptor left"),
    ROW(LOCAL_MEMORY, SELF, US, "we have no memory left for the check"),
    ROW(LOCAL_TARGET_REFUSED, SELF, US, "we refuse to check this address"),
    ROW(SUSPECT_SELF, SELF, US, "we were starved ourselves and cannot judge"),
    ROW(STALE, SELF, US, "the check brought no outcome for too long"),
    ROW(BLOCKED_BY, GATEWAY_READY, GATEWAY, "a check it depends on is failing"),
};
/* clang-format on */

_Static_assert(sizeof(rows) / sizeof(rows[0]) == REASON_COUNT, "a row for every reason");

const char *reason_name(enum reason reason) {
    return rows[reason].name;
}

const char *reason_text(enum reason reason) {
    return rows[reason].text;
}

enum hop reason_hop(enum reason reason) {
    return rows[reason].hop;
}

enum owner reason_owner(enum reason reason) {
    return rows[reason].owner;
}

bool reason_is_local(enum reason reason) {
    return reason != REASON_NONE && rows[reason].owner == OWNER_US;
}

const char *hop_name(enum hop hop) {
    static const char *const names[HOP_COUNT] = {
        [HOP_SELF] = "self",
        [HOP_NAMES] = "names",
        [HOP_GATEWAY_PODS] = "gateway_pods",
        [HOP_GATEWAY_READY] = "gateway_ready",
        [HOP_GATEWAY_TLS] = "gateway_tls",
        [HOP_ROUTE] = "route",
        [HOP_IDENTITY] = "identity",
        [HOP_BACKEND_DIRECT] = "backend_direct",
        [HOP_BACKEND_ROUTED] = "backend_routed",
        [HOP_INBOUND] = "inbound",
    };

    return names[hop];
}

const char *owner_name(enum owner owner) {
    static const char *const names[] = {
        [OWNER_US] = "us",
        [OWNER_PLATFORM] = "platform",
        [OWNER_GATEWAY] = "gateway",
        [OWNER_TENANT] = "tenant",
    };

    return names[owner];
}
