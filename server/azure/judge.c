/* From an answer to Application Gateway's verdict and words. Owns the wording; chains of
 * certificates are judged elsewhere (check/tls.h). */
#include "azure/judge.h"

#include "base/buf.h"

#include <string.h>

static const char too_slow[] =
    "Time taken by the backend to respond to application gateway's health probe is more "
    "than the time-out threshold in the probe configuration. Either increase the "
    "time-out threshold in the probe configuration or resolve the backend issues. Note: "
    "for default probe, the http timeout is 30s. To learn more visit - "
    "https://aka.ms/ProbeTimeOut.";
static const char no_connection[] =
    "Cannot connect to backend server. Check whether any NSG/UDR/Firewall is blocking "
    "access to the server. Check if application is running on correct port. To learn "
    "more visit - https://aka.ms/servernotreachable.";
static const char no_name[] =
    "Application Gateway could not create a probe for this backend. This usually happens "
    "when the FQDN of the backend has not been entered correctly.";

#define COMPLETE                                                                         \
    "Ensure the certificate chain is complete and correctly ordered on the backend "     \
    "server."

static const struct {
    const char *brief;
    const char *advice; /* NULL: none */
} refusals[] = {
    [APPGW_ACCEPTS] = {"", NULL},
    [APPGW_OTHER_NAME] = {"The Common Name of the leaf certificate presented by the "
                          "backend server does not match the Probe or Backend Setting "
                          "hostname of the application gateway.",
                          NULL},
    [APPGW_NOT_IN_DATES] = {"Backend certificate is invalid. Current date is not within "
                            "the \"Valid from\" and \"Valid to\" date range on the "
                            "certificate.",
                            NULL},
    [APPGW_INTERMEDIATE_MISSING] = {"The Intermediate certificate is missing from the "
                                    "certificate chain presented by the backend server.",
                                    COMPLETE},
    [APPGW_LEAF_MISSING] = {"The Leaf certificate is missing from the certificate chain "
                            "presented by the backend server.",
                            "Ensure the chain is complete and correctly ordered on the "
                            "backend server."},
    [APPGW_LEAF_UNKNOWN] =
        {"The backend Server certificate is not signed by a well-known "
         "Certificate Authority (CA).",
         "To use unknown CA certificates, its Root certificate must be "
         "uploaded to the Backend Setting of the application gateway."},
    [APPGW_INTERMEDIATE_UNKNOWN] = {"The Intermediate certificate is not signed by a "
                                    "well-known Certificate Authority (CA).",
                                    COMPLETE},
    [APPGW_INTERMEDIATE_OTHER_ROOT] = {"The Intermediate certificate not signed by any "
                                       "Root certificates uploaded to the application "
                                       "gateway.",
                                       COMPLETE},
    [APPGW_OTHER_ROOT] = {"The root certificate of the server certificate used by the "
                          "backend doesn't match the trusted root certificate added to "
                          "the application gateway.",
                          "Ensure that you add the correct root certificate to allowlist "
                          "the backend."},
    [APPGW_LEAF_NOT_FIRST] =
        {"The Leaf certificate is not the topmost certificate in the "
         "chain presented by the backend server.",
         "Ensure the certificate chain is correctly ordered on the "
         "backend server."},
    [APPGW_NOT_VERIFIED] = {"The validity of the backend certificate could not be "
                            "verified.",
                            "To find out the reason, check OpenSSL diagnostics for the "
                            "message associated with error code"},
};

static void put_refusal(const struct appgw_answer *answer, struct buf *log) {
    const char *advice = refusals[answer->refusal].advice;
    buf_puts(log, refusals[answer->refusal].brief);
    if (advice)
        buf_printf(log, " %s", advice);
    if (answer->refusal == APPGW_NOT_VERIFIED)
        buf_printf(log, " %d", answer->tls_code);
}

static bool holds(const struct appgw_answer *answer, const char *text) {
    size_t len = strlen(text);
    return len == 0 || (answer->body_len >= len &&
                        memmem(answer->body, answer->body_len, text, len) != NULL);
}

static bool judge_content(const struct appgw_match *match,
                          const struct appgw_answer *answer, struct buf *log) {
    char statuses[RANGES_TEXT_MAX];
    if (!ranges_contain(&match->statuses, answer->status)) {
        buf_printf(
            log,
            "Received invalid status code: %d in the backend server's HTTP "
            "response. As per the health probe configuration, %s is the acceptable "
            "status code. Either modify probe configuration or resolve backend "
            "issues.",
            answer->status, ranges_format(&match->statuses, statuses));
        return false;
    }
    if (match->body && !holds(answer, match->body)) {
        buf_printf(log,
                   "Body of the backend's HTTP response did not match the probe setting. "
                   "Received response body doesn't contain %s.",
                   match->body);
        return false;
    }
    buf_printf(log, "Success. Received %d status code", answer->status);
    return true;
}

bool appgw_judge(const struct appgw_probe *probe, const struct appgw_answer *answer,
                 struct buf *log) {
    switch (answer->end) {
        case APPGW_ANSWERED:
            return judge_content(&probe->match, answer, log);
        case APPGW_NO_NAME:
            buf_puts(log, no_name);
            break;
        case APPGW_NO_CONNECTION:
            buf_puts(log, no_connection);
            break;
        case APPGW_TOO_SLOW:
            buf_puts(log, too_slow);
            break;
        case APPGW_BAD_CERTIFICATE:
            put_refusal(answer, log);
            break;
    }
    return false;
}

const char *appgw_refusal_brief(enum appgw_refusal refusal) {
    return refusals[refusal].brief;
}
