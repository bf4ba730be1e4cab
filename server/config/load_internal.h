/* What the parts of the loader share while one file is read. */
#ifndef CONFIG_LOAD_INTERNAL_H
#define CONFIG_LOAD_INTERNAL_H

#include "config/load.h"
#include "config/schema.h"

#include <stdbool.h>

struct loader {
    struct config *config;
    const struct config_types *types;
    struct schema_reader reader;
    struct json_t *document;
    bool is_path_known; /* gateway and tenants were read without an error */
};

/* NULL if there is none of that name. */
const struct config_type *load_find_type(const struct config_types *types,
                                         const char *name);

#endif
