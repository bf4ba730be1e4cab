/* What is sent, what is taken in, and when callbacks run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "fetch.h"
#include "peer.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: \t test\r\n"
                         "X-Empty:\r\n\r\nyes";

/* Answers with the request as its body. */
static void echo(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    (void)argument;
    char request[4096];
    if (!peer_read_request(fd, request, sizeof request))
        return;
    peer_write(fd, "HTTP/1.0 200 OK\r\n\r\n");
    peer_write(fd, request);
}

static void test_answer_is_taken_in(void **state) {
    (void)state;
    static const char *const places[] = {"127.0.0.1:0", "[::1]:0", "unix:", "unix:@"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct peer *peer = peer_start(places[i], peer_answer_and_hang, ok);
        /* The name does not exist: only the address given is used. */
        struct http_request request =
            fetch_request("http://no-such-host.invalid:8123/a?b=c", peer_addr(peer));
        struct fetched fetched = fetch(&request);
        const struct http_result *result = &fetched.result;
        assert_int_equal(result->failure, HTTP_OK);
        assert_int_equal(result->status, 200);
        assert_string_equal(fetched.body, "yes");
        assert_string_equal(fetched.server, "test");
        assert_string_equal(fetched.empty, "");
        assert_string_equal(fetched.error, "");
        assert_true(result->got_bytes);
        assert_false(result->reused);
        assert_false(result->body_cut);
        assert_true(result->connect_us >= 0);
        assert_int_equal(result->tls_us, -1);
        assert_true(result->first_byte_us >= 0);
        assert_true(result->total_us >= result->connect_us);
        char text[ADDR_TEXT_MAX];
        assert_string_equal(result->remote, addr_format(peer_addr(peer), text));
        peer_stop(peer);
    }
}

static void test_request_on_the_wire(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, echo, NULL);
    struct http_request request =
        fetch_request("http://app.test:8080/a/%2e/../b?c=d", peer_addr(peer));
    struct fetched fetched = fetch(&request);
    assert_string_equal(fetched.body, "GET /a/%2e/../b?c=d HTTP/1.1\r\n"
                                      "Host: app.test:8080\r\n"
                                      "User-Agent: health-responder/" HR_VERSION "\r\n"
                                      "Accept: */*\r\n\r\n");

    static const struct http_header headers[] = {{"User-Agent", "kube-probe/1.30"},
                                                 {"Accept", NULL},
                                                 {"X-Empty", ""},
                                                 {"Host", "other.test"},
                                                 {"X-Two", "a: b; c"}};
    request.headers = headers;
    request.header_count = sizeof headers / sizeof *headers;
    fetched = fetch(&request);
    assert_string_equal(fetched.body, "GET /a/%2e/../b?c=d HTTP/1.1\r\n"
                                      "Host: other.test\r\n"
                                      "User-Agent: kube-probe/1.30\r\n"
                                      "X-Empty:\r\n"
                                      "X-Two: a: b; c\r\n\r\n");

    static const struct http_header none[] = {{"User-Agent", NULL}};
    request.headers = none;
    request.header_count = 1;
    fetched = fetch(&request);
    assert_null(strstr(fetched.body, "User-Agent"));
    peer_stop(peer);
}

static void test_options_of_a_request_do_not_stay_for_the_next(void **state) {
    (void)state;
    static const struct http_header headers[] = {{"X-Mine", "1"}, {"User-Agent", NULL}};
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *unix_peer = peer_start("unix:", echo, NULL);
    struct peer *peer = peer_start(NULL, echo, NULL);
    struct http_request request = fetch_request("http://a.test/1", peer_addr(unix_peer));
    request.method = "HEAD";
    request.headers = headers;
    request.header_count = 2;
    struct fetched fetched = fetch_with(loop, client, &request);
    assert_int_equal(fetched.result.failure, HTTP_OK);
    assert_string_equal(fetched.body, "");

    request = fetch_request("http://b.test/2", peer_addr(peer));
    fetched = fetch_with(loop, client, &request);
    assert_string_equal(fetched.body, "GET /2 HTTP/1.1\r\n"
                                      "Host: b.test\r\n"
                                      "User-Agent: health-responder/" HR_VERSION "\r\n"
                                      "Accept: */*\r\n\r\n");
    assert_int_equal(peer_accepted(unix_peer), 1);
    assert_int_equal(peer_accepted(peer), 1);
    peer_stop(peer);
    peer_stop(unix_peer);
    http_client_free(client);
    loop_free(loop);
}

static const struct {
    const char *name;
    const char *answer;
    const char *method;
    int status;
    const char *body;
    const char *server;
} answers[] = {
    {"head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: a\r\n\r\n", "HEAD", 200, "",
     "a"},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, "", "none"},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n"
     "Server: trailer\r\n\r\n",
     "GET", 200, "abc", "none"},
    {"interim answers",
     "HTTP/1.1 100 Continue\r\nServer: interim\r\n\r\nHTTP/1.1 103 Early "
     "Hints\r\nServer: "
     "hint\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "GET", 200, "x", "none"},
    {"a redirect is an answer",
     "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
     "GET", 301, "", "none"},
    {"asking for credentials is an answer",
     "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
     "GET", 401, "", "none"},
    {"no reason", "HTTP/1.1 503\r\nContent-Length: 0\r\nServer: x\r\n\r\n", "GET", 503,
     "", "x"},
    {"bare line feeds", "HTTP/1.1 200 OK\nServer: x\nContent-Length: 2\n\nab", "GET", 200,
     "ab", "x"},
    {"an encoding is left alone",
     "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "GET",
     200, "abcd", "none"},
    {"the first of two headers",
     "HTTP/1.1 200 OK\r\nServer: one\r\nServer: two\r\nX-Server: "
     "three\r\nContent-Length: "
     "0\r\n\r\n",
     "GET", 200, "", "one"},
};

static void test_answers_of_many_kinds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct peer *peer = peer_start(NULL, peer_answer_and_hang, answers[i].answer);
        struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
        request.method = answers[i].method;
        struct fetched fetched = fetch(&request);
        if (fetched.result.failure != HTTP_OK)
            fail_msg("%s: %s, %s", answers[i].name,
                     http_failure_name(fetched.result.failure), fetched.error);
        assert_int_equal(fetched.result.status, answers[i].status);
        assert_string_equal(fetched.body, answers[i].body);
        assert_string_equal(fetched.server, answers[i].server);
        assert_int_equal(peer_accepted(peer), 1);
        peer_stop(peer);
    }
}

static void test_body_ends_with_the_connection(void **state) {
    (void)state;
    static const char *const heads[] = {"HTTP/1.0 200 OK\r\n\r\nto the end",
                                        "HTTP/1.1 200 OK\r\n\r\nto the end"};
    for (size_t i = 0; i < 2; i++) {
        struct peer *peer = peer_start(NULL, peer_answer, heads[i]);
        struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_string_equal(fetched.body, "to the end");
        peer_stop(peer);
    }
}

static void endless_body(struct peer *peer, int fd, const void *argument) {
    peer_answer(peer, fd, argument);
    char chunk[1025];
    memset(chunk, 'x', sizeof chunk - 1);
    chunk[sizeof chunk - 1] = '\0';
    for (int i = 0; i < 4096; i++)
        peer_write(fd, chunk);
}

static void test_body_is_read_to_its_limit(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_answer_and_hang, ok);
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    static const struct {
        size_t max;
        const char *body;
        bool cut;
    } limits[] = {{4, "yes", false}, {3, "yes", false}, {2, "ye", true}, {0, "", true}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        request.max_body = limits[i].max;
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_int_equal(fetched.result.status, 200);
        assert_string_equal(fetched.body, limits[i].body);
        assert_int_equal(fetched.result.body_cut, limits[i].cut);
    }
    peer_stop(peer);
}

static void test_endless_body_is_cut(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, endless_body, "HTTP/1.1 200 OK\r\n\r\n");
    static const size_t limits[] = {100, 4096, 1 << 20};
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    for (size_t i = 0; i < 3; i++) {
        struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
        request.max_body = limits[i];
        struct fetched fetched = fetch_with(loop, client, &request);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_int_equal(fetched.result.body_len, limits[i]);
        assert_true(fetched.result.body_cut);
    }
    http_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

static void test_environment_names_no_proxy(void **state) {
    (void)state;
    static const char *const variables[] = {"http_proxy", "https_proxy", "all_proxy",
                                            "ALL_PROXY"};
    for (size_t i = 0; i < 4; i++)
        setenv(variables[i], "http://127.0.0.1:1", 1);
    struct peer *peer = peer_start(NULL, peer_answer, ok);
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    assert_int_equal(fetch(&request).result.failure, HTTP_OK);
    for (size_t i = 0; i < 4; i++)
        unsetenv(variables[i]);
    peer_stop(peer);
}

enum { MANY = 300 };

struct crowd {
    struct loop *loop;
    int calls;
    int good;
};

static void on_one_of_many(void *user, const struct http_result *result) {
    struct crowd *crowd = user;
    crowd->good += result->failure == HTTP_OK && result->body_len == 3;
    if (++crowd->calls == MANY)
        loop_stop(crowd->loop);
}

static void test_many_at_once(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peer = peer_start(NULL, peer_answer, ok);
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    request.connect_timeout_ms = request.timeout_ms = 9000;
    for (int round = 0; round < 2; round++) {
        struct crowd crowd = {.loop = loop};
        for (int i = 0; i < MANY; i++)
            http_client_start(client, &request, on_one_of_many, &crowd);
        assert_true(run(loop));
        assert_int_equal(crowd.good, MANY);
    }
    assert_int_equal(peer_accepted(peer), 2 * MANY);
    http_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

static void test_cancel_means_no_callback(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peer = peer_start(NULL, peer_answer, ok);
    struct addr refusing = peer_refusing_addr();
    struct fetched gone = {.loop = NULL};
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    http_transfer_cancel(http_client_start(client, &request, fetch_on_result, &gone));
    request.connect = &refusing; /* over already, and not yet reported */
    http_transfer_cancel(http_client_start(client, &request, fetch_on_result, &gone));
    request.url = "ftp://x.test/";
    http_transfer_cancel(http_client_start(client, &request, fetch_on_result, &gone));
    http_transfer_cancel(NULL);
    request = fetch_request("http://x.test/", peer_addr(peer));
    assert_int_equal(fetch_with(loop, client, &request).result.failure, HTTP_OK);
    assert_false(run_for(loop, 20));
    assert_int_equal(gone.calls, 0);
    http_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

struct group {
    struct loop *loop;
    struct http_client *client;
    struct http_transfer *transfers[3];
    int calls;
    bool free_client;
};

static void on_first_ends_all(void *user, const struct http_result *result) {
    (void)result;
    struct group *group = user;
    group->calls++;
    if (group->free_client) {
        http_client_free(group->client);
        group->client = NULL;
    } else {
        http_transfer_cancel(group->transfers[1]);
        http_transfer_cancel(group->transfers[2]);
    }
    loop_stop(group->loop);
}

/* The second is over and waits for its report, the third is under way. */
static void test_cancel_and_free_inside_anothers_callback(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct group group = {.loop = run_loop_new(), .free_client = i == 1};
        group.client = http_client_new(group.loop);
        struct peer *peer = peer_start(NULL, peer_answer_and_hang, "");
        struct addr missing;
        assert_true(addr_parse_listen("unix:/nowhere/hr.sock", &missing, NULL));
        for (size_t j = 0; j < 3; j++) {
            struct http_request request =
                fetch_request("http://x.test/", j < 2 ? &missing : peer_addr(peer));
            group.transfers[j] =
                http_client_start(group.client, &request, on_first_ends_all, &group);
        }
        assert_true(run(group.loop));
        assert_false(run_for(group.loop, 20));
        assert_int_equal(group.calls, 1);
        http_client_free(group.client);
        loop_free(group.loop);
        peer_stop(peer);
    }
}

struct chain {
    struct loop *loop;
    struct http_client *client;
    struct http_request request;
    int left;
    int good;
    bool in_start;
};

static void on_link(void *user, const struct http_result *result) {
    struct chain *chain = user;
    assert_false(chain->in_start);
    chain->good += result->failure == HTTP_OK && result->body_len == 3;
    if (chain->left-- == 0) {
        loop_stop(chain->loop);
        return;
    }
    chain->in_start = true;
    http_client_start(chain->client, &chain->request, on_link, chain);
    chain->in_start = false;
    /* Still this transfer's, not the one just begun. */
    assert_memory_equal(result->body, "yes", 3);
}

static void test_start_inside_a_callback(void **state) {
    (void)state;
    struct chain chain = {.loop = run_loop_new(), .left = 4};
    chain.client = http_client_new(chain.loop);
    struct peer *peer = peer_start(NULL, peer_answer, ok);
    chain.request = fetch_request("http://x.test/", peer_addr(peer));
    http_client_start(chain.client, &chain.request, on_link, &chain);
    assert_true(run(chain.loop));
    assert_int_equal(chain.good, 5);
    http_client_free(chain.client);
    loop_free(chain.loop);
    peer_stop(peer);
}

static void test_free_with_transfers_under_way_runs_no_callback(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peer = peer_start(NULL, peer_answer_and_hang, "");
    struct fetched gone = {.loop = NULL};
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    for (int i = 0; i < 5; i++)
        http_client_start(client, &request, fetch_on_result, &gone);
    assert_false(run_for(loop, 20));
    http_client_free(client);
    loop_run(loop);
    assert_int_equal(gone.calls, 0);
    loop_free(loop);
    peer_stop(peer);
    http_client_free(NULL);
}

static void answer_late(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    peer_read_request(fd, NULL, 0);
    usleep(50000); /* the client waits for it by then */
    peer_write(fd, argument);
}

/* The loop is busy past the deadline while the answer already lies in the socket. */
static void test_answer_that_came_beats_a_deadline_missed_by_us(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct peer *peer = peer_start(NULL, answer_late, ok);
    struct http_request request = fetch_request("http://x.test/", peer_addr(peer));
    request.timeout_ms = request.connect_timeout_ms = 100;
    struct fetched fetched = {.loop = loop};
    http_client_start(client, &request, fetch_on_result, &fetched);
    assert_false(run_for(loop, 20));
    usleep(150000);
    assert_true(run(loop));
    assert_int_equal(fetched.result.failure, HTTP_OK);
    http_client_free(client);
    loop_free(loop);
    peer_stop(peer);
}

static void test_no_turn_of_the_loop_is_long(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct full_listener full;
    full_listener_open(&full);
    struct fetched silent = {.loop = NULL};
    struct http_request request =
        fetch_request("http://no-such-host.invalid/", &full.addr);
    request.connect_timeout_ms = 100;
    for (int i = 0; i < 50; i++)
        http_client_start(client, &request, fetch_on_result, &silent);
    assert_false(run_for(loop, 300));
    assert_int_equal(silent.calls, 50);
    assert_true(loop_figures(loop).longest_turn_us < 250000);
    http_client_free(client);
    loop_free(loop);
    full_listener_close(&full);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_is_taken_in),
        cmocka_unit_test(test_request_on_the_wire),
        cmocka_unit_test(test_options_of_a_request_do_not_stay_for_the_next),
        cmocka_unit_test(test_answers_of_many_kinds),
        cmocka_unit_test(test_body_ends_with_the_connection),
        cmocka_unit_test(test_body_is_read_to_its_limit),
        cmocka_unit_test(test_endless_body_is_cut),
        cmocka_unit_test(test_environment_names_no_proxy),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_cancel_means_no_callback),
        cmocka_unit_test(test_cancel_and_free_inside_anothers_callback),
        cmocka_unit_test(test_start_inside_a_callback),
        cmocka_unit_test(test_free_with_transfers_under_way_runs_no_callback),
        cmocka_unit_test(test_answer_that_came_beats_a_deadline_missed_by_us),
        cmocka_unit_test(test_no_turn_of_the_loop_is_long),
    };
    return cmocka_run_group_tests_name("http_client", tests, run_setup, fds_teardown);
}
