/* The tables of a probe definition, and what they fill in. */
#ifndef CONFIG_TABLES_PROBE_INTERNAL_H
#define CONFIG_TABLES_PROBE_INTERNAL_H

#include "azure/definition.h"
#include "config/schema.h"
#include "tables_internal.h"

/* Backend settings with the keys that only Azure needs. */
struct settings_input {
    struct appgw_settings settings;
    const char *ignored;
    int affinity;
    bool probe_enabled;
    bool is_dedicated;
};

struct address_input {
    const char *ip;
    const char *name;
};

/* Its addresses are read one by one. */
struct pool_input {
    char unused;
};

struct name_input {
    const char *name;
};

/* ARM's way to write a resource: a name, and its properties. */
struct probe_item {
    const char *name;
    struct appgw_probe probe;
};
struct settings_item {
    const char *name;
    struct settings_input input;
};
struct pool_item {
    const char *name;
    struct pool_input input;
};

/* azure/probe.json */
struct definition_input {
    const char *ignored;
    struct probe_item probe;
    struct settings_item settings;
    struct pool_item pool;
    bool has_settings;
    bool has_pool;
};

extern const struct schema name_schema;          /* struct name_input */
extern const struct schema probe_schema;         /* struct appgw_probe */
extern const struct schema settings_schema;      /* struct settings_input */
extern const struct schema pool_schema;          /* struct pool_input */
extern const struct schema address_schema;       /* struct address_input */
extern const struct schema probe_item_schema;    /* struct probe_item */
extern const struct schema settings_item_schema; /* struct settings_item */
extern const struct schema pool_item_schema;     /* struct pool_item */
extern const struct schema definition_schema;    /* struct definition_input */

#endif
