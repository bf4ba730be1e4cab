/* TLS handshakes against real and scripted servers: every way one can end, and the facts
 * of one that ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "peer.h"
#include "run.h"
#include "shake.h"

static void test_tls_handshake_good_server_gives_facts(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    struct tls_request request = shake_request(NULL);
    char fingerprint[65];
    request.server_name = "app.test";
    struct seen seen = shake_served(certs, 2, &request);
    assert_int_equal(seen.result.failure, HANDSHAKE_OK);
    assert_true(seen.result.got_bytes);
    assert_true(seen.result.tls_us >= seen.result.connect_us);
    assert_true(seen.result.total_us >= seen.result.tls_us);
    assert_string_equal(seen.error, "");
    assert_string_equal(seen.version, "TLSv1.3");
    assert_string_equal(shake_asked_name, "app.test");

    assert_int_equal(seen.facts.trust, TLS_TRUST_OK);
    assert_int_equal(seen.facts.pin, TLS_PIN_NONE);
    assert_int_equal(seen.facts.served_count, 2);
    assert_int_equal(seen.facts.path_count, 3);
    static const char *const subjects[] = {"CN=leaf", "CN=middle", "CN=root"};
    static const int places[] = {0, 1, -1};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(seen.path[i], subjects[i]);
        assert_int_equal(seen.served_at[i], places[i]);
    }

    assert_string_equal(seen.subject, "CN=leaf");
    assert_string_equal(seen.issuer, "CN=middle");
    assert_string_equal(seen.name, "app.test");
    assert_string_equal(seen.address, "10.0.0.7");
    assert_int_equal(seen.leaf.addresses.count, 2);
    pki_fingerprint(&pki.leaf, fingerprint);
    assert_string_equal(seen.leaf.sha256, fingerprint);
    assert_int_equal(strlen(seen.leaf.serial), 4);
    assert_memory_equal(seen.leaf.serial, "4A", 2);
    assert_false(seen.leaf.is_ca);
    assert_false(seen.leaf.is_self_signed);
    assert_false(seen.leaf.has_issuer_url);
    assert_true(seen.leaf.has_dates);
    int64_t now_ms = clock_wall_ms();
    int64_t day_ms = PKI_DAY_S * INT64_C(1000);
    assert_true(llabs(now_ms - day_ms - seen.leaf.from_wall_ms) < 60000);
    assert_true(llabs(now_ms + 90 * day_ms - seen.leaf.until_wall_ms) < 60000);
}

static void test_tls_handshake_no_server_name_sends_none(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.leaf};
    struct tls_request request = shake_request(NULL);
    assert_int_equal(shake_served(certs, 1, &request).result.failure, HANDSHAKE_OK);
    assert_string_equal(shake_asked_name, "none");
}

static void test_tls_handshake_tls_1_2_is_told(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    SSL_CTX *ctx = pki_server(certs, 2);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    struct peer *peer = peer_start(NULL, shake_serve, &ctx);
    struct tls_request request = shake_request(peer_addr(peer));
    struct seen seen = shake(&request);
    assert_int_equal(seen.result.failure, HANDSHAKE_OK);
    assert_string_equal(seen.version, "TLSv1.2");
    assert_int_equal(seen.facts.trust, TLS_TRUST_OK);
    peer_stop(peer);
    SSL_CTX_free(ctx);
}

static struct seen shake_peer(peer_script *script, const void *argument,
                              int64_t timeout_ms) {
    struct peer *peer = peer_start(NULL, script, argument);
    struct tls_request request = shake_request(peer_addr(peer));
    request.timeout_ms = timeout_ms;
    struct seen seen = shake(&request);
    peer_stop(peer);
    return seen;
}

static void test_tls_handshake_nobody_listens_is_refused(void **state) {
    (void)state;
    struct addr addr = peer_refusing_addr();
    struct tls_request request = shake_request(&addr);
    struct seen seen = shake(&request);
    assert_int_equal(seen.result.failure, HANDSHAKE_CONNECT_REFUSED);
    assert_int_equal(seen.result.connect_us, -1);
    assert_int_equal(seen.result.tls_us, -1);
    assert_false(seen.result.got_bytes);
}

static void test_tls_handshake_unreachable_fails(void **state) {
    (void)state;
    struct addr addr;
    assert_true(addr_parse_ip("255.255.255.255", 1, &addr));
    struct tls_request request = shake_request(&addr);
    struct seen seen = shake(&request);
    assert_int_equal(seen.result.failure, HANDSHAKE_CONNECT_FAILED);
    assert_int_not_equal(seen.result.sys, 0);
}

static void test_tls_handshake_full_listener_times_out(void **state) {
    (void)state;
    struct full_listener full;
    full_listener_open(&full);
    struct tls_request request = shake_request(&full.addr);
    request.connect_timeout_ms = 50;
    struct seen seen = shake(&request);
    assert_int_equal(seen.result.failure, HANDSHAKE_CONNECT_TIMEOUT);
    assert_int_equal(seen.result.sys, 0);
    assert_true(seen.result.total_us >= 50000);
    full_listener_close(&full);
}

static void close_at_once(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)fd;
    (void)argument;
}

static void read_and_close(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)argument;
    char hello[4096];
    if (recv(fd, hello, sizeof hello, 0) > 0)
        return;
}

static void reset(struct peer *peer, int fd, const void *argument) {
    read_and_close(peer, fd, argument);
    peer_reset(fd);
}

static void test_tls_handshake_closed_without_a_byte(void **state) {
    (void)state;
    peer_script *const scripts[] = {close_at_once, read_and_close, reset};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct seen seen = shake_peer(scripts[i], NULL, 5000);
        assert_int_equal(seen.result.failure, HANDSHAKE_CLOSED);
        assert_false(seen.result.got_bytes);
        assert_true(seen.result.connect_us >= 0);
    }
}

static void test_tls_handshake_silence_times_out(void **state) {
    (void)state;
    struct seen seen = shake_peer(peer_hang_script, NULL, 60);
    assert_int_equal(seen.result.failure, HANDSHAKE_TIMEOUT);
    assert_true(seen.result.total_us >= 60000);
    assert_false(seen.result.got_bytes);
}

struct bytes {
    const char *data;
    size_t len;
    bool hangs;
};

static void send_some(struct peer *peer, int fd, const void *argument) {
    const struct bytes *bytes = argument;
    char hello[4096];
    if (recv(fd, hello, sizeof hello, 0) <= 0)
        return;
    if (send(fd, bytes->data, bytes->len, MSG_NOSIGNAL) < 0)
        return;
    if (bytes->hangs)
        peer_hang(peer, fd);
}

#define BYTES(text) .data = (text), .len = sizeof(text) - 1

static void test_tls_handshake_odd_answers(void **state) {
    (void)state;
    static const struct {
        struct bytes bytes;
        enum handshake_failure failure;
        const char *error; /* a part of it */
    } cases[] = {
        {{BYTES("HTTP/1.1 400 Bad Request\r\n\r\n")}, HANDSHAKE_NOT_TLS, "wrong version"},
        {{BYTES("SSH-2.0-OpenSSH_9.2\r\n")}, HANDSHAKE_NOT_TLS, "wrong version"},
        {{BYTES("\0\0\0\0\0\0\0\0")}, HANDSHAKE_NOT_TLS, ""},
        {{BYTES("\x16")}, HANDSHAKE_CUT, ""},
        {{BYTES("\x16\x03\x03\x00\x10half")}, HANDSHAKE_CUT, ""},
        {{BYTES("\x16\x03\x03\x00\x10half"), .hangs = true}, HANDSHAKE_TIMEOUT, ""},
        {{BYTES("\x15\x03\x03\x00\x02\x02\x28")}, HANDSHAKE_REFUSED, "handshake failure"},
        {{BYTES("\x15\x03\x03\x00\x02\x02\x46")}, HANDSHAKE_REFUSED, "protocol version"},
        {{BYTES("\x15\x03\x03\x00\x02\x02\x70")}, HANDSHAKE_REFUSED, "unrecognized name"},
        {{BYTES("\x16\x03\x03\xff\xff")}, HANDSHAKE_NOT_TLS, "length"},
        {{BYTES("\x16\x03\x03\x00\x04\x14\x00\x00\x00")},
         HANDSHAKE_NOT_TLS,
         "unexpected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen =
            shake_peer(send_some, &cases[i].bytes, cases[i].bytes.hangs ? 60 : 5000);
        print_message("%zu: %d %s\n", i, seen.result.failure, seen.error);
        assert_int_equal(seen.result.failure, cases[i].failure);
        assert_non_null(strstr(seen.error, cases[i].error));
        assert_true(seen.result.got_bytes);
        assert_int_equal(seen.result.tls_us, -1);
    }
}

/* HelloRequest, which a TLS 1.2 client skips, as fast as it is taken: it would spin
 * inside OpenSSL if that read from the socket itself. */
static void flood(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)argument;
    static const char request[] = "\x16\x03\x03\x00\x04\x00\x00\x00";
    char many[9 * 1000];
    for (size_t i = 0; i < sizeof many; i += 9)
        memcpy(many + i, request, 9);
    while (send(fd, many, sizeof many, MSG_NOSIGNAL) > 0)
        continue;
}

static void on_guard(void *user) {
    int *ticks = user;
    (*ticks)++;
}

static void test_tls_handshake_flood_ends_and_leaves_the_loop_free(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, flood, NULL);
    struct tls_request request = shake_request(peer_addr(peer));
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    int ticks = 0;
    struct loop_timer *timer = loop_timer_new(loop, on_guard, &ticks);
    loop_timer_set(timer, 1);
    struct seen seen = shake_with(loop, client, &request);
    assert_int_equal(seen.result.failure, HANDSHAKE_NOT_TLS);
    assert_string_equal(seen.error, "it does not end");
    assert_true(seen.result.got_bytes);
    assert_true(loop_figures(loop).longest_turn_us < 1000000);
    loop_timer_free(timer);
    tls_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

/* The process is not killed by a peer that went away. */
static void test_tls_handshake_needs_no_sigpipe_handling(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 20; i++) {
        struct seen seen = shake_peer(close_at_once, NULL, 5000);
        assert_int_equal(seen.result.failure, HANDSHAKE_CLOSED);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void test_tls_handshake_without_descriptors_is_local(void **state) {
    (void)state;
    struct addr addr = peer_refusing_addr();
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    struct tls_request request = shake_request(&addr);
    struct seen seen = {.loop = loop};
    struct rlimit old;
    getrlimit(RLIMIT_NOFILE, &old);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    tls_handshake_start(client, &request, shake_on_result, &seen);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_true(run(loop));
    assert_int_equal(seen.result.failure, HANDSHAKE_LOCAL_FDS);
    tls_client_free(client);
    loop_free(loop);
}

struct waiting {
    struct loop *loop;
    struct loop_timer *timer;
    const struct peer *peer;
};

static void look_for_connection(void *user) {
    struct waiting *waiting = user;
    if (peer_accepted(waiting->peer) > 0)
        loop_stop(waiting->loop);
    else
        loop_timer_set(waiting->timer, 1);
}

static void test_tls_handshake_cancel_at_any_time(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_hang_script, NULL);
    struct addr refusing = peer_refusing_addr();
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    struct tls_request request = shake_request(peer_addr(peer));
    struct tls_request refused = shake_request(&refusing);
    struct seen seen = {.loop = loop};
    tls_handshake_cancel(NULL);
    tls_handshake_cancel(tls_handshake_start(client, &request, shake_on_result, &seen));
    tls_handshake_cancel(tls_handshake_start(client, &refused, shake_on_result, &seen));

    struct waiting waiting = {.loop = loop, .peer = peer};
    struct tls_handshake *handshake =
        tls_handshake_start(client, &request, shake_on_result, &seen);
    waiting.timer = loop_timer_new(loop, look_for_connection, &waiting);
    loop_timer_set(waiting.timer, 1);
    assert_true(run(loop));
    tls_handshake_cancel(handshake);
    loop_timer_free(waiting.timer);
    loop_run(loop);
    assert_int_equal(seen.calls, 0);
    tls_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_handshake_good_server_gives_facts),
        cmocka_unit_test(test_tls_handshake_no_server_name_sends_none),
        cmocka_unit_test(test_tls_handshake_tls_1_2_is_told),
        cmocka_unit_test(test_tls_handshake_nobody_listens_is_refused),
        cmocka_unit_test(test_tls_handshake_unreachable_fails),
        cmocka_unit_test(test_tls_handshake_full_listener_times_out),
        cmocka_unit_test(test_tls_handshake_closed_without_a_byte),
        cmocka_unit_test(test_tls_handshake_silence_times_out),
        cmocka_unit_test(test_tls_handshake_odd_answers),
        cmocka_unit_test(test_tls_handshake_flood_ends_and_leaves_the_loop_free),
        cmocka_unit_test(test_tls_handshake_needs_no_sigpipe_handling),
        cmocka_unit_test(test_tls_handshake_without_descriptors_is_local),
        cmocka_unit_test(test_tls_handshake_cancel_at_any_time),
    };
    return cmocka_run_group_tests(tests, shake_setup, shake_teardown);
}
