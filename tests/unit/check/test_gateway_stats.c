/* Runs of type gateway_stats against pods whose figures are those of real gateways. */
#include "check/gateway_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"

enum { TARGET_SIZE = 80, LOOKS_MAX = 5 };

/* A sample as Envoy 1.40 writes it. */
#define SAMPLE(name, labels, value)                                                      \
    "# TYPE envoy_" name " gauge\nenvoy_" name "{" labels "} " value "\n"
#define ACCEPTED(cds, lds)                                                               \
    SAMPLE("cluster_manager_cds_update_success", "", cds)                                \
    SAMPLE("listener_manager_lds_update_success", "", lds)
#define FAILED(times)                                                                    \
    SAMPLE("cluster_manager_cds_update_failure", "", times)                              \
    SAMPLE("listener_manager_lds_update_failure", "", times)
#define REJECTED(times) SAMPLE("listener_manager_lds_update_rejected", "", times)
#define XDS(connections)                                                                 \
    SAMPLE("cluster_upstream_cx_active", "cluster_name=\"xds-grpc\"", connections)
#define SERVER(state, uptime)                                                            \
    SAMPLE("listener_manager_workers_started", "", "1")                                  \
    SAMPLE("server_state", "", state) SAMPLE("server_uptime", "", uptime)
/* What an Istio gateway says that is fine. */
#define FINE ACCEPTED("5", "4") XDS("1") SERVER("0", "400")

static const struct dns_record records[] = {
    {.name = "one.test", .ips = {"127.0.0.1"}},
    {.name = "two.test", .ips = {"127.0.0.1", "127.0.0.2"}},
    {.name = NULL},
};

static void put_answer(struct buf *out, int status, const char *body) {
    buf_printf(out,
               "HTTP/1.1 %d x\r\ncontent-type: text/plain; charset=UTF-8\r\nserver: "
               "envoy\r\ncontent-length: %zu\r\n\r\n%s",
               status, strlen(body), body);
}

/* The outcome of one run, the pod at `where`, whose port is kept in it. */
static const struct outcome *ask_pod(struct fixture *fixture, char where[40], int status,
                                     const char *body) {
    BUF_AUTO struct buf answer = {0};
    char target[TARGET_SIZE];
    const struct gateway_stats_options options = {.target = target};
    put_answer(&answer, status, body);
    struct peer *peer = peer_start(where, &(struct peer_script){.say = answer.data});
    snprintf(where, 40, "127.0.0.1:%d", peer_port(peer));
    snprintf(target, sizeof target, "one.test.:%d", peer_port(peer));
    fixture_run(fixture, &check_gateway_stats, &options);
    peer_stop(peer);
    return &fixture->outcome;
}

static const struct outcome *ask_new_pod(struct fixture *fixture, int status,
                                         const char *body) {
    char where[40] = "127.0.0.1:0";
    return ask_pod(fixture, where, status, body);
}

static void test_gateway_stats_one_look_is_judged(void **state) {
    (void)state;
    static const struct {
        const char *body;
        enum outcome_kind kind;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {FINE, OUTCOME_PASS, REASON_NONE, "LIVE, up 400 s, its configuration accepted"},
        {ACCEPTED("5", "4") SERVER("1", "400"), OUTCOME_FAIL, GW_NOT_LIVE,
         "Envoy's state is DRAINING, up 400 s"},
        {ACCEPTED("5", "4") SERVER("9", "400"), OUTCOME_FAIL, GW_NOT_LIVE,
         "Envoy's state is unknown"},
        {SERVER("3", "400"), OUTCOME_FAIL, GW_NOT_LIVE, "INITIALIZING"},
        {SERVER("2", "5"), OUTCOME_WARN, GW_NOT_LIVE,
         "a pod that has just come: Envoy's state is PRE_INITIALIZING, up 5 s"},
        {SAMPLE("listener_manager_workers_started", "", "0")
             SAMPLE("server_uptime", "", "400") SAMPLE("server_state", "", "0"),
         OUTCOME_FAIL, GW_NOT_LIVE, "workers have not started"},
        /* the first figures of the server come after some seconds */
        {ACCEPTED("1", "1") XDS("1"), OUTCOME_PASS, REASON_NONE,
         "state not told, up 0 s"},
        {FAILED("1") XDS("0"), OUTCOME_WARN, GW_XDS_LOST, "a pod that has just come: "},
        /* the control plane is gone */
        {ACCEPTED("5", "4") FAILED("30") XDS("0") SERVER("0", "400"), OUTCOME_FAIL,
         GW_XDS_LOST, "not connected to the control plane (xds-grpc)"},
        {FINE SAMPLE("control_plane_connected_state", "", "0"), OUTCOME_FAIL, GW_XDS_LOST,
         "not connected to the control plane"},
        {FAILED("3") XDS("1") SERVER("0", "400"), OUTCOME_FAIL, GW_XDS_LOST,
         "nothing comes from the control plane (failed 3 times)"},
        /* it never accepted anything */
        {REJECTED("2") XDS("1") SERVER("0", "400"), OUTCOME_FAIL, GW_CONFIG_REJECTED,
         "rejected its newest configuration (LDS 2, CDS 0 times)"},
        {REJECTED("2") XDS("0") SERVER("1", "400"), OUTCOME_FAIL, GW_NOT_LIVE,
         "DRAINING"},
        /* an Envoy without a control plane of that name */
        {SERVER("0", "400")
             SAMPLE("cluster_upstream_cx_active", "envoy_cluster_name=\"app\"", "0"),
         OUTCOME_PASS, REASON_NONE, "LIVE"},
        {"", OUTCOME_UNAVAILABLE, BODY_MISMATCH,
         "no statistics of Envoy in the answer: empty body"},
        {"up 1\n", OUTCOME_UNAVAILABLE, BODY_MISMATCH, "in the answer: up 1"},
        {"<html>\n", OUTCOME_UNAVAILABLE, BODY_MISMATCH, "in the answer: <html>"},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome *outcome = ask_new_pod(&fixture, 200, cases[i].body);
        assert_outcome(outcome, cases[i].kind, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->http_status, 200);
    }
    fixture_fini(&fixture);
}

static void test_gateway_stats_switched_off_is_unavailable(void **state) {
    (void)state;
    static const int statuses[] = {400, 403, 404, 500, 503, 204, 301};
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char evidence[40];
        snprintf(evidence, sizeof evidence, "no statistics: HTTP %d in ", statuses[i]);
        assert_outcome(ask_new_pod(&fixture, statuses[i], statuses[i] == 204 ? "" : FINE),
                       OUTCOME_UNAVAILABLE, HTTP_STATUS, evidence);
    }
    fixture_fini(&fixture);
}

/* Just as much as is read, and one byte more. */
static void test_gateway_stats_too_many_are_unavailable(void **state) {
    (void)state;
    enum { LIMIT = 1024 * 1024 };
    for (size_t over = 0; over < 2; over++) {
        BUF_AUTO struct buf body = {0};
        struct fixture fixture;
        fixture_init(&fixture, records);
        buf_puts(&body, FINE);
        while (body.len < LIMIT + over)
            buf_puts(&body, "\n");
        const struct outcome *outcome = ask_new_pod(&fixture, 200, body.data);
        if (over)
            assert_outcome(outcome, OUTCOME_UNAVAILABLE, TOO_LARGE,
                           "more statistics than the 1024 KiB that are read");
        else
            assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "LIVE");
        fixture_fini(&fixture);
    }
}

static void test_gateway_stats_port_blocked_is_unavailable(void **state) {
    (void)state;
    char target[TARGET_SIZE];
    const struct gateway_stats_options options = {.target = target};
    struct peer_full full;
    struct fixture fixture;
    fixture_init(&fixture, records);
    fixture.timing.timeout_ms = 400;
    fixture.timing.connect_timeout_ms = 200;
    snprintf(target, sizeof target, "two.test.:%d", peer_closed_port("127.0.0.1"));
    const struct outcome *outcome = fixture_run(&fixture, &check_gateway_stats, &options);
    assert_outcome(outcome, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, "2 of 2 pods; ");
    peer_full_start(&full);
    snprintf(target, sizeof target, "127.0.0.1:%d", full.port);
    outcome = fixture_run(&fixture, &check_gateway_stats, &options);
    assert_outcome(outcome, OUTCOME_UNAVAILABLE, CONNECT_TIMEOUT, "no connection after ");
    peer_full_stop(&full);
    fixture_fini(&fixture);
}

static void test_gateway_stats_figures_are_compared_from_run_to_run(void **state) {
    (void)state;
    struct look {
        const char *body;
        enum reason reason;
    };
    static const struct look cases[][LOOKS_MAX] = {
        /* a broken listener, then a good one */
        {{FINE, REASON_NONE},
         {ACCEPTED("6", "4") REJECTED("1") XDS("1") SERVER("0", "405"),
          GW_CONFIG_REJECTED},
         {ACCEPTED("6", "4") REJECTED("1") XDS("1") SERVER("0", "410"),
          GW_CONFIG_REJECTED},
         {ACCEPTED("7", "5") REJECTED("1") XDS("1") SERVER("0", "415"), REASON_NONE}},
        /* the control plane swallows every packet: the agent in the pod still answers */
        {{ACCEPTED("3", "3") FAILED("12") XDS("1") SERVER("0", "420"), REASON_NONE},
         {ACCEPTED("3", "3") FAILED("13") XDS("1") SERVER("0", "445"), GW_XDS_LOST},
         {ACCEPTED("3", "3") FAILED("13") XDS("1") SERVER("0", "450"), GW_XDS_LOST},
         {ACCEPTED("3", "3") FAILED("14") XDS("0") SERVER("0", "455"), GW_XDS_LOST},
         {ACCEPTED("4", "4") FAILED("14") XDS("1") SERVER("0", "475"), REASON_NONE}},
        /* a restart forgets */
        {{FINE, REASON_NONE},
         {ACCEPTED("5", "4") REJECTED("3") XDS("1") SERVER("0", "405"),
          GW_CONFIG_REJECTED},
         {ACCEPTED("1", "1") REJECTED("3") XDS("1") SERVER("0", "40"), REASON_NONE}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char where[40] = "127.0.0.1:0";
        struct fixture fixture;
        fixture_init(&fixture, records);
        for (int j = 0; j < LOOKS_MAX && cases[i][j].body; j++) {
            const struct look *look = &cases[i][j];
            assert_outcome(ask_pod(&fixture, where, 200, look->body),
                           look->reason == REASON_NONE ? OUTCOME_PASS : OUTCOME_FAIL,
                           look->reason, "");
        }
        fixture_fini(&fixture);
    }
}

static void test_gateway_stats_some_pods_are_a_warning(void **state) {
    (void)state;
    static const struct {
        const char *second; /* NULL: nobody listens */
        enum outcome_kind kind;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {ACCEPTED("5", "4") XDS("0") SERVER("0", "400"), OUTCOME_WARN, GW_XDS_LOST,
         "1 of 2 pods; 127.0.0.2:"},
        {NULL, OUTCOME_WARN, CONNECT_REFUSED, "1 of 2 pods; 127.0.0.2:"},
        {FINE, OUTCOME_PASS, REASON_NONE, "2 pods; 127.0.0.1:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf says[2] = {{0}};
        char where[40];
        char target[TARGET_SIZE];
        const struct gateway_stats_options options = {.target = target};
        struct fixture fixture;
        struct peer *peers[2] = {NULL};
        put_answer(&says[0], 200, FINE);
        peers[0] = peer_start("127.0.0.1:0", &(struct peer_script){.say = says[0].data});
        snprintf(where, sizeof where, "127.0.0.2:%d", peer_port(peers[0]));
        if (cases[i].second) {
            put_answer(&says[1], 200, cases[i].second);
            peers[1] = peer_start(where, &(struct peer_script){.say = says[1].data});
        }
        fixture_init(&fixture, records);
        snprintf(target, sizeof target, "two.test.:%d", peer_port(peers[0]));
        assert_outcome(fixture_run(&fixture, &check_gateway_stats, &options),
                       cases[i].kind, cases[i].reason, cases[i].evidence);
        for (int j = 0; j < 2; j++) {
            if (peers[j])
                peer_stop(peers[j]);
            buf_fini(&says[j]);
        }
        fixture_fini(&fixture);
    }
}

/* The expression, as a server sees it. */
static void test_gateway_stats_asks_for_a_few_figures(void **state) {
    (void)state;
    static const char wanted[] =
        "GET /stats/prometheus?usedonly&filter=^(server\\.(state|uptime)"
        "|(listener_manager\\.lds|cluster_manager\\.cds)"
        "\\.update_(success|rejected|failure)"
        "|listener_manager\\.workers_started|control_plane\\.connected_state"
        "|cluster\\.xds-grpc;?\\.upstream_cx_active)$ HTTP/1.1\r\n";
    BUF_AUTO struct buf answer = {0};
    BUF_AUTO struct buf heard = {0};
    char target[TARGET_SIZE];
    const struct gateway_stats_options options = {.target = target};
    struct fixture fixture;
    fixture_init(&fixture, records);
    put_answer(&answer, 200, FINE);
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = answer.data});
    snprintf(target, sizeof target, "127.0.0.1:%d", peer_port(peer));
    fixture_run(&fixture, &check_gateway_stats, &options);
    for (const char *c = peer_heard(peer); *c; c++) {
        char hex[3] = "";
        if (*c == '%' && c[1] && c[2]) {
            memcpy(hex, c + 1, 2);
            c += 2;
        }
        buf_putc(&heard, hex[0] ? (char)strtol(hex, NULL, 16) : *c);
    }
    assert_int_equal(strncmp(heard.data, wanted, strlen(wanted)), 0);
    peer_stop(peer);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gateway_stats_one_look_is_judged),
        cmocka_unit_test(test_gateway_stats_switched_off_is_unavailable),
        cmocka_unit_test(test_gateway_stats_too_many_are_unavailable),
        cmocka_unit_test(test_gateway_stats_port_blocked_is_unavailable),
        cmocka_unit_test(test_gateway_stats_figures_are_compared_from_run_to_run),
        cmocka_unit_test(test_gateway_stats_some_pods_are_a_warning),
        cmocka_unit_test(test_gateway_stats_asks_for_a_few_figures),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
