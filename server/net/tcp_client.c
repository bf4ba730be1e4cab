/* One TCP or unix exchange: connect, send, read until the expected bytes are there.
 *
 * Owns its socket and its loop handles. Never calls back before the start returned: a
 * connection that is there at once, or fails at once, is reported by the timer. */
#include "net/tcp_client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "deadline.h"
#include "dial.h"
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_CHUNK = 4096 };

struct tcp_exchange {
    struct deadline deadline;
    struct loop_poll *poll;
    int fd; /* owned; -1: none */
    bool connected;
    bool decided;   /* at the start, waiting for the timer to report it */
    struct buf out; /* what is still to be sent, from `sent` on */
    size_t sent;
    struct buf expect;
    struct buf in;
    size_t max_bytes;
    int64_t start_us;
    int64_t end_us; /* the whole exchange's deadline */
    struct tcp_result result;
    void (*callback)(void *user, const struct tcp_result *result);
    void *user;
};

static void release(struct tcp_exchange *exchange) {
    loop_poll_free(exchange->poll);
    deadline_fini(&exchange->deadline);
    if (exchange->fd >= 0)
        close(exchange->fd);
    buf_fini(&exchange->out);
    buf_fini(&exchange->expect);
    buf_fini(&exchange->in);
    free(exchange);
}

static void finish(struct tcp_exchange *exchange, enum tcp_failure failure) {
    struct tcp_result *result = &exchange->result;
    result->failure = failure;
    result->data = exchange->in.data ? exchange->in.data : "";
    result->data_len = exchange->in.len;
    result->total_us = clock_mono_us() - exchange->start_us;
    exchange->callback(exchange->user, result);
    release(exchange);
}

static enum tcp_failure failure_of_errno(int sys) {
    switch (sys) {
        case ECONNREFUSED:
            return TCP_CONNECT_REFUSED;
        case ETIMEDOUT:
            return TCP_CONNECT_TIMEOUT;
        case ECONNRESET: /* there, and reset before we looked; a refusal is another errno
                          */
            return TCP_CLOSED;
        case EMFILE:
        case ENFILE:
            return TCP_LOCAL_FDS;
        case ENOMEM:
        case ENOBUFS:
            return TCP_LOCAL_MEMORY;
        default:
            return TCP_CONNECT_FAILED;
    }
}

/* The connection is there or not: called once. */
static void take_connect_result(struct tcp_exchange *exchange, int sys) {
    if (sys != 0) {
        exchange->result.sys = sys;
        exchange->result.failure = failure_of_errno(sys);
        return;
    }
    exchange->connected = true;
    exchange->result.connect_us = clock_mono_us() - exchange->start_us;
}

/* False when the peer has closed or reset. What it sent before may still be there. */
static bool send_rest(struct tcp_exchange *exchange) {
    while (exchange->sent < exchange->out.len) {
        ssize_t count = send(exchange->fd, exchange->out.data + exchange->sent,
                             exchange->out.len - exchange->sent, MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        exchange->sent += (size_t)count;
    }
    return true;
}

/* Reads what is there. False when nothing more will come, or nothing more may be read. */
static bool read_more(struct tcp_exchange *exchange) {
    while (exchange->in.len < exchange->max_bytes) {
        char chunk[READ_CHUNK];
        size_t room = exchange->max_bytes - exchange->in.len;
        ssize_t count =
            recv(exchange->fd, chunk, room < sizeof chunk ? room : sizeof chunk, 0);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        if (count == 0)
            return false;
        if (exchange->in.len == 0)
            exchange->result.first_byte_us = clock_mono_us() - exchange->start_us;
        buf_append(&exchange->in, chunk, (size_t)count);
    }
    return false;
}

static bool has_expected(const struct tcp_exchange *exchange) {
    return exchange->in.len > 0 && memmem(exchange->in.data, exchange->in.len,
                                          exchange->expect.data, exchange->expect.len);
}

/* One step after the connection is there; true: the exchange is over, and gone. */
static bool advance(struct tcp_exchange *exchange) {
    bool open = send_rest(exchange);
    bool all_sent = exchange->sent == exchange->out.len;
    if (exchange->expect.len == 0) {
        if (open && !all_sent)
            return false;
        finish(exchange, open ? TCP_OK : TCP_CLOSED);
        return true;
    }
    bool more = read_more(exchange);
    if (has_expected(exchange)) {
        finish(exchange, TCP_OK);
        return true;
    }
    if (more && open)
        return false;
    finish(exchange, exchange->in.len > 0 ? TCP_MISMATCH : TCP_CLOSED);
    return true;
}

static void want_events(struct tcp_exchange *exchange) {
    int events = 0;
    if (!exchange->connected || exchange->sent < exchange->out.len)
        events |= LOOP_WRITABLE;
    if (exchange->connected && exchange->expect.len > 0)
        events |= LOOP_READABLE;
    loop_poll_set(exchange->poll, events);
}

static void on_event(void *user, int events) {
    (void)events;
    struct tcp_exchange *exchange = user;
    if (!exchange->connected) {
        int sys = dial_outcome(exchange->fd);
        take_connect_result(exchange, sys);
        if (sys != 0) {
            finish(exchange, exchange->result.failure);
            return;
        }
    }
    if (!advance(exchange))
        want_events(exchange);
}

static void on_deadline(void *user) {
    struct tcp_exchange *exchange = user;
    if (exchange->decided)
        finish(exchange, exchange->result.failure);
    else if (!exchange->connected)
        finish(exchange, TCP_CONNECT_TIMEOUT);
    else if (exchange->deadline.at_us < exchange->end_us)
        deadline_set(&exchange->deadline, exchange->end_us);
    else
        finish(exchange, TCP_TIMEOUT);
}

/* Returns 0, or the errno of a connection that failed at once. */
static int connect_now(struct tcp_exchange *exchange, const struct addr *addr) {
    int sys = dial_connect(addr, &exchange->fd);
    if (sys == 0)
        take_connect_result(exchange, 0);
    return sys == EINPROGRESS ? 0 : sys;
}

struct tcp_exchange *
tcp_exchange_start(struct loop *loop, const struct tcp_request *request,
                   void (*callback)(void *user, const struct tcp_result *result),
                   void *user) {
    struct tcp_exchange *exchange = MEM_NEW(struct tcp_exchange);
    exchange->fd = -1;
    exchange->callback = callback;
    exchange->user = user;
    exchange->start_us = clock_mono_us();
    exchange->end_us = exchange->start_us + request->timeout_ms * 1000;
    exchange->max_bytes = request->max_bytes;
    exchange->result.connect_us = -1;
    exchange->result.first_byte_us = -1;
    if (request->send)
        buf_append(&exchange->out, request->send, request->send_len);
    if (request->expect)
        buf_append(&exchange->expect, request->expect, request->expect_len);
    deadline_init(&exchange->deadline, loop, on_deadline, exchange);

    int sys = connect_now(exchange, request->connect);
    if (sys != 0) {
        take_connect_result(exchange, sys);
        exchange->decided = true;
        deadline_set(&exchange->deadline, 0);
        return exchange;
    }
    exchange->poll = loop_poll_new(loop, exchange->fd, on_event, exchange);
    loop_poll_set(exchange->poll, LOOP_WRITABLE);
    int64_t connect_end_us = exchange->start_us + request->connect_timeout_ms * 1000;
    deadline_set(&exchange->deadline,
                 connect_end_us < exchange->end_us ? connect_end_us : exchange->end_us);
    return exchange;
}

void tcp_exchange_cancel(struct tcp_exchange *exchange) {
    if (exchange)
        release(exchange);
}
