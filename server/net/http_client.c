/* Transfers: started, ended by what comes or by their deadline, reported, and used again.
 * One loop timer for each is set to the connect deadline first, and to the whole one if a
 * connection is there by then. */
#include "http_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "tls_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    IDLE_MAX = 256,
    KEPT_CONNECTIONS_MAX = 16384,
    KEPT_BUFFER_MAX = 8 * 1024, /* a transfer not in use keeps no more than this */
};

/* With what it waits on. What it shows of its answer stays. */
static void detach(struct http_transfer *transfer) {
    list_remove(&transfer->node);
    deadline_stop(&transfer->deadline);
    http_exchange_end(transfer);
}

static void free_transfer(struct http_transfer *transfer) {
    deadline_fini(&transfer->deadline);
    arena_free(transfer->arena);
    buf_fini(&transfer->request);
    buf_fini(&transfer->head);
    buf_fini(&transfer->body);
    free(transfer);
}

/* Forget the last request, to be used again. */
static void reset(struct http_transfer *transfer) {
    arena_free(transfer->arena);
    if (transfer->body.cap > KEPT_BUFFER_MAX)
        buf_fini(&transfer->body);
    *transfer = (struct http_transfer){
        .client = transfer->client,
        .deadline = transfer->deadline,
        .request = transfer->request,
        .head = transfer->head,
        .body = transfer->body,
    };
    buf_clear(&transfer->request);
    buf_clear(&transfer->head);
    buf_clear(&transfer->body);
}

static void recycle(struct http_transfer *transfer) {
    struct http_client *client = transfer->client;
    if (client->is_ended || client->idle_count >= IDLE_MAX) {
        free_transfer(transfer);
        return;
    }
    reset(transfer);
    list_append(&client->idle, &transfer->node);
    client->idle_count++;
}

static void destroy(struct http_client *client) {
    loop_timer_free(client->later);
    http_kept_free(client->kept);
    tls_stores_free(client->stores);
    tls_context_free(client->tls);
    free(client);
}

void http_client_report(struct http_client *client) {
    client->is_reporting = true;
    list_append_all(&client->batch, &client->done);
    while (!list_is_empty(&client->batch)) {
        struct http_transfer *transfer =
            LIST_ITEM(client->batch.next, struct http_transfer, node);
        struct http_result result;
        http_tls_show(transfer);
        http_result_fill(&result, transfer);
        detach(transfer);
        transfer->callback(transfer->user, &result);
        recycle(transfer);
    }
    client->is_reporting = false;
    if (client->is_ended)
        destroy(client);
}

void http_client_end(struct http_transfer *transfer, enum http_failure failure,
                     const char *error) {
    transfer->failure = failure;
    snprintf(transfer->error, sizeof transfer->error, "%s", error);
    deadline_stop(&transfer->deadline);
    list_remove(&transfer->node);
    list_append(&transfer->client->done, &transfer->node);
}

static void on_later(void *user) {
    http_client_report(user);
}

static void on_deadline(void *user) {
    struct http_transfer *transfer = user;
    struct http_client *client = transfer->client;
    bool is_connected = transfer->connect_us >= 0;
    if (is_connected && transfer->deadline.at_us < transfer->end_us) {
        deadline_set(&transfer->deadline, transfer->end_us);
        return;
    }
    if (is_connected)
        http_client_end(transfer, HTTP_TIMEOUT, "no whole answer in time");
    else
        http_client_end(transfer, HTTP_CONNECT_TIMEOUT, "no connection in time");
    http_client_report(client);
}

/* Half of what may be opened at all. */
static size_t kept_connections(void) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t half = limit.rlim_cur / 2;
    return half < KEPT_CONNECTIONS_MAX ? (size_t)half : KEPT_CONNECTIONS_MAX;
}

static struct http_transfer *take_transfer(struct http_client *client) {
    struct http_transfer *transfer = NULL;
    if (!list_is_empty(&client->idle)) {
        transfer = LIST_ITEM(client->idle.next, struct http_transfer, node);
        list_remove(&transfer->node);
        client->idle_count--;
        return transfer;
    }
    transfer = MEM_NEW(struct http_transfer);
    transfer->client = client;
    deadline_init(&transfer->deadline, client->loop, on_deadline, transfer);
    return transfer;
}

static void free_transfers(struct list *transfers) {
    while (!list_is_empty(transfers)) {
        struct http_transfer *transfer =
            LIST_ITEM(transfers->next, struct http_transfer, node);
        detach(transfer);
        free_transfer(transfer);
    }
}

void http_client_free(struct http_client *client) {
    if (!client)
        return;
    free_transfers(&client->running);
    free_transfers(&client->done);
    free_transfers(&client->batch);
    free_transfers(&client->idle);
    if (client->is_reporting)
        client->is_ended = true;
    else
        destroy(client);
}

struct http_client *http_client_new(struct loop *loop) {
    struct http_client *client = MEM_NEW(struct http_client);
    client->loop = loop;
    list_init(&client->running);
    list_init(&client->done);
    list_init(&client->batch);
    list_init(&client->idle);
    client->later = loop_timer_new(loop, on_later, client);
    client->kept = http_kept_new(loop, kept_connections());
    client->stores = tls_stores_new();
    return client;
}

struct http_transfer *
http_client_start(struct http_client *client, const struct http_request *request,
                  void (*callback)(void *user, const struct http_result *result),
                  void *user) {
    struct http_transfer *transfer = take_transfer(client);
    transfer->callback = callback;
    transfer->user = user;
    transfer->connect_us = -1;
    transfer->tls_us = -1;
    transfer->first_byte_us = -1;
    transfer->start_us = clock_mono_us();
    transfer->end_us = transfer->start_us + request->timeout_ms * 1000;
    int64_t connect_end_us = transfer->start_us + request->connect_timeout_ms * 1000;
    list_append(&client->running, &transfer->node);
    deadline_set(&transfer->deadline,
                 connect_end_us < transfer->end_us ? connect_end_us : transfer->end_us);
    http_exchange_start(transfer, request);
    if (!list_is_empty(&client->done))
        loop_timer_set(client->later, 0);
    return transfer;
}

void http_transfer_cancel(struct http_transfer *transfer) {
    if (!transfer)
        return;
    detach(transfer);
    recycle(transfer);
}
