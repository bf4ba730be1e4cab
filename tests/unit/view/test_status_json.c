/* Our JSON schema: values, filters, odd bytes, and that every key is documented. */
#include "view/status_json.h"

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

static const char *const full_json =
    "{\"override\": {\"reason\": \"move\"}, \"reload\": {\"ok\": false, \"errors\": "
    "[\"e\"]},"
    " \"effective\": \"{\\\"tenants\\\": []}\","
    " \"tenants\": [{\"name\": \"app1\", \"route\": \"/app1\"}, {\"name\": \"app2\"}],"
    " \"checks\": [{\"name\": \"gateway/status\"},"
    " {\"name\": \"tenant/app1/routed\", \"tenant\": \"app1\", \"state\": \"failing\","
    "  \"role\": \"tenant_routed\","
    "  \"parents\": [\"gateway/status\"], \"age_ms\": 812, \"counts\": [5, 1, 4, 2, 3],"
    "  \"last\": {\"kind\": \"fail\", \"reason\": \"GW_REDIRECT\", \"http_status\": 301,"
    "   \"remote\": \"10.0.0.4:80\", \"evidence\": \"301, empty\", \"addresses\": [3, 2, "
    "1],"
    "   \"phases_us\": [1, 2, 3, 4, 5]},"
    "  \"failure\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\", \"phases_us\": [1]}},"
    " {\"name\": \"tenant/app2/routed\", \"tenant\": \"app2\", \"state\": \"blocked\","
    "  \"blocked_by\": \"gateway/status\"}]}";

static json_t *parse(const struct buf *out) {
    json_error_t error;
    json_t *json = json_loads(out->data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out->data);
    return json;
}

static json_t *status_of(const struct fixture *fixture, const struct view_query *query) {
    BUF_AUTO struct buf out = {0};
    view_status_json(&fixture->diagnosis, query, &out);
    return parse(&out);
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

static void test_view_status_json_says_the_whole(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    json_t *status = status_of(&fixture, NULL);
    const json_t *cause = json_object_get(status, "root_cause");
    const json_t *override = json_object_get(status, "override");
    assert_int_equal(int_of(status, "schema"), VIEW_SCHEMA_VERSION);
    assert_string_equal(text_of(status, "instance"), "health-responder-5d8f7c9b6-x2x7k");
    assert_string_equal(text_of(status, "version"), HR_VERSION);
    assert_string_equal(text_of(status, "taken"), "2026-03-01T12:00:00.250Z");
    assert_string_equal(text_of(status, "verdict"), "unhealthy");
    assert_string_equal(text_of(status, "policy"), "serve");
    assert_string_equal(text_of(json_object_get(status, "policies"), "serve"),
                        "degraded");
    assert_string_equal(text_of(json_object_get(status, "policies"), "strict"),
                        "unhealthy");
    assert_true(json_is_true(json_object_get(override, "active")));
    assert_string_equal(text_of(override, "until"), "2026-03-01T12:10:00.250Z");
    assert_string_equal(text_of(cause, "check"), "tenant/app1/routed");
    assert_string_equal(text_of(cause, "reason"), "GW_REDIRECT");
    assert_string_equal(text_of(cause, "tenant"), "app1");
    assert_string_equal(text_of(cause, "state"), "fail");
    assert_string_equal(text_of(cause, "broken_hop"), "route");
    assert_non_null(strstr(text_of(cause, "evidence"), "301, empty"));
    assert_string_equal(text_of(cause, "since"), "2026-03-01T10:53:20.250Z");
    assert_true(strlen(text_of(cause, "next_step")) > 0);
    assert_true(
        json_is_false(json_object_get(json_object_get(status, "reload"), "last_ok")));
    assert_int_equal(json_array_size(json_object_get(status, "tenants")), 2);
    assert_int_equal(json_array_size(json_object_get(status, "checks")), 3);
    json_decref(status);
}

/* One diagnosis for all: the root cause, the tenant, the check's own document. */
static void test_view_status_json_tenant_agrees_with_the_root_cause(void **state) {
    (void)state;
    static const char *const keys[] = {"broken_hop", "owner",     "reason",
                                       "summary",    "next_step", "rule"};
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    view_check_json(&fixture.diagnosis, 1, &out);
    json_t *status = status_of(&fixture, NULL);
    json_t *check = parse(&out);
    const json_t *cause = json_object_get(status, "root_cause");
    const json_t *tenant = json_array_get(json_object_get(status, "tenants"), 0);
    const json_t *path = json_object_get(check, "path");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_true(json_is_string(json_object_get(cause, keys[i])));
        assert_true(json_equal(json_object_get(cause, keys[i]),
                               json_object_get(tenant, keys[i])));
        assert_true(
            json_equal(json_object_get(cause, keys[i]), json_object_get(path, keys[i])));
    }
    json_decref(check);
    json_decref(status);
}

static void test_view_status_json_calm_path_is_null(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"tenants\": [{\"name\": \"app1\"}]}");
    json_t *status = status_of(&fixture, NULL);
    const json_t *tenant = json_array_get(json_object_get(status, "tenants"), 0);
    assert_true(is_null(status, "root_cause") && is_null(status, "override"));
    assert_true(is_null(tenant, "broken_hop") && is_null(tenant, "owner"));
    assert_true(is_null(tenant, "reason") && is_null(tenant, "rule"));
    assert_string_equal(text_of(tenant, "summary"), "nothing is wrong");
    assert_string_equal(text_of(tenant, "next_step"), "");
    json_decref(status);
}

static void test_view_status_json_says_a_check(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    json_t *status = status_of(&fixture, NULL);
    const json_t *checks = json_object_get(status, "checks");
    const json_t *never = json_array_get(checks, 0);
    const json_t *check = json_array_get(checks, 1);
    const json_t *last = json_object_get(check, "last");
    assert_true(is_null(never, "age_ms") && is_null(never, "last"));
    assert_true(is_null(never, "tenant") && is_null(never, "reason"));
    assert_true(is_null(never, "blocked_by"));
    assert_string_equal(text_of(check, "scope"), "tenant:app1");
    assert_string_equal(text_of(check, "tenant"), "app1");
    assert_string_equal(text_of(check, "streak_of"), "fail");
    assert_int_equal(int_of(check, "age_ms"), 812);
    assert_int_equal(int_of(check, "next_run_ms"), 3500);
    assert_int_equal(int_of(check, "runs"), 5);
    assert_int_equal(int_of(check, "skipped"), 3);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(check, "depends_on"), 0)),
        "gateway/status");
    assert_string_equal(text_of(last, "at"), "2026-03-01T11:59:59.438Z");
    assert_int_equal(int_of(last, "http_status"), 301);
    assert_int_equal(int_of(last, "addresses_failed"), 2);
    assert_int_equal(int_of(json_object_get(last, "phases_us"), "tls"), 3);
    const json_t *failure = json_object_get(check, "failure");
    assert_true(is_null(failure, "http_status") && is_null(failure, "remote"));
    assert_int_equal(json_object_size(json_object_get(failure, "phases_us")), 1);
    assert_string_equal(text_of(json_array_get(checks, 2), "blocked_by"),
                        "gateway/status");
    json_decref(status);
}

static void test_view_status_json_filters_choose_tenants_and_checks(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    static const struct {
        struct view_query query;
        size_t tenants;
        size_t checks;
    } rows[] = {
        {{0}, 2, 3},
        {{.tenant = "app1"}, 1, 1},
        {{.check = "tenant"}, 2, 2},
        {{.state = "failing"}, 2, 1},
        {{.tenant = "app2", .state = "failing"}, 1, 0},
        {{.tenant = "none"}, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *status = status_of(&fixture, &rows[i].query);
        assert_int_equal(json_array_size(json_object_get(status, "tenants")),
                         rows[i].tenants);
        assert_int_equal(json_array_size(json_object_get(status, "checks")),
                         rows[i].checks);
        assert_string_equal(text_of(status, "verdict"), "unhealthy");
        json_decref(status);
    }
}

static void test_view_status_json_lines_can_be_searched(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    size_t lines = 0;
    view_status_json(&fixture.diagnosis, NULL, &out);
    for (const char *at = out.data; (at = strstr(at, "\n    {\"name\": \"")); at++)
        lines++;
    assert_int_equal(lines, 5);
    assert_non_null(strstr(out.data, "\n  \"verdict\": \"unhealthy\",\n"));
}

static void test_view_check_json_has_the_same_keys_and_the_head(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    view_check_json(&fixture.diagnosis, 1, &out);
    json_t *status = status_of(&fixture, NULL);
    json_t *check = parse(&out);
    const json_t *same = json_array_get(json_object_get(status, "checks"), 1);
    const char *key;
    json_t *value;
    json_object_foreach(json_array_get(json_object_get(status, "checks"), 1), key, value)
        assert_true(json_equal(json_object_get(check, key), value));
    assert_int_equal(json_object_size(check), json_object_size(same) + 6);
    assert_string_equal(text_of(check, "instance"), text_of(status, "instance"));
    assert_string_equal(text_of(json_object_get(check, "path"), "broken_hop"), "route");
    json_decref(check);
    json_decref(status);
}

static void test_view_config_json_holds_the_effective_one(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    view_config_json(fixture.snapshot, &out);
    json_t *json = parse(&out);
    const json_t *reload = json_object_get(json, "reload");
    assert_true(
        json_is_array(json_object_get(json_object_get(json, "config"), "tenants")));
    assert_string_equal(text_of(json, "loaded"), "2026-03-01T10:36:50.250Z");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(reload, "errors"), 0)), "e");
    json_decref(json);
    fixture.snapshot->config->effective = NULL;
    buf_clear(&out);
    view_config_json(fixture.snapshot, &out);
    json = parse(&out);
    assert_true(is_null(json, "config"));
    json_decref(json);
}

static void test_view_status_json_odd_bytes_are_replaced(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"instance\": \"a\\\"b\\ue0ff\\u0001\", \"checks\": [{\"name\": "
                      "\"\\n\\\\\"}]}");
    json_t *status = status_of(&fixture, NULL);
    assert_string_equal(text_of(status, "instance"), "a\"b? ");
    assert_string_equal(
        text_of(json_array_get(json_object_get(status, "checks"), 0), "name"), "\n\\");
    json_decref(status);
}

static void test_view_status_json_every_key_is_documented(void **state) {
    (void)state;
    static const char docs[] = DOCS "/status-json.md";
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf config = {0};
    BUF_AUTO struct buf check = {0};
    json_t *json = status_of(&fixture, NULL);
    assert_documented(docs, json);
    json_decref(json);
    view_check_json(&fixture.diagnosis, 1, &check);
    json = parse(&check);
    assert_documented(docs, json);
    json_decref(json);
    view_config_json(fixture.snapshot, &config);
    json = parse(&config);
    json_object_del(json, "config");
    assert_documented(docs, json);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_status_json_says_the_whole),
        cmocka_unit_test(test_view_status_json_tenant_agrees_with_the_root_cause),
        cmocka_unit_test(test_view_status_json_calm_path_is_null),
        cmocka_unit_test(test_view_status_json_says_a_check),
        cmocka_unit_test(test_view_status_json_filters_choose_tenants_and_checks),
        cmocka_unit_test(test_view_status_json_lines_can_be_searched),
        cmocka_unit_test(test_view_check_json_has_the_same_keys_and_the_head),
        cmocka_unit_test(test_view_config_json_holds_the_effective_one),
        cmocka_unit_test(test_view_status_json_odd_bytes_are_replaced),
        cmocka_unit_test(test_view_status_json_every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
