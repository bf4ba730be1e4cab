/* Runs of type envoy_admin against an admin port that says what an Envoy would. */
#include "check/envoy_admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "admin_port.h"
#include "base/buf.h"
#include "base/clock.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"

enum { PAGES = 5, URL_SIZE = 60 };

#define DAY_MS (INT64_C(86400) * 1000)

#define INFO(state, up)                                                                  \
    "{\"state\": \"" state "\", \"uptime_current_epoch\": \"" up "s\"}"
#define HOST(port, health)                                                               \
    "{\"address\": {\"socket_address\": {\"address\": \"10.0.0.1\", "                    \
    "\"port_value\": " port "}}, \"health_status\": {" health                            \
    "\"eds_health_status\": \"HEALTHY\"}}"
#define SICK "\"failed_active_health_check\": true, "
#define CLUSTER(name, hosts)                                                             \
    "{\"name\": \"outbound|8080||" name ".svc\", \"host_statuses\": [" hosts "]}"
#define CLUSTERS(list) "{\"cluster_statuses\": [" list "]}"
#define TWO_FINE                                                                         \
    CLUSTERS(CLUSTER("a", HOST("1", "") ", " HOST("2", "")) ", " CLUSTER("b", ""))
#define NO_CERTS "{\"certificates\": []}"

/* Pages of one run; an empty entry is the one of a healthy Envoy. */
struct answers {
    struct admin_page ready;
    struct admin_page info;
    struct admin_page clusters;
    struct admin_page certs;
};

#define FINE                                                                             \
    {                                                                                    \
        .ready = { NULL, 0, NULL }                                                       \
    }
static const struct answers fine = FINE;

static void make_pages(const struct answers *answers, struct admin_page pages[PAGES]) {
    const struct admin_page usual[PAGES] = {
        {"/ready", 200, "LIVE\n"},
        {"/server_info", 200, INFO("LIVE", "400")},
        {"/clusters?format=json", 200, TWO_FINE},
        {"/certs", 200, NO_CERTS},
        {NULL, 0, NULL},
    };
    memcpy(pages, usual, sizeof usual);
    const struct admin_page *given[] = {&answers->ready, &answers->info,
                                        &answers->clusters, &answers->certs};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (!given[i]->body)
            continue;
        pages[i].status = given[i]->status;
        pages[i].body = given[i]->body;
    }
}

static const struct outcome *ask(struct fixture *fixture, const struct admin_port *port,
                                 const char *const *clusters, size_t count) {
    char url[URL_SIZE];
    const struct envoy_admin_options options = {
        .url = url, .clusters = {clusters, count}, .warn_days = 14};
    snprintf(url, sizeof url, "http://127.0.0.1:%d", admin_port_number(port));
    return fixture_run(fixture, &check_envoy_admin, &options);
}

static void test_envoy_admin_answers_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *cluster; /* NULL: none is named */
        struct answers answers;
        enum outcome_kind kind;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {NULL, FINE, OUTCOME_PASS, REASON_NONE, "LIVE; up 400 s"},
        {"||a.svc", FINE, OUTCOME_PASS, REASON_NONE,
         "LIVE; up 400 s; 1 of 1 clusters with all hosts healthy"},
        /* not live */
        {NULL,
         {.ready = {NULL, 503, "DRAINING\n"},
          .info = {NULL, 200, INFO("DRAINING", "400")}},
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         "Envoy's state is DRAINING"},
        {NULL,
         {.ready = {NULL, 503, "INITIALIZING\n"},
          .info = {NULL, 200, INFO("INITIALIZING", "29")}},
         OUTCOME_WARN,
         GW_NOT_LIVE,
         "Envoy's state is INITIALIZING"},
        {NULL,
         {.ready = {NULL, 503, "INITIALIZING\n"},
          .info = {NULL, 200, INFO("INITIALIZING", "30")}},
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         "Envoy's state is INITIALIZING"},
        {NULL,
         {.ready = {NULL, 503, ""}, .info = {NULL, 404, ""}},
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         "Envoy's state is empty body"},
        {NULL,
         {.info = {NULL, 200, INFO("PRE_INITIALIZING", "400")}},
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         "Envoy's state is PRE_INITIALIZING"},
        /* clusters */
        {"||b.svc", FINE, OUTCOME_FAIL, GW_NO_ENDPOINTS,
         "outbound|8080||b.svc has no host"},
        {".svc", FINE, OUTCOME_FAIL, GW_NO_ENDPOINTS, "outbound|8080||b.svc has no host"},
        {"c.svc", FINE, OUTCOME_WARN, GW_NO_ENDPOINTS, "no cluster is called c.svc"},
        {"a.svc",
         {.clusters = {NULL, 200,
                       CLUSTERS(CLUSTER("a", HOST("1", SICK) ", " HOST("2", SICK)))}},
         OUTCOME_FAIL,
         GW_NO_ENDPOINTS,
         "outbound|8080||a.svc: 0 of 2 hosts are healthy; 10.0.0.1:1: "
         "failed_active_health_check"},
        {"a.svc",
         {.clusters = {NULL, 200,
                       CLUSTERS(CLUSTER("a", HOST("1", "") ", " HOST("2", SICK)))}},
         OUTCOME_WARN,
         GW_NO_ENDPOINTS,
         "outbound|8080||a.svc: 1 of 2 hosts are healthy; 10.0.0.1:2: "},
        /* what cannot be had */
        {NULL,
         {.ready = {NULL, 404, "x"}},
         OUTCOME_UNAVAILABLE,
         HTTP_STATUS,
         "/ready answers HTTP 404: x"},
        {NULL,
         {.ready = {NULL, 500, ""}},
         OUTCOME_UNAVAILABLE,
         HTTP_STATUS,
         "/ready answers HTTP 500: empty body"},
        {NULL,
         {.ready = {NULL, 0, ""}},
         OUTCOME_UNAVAILABLE,
         PEER_CLOSED,
         "/ready: closed before an answer"},
        {NULL,
         {.info = {NULL, 403, ""}},
         OUTCOME_UNAVAILABLE,
         HTTP_STATUS,
         "/server_info answers HTTP 403"},
        {NULL,
         {.info = {NULL, 200, "LIVE"}},
         OUTCOME_UNAVAILABLE,
         PROTOCOL,
         "/server_info cannot be read: it is not JSON"},
        {"a",
         {.clusters = {NULL, 404, ""}},
         OUTCOME_UNAVAILABLE,
         HTTP_STATUS,
         "/clusters answers HTTP 404"},
        {"a",
         {.clusters = {NULL, 200, "a::default_priority"}},
         OUTCOME_UNAVAILABLE,
         PROTOCOL,
         "/clusters cannot be read: it is not JSON"},
        {"a",
         {.certs = {NULL, 200, "[]"}},
         OUTCOME_UNAVAILABLE,
         PROTOCOL,
         "/certs cannot be read: it is no JSON object"},
        {"a",
         {.certs = {NULL, 0, ""}},
         OUTCOME_UNAVAILABLE,
         PEER_CLOSED,
         "/certs: closed before an answer"},
        /* the worst counts: what is known before what is not */
        {"c.svc",
         {.info = {NULL, 404, ""}, .certs = {NULL, 404, ""}},
         OUTCOME_WARN,
         GW_NO_ENDPOINTS,
         "no cluster is called c.svc"},
        {"b.svc",
         {.info = {NULL, 404, ""}, .certs = {NULL, 404, ""}},
         OUTCOME_FAIL,
         GW_NO_ENDPOINTS,
         "has no host"},
    };
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct admin_page pages[PAGES];
        make_pages(&cases[i].answers, pages);
        struct admin_port *port = admin_port_start(pages);
        const struct outcome *outcome =
            ask(&fixture, port, &cases[i].cluster, cases[i].cluster ? 1 : 0);
        assert_outcome(outcome, cases[i].kind, cases[i].reason, cases[i].evidence);
        admin_port_stop(port);
    }
    fixture_fini(&fixture);
}

static void test_envoy_admin_certificates_are_judged(void **state) {
    (void)state;
    static const struct {
        int64_t left_ms;
        const char *san;
        enum outcome_kind kind;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {29 * DAY_MS + DAY_MS / 2, "\"dns\": \"a.example\"", OUTCOME_PASS, REASON_NONE,
         "the certificate of a.example is good for 29 days"},
        {14 * DAY_MS + DAY_MS / 2, "\"dns\": \"a.example\"", OUTCOME_PASS, REASON_NONE,
         "good for 14 days"},
        {13 * DAY_MS + DAY_MS / 2, "\"dns\": \"a.example\"", OUTCOME_WARN, TLS_EXPIRED,
         "the certificate of a.example expires in 13 days"},
        {60 * 1000, "\"dns\": \"a.example\"", OUTCOME_WARN, TLS_EXPIRED,
         "expires in 0 days"},
        {-1000, "\"dns\": \"a.example\"", OUTCOME_FAIL, TLS_EXPIRED,
         "the certificate of a.example expired 0 days ago"},
        {-3 * DAY_MS, "\"ip_address\": \"10.0.0.1\"", OUTCOME_FAIL, TLS_EXPIRED,
         "the certificate of 10.0.0.1 expired 3 days ago"},
        {-3 * DAY_MS, "\"uri\": \"spiffe://cluster.local/ns/a/sa/b\"", OUTCOME_PASS,
         REASON_NONE, "LIVE; up 400 s"},
    };
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO struct buf body = {0};
        char end[CLOCK_TEXT_MAX];
        clock_format_rfc3339(clock_wall_ms() + cases[i].left_ms, end);
        buf_printf(&body,
                   "{\"certificates\": [{\"ca_cert\": [], \"cert_chain\": [{"
                   "\"subject_alt_names\": [{%s}], \"days_until_expiration\": \"0\", "
                   "\"expiration_time\": \"%s\"}]}]}",
                   cases[i].san, end);
        struct admin_page pages[PAGES];
        make_pages(&(struct answers){.certs = {NULL, 200, body.data}}, pages);
        struct admin_port *port = admin_port_start(pages);
        assert_outcome(ask(&fixture, port, NULL, 0), cases[i].kind, cases[i].reason,
                       cases[i].evidence);
        admin_port_stop(port);
    }
    fixture_fini(&fixture);
}

/* Names come as they are written, whatever they mean in an expression or in a URL. */
static void test_envoy_admin_asks_for_what_it_needs(void **state) {
    (void)state;
    static const char *const names[] = {"outbound|8080||a.svc", "x-y_z 1%\xc3\xbc"};
    struct admin_page pages[PAGES];
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    make_pages(&fine, pages);
    struct admin_port *port = admin_port_start(pages);
    const struct outcome *outcome = ask(&fixture, port, names, 2);
    assert_int_equal(outcome->http_status, 200);
    assert_int_equal(outcome->answered, 1);
    assert_int_equal(admin_port_requests(port), 4);
    assert_string_equal(admin_port_heard(port),
                        "GET /ready HTTP/1.1\nGET /server_info HTTP/1.1\n"
                        "GET /clusters?format=json&filter="
                        "outbound%5C%7C8080%5C%7C%5C%7Ca%5C%2Esvc"
                        "%7Cx-y_z%5C%201%5C%25%C3%BC HTTP/1.1\nGET /certs HTTP/1.1\n");
    admin_port_stop(port);
    port = admin_port_start(pages);
    ask(&fixture, port, NULL, 0);
    assert_int_equal(admin_port_requests(port), 3);
    assert_null(strstr(admin_port_heard(port), "/clusters"));
    admin_port_stop(port);
    fixture_fini(&fixture);
}

static void test_envoy_admin_too_large_answers_are_unavailable(void **state) {
    (void)state;
    static const char *const names[] = {"a"};
    static const char *const evidence[] = {"/server_info is more than 1024 KiB",
                                           "/clusters is more than 1024 KiB",
                                           "/certs is more than 1024 KiB"};
    BUF_AUTO struct buf body = {0};
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    buf_puts(&body, "{\"a\": \"");
    while (body.len <= 1024 * 1024)
        buf_puts(&body, "aaaaaaaaaaaaaaaa");
    buf_puts(&body, "\"}");
    for (int i = 0; i < 3; i++) {
        struct admin_page pages[PAGES];
        make_pages(&fine, pages);
        pages[i + 1].body = body.data;
        struct admin_port *port = admin_port_start(pages);
        assert_outcome(ask(&fixture, port, names, i == 1), OUTCOME_UNAVAILABLE, TOO_LARGE,
                       evidence[i]);
        admin_port_stop(port);
    }
    fixture_fini(&fixture);
}

/* However many parts there are, there is one deadline. */
static void test_envoy_admin_deadline_covers_all_parts(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct admin_page pages[PAGES];
        struct fixture fixture;
        fixture_init(&fixture, NULL);
        fixture.timing.timeout_ms = 250;
        make_pages(&fine, pages);
        pages[i == 2 ? 3 : i].status = -1;
        struct admin_port *port = admin_port_start(pages);
        int64_t start_ms = clock_mono_ms();
        const struct outcome *outcome = ask(&fixture, port, NULL, 0);
        assert_outcome(outcome, OUTCOME_UNAVAILABLE, TIMEOUT, "connected, no answer");
        assert_in_range(clock_mono_ms() - start_ms, 240, 1500);
        admin_port_stop(port);
        fixture_fini(&fixture);
    }
}

static void test_envoy_admin_nobody_there_is_unavailable(void **state) {
    (void)state;
    char url[URL_SIZE];
    const struct envoy_admin_options options = {.url = url};
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_closed_port("127.0.0.1"));
    assert_outcome(fixture_run(&fixture, &check_envoy_admin, &options),
                   OUTCOME_UNAVAILABLE, CONNECT_REFUSED, "/ready: connection refused");
    fixture_fini(&fixture);
}

static bool are_asked(const struct fixture *fixture) {
    const struct admin_port *port = fixture->watched;
    return admin_port_requests(port) == 2;
}

static void test_envoy_admin_cancel_is_silent(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        char url[URL_SIZE];
        const struct envoy_admin_options options = {.url = url};
        struct admin_page pages[PAGES];
        struct fixture fixture;
        fixture_init(&fixture, NULL);
        make_pages(&fine, pages);
        pages[1].status = -1;
        struct admin_port *port = admin_port_start(pages);
        snprintf(url, sizeof url, "http://127.0.0.1:%d", admin_port_number(port));
        fixture.watched = port;
        fixture_start(&fixture, &check_envoy_admin, &options);
        if (i > 0)
            assert_true(fixture_wait(&fixture, are_asked));
        fixture_cancel(&fixture);
        admin_port_stop(port);
        fixture_fini(&fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envoy_admin_answers_are_judged),
        cmocka_unit_test(test_envoy_admin_certificates_are_judged),
        cmocka_unit_test(test_envoy_admin_asks_for_what_it_needs),
        cmocka_unit_test(test_envoy_admin_too_large_answers_are_unavailable),
        cmocka_unit_test(test_envoy_admin_deadline_covers_all_parts),
        cmocka_unit_test(test_envoy_admin_nobody_there_is_unavailable),
        cmocka_unit_test(test_envoy_admin_cancel_is_silent),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
