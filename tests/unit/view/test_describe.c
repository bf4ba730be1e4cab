/* The words about checks: owners, evidence, ages, and why. */
#include "describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "fixture.h"

/* A snapshot of one failing check of tenant app1, from parts of its description. */
static struct fixture failing(const char *place, const char *reason) {
    char json[600];
    snprintf(json, sizeof json,
             "{\"tenants\": [{\"name\": \"app1\"}], \"checks\": [{\"name\": \"c\","
             " \"state\": \"failing\", %s, \"last\": {\"kind\": \"fail\","
             " \"reason\": \"%s\", \"evidence\": \"it broke\"}}]}",
             place, reason);
    return fixture_parse(json);
}

static void test_describe_owner_depends_on_what_is_looked_at(void **state) {
    (void)state;
    static const char routed[] = "\"tenant\": \"app1\", \"role\": \"tenant_routed\"";
    static const char direct[] = "\"tenant\": \"app1\", \"role\": \"tenant_direct\"";
    static const char own[] = "\"tenant\": \"app1\"";
    static const char gateway[] = "\"role\": \"gateway_status\"";
    static const char shared[] = "\"scope\": \"shared\"";
    static const char self[] = "\"scope\": \"self\"";
    static const struct {
        const char *place;
        const char *reason;
        const char *owner;
    } rows[] = {
        {routed, "GW_NO_ROUTE", "tenant:app1"},
        {routed, "GW_DENIED", "gateway"},
        {routed, "CONNECT_REFUSED", "gateway"},
        {routed, "DNS_NXDOMAIN", "platform"},
        {routed, "LOCAL_FDS", "us"},
        {direct, "CONNECT_REFUSED", "tenant:app1"},
        {direct, "HTTP_STATUS", "tenant:app1"},
        {direct, "DNS_TIMEOUT", "platform"},
        {direct, "LOCAL_TARGET_REFUSED", "us"},
        {own, "PEER_CLOSED", "tenant:app1"},
        {gateway, "GW_NOT_LIVE", "gateway"},
        {gateway, "TIMEOUT", "gateway"},
        {gateway, "DNS_NO_ADDRESS", "platform"},
        {shared, "TIMEOUT", "platform"},
        {self, "CONNECT_REFUSED", "us"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = failing(rows[i].place, rows[i].reason);
        BUF_AUTO struct buf owner = {0};
        describe_owner(fixture.snapshot, 0, &owner);
        assert_string_equal(owner.data, rows[i].owner);
    }
}

static void test_describe_reason_and_evidence_explain_the_state(void **state) {
    (void)state;
    static const struct {
        const char *check; /* members of the check */
        enum reason reason;
        const char *evidence;
    } rows[] = {
        {"\"state\": \"pending\"", REASON_NONE, "no outcome yet"},
        {"\"last\": {\"evidence\": \"200\"}", REASON_NONE, "200"},
        {"\"last\": {}", REASON_NONE, ""},
        {"\"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\", \"evidence\": \"2s\"}",
         TIMEOUT, "2s"},
        {"\"state\": \"failing\", \"last\": {\"evidence\": \"200\"},"
         " \"failure\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\","
         " \"evidence\": \"2s\"}",
         TIMEOUT, "2s"},
        {"\"state\": \"failing\", \"last\": {\"evidence\": \"200\"}", REASON_NONE, "200"},
        {"\"state\": \"stale\"", STALE, "no outcome yet"},
        {"\"state\": \"stale\", \"age_ms\": 61000, \"last\": {}", STALE,
         "no outcome for 61 s"},
        {"\"state\": \"stale\", \"age_ms\": 400, \"last\": {\"evidence\": \"200\"}",
         STALE, "no outcome for 400 ms; before that: 200"},
        {"\"state\": \"suspect\", \"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\","
         " \"evidence\": \"2s\"}",
         SUSPECT_SELF, "2s"},
        {"\"state\": \"blocked\", \"blocked_by\": \"other\", \"last\":"
         " {\"evidence\": \"200\"}",
         BLOCKED_BY, "waits for other"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[500];
        snprintf(json, sizeof json,
                 "{\"checks\": [{\"name\": \"c\", %s}, {\"name\": \"other\"}]}",
                 rows[i].check);
        FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
        BUF_AUTO struct buf evidence = {0};
        buf_puts(&evidence, "");
        describe_evidence(fixture.snapshot, 0, &evidence);
        assert_string_equal(evidence.data, rows[i].evidence);
        assert_int_equal(describe_reason(fixture.snapshot->checks[0]), rows[i].reason);
    }
}

static void test_describe_owner_of_blocked_is_the_blocker_s(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"app1\"}], \"checks\": ["
        "{\"name\": \"g\", \"role\": \"gateway_status\", \"state\": \"failing\","
        " \"last\": {\"kind\": \"fail\", \"reason\": \"GW_NOT_LIVE\"}},"
        "{\"name\": \"t\", \"role\": \"tenant_direct\", \"tenant\": \"app1\","
        " \"state\": \"blocked\", \"blocked_by\": \"g\"}]}");
    BUF_AUTO struct buf owner = {0};
    describe_owner(fixture.snapshot, 1, &owner);
    assert_string_equal(owner.data, "gateway");
}

static void test_describe_next_step_every_reason_has_one(void **state) {
    (void)state;
    assert_string_equal(describe_next_step(REASON_NONE), "");
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        const char *step = describe_next_step((enum reason)i);
        if (!step || strlen(step) < 10 || strlen(step) > 100 ||
            step[strlen(step) - 1] == '.')
            fail_msg("%s", reason_name((enum reason)i));
    }
}

static void test_describe_why_says_what_holds_the_verdict(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *why;
    } rows[] = {
        {"{}", "nothing is wrong"},
        {"{\"life\": \"starting\"}", "the first round of checks is not done yet"},
        {"{\"self\": {\"degraded\": true, \"text\": \"timer 300 ms late\"}}",
         "we are starved: timer 300 ms late"},
        {"{\"life\": \"starting\", \"self\": {\"degraded\": true}}", "we are starved"},
        {"{\"self\": {\"starved\": true}}", "nothing is wrong"},
        {"{\"override\": {\"verdict\": \"unhealthy\", \"reason\": \"move\"}}",
         "an override holds /healthz at unhealthy until 2026-03-01T12:10:00.250Z (move); "
         "measured: nothing is wrong"},
        {"{\"override\": {\"verdict\": \"degraded\", \"left_ms\": 0}}",
         "nothing is wrong"},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"pending\", \"since_ms\": 250}]}",
         "c is pending since 2026-03-01T12:00:00.000Z: no outcome yet"},
        {"{\"self\": {\"degraded\": true}, \"checks\": [{\"name\": \"c\", \"state\": "
         "\"failing\","
         " \"since_ms\": 250, \"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\","
         " \"evidence\": \"2s\"}}]}",
         "c is failing since 2026-03-01T12:00:00.000Z: TIMEOUT, the peer took too long "
         "to answer, owner platform: 2s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        BUF_AUTO struct buf why = {0};
        describe_why(fixture.snapshot, &why);
        assert_string_equal(why.data, rows[i].why);
    }
}

static void test_describe_no_cause_names_the_override(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *text;
        bool is_own_trouble;
    } rows[] = {
        {"{}", "nothing is wrong", false},
        {"{\"override\": {}}", "nothing but the override", false},
        {"{\"self\": {\"degraded\": true, \"text\": \"late\"}}", "we are starved: late",
         true},
        {"{\"override\": {}, \"life\": \"starting\"}",
         "the first round of checks is not done yet", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        BUF_AUTO struct buf text = {0};
        BUF_AUTO struct buf trouble = {0};
        describe_no_cause(fixture.snapshot, &text);
        assert_string_equal(text.data, rows[i].text);
        assert_int_equal(describe_own_trouble(fixture.snapshot, &trouble),
                         rows[i].is_own_trouble);
        assert_int_equal(trouble.len > 0, rows[i].is_own_trouble);
    }
}

static void test_describe_evidence_of_suspect_names_what_starves_us(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"self\": {\"starved\": true, \"text\": \"timer 300 ms late\"},"
                      " \"checks\": [{\"name\": \"c\", \"state\": \"suspect\","
                      " \"last\": {\"evidence\": \"200\"}}]}");
    BUF_AUTO struct buf evidence = {0};
    describe_evidence(fixture.snapshot, 0, &evidence);
    assert_string_equal(evidence.data,
                        "we are starved: timer 300 ms late; newest outcome: 200");
}

static void test_describe_age_picks_its_units(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {INT64_MIN, "0 ms"},
        {-1, "0 ms"},
        {0, "0 ms"},
        {1, "1 ms"},
        {999, "999 ms"},
        {1000, "1 s"},
        {119999, "119 s"},
        {120000, "2 min"},
        {3599999, "59 min"},
        {3600000, "1 h 0 min"},
        {86399999, "23 h 59 min"},
        {86400000, "1 d 0 h"},
        {INT64_MAX, "106751991167 d 7 h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DESCRIBE_AGE_MAX];
        assert_string_equal(describe_age(rows[i].ms, text), rows[i].text);
    }
}

static void test_describe_us_shows_milliseconds(void **state) {
    (void)state;
    char text[DESCRIBE_US_MAX];
    assert_string_equal(describe_us(0, text), "0.000 ms");
    assert_string_equal(describe_us(2145, text), "2.145 ms");
    assert_string_equal(describe_us(INT64_MAX, text), "9223372036854775.807 ms");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe_owner_depends_on_what_is_looked_at),
        cmocka_unit_test(test_describe_reason_and_evidence_explain_the_state),
        cmocka_unit_test(test_describe_owner_of_blocked_is_the_blocker_s),
        cmocka_unit_test(test_describe_next_step_every_reason_has_one),
        cmocka_unit_test(test_describe_why_says_what_holds_the_verdict),
        cmocka_unit_test(test_describe_no_cause_names_the_override),
        cmocka_unit_test(test_describe_evidence_of_suspect_names_what_starves_us),
        cmocka_unit_test(test_describe_age_picks_its_units),
        cmocka_unit_test(test_describe_us_shows_milliseconds),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
