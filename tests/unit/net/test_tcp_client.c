/* The TCP exchange against scripted peers: every way it can end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/tcp_client.h"
#include "peer.h"
#include "run.h"

struct seen {
    struct loop *loop;
    int calls;
    struct tcp_result result;
    char data[256];
    size_t data_len;
};

static void on_result(void *user, const struct tcp_result *result) {
    struct seen *seen = user;
    seen->calls++;
    seen->result = *result;
    seen->data_len = result->data_len;
    size_t kept =
        result->data_len < sizeof seen->data ? result->data_len : sizeof seen->data - 1;
    memcpy(seen->data, result->data, kept);
    seen->data[kept] = '\0';
    loop_stop(seen->loop);
}

static struct tcp_request request_to(const struct addr *addr) {
    return (struct tcp_request){
        .connect = addr, .max_bytes = 64, .timeout_ms = 5000, .connect_timeout_ms = 5000};
}

static void expect_bytes(struct tcp_request *request, const char *expect) {
    request->expect = expect;
    request->expect_len = strlen(expect);
}

static void send_bytes(struct tcp_request *request, const char *send) {
    request->send = send;
    request->send_len = strlen(send);
}

static struct seen exchange(const struct tcp_request *request) {
    struct seen seen = {.loop = run_loop_new()};
    assert_non_null(tcp_exchange_start(seen.loop, request, on_result, &seen));
    assert_int_equal(seen.calls, 0);
    assert_true(run(seen.loop));
    assert_int_equal(seen.calls, 1);
    assert_true(seen.result.total_us >= 0);
    loop_run(seen.loop); /* nothing is left that could run */
    assert_int_equal(seen.calls, 1);
    loop_free(seen.loop);
    return seen;
}

static void test_connection_alone_is_enough(void **state) {
    (void)state;
    static const char *const places[] = {"127.0.0.1:0", "[::1]:0", "unix:", "unix:@"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct peer *peer = peer_start(places[i], peer_hang_script, NULL);
        struct tcp_request request = request_to(peer_addr(peer));
        struct seen seen = exchange(&request);
        assert_int_equal(seen.result.failure, TCP_OK);
        assert_true(seen.result.connect_us >= 0);
        assert_int_equal(seen.result.first_byte_us, -1);
        assert_int_equal(seen.data_len, 0);
        peer_stop(peer);
    }
}

static void test_greeting_is_found(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, "220 mail.example.com ready\r\n");
    struct tcp_request request = request_to(peer_addr(peer));
    expect_bytes(&request, "mail.example.com");
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_OK);
    assert_true(seen.result.first_byte_us >= seen.result.connect_us);
    assert_string_equal(seen.data, "220 mail.example.com ready\r\n");
    peer_stop(peer);
}

static void answer_in_pieces(struct peer *peer, int fd, const void *argument) {
    char request[64];
    if (!peer_read_request(fd, request, sizeof request))
        return;
    peer_write(fd, "+PO");
    usleep(30000); /* the client must have read the first piece alone */
    peer_write(fd, argument);
    peer_hang(peer, fd);
}

static void test_answer_in_pieces_is_found(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, answer_in_pieces, "NG\r\n");
    struct tcp_request request = request_to(peer_addr(peer));
    send_bytes(&request, "PING\r\n\r\n");
    expect_bytes(&request, "PONG");
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_OK);
    assert_string_equal(seen.data, "+PONG\r\n");
    peer_stop(peer);
}

static void test_zero_bytes_are_sent_and_found(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, "ab");
    struct tcp_request request = request_to(peer_addr(peer));
    request.send = "\0x";
    request.send_len = 2;
    request.expect = "b\0";
    request.expect_len = 2; /* its NUL never comes */
    request.timeout_ms = 60;
    assert_int_equal(exchange(&request).result.failure, TCP_TIMEOUT);
    request.expect_len = 1;
    assert_int_equal(exchange(&request).result.failure, TCP_OK);
    peer_stop(peer);
}

static void read_slowly(struct peer *peer, int fd, const void *argument) {
    const size_t *wanted = argument;
    static char chunk[65536];
    size_t got = 0;
    usleep(20000); /* the client's buffer fills first */
    while (got < *wanted) {
        ssize_t count = recv(fd, chunk, sizeof chunk, 0);
        if (count <= 0)
            return;
        got += (size_t)count;
    }
    peer_write(fd, "all");
    peer_hang(peer, fd);
}

static void test_more_than_a_socket_buffer_is_sent_whole(void **state) {
    (void)state;
    size_t len = 16 * 1024 * 1024;
    char *bytes = calloc(1, len);
    struct peer *peer = peer_start(NULL, read_slowly, &len);
    struct tcp_request request = request_to(peer_addr(peer));
    request.send = bytes;
    request.send_len = len;
    expect_bytes(&request, "all");
    assert_int_equal(exchange(&request).result.failure, TCP_OK);
    peer_stop(peer);
    free(bytes);
}

static void test_refused_and_missing(void **state) {
    (void)state;
    struct addr refusing = peer_refusing_addr();
    struct tcp_request request = request_to(&refusing);
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_CONNECT_REFUSED);
    assert_int_equal(seen.result.sys, ECONNREFUSED);
    assert_int_equal(seen.result.connect_us, -1);

    struct addr missing;
    assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &missing, NULL));
    request = request_to(&missing);
    seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_CONNECT_FAILED);
    assert_int_equal(seen.result.sys, ENOENT);
}

static void test_connect_timeout(void **state) {
    (void)state;
    struct full_listener full;
    full_listener_open(&full);
    struct tcp_request request = request_to(&full.addr);
    request.connect_timeout_ms = 80;
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_CONNECT_TIMEOUT);
    assert_in_range(seen.result.total_us, 80000, 1000000);
    request.connect_timeout_ms = 5000;
    request.timeout_ms = 80; /* the whole deadline ends a connection as well */
    assert_int_equal(exchange(&request).result.failure, TCP_CONNECT_TIMEOUT);
    full_listener_close(&full);
}

static void test_silent_peer_times_out(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_hang_script, NULL);
    struct tcp_request request = request_to(peer_addr(peer));
    expect_bytes(&request, "x");
    request.connect_timeout_ms = 20; /* passes while connected: no failure */
    request.timeout_ms = 120;
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_TIMEOUT);
    assert_true(seen.result.connect_us >= 0);
    assert_in_range(seen.result.total_us, 120000, 1000000);
    peer_stop(peer);
}

static void close_at_once(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    if (argument)
        peer_reset(fd);
}

static void test_closed_and_reset_before_a_byte(void **state) {
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        struct peer *peer = peer_start(NULL, close_at_once, reset ? "reset" : NULL);
        struct tcp_request request = request_to(peer_addr(peer));
        expect_bytes(&request, "x");
        assert_int_equal(exchange(&request).result.failure, TCP_CLOSED);
        peer_stop(peer);
    }
}

static void greet_and_close(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    peer_write(fd, argument);
}

static void test_closed_without_what_is_expected(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, greet_and_close, "hello");
    struct tcp_request request = request_to(peer_addr(peer));
    expect_bytes(&request, "world");
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_MISMATCH);
    assert_string_equal(seen.data, "hello");
    expect_bytes(&request, "hello"); /* the last bytes count, closed or not */
    send_bytes(&request, "nobody reads this");
    assert_int_equal(exchange(&request).result.failure, TCP_OK);
    peer_stop(peer);
}

static void test_reads_at_most_max_bytes(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, "0123456789");
    struct tcp_request request = request_to(peer_addr(peer));
    request.max_bytes = 5;
    expect_bytes(&request, "5");
    struct seen seen = exchange(&request);
    assert_int_equal(seen.result.failure, TCP_MISMATCH);
    assert_int_equal(seen.data_len, 5);
    expect_bytes(&request, "34");
    assert_int_equal(exchange(&request).result.failure, TCP_OK);
    peer_stop(peer);
}

static void test_no_descriptor_left_is_our_own_fault(void **state) {
    (void)state;
    struct addr refusing = peer_refusing_addr();
    struct tcp_request request = request_to(&refusing);
    struct seen seen = {.loop = run_loop_new()};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    tcp_exchange_start(seen.loop, &request, on_result, &seen);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(run(seen.loop));
    assert_int_equal(seen.result.failure, TCP_LOCAL_FDS);
    loop_free(seen.loop);
}

static void test_cancel_means_no_callback(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, "x");
    struct tcp_request request = request_to(peer_addr(peer));
    expect_bytes(&request, "x");
    struct seen seen = {.loop = run_loop_new()};
    tcp_exchange_cancel(tcp_exchange_start(seen.loop, &request, on_result, &seen));
    tcp_exchange_cancel(NULL);
    struct addr missing; /* over already, and not yet reported */
    assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &missing, NULL));
    request = request_to(&missing);
    tcp_exchange_cancel(tcp_exchange_start(seen.loop, &request, on_result, &seen));
    loop_run(seen.loop);
    assert_int_equal(seen.calls, 0);
    loop_free(seen.loop);
    peer_stop(peer);
}

struct pair {
    struct seen seen;
    struct tcp_exchange *exchanges[2];
};

static void on_first_cancels_the_other(void *user, const struct tcp_result *result) {
    (void)result;
    struct pair *pair = user;
    pair->seen.calls++;
    tcp_exchange_cancel(pair->exchanges[1]);
}

static void test_cancel_inside_anothers_callback(void **state) {
    (void)state;
    struct addr missing;
    assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &missing, NULL));
    struct tcp_request request = request_to(&missing);
    struct pair pair = {.seen = {.loop = run_loop_new()}};
    for (size_t i = 0; i < 2; i++)
        pair.exchanges[i] = tcp_exchange_start(pair.seen.loop, &request,
                                               on_first_cancels_the_other, &pair);
    loop_run(pair.seen.loop);
    assert_int_equal(pair.seen.calls, 1);
    loop_free(pair.seen.loop);
}

/* The loop is busy past the deadline while the answer already lies in the socket. */
static void test_answer_that_came_beats_a_deadline_missed_by_us(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, "x");
    struct tcp_request request = request_to(peer_addr(peer));
    expect_bytes(&request, "x");
    request.timeout_ms = 30;
    struct seen seen = {.loop = run_loop_new()};
    tcp_exchange_start(seen.loop, &request, on_result, &seen);
    usleep(80000);
    assert_true(run(seen.loop));
    assert_int_equal(seen.result.failure, TCP_OK);
    loop_free(seen.loop);
    peer_stop(peer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection_alone_is_enough),
        cmocka_unit_test(test_greeting_is_found),
        cmocka_unit_test(test_answer_in_pieces_is_found),
        cmocka_unit_test(test_zero_bytes_are_sent_and_found),
        cmocka_unit_test(test_more_than_a_socket_buffer_is_sent_whole),
        cmocka_unit_test(test_refused_and_missing),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_silent_peer_times_out),
        cmocka_unit_test(test_closed_and_reset_before_a_byte),
        cmocka_unit_test(test_closed_without_what_is_expected),
        cmocka_unit_test(test_reads_at_most_max_bytes),
        cmocka_unit_test(test_no_descriptor_left_is_our_own_fault),
        cmocka_unit_test(test_cancel_means_no_callback),
        cmocka_unit_test(test_cancel_inside_anothers_callback),
        cmocka_unit_test(test_answer_that_came_beats_a_deadline_missed_by_us),
    };
    return cmocka_run_group_tests_name("tcp_client", tests, run_setup, fds_teardown);
}
