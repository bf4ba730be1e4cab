/* Transfers, on libcurl's multi handles or as plain exchanges: sockets and timers on the
 * loop, results reported.
 *
 * All deadlines are ours. libcurl's own connect timeout covers the TLS handshake as well,
 * and each of its timeouts costs an entry in its timer tree; one loop timer for each
 * transfer is set to the connect deadline first, and to the whole one if a connection is
 * there by then. */
#include "http_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"
#include "http_kept.h"
#include "http_plain.h"
#include "net/loop.h"
#include "tls_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { IDLE_MAX = 256, KEPT_CONNECTIONS_MAX = 16384 };

struct http_socket {
    struct http_lane *lane;
    struct http_transfer *transfer; /* NULL: libcurl's own business */
    struct loop_poll *poll;
    int fd; /* libcurl's */
};

static void let_go_of_socket(struct http_transfer *transfer) {
    if (transfer->socket)
        transfer->socket->transfer = NULL;
    transfer->socket = NULL;
}

/* Out of its multi handle, with what it waits on. Results stay readable. */
static void detach(struct http_transfer *transfer) {
    list_remove(&transfer->node);
    deadline_stop(&transfer->deadline);
    if (transfer->lane)
        curl_multi_remove_handle(transfer->lane->multi, transfer->easy);
    transfer->lane = NULL;
    let_go_of_socket(transfer);
    http_plain_free(transfer->plain);
    transfer->plain = NULL;
}

static void recycle(struct http_transfer *transfer) {
    struct http_client *client = transfer->client;
    if (client->is_ended || client->idle_count >= IDLE_MAX) {
        http_transfer_free(transfer);
        return;
    }
    http_transfer_reset(transfer);
    list_append(&client->idle, &transfer->node);
    client->idle_count++;
}

static void free_lane(struct http_lane *lane) {
    list_remove(&lane->node);
    curl_multi_cleanup(lane->multi); /* calls back for its connections and its timer */
    loop_timer_free(lane->timer);
    free(lane->ca_file);
    free(lane);
}

static void destroy(struct http_client *client) {
    while (!list_is_empty(&client->lanes))
        free_lane(LIST_ITEM(client->lanes.next, struct http_lane, node));
    loop_timer_free(client->later);
    http_kept_free(client->kept);
    tls_stores_free(client->stores);
    free(client);
    curl_global_cleanup();
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

void http_client_end(struct http_transfer *transfer, CURLcode code) {
    transfer->code = code;
    if (transfer->facts && transfer->facts->got_answer)
        transfer->got_answer = true;
    deadline_stop(&transfer->deadline);
    list_remove(&transfer->node);
    list_append(&transfer->client->done, &transfer->node);
}

static struct http_transfer *transfer_of(CURL *easy) {
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    return (struct http_transfer *)(void *)private;
}

/* Let libcurl work, and note what is over. */
static void drive(struct http_lane *lane, curl_socket_t fd, int what) {
    int running = 0;
    curl_multi_socket_action(lane->multi, fd, what, &running);
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(lane->multi, &left));) {
        if (message->msg == CURLMSG_DONE)
            http_client_end(transfer_of(message->easy_handle), message->data.result);
    }
}

/* libcurl swallows the bytes of a head that never becomes a whole line. Where the peer
 * has closed as well, only a look tells whether anything came before. */
static bool has_answer_bytes(const struct http_socket *sock, int events) {
    char byte;
    if (!(events & LOOP_READABLE))
        return false;
    return !(events & LOOP_HANGUP) ||
           recv(sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void on_socket_ready(void *user, int events) {
    struct http_socket *sock = user;
    struct http_lane *lane = sock->lane;
    struct http_transfer *transfer = sock->transfer;
    if (transfer && !transfer->is_tls && !transfer->got_answer)
        transfer->got_answer = has_answer_bytes(sock, events);
    drive(lane, sock->fd,
          (events & LOOP_READABLE ? CURL_CSELECT_IN : 0) |
              (events & LOOP_WRITABLE ? CURL_CSELECT_OUT : 0));
    http_client_report(lane->client); /* `sock` and `lane` may be gone after it */
}

/* While it connects libcurl waits for writing only; when it wants to read, the connection
 * is there (and the request, or the TLS hello, sent). */
static void note_connected(struct http_transfer *transfer) {
    if (transfer && transfer->connect_us < 0)
        transfer->connect_us = clock_mono_us() - transfer->start_us;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user,
                            void *socket_user) {
    struct http_lane *lane = user;
    struct http_socket *sock = socket_user;
    if (what == CURL_POLL_REMOVE) {
        if (sock) {
            if (sock->transfer)
                sock->transfer->socket = NULL;
            loop_poll_free(sock->poll);
            free(sock);
            curl_multi_assign(lane->multi, fd, NULL);
        }
        return 0;
    }
    if (!sock) {
        sock = MEM_NEW(struct http_socket);
        sock->lane = lane;
        sock->fd = fd;
        sock->poll = loop_poll_new(lane->client->loop, fd, on_socket_ready, sock);
        curl_multi_assign(lane->multi, fd, sock);
    }
    struct http_transfer *transfer = transfer_of(easy);
    if (transfer != sock->transfer) {
        if (sock->transfer)
            sock->transfer->socket = NULL;
        if (transfer) {
            let_go_of_socket(transfer);
            transfer->socket = sock;
        }
        sock->transfer = transfer;
    }
    if (what & CURL_POLL_IN)
        note_connected(transfer);
    loop_poll_set(sock->poll, (what & CURL_POLL_IN ? LOOP_READABLE : 0) |
                                  (what & CURL_POLL_OUT ? LOOP_WRITABLE : 0));
    return 0;
}

static void on_lane_timer(void *user) {
    struct http_lane *lane = user;
    drive(lane, CURL_SOCKET_TIMEOUT, 0);
    http_client_report(lane->client);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *user) {
    (void)multi;
    const struct http_lane *lane = user;
    if (timeout_ms < 0)
        loop_timer_stop(lane->timer);
    else
        loop_timer_set(lane->timer, timeout_ms);
    return 0;
}

static void on_later(void *user) {
    http_client_report(user);
}

static bool is_connected(const struct http_transfer *transfer) {
    long connections = 0;
    if (!transfer->plain)
        curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    return transfer->connect_us >= 0 || connections > 0;
}

static void on_deadline(void *user) {
    struct http_transfer *transfer = user;
    struct http_client *client = transfer->client;
    if (transfer->deadline.at_us < transfer->end_us && is_connected(transfer)) {
        deadline_set(&transfer->deadline, transfer->end_us);
        return;
    }
    transfer->stop = HTTP_STOP_DEADLINE;
    http_client_end(transfer, CURLE_OPERATION_TIMEDOUT);
    http_client_report(client);
}

/* Half of what may be opened at all. */
static long kept_connections(void) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t half = limit.rlim_cur / 2;
    return half < KEPT_CONNECTIONS_MAX ? (long)half : KEPT_CONNECTIONS_MAX;
}

/* NULL without memory. */
static struct http_lane *new_lane(struct http_client *client, const char *ca_file) {
    CURLM *multi = curl_multi_init();
    if (!multi)
        return NULL;
    struct http_lane *lane = MEM_NEW(struct http_lane);
    lane->client = client;
    lane->multi = multi;
    lane->timer = loop_timer_new(client->loop, on_lane_timer, lane);
    lane->ca_file = mem_copy_text(ca_file);
    list_append(&client->lanes, &lane->node);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections());
    return lane;
}

static struct http_lane *lane_for(struct http_client *client, const char *ca_file) {
    for (struct list *node = client->lanes.next; node != &client->lanes;
         node = node->next) {
        struct http_lane *lane = LIST_ITEM(node, struct http_lane, node);
        if (ca_file ? lane->ca_file && strcmp(lane->ca_file, ca_file) == 0
                    : !lane->ca_file)
            return lane;
    }
    return new_lane(client, ca_file);
}

static struct http_transfer *new_transfer(struct http_client *client, struct err *err) {
    struct http_transfer *transfer = http_transfer_new(client, err);
    if (transfer)
        deadline_init(&transfer->deadline, client->loop, on_deadline, transfer);
    return transfer;
}

static struct http_transfer *take_transfer(struct http_client *client) {
    struct http_transfer *transfer = NULL;
    if (!list_is_empty(&client->idle)) {
        transfer = LIST_ITEM(client->idle.next, struct http_transfer, node);
        list_remove(&transfer->node);
        client->idle_count--;
        return transfer;
    }
    struct err err = {0};
    transfer = new_transfer(client, &err);
    if (!transfer) { /* one was made at the start: memory, then, as in base/mem.h */
        log_event(LOG_LEVEL_ERROR, "out_of_memory", LOG_TEXT("error", err.text));
        abort();
    }
    return transfer;
}

static void free_transfers(struct list *transfers) {
    while (!list_is_empty(transfers)) {
        struct http_transfer *transfer =
            LIST_ITEM(transfers->next, struct http_transfer, node);
        detach(transfer);
        http_transfer_free(transfer);
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

struct http_client *http_client_new(struct loop *loop, struct err *err) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_UNAVAILABLE, "cannot set up libcurl");
        return NULL;
    }
    struct http_client *client = MEM_NEW(struct http_client);
    client->loop = loop;
    list_init(&client->lanes);
    list_init(&client->running);
    list_init(&client->done);
    list_init(&client->batch);
    list_init(&client->idle);
    client->later = loop_timer_new(loop, on_later, client);
    client->kept = http_kept_new(loop, (size_t)kept_connections());
    struct http_transfer *first = NULL;
    if (http_tls_init())
        first = new_transfer(client, err);
    else
        err_set(err, ERR_UNAVAILABLE, "libcurl was not built with OpenSSL");
    if (!first) {
        http_client_free(client);
        return NULL;
    }
    recycle(first);
    return client;
}

static CURLcode begin_with_libcurl(struct http_transfer *transfer,
                                   const struct http_request *request) {
    CURLcode code = http_transfer_prepare(transfer, request);
    if (code != CURLE_OK)
        return code;
    struct http_lane *lane =
        lane_for(transfer->client, transfer->is_tls ? request->ca_file : NULL);
    if (!lane || curl_multi_add_handle(lane->multi, transfer->easy) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    transfer->lane = lane;
    return CURLE_OK;
}

struct http_transfer *
http_client_start(struct http_client *client, const struct http_request *request,
                  void (*callback)(void *user, const struct http_result *result),
                  void *user) {
    struct http_transfer *transfer = take_transfer(client);
    transfer->callback = callback;
    transfer->user = user;
    transfer->connect_us = -1;
    transfer->first_byte_us = -1;
    transfer->start_us = clock_mono_us();
    transfer->end_us = transfer->start_us + request->timeout_ms * 1000;
    list_append(&client->running, &transfer->node);

    struct url url;
    CURLcode code = http_plain_can(request, &url)
                        ? http_plain_start(transfer, request, &url)
                        : begin_with_libcurl(transfer, request);
    if (code != CURLE_OK) {
        http_client_end(transfer, code);
    } else {
        int64_t connect_end_us = transfer->start_us + request->connect_timeout_ms * 1000;
        deadline_set(&transfer->deadline, connect_end_us < transfer->end_us
                                              ? connect_end_us
                                              : transfer->end_us);
        if (transfer->lane) /* begin now, not in the next turn */
            drive(transfer->lane, CURL_SOCKET_TIMEOUT, 0);
    }
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
