/* The keys of a check of type loopback, and the rules for them. Never runs a check. */
#include "check/loopback.h"

#include "base/err.h"
#include "base/url.h"

#include <stddef.h>
#include <string.h>

static const struct schema_row rows[] = {
    {.name = "url",
     .kind = SCHEMA_URL,
     .offset = offsetof(struct loopback_options, url),
     .flags = SCHEMA_REQUIRED,
     .help = "The gateway as the prober asks it: scheme, host and port, without a path. "
             "Its host is sent in Host and SNI. Needs auth.loop_key_file."},
    {.name = "connect",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct loopback_options, connect),
     .help = "Where to connect instead of the host and port of the URL."},
    {.name = "ca_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct loopback_options, ca_file),
     .min = 1,
     .max = 4095,
     .help = "A PEM file of the certificates to trust instead of the system's."},
};

static bool check_loopback_options(const void *object, struct err *err) {
    const struct loopback_options *options = object;
    struct url url;

    if (!url_parse(options->url, &url, NULL) || strcmp(url.target, "/") == 0)
        return true;
    err_set(err, ERR_INVALID, "expected a URL without a path, found \"%s\"",
            options->url);
    err_wrap(err, "url");
    return false;
}

const struct schema loopback_options_schema = {
    .name = "loopback",
    .size = sizeof(struct loopback_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .check = check_loopback_options,
};
