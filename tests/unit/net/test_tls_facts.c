/* Certificates that no CA should issue, read as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "pki.h"
#include "tls_internal.h"

/* Facts about one self-signed certificate, in an arena of their own. */
struct reading {
    struct arena *arena;
    struct tls_facts facts;
    const struct tls_certificate *leaf;
};

static struct reading read_cert(X509 *cert) {
    struct reading reading = {.arena = arena_new()};
    STACK_OF(X509) *served = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    assert_true(sk_X509_push(served, cert) > 0);
    tls_facts_read(&reading.facts, reading.arena, served, store, NULL, NULL);
    X509_STORE_free(store);
    sk_X509_free(served);
    assert_int_equal(reading.facts.served_count, 1);
    reading.leaf = &reading.facts.served[0];
    return reading;
}

static void add_name(GENERAL_NAMES *names, int type, const char *data, int len) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *string =
        ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    assert_true(name && string && ASN1_STRING_set(string, data, len) == 1);
    GENERAL_NAME_set0_value(name, type, string);
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

static void set_names(struct pki_cert *cert, GENERAL_NAMES *names) {
    assert_int_equal(
        X509_add1_ext_i2d(cert->x509, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE),
        1);
    assert_true(X509_sign(cert->x509, cert->key, EVP_sha256()) > 0);
    GENERAL_NAMES_free(names);
}

static void test_tls_facts_read_only_names_of_hosts_are_taken(void **state) {
    (void)state;
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "odd"});
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    char long_name[300];
    memset(long_name, 'a', sizeof long_name);
    add_name(names, GEN_DNS, "good.example", 12);
    add_name(names, GEN_DNS, "good.example\0.evil.example", 26);
    add_name(names, GEN_DNS, "", 0);
    add_name(names, GEN_DNS, "two words", 9);
    add_name(names, GEN_DNS, "n\xc3\xa4me.example", 13);
    add_name(names, GEN_DNS, "line\nbreak", 10);
    add_name(names, GEN_DNS, long_name, 253);
    add_name(names, GEN_DNS, long_name, 254);
    add_name(names, GEN_EMAIL, "a@b.example", 11);
    add_name(names, GEN_URI, "spiffe://cluster.local/ns/a/sa/b", 32);
    add_name(names, GEN_IPADD, "\x0a\0\0\x07", 4);
    add_name(names, GEN_IPADD, "\x0a\0\0\x07\0", 5);
    add_name(names, GEN_IPADD, "", 0);
    add_name(names, GEN_IPADD, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    set_names(&cert, names);
    struct reading reading = read_cert(cert.x509);
    assert_int_equal(reading.leaf->dns_names.count, 2);
    assert_string_equal(reading.leaf->dns_names.items[0], "good.example");
    assert_int_equal(strlen(reading.leaf->dns_names.items[1]), 253);
    assert_int_equal(reading.leaf->addresses.count, 2);
    assert_string_equal(reading.leaf->addresses.items[0], "10.0.0.7");
    assert_string_equal(reading.leaf->addresses.items[1], "fd00::7");
    arena_free(reading.arena);
    pki_free(&cert);
}

static void test_tls_facts_read_many_names_are_bounded(void **state) {
    (void)state;
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "many"});
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    for (int i = 0; i < TLS_NAMES_MAX + 500; i++)
        add_name(names, GEN_DNS, "a.example", 9);
    set_names(&cert, names);
    struct reading reading = read_cert(cert.x509);
    assert_int_equal(reading.leaf->dns_names.count, TLS_NAMES_MAX);
    arena_free(reading.arena);
    pki_free(&cert);
}

static void add_common_name(struct pki_cert *cert, const char *name, int len) {
    X509_NAME *subject = X509_get_subject_name(cert->x509);
    assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                                (const unsigned char *)name, len, -1, 0),
                     1);
}

static void test_tls_facts_read_subjects(void **state) {
    (void)state;
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "first.example"});
    struct reading reading = read_cert(cert.x509);
    assert_string_equal(reading.leaf->common_name, "first.example");
    arena_free(reading.arena);

    add_common_name(&cert, "last.example", 12);
    reading = read_cert(cert.x509);
    assert_string_equal(reading.leaf->common_name, "last.example");
    assert_string_equal(reading.leaf->subject, "CN=last.example,CN=first.example");
    assert_string_equal(reading.leaf->issuer, "CN=first.example");
    arena_free(reading.arena);

    add_common_name(&cert, "n\xc3\xa4me \xe2\x82\xac", 9);
    reading = read_cert(cert.x509);
    assert_null(reading.leaf->common_name);
    assert_non_null(strstr(reading.leaf->subject, "CN=n\xc3\xa4me \xe2\x82\xac,"));
    arena_free(reading.arena);

    add_common_name(&cert, "a.example\0.b", 12);
    reading = read_cert(cert.x509);
    assert_null(reading.leaf->common_name);
    arena_free(reading.arena);
    pki_free(&cert);

    cert = pki_make(&(struct pki_plan){.san = "DNS:a.example"});
    reading = read_cert(cert.x509);
    assert_string_equal(reading.leaf->subject, "");
    assert_null(reading.leaf->common_name);
    arena_free(reading.arena);
    pki_free(&cert);
}

static void test_tls_facts_read_hostile_subject_is_one_short_line(void **state) {
    (void)state;
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "x"});
    for (int i = 0; i < 40; i++)
        add_common_name(&cert, "\x1b[31mred\r\n,=+\"\\;<>#", 20);
    struct reading reading = read_cert(cert.x509);
    assert_true(strlen(reading.leaf->subject) < TLS_NAME_TEXT_MAX);
    assert_true(strlen(reading.leaf->subject) > TLS_NAME_TEXT_MAX - 8);
    for (const char *c = reading.leaf->subject; *c; c++)
        assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
    arena_free(reading.arena);
    pki_free(&cert);
}

static void test_tls_facts_read_serials(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        int len;
        const char *text;
    } cases[] = {
        {"\x01", 1, "01"},
        {"\x4a\x00\xff", 3, "4A00FF"},
        {"\0", 1, "00"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
         "\x0e",
         20, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0E"},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 52,
         "6162636465666768696A6B6C6D6E6F7071727374757677"},
    };
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "x"});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ASN1_INTEGER *serial = X509_get_serialNumber(cert.x509);
        assert_int_equal(ASN1_STRING_set(serial, cases[i].bytes, cases[i].len), 1);
        struct reading reading = read_cert(cert.x509);
        assert_string_equal(reading.leaf->serial, cases[i].text);
        arena_free(reading.arena);
    }
    pki_free(&cert);
}

static void test_tls_facts_read_dates(void **state) {
    (void)state;
    static const struct {
        int type;
        const char *text;
        bool is_date;
        int64_t wall_ms;
    } cases[] = {
        {V_ASN1_UTCTIME, "700101000000Z", true, 0},
        {V_ASN1_UTCTIME, "491231235959Z", true, INT64_C(2524607999000)},
        {V_ASN1_UTCTIME, "500101000000Z", true, INT64_C(-631152000000)},
        {V_ASN1_GENERALIZEDTIME, "99991231235959Z", true, INT64_C(253402300799000)},
        {V_ASN1_GENERALIZEDTIME, "00000101000000Z", true, INT64_C(-62167219200000)},
        {V_ASN1_UTCTIME, "", false, 0},
        {V_ASN1_UTCTIME, "not a date", false, 0},
        {V_ASN1_UTCTIME, "991332000000Z", false, 0},
        {V_ASN1_GENERALIZEDTIME, "20260230000000Z", false, 0},
    };
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "x"});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ASN1_TIME *until = X509_getm_notAfter(cert.x509);
        until->type = cases[i].type;
        assert_int_equal(ASN1_STRING_set(until, cases[i].text, -1), 1);
        struct reading reading = read_cert(cert.x509);
        assert_int_equal(reading.leaf->has_dates, cases[i].is_date);
        if (cases[i].is_date)
            assert_int_equal(reading.leaf->until_wall_ms, cases[i].wall_ms);
        arena_free(reading.arena);
    }
    pki_free(&cert);
}

static void test_tls_facts_read_flags(void **state) {
    (void)state;
    struct pki_cert root = pki_make(&(struct pki_plan){.name = "r", .is_ca = true});
    struct pki_cert leaf = pki_make(&(struct pki_plan){
        .name = "l", .issuer = &root, .issuer_url = "http://ca.example/ca.crt"});
    struct pki_cert broken = pki_make(
        &(struct pki_plan){.name = "b", .is_ca = true, .has_broken_signature = true});
    const struct {
        const struct pki_cert *cert;
        bool is_ca;
        bool is_self_signed;
        bool has_issuer_url;
    } cases[] = {{&root, true, true, false},
                 {&leaf, false, false, true},
                 {&broken, true, false, false}};
    for (size_t i = 0; i < 3; i++) {
        struct reading reading = read_cert(cases[i].cert->x509);
        assert_int_equal(reading.leaf->is_ca, cases[i].is_ca);
        assert_int_equal(reading.leaf->is_self_signed, cases[i].is_self_signed);
        assert_int_equal(reading.leaf->has_issuer_url, cases[i].has_issuer_url);
        assert_int_equal(reading.leaf->served_at, 0);
        arena_free(reading.arena);
    }
    pki_free(&root);
    pki_free(&leaf);
    pki_free(&broken);
}

static void test_tls_facts_read_nothing_served(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct tls_facts facts = {.version = "TLSv1.3"};
    X509_STORE *store = X509_STORE_new();
    tls_facts_read(&facts, arena, NULL, store, NULL, "ab");
    assert_int_equal(facts.served_count, 0);
    assert_int_equal(facts.path_count, 0);
    assert_int_equal(facts.trust, TLS_TRUST_NO_ISSUER);
    assert_string_equal(facts.trust_text, "");
    X509_STORE_free(store);
    arena_free(arena);
}

/* The same certificate twice is one: at its first place. */
static void test_tls_facts_read_the_same_twice(void **state) {
    (void)state;
    struct pki_cert cert = pki_make(&(struct pki_plan){.name = "x"});
    struct arena *arena = arena_new();
    struct tls_facts facts = {0};
    struct err err = {0};
    STACK_OF(X509) *served = sk_X509_new_null();
    err_set(&err, ERR_UNAVAILABLE, "gone");
    assert_true(sk_X509_push(served, cert.x509) > 0);
    assert_true(sk_X509_push(served, cert.x509) > 0);
    tls_facts_read(&facts, arena, served, NULL, &err, NULL);
    assert_int_equal(facts.served_count, 2);
    assert_int_equal(facts.path_count, 1);
    assert_int_equal(facts.path[0].served_at, 0);
    assert_int_equal(facts.trust, TLS_TRUST_UNKNOWN);
    assert_string_equal(facts.trust_text, "gone");
    sk_X509_free(served);
    arena_free(arena);
    pki_free(&cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_facts_read_only_names_of_hosts_are_taken),
        cmocka_unit_test(test_tls_facts_read_many_names_are_bounded),
        cmocka_unit_test(test_tls_facts_read_subjects),
        cmocka_unit_test(test_tls_facts_read_hostile_subject_is_one_short_line),
        cmocka_unit_test(test_tls_facts_read_serials),
        cmocka_unit_test(test_tls_facts_read_dates),
        cmocka_unit_test(test_tls_facts_read_flags),
        cmocka_unit_test(test_tls_facts_read_nothing_served),
        cmocka_unit_test(test_tls_facts_read_the_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
