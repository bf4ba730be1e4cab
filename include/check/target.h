/* From "host:port" to addresses that may be connected: names are resolved, and addresses
 * that no check may reach are refused at the last moment, after every name is a number.
 * Shared by the check types. Loop thread only. */
#ifndef CHECK_TARGET_H
#define CHECK_TARGET_H

#include "base/addr.h"
#include "check/check.h"
#include "model/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target_lookup;

struct target_result {
    const struct addr *addrs; /* with their port; only allowed ones */
    size_t count;             /* 0: `outcome` tells why */
    const struct outcome
        *outcome;    /* filled in when count is 0: DNS_*, LOCAL_TARGET_REFUSED */
    int64_t name_us; /* time the name took */
};

/* Resolve `target` ("host:port", "[::1]:80", "unix:PATH"). The callback runs once, later,
 * never before this returns; its result is valid only inside it. */
struct target_lookup *
target_lookup_start(const struct check_env *env, const char *target, int64_t timeout_ms,
                    void (*callback)(void *user, const struct target_result *result),
                    void *user);
void target_lookup_cancel(struct target_lookup *lookup); /* NULL is fine */

/* May a check connect there? Not to link-local and metadata addresses, nor to our own
 * listeners (a wildcard listener counts for every local address), unless
 * engine.allow_targets holds the address. `why` says which rule refused; NULL is fine. */
bool target_is_allowed(const struct check_env *env, const struct addr *addr, char *why,
                       size_t why_size);

/* Names of cloud metadata services, refused before they are resolved, whatever
 * engine.allow_targets holds: that is about addresses. Case and a trailing dot are
 * ignored.
 */
bool target_is_metadata_name(const char *host);

#endif
