/* Check type `dns`: one question to the name servers, and what the answer must hold. */
#ifndef CHECK_DNS_H
#define CHECK_DNS_H

#include "base/addr.h"
#include "config/schema.h"

#include <stddef.h>
#include <stdint.h>

struct check_type;
struct outcome;

enum dns_family { DNS_FAMILY_A, DNS_FAMILY_AAAA, DNS_FAMILY_BOTH };

struct dns_options {
    const char *host;
    enum dns_family record;  /* addresses of the other family do not count */
    struct cidr_list expect; /* each must hold at least one address of the answer */
    int min_addresses;
    int max_addresses;
};

extern const struct schema dns_options_schema; /* of struct dns_options */

extern const struct check_type check_dns;

/* Fill in kind, reason and evidence for an answer that took `us`. An answer without the
 * addresses it must hold is DNS_NO_ADDRESS like one without any: what stands behind the
 * name is not what should. The same holds for too many. Pure; any thread. */
void dns_judge(const struct dns_options *options, const struct addr *addrs, size_t count,
               int64_t us, struct outcome *outcome);

#endif
