/* Runs of type gateway_status against pods that answer, do not, come and go. */
#include "check/gateway_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"

enum { PODS_MAX = 3, TARGET_SIZE = 80 };

#define READY                                                                            \
    "HTTP/1.1 200 OK\r\nserver: envoy\r\nx-envoy-upstream-service-time: 0\r\n"           \
    "content-length: 0\r\n\r\n"
#define NOT_READY                                                                        \
    "HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\n"                              \
    "x-envoy-upstream-service-time: 1\r\ncontent-length: 0\r\n\r\n"
#define NO_ROUTE "HTTP/1.1 404 Not Found\r\nserver: envoy\r\ncontent-length: 0\r\n\r\n"
#define AGENT_GONE                                                                       \
    "HTTP/1.1 503 Service Unavailable\r\nserver: envoy\r\ncontent-length: 58\r\n\r\n"    \
    "upstream connect error or disconnect/reset before headers."

/* 127.0.0.1 to 127.0.0.3 are the pods. */
static const struct dns_record records[] = {
    {.name = "one.test", .ips = {"127.0.0.1"}},
    {.name = "three.test", .ips = {"127.0.0.1", "127.0.0.2", "127.0.0.3"}},
    {.name = "service.test", .ips = {"127.0.0.1"}},
    {.name = "left.test", .ips = {"127.0.0.1", "127.0.0.2"}, .times = 1},
    {.name = "left.test", .ips = {"127.0.0.2"}},
    {.name = "replaced.test", .ips = {"127.0.0.1"}, .times = 1},
    {.name = "replaced.test", .ips = {"127.0.0.2"}},
    {.name = "added.test", .ips = {"127.0.0.1"}, .times = 1},
    {.name = "added.test", .ips = {"127.0.0.1", "127.0.0.2"}},
    /* asked twice for a run that looks again, once where all is well */
    {.name = "grown.test", .ips = {"127.0.0.2"}, .times = 1},
    {.name = "grown.test", .ips = {"127.0.0.1", "127.0.0.2"}},
    {.name = "dumb.test", .ips = {"127.0.0.1"}, .times = 1},
    {.name = "dumb.test", .answer = ANSWER_SILENCE},
    {.name = "ended.test", .ips = {"127.0.0.1"}, .times = 1},
    {.name = "ended.test", .answer = ANSWER_NXDOMAIN},
    {.name = "empty.test", .answer = ANSWER_EMPTY},
    {.name = NULL},
};

struct pods {
    struct peer *peers[PODS_MAX];
    uint16_t port;
};

/* NULL: nobody listens there; "" hangs. All on one port. */
static void start_pods(struct pods *pods, const char *const says[PODS_MAX]) {
    *pods = (struct pods){.port = 0};
    if (!says[0])
        pods->port = peer_closed_port("127.0.0.1");
    for (int i = 0; i < PODS_MAX; i++) {
        char where[40];
        if (!says[i])
            continue;
        const struct peer_script script = {.say = says[i], .hangs = says[i][0] == '\0'};
        snprintf(where, sizeof where, "127.0.0.%d:%d", i + 1, pods->port);
        pods->peers[i] = peer_start(where, &script);
        pods->port = peer_port(pods->peers[i]);
    }
}

static void stop_pods(struct pods *pods) {
    for (int i = 0; i < PODS_MAX; i++) {
        if (pods->peers[i])
            peer_stop(pods->peers[i]);
    }
}

static const struct outcome *ask(struct fixture *fixture, const struct pods *pods,
                                 const char *host, bool is_balanced) {
    char target[TARGET_SIZE];
    const struct gateway_status_options options = {.target = target,
                                                   .is_balanced = is_balanced};
    snprintf(target, sizeof target, "%s:%d", host, pods->port);
    return fixture_run(fixture, &check_gateway_status, &options);
}

static void test_gateway_status_pods_that_answer(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *says[PODS_MAX];
        bool is_balanced;
        enum outcome_kind kind;
        enum reason reason;
        int failed;
        int total;
        int answered;
        const char *evidence;
    } cases[] = {
        {"one.test.", {READY}, false, OUTCOME_PASS, REASON_NONE, 0, 1, 1, "ready in "},
        {"127.0.0.1", {READY}, false, OUTCOME_PASS, REASON_NONE, 0, 1, 1, "ready in "},
        {"one.test.",
         {NOT_READY},
         false,
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         1,
         1,
         1,
         "not ready: HTTP 503 in "},
        {"127.0.0.1",
         {AGENT_GONE},
         false,
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         1,
         1,
         1,
         "upstream connect error"},
        {"service.test.",
         {NOT_READY},
         true,
         OUTCOME_WARN,
         GW_NOT_LIVE,
         1,
         1,
         1,
         "one of the pods behind the Service: not ready: HTTP 503 in "},
        {"one.test.",
         {NO_ROUTE},
         false,
         OUTCOME_UNAVAILABLE,
         HTTP_STATUS,
         1,
         1,
         1,
         "not Istio's status port: HTTP 404 in "},
        {"one.test.",
         {"SSH-2.0-x\r\n"},
         false,
         OUTCOME_UNAVAILABLE,
         PROTOCOL,
         1,
         1,
         1,
         "the answer is not HTTP"},
        {"one.test.",
         {NULL},
         false,
         OUTCOME_UNAVAILABLE,
         CONNECT_REFUSED,
         1,
         1,
         0,
         "connection refused"},
        {"three.test.",
         {READY, READY, READY},
         false,
         OUTCOME_PASS,
         REASON_NONE,
         0,
         3,
         3,
         "3 pods; 127.0.0.1:"},
        {"three.test.",
         {READY, NOT_READY, READY},
         false,
         OUTCOME_WARN,
         GW_NOT_LIVE,
         1,
         3,
         3,
         "1 of 3 pods; 127.0.0.2:"},
        {"three.test.",
         {READY, READY, NULL},
         false,
         OUTCOME_WARN,
         CONNECT_REFUSED,
         1,
         3,
         2,
         "1 of 3 pods; 127.0.0.3:"},
        {"three.test.",
         {NOT_READY, NOT_READY, NOT_READY},
         false,
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         3,
         3,
         3,
         "3 of 3 pods; 127.0.0.1:"},
        {"three.test.",
         {NULL, NULL, NULL},
         false,
         OUTCOME_UNAVAILABLE,
         CONNECT_REFUSED,
         3,
         3,
         0,
         "3 of 3 pods; 127.0.0.1:"},
        {"three.test.",
         {NULL, NOT_READY, NOT_READY},
         false,
         OUTCOME_UNAVAILABLE,
         GW_NOT_LIVE,
         3,
         3,
         2,
         "3 of 3 pods, 1 of them silent; 127.0.0.2:"},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pods pods;
        start_pods(&pods, cases[i].says);
        const struct outcome *outcome =
            ask(&fixture, &pods, cases[i].host, cases[i].is_balanced);
        assert_outcome(outcome, cases[i].kind, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->addresses_failed, cases[i].failed);
        assert_int_equal(outcome->addresses_total, cases[i].total);
        assert_int_equal(outcome->answered, cases[i].answered);
        stop_pods(&pods);
    }
    fixture_fini(&fixture);
}

static void test_gateway_status_asks_as_kubelet_does(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *head;
    } cases[] = {{"one.test.", "Host: one.test:"}, {"127.0.0.1", "Host: 127.0.0.1:"}};
    static const char *const says[PODS_MAX] = {READY};
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pods pods;
        start_pods(&pods, says);
        const struct outcome *outcome = ask(&fixture, &pods, cases[i].host, false);
        const char *heard = peer_heard(pods.peers[0]);
        assert_int_equal(strncmp(heard, "GET /healthz/ready HTTP/1.1\r\n", 29), 0);
        assert_non_null(strstr(heard, cases[i].head));
        assert_int_equal(outcome->http_status, 200);
        assert_int_equal(strncmp(outcome->remote, "127.0.0.1:", 10), 0);
        assert_true((outcome->phase_us[PHASE_NAME] >= 0) == (i == 0));
        assert_true(outcome->phase_us[PHASE_CONNECT] <=
                    outcome->phase_us[PHASE_FIRST_BYTE]);
        assert_true(outcome->phase_us[PHASE_FIRST_BYTE] <=
                    outcome->phase_us[PHASE_TOTAL]);
        stop_pods(&pods);
    }
    fixture_fini(&fixture);
}

/* The name is asked for once more before anybody is blamed. */
static void test_gateway_status_name_is_resolved_again(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *says[PODS_MAX];
        enum outcome_kind kind;
        enum reason reason;
        int total;
        const char *evidence;
    } cases[] = {
        /* drains, or has ended */
        {"left.test.",
         {NOT_READY, READY},
         OUTCOME_PASS,
         REASON_NONE,
         1,
         "1 pod, 1 more just went; 127.0.0.2:"},
        {"left.test.",
         {NULL, READY},
         OUTCOME_PASS,
         REASON_NONE,
         1,
         "1 pod, 1 more just went; 127.0.0.2:"},
        {"left.test.",
         {"", READY},
         OUTCOME_PASS,
         REASON_NONE,
         1,
         "1 pod, 1 more just went; 127.0.0.2:"},
        {"left.test.",
         {READY, NOT_READY},
         OUTCOME_FAIL,
         GW_NOT_LIVE,
         1,
         "1 of 1 pod, 1 more just went; 127.0.0.2:"},
        {"replaced.test.",
         {NOT_READY, READY},
         OUTCOME_UNAVAILABLE,
         GW_NOT_LIVE,
         0,
         "every pod that was asked (1) just went"},
        {"added.test.",
         {NOT_READY, READY},
         OUTCOME_UNAVAILABLE,
         GW_NOT_LIVE,
         1,
         "not ready: HTTP 503"},
        /* no second answer: the first one stands */
        {"dumb.test.", {NOT_READY}, OUTCOME_FAIL, GW_NOT_LIVE, 1, "not ready: HTTP 503"},
        {"ended.test.", {NOT_READY}, OUTCOME_FAIL, GW_NOT_LIVE, 1, "not ready: HTTP 503"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pods pods;
        struct fixture fixture;
        fixture_init(&fixture, records);
        fixture.timing.timeout_ms = 1000;
        start_pods(&pods, cases[i].says);
        int64_t start_ms = clock_mono_ms();
        const struct outcome *outcome = ask(&fixture, &pods, cases[i].host, false);
        assert_in_range(clock_mono_ms() - start_ms, 0, 1500);
        assert_outcome(outcome, cases[i].kind, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->addresses_total, cases[i].total);
        stop_pods(&pods);
        fixture_fini(&fixture);
    }
}

static void test_gateway_status_all_fine_asks_for_the_name_once(void **state) {
    (void)state;
    static const char *const says[PODS_MAX] = {READY};
    struct pods pods;
    struct fixture fixture;
    fixture_init(&fixture, records);
    start_pods(&pods, says);
    ask(&fixture, &pods, "one.test.", false);
    int questions = dns_questions(fixture.dns);
    ask(&fixture, &pods, "one.test.", false); /* out of the cache */
    assert_int_equal(dns_questions(fixture.dns), questions);
    stop_pods(&pods);
    fixture_fini(&fixture);
}

/* 127.0.0.1 came after 127.0.0.2, so nobody blames it yet. */
static void test_gateway_status_new_pod_is_given_time(void **state) {
    (void)state;
    static const char *const says[PODS_MAX] = {NOT_READY, NOT_READY};
    struct pods pods;
    struct fixture fixture;
    fixture_init(&fixture, records);
    start_pods(&pods, says);
    const struct outcome *outcome = ask(&fixture, &pods, "grown.test.", false);
    assert_outcome(outcome, OUTCOME_UNAVAILABLE, GW_NOT_LIVE, "not ready");
    outcome = ask(&fixture, &pods, "grown.test.", false);
    assert_outcome(outcome, OUTCOME_FAIL, GW_NOT_LIVE, "2 of 2 pods; 127.0.0.2:");
    peer_stop(pods.peers[1]);
    static const struct peer_script ready = {.say = READY};
    char where[40];
    snprintf(where, sizeof where, "127.0.0.2:%d", pods.port);
    pods.peers[1] = peer_start(where, &ready);
    outcome = ask(&fixture, &pods, "grown.test.", false);
    assert_outcome(outcome, OUTCOME_WARN, GW_NOT_LIVE,
                   ": a pod that has just come: not ready");
    stop_pods(&pods);
    fixture_fini(&fixture);
}

static void test_gateway_status_names_without_pods_fail(void **state) {
    (void)state;
    static const struct {
        const char *host;
        enum reason reason;
    } cases[] = {{"nobody.test.", DNS_NXDOMAIN}, {"empty.test.", DNS_NO_ADDRESS}};
    const struct pods pods = {.port = 1};
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome *outcome = ask(&fixture, &pods, cases[i].host, false);
        assert_outcome(outcome, OUTCOME_FAIL, cases[i].reason, ".test.");
        assert_int_equal(outcome->addresses_total, 0);
    }
    fixture_fini(&fixture);
}

static void test_gateway_status_refused_target_is_not_asked(void **state) {
    (void)state;
    static const struct gateway_status_options options = {.target =
                                                              "169.254.169.254:15021"};
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    const struct outcome *outcome =
        fixture_run(&fixture, &check_gateway_status, &options);
    assert_int_equal(outcome->reason, LOCAL_TARGET_REFUSED);
    fixture_fini(&fixture);
}

static bool is_first_asked(const struct fixture *fixture) {
    const struct pods *pods = fixture->watched;
    return peer_requests(pods->peers[0]) > 0;
}

static bool is_asked_again(const struct fixture *fixture) {
    return dns_questions(fixture->dns) > 2;
}

static void test_gateway_status_cancel_at_every_stage_is_silent(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *says[PODS_MAX];
        bool (*until)(const struct fixture *fixture); /* NULL: not one turn */
    } cases[] = {
        {"one.test.", {""}, NULL},
        {"one.test.", {""}, is_first_asked},
        {"three.test.", {"", READY, NOT_READY}, is_first_asked},
        {"dumb.test.", {NOT_READY}, is_asked_again},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char target[TARGET_SIZE];
        const struct gateway_status_options options = {.target = target};
        struct pods pods;
        struct fixture fixture;
        start_pods(&pods, cases[i].says);
        fixture_init(&fixture, records);
        fixture.watched = &pods;
        snprintf(target, sizeof target, "%s:%d", cases[i].host, pods.port);
        fixture_start(&fixture, &check_gateway_status, &options);
        if (cases[i].until)
            assert_true(fixture_wait(&fixture, cases[i].until));
        assert_int_equal(fixture.done_count, 0);
        fixture_cancel(&fixture);
        stop_pods(&pods);
        fixture_fini(&fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gateway_status_pods_that_answer),
        cmocka_unit_test(test_gateway_status_asks_as_kubelet_does),
        cmocka_unit_test(test_gateway_status_name_is_resolved_again),
        cmocka_unit_test(test_gateway_status_all_fine_asks_for_the_name_once),
        cmocka_unit_test(test_gateway_status_new_pod_is_given_time),
        cmocka_unit_test(test_gateway_status_names_without_pods_fail),
        cmocka_unit_test(test_gateway_status_refused_target_is_not_asked),
        cmocka_unit_test(test_gateway_status_cancel_at_every_stage_is_silent),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
