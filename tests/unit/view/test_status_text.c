/* Text for a terminal: what is shown, in which order, and what filters leave. */
#include "view/status_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "fixture.h"

static const char *const json =
    "{\"tenants\": [{\"name\": \"app1\"}, {\"name\": \"app2\", \"route\": \"/app2\","
    " \"critical\": false}], \"checks\": [{\"name\": \"tenant/app1/routed\","
    "  \"role\": \"tenant_routed\", \"tenant\": \"app1\", \"last\": {}},"
    " {\"name\": \"tenant/app2/routed\", \"role\": \"tenant_routed\","
    "  \"tenant\": \"app2\", \"state\": \"failing\","
    "  \"since_ms\": 61000, \"last\": {\"kind\": \"fail\", \"reason\": \"GW_NO_ROUTE\","
    "  \"evidence\": \"404\"}}]}";

/* From the first to behind the last line that starts like this. */
static void assert_section(const struct buf *out, const char *start, const char *rest) {
    const char *at = strstr(out->data, start);
    assert_non_null(at);
    assert_string_equal(at, rest);
}

static void test_view_status_text_trouble_comes_first(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
    BUF_AUTO struct buf out = {0};
    view_status_text(&fixture.diagnosis, NULL, &out);
    assert_int_equal(strncmp(out.data, "verdict   degraded for 3 min", 28), 0);
    assert_section(
        &out, "TENANTS",
        "TENANTS, 1 of 1 critical ones up\n"
        "healthy   app1: nothing is wrong, for 1 h 6 min\n"
        "unhealthy app2: route is broken: no HTTPRoute matches /app2 on host\n"
        "          apps.example.com (GW_NO_ROUTE, owner tenant:app2), for 1 h 6 min, "
        "not\n          critical\n"
        "\nCHECKS\n"
        "failing   tenant/app2/routed  61 s  GW_NO_ROUTE 404\n"
        "passing   tenant/app1/routed  1 h 6 min\n");
}

static void test_view_status_text_filters_leave_the_verdict(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
    static const struct {
        struct view_query query;
        const char *rest;
    } rows[] = {
        {{.tenant = "app1"},
         "TENANTS, 1 of 1 critical ones up\nhealthy   app1: nothing is wrong, for 1 h 6 "
         "min\n"
         "\nCHECKS\npassing   tenant/app1/routed  1 h 6 min\n"},
        {{.tenant = "app1", .state = "failing"},
         "TENANTS, 1 of 1 critical ones up\nhealthy   app1: nothing is wrong, for 1 h 6 "
         "min\n"
         "\nno checks\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf out = {0};
        view_status_text(&fixture.diagnosis, &rows[i].query, &out);
        assert_int_equal(strncmp(out.data, "verdict   degraded", 18), 0);
        assert_section(&out, "TENANTS", rows[i].rest);
    }
}

static void test_view_status_text_names_the_pod_and_the_override(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"instance\": \"pod-1\", \"override\": {\"verdict\": \"degraded\"}}");
    BUF_AUTO struct buf out = {0};
    view_status_text(&fixture.diagnosis, NULL, &out);
    assert_non_null(strstr(out.data, "\npod       pod-1, health-responder " HR_VERSION));
    assert_non_null(strstr(out.data, "\nOVERRIDE  /healthz is held at degraded by hand "
                                     "for another 10 min, until\n"));
    assert_non_null(strstr(out.data, "\ncause     nothing is wrong\n"));
}

static void test_view_check_text_of_a_check_without_runs(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"checks\": [{\"name\": \"c\", \"state\": \"pending\", \"since_ms\": 250,"
        " \"streak\": 0}]}");
    BUF_AUTO struct buf out = {0};
    view_check_text(&fixture.diagnosis, 0, &out);
    assert_string_equal(
        out.data,
        "check     c\n"
        "state     pending for 250 ms, since 2026-03-01T12:00:00.000Z\n"
        "is        http, critical, shared\n"
        "timing    every 5s, 1s between states, 5s while failing; rise 2, "
        "fall 3\n"
        "counted   pending; 0 failed in a row\n"
        "runs      0: 0 passed, 0 failed, 0 late; 0 skipped\n"
        "pod       health-responder-5d8f7c9b6-x2x7k, 2026-03-01T12:00:00.250Z\n");
}

static void test_view_check_text_says_what_is_wrong_on_its_path(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
    BUF_AUTO struct buf first = {0};
    BUF_AUTO struct buf second = {0};
    view_check_text(&fixture.diagnosis, 0, &first);
    view_check_text(&fixture.diagnosis, 1, &second);
    assert_null(strstr(first.data, "\npath "));
    assert_non_null(strstr(second.data, "\npath      app2: route is broken: "));
    assert_non_null(strstr(second.data, "\ndo\nkubectl "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_status_text_trouble_comes_first),
        cmocka_unit_test(test_view_status_text_filters_leave_the_verdict),
        cmocka_unit_test(test_view_status_text_names_the_pod_and_the_override),
        cmocka_unit_test(test_view_check_text_of_a_check_without_runs),
        cmocka_unit_test(test_view_check_text_says_what_is_wrong_on_its_path),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
