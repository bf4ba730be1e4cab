/* Which other checks tell whose fault a failure is: the tenant's own, the gateway's, and
 * other tenants' of the same role. When one check begins to fail these are asked at once,
 * so that nobody is blamed on the word of one. Immutable; made once for a configuration.
 */
#ifndef ENGINE_KIN_H
#define ENGINE_KIN_H

#include "model/config.h"

#include <stddef.h>
#include <stdint.h>

enum {
    KIN_SAME_ROLE_MOST = 64, /* of other tenants: enough to tell one from all */
    KIN_MOST = 256,
};

struct kin;

struct kin *kin_new(const struct config *config);
void kin_free(struct kin *kin); /* NULL is fine */

/* The indices of the kin of `check`, each once and never itself, the nearest first; how
 * many. The array is the caller's. */
size_t kin_of(const struct kin *kin, uint32_t check, uint32_t out[KIN_MOST]);

#endif
