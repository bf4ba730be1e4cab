/* Checks that follow from the path the operator describes. */
#ifndef CONFIG_DERIVE_INTERNAL_H
#define CONFIG_DERIVE_INTERNAL_H

#include "config/load.h"
#include "model/config.h"

#include <stddef.h>

struct derived_check {
    struct json_t *json; /* as it would be written by hand; NULL: out of memory */
    enum check_role role;
    const char *path; /* of what it follows from */
};

/* All of them, in file order, those whose type is not known left out. The array is the
 * arena's, each `json` the caller's. */
struct derived_check *derive_checks(const struct config *config,
                                    const struct config_types *types, size_t *count);

#endif
