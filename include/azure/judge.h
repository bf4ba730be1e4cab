/* One answer to a probe, judged as Application Gateway judges it, in its own words: those
 * of its backend health report, or of its documentation where no report shows them
 * (docs/application-gateway.md says which). Pure; any thread. */
#ifndef AZURE_JUDGE_H
#define AZURE_JUDGE_H

#include "azure/definition.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Why it refuses a certificate, in the order of its documentation. */
enum appgw_refusal {
    APPGW_ACCEPTS,
    APPGW_OTHER_NAME,
    APPGW_NOT_IN_DATES,
    APPGW_INTERMEDIATE_MISSING,
    APPGW_LEAF_MISSING,
    APPGW_LEAF_UNKNOWN, /* no root was uploaded, and no well-known CA signed it */
    APPGW_INTERMEDIATE_UNKNOWN,
    APPGW_INTERMEDIATE_OTHER_ROOT, /* roots were uploaded; the server shows another */
    APPGW_OTHER_ROOT,
    APPGW_LEAF_NOT_FIRST,
    APPGW_NOT_VERIFIED, /* anything else; a number of OpenSSL's goes with it */
};

/* What is wrong, in the service's words, without its advice. "" for APPGW_ACCEPTS. */
const char *appgw_refusal_brief(enum appgw_refusal refusal);

/* How an attempt ended. */
enum appgw_end {
    APPGW_ANSWERED,        /* there is a status, and a body perhaps */
    APPGW_NO_NAME,         /* the server's name has no address */
    APPGW_NO_CONNECTION,   /* refused, unreachable, or closed without an answer */
    APPGW_TOO_SLOW,        /* no connection, or no whole answer, in time */
    APPGW_BAD_CERTIFICATE, /* `refusal` says why; a handshake that failed otherwise is
                              APPGW_NOT_VERIFIED */
};

struct appgw_answer {
    enum appgw_end end;
    int status;
    const char *body;
    size_t body_len;
    enum appgw_refusal refusal;
    int tls_code; /* APPGW_NOT_VERIFIED: OpenSSL's number (openssl-verify(1)) */
};

/* True: healthy. Appends what healthProbeLog would say. */
bool appgw_judge(const struct appgw_probe *probe, const struct appgw_answer *answer,
                 struct buf *log);

#endif
