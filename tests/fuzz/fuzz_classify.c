/* Any answer as the gateway's or the application's: blame keeps to what the answer can
 * prove. Two bytes of status, one of flags, then the body. */
#include "base/ranges.h"
#include "check/classify.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { THROUGH_GATEWAY = 1, FROM_UPSTREAM = 2, BODY_CUT = 4, WANTS_TEXT = 8 };

static bool is_gateways_own(enum reason reason) {
    return reason >= GW_NO_ROUTE && reason <= GW_UPSTREAM_TIMEOUT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3)
        return 0;
    size_t len = size - 3;
    char *body = malloc(len + (len == 0)); /* no NUL behind it */
    if (!body)
        abort();
    memcpy(body, data + 3, len);
    struct ranges expect = {0};
    ranges_add(&expect, "200-299", NULL);
    const char *contains = data[2] & WANTS_TEXT ? "Hello" : NULL;
    const struct answer answer = {.status = (data[0] << 8 | data[1]) % 600,
                                  .body = body,
                                  .body_len = len,
                                  .body_cut = data[2] & BODY_CUT,
                                  .through_gateway = data[2] & THROUGH_GATEWAY,
                                  .from_upstream = data[2] & FROM_UPSTREAM};
    enum reason reason = classify_answer(&answer, &expect, contains);
    bool is_fine = answer.status >= 200 && answer.status <= 299 &&
                   (!contains || memmem(body, len, contains, strlen(contains)));
    if (is_fine != (reason == REASON_NONE))
        abort();
    /* An answer of the application, or one that no gateway touched, blames no gateway. */
    if ((!answer.through_gateway || answer.from_upstream) && is_gateways_own(reason))
        abort();
    if (!answer.through_gateway && reason == IDENTITY_MISMATCH)
        abort();
    free(body);
    return 0;
}
