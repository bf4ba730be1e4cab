/* What a reload may keep: checks that would run the same way, and a configuration that
 * can take another's place without a restart. */
#include "config/load.h"

#include "load_internal.h"
#include "tables_internal.h"

#include <string.h>

/* The same parents, in whatever order they were written. */
static bool has_parents(const struct config *of, const struct check_config *check,
                        const struct config *in, const struct check_config *other) {
    for (uint32_t i = 0; i < check->parent_count; i++) {
        const char *name = of->checks[check->parents[i]].name;
        bool found = false;
        for (uint32_t j = 0; j < other->parent_count && !found; j++)
            found = strcmp(in->checks[other->parents[j]].name, name) == 0;
        if (!found)
            return false;
    }
    return true;
}

static bool same_address(const char *key, const char *running, const char *next,
                         struct err *err) {
    if (strcmp(running, next) == 0)
        return true;
    err_set(err, ERR_INVALID,
            "expected \"%s\", found \"%s\": another listening address needs a restart",
            running, next);
    err_wrap(err, "listen.%s", key);
    return false;
}

bool config_checks_equal(const struct config *a, uint32_t a_index, const struct config *b,
                         uint32_t b_index, const struct config_types *types) {
    const struct check_config *x = &a->checks[a_index];
    const struct check_config *y = &b->checks[b_index];

    if (strcmp(x->name, y->name) != 0 || strcmp(x->type, y->type) != 0 ||
        !schema_equal(&timing_schema, &x->timing, &y->timing))
        return false;
    const struct config_type *type = load_find_type(types, x->type);
    return schema_equal(type->options, x->options, y->options) &&
           has_parents(a, x, b, y) && has_parents(b, y, a, x);
}

bool config_can_replace(const struct config *running, const struct config *next,
                        struct err *err) {
    return same_address("probe", running->listen.probe, next->listen.probe, err) &&
           same_address("detail", running->listen.detail, next->listen.detail, err);
}
