/* The keys of a check of type gateway_status. Never runs a check. */
#include "check/gateway_status.h"

#include <stddef.h>

static const struct schema_row rows[] = {
    {.name = "target",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct gateway_status_options, target),
     .flags = SCHEMA_REQUIRED,
     .help = "The pods' headless name and their status port, as host:port. Every address "
             "of the name is asked."},
    {.name = "balanced",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct gateway_status_options, is_balanced),
     .fallback = "false",
     .help = "The name is a Service that hands each connection to one of its pods, so "
             "that a pod that is not ready is a warning."},
};

const struct schema gateway_status_options_schema = {
    .name = "gateway_status",
    .size = sizeof(struct gateway_status_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
