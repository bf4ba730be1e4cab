/* A bounded table of names and their answers: chained buckets for finding, one list in
 * the order they were kept for evicting. Never looks at the clock itself. */
#include "resolver_cache.h"

#include "base/hash.h"
#include "base/mem.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct entry {
    struct list by_hash; /* in a bucket */
    struct list by_age;  /* in answer_cache.oldest_first */
    char *name;
    struct answer *answer; /* one reference */
    int64_t until_ms;
};

struct answer_cache {
    struct list buckets[BUCKETS];
    struct list oldest_first;
    size_t count;
};

static size_t bucket_of(const char *name) {
    return hash_bytes(name, strlen(name)) % BUCKETS;
}

static struct entry *find_entry(struct answer_cache *cache, const char *name) {
    struct list *bucket = &cache->buckets[bucket_of(name)];
    for (struct list *node = bucket->next; node != bucket; node = node->next) {
        struct entry *entry = LIST_ITEM(node, struct entry, by_hash);
        if (strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

static void free_entry(struct answer_cache *cache, struct entry *entry) {
    list_remove(&entry->by_hash);
    list_remove(&entry->by_age);
    cache->count--;
    answer_unref(entry->answer);
    free(entry->name);
    free(entry);
}

static struct entry *oldest(struct answer_cache *cache) {
    return LIST_ITEM(cache->oldest_first.next, struct entry, by_age);
}

struct answer *answer_new(enum resolve_status status, const char *text, size_t count) {
    struct answer *answer =
        mem_alloc(1, sizeof(struct answer) + count * sizeof(struct addr));
    answer->refs = 1;
    answer->status = status;
    answer->text = text;
    return answer;
}

struct answer *answer_ref(struct answer *answer) {
    answer->refs++;
    return answer;
}

void answer_unref(struct answer *answer) {
    if (answer && --answer->refs == 0)
        free(answer);
}

struct answer_cache *answer_cache_new(void) {
    struct answer_cache *cache = MEM_NEW(struct answer_cache);
    list_init(&cache->oldest_first);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&cache->buckets[i]);
    return cache;
}

void answer_cache_free(struct answer_cache *cache) {
    if (!cache)
        return;
    while (cache->count > 0)
        free_entry(cache, oldest(cache));
    free(cache);
}

struct answer *answer_cache_find(struct answer_cache *cache, const char *name,
                                 int64_t now_ms) {
    struct entry *entry = find_entry(cache, name);
    if (!entry)
        return NULL;
    if (now_ms < entry->until_ms)
        return entry->answer;
    free_entry(cache, entry);
    return NULL;
}

void answer_cache_keep(struct answer_cache *cache, const char *name,
                       struct answer *answer, int64_t until_ms) {
    answer_cache_drop(cache, name);
    if (cache->count == CACHE_NAMES_MAX)
        free_entry(cache, oldest(cache));
    struct entry *entry = MEM_NEW(struct entry);
    entry->name = mem_copy_text(name);
    entry->answer = answer_ref(answer);
    entry->until_ms = until_ms;
    list_append(&cache->buckets[bucket_of(name)], &entry->by_hash);
    list_append(&cache->oldest_first, &entry->by_age);
    cache->count++;
}

void answer_cache_drop(struct answer_cache *cache, const char *name) {
    struct entry *entry = find_entry(cache, name);
    if (entry)
        free_entry(cache, entry);
}
