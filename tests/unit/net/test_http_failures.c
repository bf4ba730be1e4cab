/* Every way a request can fail, against scripted peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "fetch.h"
#include "peer.h"

static void close_at_once(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)fd;
    (void)argument;
}

static void close_after_request(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)argument;
    peer_read_request(fd, NULL, 0);
}

static void reset_after_request(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)argument;
    peer_read_request(fd, NULL, 0);
    peer_reset(fd);
}

/* The client waits for the answer by the time it comes. */
static void answer_late(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    peer_read_request(fd, NULL, 0);
    usleep(30000);
    peer_write(fd, argument);
}

/* The client has read the answer before the reset. */
static void reset_after_answer(struct peer *peer, int fd, const void *argument) {
    answer_late(peer, fd, argument);
    usleep(50000);
    peer_reset(fd);
}

static void answer_late_and_hang(struct peer *peer, int fd, const void *argument) {
    answer_late(peer, fd, argument);
    peer_hang(peer, fd);
}

static void one_endless_line(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    static char chunk[1025];
    memset(chunk, 'x', sizeof chunk - 1);
    peer_answer(peer, fd, argument);
    for (int i = 0; i < 1024; i++)
        peer_write(fd, chunk);
}

static void endless_lines(struct peer *peer, int fd, const void *argument) {
    peer_answer(peer, fd, argument);
    for (int i = 0; i < 4096; i++)
        peer_write(fd, "X-More: 0123456789012345678901234567890123456789\r\n");
}

static const struct {
    const char *name;
    peer_script *script;
    const char *answer;
    enum http_failure failure;
    bool got_bytes;
    int status;
} cases[] = {
    {"closed at once", close_at_once, NULL, HTTP_CLOSED, false, 0},
    {"closed after the request", close_after_request, NULL, HTTP_CLOSED, false, 0},
    {"reset after the request", reset_after_request, NULL, HTTP_CLOSED, false, 0},
    {"one byte", answer_late, "H", HTTP_CUT, true, 0},
    {"half a status line", answer_late, "HTTP/1.1 20", HTTP_CUT, true, 0},
    {"half a status line, then a reset", reset_after_answer, "HTTP/1.1 20", HTTP_CUT,
     true, 0},
    {"half a head", peer_answer, "HTTP/1.1 200 OK\r\nServer: x\r\n", HTTP_CUT, true, 0},
    {"only an interim answer", peer_answer, "HTTP/1.1 100 Continue\r\n\r\n", HTTP_CUT,
     true, 0},
    {"an interim answer and half a head", peer_answer,
     "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n", HTTP_CUT, true,
     0},
    {"too little body", peer_answer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
     HTTP_CUT, true, 200},
    {"too little body, then a reset", reset_after_answer,
     "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", HTTP_CUT, true, 200},
    {"a chunk cut short", peer_answer,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", HTTP_CUT, true, 200},
    {"no last chunk", peer_answer,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", HTTP_CUT, true,
     200},
    {"a chunk size that is no number", peer_answer_and_hang,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", HTTP_PROTOCOL,
     true, 200},
    {"another protocol", peer_answer_and_hang, "220 mail.example.com ESMTP\r\n",
     HTTP_PROTOCOL, true, 0},
    {"another protocol without a line", peer_answer_and_hang, "\x16\x03\x01",
     HTTP_PROTOCOL, true, 0},
    {"HTTP/0.9", peer_answer, "<html>hello</html>", HTTP_PROTOCOL, true, 0},
    {"a version that is none", peer_answer_and_hang, "HTTP/7.3 200 OK\r\n\r\n",
     HTTP_PROTOCOL, true, 0},
    {"a status that is no number", peer_answer_and_hang, "HTTP/1.1 abc OK\r\n\r\n",
     HTTP_PROTOCOL, true, 0},
    {"silence", peer_answer_and_hang, "", HTTP_TIMEOUT, false, 0},
    {"silence inside the status line", answer_late_and_hang, "HTTP/1.1 2", HTTP_TIMEOUT,
     true, 0},
    {"silence inside the head", peer_answer_and_hang, "HTTP/1.1 200 OK\r\nServer: x\r\n",
     HTTP_TIMEOUT, true, 0},
    {"silence after an interim answer", peer_answer_and_hang,
     "HTTP/1.1 100 Continue\r\n\r\n", HTTP_TIMEOUT, true, 0},
    {"silence inside the body", peer_answer_and_hang,
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", HTTP_TIMEOUT, true, 200},
    {"endless header lines", endless_lines, "HTTP/1.1 200 OK\r\n", HTTP_TOO_LARGE, true,
     0},
    {"one endless header line", one_endless_line,
     "HTTP/1.1 200 OK\r\nX: ", HTTP_TOO_LARGE, true, 0},
    {"one endless status line", one_endless_line, "HTTP/1.1 200 ", HTTP_TOO_LARGE, true,
     0},
    {"endless trailers", endless_lines,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
     HTTP_TOO_LARGE, true, 200},
};

static void test_peers_that_misbehave(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer *peer = peer_start(NULL, cases[i].script, cases[i].answer);
        struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
        request.connect_timeout_ms = 60; /* long over when an answer is late */
        request.timeout_ms = cases[i].failure == HTTP_TIMEOUT ? 150 : 5000;
        struct fetched fetched = fetch(&request);
        const struct http_result *result = &fetched.result;
        if (result->failure != cases[i].failure)
            fail_msg("%s: %s, %s", cases[i].name, http_failure_name(result->failure),
                     fetched.error);
        if (result->got_bytes != cases[i].got_bytes)
            fail_msg("%s: got_bytes is %d", cases[i].name, result->got_bytes);
        assert_int_equal(result->status, cases[i].status);
        assert_true(result->connect_us >= 0);
        assert_int_equal(result->tls_us, -1);
        assert_string_not_equal(fetched.error, "");
        assert_int_equal(peer_accepted(peer), 1); /* nothing is tried twice */
        peer_stop(peer);
    }
}

static void test_timeout_is_kept(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_answer_and_hang, "");
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    request.timeout_ms = 200;
    request.connect_timeout_ms = 50;
    struct fetched fetched = fetch(&request);
    assert_int_equal(fetched.result.failure, HTTP_TIMEOUT);
    assert_in_range(fetched.result.total_us, 200000, 1500000);
    assert_int_equal(fetched.result.first_byte_us, -1);
    peer_stop(peer);
}

static void test_connect_timeout(void **state) {
    (void)state;
    struct full_listener full;
    full_listener_open(&full);
    static const int64_t limits_ms[][2] = {{80, 5000}, {5000, 80}};
    for (size_t i = 0; i < 2; i++) {
        struct http_request request = fetch_request("http://x.test/", &full.addr);
        request.connect_timeout_ms = limits_ms[i][0];
        request.timeout_ms = limits_ms[i][1];
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_CONNECT_TIMEOUT);
        assert_int_equal(fetched.result.connect_us, -1);
        assert_in_range(fetched.result.total_us, 80000, 1500000);
    }
    full_listener_close(&full);
}

static void test_refused_and_unreachable(void **state) {
    (void)state;
    struct addr addr = peer_refusing_addr();
    struct http_request request = fetch_request("http://x.test/", &addr);
    struct fetched fetched = fetch(&request);
    assert_int_equal(fetched.result.failure, HTTP_CONNECT_REFUSED);
    assert_int_equal(fetched.result.connect_us, -1);
    assert_false(fetched.result.got_bytes);
    char text[ADDR_TEXT_MAX];
    assert_string_equal(fetched.result.remote, addr_format(&addr, text));

    assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &addr, NULL));
    assert_int_equal(fetch(&request).result.failure, HTTP_CONNECT_FAILED);
    assert_true(addr_parse_listen("unix:@hr-nobody-listens", &addr, NULL));
    assert_int_equal(fetch(&request).result.failure, HTTP_CONNECT_REFUSED);
    assert_true(addr_parse_ip("255.255.255.255", 80, &addr));
    assert_int_equal(fetch(&request).result.failure, HTTP_CONNECT_FAILED);
}

/* Transfers are used again. */
static void test_failure_is_not_mixed_up_with_an_earlier_one(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct addr refusing = peer_refusing_addr();
    struct addr missing;
    assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &missing, NULL));
    struct peer *garbage = peer_start(NULL, peer_answer, "garbage\r\n");
    for (int i = 0; i < 3; i++) {
        struct http_request request = fetch_request("http://x.test/", &refusing);
        struct fetched fetched = fetch_with(loop, client, &request);
        assert_int_equal(fetched.result.failure, HTTP_CONNECT_REFUSED);
        assert_int_equal(fetched.result.connect_us, -1);
        request = fetch_request("http://x.test/", &missing);
        assert_int_equal(fetch_with(loop, client, &request).result.failure,
                         HTTP_CONNECT_FAILED);
        request = fetch_request("http://x.test/", peer_addr(garbage));
        assert_int_equal(fetch_with(loop, client, &request).result.failure,
                         HTTP_PROTOCOL);
    }
    peer_stop(garbage);
    http_client_free(client);
    loop_free(loop);
}

static void test_no_descriptor_left_is_our_own_fault(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peer = peer_start(NULL, peer_answer, "HTTP/1.1 204 OK\r\n\r\n");
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    assert_int_equal(fetch_with(loop, client, &request).result.failure, HTTP_OK);

    struct fetched fetched = {.loop = loop};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    http_client_start(client, &request, fetch_on_result, &fetched);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(fetched.calls, 0);
    assert_true(run(loop));
    assert_int_equal(fetched.result.failure, HTTP_LOCAL_FDS);

    assert_int_equal(fetch_with(loop, client, &request).result.failure, HTTP_OK);
    http_client_free(client);
    peer_stop(peer);
    loop_free(loop);
}

static void test_request_that_is_none_is_a_local_error(void **state) {
    (void)state;
    static const char *const urls[] = {"ftp://x.test/", "http://", "http://x.test:99999/",
                                       "file:///etc/passwd"};
    struct addr addr = peer_refusing_addr();
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct http_request request = fetch_request(urls[i], &addr);
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_LOCAL_CONFIG);
        assert_string_not_equal(fetched.error, "");
    }
    static const struct http_header bad[] = {
        {"X-A\r\nX-B", "1"}, {"X-A", "1\r\nX-B: 2"}, {"X-A: 1", NULL}, {"", "1"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request request = fetch_request("http://x.test/", &addr);
        request.headers = &bad[i];
        request.header_count = 1;
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_LOCAL_CONFIG);
        assert_non_null(strstr(fetched.error, "not a header"));
    }
}

static void test_failure_names_are_distinct(void **state) {
    (void)state;
    for (int i = HTTP_OK; i <= HTTP_LOCAL_CONFIG; i++) {
        for (int j = HTTP_OK; j < i; j++)
            assert_string_not_equal(http_failure_name((enum http_failure)i),
                                    http_failure_name((enum http_failure)j));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers_that_misbehave),
        cmocka_unit_test(test_timeout_is_kept),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_refused_and_unreachable),
        cmocka_unit_test(test_failure_is_not_mixed_up_with_an_earlier_one),
        cmocka_unit_test(test_no_descriptor_left_is_our_own_fault),
        cmocka_unit_test(test_request_that_is_none_is_a_local_error),
        cmocka_unit_test(test_failure_names_are_distinct),
    };
    return cmocka_run_group_tests_name("http_failures", tests, run_setup, fds_teardown);
}
