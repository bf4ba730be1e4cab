/* Reason codes: the closed, stable vocabulary of what can be wrong, each with the hop
 * where it is seen and whose it is at first guess (model/path.h refines the guess).
 * docs/reason-codes.md documents every one; a test keeps both equal. */
#ifndef MODEL_REASON_H
#define MODEL_REASON_H

#include <stdbool.h>

/* Places on the path from us to the tenant's application, in the order they are passed.
 */
enum hop {
    HOP_SELF,
    HOP_NAMES,
    HOP_GATEWAY_PODS,
    HOP_GATEWAY_READY,
    HOP_GATEWAY_TLS,
    HOP_ROUTE,
    HOP_IDENTITY,
    HOP_BACKEND_DIRECT,
    HOP_BACKEND_ROUTED,
    HOP_INBOUND,
};
enum { HOP_COUNT = 10 };

enum owner { OWNER_US, OWNER_PLATFORM, OWNER_GATEWAY, OWNER_TENANT };

enum reason {
    REASON_NONE,
    /* names */
    DNS_NXDOMAIN,
    DNS_TIMEOUT,
    DNS_NO_ADDRESS,
    /* connections */
    CONNECT_REFUSED,
    CONNECT_TIMEOUT,
    PEER_CLOSED, /* accepted, then closed or reset before an answer byte */
    /* the gateway's own state */
    GW_NOT_LIVE,
    GW_CONFIG_REJECTED,
    GW_XDS_LOST,
    /* certificates */
    TLS_SAN_MISMATCH,
    TLS_EXPIRED,
    TLS_UNKNOWN_CA,
    TLS_CHAIN,
    /* answers that the gateway makes itself */
    GW_NO_ROUTE,
    GW_BACKENDREF_INVALID,
    GW_REDIRECT,
    GW_DENIED,
    GW_NO_ENDPOINTS,
    GW_UPSTREAM_CONNECT,
    GW_UPSTREAM_RESET,
    GW_UPSTREAM_PROTOCOL,
    GW_UPSTREAM_TIMEOUT,
    /* somebody else answered */
    IDENTITY_MISMATCH,
    /* the application's answer */
    HTTP_STATUS,
    BODY_MISMATCH,
    /* a peer that hangs, speaks no HTTP, or says too much */
    TIMEOUT,
    PROTOCOL,
    TOO_LARGE,
    /* our own fault */
    LOCAL_FDS,
    LOCAL_MEMORY,
    LOCAL_TARGET_REFUSED,
    SUSPECT_SELF,
    STALE,
    BLOCKED_BY,
};
enum { REASON_COUNT = BLOCKED_BY + 1 };

/* The code as it is printed ("GW_NO_ROUTE"); "NONE" for REASON_NONE. Static. */
const char *reason_name(enum reason reason);
/* One short clause for people: "no HTTPRoute matches". Static. */
const char *reason_text(enum reason reason);
/* Where it is usually seen and whose it usually is. */
enum hop reason_hop(enum reason reason);
enum owner reason_owner(enum reason reason);
/* Our own fault: counts against us, never against a target. */
bool reason_is_local(enum reason reason);

/* "gateway_ready" and so on; static. */
const char *hop_name(enum hop hop);
/* "us", "platform", "gateway", "tenant"; static. */
const char *owner_name(enum owner owner);

#endif
