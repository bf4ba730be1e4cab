/* Type loopback: who answers the nonce. */
#include "check/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mac.h"
#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"
#include "pki.h"

#define UPSTREAM "x-envoy-upstream-service-time: 1\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n\r\n"

static const char key[] = "a key of all replicas";

/* One connection at a time: answers each request with the MAC of its nonce by a key of
 * its own, as a replica does. */
struct replica {
    const char *key;
    int listener;
    uint16_t port;
    pthread_t thread;
    int requests;
    char path[256]; /* of the last request */
    char head[2048];
};

static void answer(struct replica *replica, int fd) {
    char mac[MAC_HEX_MAX];
    char text[256];
    ssize_t len = recv(fd, replica->head, sizeof replica->head - 1, 0);
    static const char lead[] = "GET /healthz/loop/";
    replica->head[len > 0 ? len : 0] = '\0';
    if (strncmp(replica->head, lead, sizeof lead - 1) != 0)
        return;
    const char *nonce = replica->head + sizeof lead - 1;
    snprintf(replica->path, sizeof replica->path, "%.*s", (int)strcspn(nonce, " "),
             nonce);
    replica->requests++;
    mac_hmac_sha256(replica->key, strlen(replica->key), replica->path,
                    strlen(replica->path), mac);
    int size = snprintf(text, sizeof text,
                        "HTTP/1.1 200 OK\r\n" UPSTREAM LENGTH(65) "%s\n", mac);
    send(fd, text, (size_t)size, MSG_NOSIGNAL);
}

static void *run_replica(void *user) {
    struct replica *replica = user;
    int fd;
    while ((fd = accept(replica->listener, NULL, NULL)) >= 0) {
        answer(replica, fd);
        close(fd);
    }
    return NULL;
}

static void replica_start(struct replica *replica, const char *its_key) {
    struct addr addr;
    *replica = (struct replica){.key = its_key};
    assert_true(addr_parse_ip("127.0.0.1", 0, &addr));
    replica->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(replica->listener, &addr.u.sa, addr.len), 0);
    assert_int_equal(listen(replica->listener, 4), 0);
    assert_int_equal(getsockname(replica->listener, &addr.u.sa, &addr.len), 0);
    replica->port = addr_port(&addr);
    assert_int_equal(pthread_create(&replica->thread, NULL, run_replica, replica), 0);
}

static void replica_stop(struct replica *replica) {
    shutdown(replica->listener, SHUT_RDWR);
    pthread_join(replica->thread, NULL);
    close(replica->listener);
}

static void set_key(struct fixture *fixture, const char *text) {
    fixture->env.loop_key = text;
    fixture->env.loop_key_len = text ? strlen(text) : 0;
}

static const struct outcome *ask(struct fixture *fixture, const char *url,
                                 uint16_t port) {
    char connect[40];
    const struct loopback_options options = {.url = url, .connect = connect};
    snprintf(connect, sizeof connect, "127.0.0.1:%d", port);
    return fixture_run(fixture, &check_loopback, &options);
}

static void test_loopback_replica_with_our_key_passes(void **state) {
    (void)state;
    struct fixture fixture;
    struct replica replica;
    replica_start(&replica, key);
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    const struct outcome *outcome =
        ask(&fixture, "http://apps.example.com.", replica.port);
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "one of our replicas answered in");
    assert_int_equal(outcome->http_status, 200);
    assert_int_equal(outcome->answered, 1);
    assert_true(outcome->phase_us[PHASE_FIRST_BYTE] >= 0);
    replica_stop(&replica);
    assert_non_null(strstr(replica.head, "\r\nHost: apps.example.com\r\n"));
    assert_non_null(strstr(replica.head, "\r\nUser-Agent: health-responder/"));
    fixture_fini(&fixture);
}

/* The answering side takes 1 to 128 of [A-Za-z0-9_.-]. */
static void test_loopback_nonces_are_new_and_bound_to_their_time(void **state) {
    (void)state;
    enum { RUNS = 20 };
    struct fixture fixture;
    struct replica replica;
    char nonces[RUNS][256];
    replica_start(&replica, key);
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    for (int i = 0; i < RUNS; i++) {
        assert_int_equal(ask(&fixture, "http://a", replica.port)->kind, OUTCOME_PASS);
        snprintf(nonces[i], sizeof nonces[i], "%s", replica.path);
        size_t len = strlen(nonces[i]);
        assert_int_equal(strspn(nonces[i], "0123456789abcdef-"), len);
        assert_int_equal(strlen(strchr(nonces[i], '-')), 17);
        long long seconds = strtoll(nonces[i], NULL, 16);
        assert_true(llabs(seconds - clock_wall_ms() / 1000) < 60);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(nonces[i], nonces[j]);
    }
    replica_stop(&replica);
    fixture_fini(&fixture);
}

static void test_loopback_another_key_is_a_mismatch(void **state) {
    (void)state;
    struct fixture fixture;
    struct replica replica;
    replica_start(&replica, "another key");
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    assert_outcome(ask(&fixture, "http://apps.example.com", replica.port), OUTCOME_FAIL,
                   IDENTITY_MISMATCH,
                   "without our proof (a replica of ours with another key, or none?): ");
    set_key(&fixture, "another key"); /* read again */
    assert_outcome(ask(&fixture, "http://apps.example.com", replica.port), OUTCOME_PASS,
                   REASON_NONE, "one of our replicas");
    replica_stop(&replica);
    fixture_fini(&fixture);
}

static void test_loopback_without_a_key_is_unavailable(void **state) {
    (void)state;
    struct fixture fixture;
    struct replica replica;
    replica_start(&replica, "");
    fixture_init(&fixture, NULL);
    set_key(&fixture, NULL);
    assert_outcome(ask(&fixture, "http://a", replica.port), OUTCOME_UNAVAILABLE,
                   IDENTITY_MISMATCH, "auth.loop_key_file");
    replica_stop(&replica);
    fixture_fini(&fixture);
}

static void test_loopback_other_answers(void **state) {
    (void)state;
    static const struct {
        const char *say;
        enum reason reason;
        const char *evidence;
        bool is_hinted; /* that a replica may have another key */
    } cases[] = {
        /* the gateway's own */
        {"HTTP/1.1 404 Not Found\r\n" LENGTH(0), GW_NO_ROUTE, "HTTP 404 in ", false},
        {"HTTP/1.1 503 Service Unavailable\r\n" LENGTH(19) "no healthy upstream",
         GW_NO_ENDPOINTS, "no healthy upstream", false},
        {"HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n" LENGTH(0), GW_REDIRECT,
         " to https://x/: empty body", false},
        {"HTTP/1.1 403 Forbidden\r\n" LENGTH(19) "RBAC: access denied", GW_DENIED,
         "HTTP 403", false},
        {"HTTP/1.1 429 Too Many\r\n" LENGTH(4) "slow", HTTP_STATUS, "HTTP 429 in ",
         false},
        /* somebody else's application */
        {"HTTP/1.1 200 OK\r\n" UPSTREAM LENGTH(8) "healthy\n", IDENTITY_MISMATCH,
         "HTTP 200 in ", false},
        {"HTTP/1.1 200 OK\r\n" LENGTH(8) "healthy\n", IDENTITY_MISMATCH,
         " without our proof: healthy", false},
        {"HTTP/1.1 404 Not Found\r\n" UPSTREAM LENGTH(9) "not found", IDENTITY_MISMATCH,
         "HTTP 404 in ", false},
        {"HTTP/1.1 302 Found\r\n" UPSTREAM "Location: /login\r\n" LENGTH(0),
         IDENTITY_MISMATCH, "without our proof: empty body", false},
        {"HTTP/1.1 500 Oops\r\n" UPSTREAM LENGTH(0), IDENTITY_MISMATCH, "HTTP 500",
         false},
        /* a replica of ours without a key, as the front answers */
        {"HTTP/1.1 404 Not Found\r\n" UPSTREAM
         "X-Content-Type-Options: nosniff\r\n" LENGTH(10) "not found\n",
         IDENTITY_MISMATCH, "(a replica of ours with another key, or none?): not found",
         true},
        /* no answer */
        {"", PEER_CLOSED, "closed before an answer after ", false},
        {"garbage\r\n\r\n", PROTOCOL, "", false},
    };
    struct fixture fixture;
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct peer_script script = {.say = cases[i].say};
        struct peer *peer = peer_start("127.0.0.1:0", &script);
        const struct outcome *outcome =
            ask(&fixture, "http://apps.example.com", peer_port(peer));
        assert_outcome(outcome, OUTCOME_FAIL, cases[i].reason, cases[i].evidence);
        assert_true((strstr(outcome->evidence, "replica of ours") != NULL) ==
                    cases[i].is_hinted);
        peer_stop(peer);
    }
    fixture_fini(&fixture);
}

/* An answer that goes on for ever ends at max_body. */
static void test_loopback_endless_answer_is_cut(void **state) {
    (void)state;
    struct fixture fixture;
    const struct peer_script script = {.say = "HTTP/1.1 200 OK\r\n\r\n",
                                       .repeat = "0123456789abcdef"};
    struct peer *peer = peer_start("127.0.0.1:0", &script);
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    assert_outcome(ask(&fixture, "http://a", peer_port(peer)), OUTCOME_FAIL,
                   IDENTITY_MISMATCH, "without our proof: 0123456789abcdef");
    peer_stop(peer);
    fixture_fini(&fixture);
}

static void test_loopback_over_tls_uses_the_ca_file(void **state) {
    (void)state;
    struct pki_cert root = pki_make(&(struct pki_plan){.name = "root", .is_ca = true});
    struct pki_cert leaf = pki_make(
        &(struct pki_plan){.name = "x", .issuer = &root, .san = "DNS:apps.example"});
    const struct pki_cert *const roots[] = {&root};
    const struct pki_cert *const certs[] = {&leaf};
    char file[PKI_PATH_MAX];
    char connect[40];
    struct fixture fixture;
    SSL_CTX *ctx = pki_server(certs, 1);
    const struct peer_script script = {.tls = ctx,
                                       .say = "HTTP/1.1 404 Not Found\r\n" LENGTH(0)};
    struct peer *peer = peer_start("127.0.0.1:0", &script);
    struct loopback_options options = {
        .url = "https://apps.example", .connect = connect, .ca_file = file};
    pki_save(roots, 1, file);
    snprintf(connect, sizeof connect, "127.0.0.1:%d", peer_port(peer));
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    assert_outcome(fixture_run(&fixture, &check_loopback, &options), OUTCOME_FAIL,
                   GW_NO_ROUTE, "HTTP 404");
    options.url = "https://other.example";
    assert_outcome(fixture_run(&fixture, &check_loopback, &options), OUTCOME_FAIL,
                   TLS_SAN_MISMATCH, "for another name");
    options.url = "https://apps.example";
    options.ca_file = "/nonexistent";
    assert_outcome(fixture_run(&fixture, &check_loopback, &options), OUTCOME_UNAVAILABLE,
                   TLS_UNKNOWN_CA, "cannot be read: /nonexistent");
    peer_stop(peer);
    unlink(file);
    SSL_CTX_free(ctx);
    fixture_fini(&fixture);
    pki_free(&leaf);
    pki_free(&root);
}

/* Without `connect` the URL's host is looked up; its port is kept. */
static void test_loopback_connects_to_the_host_of_the_url(void **state) {
    (void)state;
    static const struct dns_record records[] = {
        {.name = "apps.example", .ips = {"127.0.0.1"}}, {0}};
    struct fixture fixture;
    struct replica replica;
    char url[64];
    char host[64];
    struct loopback_options options = {.url = url};
    replica_start(&replica, key);
    snprintf(url, sizeof url, "http://apps.example.:%d/", replica.port);
    fixture_init(&fixture, records);
    set_key(&fixture, key);
    assert_outcome(fixture_run(&fixture, &check_loopback, &options), OUTCOME_PASS,
                   REASON_NONE, "one of our replicas");
    replica_stop(&replica);
    snprintf(host, sizeof host, "\r\nHost: apps.example:%d\r\n", replica.port);
    assert_non_null(strstr(replica.head, host));
    options.url = "not a url"; /* cannot come from a file */
    assert_outcome(fixture_run(&fixture, &check_loopback, &options), OUTCOME_FAIL,
                   LOCAL_TARGET_REFUSED, "");
    fixture_fini(&fixture);
}

/* The key may be replaced while a run goes on: the run holds its own proof. */
static void test_loopback_key_and_options_are_not_kept(void **state) {
    (void)state;
    struct fixture fixture;
    struct replica replica;
    char own_key[sizeof key];
    char url[] = "http://apps.example.com";
    char connect[40];
    const struct loopback_options options = {.url = url, .connect = connect};
    replica_start(&replica, key);
    memcpy(own_key, key, sizeof key);
    snprintf(connect, sizeof connect, "127.0.0.1:%d", replica.port);
    fixture_init(&fixture, NULL);
    set_key(&fixture, own_key);
    fixture_start(&fixture, &check_loopback, &options);
    memset(own_key, 'x', sizeof own_key - 1);
    memset(url, 'x', sizeof url - 1);
    memset(connect, 'x', sizeof connect - 1);
    assert_true(fixture_wait_done(&fixture));
    assert_outcome(&fixture.outcome, OUTCOME_PASS, REASON_NONE, "one of our replicas");
    replica_stop(&replica);
    fixture_fini(&fixture);
}

static bool has_request(const struct fixture *fixture) {
    return peer_requests(fixture->watched) > 0;
}

static void test_loopback_cancel_at_any_time(void **state) {
    (void)state;
    struct fixture fixture;
    char connect[40];
    const struct peer_script silent = {.hangs = true};
    struct peer *peer = peer_start("127.0.0.1:0", &silent);
    const struct loopback_options options = {.url = "http://a", .connect = connect};
    snprintf(connect, sizeof connect, "127.0.0.1:%d", peer_port(peer));
    fixture_init(&fixture, NULL);
    set_key(&fixture, key);
    fixture_start(&fixture, &check_loopback, &options);
    fixture_cancel(&fixture);
    fixture.watched = peer;
    fixture_start(&fixture, &check_loopback, &options);
    assert_true(fixture_wait(&fixture, has_request));
    fixture_cancel(&fixture);
    peer_stop(peer);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_replica_with_our_key_passes),
        cmocka_unit_test(test_loopback_nonces_are_new_and_bound_to_their_time),
        cmocka_unit_test(test_loopback_another_key_is_a_mismatch),
        cmocka_unit_test(test_loopback_without_a_key_is_unavailable),
        cmocka_unit_test(test_loopback_other_answers),
        cmocka_unit_test(test_loopback_endless_answer_is_cut),
        cmocka_unit_test(test_loopback_over_tls_uses_the_ca_file),
        cmocka_unit_test(test_loopback_connects_to_the_host_of_the_url),
        cmocka_unit_test(test_loopback_key_and_options_are_not_kept),
        cmocka_unit_test(test_loopback_cancel_at_any_time),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
