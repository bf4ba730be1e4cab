/* A table of lists by address, and one list of all by how long they have waited. */
#include "http_kept.h"

#include "base/addr.h"
#include "base/hash.h"
#include "base/mem.h"
#include "list.h"
#include "net/loop.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As long as libcurl trusts an idle connection (CURLOPT_MAXAGE_CONN, 7.65). */
enum { BUCKETS = 1024, WAIT_MAX_MS = 118 * 1000 };

struct waiting {
    struct list in_bucket;
    struct list in_order;
    struct http_kept *kept;
    struct addr peer;
    struct loop_poll *poll;
    int64_t since_ms;
};

struct http_kept {
    struct loop *loop;
    size_t max;
    size_t count;
    struct list order; /* the longest wait first */
    struct list buckets[BUCKETS];
};

static struct list *bucket_of(struct http_kept *kept, const struct addr *peer) {
    return &kept->buckets[hash_bytes(&peer->u, peer->len) % BUCKETS];
}

static void forget(struct waiting *waiting) {
    list_remove(&waiting->in_bucket);
    list_remove(&waiting->in_order);
    waiting->kept->count--;
    free(waiting);
}

static void drop(struct waiting *waiting) {
    loop_poll_close(waiting->poll);
    forget(waiting);
}

static void on_ready(void *user, int events) {
    (void)events;
    drop(user);
}

static void drop_old(struct http_kept *kept) {
    int64_t now_ms = loop_now_ms(kept->loop);
    while (!list_is_empty(&kept->order)) {
        struct waiting *oldest = LIST_ITEM(kept->order.next, struct waiting, in_order);
        if (kept->count <= kept->max && now_ms - oldest->since_ms < WAIT_MAX_MS)
            return;
        drop(oldest);
    }
}

struct http_kept *http_kept_new(struct loop *loop, size_t max) {
    struct http_kept *kept = MEM_NEW(struct http_kept);
    kept->loop = loop;
    kept->max = max;
    list_init(&kept->order);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&kept->buckets[i]);
    return kept;
}

void http_kept_put(struct http_kept *kept, const struct addr *peer,
                   struct loop_poll *poll) {
    struct waiting *waiting = MEM_NEW(struct waiting);
    waiting->kept = kept;
    waiting->peer = *peer;
    waiting->poll = poll;

    waiting->since_ms = loop_now_ms(kept->loop);
    list_append(bucket_of(kept, peer), &waiting->in_bucket);
    list_append(&kept->order, &waiting->in_order);
    kept->count++;
    loop_poll_direct(poll, on_ready, waiting);
    drop_old(kept);
}

struct loop_poll *http_kept_take(struct http_kept *kept, const struct addr *peer) {
    drop_old(kept);
    struct list *bucket = bucket_of(kept, peer);
    for (struct list *node = bucket->prev; node != bucket; node = node->prev) {
        struct waiting *waiting = LIST_ITEM(node, struct waiting, in_bucket);
        if (waiting->peer.len != peer->len ||
            memcmp(&waiting->peer.u, &peer->u, peer->len) != 0)
            continue;
        struct loop_poll *poll = waiting->poll;

        forget(waiting);
        return poll;
    }
    return NULL;
}

void http_kept_free(struct http_kept *kept) {
    if (!kept)
        return;
    while (!list_is_empty(&kept->order))
        drop(LIST_ITEM(kept->order.next, struct waiting, in_order));
    free(kept);
}
