/* The tables that tell Envoy's local replies apart. Owns the texts of Envoy that the
 * reasons hang on (source/common/router/router.cc and source/common/http/utility.cc, 1.18
 * to 1.40); never looks at a body that an upstream sent for more than `contains`. */
#include "check/classify.h"

#include <string.h>

#include "base/ranges.h"

struct local_reply {
    int low;
    int high;
    const char *body; /* how it begins; "": empty; NULL: any */
    enum reason reason;
};

#define UPSTREAM_ERROR "upstream connect error or disconnect/reset before headers"

static const struct local_reply local_replies[] = {
    {300, 399, NULL, GW_REDIRECT},
    {403, 403, "RBAC: access denied", GW_DENIED},
    {404, 404, "", GW_NO_ROUTE},
    {500, 500, "", GW_BACKENDREF_INVALID},
    {503, 503, "no healthy upstream", GW_NO_ENDPOINTS},
    {504, 504, NULL, GW_UPSTREAM_TIMEOUT},
    /* For a reset reason that the table below does not know. */
    {502, 502, UPSTREAM_ERROR, GW_UPSTREAM_PROTOCOL},
    {503, 503, UPSTREAM_ERROR, GW_UPSTREAM_RESET},
};

/* What stands behind "reset reason: ". Envoy before 1.24 says "connection failure" for
 * local and remote ones. A circuit breaker and an overloaded gateway mean that no
 * connection to the backend was made. */
static const struct {
    const char *text;
    enum reason reason;
} reset_reasons[] = {
    {"connection failure", GW_UPSTREAM_CONNECT},
    {"local connection failure", GW_UPSTREAM_CONNECT},
    {"remote connection failure", GW_UPSTREAM_CONNECT},
    {"connection timeout", GW_UPSTREAM_CONNECT},
    {"overflow", GW_UPSTREAM_CONNECT},
    {"overload manager reset", GW_UPSTREAM_CONNECT},
    {"connection termination", GW_UPSTREAM_RESET},
    {"local reset", GW_UPSTREAM_RESET},
    {"local refused stream reset", GW_UPSTREAM_RESET},
    {"remote reset", GW_UPSTREAM_RESET},
    {"remote refused stream reset", GW_UPSTREAM_RESET},
    {"remote error with CONNECT request", GW_UPSTREAM_RESET},
    {"protocol error", GW_UPSTREAM_PROTOCOL},
};

static bool body_begins(const struct answer *answer, const char *text) {
    size_t len = strlen(text);
    if (len == 0)
        return answer->body_len == 0 && !answer->body_cut;
    return answer->body_len >= len && memcmp(answer->body, text, len) == 0;
}

static bool body_holds(const struct answer *answer, const char *text) {
    return memmem(answer->body, answer->body_len, text, strlen(text)) != NULL;
}

/* The reason a body names, or `otherwise`. */
static enum reason reset_reason(const struct answer *answer, enum reason otherwise) {
    static const char lead[] = "reset reason: ";
    const char *end = answer->body + answer->body_len;
    const char *text = memmem(answer->body, answer->body_len, lead, sizeof lead - 1);
    if (!text)
        return otherwise;
    text += sizeof lead - 1;
    /* ", transport failure reason: ..." may follow. */
    const char *comma = memchr(text, ',', (size_t)(end - text));
    size_t len = (size_t)((comma ? comma : end) - text);
    for (size_t i = 0; i < sizeof reset_reasons / sizeof *reset_reasons; i++) {
        if (len == strlen(reset_reasons[i].text) &&
            memcmp(text, reset_reasons[i].text, len) == 0)
            return reset_reasons[i].reason;
    }
    return otherwise;
}

/* What the gateway means by an answer of its own, or `otherwise`. */
static enum reason local_reason(const struct answer *answer, enum reason otherwise) {
    if (!answer->through_gateway || answer->from_upstream)
        return otherwise;
    for (size_t i = 0; i < sizeof local_replies / sizeof *local_replies; i++) {
        const struct local_reply *row = &local_replies[i];
        if (answer->status < row->low || answer->status > row->high)
            continue;
        if (row->body && !body_begins(answer, row->body))
            continue;
        bool is_upstream_error = row->body && strcmp(row->body, UPSTREAM_ERROR) == 0;
        return is_upstream_error ? reset_reason(answer, row->reason) : row->reason;
    }
    return otherwise;
}

enum reason classify_answer(const struct answer *answer, const struct ranges *expect,
                            const char *contains) {
    if (!ranges_contain(expect, answer->status))
        return local_reason(answer, HTTP_STATUS);
    if (!contains || body_holds(answer, contains))
        return REASON_NONE;
    return local_reason(answer,
                        answer->through_gateway ? IDENTITY_MISMATCH : BODY_MISMATCH);
}
