/* The keys of a check of type gateway_stats. Never runs a check. */
#include "check/gateway_stats.h"

#include <stddef.h>

static const struct schema_row rows[] = {
    {.name = "target",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct gateway_stats_options, target),
     .flags = SCHEMA_REQUIRED,
     .help = "The pods' headless name and their port of statistics, as host:port. Every "
             "address of the name is asked."},
};

const struct schema gateway_stats_options_schema = {
    .name = "gateway_stats",
    .size = sizeof(struct gateway_stats_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
