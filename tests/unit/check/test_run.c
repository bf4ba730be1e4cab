/* What all runs share: several addresses become one outcome, and a run can be cancelled
 * at every stage. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "check/http.h"
#include "check/tcp.h"
#include "fds.h"
#include "fixture.h"
#include "peer.h"

/* Ticks that are enough for what takes no time on loopback. */
enum { TEXT_SIZE = 160, SOME_TICKS = 50, FDS_MAX = 300 };

#define ANSWER_200 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define ANSWER_500 "HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops"

static const struct ranges expect_2xx = {1, {{200, 299}}};

static const struct dns_record records[] = {
    {.name = "two.test", .ips = {"127.0.0.1", "127.0.0.2"}},
    {.name = "swapped.test", .ips = {"127.0.0.2", "127.0.0.1"}},
    {.name = "guarded.test", .ips = {"169.254.169.254", "127.0.0.1"}},
    {.name = "one.test", .ips = {"127.0.0.1"}},
    {.name = "silent.test", .answer = ANSWER_SILENCE},
    {.name = NULL},
};

/* Peers on 127.0.0.1 and, if `second` is not NULL, on 127.0.0.2, at the same port. */
struct pair {
    struct peer *peers[2];
    uint16_t port;
};

static void start_pair(struct pair *pair, const struct peer_script *first,
                       const struct peer_script *second) {
    char where[40];
    pair->peers[0] = peer_start("127.0.0.1:0", first);
    pair->port = peer_port(pair->peers[0]);
    snprintf(where, sizeof where, "127.0.0.2:%d", pair->port);
    pair->peers[1] = second ? peer_start(where, second) : NULL;
}

static void stop_pair(struct pair *pair) {
    peer_stop(pair->peers[0]);
    if (pair->peers[1])
        peer_stop(pair->peers[1]);
}

static const struct outcome *ask_http(struct fixture *fixture, const char *host,
                                      uint16_t port, bool every_address) {
    char url[TEXT_SIZE];
    const struct http_options options = {
        .url = url, .expect = expect_2xx, .every_address = every_address};
    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    return fixture_run(fixture, &check_http, &options);
}

static void test_run_first_address_is_the_only_one_asked(void **state) {
    (void)state;
    const struct peer_script good = {.say = ANSWER_200};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &good, NULL);
    fixture_init(&fixture, records);
    const struct outcome *outcome = ask_http(&fixture, "two.test.", pair.port, false);
    assert_int_equal(outcome->kind, OUTCOME_PASS);
    assert_int_equal(outcome->addresses_total, 1);
    outcome = ask_http(&fixture, "swapped.test.", pair.port, false);
    assert_int_equal(outcome->reason, CONNECT_REFUSED);
    assert_int_equal(outcome->addresses_total, 1);
    assert_int_equal(outcome->addresses_failed, 1);
    /* What the guard refuses was never there. */
    outcome = ask_http(&fixture, "guarded.test.", pair.port, false);
    assert_int_equal(outcome->kind, OUTCOME_PASS);
    stop_pair(&pair);
    fixture_fini(&fixture);
}

static void test_run_every_address_one_refused_fails(void **state) {
    (void)state;
    static const char *const hosts[] = {"two.test.", "swapped.test."};
    const struct peer_script good = {.say = ANSWER_200};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &good, NULL);
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char evidence[TEXT_SIZE];
        char remote[40];
        const struct outcome *outcome = ask_http(&fixture, hosts[i], pair.port, true);
        snprintf(remote, sizeof remote, "127.0.0.2:%d", pair.port);
        snprintf(evidence, sizeof evidence,
                 "1 of 2 addresses failed; %s: connection refused after ", remote);
        assert_int_equal(outcome->kind, OUTCOME_FAIL);
        assert_int_equal(outcome->reason, CONNECT_REFUSED);
        assert_int_equal(outcome->addresses_total, 2);
        assert_int_equal(outcome->addresses_failed, 1);
        assert_int_equal(outcome->answered, 1);
        assert_string_equal(outcome->remote, remote);
        assert_int_equal(strncmp(outcome->evidence, evidence, strlen(evidence)), 0);
    }
    stop_pair(&pair);
    fixture_fini(&fixture);
}

static void test_run_every_address_all_good_passes(void **state) {
    (void)state;
    const struct peer_script good = {.say = ANSWER_200};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &good, &good);
    fixture_init(&fixture, records);
    const struct outcome *outcome = ask_http(&fixture, "two.test.", pair.port, true);
    assert_int_equal(outcome->kind, OUTCOME_PASS);
    assert_int_equal(outcome->addresses_total, 2);
    assert_int_equal(outcome->addresses_failed, 0);
    assert_int_equal(outcome->answered, 2);
    assert_int_equal(outcome->http_status, 200);
    assert_int_equal(strncmp(outcome->remote, "127.0.0.1:", 10), 0);
    assert_int_equal(strncmp(outcome->evidence, "2 addresses; 127.0.0.1:", 23), 0);
    assert_true(outcome->phase_us[PHASE_NAME] > 0);
    assert_int_equal(peer_requests(pair.peers[0]), 1);
    assert_int_equal(peer_requests(pair.peers[1]), 1);
    /* One address reads like an ordinary check. */
    outcome = ask_http(&fixture, "guarded.test.", pair.port, true);
    assert_int_equal(outcome->kind, OUTCOME_PASS);
    assert_int_equal(outcome->addresses_total, 1);
    assert_int_equal(strncmp(outcome->evidence, "HTTP 200 in ", 12), 0);
    stop_pair(&pair);
    fixture_fini(&fixture);
}

/* The first of the failed ones is told, whichever fails first. */
static void test_run_every_address_all_bad_tells_the_first(void **state) {
    (void)state;
    const struct peer_script slow = {.hangs = true};
    const struct peer_script quick = {.say = ANSWER_500};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &slow, &quick);
    fixture_init(&fixture, records);
    fixture.timing.timeout_ms = 300;
    const struct outcome *outcome = ask_http(&fixture, "two.test.", pair.port, true);
    assert_int_equal(outcome->reason, TIMEOUT);
    assert_int_equal(outcome->addresses_failed, 2);
    assert_int_equal(outcome->answered, 1);
    assert_int_equal(outcome->http_status, 0);
    assert_non_null(strstr(outcome->evidence, "2 of 2 addresses failed; 127.0.0.1:"));
    outcome = ask_http(&fixture, "swapped.test.", pair.port, true);
    assert_int_equal(outcome->reason, HTTP_STATUS);
    assert_int_equal(outcome->addresses_failed, 2);
    assert_int_equal(outcome->http_status, 500);
    assert_non_null(strstr(outcome->evidence, "2 of 2 addresses failed; 127.0.0.2:"));
    assert_true(outcome->phase_us[PHASE_TOTAL] >= 290000);
    stop_pair(&pair);
    fixture_fini(&fixture);
}

static void test_run_every_address_tcp_counts_as_well(void **state) {
    (void)state;
    const struct peer_script greets = {
        .speaks_first = true, .say = "220 ready\r\n", .hangs = true};
    char target[TEXT_SIZE];
    const struct tcp_options options = {
        .target = target, .expect = "220 ", .every_address = true};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &greets, NULL);
    fixture_init(&fixture, records);
    snprintf(target, sizeof target, "two.test.:%d", pair.port);
    const struct outcome *outcome = fixture_run(&fixture, &check_tcp, &options);
    assert_int_equal(outcome->reason, CONNECT_REFUSED);
    assert_int_equal(outcome->addresses_total, 2);
    assert_int_equal(outcome->addresses_failed, 1);
    assert_int_equal(outcome->answered, 1);
    assert_non_null(strstr(outcome->evidence, "1 of 2 addresses failed; 127.0.0.2:"));
    stop_pair(&pair);
    fixture_fini(&fixture);
}

/* The name may take most of the time, but the run does not take longer for it. */
static void test_run_timeout_covers_name_and_request(void **state) {
    (void)state;
    const struct peer_script slow = {.hangs = true};
    struct pair pair;
    struct fixture fixture;
    start_pair(&pair, &slow, NULL);
    fixture_init(&fixture, records);
    fixture.timing.timeout_ms = 250;
    int64_t start_ms = clock_mono_ms();
    const struct outcome *outcome = ask_http(&fixture, "one.test.", pair.port, false);
    assert_int_equal(outcome->reason, TIMEOUT);
    assert_in_range(clock_mono_ms() - start_ms, 240, 1500);
    assert_in_range(outcome->phase_us[PHASE_TOTAL], 240000, 1500000);
    stop_pair(&pair);
    fixture_fini(&fixture);
}

/* Leave no descriptor to open; the soft limit that was set before comes back in `old`. */
static int use_up_descriptors(int *fds, int max, struct rlimit *old) {
    int count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, old), 0);
    struct rlimit low = {.rlim_cur = (rlim_t)max, .rlim_max = old->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < max && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    assert_int_equal(errno, EMFILE);
    return count;
}

/* Our own fault is not counted against the target. */
static void test_run_without_descriptors_is_unavailable(void **state) {
    (void)state;
    int fds[FDS_MAX];
    struct rlimit old;
    struct fixture fixture;
    const struct tcp_options tcp = {.target = "127.0.0.1:9"};
    fixture_init(&fixture, NULL);
    int count = use_up_descriptors(fds, FDS_MAX, &old);
    struct outcome outcomes[2];
    outcomes[0] = *ask_http(&fixture, "127.0.0.1", 9, false);
    outcomes[1] = *fixture_run(&fixture, &check_tcp, &tcp);
    setrlimit(RLIMIT_NOFILE, &old);
    while (count > 0)
        close(fds[--count]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(outcomes[i].reason, LOCAL_FDS);
        assert_int_equal(outcomes[i].kind, OUTCOME_UNAVAILABLE);
        assert_int_equal(outcomes[i].addresses_failed, 0);
        assert_non_null(strstr(outcomes[i].evidence, "no file descriptor left after "));
    }
    fixture_fini(&fixture);
}

/* Stages a run can be in when it is cancelled. */
static bool at_once(const struct fixture *fixture) {
    (void)fixture;
    return true;
}

static bool is_name_asked(const struct fixture *fixture) {
    return dns_questions(fixture->dns) > 0;
}

static bool is_name_known(const struct fixture *fixture) {
    return dns_questions(fixture->dns) > 1 && fixture->ticks >= SOME_TICKS;
}

static bool is_first_connected(const struct fixture *fixture) {
    const struct pair *pair = fixture->watched;
    return peer_connections(pair->peers[0]) > 0;
}

static bool is_first_asked(const struct fixture *fixture) {
    const struct pair *pair = fixture->watched;
    return peer_requests(pair->peers[0]) > 0;
}

static bool is_second_done(const struct fixture *fixture) {
    const struct pair *pair = fixture->watched;
    return peer_requests(pair->peers[1]) > 0 && fixture->ticks >= SOME_TICKS;
}

static void test_run_cancel_at_every_stage_is_silent(void **state) {
    (void)state;
    static const struct peer_script good = {.say = ANSWER_200};
    static const struct peer_script slow = {.hangs = true};
    static const struct peer_script unfinished = {
        .say = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", .hangs = true};
    static const struct {
        const char *host;
        const struct peer_script *first;
        bool (*until)(const struct fixture *fixture); /* NULL: not one turn */
    } cases[] = {
        {"127.0.0.1", &slow, NULL},
        {"one.test.", &slow, NULL},
        {"127.0.0.1", &slow, at_once},
        {"silent.test.", &slow, is_name_asked},
        {"one.test.", &slow, is_first_connected},
        {"two.test.", &slow, is_first_asked},
        {"two.test.", &unfinished, is_first_asked},
        {"two.test.", &slow, is_second_done},
        {"169.254.169.254", &slow, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int type = 0; type < 2; type++) {
            char url[TEXT_SIZE];
            char target[TEXT_SIZE];
            struct pair pair;
            struct fixture fixture;
            const struct http_options http = {
                .url = url, .expect = expect_2xx, .every_address = true};
            const struct tcp_options tcp = {.target = target,
                                            .send = "PING\r\n\r\n",
                                            .expect = "+PONG",
                                            .every_address = true};
            start_pair(&pair, cases[i].first, &good);
            fixture_init(&fixture, records);
            fixture.watched = &pair;
            snprintf(url, sizeof url, "http://%s:%d/", cases[i].host, pair.port);
            snprintf(target, sizeof target, "%s:%d", cases[i].host, pair.port);
            if (type == 0)
                fixture_start(&fixture, &check_http, &http);
            else
                fixture_start(&fixture, &check_tcp, &tcp);
            if (cases[i].until)
                assert_true(fixture_wait(&fixture, cases[i].until));
            assert_int_equal(fixture.done_count, 0);
            fixture_cancel(&fixture);
            stop_pair(&pair);
            fixture_fini(&fixture);
        }
    }
}

static void test_run_cancel_while_connecting_is_silent(void **state) {
    (void)state;
    struct peer_full full;
    struct fixture fixture;
    char target[TEXT_SIZE];
    const struct tcp_options tcp = {.target = target};
    peer_full_start(&full);
    fixture_init(&fixture, records);
    snprintf(target, sizeof target, "one.test.:%d", full.port);
    fixture_start(&fixture, &check_tcp, &tcp);
    assert_true(fixture_wait(&fixture, is_name_known));
    fixture_cancel(&fixture);

    char url[TEXT_SIZE];
    const struct http_options http = {.url = url, .expect = expect_2xx};
    snprintf(url, sizeof url, "http://one.test.:%d/", full.port);
    fixture_start(&fixture, &check_http, &http);
    assert_true(fixture_wait(&fixture, is_name_known));
    fixture_cancel(&fixture);
    peer_full_stop(&full);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_first_address_is_the_only_one_asked),
        cmocka_unit_test(test_run_every_address_one_refused_fails),
        cmocka_unit_test(test_run_every_address_all_good_passes),
        cmocka_unit_test(test_run_every_address_all_bad_tells_the_first),
        cmocka_unit_test(test_run_every_address_tcp_counts_as_well),
        cmocka_unit_test(test_run_timeout_covers_name_and_request),
        cmocka_unit_test(test_run_without_descriptors_is_unavailable),
        cmocka_unit_test(test_run_cancel_at_every_stage_is_silent),
        cmocka_unit_test(test_run_cancel_while_connecting_is_silent),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
