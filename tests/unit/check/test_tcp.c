/* Runs of type tcp against scripted peers. */
#include "check/tcp.h"

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
#include "peer.h"

enum { TARGET_SIZE = 120 };

static const struct dns_record records[] = {
    {.name = "app.test", .ips = {"127.0.0.1"}},
    {.name = NULL},
};

static void assert_outcome(const struct outcome *outcome, enum reason reason,
                           const char *evidence, int answered) {
    if (outcome->reason != reason || !strstr(outcome->evidence, evidence))
        print_error("%s %s: %s\n", outcome_kind_name(outcome->kind),
                    reason_name(outcome->reason), outcome->evidence);
    assert_int_equal(outcome->reason, reason);
    assert_int_equal(outcome->kind, reason == REASON_NONE ? OUTCOME_PASS : OUTCOME_FAIL);
    assert_non_null(strstr(outcome->evidence, evidence));
    assert_int_equal(outcome->answered, answered);
    assert_int_equal(outcome->http_status, 0);
}

static const struct {
    struct peer_script script;
    const char *send;
    const char *expect;
    enum reason reason;
    const char *evidence;
    int answered;
} peer_cases[] = {
    {{.speaks_first = true, .hangs = true}, NULL, NULL, REASON_NONE, "connected in ", 0},
    {{.speaks_first = true, .say = "220 ready\r\n", .hangs = true},
     NULL,
     "220 ",
     REASON_NONE,
     "answered as expected in ",
     1},
    {{.say = "+PONG\r\n"}, "PING\r\n\r\n", "+PONG", REASON_NONE, "answered as", 1},
    {{.speaks_first = true, .say = "421 busy\r\n"},
     NULL,
     "220 ",
     BODY_MISMATCH,
     "not what is expected after ",
     1},
    {{.speaks_first = true, .say = "421 busy\r\n"},
     NULL,
     "220 ",
     BODY_MISMATCH,
     ": 421 busy",
     1},
    {{.speaks_first = true, .repeat = "and so on "},
     NULL,
     "220 ",
     BODY_MISMATCH,
     "and so on",
     1},
    {{.speaks_first = true}, NULL, "220 ", PEER_CLOSED, "closed before an answer", 0},
    {{.resets = true}, "PING\r\n\r\n", "220 ", PEER_CLOSED, "closed before", 0},
    {{.hangs = true}, "PING\r\n\r\n", "220 ", TIMEOUT, "did not come after ", 0},
    {{.speaks_first = true, .say = "22", .hangs = true},
     NULL,
     "220 ",
     TIMEOUT,
     "did not come after ",
     1},
};

static void test_tcp_peers_are_judged(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    fixture.timing.timeout_ms = 300;
    for (size_t i = 0; i < sizeof peer_cases / sizeof *peer_cases; i++) {
        char target[TARGET_SIZE];
        struct peer *peer = peer_start("127.0.0.1:0", &peer_cases[i].script);
        const struct tcp_options options = {
            .target = target, .send = peer_cases[i].send, .expect = peer_cases[i].expect};
        snprintf(target, sizeof target, "127.0.0.1:%d", peer_port(peer));
        const struct outcome *outcome = fixture_run(&fixture, &check_tcp, &options);
        assert_outcome(outcome, peer_cases[i].reason, peer_cases[i].evidence,
                       peer_cases[i].answered);
        assert_string_equal(outcome->remote, target);
        assert_int_equal(outcome->addresses_total, 1);
        assert_true(outcome->phase_us[PHASE_CONNECT] >= 0);
        assert_true(outcome->phase_us[PHASE_TOTAL] >= outcome->phase_us[PHASE_CONNECT]);
        peer_stop(peer);
    }
    fixture_fini(&fixture);
}

static void test_tcp_nobody_there_is_refused_or_times_out(void **state) {
    (void)state;
    char target[TARGET_SIZE];
    const struct tcp_options options = {.target = target};
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    snprintf(target, sizeof target, "127.0.0.1:%d", peer_closed_port("127.0.0.1"));
    const struct outcome *outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_outcome(outcome, CONNECT_REFUSED, "connection refused after ", 0);
    assert_int_equal(outcome->addresses_failed, 1);

    struct peer_full full;
    peer_full_start(&full);
    snprintf(target, sizeof target, "127.0.0.1:%d", full.port);
    fixture.timing.connect_timeout_ms = 150;
    int64_t start_ms = clock_mono_ms();
    outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_outcome(outcome, CONNECT_TIMEOUT, "no connection after ", 0);
    assert_in_range(clock_mono_ms() - start_ms, 140, 2000);
    peer_full_stop(&full);
    fixture_fini(&fixture);
}

static void test_tcp_unix_sockets_and_names_are_asked(void **state) {
    (void)state;
    char target[TARGET_SIZE];
    const struct peer_script script = {.speaks_first = true, .hangs = true};
    const struct tcp_options options = {.target = target};
    struct fixture fixture;
    fixture_init(&fixture, records);

    static const char *const kinds[] = {"/tmp/", "@"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(target, sizeof target, "unix:%shr-test-tcp-%d", kinds[i], (int)getpid());
        struct peer *peer = peer_start(target, &script);
        const struct outcome *outcome = fixture_run(&fixture, &check_tcp, &options);
        assert_outcome(outcome, REASON_NONE, "connected in ", 0);
        assert_string_equal(outcome->remote, target);
        peer_stop(peer);
        outcome = fixture_run(&fixture, &check_tcp, &options);
        assert_outcome(outcome, CONNECT_REFUSED, " after ", 0);
    }

    struct peer *peer = peer_start("127.0.0.1:0", &script);
    snprintf(target, sizeof target, "app.test.:%d", peer_port(peer));
    const struct outcome *outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_outcome(outcome, REASON_NONE, "connected in ", 0);
    assert_true(outcome->phase_us[PHASE_NAME] > 0);
    peer_stop(peer);
    snprintf(target, sizeof target, "gone.test.:80");
    outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_outcome(outcome, DNS_NXDOMAIN, "gone.test.: ", 0);
    snprintf(target, sizeof target, "169.254.169.254:80");
    outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_outcome(outcome, LOCAL_TARGET_REFUSED, "link-local", 0);
    fixture_fini(&fixture);
}

static void test_tcp_options_may_vanish_after_start(void **state) {
    (void)state;
    char target[TARGET_SIZE];
    char send[] = "PING\r\n\r\n";
    char expect[] = "+PONG";
    struct peer *peer =
        peer_start("127.0.0.1:0", &(struct peer_script){.say = "+PONG\r\n"});
    struct tcp_options options = {.target = target, .send = send, .expect = expect};
    struct fixture fixture;
    fixture_init(&fixture, records);
    snprintf(target, sizeof target, "app.test.:%d", peer_port(peer));
    fixture_start(&fixture, &check_tcp, &options);
    memset(target, 'x', sizeof target);
    memset(send, 'x', strlen(send));
    memset(expect, 'x', strlen(expect));
    memset(&options, 0, sizeof options);
    assert_true(fixture_wait_done(&fixture));
    assert_outcome(&fixture.outcome, REASON_NONE, "answered as expected", 1);
    assert_string_equal(peer_heard(peer), "PING\r\n\r\n");
    peer_stop(peer);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_peers_are_judged),
        cmocka_unit_test(test_tcp_nobody_there_is_refused_or_times_out),
        cmocka_unit_test(test_tcp_unix_sockets_and_names_are_asked),
        cmocka_unit_test(test_tcp_options_may_vanish_after_start),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
