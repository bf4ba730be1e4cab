/* How far chains go that real servers send, to which root, and the files of trusted
 * certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "peer.h"
#include "run.h"
#include "shake.h"

static void test_tls_handshake_chains(void **state) {
    (void)state;
    struct pki_cert alone =
        pki_make(&(struct pki_plan){.name = "alone", .san = "DNS:app.test"});
    struct pki_cert broken = pki_make(&(struct pki_plan){
        .name = "broken", .issuer = &pki.middle, .has_broken_signature = true});
    struct pki_cert client = pki_make(
        &(struct pki_plan){.name = "client", .issuer = &pki.root, .usage = "clientAuth"});
    struct pki_cert by_leaf =
        pki_make(&(struct pki_plan){.name = "by leaf", .issuer = &pki.leaf});
    struct pki_cert foreign =
        pki_make(&(struct pki_plan){.name = "foreign", .issuer = &pki.other});
    const struct {
        const char *what;
        const struct pki_cert *certs[4];
        enum tls_trust trust;
        size_t path_count;
        int places[4]; /* served_at along the path */
    } cases[] = {
        {"middle missing", {&pki.leaf}, TLS_TRUST_NO_ISSUER, 1, {0}},
        {"root sent", {&pki.leaf, &pki.middle, &pki.root}, TLS_TRUST_OK, 3, {0, 1, 2}},
        {"out of order", {&pki.leaf, &pki.root, &pki.middle}, TLS_TRUST_OK, 3, {0, 2, 1}},
        {"leaf not first", {&pki.middle, &pki.leaf}, TLS_TRUST_BROKEN, 2, {0, -1}},
        {"unknown root", {&foreign}, TLS_TRUST_NO_ISSUER, 1, {0}},
        {"unknown root, sent", {&foreign, &pki.other}, TLS_TRUST_FOREIGN_ROOT, 2, {0, 1}},
        {"self-signed", {&alone}, TLS_TRUST_FOREIGN_ROOT, 1, {0}},
        {"bad signature", {&broken, &pki.middle}, TLS_TRUST_BROKEN, 3, {0, 1, -1}},
        {"for clients", {&client}, TLS_TRUST_BROKEN, 2, {0, -1}},
        {"no CA signed it",
         {&by_leaf, &pki.leaf, &pki.middle},
         TLS_TRUST_BROKEN,
         4,
         {0, 1, 2, -1}},
        {"one too many",
         {&pki.leaf, &pki.other, &pki.middle},
         TLS_TRUST_OK,
         3,
         {0, 2, -1}},
    };
    struct tls_request request = shake_request(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 0;
        while (count < 4 && cases[i].certs[count])
            count++;
        struct seen seen = shake_served(cases[i].certs, count, &request);
        print_message("%s: trust %d, path %zu, %s\n", cases[i].what, seen.facts.trust,
                      seen.facts.path_count, seen.trust_text);
        assert_int_equal(seen.result.failure, HANDSHAKE_OK);
        assert_int_equal(seen.facts.served_count, count);
        assert_int_equal(seen.facts.trust, cases[i].trust);
        assert_int_equal(seen.facts.path_count, cases[i].path_count);
        for (size_t j = 0; j < cases[i].path_count; j++)
            assert_int_equal(seen.served_at[j], cases[i].places[j]);
        assert_true((seen.facts.trust == TLS_TRUST_BROKEN) == (seen.trust_text[0] != 0));
        assert_true((seen.facts.trust == TLS_TRUST_BROKEN) ==
                    (seen.facts.trust_code != 0));
    }
    pki_free(&alone);
    pki_free(&broken);
    pki_free(&client);
    pki_free(&by_leaf);
    pki_free(&foreign);
}

/* Dates are facts, not reasons to stop. */
static void test_tls_handshake_expired_chain_is_followed(void **state) {
    (void)state;
    struct pki_cert old = pki_make(&(struct pki_plan){
        .name = "old", .issuer = &pki.root, .from_s = -7200, .until_s = -3600});
    const struct pki_cert *const certs[] = {&old};
    struct tls_request request = shake_request(NULL);
    struct seen seen = shake_served(certs, 1, &request);
    assert_int_equal(seen.facts.trust, TLS_TRUST_OK);
    assert_true(seen.leaf.until_wall_ms < clock_wall_ms());
    pki_free(&old);
}

static void test_tls_handshake_no_more_than_eight_are_looked_at(void **state) {
    (void)state;
    const struct pki_cert *certs[12] = {&pki.leaf};
    for (size_t i = 1; i < 12; i++)
        certs[i] = &pki.other;
    certs[11] = &pki.middle;
    struct tls_request request = shake_request(NULL);
    struct seen seen = shake_served(certs, 12, &request);
    assert_int_equal(seen.facts.served_count, TLS_SERVED_MAX);
    assert_int_equal(seen.facts.trust, TLS_TRUST_NO_ISSUER);
}

static void test_tls_handshake_pins(void **state) {
    (void)state;
    struct pki_cert new_root =
        pki_make(&(struct pki_plan){.name = "new root", .is_ca = true});
    struct pki_cert new_leaf =
        pki_make(&(struct pki_plan){.name = "new leaf", .issuer = &new_root});
    const struct pki_cert *const both[] = {&pki.root, &new_root};
    const struct pki_cert *const old[] = {&pki.root};
    const struct pki_cert *const only_middle[] = {&pki.middle};
    const struct pki_cert *const chain[] = {&pki.root, &pki.middle};
    char both_file[PKI_PATH_MAX];
    char old_file[PKI_PATH_MAX];
    char middle_file[PKI_PATH_MAX];
    char chain_file[PKI_PATH_MAX];
    char old_pin[65];
    char new_pin[65];
    char middle_pin[65];
    pki_save(both, 2, both_file);
    pki_save(old, 1, old_file);
    pki_save(only_middle, 1, middle_file);
    pki_save(chain, 2, chain_file);
    pki_fingerprint(&pki.root, old_pin);
    pki_fingerprint(&new_root, new_pin);
    pki_fingerprint(&pki.middle, middle_pin);
    const struct {
        const char *what;
        const char *ca_file;
        const char *pin;
        const struct pki_cert *certs[3];
        enum tls_pin expected;
        enum tls_trust trust;
    } cases[] = {
        {"the old root serves",
         both_file,
         old_pin,
         {&pki.leaf, &pki.middle},
         TLS_PIN_FITS,
         TLS_TRUST_OK},
        {"rotated, not uploaded",
         both_file,
         old_pin,
         {&new_leaf},
         TLS_PIN_OTHER,
         TLS_TRUST_OK},
        {"rotated and uploaded",
         both_file,
         new_pin,
         {&new_leaf},
         TLS_PIN_FITS,
         TLS_TRUST_OK},
        {"uploaded, not served yet",
         both_file,
         new_pin,
         {&pki.leaf, &pki.middle},
         TLS_PIN_OTHER,
         TLS_TRUST_OK},
        {"our file is old",
         old_file,
         new_pin,
         {&new_leaf, &new_root},
         TLS_PIN_FITS,
         TLS_TRUST_FOREIGN_ROOT},
        {"our file is old, root not sent",
         old_file,
         new_pin,
         {&new_leaf},
         TLS_PIN_OTHER,
         TLS_TRUST_NO_ISSUER},
        {"our file ends below, root sent",
         middle_file,
         old_pin,
         {&pki.leaf, &pki.middle, &pki.root},
         TLS_PIN_FITS,
         TLS_TRUST_OK},
        {"the intermediate only in our file",
         chain_file,
         old_pin,
         {&pki.leaf},
         TLS_PIN_FITS,
         TLS_TRUST_OK},
        {"our file ends below, nothing sent",
         middle_file,
         old_pin,
         {&pki.leaf},
         TLS_PIN_OTHER,
         TLS_TRUST_OK},
        {"an intermediate is pinned",
         both_file,
         middle_pin,
         {&pki.leaf, &pki.middle},
         TLS_PIN_FITS,
         TLS_TRUST_OK},
        {"a server's own is no root",
         both_file,
         new_pin,
         {&pki.leaf, &pki.middle, &new_root},
         TLS_PIN_OTHER,
         TLS_TRUST_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_request request = shake_request(NULL);
        size_t count = 0;
        char upper[65];
        while (count < 3 && cases[i].certs[count])
            count++;
        for (size_t j = 0; j < sizeof upper; j++)
            upper[j] = cases[i].pin[j] >= 'a' && cases[i].pin[j] <= 'f'
                           ? (char)(cases[i].pin[j] - 'a' + 'A')
                           : cases[i].pin[j];
        request.ca_file = cases[i].ca_file;
        request.root_fingerprint = i % 2 == 0 ? cases[i].pin : upper;
        struct seen seen = shake_served(cases[i].certs, count, &request);
        print_message("%s: %d\n", cases[i].what, seen.facts.pin);
        assert_int_equal(seen.facts.pin, cases[i].expected);
        assert_int_equal(seen.facts.trust, cases[i].trust);
    }
    unlink(both_file);
    unlink(old_file);
    unlink(middle_file);
    unlink(chain_file);
    pki_free(&new_root);
    pki_free(&new_leaf);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_tls_handshake_unreadable_ca_file_is_a_fact(void **state) {
    (void)state;
    static const char path[] = "/tmp/hr-test-ca-unreadable";
    static const char *const texts[] = {"", "no certificate\n",
                                        "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                        "-----END CERTIFICATE-----\n"};
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    struct tls_request request = shake_request(NULL);
    request.ca_file = "/nonexistent/ca.crt";
    struct seen seen = shake_served(certs, 2, &request);
    assert_int_equal(seen.result.failure, HANDSHAKE_OK);
    assert_int_equal(seen.facts.trust, TLS_TRUST_UNKNOWN);
    assert_string_equal(seen.trust_text, "/nonexistent/ca.crt does not exist");
    assert_string_equal(seen.subject, "CN=leaf");
    request.ca_file = "/tmp";
    seen = shake_served(certs, 2, &request);
    assert_non_null(strstr(seen.trust_text, "is a directory"));
    request.ca_file = path;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file(path, texts[i]);
        seen = shake_served(certs, 2, &request);
        assert_int_equal(seen.facts.trust, TLS_TRUST_UNKNOWN);
        assert_non_null(strstr(seen.trust_text, "holds no certificate in PEM form"));
    }
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    seen = shake_served(certs, 2, &request);
    assert_non_null(strstr(seen.trust_text, "a device, pipe or socket"));
    unlink(path);
}

/* With one client, as in the server. */
static void test_tls_handshake_ca_file_is_read_again_when_it_changed(void **state) {
    (void)state;
    const struct pki_cert *const right[] = {&pki.root};
    const struct pki_cert *const wrong[] = {&pki.other};
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    SSL_CTX *ctx = pki_server(certs, 2);
    struct peer *peer = peer_start(NULL, shake_serve, &ctx);
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    struct tls_request request = shake_request(peer_addr(peer));
    char path[PKI_PATH_MAX];
    pki_save(wrong, 1, path);
    request.ca_file = path;
    const struct {
        const struct pki_cert *const *replace; /* NULL: leave it; */
        enum tls_trust trust;
    } steps[] = {{NULL, TLS_TRUST_NO_ISSUER},
                 {NULL, TLS_TRUST_NO_ISSUER},
                 {right, TLS_TRUST_OK},
                 {NULL, TLS_TRUST_OK},
                 {wrong, TLS_TRUST_NO_ISSUER}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].replace)
            pki_replace(steps[i].replace, 1, path);
        struct seen seen = shake_with(loop, client, &request);
        assert_int_equal(seen.facts.trust, steps[i].trust);
    }
    unlink(path);
    assert_int_equal(shake_with(loop, client, &request).facts.trust, TLS_TRUST_UNKNOWN);
    tls_client_free(client);
    loop_free(loop);
    peer_stop(peer);
    SSL_CTX_free(ctx);
}

/* More files than are kept: the oldest make way, and are read again. */
static void test_tls_handshake_many_ca_files(void **state) {
    (void)state;
    enum { FILES = 20 };
    const struct pki_cert *const root[] = {&pki.root};
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    char paths[FILES][PKI_PATH_MAX];
    SSL_CTX *ctx = pki_server(certs, 2);
    struct peer *peer = peer_start(NULL, shake_serve, &ctx);
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    struct tls_request request = shake_request(peer_addr(peer));
    for (int i = 0; i < 2 * FILES; i++) {
        if (i < FILES)
            pki_save(root, 1, paths[i]);
        request.ca_file = paths[i % FILES];
        assert_int_equal(shake_with(loop, client, &request).facts.trust, TLS_TRUST_OK);
    }
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    tls_client_free(client);
    loop_free(loop);
    peer_stop(peer);
    SSL_CTX_free(ctx);
}

static void test_tls_handshake_system_bundle_is_found(void **state) {
    (void)state;
    const struct pki_cert *const certs[] = {&pki.leaf, &pki.middle};
    struct tls_request request = shake_request(NULL);
    request.ca_file = NULL;
    setenv("SSL_CERT_FILE", pki.root_file, 1);
    assert_int_equal(shake_served(certs, 2, &request).facts.trust, TLS_TRUST_OK);
    unsetenv("SSL_CERT_FILE");
    struct stat info;
    if (stat("/etc/ssl/certs/ca-certificates.crt", &info) == 0)
        assert_int_equal(shake_served(certs, 2, &request).facts.trust,
                         TLS_TRUST_NO_ISSUER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_handshake_chains),
        cmocka_unit_test(test_tls_handshake_expired_chain_is_followed),
        cmocka_unit_test(test_tls_handshake_no_more_than_eight_are_looked_at),
        cmocka_unit_test(test_tls_handshake_pins),
        cmocka_unit_test(test_tls_handshake_unreadable_ca_file_is_a_fact),
        cmocka_unit_test(test_tls_handshake_ca_file_is_read_again_when_it_changed),
        cmocka_unit_test(test_tls_handshake_many_ca_files),
        cmocka_unit_test(test_tls_handshake_system_bundle_is_found),
    };
    return cmocka_run_group_tests(tests, shake_setup, shake_teardown);
}
