/* A caller that takes any certificate: the answer of a server that is not to be trusted,
 * and what it showed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fetch.h"
#include "net/tls_facts.h"
#include "peer.h"
#include "shake.h"
#include "tls.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";
static const char url[] = "https://app.test/";

/* A result, and those of its certificates that are looked at. */
struct shown {
    struct fetched fetched;
    bool has_certificates;
    struct tls_facts facts;
    char version[16];
    char trust_text[160];
    char subjects[4][64];
};

static void on_result(void *user, const struct http_result *result) {
    struct shown *shown = user;
    const struct tls_facts *facts = result->certificates;
    shown->has_certificates = facts;
    if (facts) {
        shown->facts = *facts;
        snprintf(shown->version, sizeof shown->version, "%s", facts->version);
        snprintf(shown->trust_text, sizeof shown->trust_text, "%s", facts->trust_text);
        for (size_t i = 0; i < facts->served_count && i < LENGTH(shown->subjects); i++)
            snprintf(shown->subjects[i], sizeof shown->subjects[i], "%s",
                     facts->served[i].subject);
    }
    fetch_on_result(&shown->fetched, result);
}

static struct shown ask(const struct http_request *request) {
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct shown shown = {.fetched = {.loop = loop}};
    http_client_start(client, request, on_result, &shown);
    assert_true(run(loop));
    assert_int_equal(shown.fetched.calls, 1);
    http_client_free(client);
    loop_free(loop);
    return shown;
}

static struct shown ask_server(const struct pki_cert *const *certs, size_t count,
                               const char *where, const char *ca_file) {
    struct tls_script script = {.ctx = pki_server(certs, count), .answer = ok};
    struct peer *peer = peer_start(NULL, tls_serve, &script);
    struct http_request request = fetch_request(where, peer_addr(peer));
    request.ca_file = ca_file;
    request.take_any_certificate = true;
    struct shown shown = ask(&request);
    peer_stop(peer);
    SSL_CTX_free(script.ctx);
    return shown;
}

static void test_http_any_certificate_is_taken_and_shown(void **state) {
    (void)state;
    struct pki_cert expired = pki_make(&(struct pki_plan){.name = "expired",
                                                          .issuer = &pki.root,
                                                          .san = "DNS:app.test",
                                                          .from_s = -2 * PKI_DAY_S,
                                                          .until_s = -PKI_DAY_S});
    const struct {
        const struct pki_cert *certs[3];
        const char *url;
        enum tls_trust trust;
    } cases[] = {
        {{&pki.leaf, &pki.middle}, url, TLS_TRUST_OK},
        {{&pki.leaf, &pki.middle}, "https://other.test/", TLS_TRUST_OK},
        {{&pki.leaf}, url, TLS_TRUST_NO_ISSUER},
        {{&expired}, url, TLS_TRUST_OK},
        {{&pki.other}, url, TLS_TRUST_FOREIGN_ROOT},
        {{&pki.leaf, &pki.root, &pki.middle}, url, TLS_TRUST_OK},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t count = 0;
        while (count < LENGTH(cases[i].certs) && cases[i].certs[count])
            count++;
        struct shown shown =
            ask_server(cases[i].certs, count, cases[i].url, pki.root_file);
        assert_int_equal(shown.fetched.result.failure, HTTP_OK);
        assert_string_equal(shown.fetched.body, "yes");
        assert_true(shown.has_certificates);
        assert_int_equal(shown.facts.served_count, count);
        assert_int_equal(shown.facts.trust, cases[i].trust);
        assert_string_equal(shown.version, "TLSv1.3");
        assert_string_not_equal(shown.subjects[0], "");
    }
    pki_free(&expired);
}

static void test_http_any_certificate_unreadable_ca_is_a_fact(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    struct shown shown = ask_server(certs, 2, url, "/nowhere/ca.crt");
    assert_int_equal(shown.fetched.result.failure, HTTP_OK);
    assert_int_equal(shown.facts.trust, TLS_TRUST_UNKNOWN);
    assert_non_null(strstr(shown.trust_text, "/nowhere/ca.crt"));
}

static void test_http_any_certificate_none_without_tls_or_handshake(void **state) {
    (void)state;
    struct peer *peer = peer_start(NULL, peer_greet, ok);
    struct http_request request = fetch_request("http://app.test/", peer_addr(peer));
    request.take_any_certificate = true;
    struct shown shown = ask(&request);
    assert_int_equal(shown.fetched.result.failure, HTTP_OK);
    assert_false(shown.has_certificates);
    request.url = url;
    request.ca_file = pki.root_file;
    shown = ask(&request);
    assert_int_equal(shown.fetched.result.failure, HTTP_TLS_OTHER);
    assert_false(shown.has_certificates);
    peer_stop(peer);
}

static void test_http_any_certificate_is_forgotten_with_the_request(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.other};
    struct tls_script script = {.ctx = pki_server(certs, 1), .answer = ok};
    struct peer *peer = peer_start(NULL, tls_serve, &script);
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct http_request request = fetch_request(url, peer_addr(peer));
    request.ca_file = pki.root_file;
    for (int i = 0; i < 4; i++) {
        struct shown shown = {.fetched = {.loop = loop}};
        request.take_any_certificate = i % 2 == 0;
        http_client_start(client, &request, on_result, &shown);
        assert_true(run(loop));
        assert_int_equal(shown.has_certificates, i % 2 == 0);
        assert_int_equal(shown.fetched.result.failure,
                         i % 2 == 0 ? HTTP_OK : HTTP_TLS_UNKNOWN_CA);
    }
    http_client_free(client);
    loop_free(loop);
    peer_stop(peer);
    SSL_CTX_free(script.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_any_certificate_is_taken_and_shown),
        cmocka_unit_test(test_http_any_certificate_unreadable_ca_is_a_fact),
        cmocka_unit_test(test_http_any_certificate_none_without_tls_or_handshake),
        cmocka_unit_test(test_http_any_certificate_is_forgotten_with_the_request),
    };
    return cmocka_run_group_tests(tests, shake_setup, shake_teardown);
}
