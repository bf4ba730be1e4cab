/* Connects, sends one request, reads one answer, closes. The request has the bytes that
 * libcurl would send, and every outcome is told in libcurl's codes, so that what they
 * mean is said in one place, http_result.c. Deadlines are http_client.c's. */
#include "http_plain.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "dial.h"
#include "http_answer.h"
#include "net/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 16 * 1024, READS_PER_TURN = 16 };

struct http_plain {
    struct http_transfer *transfer;
    struct http_answer answer;
    struct loop_poll *poll;
    int fd;
    struct buf request;
    size_t sent;
};

static void end(struct http_plain *plain, CURLcode code, const char *text) {
    struct http_transfer *transfer = plain->transfer;
    snprintf(transfer->error, sizeof transfer->error, "%s", text);
    http_client_end(transfer, code);
}

static void note_connected(struct http_transfer *transfer) {
    if (transfer->connect_us < 0)
        transfer->connect_us = clock_mono_us() - transfer->start_us;
}

static void end_unconnected(struct http_plain *plain, int cause) {
    plain->transfer->socket_errno = cause;
    end(plain, CURLE_COULDNT_CONNECT, strerror(cause));
}

static void end_closed(struct http_plain *plain) {
    const struct http_answer *answer = &plain->answer;
    if (http_answer_close(answer) == HTTP_ANSWER_WHOLE)
        end(plain, CURLE_OK, "");
    else if (!plain->transfer->got_answer)
        end(plain, CURLE_GOT_NOTHING, "the connection ended before an answer");
    else if (!answer->head_done)
        end(plain, CURLE_RECV_ERROR, "");
    else
        end(plain, CURLE_PARTIAL_FILE, "the connection ended inside the body");
}

/* False: more is to come. */
static bool judge(struct http_plain *plain, enum http_answer_state state) {
    struct http_transfer *transfer = plain->transfer;
    switch (state) {
        case HTTP_ANSWER_MORE:
            return false;
        case HTTP_ANSWER_WHOLE:
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

/* A peer that never stops sending must not keep the loop: the rest is read in the next
 * turn. */
static void receive(struct http_plain *plain) {
    struct http_transfer *transfer = plain->transfer;
    for (int i = 0; i < READS_PER_TURN; i++) {
        char bytes[READ_SIZE];
        ssize_t len = recv(plain->fd, bytes, sizeof bytes, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len < 0) {
            end(plain, CURLE_RECV_ERROR, strerror(errno));
            return;
        }
        if (len == 0) {
            end_closed(plain);
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

static void send_request(struct http_plain *plain) {
    struct buf *request = &plain->request;
    if (plain->sent == 0) {
        int cause = dial_outcome(plain->fd);
        if (cause != 0) {
            end_unconnected(plain, cause);
            return;
        }
        note_connected(plain->transfer);
    }
    ssize_t len = send(plain->fd, request->data + plain->sent, request->len - plain->sent,
                       MSG_NOSIGNAL);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len < 0) {
        end(plain, CURLE_SEND_ERROR, strerror(errno));
        return;
    }
    plain->sent += (size_t)len;
    if (plain->sent == request->len)
        loop_poll_set(plain->poll, LOOP_READABLE);
}

static void on_ready(void *user, int events) {
    (void)events;
    struct http_plain *plain = user;
    struct http_client *client = plain->transfer->client;
    if (plain->sent < plain->request.len)
        send_request(plain);
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
    return !request->reuse && !addr_is_unix(request->connect) &&
           url_parse(request->url, url, NULL) && !url->tls;
}

CURLcode http_plain_start(struct http_transfer *transfer,
                          const struct http_request *request, const struct url *url) {
    struct http_plain *plain = MEM_NEW(struct http_plain);
    transfer->plain = plain;
    transfer->connect = *request->connect;
    plain->transfer = transfer;
    plain->fd = -1;
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
    int sys = dial_connect(&transfer->connect, &plain->fd);
    if (sys != 0 && sys != EINPROGRESS) {
        transfer->socket_errno = sys;
        snprintf(transfer->error, sizeof transfer->error, "%s", strerror(sys));
        return CURLE_COULDNT_CONNECT;
    }
    plain->poll = loop_poll_new(transfer->client->loop, plain->fd, on_ready, plain);
    loop_poll_set(plain->poll, LOOP_WRITABLE);
    return CURLE_OK;
}

void http_plain_free(struct http_plain *plain) {
    if (!plain)
        return;
    loop_poll_free(plain->poll);
    if (plain->fd >= 0)
        close(plain->fd);
    buf_fini(&plain->request);
    http_answer_fini(&plain->answer);
    free(plain);
}
