/* /census: silence is loud, what is not known is not invented, and documented keys. */
#include "view/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "documented_json.h"
#include "fds.h"
#include "fixture.h"

static const char *const json_text =
    "{\"census\": {"
    " \"appgw\": {\"count\": 480, \"ago_ms\": 170000, \"median_ms\": 4990,"
    "  \"silent_after_ms\": 100000, \"silent\": true},"
    " \"kubelet\": {\"count\": 2, \"ago_ms\": 900},"
    " \"sources\": ["
    "  {\"class\": \"kubelet\", \"address\": \"10.244.1.1\", \"agent\": "
    "\"kube-probe/1.31\","
    "   \"host\": \"10.244.1.9:8080\", \"path\": \"ready\", \"count\": 2, \"ago_ms\": "
    "900,"
    "   \"answer\": \"ready\"},"
    "  {\"class\": \"appgw\", \"address\": \"10.1.0.4\", \"via\": \"10.0.0.4\","
    "   \"host\": \"apps.example.com\", \"count\": 480, \"ago_ms\": 170000,"
    "   \"median_ms\": 4990, \"jitter_ms\": 21, \"answer\": \"degraded\", \"attempt\": 2,"
    "   \"retried\": 3}]}}";

static json_t *json_of(const struct fixture *fixture) {
    json_error_t error;
    BUF_AUTO struct buf out = {0};
    view_census_json(fixture->snapshot, &out);
    json_t *json = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out.data);
    return json;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static json_int_t int_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static bool is_null(const json_t *object, const char *key) {
    return json_is_null(json_object_get(object, key));
}

static void test_view_census_text_silence_comes_first(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    BUF_AUTO struct buf out = {0};
    view_census_text(fixture.snapshot, &out);
    assert_string_equal(
        strstr(out.data, "share"),
        "share     this replica's share: the gateway spreads the probes over all "
        "replicas\n"
        "SILENT    Application Gateway has not asked for 2 min, usually every 5.0 s\n"
        "\n"
        "CLASSES\n"
        "appgw          SILENT: 480 times, newest 2 min ago, one every 5.0 s, silent\n"
        "               after 100 s\n"
        "kubelet        2 times, newest 900 ms ago\n"
        "load_balancer  never\n"
        "self           never\n"
        "operator       never\n"
        "unknown        never\n"
        "\n"
        "SOURCES, the newest first\n"
        "kubelet        10.244.1.1 asks ready of 10.244.1.9:8080 as kube-probe/1.31: 2\n"
        "               times, newest 900 ms ago; told \"ready\"\n"
        "appgw          10.1.0.4 via 10.0.0.4 asks healthz of apps.example.com: 480\n"
        "               times, newest 2 min ago, every 5.0 s, give or take 21 ms; told\n"
        "               \"degraded\", attempt 2, 3 retried\n");
}

static void test_view_census_text_without_subnets_appgw_cannot_be_told(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"gateway\": {\"subnets\": false}, \"census\": {}}");
    FIXTURE_AUTO struct fixture uncounted = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_census_text(fixture.snapshot, &out);
    assert_non_null(strstr(out.data, "\nappgw          not told from others: "
                                     "clients.appgw_subnets is empty\n"));
    assert_non_null(strstr(out.data, "\nno sources yet\n"));
    assert_null(strstr(out.data, "SILENT"));
    buf_clear(&out);
    view_census_text(uncounted.snapshot, &out);
    assert_non_null(strstr(out.data, "\n          nothing is counted yet\n"));
}

static void test_view_census_json_says_every_class_and_source(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    json_t *json = json_of(&fixture);
    const json_t *classes = json_object_get(json, "classes");
    const json_t *appgw = json_array_get(classes, PROBER_APPGW);
    const json_t *never = json_array_get(classes, PROBER_LOAD_BALANCER);
    const json_t *sources = json_object_get(json, "sources");
    const json_t *kubelet = json_array_get(sources, 0);
    const json_t *instance = json_array_get(sources, 1);
    assert_int_equal(json_array_size(classes), PROBER_COUNT);
    assert_string_equal(text_of(appgw, "class"), "appgw");
    assert_true(json_is_true(json_object_get(appgw, "silent")));
    assert_int_equal(int_of(appgw, "age_ms"), 170000);
    assert_int_equal(int_of(appgw, "silent_after_ms"), 100000);
    assert_string_equal(text_of(appgw, "last_seen"), "2026-03-01T11:57:10.250Z");
    assert_int_equal(int_of(never, "count"), 0);
    assert_true(is_null(never, "last_seen") && is_null(never, "age_ms"));
    assert_true(is_null(never, "median_ms") && is_null(never, "silent_after_ms"));
    assert_true(is_null(kubelet, "via") && is_null(kubelet, "median_ms"));
    assert_true(is_null(kubelet, "jitter_ms") && is_null(kubelet, "last_attempt"));
    assert_string_equal(text_of(instance, "via"), "10.0.0.4");
    assert_string_equal(text_of(instance, "last_answer"), "degraded");
    assert_int_equal(int_of(instance, "median_ms"), 4990);
    assert_int_equal(int_of(instance, "jitter_ms"), 21);
    assert_int_equal(int_of(instance, "last_attempt"), 2);
    assert_int_equal(int_of(instance, "retried"), 3);
    assert_int_equal(int_of(instance, "first_age_ms"), 4000000);
    json_decref(json);
}

static void test_view_census_json_every_key_is_documented(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    FIXTURE_AUTO struct fixture uncounted = fixture_parse("{}");
    json_t *json = json_of(&fixture);
    assert_documented(DOCS "/path-json.md", json);
    json_decref(json);
    json = json_of(&uncounted);
    assert_int_equal(json_array_size(json_object_get(json, "classes")), 0);
    assert_true(json_is_array(json_object_get(json, "sources")));
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_census_text_silence_comes_first),
        cmocka_unit_test(test_view_census_text_without_subnets_appgw_cannot_be_told),
        cmocka_unit_test(test_view_census_json_says_every_class_and_source),
        cmocka_unit_test(test_view_census_json_every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
