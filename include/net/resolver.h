/* Names to addresses by c-ares on the loop: never blocks, whatever the servers do.
 *
 * Equal questions in flight are asked once. Good answers are kept for min(TTL, 30 s), at
 * least 1 s; failures are not kept. Search domains and ndots as in resolv.conf, unless
 * the name ends in a dot. Numeric addresses are answered without a question. Loop thread
 * only. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "base/addr.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct loop;
struct resolver;
struct resolve;

enum { RESOLVE_ADDRESSES_MAX = 64 };

enum resolve_status {
    RESOLVE_OK,
    RESOLVE_NXDOMAIN,   /* the servers say: no such name */
    RESOLVE_NO_ADDRESS, /* the name is there, without A or AAAA */
    RESOLVE_TIMEOUT,    /* no server answered in time */
    RESOLVE_FAILED,     /* refused, SERVFAIL, unreadable answer */
};

struct resolve_result {
    enum resolve_status status;
    const struct addr *addrs; /* port 0; IPv4 first, each family in the order answered */
    size_t count;
    const char *text; /* why it failed, for evidence; "" when it did not */
    bool from_cache;
};

struct resolver_options {
    struct text_list servers; /* empty: resolv.conf */
    struct text_list search;  /* empty: resolv.conf */
    int64_t timeout_ms;       /* one try; 0: resolv.conf */
};

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              struct err *err);
/* Questions still open are cancelled: their callbacks do not run. */
void resolver_free(struct resolver *resolver);

/* Ask. The callback runs once, later, never before this returns; `result` and what it
 * points to are valid only inside it. After `timeout_ms` the answer is RESOLVE_TIMEOUT.
 */
struct resolve *
resolver_ask(struct resolver *resolver, const char *name, int64_t timeout_ms,
             void (*callback)(void *user, const struct resolve_result *result),
             void *user);
/* The callback will not run. Not after it did. NULL is fine. */
void resolve_cancel(struct resolve *resolve);

/* Drop the kept answer for a name, so that the next question really goes out. */
void resolver_forget(struct resolver *resolver, const char *name);

#endif
