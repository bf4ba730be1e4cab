/* The probe port as an HTTP server: methods, framing, connections. */
#include "front/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fds.h"
#include "probe_server.h"

static struct probe_server *server;

static int start(void **state) {
    (void)state;
    server = probe_server_start(NULL, 0);
    probe_server_publish(server, LIFE_READY, VERDICT_HEALTHY);
    return 0;
}

static int stop(void **state) {
    (void)state;
    probe_server_stop(server);
    return 0;
}

static void test_head_is_get_without_body(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *length;
    } rows[] = {
        {"/healthz", 200, "8"},
        {"/healthz/strict", 503, "10"},
        {"/healthz/loop/nonce-1", 200, "65"},
        {"/nowhere", 404, "10"},
    };
    struct raw *raw = raw_open(&server->addr);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf request = {0};
        buf_printf(&request, "HEAD %s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].path);
        raw_send(raw, request.data);
        struct raw_reply reply = raw_read(raw, true);
        assert_int_equal(reply.status, rows[i].status);
        probe_assert_headers(&reply);
        assert_true(raw_has(&reply, "Content-Length", rows[i].length));
        raw_reply_free(&reply);
    }
    /* A body behind any of them would be read as the start of this. */
    raw_send(raw, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
    struct raw_reply reply = raw_read(raw, false);
    assert_string_equal(reply.body, "ready\n");
    raw_reply_free(&reply);
    raw_close(raw);
}

static void test_other_methods_are_405_and_close(void **state) {
    (void)state;
    static const char *const rows[] = {
        "POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
        "PUT /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "DELETE /nowhere HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "TRACE /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
        "get /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "GETX /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /healthz HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw *raw = raw_open(&server->addr);
        raw_send(raw, rows[i]);
        struct raw_reply reply = raw_read(raw, false);
        if (reply.status != 405)
            fail_msg("%s: %d", rows[i], reply.status);
        assert_string_equal(reply.body, "method not allowed\n");
        assert_true(raw_has(&reply, "Allow", "GET, HEAD"));
        probe_assert_headers(&reply);
        probe_assert_closes(&reply);
        assert_true(raw_is_closed(raw));
        raw_reply_free(&reply);
        raw_close(raw);
    }
}

static void test_refused_framing_is_400_and_closes(void **state) {
    (void)state;
    static const char *const rows[] = {
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /strict",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
        "Content-Length: 0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: identity\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length : 30\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
        "POST /healthz HTTP/1.1\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw *raw = raw_open(&server->addr);
        raw_send(raw, rows[i]);
        struct raw_reply reply = raw_read(raw, false);
        if (!raw_is_library_refusal(&reply)) {
            if (reply.status != 400 || strcmp(reply.body, "bad request\n") != 0)
                fail_msg("%s: %d %s", rows[i], reply.status, reply.body);
            probe_assert_headers(&reply);
        }
        probe_assert_closes(&reply);
        assert_true(raw_is_closed(raw)); /* nothing of a second answer */
        raw_reply_free(&reply);
        raw_close(raw);
    }
}

/* libmicrohttpd refuses these itself, in its own words: never with an answer of ours. */
static void test_not_http_ends_the_connection(void **state) {
    (void)state;
    static const char *const rows[] = {
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        "GET /healthz\r\n\r\n",
        "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n"
         "Content-Length: 18446744073709551617\r\n\r\n"),
        "\x16\x03\x01\x02\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw *raw = raw_open(&server->addr);
        raw_send(raw, rows[i]);
        while (raw_fill(raw)) /* until it ends */
            continue;
        if (strstr(raw->data, "200 OK"))
            fail_msg("%s: served", rows[i]);
        raw_close(raw);
    }
    struct raw_reply reply =
        raw_ask(&server->addr, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
}

static void test_http_1_0_closes_unless_asked(void **state) {
    (void)state;
    struct raw *raw = raw_open(&server->addr);
    for (int i = 0; i < 3; i++) {
        raw_send(raw, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        struct raw_reply reply = raw_read(raw, false);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, "healthy\n");
        assert_true(raw_has(&reply, "Connection", "Keep-Alive"));
        raw_reply_free(&reply);
    }
    raw_send(raw, "GET /healthz HTTP/1.0\r\n\r\n");
    struct raw_reply reply = raw_read(raw, false);
    assert_string_equal(reply.body, "healthy\n");
    probe_assert_closes(&reply);
    assert_true(raw_is_closed(raw));
    raw_reply_free(&reply);
    raw_close(raw);
}

static void test_http_1_1_close_is_obeyed(void **state) {
    (void)state;
    struct raw *raw = raw_open(&server->addr);
    raw_send(raw, "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    struct raw_reply reply = raw_read(raw, false);
    assert_string_equal(reply.body, "healthy\n");
    probe_assert_closes(&reply);
    assert_true(raw_is_closed(raw));
    raw_reply_free(&reply);
    raw_close(raw);
}

static void test_keep_alive_serves_many_on_one_connection(void **state) {
    (void)state;
    struct raw *raw = raw_open(&server->addr);
    for (int i = 0; i < 2000; i++) {
        raw_send(raw, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
        struct raw_reply reply = raw_read(raw, false);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, "healthy\n");
        assert_null(raw_header(&reply, "Connection", NULL));
        raw_reply_free(&reply);
    }
    raw_close(raw);
}

static void test_pipelined_requests_are_answered_in_order(void **state) {
    (void)state;
    struct raw *raw = raw_open(&server->addr);
    raw_send(raw, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /healthz/strict HTTP/1.1\r\nHost: h\r\n\r\n"
                  "HEAD /readyz HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /healthz/t/t1 HTTP/1.1\r\nHost: h\r\n\r\n"
                  "POST / HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    static const struct {
        bool is_head;
        int status;
        const char *body;
    } rows[] = {{false, 200, "healthy\n"},
                {false, 503, "unhealthy\n"},
                {true, 200, ""},
                {false, 200, "degraded\n"},
                {false, 405, "method not allowed\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw_reply reply = raw_read(raw, rows[i].is_head);
        assert_int_equal(reply.status, rows[i].status);
        assert_string_equal(reply.body, rows[i].body);
        raw_reply_free(&reply);
    }
    assert_true(raw_is_closed(raw)); /* the refusal closed it, the rest is not answered */
    raw_close(raw);
}

static void test_request_in_pieces_is_answered(void **state) {
    (void)state;
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: h\r\nUser-Agent: slow\r\n\r\n";
    struct raw *raw = raw_open(&server->addr);
    for (size_t i = 0; i < sizeof request - 1; i++)
        raw_send_bytes(raw, request + i, 1);
    struct raw_reply reply = raw_read(raw, false);
    assert_string_equal(reply.body, "healthy\n");
    raw_reply_free(&reply);
    raw_close(raw);
}

static void test_body_of_get_is_ignored(void **state) {
    (void)state;
    struct raw *raw = raw_open(&server->addr);
    raw_send(raw, "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
                  "GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n"
                  "GET /healthz HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                  "Content-Length: 5\r\n\r\n");
    static const int statuses[] = {200, 200, 100, 200};
    for (int i = 0; i < 4; i++) {
        struct raw_reply got = raw_read(raw, false);
        assert_int_equal(got.status, statuses[i]);
        assert_string_equal(got.body, got.status == 200 ? "healthy\n" : "");
        if (got.status == 100)
            raw_send(raw, "hello");
        raw_reply_free(&got);
    }
    raw_close(raw);

    /* The greatest length that is accepted, and an endless chunked one. */
    char *block = mem_alloc(64, 1024);
    memset(block, 'x', 64 * 1024);
    raw = raw_open(&server->addr);
    raw_send(raw, "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n");
    raw_send_bytes(raw, block, 64 * 1024);
    struct raw_reply reply = raw_read(raw, false);
    assert_string_equal(reply.body, "healthy\n");
    raw_reply_free(&reply);
    raw_send(raw,
             "GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 4; i++) {
        raw_send(raw, "10000\r\n");
        raw_send_bytes(raw, block, 64 * 1024);
        raw_send(raw, "\r\n");
    }
    assert_true(raw_is_closed(raw));
    raw_close(raw);
    free(block);
}

/* A head of exactly `size` bytes: one filler header, or many, or a cookie. */
static void fill_head(struct buf *request, size_t size, const char *filler,
                      size_t piece) {
    static const char end[] = "\r\n\r\n";
    buf_puts(request, "GET /healthz HTTP/1.1\r\nHost: h");
    while (request->len < size - (sizeof end - 1)) {
        size_t room = size - (sizeof end - 1) - request->len;
        size_t wanted = room < piece ? room : piece;
        size_t used = strlen("\r\n") + strlen(filler);
        if (wanted < used) { /* no room for a whole one: make the last one longer */
            for (size_t i = 0; i < wanted; i++)
                buf_putc(request, 'x');
            continue;
        }
        buf_printf(request, "\r\n%s", filler);
        for (size_t i = used; i < wanted; i++)
            buf_putc(request, 'x');
    }
    buf_puts(request, end);
}

static void test_head_of_8_kib_is_served(void **state) {
    (void)state;
    static const struct {
        const char *filler;
        size_t piece;
        size_t size;
    } rows[] = {
        {"X-Long: ", 1 << 20, 8192},
        {"X-Some: ", 80, 8192},
        {"Cookie: a=", 1 << 20, 6144}, /* libmicrohttpd keeps cookies twice */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf request = {0};
        fill_head(&request, rows[i].size, rows[i].filler, rows[i].piece);
        assert_int_equal(request.len, rows[i].size);
        struct raw *raw = raw_open(&server->addr);
        for (int j = 0; j < 3; j++) { /* also on a used connection */
            raw_send(raw, request.data);
            struct raw_reply reply = raw_read(raw, false);
            if (reply.status != 200)
                fail_msg("%s: %d", rows[i].filler, reply.status);
            raw_reply_free(&reply);
        }
        raw_close(raw);
    }
    BUF_AUTO struct buf request = {0};
    fill_head(&request, 64 * 1024, "X-Long: ", 1 << 20);
    struct raw_reply reply =
        raw_ask(&server->addr, request.data); /* refused or closed, never served */
    assert_int_not_equal(reply.status, 200);
    raw_reply_free(&reply);
}

#define PROBE_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        PROBE_TEST(test_head_is_get_without_body),
        PROBE_TEST(test_other_methods_are_405_and_close),
        PROBE_TEST(test_refused_framing_is_400_and_closes),
        PROBE_TEST(test_not_http_ends_the_connection),
        PROBE_TEST(test_http_1_0_closes_unless_asked),
        PROBE_TEST(test_http_1_1_close_is_obeyed),
        PROBE_TEST(test_keep_alive_serves_many_on_one_connection),
        PROBE_TEST(test_pipelined_requests_are_answered_in_order),
        PROBE_TEST(test_request_in_pieces_is_answered),
        PROBE_TEST(test_body_of_get_is_ignored),
        PROBE_TEST(test_head_of_8_kib_is_served),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
