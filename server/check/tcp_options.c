/* The keys of a check of type tcp. Never runs a check. */
#include "check/tcp.h"

#include <stddef.h>

static const struct schema_row rows[] = {
    {.name = "target",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct tcp_options, target),
     .flags = SCHEMA_REQUIRED,
     .help = "Where to connect."},
    {.name = "send",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct tcp_options, send),
     .min = 1,
     .max = 1024,
     .flags = SCHEMA_SECRET,
     .help = "Text that is sent once connected. It is never shown."},
    {.name = "expect",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct tcp_options, expect),
     .min = 1,
     .max = 1024,
     .help = "Text that the first max_body bytes of the answer must hold."},
    {.name = "every_address",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct tcp_options, every_address),
     .fallback = "false",
     .help = "Connect to every address of the name and fail if one of them fails."},
};

const struct schema tcp_options_schema = {
    .name = "tcp",
    .size = sizeof(struct tcp_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
