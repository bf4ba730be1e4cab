/* The words about checks and paths: evidence, ages, and why. */
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

/* One routed check that fails. */
#define REDIRECT                                                                         \
    "\"tenants\": [{\"name\": \"app1\", \"route\": \"/app1\"}], \"checks\": ["           \
    "{\"name\": \"c\", \"tenant\": \"app1\", \"role\": \"tenant_routed\","               \
    " \"state\": \"failing\", \"last\": {\"kind\": \"fail\", \"reason\": "               \
    "\"GW_REDIRECT\","                                                                   \
    " \"evidence\": \"301\"}}]"
#define REDIRECT_WHY                                                                     \
    "the route of /app1 answers with a redirect instead of the application "             \
    "(GW_REDIRECT, owner tenant:app1)"

static void test_describe_why_says_what_holds_and_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *why;
    } rows[] = {
        {"{}", "nothing is wrong"},
        {"{\"self\": {\"starved\": true}}", "nothing is wrong"},
        {"{\"override\": {\"verdict\": \"degraded\", \"left_ms\": 0}}",
         "nothing is wrong"},
        {"{\"life\": \"starting\"}", "nothing is known to be wrong; the first round of "
                                     "checks is not done yet"},
        {"{\"life\": \"starting\", \"checks\": [{\"name\": \"c\", \"state\": "
         "\"pending\"}]}",
         "nothing is known to be wrong; the first round of checks is not done yet; c is "
         "pending"},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"pending\"}]}",
         "nothing is known to be wrong; c is pending"},
        {"{" REDIRECT "}", "app1: route is broken: " REDIRECT_WHY},
        {"{\"policy\": \"quorum\", \"override\": {\"verdict\": \"healthy\","
         " \"reason\": \"move\"}, " REDIRECT "}",
         "override: /healthz is held at healthy by hand for another 10 min, until "
         "2026-03-01T12:10:00.250Z, over policy quorum, which measures unhealthy: move; "
         "measured: app1: route is broken: " REDIRECT_WHY},
        {"{\"override\": {\"left_ms\": 1}}",
         "override: /healthz is held at unhealthy by hand for another 1 ms, until "
         "2026-03-01T12:00:00.251Z, over policy serve, which measures healthy: no reason "
         "given; measured: nothing is wrong"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        BUF_AUTO struct buf why = {0};
        describe_why(&fixture.diagnosis, &why);
        assert_string_equal(why.data, rows[i].why);
    }
}

static void test_describe_why_stuck_engine_and_starvation_are_ours(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture stuck = fixture_parse("{\"process\": {\"live\": false}}");
    FIXTURE_AUTO struct fixture starved = fixture_parse(
        "{\"self\": {\"degraded\": true, \"text\": \"a timer came 300 ms late\"}}");
    BUF_AUTO struct buf why = {0};
    describe_why(&stuck.diagnosis, &why);
    assert_non_null(strstr(why.data, "self is broken: our engine has stopped"));
    buf_clear(&why);
    describe_why(&starved.diagnosis, &why);
    assert_non_null(strstr(why.data, "a timer came 300 ms late"));
    assert_non_null(strstr(why.data, "owner us"));
}

static void test_describe_tenant_calm_is_named_as_well(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture calm =
        fixture_parse("{\"tenants\": [{\"name\": \"app1\"}]}");
    FIXTURE_AUTO struct fixture broken = fixture_parse("{" REDIRECT "}");
    struct path_report report;
    BUF_AUTO struct buf text = {0};
    path_diagnose(&calm.diagnosis.survey, 0, &report);
    describe_tenant(&calm.diagnosis.survey, &report, &text);
    assert_string_equal(text.data, "app1: nothing is wrong");
    buf_clear(&text);
    path_diagnose(&calm.diagnosis.survey, CONFIG_NO_TENANT, &report);
    describe_tenant(&calm.diagnosis.survey, &report, &text);
    assert_string_equal(text.data, "nothing is wrong");
    buf_clear(&text);
    path_diagnose(&broken.diagnosis.survey, 0, &report);
    describe_tenant(&broken.diagnosis.survey, &report, &text);
    assert_string_equal(text.data, "app1: route is broken: " REDIRECT_WHY);
}

static void test_describe_hop_says_what_there_is(void **state) {
    (void)state;
    static const struct {
        struct path_hop hop;
        const char *text;
    } rows[] = {
        {{.evidence = "c: 200", .age_ms = 812}, "c: 200 (812 ms ago)"},
        {{.evidence = "not tested", .age_ms = -1}, "not tested"},
        {{.evidence = "", .age_ms = 0}, " (0 ms ago)"},
        {{.evidence = "c: 404", .reason = GW_NO_ROUTE, .age_ms = 61000},
         "GW_NO_ROUTE, c: 404 (61 s ago)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf text = {0};
        describe_hop(&rows[i].hop, &text);
        assert_string_equal(text.data, rows[i].text);
    }
}

static void test_describe_command_takes_one_after_the_other(void **state) {
    (void)state;
    static const struct {
        const char *next_step;
        const char *commands[3]; /* up to the first NULL */
    } rows[] = {
        {"", {NULL}},
        {";", {NULL}},
        {"a b", {"a b", NULL}},
        {"a; b; c", {"a", "b", "c"}},
        {"a 'x; y'; b", {"a 'x; y'", "b", NULL}},
        {"a 'x; y", {"a 'x; y", NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *rest = rows[i].next_step;
        BUF_AUTO struct buf command = {0};
        int count = 0;
        for (; count < 3 && rows[i].commands[count]; count++) {
            assert_true(describe_command(&rest, &command));
            assert_string_equal(command.data, rows[i].commands[count]);
        }
        assert_false(describe_command(&rest, &command));
        assert_string_equal(rest, "");
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
        cmocka_unit_test(test_describe_reason_and_evidence_explain_the_state),
        cmocka_unit_test(test_describe_why_says_what_holds_and_what_is_wrong),
        cmocka_unit_test(test_describe_why_stuck_engine_and_starvation_are_ours),
        cmocka_unit_test(test_describe_tenant_calm_is_named_as_well),
        cmocka_unit_test(test_describe_hop_says_what_there_is),
        cmocka_unit_test(test_describe_command_takes_one_after_the_other),
        cmocka_unit_test(test_describe_evidence_of_suspect_names_what_starves_us),
        cmocka_unit_test(test_describe_age_picks_its_units),
        cmocka_unit_test(test_describe_us_shows_milliseconds),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
