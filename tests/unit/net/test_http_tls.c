/* TLS: what is accepted, and how each refusal is told apart. Certificates are made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "fetch.h"
#include "peer.h"
#include "tls.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";
static const char url[] = "https://app.test/";

static struct {
    struct tls_authority root;
    struct tls_authority middle; /* an intermediate of root */
    struct tls_authority other;  /* a root that nobody trusts */
    char root_path[64];
    char other_path[64];
} ca;

static int make_authorities(void **state) {
    ca.root = tls_authority_new("root", NULL);
    ca.middle = tls_authority_new("middle", &ca.root);
    ca.other = tls_authority_new("other", NULL);
    tls_authority_save(&ca.root, ca.root_path);
    tls_authority_save(&ca.other, ca.other_path);
    loop_free(run_loop_new());
    SSL_CTX_free(SSL_CTX_new(TLS_method())); /* opens what OpenSSL keeps open */
    return fds_setup(state);
}

static int free_authorities(void **state) {
    unlink(ca.root_path);
    unlink(ca.other_path);
    tls_authority_free(&ca.root);
    tls_authority_free(&ca.middle);
    tls_authority_free(&ca.other);
    return fds_teardown(state);
}

static struct tls_leaf good_leaf(void) {
    return (struct tls_leaf){.issuer = &ca.root,
                             .names = "DNS:app.test,IP:127.0.0.1",
                             .from_s = -60,
                             .to_s = 3600};
}

/* Of the scene that is open. */
static struct tls_script script;

/* A server with one certificate, a client, and a request that trusts it. */
static struct scene scene_of(const struct tls_leaf *leaf, const char *answer,
                             const char *then) {
    script =
        (struct tls_script){.ctx = tls_server_new(leaf), .answer = answer, .then = then};
    struct scene scene = scene_open(tls_serve, &script, url);
    scene.request.ca_file = ca.root_path;
    return scene;
}

static void scene_end(struct scene *scene) {
    scene_close(scene);
    SSL_CTX_free(script.ctx);
}

static struct fetched fetch_tls(const struct tls_leaf *leaf, const char *where,
                                const char *answer, const char *then) {
    struct scene scene = scene_of(leaf, answer, then);
    scene.request.url = where;
    struct fetched fetched = scene_fetch(&scene);
    scene_end(&scene);
    return fetched;
}

static void test_good_certificate(void **state) {
    (void)state;
    static const char *const places[] = {url, "https://127.0.0.1/",
                                         "https://APP.test:99/x", "https://app.test./"};
    struct tls_leaf leaf = good_leaf();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct fetched fetched = fetch_tls(&leaf, places[i], ok, NULL);
        assert_string_equal(fetched.error, "");
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_string_equal(fetched.body, "yes");
        assert_true(fetched.result.tls_us > fetched.result.connect_us);
        assert_true(fetched.result.first_byte_us >= fetched.result.tls_us);
    }
    leaf.issuer = &ca.middle;
    leaf.send = &ca.middle;
    assert_int_equal(fetch_tls(&leaf, url, ok, NULL).result.failure, HTTP_OK);
}

static void test_refused_certificates_are_told_apart(void **state) {
    (void)state;
    struct {
        const char *name;
        struct tls_leaf leaf;
        const char *url;
        enum http_failure failure;
    } cases[] = {
        {"another name", good_leaf(), "https://other.test/", HTTP_TLS_NAME},
        {"another address", good_leaf(), "https://127.0.0.2/", HTTP_TLS_NAME},
        {"expired", good_leaf(), url, HTTP_TLS_EXPIRED},
        {"not yet valid", good_leaf(), url, HTTP_TLS_EXPIRED},
        {"unknown root", good_leaf(), url, HTTP_TLS_UNKNOWN_CA},
        {"unknown root, sent", good_leaf(), url, HTTP_TLS_UNKNOWN_CA},
        {"signed by itself", good_leaf(), url, HTTP_TLS_UNKNOWN_CA},
        {"missing intermediate", good_leaf(), url, HTTP_TLS_CHAIN},
        {"missing or unknown: cannot be told", good_leaf(), url, HTTP_TLS_UNKNOWN_CA},
        {"expired and another name", good_leaf(), "https://other.test/",
         HTTP_TLS_EXPIRED},
    };
    cases[2].leaf.from_s = -7200;
    cases[2].leaf.to_s = -3600;
    cases[3].leaf.from_s = 3600;
    cases[3].leaf.to_s = 7200;
    cases[4].leaf.issuer = &ca.other;
    cases[5].leaf.issuer = &ca.other;
    cases[5].leaf.send = &ca.other;
    cases[6].leaf.issuer = NULL;
    cases[7].leaf.issuer = &ca.middle;
    cases[7].leaf.issuer_url = "caIssuers;URI:http://ca.test/middle.crt";
    cases[8].leaf.issuer = &ca.middle;
    cases[9].leaf.from_s = -7200;
    cases[9].leaf.to_s = -3600;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fetched fetched = fetch_tls(&cases[i].leaf, cases[i].url, ok, NULL);
        if (fetched.result.failure != cases[i].failure)
            fail_msg("%s: %s, %s", cases[i].name,
                     http_failure_name(fetched.result.failure), fetched.error);
        assert_int_equal(fetched.result.status, 0);
        assert_true(fetched.result.got_bytes);
        assert_true(fetched.result.connect_us >= 0);
        assert_int_equal(fetched.result.tls_us, -1);
        assert_string_not_equal(fetched.error, "");
    }
}

static void test_system_bundle_does_not_know_our_root(void **state) {
    (void)state;
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    scene.request.ca_file = NULL;
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_TLS_UNKNOWN_CA);
    scene_end(&scene);
}

static void test_ca_file_that_cannot_be_read_is_a_local_error(void **state) {
    (void)state;
    static const char *const paths[] = {"/nowhere/ca.crt", "/dev/null", "/tmp"};
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        scene.request.ca_file = paths[i];
        struct fetched fetched = scene_fetch(&scene);
        assert_int_equal(fetched.result.failure, HTTP_LOCAL_CONFIG);
        assert_non_null(strstr(fetched.error, paths[i]));
    }
    scene_end(&scene);
}

/* Each request is judged by its own CA file. */
static void test_ca_files_are_kept_apart(void **state) {
    (void)state;
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    for (int i = 0; i < 3; i++) {
        scene.request.ca_file = ca.root_path;
        assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
        scene.request.ca_file = ca.other_path;
        assert_int_equal(scene_fetch(&scene).result.failure, HTTP_TLS_UNKNOWN_CA);
    }
    scene_end(&scene);
}

/* A resumed session would show no certificate. */
static void test_every_new_connection_checks_the_certificate(void **state) {
    (void)state;
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
    assert_int_equal(SSL_CTX_sess_hits(script.ctx), 0);
    scene_end(&scene);
}

static void test_kept_connection_is_used_again(void **state) {
    (void)state;
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    scene.request.reuse = true;
    for (int i = 0; i < 3; i++) {
        struct fetched fetched = scene_fetch(&scene);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_int_equal(fetched.result.reused, i > 0);
    }
    assert_int_equal(peer_accepted(scene.peer), 1);
    scene_end(&scene);
}

static void test_answer_that_ends_early(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum http_failure failure;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", HTTP_CUT},
        {"HTTP/1.1 200 OK\r\n", HTTP_CUT},
        {"HTTP/1.1 2", HTTP_CUT},
        {"", HTTP_CLOSED},
    };
    struct tls_leaf leaf = good_leaf();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fetched fetched = fetch_tls(&leaf, url, cases[i].answer, "cut");
        if (fetched.result.failure != cases[i].failure)
            fail_msg("\"%s\": %s, %s", cases[i].answer,
                     http_failure_name(fetched.result.failure), fetched.error);
        assert_true(fetched.result.got_bytes); /* of the handshake */
        assert_true(fetched.result.tls_us >= 0);
    }
}

/* Without the goodbye nobody knows whether that was all of it. */
static void test_body_to_the_end_needs_a_goodbye(void **state) {
    (void)state;
    static const char endless[] = "HTTP/1.0 200 OK\r\n\r\nto the end";
    struct tls_leaf leaf = good_leaf();
    struct fetched fetched = fetch_tls(&leaf, url, endless, "goodbye");
    assert_int_equal(fetched.result.failure, HTTP_OK);
    assert_string_equal(fetched.body, "to the end");
    fetched = fetch_tls(&leaf, url, endless, "cut");
    assert_int_equal(fetched.result.failure, HTTP_CUT);
    assert_int_equal(fetched.result.status, 200);
}

/* More than is read in a turn, and than the socket holds. */
static void test_long_answer_comes_whole(void **state) {
    (void)state;
    enum { BODY = 900 * 1000 };
    char *answer = malloc(BODY + 100);
    assert_non_null(answer);
    int head =
        snprintf(answer, 100, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(answer + head, 'x', BODY);
    answer[head + BODY] = '\0';
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, answer, NULL);
    scene.request.reuse = true;
    scene.request.max_body = BODY;
    for (int i = 0; i < 3; i++) {
        struct fetched fetched = scene_fetch(&scene);
        assert_int_equal(fetched.result.failure, HTTP_OK);
        assert_int_equal(fetched.result.body_len, BODY);
        assert_int_equal(fetched.result.reused, i > 0);
    }
    scene_end(&scene);
    free(answer);
}

static void test_long_request_goes_whole(void **state) {
    (void)state;
    char value[7000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const struct http_header header = {"X-Long", value};
    struct tls_leaf leaf = good_leaf();
    struct scene scene = scene_of(&leaf, ok, NULL);
    scene.request.headers = &header;
    scene.request.header_count = 1;
    assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
    scene_end(&scene);
}

/* As an idle timeout of the server that meets the next request. */
static void test_kept_connection_that_is_gone_is_replaced(void **state) {
    (void)state;
    static const char *const ways[] = {"goodbye", "cut"};
    struct tls_leaf leaf = good_leaf();
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_of(&leaf, ok, ways[i]);
        scene.request.reuse = true;
        for (unsigned round = 1; round <= 3; round++) {
            assert_int_equal(scene_fetch(&scene).result.failure, HTTP_OK);
            assert_int_equal(peer_accepted(scene.peer), round);
        }
        scene_end(&scene);
    }
}

static void close_at_once(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    if (argument)
        peer_reset(fd);
}

static void close_after_hello(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    char bytes[16];
    if (recv(fd, bytes, sizeof bytes, 0) > 0 && argument)
        peer_reset(fd);
}

static void test_closed_before_a_byte_of_the_handshake(void **state) {
    (void)state;
    static peer_script *const scripts[] = {close_at_once, close_after_hello};
    static const char *const arguments[] = {NULL, "reset"};
    for (size_t i = 0; i < 4; i++) {
        struct peer *peer = peer_start(NULL, scripts[i % 2], arguments[i / 2]);
        struct http_request request = fetch_request(url, peer_addr(peer));
        request.ca_file = ca.root_path;
        struct fetched fetched = fetch(&request);
        assert_int_equal(fetched.result.failure, HTTP_CLOSED);
        assert_false(fetched.result.got_bytes);
        assert_int_equal(fetched.result.tls_us, -1);
        peer_stop(peer);
    }
}

static void test_plain_http_on_a_tls_port(void **state) {
    (void)state;
    struct peer *peer = peer_start(
        NULL, peer_greet, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    struct http_request request = fetch_request(url, peer_addr(peer));
    request.ca_file = ca.root_path;
    struct fetched fetched = fetch(&request);
    assert_int_equal(fetched.result.failure, HTTP_TLS_OTHER);
    assert_true(fetched.result.got_bytes);
    peer_stop(peer);
}

static void test_tls_on_a_plain_port(void **state) {
    (void)state;
    struct tls_leaf leaf = good_leaf();
    struct fetched fetched = fetch_tls(&leaf, "http://app.test/", ok, NULL);
    /* The server ends it with an alert, which is no HTTP, or without one. */
    assert_true(fetched.result.failure == HTTP_PROTOCOL ||
                fetched.result.failure == HTTP_CLOSED);
}

static void test_silence_inside_the_handshake_is_no_connect_timeout(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_hang_script, NULL);
    struct http_request request = fetch_request(url, peer_addr(peer));
    request.ca_file = ca.root_path;
    request.connect_timeout_ms = 50;
    request.timeout_ms = 200;
    struct fetched fetched = fetch(&request);
    assert_int_equal(fetched.result.failure, HTTP_TIMEOUT);
    assert_true(fetched.result.connect_us >= 0);
    assert_int_equal(fetched.result.tls_us, -1);
    assert_false(fetched.result.got_bytes);
    assert_in_range(fetched.result.total_us, 200000, 1500000);
    peer_stop(peer);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_certificate),
        cmocka_unit_test(test_refused_certificates_are_told_apart),
        cmocka_unit_test(test_system_bundle_does_not_know_our_root),
        cmocka_unit_test(test_ca_file_that_cannot_be_read_is_a_local_error),
        cmocka_unit_test(test_ca_files_are_kept_apart),
        cmocka_unit_test(test_every_new_connection_checks_the_certificate),
        cmocka_unit_test(test_kept_connection_is_used_again),
        cmocka_unit_test(test_kept_connection_that_is_gone_is_replaced),
        cmocka_unit_test(test_body_to_the_end_needs_a_goodbye),
        cmocka_unit_test(test_long_answer_comes_whole),
        cmocka_unit_test(test_long_request_goes_whole),
        cmocka_unit_test(test_answer_that_ends_early),
        cmocka_unit_test(test_closed_before_a_byte_of_the_handshake),
        cmocka_unit_test(test_plain_http_on_a_tls_port),
        cmocka_unit_test(test_tls_on_a_plain_port),
        cmocka_unit_test(test_silence_inside_the_handshake_is_no_connect_timeout),
    };
    return cmocka_run_group_tests_name("http_tls", tests, make_authorities,
                                       free_authorities);
}
