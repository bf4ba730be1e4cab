/* What the probe port says to each question: computed when something changes, looked up
 * when somebody asks. Immutable after it is made; handed over whole. */
#ifndef FRONT_ANSWERS_H
#define FRONT_ANSWERS_H

#include "base/mac.h"
#include "model/arrival.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct answers;

/* From a snapshot. `loop_key` (may be NULL) is copied. */
struct answers *answers_new(const struct snapshot *snapshot, const char *loop_key,
                            size_t loop_key_len);
void answers_free(struct answers *answers); /* NULL is fine */

/* The answer to a question other than PROBE_LIVE, which only the front can answer. `rest`
 * as from request_path. ANSWER_NOT_FOUND: an unknown tenant; PROBE_LOOP without a key, or
 * with a nonce that is not 1 to 128 characters of [A-Za-z0-9_.-]. */
enum answer answers_find(const struct answers *answers, enum probe_path path,
                         const char *rest);

/* The proof for a nonce, where answers_find said ANSWER_PROOF: lower-case hex of
 * HMAC-SHA256(loop key, nonce). */
void answers_prove(const struct answers *answers, const char *nonce,
                   char out[MAC_HEX_MAX]);

/* Every response carries "Connection: close". */
bool answers_draining(const struct answers *answers);

#endif
