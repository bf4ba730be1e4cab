/* Any addresses against any assertions: what passes holds them all, what fails says why.
 *
 * Input: which records, the least, the most and how many blocks; then blocks and
 * addresses, each a byte for the family (and the length of a prefix) and its bytes. */
#include "check/dns.h"
#include "fuzz.h"
#include "model/outcome.h"
#include "net/resolver.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 4, BLOCKS_MAX = 8 };

/* What is left of the input; zeros behind its end. */
struct source {
    const uint8_t *data;
    size_t size;
};

static uint8_t next_byte(struct source *source) {
    if (source->size == 0)
        return 0;
    source->size--;
    return *source->data++;
}

static void next_block(struct source *source, struct cidr *block) {
    uint8_t head = next_byte(source);
    size_t len = head & 1 ? 16 : 4;
    block->family = head & 1 ? AF_INET6 : AF_INET;
    block->bits = (uint8_t)((head >> 1) % (len * 8 + 1));
    for (size_t i = 0; i < len; i++) {
        size_t bits = block->bits > i * 8 ? block->bits - i * 8 : 0;
        uint8_t mask = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
        block->bytes[i] = next_byte(source) & mask;
    }
}

static void next_address(struct source *source, struct addr *addr) {
    bool is_6 = next_byte(source) & 1;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    for (size_t i = 0; i < (is_6 ? sizeof in6.sin6_addr : sizeof in.sin_addr); i++) {
        uint8_t byte = next_byte(source);
        memcpy((is_6 ? (uint8_t *)&in6.sin6_addr : (uint8_t *)&in.sin_addr) + i, &byte,
               1);
    }
    *addr = (struct addr){.len = is_6 ? sizeof in6 : sizeof in};
    if (is_6)
        addr->u.in6 = in6;
    else
        addr->u.in = in;
}

static void require(bool holds) {
    if (!holds)
        abort();
}

static bool counts(const struct dns_options *options, const struct addr *addr) {
    int family = addr->u.sa.sa_family;
    return options->record == DNS_FAMILY_BOTH ||
           family == (options->record == DNS_FAMILY_A ? AF_INET : AF_INET6);
}

/* The same question asked in another way. */
static bool is_right(const struct dns_options *options, const struct addr *addrs,
                     size_t count) {
    int counted = 0;
    for (size_t i = 0; i < count; i++)
        counted += counts(options, &addrs[i]);
    if (counted == 0 || counted < options->min_addresses ||
        counted > options->max_addresses)
        return false;
    for (size_t i = 0; i < options->expect.count; i++) {
        bool is_held = false;
        for (size_t j = 0; j < count; j++)
            is_held |= counts(options, &addrs[j]) &&
                       cidr_contains(&options->expect.items[i], &addrs[j]);
        if (!is_held)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD)
        return 0;
    struct source source = {data + HEAD, size - HEAD};
    struct cidr blocks[BLOCKS_MAX] = {0};
    struct addr addrs[RESOLVE_ADDRESSES_MAX];
    size_t count = 0;
    const struct dns_options options = {
        .host = "h",
        .record = (enum dns_family)(data[0] % 3),
        .min_addresses = data[1] % (RESOLVE_ADDRESSES_MAX + 1),
        .max_addresses = data[2] % (RESOLVE_ADDRESSES_MAX + 1),
        .expect = {blocks, data[3] % (BLOCKS_MAX + 1)},
    };
    for (size_t i = 0; i < options.expect.count; i++)
        next_block(&source, &blocks[i]);
    while (source.size > 0 && count < RESOLVE_ADDRESSES_MAX)
        next_address(&source, &addrs[count++]);
    struct outcome outcome;
    outcome_init(&outcome);
    dns_judge(&options, addrs, count, 1000, &outcome);
    bool passes = is_right(&options, addrs, count);
    require(outcome.kind == (passes ? OUTCOME_PASS : OUTCOME_FAIL));
    require(outcome.reason == (passes ? REASON_NONE : DNS_NO_ADDRESS));
    require(outcome.evidence[0] != '\0');
    return 0;
}
