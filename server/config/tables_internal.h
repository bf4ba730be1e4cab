/* The tables of the configuration file's own objects. Those of check types come from
 * outside. */
#ifndef CONFIG_TABLES_INTERNAL_H
#define CONFIG_TABLES_INTERNAL_H

#include "config/schema.h"
#include "model/config.h"

#define SCHEMA_ROWS(array)                                                               \
    .rows = (array), .row_count = sizeof(array) / sizeof((array)[0])

enum {
    MINUTE_MS = 60 * 1000,
    TIMEOUT_MIN_MS = 10,
    TIMEOUT_MAX_MS = 5 * MINUTE_MS,
    PATH_BYTES_MAX = 4095,
    PORT_MAX = 65535,
};

/* A check as it is written, before its scope and its parents are looked up. */
struct check_input {
    struct check_config config; /* name, type, role and severity are read */
    bool has_role;
    const char *scope; /* "self", "shared", "tenant:NAME" */
    struct text_list depends_on;
};

extern const struct schema config_schema;      /* struct config: the document */
extern const struct schema gateway_schema;     /* struct gateway_config */
extern const struct schema tenant_schema;      /* struct tenant_config */
extern const struct schema check_input_schema; /* struct check_input: of every type */
extern const struct schema timing_schema;      /* struct check_timing: the same */

#endif
