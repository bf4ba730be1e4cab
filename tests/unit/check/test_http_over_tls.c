/* Runs of type http over TLS, against servers with certificates made for the occasion. */
#include "check/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"

#define ANSWER_200 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

enum { HOUR_S = 3600 };

static const struct ranges expect_2xx = {1, {{200, 299}}};

/* Ask a peer as app.example, trusting the CA in `ca_file`. */
static const struct outcome *
ask_peer(struct fixture *fixture, const struct peer_script *script, const char *ca_file) {
    char connect[80];
    struct peer *peer = peer_start("127.0.0.1:0", script);
    struct http_options options = {.url = "https://app.example./health",
                                   .connect = connect,
                                   .expect = expect_2xx,
                                   .ca_file = ca_file};
    snprintf(connect, sizeof connect, "127.0.0.1:%d", peer_port(peer));
    fixture_run(fixture, &check_http, &options);
    peer_stop(peer);
    return &fixture->outcome;
}

static const struct outcome *ask_server(struct fixture *fixture,
                                        const struct certs *certs, const char *san,
                                        long from_s, long until_s, const char *ca_file) {
    SSL_CTX *server = certs_server(certs, san, from_s, until_s);
    const struct peer_script script = {.say = ANSWER_200, .tls = server};
    const struct outcome *outcome = ask_peer(fixture, &script, ca_file);
    SSL_CTX_free(server);
    return outcome;
}

static void test_http_tls_good_certificate_passes(void **state) {
    (void)state;
    struct fixture fixture;
    struct certs *certs = certs_new();
    fixture_init(&fixture, NULL);
    const struct outcome *outcome = ask_server(&fixture, certs, "DNS:app.example",
                                               -HOUR_S, HOUR_S, certs_ca_file(certs));
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200 in ");
    assert_true(outcome->phase_us[PHASE_TLS] >= outcome->phase_us[PHASE_CONNECT]);
    assert_true(outcome->phase_us[PHASE_TLS] <= outcome->phase_us[PHASE_FIRST_BYTE]);
    assert_int_equal(outcome->answered, 1);
    fixture_fini(&fixture);
    certs_free(certs);
}

static void test_http_tls_bad_certificates_get_their_reason(void **state) {
    (void)state;
    static const struct {
        const char *san;
        long from_s;
        long until_s;
        bool is_foreign; /* from another CA */
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {"DNS:other.example", -HOUR_S, HOUR_S, false, TLS_SAN_MISMATCH,
         "for another name"},
        {"DNS:*.app.example", -HOUR_S, HOUR_S, false, TLS_SAN_MISMATCH,
         "for another name"},
        {"DNS:app.example", -2 * HOUR_S, -HOUR_S, false, TLS_EXPIRED,
         "expired or not yet valid"},
        {"DNS:app.example", HOUR_S, 2 * HOUR_S, false, TLS_EXPIRED,
         "expired or not yet valid"},
        {"DNS:app.example", -HOUR_S, HOUR_S, true, TLS_UNKNOWN_CA, "not trusted"},
    };
    struct fixture fixture;
    struct certs *certs = certs_new();
    struct certs *others = certs_new();
    fixture_init(&fixture, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome *outcome =
            ask_server(&fixture, cases[i].is_foreign ? others : certs, cases[i].san,
                       cases[i].from_s, cases[i].until_s, certs_ca_file(certs));
        assert_outcome(outcome, OUTCOME_FAIL, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->answered, 1);
        assert_int_equal(outcome->http_status, 0);
    }
    fixture_fini(&fixture);
    certs_free(certs);
    certs_free(others);
}

static void test_http_tls_plain_and_silent_peers_fail(void **state) {
    (void)state;
    struct fixture fixture;
    struct certs *certs = certs_new();
    fixture_init(&fixture, NULL);
    const struct peer_script plain = {.speaks_first = true,
                                      .say = "HTTP/1.1 400 Bad Request\r\n\r\n"};
    assert_outcome(ask_peer(&fixture, &plain, certs_ca_file(certs)), OUTCOME_FAIL,
                   PROTOCOL, "TLS handshake failed");
    fixture.timing.timeout_ms = 300;
    const struct peer_script silent = {.hangs = true, .speaks_first = true};
    assert_outcome(ask_peer(&fixture, &silent, certs_ca_file(certs)), OUTCOME_FAIL,
                   TIMEOUT, "connected, no TLS handshake after ");
    assert_int_equal(fixture.outcome.answered, 0);
    fixture_fini(&fixture);
    certs_free(certs);
}

/* Our own mistake must not be told as the gateway's. */
static void test_http_tls_missing_ca_file_is_unavailable(void **state) {
    (void)state;
    struct fixture fixture;
    struct certs *certs = certs_new();
    fixture_init(&fixture, NULL);
    const struct outcome *outcome = ask_server(&fixture, certs, "DNS:app.example",
                                               -HOUR_S, HOUR_S, "/nonexistent/ca.crt");
    assert_outcome(outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                   "the CA file cannot be read: /nonexistent/ca.crt");
    assert_int_equal(outcome->addresses_failed, 0);
    fixture_fini(&fixture);
    certs_free(certs);
}

static bool has_connection(const struct fixture *fixture) {
    return peer_connections(fixture->watched) > 0;
}

static void test_http_tls_cancel_inside_the_handshake(void **state) {
    (void)state;
    char url[80];
    const struct peer_script silent = {.hangs = true, .speaks_first = true};
    struct peer *peer = peer_start("127.0.0.1:0", &silent);
    struct http_options options = {.url = url, .expect = expect_2xx};
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", peer_port(peer));
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    fixture.watched = peer;
    fixture_start(&fixture, &check_http, &options);
    assert_true(fixture_wait(&fixture, has_connection));
    fixture_cancel(&fixture);
    peer_stop(peer);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_tls_good_certificate_passes),
        cmocka_unit_test(test_http_tls_bad_certificates_get_their_reason),
        cmocka_unit_test(test_http_tls_plain_and_silent_peers_fail),
        cmocka_unit_test(test_http_tls_missing_ca_file_is_unavailable),
        cmocka_unit_test(test_http_tls_cancel_inside_the_handshake),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
