/* What the probe port answers to each question, and what it notes about who asked. */
#include "front/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "fds.h"
#include "probe_server.h"

static struct probe_server *server;

static int start(void **state) {
    (void)state;
    server = probe_server_start(NULL, 0);
    probe_server_publish(server, LIFE_READY, VERDICT_HEALTHY);
    return 0;
}

static int stop(void **state) {
    (void)state;
    probe_server_stop(server);
    return 0;
}

static struct raw_reply get(const char *path) {
    BUF_AUTO struct buf request = {0};
    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    return raw_ask(&server->addr, request.data);
}

struct row {
    const char *path;
    int status;
    const char *body;
};

static void assert_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct raw_reply reply = get(rows[i].path);
        if (reply.status != rows[i].status || strcmp(reply.body, rows[i].body) != 0)
            fail_msg("%s: %d %s", rows[i].path, reply.status, reply.body);
        probe_assert_headers(&reply);
        assert_null(raw_header(&reply, "Connection", NULL));
        raw_reply_free(&reply);
    }
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void test_get_every_question_gives_its_word(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"/healthz", 200, "healthy\n"},
        {"/healthz/ready", 200, "ready\n"},
        {"/readyz", 200, "ready\n"},
        {"/healthz/live", 200, "live\n"},
        {"/livez", 200, "live\n"},
        {"/healthz/serve", 200, "degraded\n"},
        {"/healthz/quorum", 200, "healthy\n"},
        {"/healthz/strict", 503, "unhealthy\n"},
        {"/healthz/t/t0", 200, "healthy\n"},
        {"/healthz/t/t1", 200, "degraded\n"},
        {"/healthz/t/t2", 503, "unhealthy\n"},
        {"/healthz/t/t3", 404, "not found\n"},
        {"/healthz/t/", 404, "not found\n"},
        {"/healthz/loop/nonce-1", 200,
         "acf904f72e7763ef131ee226c9df7efeb1f3fb95092f3c2e84a3ba002a953f44\n"},
        {"/healthz/loop/bad%20nonce", 404, "not found\n"},
        {"/healthz/loop/", 404, "not found\n"},
        {"/", 404, "not found\n"},
        {"/status", 404, "not found\n"},
        {"/healthz/", 404, "not found\n"},
        {"//healthz", 404, "not found\n"},
        {"/healthz%00", 404, "not found\n"},
        {"/%68ealthz", 404, "not found\n"},
        {"/healthz/../healthz", 404, "not found\n"},
        {"/healthz?", 200, "healthy\n"},
        {"/healthz?x", 200, "healthy\n"},
        {"/healthz?a=%00&b=%zz&c?d=/healthz/strict", 200, "healthy\n"},
        {"/healthz/t/t1?x=1", 200, "degraded\n"},
    };
    ASSERT_ROWS(rows);
    probe_server_publish(server, LIFE_STARTING, VERDICT_DEGRADED);
    static const struct row starting[] = {
        {"/healthz", 200, "degraded\n"},
        {"/readyz", 503, "starting\n"},
        {"/livez", 200, "live\n"},
    };
    ASSERT_ROWS(starting);
    probe_server_publish(server, LIFE_READY, VERDICT_UNHEALTHY);
    static const struct row unhealthy[] = {
        {"/healthz", 503, "unhealthy\n"},
        {"/readyz", 200, "ready\n"},
    };
    ASSERT_ROWS(unhealthy);
}

static void test_get_before_publish_says_starting(void **state) {
    (void)state;
    stop(NULL);
    server = probe_server_start(NULL, 0);
    static const struct row rows[] = {
        {"/healthz", 503, "starting\n"},        {"/readyz", 503, "starting\n"},
        {"/healthz/t/t0", 503, "starting\n"},   {"/healthz/loop/a", 503, "starting\n"},
        {"/healthz/quorum", 503, "starting\n"}, {"/livez", 200, "live\n"},
        {"/other", 404, "not found\n"},
    };
    ASSERT_ROWS(rows);
}

static void test_get_loop_without_key_is_not_found(void **state) {
    (void)state;
    struct snapshot *snapshot = snapshot_new(server->config);
    snapshot->life = LIFE_READY;
    probe_front_publish(server->front, answers_new(snapshot, NULL, 0));
    snapshot_unref(snapshot);
    static const struct row rows[] = {{"/healthz/loop/nonce-1", 404, "not found\n"}};
    ASSERT_ROWS(rows);
}

static void test_get_live_stuck_engine_is_503(void **state) {
    (void)state;
    static const struct row stuck[] = {
        {"/livez", 503, "stuck\n"},
        {"/healthz/live", 503, "stuck\n"},
        {"/healthz", 200, "healthy\n"}, /* a stuck engine is not a reason */
    };
    atomic_store(&server->last_turn_us, clock_mono_us() - PROBE_STUCK_AFTER_US - 1000);
    ASSERT_ROWS(stuck);
    static const struct row live[] = {{"/livez", 200, "live\n"}};
    atomic_store(&server->last_turn_us, clock_mono_us());
    ASSERT_ROWS(live);
}

static void test_draining_closes_every_answer(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"/healthz", 200, "healthy\n"},
        {"/readyz", 503, "draining\n"},
        {"/livez", 200, "live\n"},
        {"/healthz/t/t2", 503, "unhealthy\n"},
        {"/nowhere", 404, "not found\n"},
        {"/healthz/loop/nonce-1", 200,
         "acf904f72e7763ef131ee226c9df7efeb1f3fb95092f3c2e84a3ba002a953f44\n"},
    };
    struct raw *kept = raw_open(&server->addr);
    raw_send(kept, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    struct raw_reply reply = raw_read(kept, false);
    assert_null(raw_header(&reply, "Connection", NULL));
    raw_reply_free(&reply);

    probe_server_publish(server, LIFE_DRAINING, VERDICT_HEALTHY);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf request = {0};
        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].path);
        struct raw *raw = raw_open(&server->addr);
        raw_send(raw, request.data);
        reply = raw_read(raw, false);
        if (reply.status != rows[i].status || strcmp(reply.body, rows[i].body) != 0)
            fail_msg("%s: %d %s", rows[i].path, reply.status, reply.body);
        probe_assert_headers(&reply);
        probe_assert_closes(&reply);
        assert_true(raw_is_closed(raw));
        raw_reply_free(&reply);
        raw_close(raw);
    }
    raw_send(kept, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    reply = raw_read(kept, false);
    assert_string_equal(reply.body, "healthy\n");
    probe_assert_closes(&reply);
    assert_true(raw_is_closed(kept));
    raw_reply_free(&reply);
    raw_close(kept);
}

static void test_arrivals_describe_the_request(void **state) {
    (void)state;
    int64_t before_us = clock_mono_us();
    struct raw *raw = raw_open(&server->addr);
    raw_send(raw, "GET /healthz/t/t2?x HTTP/1.1\r\nHost: apps.example.com\r\n"
                  "User-Agent: a name of an agent that is too long to be kept whole\r\n"
                  "X-Forwarded-For: 1.2.3.4, [2001:db8::7]:4711\r\n"
                  "X-Envoy-Attempt-Count: 2\r\n\r\n"
                  "POST /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        struct raw_reply reply = raw_read(raw, false);
        assert_int_equal(reply.status, i == 0 ? 503 : 405);
        raw_reply_free(&reply);
    }
    raw_close(raw);
    struct arrival arrivals[3];
    assert_int_equal(arrivals_take(server->arrivals, arrivals, 3), 2);
    const struct arrival *first = &arrivals[0];
    assert_int_equal(first->path, PROBE_TENANT);
    assert_int_equal(first->answer, ANSWER_UNHEALTHY);
    assert_in_range(first->mono_us, before_us, clock_mono_us());
    assert_int_equal(first->peer_family, AF_INET);
    assert_memory_equal(first->peer, "\x7f\0\0\1", 4);
    assert_int_equal(first->forwarded_family, AF_INET6);
    assert_memory_equal(first->forwarded, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
    assert_int_equal(first->attempt, 2);
    assert_string_equal(first->host, "apps.example.com");
    assert_string_equal(first->agent, "a name of an agent that is too long to ");
    const struct arrival *second = &arrivals[1]; /* nothing is left of the first */
    assert_int_equal(second->path, PROBE_READY);
    assert_int_equal(second->answer, ANSWER_METHOD);
    assert_int_equal(second->peer_family, AF_INET);
    assert_int_equal(second->forwarded_family, 0);
    assert_int_equal(second->attempt, 0);
    assert_string_equal(second->host, "h");
    assert_string_equal(second->agent, "");
    struct arrival_counts counts;
    arrivals_counts(server->arrivals, &counts);
    assert_int_equal(counts.by_path_and_answer[PROBE_TENANT][ANSWER_UNHEALTHY], 1);
    assert_int_equal(counts.by_path_and_answer[PROBE_READY][ANSWER_METHOD], 1);
}

static void test_arrivals_dual_stack_peer_is_unmapped(void **state) {
    (void)state;
    stop(NULL);
    server = probe_server_start("[::]:0", 0);
    struct addr four;
    assert_true(addr_parse_ip("127.0.0.1", addr_port(&server->addr), &four));
    struct raw_reply reply = raw_ask(&four, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    struct arrival arrival;
    assert_int_equal(arrivals_take(server->arrivals, &arrival, 1), 1);
    assert_int_equal(arrival.peer_family, AF_INET);
    assert_memory_equal(arrival.peer, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void test_unix_socket_is_served(void **state) {
    (void)state;
    stop(NULL);
    char listen[64];
    snprintf(listen, sizeof listen, "unix:@front-probe-%ld", (long)getpid());
    server = probe_server_start(listen, 0);
    struct raw_reply reply = get("/livez");
    assert_string_equal(reply.body, "live\n");
    raw_reply_free(&reply);
    struct arrival arrival;
    assert_int_equal(arrivals_take(server->arrivals, &arrival, 1), 1);
    assert_int_equal(arrival.peer_family, AF_UNIX);
}

#define PROBE_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        PROBE_TEST(test_get_every_question_gives_its_word),
        PROBE_TEST(test_get_before_publish_says_starting),
        PROBE_TEST(test_get_loop_without_key_is_not_found),
        PROBE_TEST(test_get_live_stuck_engine_is_503),
        PROBE_TEST(test_draining_closes_every_answer),
        PROBE_TEST(test_arrivals_describe_the_request),
        PROBE_TEST(test_arrivals_dual_stack_peer_is_unmapped),
        PROBE_TEST(test_unix_socket_is_served),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
