/* The words that tell a missing answer to people, for every check type that asks by HTTP.
 * Never judges an answer that came. */
#include "http_outcome.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "run.h"

/* An empty text is written case by case. */
static const struct {
    enum reason reason;
    const char *text;
} failures[] = {
    [HTTP_OK] = {REASON_NONE, ""},
    [HTTP_CONNECT_REFUSED] = {CONNECT_REFUSED, "connection refused"},
    [HTTP_CONNECT_TIMEOUT] = {CONNECT_TIMEOUT, "no connection"},
    [HTTP_CONNECT_FAILED] = {CONNECT_REFUSED, "cannot connect"},
    [HTTP_CLOSED] = {PEER_CLOSED, "closed before an answer"},
    [HTTP_CUT] = {PROTOCOL, "closed inside the answer"},
    [HTTP_TIMEOUT] = {TIMEOUT, ""},
    [HTTP_PROTOCOL] = {PROTOCOL, "the answer is not HTTP"},
    [HTTP_TOO_LARGE] = {TOO_LARGE, "the answer's head is too large"},
    [HTTP_TLS_NAME] = {TLS_SAN_MISMATCH, "the certificate is for another name"},
    [HTTP_TLS_EXPIRED] = {TLS_EXPIRED, "the certificate is expired or not yet valid"},
    [HTTP_TLS_UNKNOWN_CA] = {TLS_UNKNOWN_CA, "the certificate's CA is not trusted"},
    [HTTP_TLS_CHAIN] = {TLS_CHAIN, "the certificate chain cannot be verified"},
    [HTTP_TLS_OTHER] = {PROTOCOL, "TLS handshake failed"},
    [HTTP_LOCAL_FDS] = {LOCAL_FDS, "no file descriptor left"},
    [HTTP_LOCAL_MEMORY] = {LOCAL_MEMORY, "no memory left"},
    [HTTP_LOCAL_CONFIG] = {LOCAL_TARGET_REFUSED, ""},
};

static const char *timeout_text(const struct http_result *result, bool is_tls) {
    if (result->connect_us < 0)
        return "no connection";
    if (is_tls && result->tls_us < 0)
        return "connected, no TLS handshake";
    return result->first_byte_us < 0 ? "connected, no answer" : "unfinished answer";
}

/* Our own mistake: nothing can be said about the target, so it counts as neither. */
static void fail_local_config(struct outcome *outcome, const struct http_result *result,
                              bool is_tls, const char *ca_file) {
    if (is_tls)
        outcome_set(outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                    "the CA file cannot be read: %.200s",
                    ca_file ? ca_file : "the system's bundle");
    else
        outcome_set(outcome, OUTCOME_UNAVAILABLE, LOCAL_TARGET_REFUSED,
                    "the request cannot be made: %s", result->error);
}

void http_outcome_init(struct outcome *outcome, const struct http_result *result) {
    outcome_init(outcome);
    outcome->phase_us[PHASE_CONNECT] = result->connect_us;
    outcome->phase_us[PHASE_TLS] = result->tls_us;
    outcome->phase_us[PHASE_FIRST_BYTE] = result->first_byte_us;
    outcome->http_status = result->status;
    outcome->answered = result->got_bytes ? 1 : 0;
}

/* What the client says of it is said already. */
static bool is_said_already(enum http_failure failure) {
    return failure == HTTP_CONNECT_REFUSED || failure == HTTP_CONNECT_TIMEOUT ||
           failure == HTTP_TIMEOUT;
}

void http_outcome_fail(struct outcome *outcome, const struct http_result *result,
                       bool is_tls, const char *ca_file) {
    enum reason reason = failures[result->failure].reason;
    const char *text = failures[result->failure].text;
    if (result->failure == HTTP_LOCAL_CONFIG) {
        fail_local_config(outcome, result, is_tls, ca_file);
        return;
    }
    if (result->failure == HTTP_TIMEOUT)
        text = timeout_text(result, is_tls);
    const char *error = is_said_already(result->failure) ? "" : result->error;
    outcome_set(outcome, reason_is_local(reason) ? OUTCOME_UNAVAILABLE : OUTCOME_FAIL,
                reason, "%s after %" PRId64 " ms%s%s", text,
                attempt_shown_ms(result->total_us), error[0] != '\0' ? ": " : "", error);
}

char *http_excerpt(const struct http_result *result, char out[HTTP_EXCERPT_MAX]) {
    const char *body = result->body;
    size_t len = result->body_len;
    while (len > 0 && (unsigned char)*body <= ' ') {
        body++;
        len--;
    }
    text_clean(out, HTTP_EXCERPT_MAX, body, len);
    size_t end = strlen(out);
    while (end > 0 && out[end - 1] == ' ')
        out[--end] = '\0';
    if (end == 0)
        text_copy(out, HTTP_EXCERPT_MAX, "empty body");
    return out;
}
