/* Connects, sends one request, reads one answer, closes or keeps the connection. The
 * request has the bytes that libcurl would send, and every outcome is told in libcurl's
 * codes, so that what they mean is said in one place, http_result.c. Deadlines are
 * http_client.c's. */
#include "http_plain.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "dial.h"
#include "http_answer.h"
#include "http_kept.h"
#include "net/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { READ_SIZE = 16 * 1024, READS_PER_TURN = 16 };

struct http_plain {
    struct http_transfer *transfer;
    struct http_answer answer;
    struct loop_poll *poll; /* NULL: no connection was begun */
    struct buf request;
    size_t sent;
    bool is_to_be_kept; /* where the answer allows it */
    bool is_over;       /* with a whole answer */
};

static void end(struct http_plain *plain, CURLcode code, const char *text) {
    struct http_transfer *transfer = plain->transfer;
    snprintf(transfer->error, sizeof transfer->error, "%s", text);
    http_client_end(transfer, code);
}

/* False: more is to come. */
static bool judge(struct http_plain *plain, enum http_answer_state state) {
    struct http_transfer *transfer = plain->transfer;
    switch (state) {
        case HTTP_ANSWER_MORE:
            return false;
        case HTTP_ANSWER_WHOLE:
            plain->is_over = true;
            end(plain, CURLE_OK, "");
            return true;
        case HTTP_ANSWER_BROKEN:
            end(plain, CURLE_WEIRD_SERVER_REPLY, plain->answer.why);
            return true;
        case HTTP_ANSWER_HEAD_LONG:
            transfer->stop = HTTP_STOP_HEAD;
            end(plain, CURLE_WRITE_ERROR, "");
            return true;
        case HTTP_ANSWER_BODY_LONG:
            transfer->stop = HTTP_STOP_BODY;
            end(plain, CURLE_WRITE_ERROR, "");
            return true;
    }
    return false;
}

static void on_ready(void *user, int events);

static CURLcode refuse(struct http_plain *plain, CURLcode code, int sys) {
    struct http_transfer *transfer = plain->transfer;
    if (code == CURLE_COULDNT_CONNECT)
        transfer->socket_errno = sys;
    snprintf(transfer->error, sizeof transfer->error, "%s", strerror(sys));
    return code;
}

static void disconnect(struct http_plain *plain) {
    loop_poll_close(plain->poll);
    plain->poll = NULL;
}

static CURLcode connect_anew(struct http_plain *plain) {
    struct http_transfer *transfer = plain->transfer;
    transfer->is_kept = false;
    transfer->connect_us = -1;
    plain->sent = 0;
    int fd;
    int sys = dial_connect(&transfer->connect, &fd);
    if (fd >= 0)
        plain->poll = loop_poll_new(transfer->client->loop, fd, on_ready, plain);
    if (sys != 0 && sys != EINPROGRESS)
        return refuse(plain, CURLE_COULDNT_CONNECT, sys);
    return CURLE_OK;
}

static CURLcode send_request(struct http_plain *plain);

/* The peer may have closed a kept connection while the request was on its way. */
static CURLcode start_over(struct http_plain *plain) {
    disconnect(plain);
    CURLcode code = connect_anew(plain);
    return code == CURLE_OK ? send_request(plain) : code;
}

/* Sending comes before any wait: where the peer, or the mesh's proxy in our own pod, is
 * near, the connection is there when connect returns, and a wait would cost a turn. */
static CURLcode send_request(struct http_plain *plain) {
    struct http_transfer *transfer = plain->transfer;
    struct buf *request = &plain->request;
    ssize_t len = send(loop_poll_fd(plain->poll), request->data + plain->sent,
                       request->len - plain->sent, MSG_NOSIGNAL);
    if (len < 0 && errno != EAGAIN && errno != EINTR) {
        if (transfer->is_kept)
            return start_over(plain);
        return refuse(plain, plain->sent == 0 ? CURLE_COULDNT_CONNECT : CURLE_SEND_ERROR,
                      errno);
    }
    if (len > 0) {
        if (transfer->connect_us < 0)
            transfer->connect_us = clock_mono_us() - transfer->start_us;
        plain->sent += (size_t)len;
    }
    loop_poll_set(plain->poll,
                  plain->sent < request->len ? LOOP_WRITABLE : LOOP_READABLE);
    return CURLE_OK;
}

/* Unless it is CURLE_OK; its text is there. */
static void end_failed(struct http_plain *plain, CURLcode code) {
    if (code != CURLE_OK)
        http_client_end(plain->transfer, code);
}

/* `sys`: 0, or the errno that ended it. */
static void end_closed(struct http_plain *plain, int sys) {
    const struct http_answer *answer = &plain->answer;
    struct http_transfer *transfer = plain->transfer;
    if (transfer->is_kept && !transfer->got_answer)
        end_failed(plain, start_over(plain));
    else if (sys != 0)
        end(plain, CURLE_RECV_ERROR, strerror(sys));
    else if (http_answer_close(answer) == HTTP_ANSWER_WHOLE)
        end(plain, CURLE_OK, "");
    else if (!transfer->got_answer)
        end(plain, CURLE_GOT_NOTHING, "the connection ended before an answer");
    else if (!answer->head_done)
        end(plain, CURLE_RECV_ERROR, "");
    else
        end(plain, CURLE_PARTIAL_FILE, "the connection ended inside the body");
}

/* A peer that never stops sending must not keep the loop: the rest is read in the next
 * turn. */
static void receive(struct http_plain *plain) {
    struct http_transfer *transfer = plain->transfer;
    for (int i = 0; i < READS_PER_TURN; i++) {
        char bytes[READ_SIZE];
        ssize_t len = recv(loop_poll_fd(plain->poll), bytes, sizeof bytes, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0) {
            end_closed(plain, len < 0 ? errno : 0);
            return;
        }
        if (!transfer->got_answer)
            transfer->first_byte_us = clock_mono_us() - transfer->start_us;
        transfer->got_answer = true;
        enum http_answer_state state =
            http_answer_read(&plain->answer, bytes, (size_t)len);
        transfer->status = plain->answer.status;
        transfer->head_done = plain->answer.head_done;
        if (judge(plain, state))
            return;
        if ((size_t)len < sizeof bytes)
            return;
    }
}

static void on_ready(void *user, int events) {
    (void)events;
    struct http_plain *plain = user;
    struct http_client *client = plain->transfer->client;
    if (plain->sent < plain->request.len)
        end_failed(plain, send_request(plain));
    else
        receive(plain);
    http_client_report(client); /* `plain` may be gone after it */
}

/* The first one of that name, or NULL. */
static const struct http_header *find_header(const struct http_request *request,
                                             const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return &request->headers[i];
    }
    return NULL;
}

static void add_default(struct buf *text, const struct http_request *request,
                        const char *name, const char *value) {
    if (!find_header(request, name))
        buf_printf(text, "%s: %s\r\n", name, value);
}

static CURLcode write_request(struct http_plain *plain,
                              const struct http_request *request, const struct url *url) {
    static const char agent[] = "health-responder/" HR_VERSION;
    struct buf *text = &plain->request;
    char host[URL_HOST_MAX + 16];
    buf_puts(text, request->method);
    buf_putc(text, ' ');
    buf_puts(text, url->target);
    buf_puts(text, " HTTP/1.1\r\n");
    /* Host goes first, also where it is the caller's (RFC 9110, 7.2). */
    const struct http_header *own_host = find_header(request, "Host");
    if (own_host && own_host->value &&
        http_transfer_judge_header(plain->transfer, own_host) == CURLE_OK)
        buf_printf(text, "Host: %s\r\n", own_host->value);
    add_default(text, request, "Host", url_authority(url, host));
    add_default(text, request, "User-Agent", agent);
    add_default(text, request, "Accept", "*/*");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        CURLcode code = http_transfer_judge_header(plain->transfer, header);
        if (code != CURLE_OK)
            return code;
        if (header->value && header != own_host)
            buf_printf(text, *header->value ? "%s: %s\r\n" : "%s:%s\r\n", header->name,
                       header->value);
    }
    buf_puts(text, "\r\n");
    return CURLE_OK;
}

bool http_plain_can(const struct http_request *request, struct url *url) {
    return !addr_is_unix(request->connect) && url_parse(request->url, url, NULL) &&
           !url->tls;
}

CURLcode http_plain_start(struct http_transfer *transfer,
                          const struct http_request *request, const struct url *url) {
    struct http_plain *plain = MEM_NEW(struct http_plain);
    transfer->plain = plain;
    transfer->connect = *request->connect;
    plain->transfer = transfer;

    plain->answer = (struct http_answer){
        .head = &transfer->head,
        .body = &transfer->body,
        .max_head = HTTP_HEAD_MAX,
        .max_body = request->max_body,
        .is_head_only = strcmp(request->method, "HEAD") == 0,
    };
    CURLcode code = write_request(plain, request, url);
    if (code != CURLE_OK)
        return code;
    plain->is_to_be_kept = request->reuse;
    if (request->reuse)
        plain->poll = http_kept_take(transfer->client->kept, &transfer->connect);
    if (plain->poll) {
        loop_poll_direct(plain->poll, on_ready, plain);
        transfer->is_kept = true;
        transfer->connect_us = 0;
    } else {
        code = connect_anew(plain);
    }
    return code == CURLE_OK ? send_request(plain) : code;
}

void http_plain_free(struct http_plain *plain) {
    if (!plain)
        return;
    bool is_reusable = plain->is_over && plain->is_to_be_kept && plain->answer.persists &&
                       plain->sent == plain->request.len;
    if (is_reusable)
        http_kept_put(plain->transfer->client->kept, &plain->transfer->connect,
                      plain->poll);
    else
        disconnect(plain);
    buf_fini(&plain->request);
    http_answer_fini(&plain->answer);
    free(plain);
}
