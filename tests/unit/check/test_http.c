/* Runs of type http against scripted peers: what passes, what fails, and with which
 * words. */
#include "check/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"

enum { URL_SIZE = 200 };

#define ANSWER_200 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct ranges expect_2xx = {1, {{200, 299}}};

static const struct dns_record records[] = {
    {.name = "app.test", .ips = {"127.0.0.1"}},
    {.name = "silent.test", .answer = ANSWER_SILENCE},
    {.name = NULL},
};

static struct http_options options_of(const char *url) {
    return (struct http_options){.url = url, .expect = expect_2xx};
}

static const char *url_of(const char *host, uint16_t port, char out[URL_SIZE]) {
    snprintf(out, URL_SIZE, "http://%s:%d/health", host, port);
    return out;
}

/* The outcome of one run against a peer on 127.0.0.1. */
static const struct outcome *ask_peer(struct fixture *fixture,
                                      const struct peer_script *script,
                                      struct http_options options) {
    char url[URL_SIZE];
    struct peer *peer = peer_start("127.0.0.1:0", script);
    options.url = url_of("127.0.0.1", peer_port(peer), url);
    fixture_run(fixture, &check_http, &options);
    peer_stop(peer);
    return &fixture->outcome;
}

static void test_http_good_answer_passes(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    const struct outcome *outcome =
        ask_peer(&fixture, &(struct peer_script){.say = ANSWER_200}, options_of(NULL));
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200 in ");
    assert_int_equal(outcome->http_status, 200);
    assert_int_equal(outcome->addresses_total, 1);
    assert_int_equal(outcome->addresses_failed, 0);
    assert_int_equal(outcome->answered, 1);
    assert_int_equal(strncmp(outcome->remote, "127.0.0.1:", 10), 0);
    assert_int_equal(outcome->phase_us[PHASE_NAME], -1);
    assert_int_equal(outcome->phase_us[PHASE_TLS], -1);
    assert_true(outcome->phase_us[PHASE_CONNECT] >= 0);
    assert_true(outcome->phase_us[PHASE_CONNECT] <= outcome->phase_us[PHASE_FIRST_BYTE]);
    assert_true(outcome->phase_us[PHASE_FIRST_BYTE] <= outcome->phase_us[PHASE_TOTAL]);
    fixture_fini(&fixture);
}

static void test_http_answers_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *say;
        const char *contains;
        bool through_gateway;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {"HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops", NULL, false, HTTP_STATUS,
         " ms, expected 200-299: oops"},
        {"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", NULL, false, HTTP_STATUS,
         "expected 200-299: empty body"},
        {"HTTP/1.1 301 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", NULL, false,
         HTTP_STATUS, "HTTP 301 in "},
        {ANSWER_200, "bye", false, BODY_MISMATCH, " without \"bye\": hello"},
        {ANSWER_200, "bye", true, IDENTITY_MISMATCH, " without \"bye\": hello"},
        {ANSWER_200, "ell", false, REASON_NONE, "HTTP 200 in "},
        {ANSWER_200, "ell", true, REASON_NONE, "HTTP 200 in "},
        {"HTTP/1.1 404 x\r\nserver: istio-envoy\r\ncontent-length: 0\r\n\r\n", NULL, true,
         GW_NO_ROUTE, "HTTP 404 in "},
        {"HTTP/1.1 404 x\r\nserver: istio-envoy\r\nX-Envoy-Upstream-Service-Time: 2\r\n"
         "content-length: 0\r\n\r\n",
         NULL, true, HTTP_STATUS, "HTTP 404 in "},
        {"HTTP/1.1 503 x\r\nserver: istio-envoy\r\ncontent-length: 19\r\n\r\n"
         "no healthy upstream",
         NULL, true, GW_NO_ENDPOINTS, " ms: no healthy upstream"},
        {"HTTP/1.1 301 x\r\nserver: istio-envoy\r\nlocation: https://b/\r\n"
         "content-length: 0\r\n\r\n",
         NULL, true, GW_REDIRECT, " ms to https://b/: empty body"},
        {"HTTP/1.1 302 x\r\nserver: istio-envoy\r\ncontent-length: 0\r\n\r\n", NULL, true,
         GW_REDIRECT, " ms to nowhere: "},
        {"HTTP/1.1 500 x\r\nContent-Length: 15\r\n\r\n \r\n\tone\n\xfftwo\x1b\n \n", NULL,
         false, HTTP_STATUS, ": one ?two"},
    };
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_options options = options_of(NULL);
        options.contains = cases[i].contains;
        options.through_gateway = cases[i].through_gateway;
        const struct outcome *outcome =
            ask_peer(&fixture, &(struct peer_script){.say = cases[i].say}, options);
        assert_outcome(outcome,
                       cases[i].reason == REASON_NONE ? OUTCOME_PASS : OUTCOME_FAIL,
                       cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->answered, 1);
        assert_int_equal(outcome->addresses_failed,
                         cases[i].reason == REASON_NONE ? 0 : 1);
        assert_true(outcome->http_status >= 200);
    }
    fixture_fini(&fixture);
}

static void test_http_bad_peers_get_their_reason(void **state) {
    (void)state;
    static const struct {
        struct peer_script script;
        enum reason reason;
        const char *evidence;
        int answered;
    } cases[] = {
        {{.speaks_first = true}, PEER_CLOSED, "closed before an answer", 0},
        {{.say = NULL}, PEER_CLOSED, "closed before an answer", 0},
        {{.resets = true}, PEER_CLOSED, "closed before an answer", 0},
        {{.say = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"},
         PROTOCOL,
         "closed inside the answer",
         1},
        {{.say = "HTTP/1.1 200 OK\r\nContent-Le"}, PROTOCOL, "", 1},
        {{.say = "SSH-2.0-OpenSSH_9.2\r\n"}, PROTOCOL, "not HTTP", 1},
        {{.say = "\x16\x03\x01\x02\r\n\r\n"}, PROTOCOL, "not HTTP", 1},
        {{.say = "HTTP/1.1 200 OK\r\n",
          .repeat = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
         TOO_LARGE,
         "head is too large",
         1},
        {{.hangs = true}, TIMEOUT, "connected, no answer after ", 0},
        {{.say = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", .hangs = true},
         TIMEOUT,
         "unfinished answer after ",
         1},
    };
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    fixture.timing.timeout_ms = 400;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome *outcome =
            ask_peer(&fixture, &cases[i].script, options_of(NULL));
        assert_outcome(outcome, OUTCOME_FAIL, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->answered, cases[i].answered);
        assert_int_equal(outcome->addresses_failed, 1);
    }
    fixture_fini(&fixture);
}

static void test_http_endless_body_is_read_to_its_limit(void **state) {
    (void)state;
    const struct peer_script script = {.say = "HTTP/1.1 200 OK\r\n\r\nstart ",
                                       .repeat = "and so on "};
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    struct http_options options = options_of(NULL);
    assert_outcome(ask_peer(&fixture, &script, options), OUTCOME_PASS, REASON_NONE,
                   "HTTP 200");
    options.contains = "start";
    assert_outcome(ask_peer(&fixture, &script, options), OUTCOME_PASS, REASON_NONE,
                   "HTTP 200");
    options.contains = "the end";
    assert_outcome(ask_peer(&fixture, &script, options), OUTCOME_FAIL, BODY_MISMATCH,
                   "start and so on");
    assert_true(strlen(fixture.outcome.evidence) < 400);
    fixture_fini(&fixture);
}

static void test_http_nobody_there_is_refused_or_times_out(void **state) {
    (void)state;
    char url[URL_SIZE];
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    struct http_options options =
        options_of(url_of("127.0.0.1", peer_closed_port("127.0.0.1"), url));
    const struct outcome *outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_FAIL, CONNECT_REFUSED, "connection refused after ");
    assert_int_equal(outcome->answered, 0);
    assert_int_equal(outcome->phase_us[PHASE_CONNECT], -1);

    struct peer_full full;
    peer_full_start(&full);
    url_of("127.0.0.1", full.port, url);
    fixture.timing.connect_timeout_ms = 150;
    int64_t start_ms = clock_mono_ms();
    outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_FAIL, CONNECT_TIMEOUT, "no connection after ");
    assert_in_range(clock_mono_ms() - start_ms, 140, 2000);
    /* The whole run may be shorter than the time to connect. */
    fixture.timing.connect_timeout_ms = 60000;
    fixture.timing.timeout_ms = 150;
    start_ms = clock_mono_ms();
    outcome = fixture_run(&fixture, &check_http, &options);
    assert_int_equal(outcome->kind, OUTCOME_FAIL);
    assert_in_range(clock_mono_ms() - start_ms, 140, 2000);
    peer_full_stop(&full);
    fixture_fini(&fixture);
}

static void test_http_unix_socket_is_asked(void **state) {
    (void)state;
    char where[80];
    snprintf(where, sizeof where, "unix:/tmp/hr-test-http-%d.sock", (int)getpid());
    struct peer *peer = peer_start(where, &(struct peer_script){.say = ANSWER_200});
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    struct http_options options = options_of("http://app.example/health");
    options.connect = where;
    const struct outcome *outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200");
    assert_string_equal(outcome->remote, where);
    assert_non_null(strstr(peer_heard(peer), "\r\nHost: app.example\r\n"));
    peer_stop(peer);
    outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_FAIL, CONNECT_REFUSED, "after ");
    fixture_fini(&fixture);
}

/* The dot after a name is for the name server only. */
static void test_http_name_is_resolved_and_sent_without_its_dot(void **state) {
    (void)state;
    char url[URL_SIZE];
    char host[URL_SIZE];
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = ANSWER_200});
    struct fixture fixture;
    fixture_init(&fixture, records);
    struct http_options options = options_of(url_of("app.test.", peer_port(peer), url));
    const struct outcome *outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200");
    assert_true(outcome->phase_us[PHASE_NAME] > 0);
    assert_true(outcome->phase_us[PHASE_NAME] <= outcome->phase_us[PHASE_CONNECT]);
    snprintf(host, sizeof host, "\r\nHost: app.test:%d\r\n", peer_port(peer));
    assert_non_null(strstr(peer_heard(peer), host));
    assert_int_equal(strncmp(peer_heard(peer), "GET /health HTTP/1.1\r\n", 22), 0);
    peer_stop(peer);
    fixture_fini(&fixture);
}

static void test_http_connect_overrides_the_place_only(void **state) {
    (void)state;
    char connect[80];
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = ANSWER_200});
    struct fixture fixture;
    fixture_init(&fixture, records);
    struct http_options options = options_of("http://apps.example.com/app1?a=b");
    options.connect = connect;
    snprintf(connect, sizeof connect, "app.test.:%d", peer_port(peer));
    assert_outcome(fixture_run(&fixture, &check_http, &options), OUTCOME_PASS,
                   REASON_NONE, "HTTP 200");
    assert_non_null(strstr(peer_heard(peer), "GET /app1?a=b HTTP/1.1\r\n"));
    assert_non_null(strstr(peer_heard(peer), "\r\nHost: apps.example.com\r\n"));
    peer_stop(peer);
    fixture_fini(&fixture);
}

static void test_http_method_and_headers_are_sent(void **state) {
    (void)state;
    static const struct header headers[] = {{"X-One", "first"}, {"X-Two", "second"}};
    char url[URL_SIZE];
    struct peer *peer = peer_start(
        "127.0.0.1:0",
        &(struct peer_script){.say = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"});
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    struct http_options options = options_of(url_of("127.0.0.1", peer_port(peer), url));
    options.method = HTTP_METHOD_HEAD;
    options.headers = (struct header_list){headers, 2};
    assert_outcome(fixture_run(&fixture, &check_http, &options), OUTCOME_PASS,
                   REASON_NONE, "HTTP 200");
    assert_int_equal(strncmp(peer_heard(peer), "HEAD /health HTTP/1.1\r\n", 23), 0);
    assert_non_null(strstr(peer_heard(peer), "\r\nX-One: first\r\n"));
    assert_non_null(strstr(peer_heard(peer), "\r\nX-Two: second\r\n"));
    peer_stop(peer);
    fixture_fini(&fixture);
}

static void test_http_names_that_fail_are_dns_reasons(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, records);
    fixture.timing.timeout_ms = 150;
    struct http_options options = options_of("http://gone.test./");
    const struct outcome *outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_FAIL, DNS_NXDOMAIN, "gone.test.: ");
    assert_int_equal(outcome->addresses_total, 0);
    assert_string_equal(outcome->remote, "");
    options.url = "http://silent.test./";
    int64_t start_ms = clock_mono_ms();
    outcome = fixture_run(&fixture, &check_http, &options);
    assert_outcome(outcome, OUTCOME_FAIL, DNS_TIMEOUT, "silent.test.: ");
    assert_in_range(clock_mono_ms() - start_ms, 140, 1500);
    assert_true(outcome->phase_us[PHASE_TOTAL] >= 140000);
    fixture_fini(&fixture);
}

static void test_http_refused_target_is_never_asked(void **state) {
    (void)state;
    char url[URL_SIZE];
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = ANSWER_200});
    struct addr own;
    assert_true(addr_parse_ip("::", peer_port(peer), &own));
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    fixture.env.own_listeners = &own;
    fixture.env.own_listener_count = 1;
    struct http_options options = options_of(url_of("127.0.0.1", peer_port(peer), url));
    assert_outcome(fixture_run(&fixture, &check_http, &options), OUTCOME_FAIL,
                   LOCAL_TARGET_REFUSED, "is our own listener");
    assert_int_equal(peer_connections(peer), 0);
    options.url = "http://169.254.169.254/metadata/instance";
    assert_outcome(fixture_run(&fixture, &check_http, &options), OUTCOME_FAIL,
                   LOCAL_TARGET_REFUSED, "169.254.169.254:80");
    options.url = "not a URL";
    assert_outcome(fixture_run(&fixture, &check_http, &options), OUTCOME_FAIL,
                   LOCAL_TARGET_REFUSED, "neither");
    peer_stop(peer);
    fixture_fini(&fixture);
}

/* A reload may take the options away while the run goes on. */
static void test_http_options_may_vanish_after_start(void **state) {
    (void)state;
    char url[URL_SIZE];
    char contains[] = "hello";
    char name[] = "X-One";
    char value[] = "first";
    struct header header = {name, value};
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = ANSWER_200});
    struct fixture fixture;
    fixture_init(&fixture, records);
    struct http_options options = options_of(url_of("app.test.", peer_port(peer), url));
    options.contains = contains;
    options.headers = (struct header_list){&header, 1};
    fixture_start(&fixture, &check_http, &options);
    memset(url, 'x', sizeof url);
    memset(contains, 'x', strlen(contains));
    memset(name, 'x', strlen(name));
    memset(value, 'x', strlen(value));
    memset(&header, 0, sizeof header);
    memset(&options, 0, sizeof options);
    assert_true(fixture_wait_done(&fixture));
    assert_outcome(&fixture.outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200");
    assert_non_null(strstr(peer_heard(peer), "\r\nX-One: first\r\n"));
    peer_stop(peer);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_good_answer_passes),
        cmocka_unit_test(test_http_answers_are_judged),
        cmocka_unit_test(test_http_bad_peers_get_their_reason),
        cmocka_unit_test(test_http_endless_body_is_read_to_its_limit),
        cmocka_unit_test(test_http_nobody_there_is_refused_or_times_out),
        cmocka_unit_test(test_http_unix_socket_is_asked),
        cmocka_unit_test(test_http_name_is_resolved_and_sent_without_its_dot),
        cmocka_unit_test(test_http_connect_overrides_the_place_only),
        cmocka_unit_test(test_http_method_and_headers_are_sent),
        cmocka_unit_test(test_http_names_that_fail_are_dns_reasons),
        cmocka_unit_test(test_http_refused_target_is_never_asked),
        cmocka_unit_test(test_http_options_may_vanish_after_start),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
