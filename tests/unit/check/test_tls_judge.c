/* What is made of facts about a TLS server: each defect alone, some together, and the
 * names, without any certificate. */
#include "check/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "net/tls_facts.h"
#include "outcomes.h"

#define DAY_MS (24 * 60 * 60 * INT64_C(1000))
/* 2026-11-23T20:49:40Z */
#define NOW_MS INT64_C(1795466980000)
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const leaf_names[] = {"apps.example.com", "*.apps.example.com"};

/* A chain of three as it should be: the root is known, and not sent. A test changes one
 * thing. */
struct chain {
    struct tls_certificate served[3];
    struct tls_certificate path[3];
    struct tls_facts facts;
    struct tls_expected expected;
};

static struct tls_certificate make_leaf(void) {
    return (struct tls_certificate){.subject = "CN=apps.example.com",
                                    .issuer = "CN=Issuing CA",
                                    .common_name = "apps.example.com",
                                    .dns_names = {leaf_names, 2},
                                    .serial = "4A3F",
                                    .sha256 = "aa",
                                    .has_dates = true,
                                    .from_wall_ms = NOW_MS - 3 * DAY_MS,
                                    .until_wall_ms = NOW_MS + 87 * DAY_MS + 5000};
}

static struct tls_certificate make_ca(const char *subject, const char *issuer,
                                      const char *sha256, int served_at) {
    return (struct tls_certificate){.subject = subject,
                                    .issuer = issuer,
                                    .serial = "01",
                                    .sha256 = {sha256[0], sha256[1], '\0'},
                                    .has_dates = true,
                                    .from_wall_ms = NOW_MS - 300 * DAY_MS,
                                    .until_wall_ms = NOW_MS + 3000 * DAY_MS,
                                    .is_ca = true,
                                    .is_self_signed = strcmp(subject, issuer) == 0,
                                    .served_at = served_at};
}

static void make_chain(struct chain *chain) {
    *chain = (struct chain){
        .served = {make_leaf(), make_ca("CN=Issuing CA", "CN=Root", "bb", 1)},
        .path = {make_leaf(), make_ca("CN=Issuing CA", "CN=Root", "bb", 1),
                 make_ca("CN=Root", "CN=Root", "cc", -1)},
        .facts = {.version = "TLSv1.3",
                  .served = chain->served,
                  .served_count = 2,
                  .path = chain->path,
                  .path_count = 3,
                  .trust_text = ""},
        .expected = {.host = "apps.example.com",
                     .ca_file = "/ca.crt",
                     .root_fingerprint = HEX,
                     .warn_days = 14,
                     .now_wall_ms = NOW_MS},
    };
}

static struct outcome judge(const struct chain *chain) {
    struct outcome outcome;
    outcome_init(&outcome);
    tls_judge(&chain->facts, &chain->expected, &outcome);
    return outcome;
}

static void test_tls_judge_good_chain_passes(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_PASS, REASON_NONE,
                   "TLSv1.3, apps.example.com, serial 4A3F, valid 2026-11-20 to "
                   "2027-02-18, 87 days left");
    assert_string_equal(outcome.serial, "4A3F");
    chain.facts.pin = TLS_PIN_FITS;
    outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_PASS, REASON_NONE, "87 days left");
}

static void spoil_expired(struct chain *chain) {
    chain->path[0].until_wall_ms = NOW_MS - 3 * DAY_MS;
}
static void spoil_not_yet_valid(struct chain *chain) {
    chain->path[0].from_wall_ms = NOW_MS + 5 * DAY_MS;
}
static void spoil_intermediate_expired(struct chain *chain) {
    chain->path[1].until_wall_ms = NOW_MS - 1000;
}
static void spoil_root_expired(struct chain *chain) {
    chain->path[2].until_wall_ms = NOW_MS - 50 * 60 * 1000;
}
static void spoil_dates(struct chain *chain) {
    chain->path[0].has_dates = false;
    chain->path[0].from_wall_ms = chain->path[0].until_wall_ms = 0;
}
static void spoil_name(struct chain *chain) {
    chain->expected.host = "www.example.com";
}
static void spoil_common_name_alone(struct chain *chain) {
    /* The Common Name fits, and does not count next to alternative names. */
    static const char *const other[] = {"other.example.com"};
    chain->served[0].dns_names = (struct text_list){other, 1};
}
static void spoil_no_issuer(struct chain *chain) {
    chain->facts.trust = TLS_TRUST_NO_ISSUER;
    chain->facts.path_count = 2;
}
static void spoil_no_issuer_public(struct chain *chain) {
    spoil_no_issuer(chain);
    chain->expected.ca_file = NULL;
}
static void spoil_alone(struct chain *chain) {
    chain->facts.trust = TLS_TRUST_NO_ISSUER;
    chain->facts.path_count = 1;
    chain->facts.served_count = 1;
}
static void spoil_alone_with_url(struct chain *chain) {
    spoil_alone(chain);
    chain->path[0].has_issuer_url = true;
}
static void spoil_foreign_root(struct chain *chain) {
    chain->facts.trust = TLS_TRUST_FOREIGN_ROOT;
    chain->path[2].served_at = 2;
}
static void spoil_self_signed(struct chain *chain) {
    chain->facts.trust = TLS_TRUST_FOREIGN_ROOT;
    chain->facts.path_count = 1;
    chain->path[0].is_self_signed = true;
}
static void spoil_self_signed_ca(struct chain *chain) {
    spoil_self_signed(chain);
    chain->path[0].is_ca = true;
}
static void spoil_foreign_root_public(struct chain *chain) {
    spoil_foreign_root(chain);
    chain->expected.ca_file = NULL;
}
static void spoil_self_signed_trusted(struct chain *chain) {
    chain->facts.path_count = 1;
    chain->path[0].is_self_signed = true;
}
static void spoil_leaf_trusted(struct chain *chain) {
    chain->facts.path_count = 1;
}
static void spoil_signature(struct chain *chain) {
    chain->facts.trust = TLS_TRUST_BROKEN;
    chain->facts.trust_code = 7;
    chain->facts.trust_text = "certificate signature failure";
}
static void spoil_intermediate_not_sent(struct chain *chain) {
    chain->path[1].served_at = -1;
    chain->facts.served_count = 1;
}
static void spoil_anchor_not_sent(struct chain *chain) {
    /* Our file holds the intermediate alone. */
    spoil_intermediate_not_sent(chain);
    chain->facts.path_count = 2;
}
static void spoil_order(struct chain *chain) {
    chain->path[1].served_at = 2;
    chain->path[2].served_at = 1;
}
static void spoil_leaf_last(struct chain *chain) {
    chain->served[2] = chain->served[0];
    chain->served[0] = make_ca("CN=Root", "CN=Root", "cc", 0);
    chain->facts.served_count = 3;
}
static void spoil_leaf_missing(struct chain *chain) {
    chain->served[0] = chain->served[1];
    chain->facts.served_count = 1;
}
static void spoil_nothing_sent(struct chain *chain) {
    chain->facts.served_count = chain->facts.path_count = 0;
    chain->facts.trust = TLS_TRUST_NO_ISSUER;
}
static void spoil_pin(struct chain *chain) {
    chain->facts.pin = TLS_PIN_OTHER;
}

static void test_tls_judge_each_defect_fails(void **state) {
    (void)state;
    static const struct {
        void (*spoil)(struct chain *chain);
        enum reason reason;
        const char *evidence;
        const char *quote; /* Application Gateway's words */
    } cases[] = {
        {spoil_expired, TLS_EXPIRED,
         "CN=apps.example.com expired 3 days ago, on 2026-11-20T20:49Z",
         "Current date is not within the \"Valid from\" and \"Valid to\" date range"},
        {spoil_not_yet_valid, TLS_EXPIRED,
         "CN=apps.example.com is not valid before 2026-11-28T20:49Z, in 5 days",
         "Backend certificate is invalid."},
        {spoil_intermediate_expired, TLS_EXPIRED, "CN=Issuing CA expired 0 minutes ago",
         "Backend certificate is invalid."},
        {spoil_root_expired, TLS_EXPIRED, "CN=Root expired 50 minutes ago",
         "Backend certificate is invalid."},
        {spoil_dates, TLS_EXPIRED, "the dates of CN=apps.example.com cannot be read",
         "Backend certificate is invalid."},
        {spoil_name, TLS_SAN_MISMATCH,
         "the certificate is for apps.example.com, *.apps.example.com, not for "
         "www.example.com",
         "The Common Name of the leaf certificate presented by the backend server does "
         "not match"},
        {spoil_common_name_alone, TLS_SAN_MISMATCH,
         "for other.example.com, not for apps.example.com", "The Common Name"},
        {spoil_no_issuer, TLS_UNKNOWN_CA,
         "ends at CN=Issuing CA, whose issuer, CN=Root, is not in /ca.crt",
         "The Intermediate certificate not signed by any Root certificates uploaded"},
        {spoil_no_issuer_public, TLS_UNKNOWN_CA, "is not in the system's CAs",
         "The Intermediate certificate is not signed by a well-known Certificate"},
        {spoil_alone, TLS_UNKNOWN_CA,
         "the issuer of CN=apps.example.com, CN=Issuing CA, is neither sent nor in",
         "The Intermediate certificate is missing from the certificate chain"},
        {spoil_alone_with_url, TLS_CHAIN,
         "CN=apps.example.com was sent without its issuer, CN=Issuing CA",
         "The Intermediate certificate is missing from the certificate chain"},
        {spoil_foreign_root, TLS_UNKNOWN_CA,
         "the chain ends at the root CN=Root (SHA-256 cc), which is not in /ca.crt",
         "doesn't match the trusted root certificate added"},
        {spoil_self_signed, TLS_UNKNOWN_CA,
         "CN=apps.example.com is self-signed, and not in /ca.crt",
         "The Intermediate certificate is missing from the certificate chain"},
        {spoil_self_signed_ca, TLS_UNKNOWN_CA,
         "CN=apps.example.com is self-signed, and not in /ca.crt",
         "doesn't match the trusted root certificate added"},
        {spoil_foreign_root_public, TLS_UNKNOWN_CA, "is not in the system's CAs",
         "The backend Server certificate is not signed by a well-known"},
        {spoil_self_signed_trusted, TLS_CHAIN,
         "CN=apps.example.com is self-signed, and no CA",
         "The Intermediate certificate is missing"},
        {spoil_leaf_trusted, TLS_CHAIN, "CN=apps.example.com was sent alone",
         "The Intermediate certificate is missing"},
        {spoil_signature, TLS_CHAIN,
         "certificate signature failure (OpenSSL's error code 7)",
         "The validity of the backend certificate could not be verified."},
        {spoil_intermediate_not_sent, TLS_CHAIN,
         "CN=Issuing CA was not sent; we only know it from /ca.crt",
         "The Intermediate certificate is missing"},
        {spoil_anchor_not_sent, TLS_CHAIN, "CN=Issuing CA was not sent",
         "The Intermediate certificate is missing"},
        {spoil_order, TLS_CHAIN,
         "out of order: CN=Root is sent before CN=Issuing CA, which it issued",
         "could not be verified."},
        {spoil_leaf_last, TLS_CHAIN,
         "the server's own certificate, CN=apps.example.com, is number 3 of the chain; "
         "the first one is CN=Root",
         "The Leaf certificate is not the topmost certificate"},
        {spoil_leaf_missing, TLS_CHAIN,
         "only certificates of CAs were sent, the first one is CN=Issuing CA",
         "The Leaf certificate is missing"},
        {spoil_nothing_sent, TLS_CHAIN, "no certificate was sent",
         "The Leaf certificate is missing"},
        {spoil_pin, TLS_UNKNOWN_CA,
         "the chain ends at CN=Root (SHA-256 cc), not at the root of root_fingerprint "
         "(0123456789abcdef...)",
         "The root certificate of the server certificate used by the backend doesn't "
         "match the trusted root certificate added to the application gateway."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chain chain;
        make_chain(&chain);
        cases[i].spoil(&chain);
        struct outcome outcome = judge(&chain);
        assert_outcome(&outcome, OUTCOME_FAIL, cases[i].reason, cases[i].evidence);
        assert_outcome(&outcome, OUTCOME_FAIL, cases[i].reason, cases[i].quote);
        assert_non_null(strstr(outcome.evidence, ". Application Gateway: "));
        assert_null(strstr(outcome.evidence, "; also: "));
    }
}

static void test_tls_judge_unreadable_ca_file_is_unavailable(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    spoil_name(&chain); /* even so */
    chain.facts.trust = TLS_TRUST_UNKNOWN;
    chain.facts.trust_text = "/ca.crt does not exist";
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                   "the CA file cannot be read: /ca.crt does not exist");
}

/* The root is the one that Application Gateway has: our own file is old. */
static void test_tls_judge_pinned_root_missing_in_our_file_warns(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    spoil_foreign_root(&chain);
    chain.facts.pin = TLS_PIN_FITS;
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_WARN, TLS_UNKNOWN_CA,
                   "the root is the one of root_fingerprint, but it is not in /ca.crt; "
                   "TLSv1.3, apps.example.com");
}

/* The way ends below the root, at what was not served: that is the defect, not the pin.
 */
static void test_tls_judge_pin_above_what_was_not_sent_is_the_chains(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    spoil_anchor_not_sent(&chain);
    spoil_pin(&chain);
    struct outcome outcome = judge(&chain);
    assert_int_equal(outcome.kind, OUTCOME_FAIL);
    assert_int_equal(outcome.reason, TLS_CHAIN);
    assert_null(strstr(outcome.evidence, "root_fingerprint"));
}

static void test_tls_judge_unknown_root_is_said_once(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    spoil_foreign_root(&chain);
    spoil_pin(&chain);
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_UNKNOWN_CA, "which is not in /ca.crt");
    assert_null(strstr(outcome.evidence, "; also: "));
}

static void test_tls_judge_several_defects_the_first_decides(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    spoil_name(&chain);
    spoil_expired(&chain);
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_EXPIRED, "expired 3 days ago");
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_EXPIRED,
                   "; also: the certificate is for ");
    chain.facts.pin = TLS_PIN_OTHER;
    outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_UNKNOWN_CA,
                   "; also: CN=apps.example.com ex");
    /* A warning never hides a failure. */
    make_chain(&chain);
    spoil_name(&chain);
    chain.path[1].until_wall_ms = NOW_MS + DAY_MS;
    outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_SAN_MISMATCH, "; also: expires in 24 h");
}

static void test_tls_judge_days_left_least_of_the_chain(void **state) {
    (void)state;
    static const struct {
        size_t which; /* of the path */
        int64_t left_ms;
        int warn_days;
        enum outcome_kind kind;
        const char *evidence;
    } cases[] = {
        {0, 9 * DAY_MS + 7, 14, OUTCOME_WARN, "expires in 9 days: CN=apps.example.com;"},
        {0, 14 * DAY_MS - 1, 14, OUTCOME_WARN, "expires in 13 days: "},
        {0, 14 * DAY_MS, 14, OUTCOME_PASS, "14 days left"},
        {0, 30 * 60 * 60 * 1000, 14, OUTCOME_WARN, "expires in 30 hours: "},
        {0, 119 * 60 * 1000, 14, OUTCOME_WARN, "expires in 119 minutes: "},
        {0, 0, 14, OUTCOME_WARN, "expires in 0 minutes: "},
        {0, 0, 0, OUTCOME_PASS, "0 minutes left"},
        {1, 9 * DAY_MS, 14, OUTCOME_WARN, "expires in 9 days: CN=Issuing CA;"},
        {2, 20 * DAY_MS, 14, OUTCOME_PASS, "20 days left (of CN=Root)"},
        {2, 20 * DAY_MS, 3650, OUTCOME_WARN, "expires in 20 days: CN=Root;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chain chain;
        make_chain(&chain);
        chain.path[cases[i].which].until_wall_ms = NOW_MS + cases[i].left_ms;
        if (cases[i].which == 0)
            chain.served[0].until_wall_ms = NOW_MS + cases[i].left_ms;
        chain.expected.warn_days = cases[i].warn_days;
        struct outcome outcome = judge(&chain);
        assert_outcome(&outcome, cases[i].kind,
                       cases[i].kind == OUTCOME_PASS ? REASON_NONE : TLS_EXPIRED,
                       cases[i].evidence);
    }
}

/* From the first to the last millisecond. */
static void test_tls_judge_dates_both_ends_are_valid(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    chain.expected.warn_days = 0;
    chain.path[0].from_wall_ms = chain.path[0].until_wall_ms = NOW_MS;
    assert_int_equal(judge(&chain).kind, OUTCOME_PASS);
    chain.path[0].from_wall_ms = NOW_MS + 1;
    chain.path[0].until_wall_ms = NOW_MS + 1;
    assert_int_equal(judge(&chain).reason, TLS_EXPIRED);
    chain.path[0].from_wall_ms = NOW_MS - 1;
    chain.path[0].until_wall_ms = NOW_MS - 1;
    assert_int_equal(judge(&chain).reason, TLS_EXPIRED);
}

static void test_tls_judge_names(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *names[2];
        const char *addresses[2];
        const char *common_name;
        bool fits;
    } cases[] = {
        {"a.example", {"a.example"}, {0}, NULL, true},
        {"A.Example", {"a.eXample"}, {0}, NULL, true},
        {"a.example", {"b.example", "a.example"}, {0}, NULL, true},
        {"a.example", {"a.example."}, {0}, NULL, true},
        {"a.example", {"a.exampl"}, {0}, NULL, false},
        {"a.example", {"a.example.org"}, {0}, NULL, false},
        {"a.example", {"b.a.example"}, {0}, NULL, false},
        {"a.b.example", {"*.b.example"}, {0}, NULL, true},
        {"a.B.example", {"*.b.Example."}, {0}, NULL, true},
        {"b.example", {"*.b.example"}, {0}, NULL, false},
        {"x.a.b.example", {"*.b.example"}, {0}, NULL, false},
        {"x.a.b.example", {"*.*.b.example"}, {0}, NULL, false},
        {"a.b.example", {"a.*.example"}, {0}, NULL, false},
        {"ab.b.example", {"a*.b.example"}, {0}, NULL, false},
        {"a.example", {"*.example"}, {0}, NULL, false},
        {"a.example", {"*"}, {0}, NULL, false},
        {"a.example", {"*."}, {0}, NULL, false},
        {"a.example", {""}, {0}, NULL, false},
        {"a", {"a"}, {0}, NULL, true},
        {".b.example", {"*.b.example"}, {0}, NULL, false},
        {"10.0.0.7", {0}, {"10.0.0.7"}, NULL, true},
        {"10.0.0.7", {"10.0.0.7"}, {0}, "10.0.0.7", false},
        {"10.0.0.7", {0}, {"10.0.0.8"}, NULL, false},
        {"fd00:0:0::7", {0}, {"10.0.0.8", "fd00::7"}, NULL, true},
        {"a.example", {0}, {0}, "a.example", true},
        {"a.b.example", {0}, {0}, "*.b.example", true},
        {"a.example", {0}, {0}, NULL, false},
        {"a.example", {"b.example"}, {0}, "a.example", false},
        {"a.example", {0}, {"10.0.0.7"}, "a.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chain chain;
        make_chain(&chain);
        struct tls_certificate *leaf = &chain.served[0];
        leaf->common_name = cases[i].common_name;
        leaf->dns_names.items = cases[i].names;
        leaf->dns_names.count = !!cases[i].names[0] + !!cases[i].names[1];
        leaf->addresses.items = cases[i].addresses;
        leaf->addresses.count = !!cases[i].addresses[0] + !!cases[i].addresses[1];
        chain.expected.host = cases[i].host;
        struct outcome outcome = judge(&chain);
        if ((outcome.kind == OUTCOME_PASS) != cases[i].fits)
            print_error("case %zu: %s: %s\n", i, cases[i].host, outcome.evidence);
        assert_int_equal(outcome.kind, cases[i].fits ? OUTCOME_PASS : OUTCOME_FAIL);
        assert_int_equal(outcome.reason, cases[i].fits ? REASON_NONE : TLS_SAN_MISMATCH);
    }
}

static void test_tls_judge_many_names_are_counted(void **state) {
    (void)state;
    struct chain chain;
    const char *names[100];
    make_chain(&chain);
    for (size_t i = 0; i < 100; i++)
        names[i] = "one-of-many-names.example.com";
    chain.served[0].dns_names = (struct text_list){names, 100};
    struct outcome outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_SAN_MISMATCH,
                   " and 95 more, not for apps.example.com");
    chain.served[0].dns_names.count = 0;
    chain.served[0].common_name = NULL;
    chain.served[0].subject = "";
    outcome = judge(&chain);
    assert_outcome(&outcome, OUTCOME_FAIL, TLS_SAN_MISMATCH, "is for nobody, not for");
}

/* `openssl req -x509` makes such: a CA that is the server itself. */
static void test_tls_judge_self_signed_ca_of_the_server_passes(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    chain.facts.served_count = chain.facts.path_count = 1;
    chain.served[0].is_ca = chain.served[0].is_self_signed = true;
    chain.path[0] = chain.served[0];
    assert_int_equal(judge(&chain).kind, OUTCOME_PASS);
    chain.expected.host = "other.example.com";
    assert_int_equal(judge(&chain).reason, TLS_SAN_MISMATCH);
}

/* A root that is sent as well, and one that nobody needs, do no harm. */
static void test_tls_judge_more_than_needed_passes(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    chain.path[1].served_at = 2;
    chain.served[2] = chain.served[1];
    chain.served[1] = make_ca("CN=Unrelated", "CN=Nobody", "dd", 1);
    chain.facts.served_count = 3;
    assert_int_equal(judge(&chain).kind, OUTCOME_PASS);
    make_chain(&chain);
    chain.path[2].served_at = 2;
    assert_int_equal(judge(&chain).kind, OUTCOME_PASS);
}

/* Our file holds the intermediate alone, and it was sent: what is above cannot be said.
 */
static void test_tls_judge_trusted_intermediate_that_was_sent_passes(void **state) {
    (void)state;
    struct chain chain;
    make_chain(&chain);
    chain.facts.path_count = 2;
    assert_int_equal(judge(&chain).kind, OUTCOME_PASS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_judge_good_chain_passes),
        cmocka_unit_test(test_tls_judge_each_defect_fails),
        cmocka_unit_test(test_tls_judge_unreadable_ca_file_is_unavailable),
        cmocka_unit_test(test_tls_judge_pinned_root_missing_in_our_file_warns),
        cmocka_unit_test(test_tls_judge_pin_above_what_was_not_sent_is_the_chains),
        cmocka_unit_test(test_tls_judge_unknown_root_is_said_once),
        cmocka_unit_test(test_tls_judge_several_defects_the_first_decides),
        cmocka_unit_test(test_tls_judge_days_left_least_of_the_chain),
        cmocka_unit_test(test_tls_judge_dates_both_ends_are_valid),
        cmocka_unit_test(test_tls_judge_names),
        cmocka_unit_test(test_tls_judge_many_names_are_counted),
        cmocka_unit_test(test_tls_judge_self_signed_ca_of_the_server_passes),
        cmocka_unit_test(test_tls_judge_more_than_needed_passes),
        cmocka_unit_test(test_tls_judge_trusted_intermediate_that_was_sent_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
