/* application/health+json: the mapping of states, affected routes, what is left out. */
#include "view/health_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "fixture.h"

static json_t *health_of(const struct fixture *fixture, const struct view_query *query) {
    json_error_t error;
    BUF_AUTO struct buf out = {0};
    view_status_health_json(&fixture->diagnosis, query, &out);
    json_t *json = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out.data);
    return json;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* The only entry of a check. */
static const json_t *entry_of(const json_t *health, const char *check) {
    char key[100];
    snprintf(key, sizeof key, "%s:responseTime", check);
    const json_t *entries = json_object_get(json_object_get(health, "checks"), key);
    assert_int_equal(json_array_size(entries), 1);
    return json_array_get(entries, 0);
}

static void test_view_status_health_json_status_follows_the_verdict(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *status;
        int code;
    } rows[] = {
        {"{}", "pass", 200},
        {"{\"life\": \"starting\"}", "warn", 200},
        {"{\"policy\": \"strict\", \"checks\": [{\"name\": \"c\", \"state\": "
         "\"failing\"}]}",
         "fail", 503},
        {"{\"override\": {\"verdict\": \"unhealthy\"}}", "fail", 503},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        json_t *health = health_of(&fixture, NULL);
        assert_string_equal(text_of(health, "status"), rows[i].status);
        assert_int_equal(view_status_health_code(fixture.snapshot), rows[i].code);
        assert_int_equal(json_object_get(health, "output") != NULL,
                         strcmp(rows[i].status, "pass") != 0);
        assert_string_equal(text_of(health, "releaseId"), HR_VERSION);
        assert_non_null(
            strstr(json_string_value(json_array_get(json_object_get(health, "notes"), 0)),
                   fixture.snapshot->instance));
        json_decref(health);
    }
}

static void test_view_status_health_json_check_status_follows_its_state(void **state) {
    (void)state;
    static const struct {
        const char *check;
        const char *status;
    } rows[] = {
        {"\"last\": {}", "pass"},
        {"\"last\": {\"kind\": \"warn\", \"reason\": \"TLS_EXPIRED\"}", "warn"},
        {"\"last\": {\"kind\": \"unavailable\", \"reason\": \"TIMEOUT\"}", "pass"},
        {"\"state\": \"failing\"", "fail"},
        {"\"state\": \"failing\", \"severity\": \"warning\"", "warn"},
        {"\"state\": \"failing\", \"severity\": \"info\"", "warn"},
        {"\"state\": \"pending\"", "warn"},
        {"\"state\": \"stale\"", "warn"},
        {"\"state\": \"suspect\"", "warn"},
        {"\"state\": \"blocked\"", "warn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[200];
        snprintf(json, sizeof json, "{\"checks\": [{\"name\": \"a/b\", %s}]}",
                 rows[i].check);
        FIXTURE_AUTO struct fixture fixture = fixture_parse(json);
        json_t *health = health_of(&fixture, NULL);
        const json_t *entry = entry_of(health, "a/b");
        assert_string_equal(text_of(entry, "status"), rows[i].status);
        if (strcmp(rows[i].status, "pass") == 0)
            assert_null(json_object_get(entry, "output"));
        json_decref(health);
    }
}

static void
test_view_status_health_json_entry_without_a_run_observes_nothing(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"checks\": [{\"name\": \"never\"}, {\"name\": \"once\", \"scope\": \"self\","
        " \"last\": {\"phases_us\": [1, 2, 3, 4, 2145]}}]}");
    json_t *health = health_of(&fixture, NULL);
    const json_t *never = entry_of(health, "never");
    const json_t *once = entry_of(health, "once");
    assert_null(json_object_get(never, "time"));
    assert_null(json_object_get(never, "observedValue"));
    assert_null(json_object_get(never, "observedUnit"));
    assert_string_equal(text_of(never, "componentType"), "component");
    assert_int_equal(json_integer_value(json_object_get(once, "observedValue")), 2145);
    assert_string_equal(text_of(once, "observedUnit"), "us");
    assert_string_equal(text_of(once, "time"), "2026-03-01T11:59:58.750Z");
    assert_string_equal(text_of(once, "componentType"), "system");
    json_decref(health);
}

static void
test_view_status_health_json_affected_routes_are_those_that_suffer(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"a\", \"route\": \"/a\"}, {\"name\": \"b\","
        " \"route\": \"/b/\"}, {\"name\": \"c\", \"route\": \"/\"}, {\"name\": \"d\"}],"
        " \"checks\": [{\"name\": \"gateway\", \"state\": \"failing\"},"
        " {\"name\": \"a\", \"tenant\": \"a\"},"
        " {\"name\": \"b\", \"tenant\": \"b\", \"state\": \"stale\"},"
        " {\"name\": \"c\", \"tenant\": \"c\", \"state\": \"failing\"},"
        " {\"name\": \"d\", \"tenant\": \"d\", \"state\": \"failing\"}]}");
    static const struct {
        const char *check;
        const char *routes; /* as JSON; NULL: none are named */
    } rows[] = {
        {"gateway", "[\"/b/{rest}\",\"/{rest}\"]"},
        {"a", NULL},
        {"b", "[\"/b/{rest}\"]"},
        {"c", "[\"/{rest}\"]"},
        {"d", NULL},
    };
    json_t *health = health_of(&fixture, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_t *routes =
            json_object_get(entry_of(health, rows[i].check), "affectedEndpoints");
        assert_int_equal(routes != NULL, rows[i].routes != NULL);
        if (!routes)
            continue;
        char *text = json_dumps(routes, JSON_COMPACT);
        assert_string_equal(text, rows[i].routes);
        free(text);
    }
    json_decref(health);
}

static void test_view_status_health_json_filters_and_notes(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"override\": {}, \"reload\": {\"ok\": false},"
        " \"checks\": [{\"name\": \"a\"}, {\"name\": \"b\", \"state\": \"failing\"}]}");
    const struct view_query query = {.state = "failing"};
    json_t *health = health_of(&fixture, &query);
    assert_int_equal(json_object_size(json_object_get(health, "checks")), 1);
    entry_of(health, "b");
    assert_int_equal(json_array_size(json_object_get(health, "notes")), 3);
    json_decref(health);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_status_health_json_status_follows_the_verdict),
        cmocka_unit_test(test_view_status_health_json_check_status_follows_its_state),
        cmocka_unit_test(
            test_view_status_health_json_entry_without_a_run_observes_nothing),
        cmocka_unit_test(
            test_view_status_health_json_affected_routes_are_those_that_suffer),
        cmocka_unit_test(test_view_status_health_json_filters_and_notes),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
