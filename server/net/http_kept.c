/* A table of lists by peer, and one list of all by how long they have waited. */
#include "http_kept.h"

#include "base/hash.h"
#include "base/mem.h"
#include "list.h"
#include "net/loop.h"
#include "tls_wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As long as curl trusts an idle connection (CURLOPT_MAXAGE_CONN, 7.65). */
enum { BUCKETS = 1024, WAIT_MAX_MS = 118 * 1000 };

struct waiting {
    struct list in_bucket;
    struct list in_order;
    struct http_kept *kept;
    struct http_peer peer;
    struct http_connection connection;
    int64_t since_ms;
};

struct http_kept {
    struct loop *loop;
    size_t max;
    size_t count;
    struct list order; /* the longest wait first */
    struct list buckets[BUCKETS];
};

void http_peer_fini(struct http_peer *peer) {
    free(peer->host);
    free(peer->ca_file);
    *peer = (struct http_peer){0};
}

void http_connection_close(struct http_connection *connection) {
    tls_wire_free(connection->tls); /* its goodbye goes first */
    loop_poll_close(connection->poll);
    *connection = (struct http_connection){0};
}

static bool is_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct http_peer *a, const struct http_peer *b) {
    return a->addr.len == b->addr.len &&
           memcmp(&a->addr.u, &b->addr.u, a->addr.len) == 0 &&
           a->takes_any == b->takes_any && is_same_text(a->host, b->host) &&
           is_same_text(a->ca_file, b->ca_file);
}

/* By the host as well: a gateway has one address for all of them. */
static struct list *bucket_of(struct http_kept *kept, const struct http_peer *peer) {
    uint32_t hash = hash_bytes(&peer->addr.u, peer->addr.len);
    if (peer->host)
        hash ^= hash_bytes(peer->host, strlen(peer->host));
    return &kept->buckets[hash % BUCKETS];
}

static void forget(struct waiting *waiting) {
    list_remove(&waiting->in_bucket);
    list_remove(&waiting->in_order);
    waiting->kept->count--;
    http_peer_fini(&waiting->peer);
    free(waiting);
}

static void drop(struct waiting *waiting) {
    http_connection_close(&waiting->connection);
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

void http_kept_put(struct http_kept *kept, struct http_peer *peer,
                   struct http_connection *connection) {
    struct waiting *waiting = MEM_NEW(struct waiting);
    waiting->kept = kept;
    waiting->peer = *peer;
    waiting->connection = *connection;
    waiting->since_ms = loop_now_ms(kept->loop);
    *peer = (struct http_peer){0};
    *connection = (struct http_connection){0};
    list_append(bucket_of(kept, &waiting->peer), &waiting->in_bucket);
    list_append(&kept->order, &waiting->in_order);
    kept->count++;
    loop_poll_direct(waiting->connection.poll, on_ready, waiting);
    drop_old(kept);
}

struct http_connection http_kept_take(struct http_kept *kept,
                                      const struct http_peer *peer) {
    struct http_connection connection = {0};
    drop_old(kept);
    struct list *bucket = bucket_of(kept, peer);
    for (struct list *node = bucket->prev; node != bucket; node = node->prev) {
        struct waiting *waiting = LIST_ITEM(node, struct waiting, in_bucket);
        if (is_same(&waiting->peer, peer)) {
            connection = waiting->connection;
            forget(waiting);
            break;
        }
    }
    return connection;
}

void http_kept_free(struct http_kept *kept) {
    if (!kept)
        return;
    while (!list_is_empty(&kept->order))
        drop(LIST_ITEM(kept->order.next, struct waiting, in_order));
    free(kept);
}
