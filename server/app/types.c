/* Check types handed from the check layer to the configuration. */
#include "app/types.h"

#include "base/mem.h"
#include "check/check.h"

#include <assert.h>

enum { TYPES_MAX = 16 };

const struct config_types *types_for_config(void) {
    static struct config_type items[TYPES_MAX];
    static struct config_types types = {.items = items};
    if (types.count == 0) {
        assert(check_type_count <= TYPES_MAX);
        for (size_t i = 0; i < check_type_count; i++) {
            items[i] =
                (struct config_type){check_types[i]->name, check_types[i]->options};
        }
        types.count = check_type_count;
    }
    return &types;
}

bool types_same_check(const struct config *a, uint32_t a_index, const struct config *b,
                      uint32_t b_index) {
    return config_checks_equal(a, a_index, b, b_index, types_for_config());
}
