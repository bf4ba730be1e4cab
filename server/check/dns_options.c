/* The keys of a check of type dns, and the rules between them. Never runs a check. */
#include "check/dns.h"

#include "base/err.h"
#include "net/resolver.h"

#include <stddef.h>

static const char *const record_words[] = {"A", "AAAA", "both", NULL};

static const struct schema_row rows[] = {
    {.name = "host",
     .kind = SCHEMA_HOST,
     .offset = offsetof(struct dns_options, host),
     .flags = SCHEMA_REQUIRED,
     .help = "The name that is asked for, in each run anew. A trailing dot ends the "
             "search list."},
    {.name = "record",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct dns_options, record),
     .fallback = "\"both\"",
     .words = record_words,
     .help = "Which addresses count."},
    {.name = "expect",
     .kind = SCHEMA_CIDRS,
     .offset = offsetof(struct dns_options, expect),
     .max = RESOLVE_ADDRESSES_MAX,
     .help = "Addresses that the answer must hold, and blocks of which it must hold at "
             "least one address each. It may hold others."},
    {.name = "min_addresses",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct dns_options, min_addresses),
     .min = 1,
     .max = RESOLVE_ADDRESSES_MAX,
     .fallback = "1",
     .help = "The fewest addresses that pass."},
    {.name = "max_addresses",
     .kind = SCHEMA_INT,
     .offset = offsetof(struct dns_options, max_addresses),
     .min = 1,
     .max = RESOLVE_ADDRESSES_MAX,
     .fallback = "64",
     .help = "The most addresses that pass."},
};

static bool check_dns_options(const void *object, struct err *err) {
    const struct dns_options *options = object;
    struct addr ignored;

    if (addr_parse_ip(options->host, 0, &ignored)) {
        err_set(err, ERR_INVALID, "expected a name, found the address \"%s\"",
                options->host);
        err_wrap(err, "host");
        return false;
    }
    if (options->min_addresses > options->max_addresses) {
        err_set(err, ERR_INVALID, "expected at most max_addresses, %d, found %d",
                options->max_addresses, options->min_addresses);
        err_wrap(err, "min_addresses");
        return false;
    }
    return true;
}

const struct schema dns_options_schema = {
    .name = "dns",
    .size = sizeof(struct dns_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .check = check_dns_options,
};
