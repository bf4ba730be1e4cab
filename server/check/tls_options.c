/* The keys of a check of type tls, and the rules for them. Never runs a check. */
#include "check/tls.h"

#include "base/err.h"

#include <stddef.h>
#include <string.h>

enum { FINGERPRINT_LEN = 64 };

static const struct schema_row rows[] = {
    {.name = "target",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct tls_options, target),
     .flags = SCHEMA_REQUIRED,
     .help = "Where to connect, as host:port."},
    {.name = "server_name",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct tls_options, server_name),
     .help = "The name that is sent in SNI and that the certificate must be for. Unset, "
             "the host of target. An address is not sent."},
    {.name = "ca_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct tls_options, ca_file),
     .min = 1,
     .max = 4095,
     .help = "A PEM file of the certificates to trust instead of the system's."},
    {.name = "root_fingerprint",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct tls_options, root_fingerprint),
     .min = 1,
     .max = 256,
     .help = "SHA-256 of the root certificate that the chain must end at, 64 hex digits "
             "without colons: the one that Application Gateway was given."},
    {.name = "warn_days",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct tls_options, warn_days),
     .min = 0,
     .max = 3650,
     .fallback = "14",
     .help = "Warn when a certificate of the chain expires within so many days. 0 never "
             "warns."},
    {.name = "every_address",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct tls_options, every_address),
     .fallback = "false",
     .help = "Ask every address of the name and fail if one of them fails."},
};

static bool check_tls_options(const void *object, struct err *err) {
    const struct tls_options *options = object;
    const char *hex = options->root_fingerprint;

    if (text_has_prefix(options->target, "unix:")) {
        err_set(err, ERR_INVALID, "expected host:port, found \"%s\"", options->target);
        err_wrap(err, "target");
        return false;
    }
    if (!hex || (strlen(hex) == FINGERPRINT_LEN &&
                 strspn(hex, "0123456789abcdefABCDEF") == FINGERPRINT_LEN))
        return true;
    err_set(err, ERR_INVALID, "expected 64 hex digits without colons, found \"%s\"", hex);
    err_wrap(err, "root_fingerprint");
    return false;
}

const struct schema tls_options_schema = {
    .name = "tls",
    .size = sizeof(struct tls_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .check = check_tls_options,
};
