/* What the addresses of a name are worth. Never asks for them. */
#include "check/dns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "model/outcome.h"

enum { ADDRESSES_TEXT_MAX = 320, CIDR_TEXT_MAX = INET6_ADDRSTRLEN + 4 };

static bool does_count(const struct dns_options *options, const struct addr *addr) {
    switch (options->record) {
        case DNS_FAMILY_A:
            return addr->u.sa.sa_family == AF_INET;
        case DNS_FAMILY_AAAA:
            return addr->u.sa.sa_family == AF_INET6;
        case DNS_FAMILY_BOTH:
            break;
    }
    return true;
}

static bool holds(const struct cidr *block, const struct dns_options *options,
                  const struct addr *addrs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (does_count(options, &addrs[i]) && cidr_contains(block, &addrs[i]))
            return true;
    }
    return false;
}

static char *format_cidr(const struct cidr *block, char out[CIDR_TEXT_MAX]) {
    char ip[INET6_ADDRSTRLEN] = "";
    int whole = block->family == AF_INET ? 32 : 128;
    inet_ntop(block->family, block->bytes, ip, sizeof ip);
    if (block->bits == whole)
        snprintf(out, CIDR_TEXT_MAX, "%s", ip);
    else
        snprintf(out, CIDR_TEXT_MAX, "%s/%d", ip, block->bits);
    return out;
}

/* Returns how many count. */
static size_t append_addresses(struct buf *out, const struct dns_options *options,
                               const struct addr *addrs, size_t count) {
    char text[ADDR_TEXT_MAX];
    size_t counted = 0;
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        if (!does_count(options, &addrs[i]))
            continue;
        counted++;
        if (out->len > ADDRESSES_TEXT_MAX)
            continue;
        buf_printf(out, "%s%s", shown++ > 0 ? ", " : "", addr_format_ip(&addrs[i], text));
    }
    if (counted > shown)
        buf_printf(out, " and %zu more", counted - shown);
    return counted;
}

void dns_judge(const struct dns_options *options, const struct addr *addrs, size_t count,
               int64_t us, struct outcome *outcome) {
    BUF_AUTO struct buf shown = {0};
    size_t counted = append_addresses(&shown, options, addrs, count);
    if (counted == 0) {
        outcome_set(outcome, OUTCOME_FAIL, DNS_NO_ADDRESS, "no %s record",
                    options->record == DNS_FAMILY_A ? "A" : "AAAA");
        return;
    }
    if (counted < (size_t)options->min_addresses ||
        counted > (size_t)options->max_addresses) {
        outcome_set(outcome, OUTCOME_FAIL, DNS_NO_ADDRESS,
                    "%zu addresses, expected %d to %d: %s", counted,
                    options->min_addresses, options->max_addresses, shown.data);
        return;
    }
    for (size_t i = 0; i < options->expect.count; i++) {
        const struct cidr *block = &options->expect.items[i];
        char text[CIDR_TEXT_MAX];
        if (holds(block, options, addrs, count))
            continue;
        outcome_set(outcome, OUTCOME_FAIL, DNS_NO_ADDRESS,
                    "expected an address of %s, found %s", format_cidr(block, text),
                    shown.data);
        return;
    }
    outcome_set(outcome, OUTCOME_PASS, REASON_NONE, "%zu address%s in %" PRId64 " ms: %s",
                counted, counted == 1 ? "" : "es", us > 0 ? (us + 999) / 1000 : 1,
                shown.data);
}
