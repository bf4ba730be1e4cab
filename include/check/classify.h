/* What an HTTP answer means: the application's, the gateway's own, or somebody else's.
 * Pure; any thread. */
#ifndef CHECK_CLASSIFY_H
#define CHECK_CLASSIFY_H

#include "model/reason.h"

#include <stdbool.h>
#include <stddef.h>

struct ranges;

/* As much of an answer as judging needs. All borrowed. */
struct answer {
    int status;
    const char *body;
    size_t body_len;
    bool body_cut;        /* there is more of it */
    bool through_gateway; /* the answer may be Envoy's own */
    bool
        from_upstream; /* Envoy says that an upstream answered: its response holds
                          x-envoy-upstream-service-time. Only read with through_gateway */
};

/* REASON_NONE if the status is in `expect` and the body holds `contains` (NULL:
 * anything). The status comes first: one in `expect` is never a gateway's failure as long
 * as the body fits as well. A body that does not fit is BODY_MISMATCH where we asked
 * directly; through the gateway it is somebody else's answer, IDENTITY_MISMATCH. */
enum reason classify_answer(const struct answer *answer, const struct ranges *expect,
                            const char *contains);

#endif
