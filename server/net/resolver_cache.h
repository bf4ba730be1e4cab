/* Answers of the resolver, shared by count, and the names they are kept for. */
#ifndef NET_RESOLVER_CACHE_H
#define NET_RESOLVER_CACHE_H

#include "net/resolver.h"

#include <stddef.h>
#include <stdint.h>

enum { CACHE_NAMES_MAX = 4096 };

struct answer {
    unsigned refs;
    enum resolve_status status;
    const char *text; /* static */
    size_t count;
    struct addr addrs[]; /* room for RESOLVE_ADDRESSES_MAX at most */
};

/* Zeroed, one reference, room for `count` addresses. */
struct answer *answer_new(enum resolve_status status, const char *text, size_t count);
struct answer *answer_ref(struct answer *answer);
void answer_unref(struct answer *answer); /* NULL is fine */

struct answer_cache;

struct answer_cache *answer_cache_new(void);
void answer_cache_free(struct answer_cache *cache); /* NULL is fine */

/* NULL if nothing is kept or it is too old. Borrowed. */
struct answer *answer_cache_find(struct answer_cache *cache, const char *name,
                                 int64_t now_ms);
/* Replaces what is kept; with CACHE_NAMES_MAX names the one kept longest goes. */
void answer_cache_keep(struct answer_cache *cache, const char *name,
                       struct answer *answer, int64_t until_ms);
void answer_cache_drop(struct answer_cache *cache, const char *name);

#endif
