/* kube-apiserver's grammar, and the verdict without excluded checks. */
#include "view/verbose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "fixture.h"
#include "noise.h"

static const struct verbose_facts live = {.is_live = true};

/* A failing critical check "a" and a passing one "b" under a policy. */
static struct fixture two_checks(const char *policy, const char *more) {
    char json[600];
    snprintf(
        json, sizeof json,
        "{\"policy\": \"%s\", %s \"checks\": [{\"name\": \"a\", \"state\": \"failing\","
        " \"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\","
        " \"evidence\": \"no answer within 2s\"}}, {\"name\": \"b\", \"last\": {}}]}",
        policy, more);
    return fixture_parse(json);
}

static void assert_verbose(const struct fixture *fixture, const struct view_query *query,
                           enum verbose_endpoint endpoint, bool is_live, int status,
                           const char *body) {
    const struct verbose_facts facts = {.is_live = is_live};
    BUF_AUTO struct buf out = {0};
    assert_int_equal(view_verbose(fixture->snapshot, query, endpoint, &facts, &out),
                     status);
    assert_string_equal(out.data, body);
}

static void test_view_verbose_healthz_lists_and_concludes(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        struct view_query query;
        int status;
        const char *body;
    } rows[] = {
        {"serve", {0}, 200, "degraded\n"},
        {"serve",
         {.verbose = true},
         200,
         "[-]a failed: TIMEOUT no answer within 2s\n[+]b ok\nhealthz check passed\n"},
        {"strict",
         {0},
         503,
         "[-]a failed: TIMEOUT no answer within 2s\n[+]b ok\nhealthz check failed\n"},
        {"strict",
         {.verbose = true, .exclude = {"a"}, .exclude_count = 1},
         200,
         "[+]a excluded: ok\n[+]b ok\nhealthz check passed\n"},
        {"strict", {.exclude = {"a"}, .exclude_count = 1}, 200, "healthy\n"},
        {"strict",
         {.exclude = {"b", "c", "b"}, .exclude_count = 3},
         503,
         "[-]a failed: TIMEOUT no answer within 2s\n[+]b excluded: ok\n"
         "warn: some health checks cannot be excluded: no matches for \"c\"\n"
         "healthz check failed\n"},
        {"serve", {.exclude = {"c"}, .exclude_count = 1}, 200, "degraded\n"},
        {"serve",
         {.verbose = true, .exclude = {"", "x\"y\n", "", "a/b"}, .exclude_count = 4},
         200,
         "[-]a failed: TIMEOUT no answer within 2s\n[+]b ok\n"
         "warn: some health checks cannot be excluded: no matches for "
         "\"\",\"x\\\"y\\n\",\"a/b\"\nhealthz check passed\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = two_checks(rows[i].policy, "");
        assert_verbose(&fixture, &rows[i].query, VERBOSE_HEALTHZ, true, rows[i].status,
                       rows[i].body);
    }
}

static void test_view_verbose_states_that_do_not_fail_are_ok(void **state) {
    (void)state;
    static const char *const states[] = {"pending", "stale", "suspect", "blocked"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        char json[100];
        char body[100];
        snprintf(json, sizeof json,
                 "{\"checks\": [{\"name\": \"a/b\", \"state\": \"%s\"}]}", states[i]);
        snprintf(body, sizeof body, "[+]a/b ok (%s)\nhealthz check passed\n", states[i]);
        FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
        assert_verbose(&fixture, &fixture.query, VERBOSE_HEALTHZ, true, 200, body);
    }
}

static void test_view_verbose_override_is_listed_and_stays(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture down =
        two_checks("serve", "\"override\": {\"reason\": \"move\"},");
    FIXTURE_AUTO struct fixture up =
        two_checks("strict", "\"override\": {\"verdict\": \"healthy\"},");
    const struct view_query none = {.exclude = {"a", "override"}, .exclude_count = 2};
    assert_verbose(&down, &none, VERBOSE_HEALTHZ, true, 503,
                   "[+]a excluded: ok\n[+]b ok\n"
                   "[-]override failed: held at unhealthy: move\n"
                   "warn: some health checks cannot be excluded: no matches for "
                   "\"override\"\nhealthz check failed\n");
    assert_verbose(&up, &up.query, VERBOSE_HEALTHZ, true, 200,
                   "[-]a failed: TIMEOUT no answer within 2s\n[+]b ok\n"
                   "[+]override ok (held at healthy: no reason given)\n"
                   "healthz check passed\n");
}

static void test_view_verbose_exclusion_keeps_what_else_degrades(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture starting =
        two_checks("strict", "\"life\": \"starting\",");
    FIXTURE_AUTO struct fixture starved = fixture_parse(
        "{\"self\": {\"degraded\": true}, \"checks\": [{\"name\": \"a\"}]}");
    const struct view_query query = {.exclude = {"a"}, .exclude_count = 1};
    assert_verbose(&starting, &query, VERBOSE_HEALTHZ, true, 200, "degraded\n");
    assert_verbose(&starved, &query, VERBOSE_HEALTHZ, true, 200, "degraded\n");
}

static void test_view_verbose_exclusion_repairs_the_tenant(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"policy\": \"quorum\", \"tenants\": [{\"name\": \"app1\"}], \"checks\": ["
        "{\"name\": \"tenant/app1/routed\", \"tenant\": \"app1\", \"state\": "
        "\"failing\"},"
        "{\"name\": \"tenant/app1/direct\", \"tenant\": \"app1\", \"severity\": "
        "\"warning\","
        " \"state\": \"failing\"}]}");
    struct view_query query = {.exclude = {"tenant/app1/routed"}, .exclude_count = 1};
    BUF_AUTO struct buf out = {0};
    assert_int_equal(view_verbose(fixture.snapshot, &query, VERBOSE_HEALTHZ, &live, &out),
                     200);
    assert_string_equal(out.data, "degraded\n");
    query.exclude_count = 0;
    buf_clear(&out);
    assert_int_equal(view_verbose(fixture.snapshot, &query, VERBOSE_HEALTHZ, &live, &out),
                     503);
}

static void test_view_verbose_readyz_follows_the_life(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int status;
        const char *plain;
        const char *verbose;
    } rows[] = {
        {"{}", 200, "ready\n",
         "[+]config ok\n[+]first-round ok\n[+]drain ok\nreadyz check passed\n"},
        {"{\"life\": \"starting\"}", 503,
         "[+]config ok\n[-]first-round failed: not done yet\n[+]drain ok\n"
         "readyz check failed\n",
         "[+]config ok\n[-]first-round failed: not done yet\n[+]drain ok\n"
         "readyz check failed\n"},
        {"{\"life\": \"draining\"}", 503,
         "[+]config ok\n[+]first-round ok\n[-]drain failed: draining\n"
         "readyz check failed\n",
         "[+]config ok\n[+]first-round ok\n[-]drain failed: draining\n"
         "readyz check failed\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        const struct view_query plain = {0};
        assert_verbose(&fixture, &plain, VERBOSE_READYZ, false, rows[i].status,
                       rows[i].plain);
        assert_verbose(&fixture, &fixture.query, VERBOSE_READYZ, true, rows[i].status,
                       rows[i].verbose);
    }
}

static void test_view_verbose_livez_follows_the_engine_alone(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = two_checks("strict", "\"life\": \"draining\",");
    const struct view_query query = {.exclude = {"engine"}, .exclude_count = 1};
    assert_verbose(&fixture, &query, VERBOSE_LIVEZ, true, 200, "live\n");
    assert_verbose(&fixture, &fixture.query, VERBOSE_LIVEZ, true, 200,
                   "[+]engine ok\nlivez check passed\n");
    assert_verbose(&fixture, &query, VERBOSE_LIVEZ, false, 503,
                   "[-]engine failed: no turn for too long\n"
                   "warn: some health checks cannot be excluded: no matches for "
                   "\"engine\"\nlivez check failed\n");
}

static void test_view_verbose_any_bytes_stay_in_their_line(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = two_checks("serve", "");
    uint64_t seed = 99;
    for (int round = 0; round < 3000; round++) {
        char texts[VIEW_EXCLUDE_MAX][24];
        struct view_query query = {.verbose = true};
        query.exclude_count = noise_next(&seed) % (VIEW_EXCLUDE_MAX + 1);
        for (size_t i = 0; i < query.exclude_count; i++)
            query.exclude[i] =
                noise_text(&seed, round % 2 ? "ab" : NULL, 2, texts[i], sizeof texts[i]);
        BUF_AUTO struct buf out = {0};
        view_verbose(fixture.snapshot, &query, VERBOSE_HEALTHZ, &live, &out);
        int lines = 0;
        for (const char *at = out.data; *at != '\0'; at++)
            lines += *at == '\n';
        assert_true(lines == 3 || (lines == 4 && strstr(out.data, "\nwarn: ")));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_verbose_healthz_lists_and_concludes),
        cmocka_unit_test(test_view_verbose_states_that_do_not_fail_are_ok),
        cmocka_unit_test(test_view_verbose_override_is_listed_and_stays),
        cmocka_unit_test(test_view_verbose_exclusion_keeps_what_else_degrades),
        cmocka_unit_test(test_view_verbose_exclusion_repairs_the_tenant),
        cmocka_unit_test(test_view_verbose_readyz_follows_the_life),
        cmocka_unit_test(test_view_verbose_livez_follows_the_engine_alone),
        cmocka_unit_test(test_view_verbose_any_bytes_stay_in_their_line),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
