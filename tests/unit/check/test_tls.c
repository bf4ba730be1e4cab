/* Runs of type tls against real servers: what is sent and asked, and each defect once
 * from its certificates to its outcome. */
#include "check/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fds.h"
#include "fixture.h"
#include "outcomes.h"
#include "peer.h"
#include "pki.h"

enum { HOUR_S = 60 * 60, CERTS_MAX = 4 };

static const struct dns_record records[] = {
    {.name = "app.example", .ips = {"127.0.0.1"}},
    {.name = "two.example", .ips = {"127.0.0.1", "127.0.0.2"}},
    {0},
};

/* Root signs middle, middle signs leaf; nobody trusts `other`. */
static struct {
    struct pki_cert root;
    struct pki_cert middle;
    struct pki_cert leaf;
    struct pki_cert other;
    char root_file[PKI_PATH_MAX];
    char root_pin[65];
} pki;

static char asked_name[256];

static int on_server_name(SSL *ssl, int *alert, void *user) {
    (void)alert;
    (void)user;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(asked_name, sizeof asked_name, "%s", name ? name : "none");
    return SSL_TLSEXT_ERR_OK;
}

static struct peer *serve(const char *where, const struct pki_cert *const *certs,
                          SSL_CTX **ctx) {
    size_t count = 0;
    while (count < CERTS_MAX && certs[count])
        count++;
    *ctx = pki_server(certs, count);
    SSL_CTX_set_tlsext_servername_callback(*ctx, on_server_name);
    const struct peer_script script = {.tls = *ctx, .speaks_first = true, .hangs = true};
    return peer_start(where, &script);
}

static const struct pki_cert *const good_certs[CERTS_MAX] = {&pki.leaf, &pki.middle};

/* Ask a server on 127.0.0.1 with these; `host` of the target. */
static const struct outcome *ask(struct fixture *fixture,
                                 const struct pki_cert *const *certs, const char *host,
                                 const struct tls_options *options) {
    SSL_CTX *ctx;
    char target[80];
    struct tls_options own = *options;
    struct peer *peer = serve("127.0.0.1:0", certs, &ctx);
    snprintf(target, sizeof target, "%s:%d", host, peer_port(peer));
    own.target = target;
    if (!own.ca_file)
        own.ca_file = pki.root_file;
    fixture_run(fixture, &check_tls, &own);
    peer_stop(peer);
    SSL_CTX_free(ctx);
    return &fixture->outcome;
}

static void test_tls_good_server_passes(void **state) {
    (void)state;
    struct fixture fixture;
    const struct tls_options options = {.root_fingerprint = pki.root_pin,
                                        .warn_days = 14};
    fixture_init(&fixture, records);
    const struct outcome *outcome = ask(&fixture, good_certs, "app.example.", &options);
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, "TLSv1.3, app.example, serial 4A");
    assert_outcome(outcome, OUTCOME_PASS, REASON_NONE, ", 89 days left");
    assert_memory_equal(outcome->serial, "4A", 2);
    assert_string_equal(asked_name, "app.example");
    assert_int_equal(outcome->answered, 1);
    assert_true(outcome->phase_us[PHASE_NAME] >= 0);
    assert_true(outcome->phase_us[PHASE_CONNECT] >= outcome->phase_us[PHASE_NAME]);
    assert_true(outcome->phase_us[PHASE_TLS] >= outcome->phase_us[PHASE_CONNECT]);
    assert_int_equal(outcome->phase_us[PHASE_FIRST_BYTE], -1);
    assert_true(outcome->phase_us[PHASE_TOTAL] >= outcome->phase_us[PHASE_TLS]);
    assert_int_equal(strncmp(outcome->remote, "127.0.0.1:", 10), 0);
    fixture_fini(&fixture);
}

/* What stands in SNI, and which name decides. */
static void test_tls_names(void **state) {
    (void)state;
    static const struct {
        const char *host; /* of the target */
        const char *server_name;
        const char *asked;
        bool passes;
    } cases[] = {
        {"app.example", NULL, "app.example", true},
        {"two.example.", "app.example", "app.example", true},
        {"two.example", NULL, "two.example", false},
        {"127.0.0.1", NULL, "none", true},
        {"127.0.0.1", "app.example.", "app.example", true},
        {"app.example", "127.0.0.1", "none", true},
        {"app.example", "10.0.0.1", "none", false},
        {"app.example", "::1", "none", true},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tls_options options = {.server_name = cases[i].server_name};
        snprintf(asked_name, sizeof asked_name, "nobody");
        const struct outcome *outcome =
            ask(&fixture, good_certs, cases[i].host, &options);
        assert_string_equal(asked_name, cases[i].asked);
        assert_outcome(outcome, cases[i].passes ? OUTCOME_PASS : OUTCOME_FAIL,
                       cases[i].passes ? REASON_NONE : TLS_SAN_MISMATCH, "");
    }
    fixture_fini(&fixture);
}

static void test_tls_ipv6_target(void **state) {
    (void)state;
    struct fixture fixture;
    SSL_CTX *ctx;
    char target[40];
    struct peer *peer = serve("[::1]:0", good_certs, &ctx);
    const struct tls_options options = {.target = target, .ca_file = pki.root_file};
    snprintf(target, sizeof target, "[::1]:%d", peer_port(peer));
    fixture_init(&fixture, records);
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_PASS, REASON_NONE,
                   "TLSv1.3, ::1, serial ");
    peer_stop(peer);
    SSL_CTX_free(ctx);
    fixture_fini(&fixture);
}

static void test_tls_each_defect_has_its_reason(void **state) {
    (void)state;
    struct pki_plan plan = {.name = "x", .issuer = &pki.middle, .san = "DNS:app.example"};
    plan.from_s = -2 * HOUR_S;
    plan.until_s = -HOUR_S;
    struct pki_cert expired = pki_make(&plan);
    plan.from_s = HOUR_S;
    plan.until_s = 9 * HOUR_S;
    struct pki_cert early = pki_make(&plan);
    plan.from_s = -HOUR_S;
    plan.until_s = 9L * PKI_DAY_S + 60;
    struct pki_cert soon = pki_make(&plan);
    plan = (struct pki_plan){.name = "x", .issuer = &pki.other, .san = "DNS:app.example"};
    struct pki_cert foreign = pki_make(&plan);
    plan.issuer = NULL;
    struct pki_cert alone = pki_make(&plan);
    plan.issuer = &pki.middle;
    plan.issuer_url = "http://ca.example/middle.crt";
    struct pki_cert fetchable = pki_make(&plan);
    plan.issuer_url = NULL;
    plan.san = "DNS:*.app.example,DNS:example";
    struct pki_cert misnamed = pki_make(&plan);
    plan.san = NULL;
    plan.name = "app.example";
    struct pki_cert by_common_name = pki_make(&plan);
    const struct {
        const struct pki_cert *certs[CERTS_MAX];
        enum outcome_kind kind;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {{&expired, &pki.middle}, OUTCOME_FAIL, TLS_EXPIRED, "CN=x expired 60 minutes"},
        {{&early, &pki.middle}, OUTCOME_FAIL, TLS_EXPIRED, "CN=x is not valid before"},
        {{&soon, &pki.middle}, OUTCOME_WARN, TLS_EXPIRED, "expires in 9 days: CN=x; TLS"},
        {{&foreign}, OUTCOME_FAIL, TLS_UNKNOWN_CA, "is neither sent nor in /tmp/"},
        {{&foreign, &pki.other}, OUTCOME_FAIL, TLS_UNKNOWN_CA, "ends at the root CN=oth"},
        {{&alone}, OUTCOME_FAIL, TLS_UNKNOWN_CA, "CN=x is self-signed, and not in"},
        {{&fetchable}, OUTCOME_FAIL, TLS_CHAIN, "The Intermediate certificate is miss"},
        {{&pki.leaf, &pki.root, &pki.middle}, OUTCOME_FAIL, TLS_CHAIN, "out of order"},
        {{&pki.middle, &pki.leaf}, OUTCOME_FAIL, TLS_CHAIN, "is not the topmost"},
        {{&pki.middle, &pki.root}, OUTCOME_FAIL, TLS_CHAIN, "The Leaf certificate is mi"},
        {{&misnamed, &pki.middle},
         OUTCOME_FAIL,
         TLS_SAN_MISMATCH,
         "is for *.app.example, example, not for app.example"},
        {{&by_common_name, &pki.middle}, OUTCOME_PASS, REASON_NONE, "app.example"},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tls_options options = {.warn_days = 14};
        const struct outcome *outcome =
            ask(&fixture, cases[i].certs, "app.example", &options);
        assert_outcome(outcome, cases[i].kind, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->answered, 1);
        assert_true(outcome->phase_us[PHASE_TLS] >= 0);
        assert_int_not_equal(outcome->serial[0], '\0');
    }
    fixture_fini(&fixture);
    pki_free(&expired);
    pki_free(&early);
    pki_free(&soon);
    pki_free(&foreign);
    pki_free(&alone);
    pki_free(&fetchable);
    pki_free(&misnamed);
    pki_free(&by_common_name);
}

/* The root was rotated in the cluster, and Application Gateway still has the old one. */
static void test_tls_rotated_root_fails(void **state) {
    (void)state;
    struct pki_cert fresh = pki_make(&(struct pki_plan){.name = "new", .is_ca = true});
    struct pki_cert leaf = pki_make(
        &(struct pki_plan){.name = "x", .issuer = &fresh, .san = "DNS:app.example"});
    const struct pki_cert *const roots[] = {&pki.root, &fresh};
    const struct pki_cert *const certs[CERTS_MAX] = {&leaf};
    char file[PKI_PATH_MAX];
    struct fixture fixture;
    pki_save(roots, 2, file);
    fixture_init(&fixture, records);
    const struct tls_options options = {.ca_file = file,
                                        .root_fingerprint = pki.root_pin};
    assert_outcome(ask(&fixture, certs, "app.example", &options), OUTCOME_FAIL,
                   TLS_UNKNOWN_CA, "doesn't match the trusted root certificate added");
    assert_outcome(ask(&fixture, good_certs, "app.example", &options), OUTCOME_PASS,
                   REASON_NONE, "app.example");
    unlink(file);
    fixture_fini(&fixture);
    pki_free(&leaf);
    pki_free(&fresh);
}

/* Our own mistake must not be told as the gateway's. */
static void test_tls_missing_ca_file_is_unavailable(void **state) {
    (void)state;
    struct fixture fixture;
    const struct tls_options options = {.ca_file = "/nonexistent/ca.crt"};
    fixture_init(&fixture, records);
    const struct outcome *outcome = ask(&fixture, good_certs, "app.example", &options);
    assert_outcome(outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                   "the CA file cannot be read: /nonexistent/ca.crt does not exist");
    assert_int_equal(outcome->addresses_failed, 0);
    fixture_fini(&fixture);
}

static void test_tls_every_address_one_bad_certificate_fails(void **state) {
    (void)state;
    struct pki_cert old = pki_make(&(struct pki_plan){.name = "old",
                                                      .issuer = &pki.middle,
                                                      .san = "DNS:app.example",
                                                      .from_s = -2 * HOUR_S,
                                                      .until_s = -HOUR_S});
    const struct pki_cert *const old_certs[CERTS_MAX] = {&old, &pki.middle};
    SSL_CTX *first_ctx;
    SSL_CTX *second_ctx;
    char target[80];
    char where[40];
    struct fixture fixture;
    struct peer *first = serve("127.0.0.1:0", good_certs, &first_ctx);
    snprintf(where, sizeof where, "127.0.0.2:%d", peer_port(first));
    struct peer *second = serve(where, old_certs, &second_ctx);
    struct tls_options options = {
        .target = target, .server_name = "app.example", .ca_file = pki.root_file};
    snprintf(target, sizeof target, "two.example:%d", peer_port(first));
    fixture_init(&fixture, records);
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_PASS, REASON_NONE,
                   "TLSv1.3");
    assert_int_equal(fixture.outcome.addresses_total, 1);
    options.every_address = true;
    const struct outcome *outcome = fixture_run(&fixture, &check_tls, &options);
    assert_outcome(outcome, OUTCOME_FAIL, TLS_EXPIRED,
                   "1 of 2 addresses failed; 127.0.0.2:");
    assert_int_equal(outcome->addresses_total, 2);
    assert_int_equal(outcome->addresses_failed, 1);
    assert_int_equal(outcome->answered, 2);
    fixture_fini(&fixture);
    peer_stop(first);
    peer_stop(second);
    SSL_CTX_free(first_ctx);
    SSL_CTX_free(second_ctx);
    pki_free(&old);
}

static void test_tls_no_handshake_tells_why(void **state) {
    (void)state;
    static const struct {
        struct peer_script script;
        enum reason reason;
        const char *evidence;
        int answered;
    } cases[] = {
        {{.speaks_first = true}, PEER_CLOSED, "closed before an answer after ", 0},
        {{.speaks_first = true, .resets = true}, PEER_CLOSED, "closed before", 0},
        {{.speaks_first = true, .hangs = true}, TIMEOUT, "connected, no TLS hand", 0},
        {{.speaks_first = true, .hangs = true, .say = "HTTP/1.1 400 Bad Request\r\n\r\n"},
         PROTOCOL,
         "the answer is not TLS; plain HTTP on this port? after ",
         1},
        {{.speaks_first = true, .say = "\x16\x03\x03"}, PROTOCOL, "closed inside the", 1},
        {{.speaks_first = true, .hangs = true, .say = "\x15\x03\x03\x01"},
         TIMEOUT,
         "connected, no TLS handshake",
         1},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char target[40];
        struct peer *peer = peer_start("127.0.0.1:0", &cases[i].script);
        const struct tls_options options = {.target = target, .ca_file = pki.root_file};
        snprintf(target, sizeof target, "127.0.0.1:%d", peer_port(peer));
        fixture.timing.timeout_ms = cases[i].reason == TIMEOUT ? 100 : 5000;
        const struct outcome *outcome = fixture_run(&fixture, &check_tls, &options);
        assert_outcome(outcome, OUTCOME_FAIL, cases[i].reason, cases[i].evidence);
        assert_int_equal(outcome->answered, cases[i].answered);
        assert_int_equal(outcome->phase_us[PHASE_TLS], -1);
        assert_string_equal(outcome->serial, "");
        peer_stop(peer);
    }
    fixture_fini(&fixture);
}

static void test_tls_no_connection_tells_why(void **state) {
    (void)state;
    struct fixture fixture;
    struct peer_full full;
    char target[80];
    struct tls_options options = {.target = target};
    fixture_init(&fixture, records);
    snprintf(target, sizeof target, "127.0.0.1:%d", peer_closed_port("127.0.0.1"));
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_FAIL,
                   CONNECT_REFUSED, "connection refused after 1 ms: Connection refused");
    snprintf(target, sizeof target, "nobody.example:443");
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_FAIL,
                   DNS_NXDOMAIN, "nobody.example");
    snprintf(target, sizeof target, "169.254.169.254:443");
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_FAIL,
                   LOCAL_TARGET_REFUSED, "link-local");
    peer_full_start(&full);
    snprintf(target, sizeof target, "127.0.0.1:%d", full.port);
    fixture.timing.connect_timeout_ms = 50;
    assert_outcome(fixture_run(&fixture, &check_tls, &options), OUTCOME_FAIL,
                   CONNECT_TIMEOUT, "no connection after ");
    peer_full_stop(&full);
    fixture_fini(&fixture);
}

static bool has_connection(const struct fixture *fixture) {
    return peer_connections(fixture->watched) > 0;
}

static void test_tls_cancel_at_any_time(void **state) {
    (void)state;
    char target[80];
    const struct peer_script silent = {.hangs = true, .speaks_first = true};
    struct peer *peer = peer_start("127.0.0.1:0", &silent);
    const struct tls_options options = {.target = target};
    struct fixture fixture;
    fixture_init(&fixture, records);
    snprintf(target, sizeof target, "app.example:%d", peer_port(peer));
    fixture_start(&fixture, &check_tls, &options);
    fixture_cancel(&fixture); /* before the name is known */
    fixture.watched = peer;
    fixture_start(&fixture, &check_tls, &options);
    assert_true(fixture_wait(&fixture, has_connection));
    fixture_cancel(&fixture);
    peer_stop(peer);
    fixture_fini(&fixture);
}

/* The options may go while the run goes on. */
static void test_tls_options_are_copied(void **state) {
    (void)state;
    struct fixture fixture;
    SSL_CTX *ctx;
    char target[80];
    char name[] = "app.example.";
    char file[PKI_PATH_MAX];
    char pin[65];
    struct peer *peer = serve("127.0.0.1:0", good_certs, &ctx);
    snprintf(target, sizeof target, "app.example:%d", peer_port(peer));
    snprintf(file, sizeof file, "%s", pki.root_file);
    snprintf(pin, sizeof pin, "%s", pki.root_pin);
    const struct tls_options options = {
        .target = target, .server_name = name, .ca_file = file, .root_fingerprint = pin};
    fixture_init(&fixture, records);
    fixture_start(&fixture, &check_tls, &options);
    memset(target, 'x', sizeof target - 1);
    memset(name, 'x', sizeof name - 1);
    memset(file, 'x', sizeof file - 1);
    memset(pin, 'x', sizeof pin - 1);
    assert_true(fixture_wait_done(&fixture));
    assert_outcome(&fixture.outcome, OUTCOME_PASS, REASON_NONE, "app.example");
    peer_stop(peer);
    SSL_CTX_free(ctx);
    fixture_fini(&fixture);
}

static int setup(void **state) {
    const struct pki_cert *const root[] = {&pki.root};
    pki.root = pki_make(&(struct pki_plan){.name = "root", .is_ca = true});
    pki.other = pki_make(&(struct pki_plan){.name = "other", .is_ca = true});
    pki.middle = pki_make(
        &(struct pki_plan){.name = "middle", .issuer = &pki.root, .is_ca = true});
    pki.leaf = pki_make(&(struct pki_plan){
        .name = "leaf",
        .issuer = &pki.middle,
        .san = "DNS:app.example,IP:127.0.0.1,IP:::1",
    });
    pki_save(root, 1, pki.root_file);
    pki_fingerprint(&pki.root, pki.root_pin);
    return fds_setup(state);
}

static int teardown(void **state) {
    unlink(pki.root_file);
    pki_free(&pki.root);
    pki_free(&pki.other);
    pki_free(&pki.middle);
    pki_free(&pki.leaf);
    return fds_teardown(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_good_server_passes),
        cmocka_unit_test(test_tls_names),
        cmocka_unit_test(test_tls_ipv6_target),
        cmocka_unit_test(test_tls_each_defect_has_its_reason),
        cmocka_unit_test(test_tls_rotated_root_fails),
        cmocka_unit_test(test_tls_missing_ca_file_is_unavailable),
        cmocka_unit_test(test_tls_every_address_one_bad_certificate_fails),
        cmocka_unit_test(test_tls_no_handshake_tells_why),
        cmocka_unit_test(test_tls_no_connection_tells_why),
        cmocka_unit_test(test_tls_cancel_at_any_time),
        cmocka_unit_test(test_tls_options_are_copied),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, setup, teardown);
}
