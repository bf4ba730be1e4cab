/* Type dns: what addresses are worth, and runs against a name server of our own. */
#include "check/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fds.h"
#include "fixture.h"
#include "name_server.h"
#include "outcomes.h"

enum { LIST_MAX = 4 };

static size_t read_addresses(const char *const *texts, struct addr *addrs) {
    size_t count = 0;
    while (count < LIST_MAX && texts[count]) {
        assert_true(addr_parse_ip(texts[count], 0, &addrs[count]));
        count++;
    }
    return count;
}

static size_t read_blocks(const char *const *texts, struct cidr *blocks) {
    size_t count = 0;
    while (count < LIST_MAX && texts[count]) {
        assert_true(cidr_parse(texts[count], &blocks[count], NULL));
        count++;
    }
    return count;
}

static void test_dns_judge(void **state) {
    (void)state;
    static const struct {
        const char *addrs[LIST_MAX];
        enum dns_family record;
        const char *expect[LIST_MAX];
        int min;
        int max;
        enum outcome_kind kind;
        const char *evidence;
    } cases[] = {
        {{"10.0.0.1"},
         DNS_FAMILY_BOTH,
         {0},
         1,
         64,
         OUTCOME_PASS,
         "1 address in 3 ms: 10.0.0.1"},
        {{"10.0.0.1", "fd00::1"},
         DNS_FAMILY_BOTH,
         {0},
         2,
         2,
         OUTCOME_PASS,
         "2 addresses in 3 ms: 10.0.0.1, fd00::1"},
        {{"10.0.0.1", "fd00::1"},
         DNS_FAMILY_A,
         {0},
         1,
         1,
         OUTCOME_PASS,
         "1 address in 3 ms: 10.0.0.1"},
        {{"10.0.0.1", "fd00::1"},
         DNS_FAMILY_AAAA,
         {"fd00::/8"},
         1,
         1,
         OUTCOME_PASS,
         "1 address in 3 ms: fd00::1"},
        {{"10.0.0.1"}, DNS_FAMILY_AAAA, {0}, 1, 64, OUTCOME_FAIL, "no AAAA record"},
        {{"fd00::1"}, DNS_FAMILY_A, {0}, 1, 64, OUTCOME_FAIL, "no A record"},
        {{"10.0.0.1", "10.0.0.2"},
         DNS_FAMILY_BOTH,
         {0},
         3,
         64,
         OUTCOME_FAIL,
         "2 addresses, expected 3 to 64: 10.0.0.1, 10.0.0.2"},
        {{"10.0.0.1", "10.0.0.2"},
         DNS_FAMILY_BOTH,
         {0},
         1,
         1,
         OUTCOME_FAIL,
         "2 addresses, expected 1 to 1: "},
        {{"10.0.0.1", "10.0.0.2"},
         DNS_FAMILY_BOTH,
         {"10.0.0.2"},
         1,
         64,
         OUTCOME_PASS,
         "2 addresses"},
        {{"10.0.0.1", "10.0.0.2"},
         DNS_FAMILY_BOTH,
         {"10.0.0.2", "10.0.0.3"},
         1,
         64,
         OUTCOME_FAIL,
         "expected an address of 10.0.0.3, found 10.0.0.1, 10.0.0.2"},
        {{"203.0.113.7"},
         DNS_FAMILY_BOTH,
         {"10.0.0.0/8"},
         1,
         64,
         OUTCOME_FAIL,
         "expected an address of 10.0.0.0/8, found 203.0.113.7"},
        {{"10.9.9.9"}, DNS_FAMILY_BOTH, {"10.0.0.0/8"}, 1, 64, OUTCOME_PASS, "1 address"},
        {{"10.0.0.1", "fd00::1"},
         DNS_FAMILY_A,
         {"fd00::/8"},
         1,
         64,
         OUTCOME_FAIL,
         "expected an address of fd00::/8, found 10.0.0.1"},
        {{"10.0.0.1"},
         DNS_FAMILY_BOTH,
         {"0.0.0.0/0", "::/0"},
         1,
         64,
         OUTCOME_FAIL,
         "expected an address of ::/0, found 10.0.0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr addrs[LIST_MAX];
        struct cidr blocks[LIST_MAX];
        size_t count = read_addresses(cases[i].addrs, addrs);
        const struct dns_options options = {
            .host = "h",
            .record = cases[i].record,
            .expect = {blocks, read_blocks(cases[i].expect, blocks)},
            .min_addresses = cases[i].min,
            .max_addresses = cases[i].max};
        struct outcome outcome;
        outcome_init(&outcome);
        dns_judge(&options, addrs, count, 2001, &outcome);
        assert_outcome(&outcome, cases[i].kind,
                       cases[i].kind == OUTCOME_PASS ? REASON_NONE : DNS_NO_ADDRESS,
                       cases[i].evidence);
    }
}

static void test_dns_judge_many_addresses_are_counted(void **state) {
    (void)state;
    const struct dns_options options = {
        .record = DNS_FAMILY_BOTH, .min_addresses = 1, .max_addresses = 64};
    struct addr addrs[64];
    struct outcome outcome;
    for (size_t i = 0; i < 64; i++)
        assert_true(
            addr_parse_ip("fd00:1111:2222:3333:4444:5555:6666:7777", 0, &addrs[i]));
    outcome_init(&outcome);
    dns_judge(&options, addrs, 64, 0, &outcome);
    assert_outcome(&outcome, OUTCOME_PASS, REASON_NONE, "64 addresses in 1 ms: fd00:");
    assert_outcome(&outcome, OUTCOME_PASS, REASON_NONE, " and 56 more");
}

static const struct dns_record records[] = {
    {.name = "two.example", .ips = {"10.0.0.1", "10.0.0.2"}},
    {.name = "empty.example", .answer = ANSWER_EMPTY},
    {.name = "broken.example", .answer = ANSWER_SERVFAIL},
    {.name = "silent.example", .answer = ANSWER_SILENCE},
    {0},
};

static struct dns_options options_for(const char *host) {
    return (struct dns_options){
        .host = host, .record = DNS_FAMILY_BOTH, .min_addresses = 1, .max_addresses = 64};
}

static void test_dns_answers(void **state) {
    (void)state;
    static const struct {
        const char *host;
        enum reason reason;
        const char *evidence;
    } cases[] = {
        {"two.example.", REASON_NONE, "2 addresses in "},
        {"TWO.example", REASON_NONE, ": 10.0.0.1, 10.0.0.2"},
        {"empty.example.", DNS_NO_ADDRESS, "empty.example.: "},
        {"broken.example.", DNS_TIMEOUT, "broken.example.: "},
        {"silent.example.", DNS_TIMEOUT, "silent.example.: "},
        {"nobody.example.", DNS_NXDOMAIN, "nobody.example.: "},
    };
    struct fixture fixture;
    fixture_init(&fixture, records);
    fixture.timing.timeout_ms = 1000;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dns_options options = options_for(cases[i].host);
        const struct outcome *outcome = fixture_run(&fixture, &check_dns, &options);
        assert_outcome(outcome,
                       cases[i].reason == REASON_NONE ? OUTCOME_PASS : OUTCOME_FAIL,
                       cases[i].reason, cases[i].evidence);
        assert_true(outcome->phase_us[PHASE_NAME] >= 0);
        assert_int_equal(outcome->phase_us[PHASE_CONNECT], -1);
        assert_int_equal(outcome->phase_us[PHASE_TOTAL], outcome->phase_us[PHASE_NAME]);
        assert_int_equal(outcome->answered, 0);
        assert_string_equal(outcome->remote, "");
    }
    fixture_fini(&fixture);
}

/* Kept answers would hide that the servers died. */
static void test_dns_every_run_asks_anew(void **state) {
    (void)state;
    struct fixture fixture;
    const struct dns_options options = options_for("two.example.");
    fixture_init(&fixture, records);
    int before = dns_questions(fixture.dns);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture_run(&fixture, &check_dns, &options)->kind, OUTCOME_PASS);
    assert_true(dns_questions(fixture.dns) >= before + 3);
    fixture_fini(&fixture);
}

static void test_dns_options_are_copied(void **state) {
    (void)state;
    struct fixture fixture;
    char host[] = "two.example.";
    struct cidr expect;
    struct dns_options options = options_for(host);
    assert_true(cidr_parse("10.0.0.2", &expect, NULL));
    options.expect = (struct cidr_list){&expect, 1};
    fixture_init(&fixture, records);
    fixture_start(&fixture, &check_dns, &options);
    memset(host, 'x', sizeof host - 1);
    memset(&expect, 0xff, sizeof expect);
    memset(&options, 0xff, sizeof options);
    assert_true(fixture_wait_done(&fixture));
    assert_outcome(&fixture.outcome, OUTCOME_PASS, REASON_NONE, "2 addresses");
    fixture_fini(&fixture);
}

static void test_dns_cancel(void **state) {
    (void)state;
    struct fixture fixture;
    const struct dns_options silent = options_for("silent.example.");
    const struct dns_options two = options_for("two.example.");
    fixture_init(&fixture, records);
    fixture_start(&fixture, &check_dns, &silent);
    fixture_cancel(&fixture);
    fixture_start(&fixture, &check_dns, &two);
    fixture_cancel(&fixture);
    fixture_fini(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_judge),
        cmocka_unit_test(test_dns_judge_many_addresses_are_counted),
        cmocka_unit_test(test_dns_answers),
        cmocka_unit_test(test_dns_every_run_asks_anew),
        cmocka_unit_test(test_dns_options_are_copied),
        cmocka_unit_test(test_dns_cancel),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
