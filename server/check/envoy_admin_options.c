/* The keys of a check of type envoy_admin, and the rules for them. Never runs a check. */
#include "check/envoy_admin.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/url.h"
#include "check/envoy_json.h"

static const struct schema_row rows[] = {
    {.name = "url",
     .kind = SCHEMA_URL,
     .offset = offsetof(struct envoy_admin_options, url),
     .flags = SCHEMA_REQUIRED,
     .help = "Envoy's admin port, such as http://127.0.0.1:15000."},
    {.name = "clusters",
     .kind = SCHEMA_TEXTS,
     .offset = offsetof(struct envoy_admin_options, clusters),
     .max = ENVOY_NAMES_MAX,
     .help = "Names of clusters, or parts of them, that must have a healthy host each."},
    {.name = "warn_days",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct envoy_admin_options, warn_days),
     .min = 0,
     .max = 3650,
     .fallback = "14",
     .help = "Warn when a certificate that Envoy serves expires within so many days. 0 "
             "never warns."},
};

static bool check_options(const void *object, struct err *err) {
    const struct envoy_admin_options *options = object;
    struct url url;

    if (url_parse(options->url, &url, NULL) && !url.tls && strcmp(url.target, "/") == 0)
        return true;
    err_set(err, ERR_INVALID, "expected http://HOST:PORT without a path, found \"%s\"",
            options->url);
    err_wrap(err, "url");
    return false;
}

const struct schema envoy_admin_options_schema = {
    .name = "envoy_admin",
    .size = sizeof(struct envoy_admin_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .check = check_options,
};
