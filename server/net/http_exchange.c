/* One exchange: connects, shakes hands where the URL says so, sends the request, reads
 * one answer, closes or keeps the connection. Deadlines are http_client.c's. */
#include "http_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/url.h"
#include "dial.h"
#include "net/loop.h"
#include "tls_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { READ_SIZE = 16 * 1024, READS_PER_TURN = 16 };

static void on_ready(void *user, int events);
static void send_request(struct http_transfer *transfer);

static int64_t elapsed_us(const struct http_transfer *transfer) {
    return clock_mono_us() - transfer->start_us;
}

static enum http_failure connect_failure(int sys) {
    switch (sys) {
        case ECONNREFUSED:
            return HTTP_CONNECT_REFUSED;
        case ETIMEDOUT:
            return HTTP_CONNECT_TIMEOUT;
        case ECONNRESET: /* it was there; a refusal is another errno */
        case EPIPE:
            return HTTP_CLOSED;
        case EMFILE:
        case ENFILE:
            return HTTP_LOCAL_FDS;
        case ENOMEM:
        case ENOBUFS:
            return HTTP_LOCAL_MEMORY;
        default:
            return HTTP_CONNECT_FAILED;
    }
}

static void connect_anew(struct http_transfer *transfer) {
    transfer->is_kept = false;
    transfer->connect_us = -1;
    transfer->sent = 0;
    int fd;
    int sys = dial_connect(&transfer->peer.addr, &fd);
    if (fd >= 0)
        transfer->connection.poll =
            loop_poll_new(transfer->client->loop, fd, on_ready, transfer);
    if (sys != 0 && sys != EINPROGRESS)
        http_client_end(transfer, connect_failure(sys), strerror(sys));
    else if (!transfer->peer.host || http_tls_open(transfer))
        send_request(transfer);
}

/* The connection, or the session on it, is lost. The peer may have closed a kept one
 * while the request was on its way: then once more. */
static void lose(struct http_transfer *transfer, enum http_failure failure,
                 const char *error) {
    if (transfer->is_kept && !transfer->got_answer) {
        http_connection_close(&transfer->connection);
        connect_anew(transfer);
    } else {
        http_client_end(transfer, failure, error);
    }
}

/* While something was sent, with the errno that says so. */
static void lose_sending(struct http_transfer *transfer, int sys) {
    const struct tls_wire *wire = transfer->connection.tls;
    enum http_failure failure = transfer->got_answer ? HTTP_CUT : HTTP_CLOSED;
    if (transfer->connect_us < 0)
        failure = connect_failure(sys);
    else if (wire && !wire->is_ready)
        failure = http_tls_failure(wire, TLS_STEP_CUT);
    lose(transfer, failure, strerror(sys));
}

static void note_connected(struct http_transfer *transfer) {
    if (transfer->connect_us < 0)
        transfer->connect_us = elapsed_us(transfer);
}

/* Sending comes before any wait: where the peer, or the mesh's proxy in our own pod, is
 * near, the connection is there when connect returns, and a wait would cost a turn. */
static void send_plain(struct http_transfer *transfer) {
    struct loop_poll *poll = transfer->connection.poll;
    struct buf *request = &transfer->request;
    ssize_t len = send(loop_poll_fd(poll), request->data + transfer->sent,
                       request->len - transfer->sent, MSG_NOSIGNAL);
    if (len < 0 && errno != EAGAIN && errno != EINTR) {
        lose_sending(transfer, errno);
        return;
    }
    if (len > 0) {
        note_connected(transfer);
        transfer->sent += (size_t)len;
    }
    loop_poll_set(poll, transfer->sent < request->len ? LOOP_WRITABLE : LOOP_READABLE);
}

/* The last flight of the handshake and the request go out together. */
static void send_tls(struct http_transfer *transfer) {
    struct tls_wire *wire = transfer->connection.tls;
    const struct buf *request = &transfer->request;
    enum tls_step step = TLS_STEP_DONE;
    if (!wire->is_ready) {
        step = tls_wire_shake(wire);
        if (wire->is_ready)
            transfer->tls_us = elapsed_us(transfer);
    }
    if (step == TLS_STEP_DONE && transfer->sent == 0) {
        step = tls_wire_write(wire, request->data, request->len);
        transfer->sent = request->len;
    }
    bool is_open = tls_wire_flush(wire);
    if (wire->sent > 0)
        note_connected(transfer);
    if (step != TLS_STEP_DONE && step != TLS_STEP_MORE)
        lose(transfer, http_tls_failure(wire, step), wire->error);
    else if (!is_open)
        lose_sending(transfer, wire->sys);
    else
        loop_poll_set(transfer->connection.poll, tls_wire_events(wire));
}

static void send_request(struct http_transfer *transfer) {
    if (transfer->connection.tls)
        send_tls(transfer);
    else
        send_plain(transfer);
}

/* Takes in what came. False: it is over. */
static bool take(struct http_transfer *transfer, const char *bytes, size_t len) {
    struct http_answer *answer = &transfer->answer;
    if (!transfer->got_answer)
        transfer->first_byte_us = elapsed_us(transfer);
    transfer->got_answer = true;
    switch (http_answer_read(answer, bytes, len)) {
        case HTTP_ANSWER_MORE:
            return true;
        case HTTP_ANSWER_WHOLE:
            transfer->is_whole = true;
            http_client_end(transfer, HTTP_OK, "");
            break;
        case HTTP_ANSWER_BROKEN:
            http_client_end(transfer, HTTP_PROTOCOL, answer->why);
            break;
        case HTTP_ANSWER_HEAD_LONG:
            http_client_end(transfer, HTTP_TOO_LARGE,
                            "the head of the answer is too large");
            break;
        case HTTP_ANSWER_BODY_LONG:
            transfer->is_cut = true;
            http_client_end(transfer, HTTP_OK, "");
            break;
    }
    return false;
}

/* Nothing more comes. `error`: why, or "" where the peer closed. */
static void end_answer(struct http_transfer *transfer, bool is_clean, const char *error) {
    const struct http_answer *answer = &transfer->answer;
    if (is_clean && http_answer_close(answer) == HTTP_ANSWER_WHOLE)
        http_client_end(transfer, HTTP_OK, "");
    else if (!transfer->got_answer)
        lose(transfer, HTTP_CLOSED,
             error[0] ? error : "the connection ended before an answer");
    else if (!answer->head_done)
        lose(transfer, HTTP_CUT, "the connection ended inside the head of the answer");
    else
        lose(transfer, HTTP_CUT,
             error[0] ? error : "the connection ended inside the body");
}

/* A peer that never stops sending must not keep the loop: the rest is read in the next
 * turn. */
static void receive_plain(struct http_transfer *transfer) {
    for (int i = 0; i < READS_PER_TURN; i++) {
        char bytes[READ_SIZE];
        ssize_t len =
            recv(loop_poll_fd(transfer->connection.poll), bytes, sizeof bytes, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0) {
            end_answer(transfer, len == 0, len < 0 ? strerror(errno) : "");
            return;
        }
        if (!take(transfer, bytes, (size_t)len) || (size_t)len < sizeof bytes)
            return;
    }
}

static void receive_tls(struct http_transfer *transfer) {
    struct tls_wire *wire = transfer->connection.tls;
    char bytes[READ_SIZE];
    size_t len = 0;
    enum tls_step step;
    while ((step = tls_wire_read(wire, bytes, sizeof bytes, &len)) == TLS_STEP_DONE) {
        if (!take(transfer, bytes, len))
            return;
    }
    bool is_open = tls_wire_flush(wire);
    if (step != TLS_STEP_MORE)
        end_answer(transfer, step == TLS_STEP_CLOSED, wire->error);
    else if (!is_open)
        lose_sending(transfer, wire->sys);
    else
        loop_poll_set(transfer->connection.poll, tls_wire_events(wire));
}

static void on_ready_tls(struct http_transfer *transfer) {
    struct tls_wire *wire = transfer->connection.tls;
    tls_wire_begin_turn(wire);
    if (transfer->sent == 0 || wire->unsent.len > 0)
        send_tls(transfer);
    else
        receive_tls(transfer);
}

static void on_ready(void *user, int events) {
    (void)events;
    struct http_transfer *transfer = user;
    struct http_client *client = transfer->client;
    if (transfer->connection.tls)
        on_ready_tls(transfer);
    else if (transfer->sent < transfer->request.len)
        send_plain(transfer);
    else
        receive_plain(transfer);
    http_client_report(client); /* `transfer` may be gone after it */
}

static void set_peer(struct http_transfer *transfer, const struct http_request *request,
                     const struct url *url) {
    struct http_peer *peer = &transfer->peer;
    if (!url->tls)
        return;
    peer->host = mem_copy_text(url->host);
    size_t len = strlen(peer->host);
    if (len > 0 && peer->host[len - 1] == '.') /* no part of what a certificate names */
        peer->host[len - 1] = '\0';
    peer->is_literal = url->is_literal;
    peer->ca_file = mem_copy_text(request->ca_file);
    peer->takes_any = request->take_any_certificate;
}

void http_exchange_start(struct http_transfer *transfer,
                         const struct http_request *request) {
    struct url url;
    struct err err = {0};
    transfer->peer.addr = *request->connect;
    if (!url_parse(request->url, &url, &err)) {
        http_client_end(transfer, HTTP_LOCAL_CONFIG, err.text);
        return;
    }
    if (!http_request_write(transfer, request, &url))
        return;
    set_peer(transfer, request, &url);
    transfer->answer = (struct http_answer){
        .head = &transfer->head,
        .body = &transfer->body,
        .max_head = HTTP_HEAD_MAX,
        .max_body = request->max_body,
        .is_head_only = strcmp(request->method, "HEAD") == 0,
    };
    transfer->wants_reuse = request->reuse;
    if (request->reuse)
        transfer->connection = http_kept_take(transfer->client->kept, &transfer->peer);
    if (!transfer->connection.poll) {
        connect_anew(transfer);
        return;
    }
    loop_poll_direct(transfer->connection.poll, on_ready, transfer);
    transfer->is_kept = true;
    transfer->connect_us = 0;
    send_request(transfer);
}

void http_exchange_end(struct http_transfer *transfer) {
    struct http_connection *connection = &transfer->connection;
    const struct tls_wire *wire = connection->tls;
    bool is_quiet = !wire || (!tls_wire_has_more(wire) && wire->unsent.len == 0);
    bool is_reusable = transfer->wants_reuse && transfer->is_whole &&
                       transfer->answer.persists && is_quiet &&
                       transfer->sent == transfer->request.len;
    if (is_reusable)
        http_kept_put(transfer->client->kept, &transfer->peer, connection);
    else
        http_connection_close(connection);
    http_peer_fini(&transfer->peer);
    http_answer_fini(&transfer->answer);
}
