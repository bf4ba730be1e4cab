/* /timeline: what stands where, filters, what is kept apart, and documented keys. */
#include "view/timeline.h"

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
    "{\"instance\": \"pod-1\","
    " \"tenants\": [{\"name\": \"app2\"}], \"checks\": [{\"name\": "
    "\"tenant/app2/routed\","
    "  \"tenant\": \"app2\"}, {\"name\": \"gateway/status\"}],"
    " \"timeline\": ["
    " {\"ago_ms\": 86400000, \"kind\": \"life\", \"old\": \"starting\", \"new\": "
    "\"ready\"},"
    " {\"ago_ms\": 70000, \"kind\": \"config\", \"new\": \"too-early\"},"
    " {\"ago_ms\": 30000, \"kind\": \"config\", \"old\": \"1c0f\", \"new\": \"3f5a\"},"
    " {\"ago_ms\": 9000, \"subject\": \"tenant/app2/routed\", \"old\": \"passing\","
    "  \"new\": \"failing\", \"reason\": \"GW_NO_ROUTE\", \"text\": \"404, empty\"},"
    " {\"ago_ms\": 9000, \"opened\": \"tenant/app2/routed\", \"first\": {\"kind\": "
    "\"fail\","
    "  \"reason\": \"GW_NO_ROUTE\", \"evidence\": \"404, empty\", \"remote\": "
    "\"10.0.0.4:443\"}},"
    " {\"ago_ms\": 9000, \"kind\": \"tenant\", \"subject\": \"app2\", \"old\": "
    "\"healthy\","
    "  \"new\": \"unhealthy\"},"
    " {\"ago_ms\": 5000, \"subject\": \"gateway/status\", \"new\": \"failing\"},"
    " {\"ago_ms\": 5000, \"opened\": \"gateway/status\", \"first\": {\"kind\": \"fail\","
    "  \"reason\": \"TIMEOUT\"}},"
    " {\"ago_ms\": 4000, \"ended\": \"gateway/status\"}]}";

static json_t *json_of(const struct fixture *fixture, const struct view_query *query) {
    json_error_t error;
    BUF_AUTO struct buf out = {0};
    view_timeline_json(fixture->snapshot, query, &out);
    json_t *json = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out.data);
    return json;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static void test_view_timeline_text_open_incidents_then_ended_then_events(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    BUF_AUTO struct buf out = {0};
    view_timeline_text(fixture.snapshot, NULL, &out);
    assert_string_equal(
        out.data,
        "pod       pod-1, 2026-03-01T12:00:00.250Z\n"
        "happened  6 events and 2 incidents since 2026-03-01T10:36:40.250Z; the newest\n"
        "          256 and 32 are kept\n"
        "\n"
        "INCIDENTS\n"
        "OPEN      tenant/app2/routed since 2026-03-01T11:59:51.250Z, for 9 s\n"
        "  first   GW_NO_ROUTE, no HTTPRoute matches: 404, empty, from 10.0.0.4:443\n"
        "  before  11:59:30.250Z config      1c0f -> 3f5a\n"
        "ended     gateway/status since 2026-03-01T11:59:55.250Z, ended after 1 s\n"
        "  first   TIMEOUT, the peer took too long to answer\n"
        "  before  11:59:51.250Z tenant      app2: healthy -> unhealthy\n"
        "          11:59:51.250Z check       tenant/app2/routed: passing -> failing,\n"
        "                                    GW_NO_ROUTE, 404, empty\n"
        "          11:59:30.250Z config      1c0f -> 3f5a\n"
        "\n"
        "EVENTS of 2026-03-01\n"
        "11:59:55.250Z check       gateway/status: failing\n"
        "11:59:51.250Z tenant      app2: healthy -> unhealthy\n"
        "11:59:51.250Z check       tenant/app2/routed: passing -> failing, GW_NO_ROUTE,\n"
        "                          404, empty\n"
        "11:59:30.250Z config      1c0f -> 3f5a\n"
        "11:58:50.250Z config      too-early\n"
        "\n"
        "EVENTS of 2026-02-28\n"
        "12:00:00.250Z life        starting -> ready\n");
}

static void test_view_timeline_text_without_anything_says_so(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture never = fixture_parse("{}");
    FIXTURE_AUTO struct fixture empty = fixture_parse("{\"timeline\": []}");
    BUF_AUTO struct buf out = {0};
    view_timeline_text(never.snapshot, NULL, &out);
    assert_non_null(strstr(out.data, "happened  0 events and 0 incidents since "));
    buf_clear(&out);
    view_timeline_text(empty.snapshot, NULL, &out);
    assert_non_null(strstr(out.data, "\nno incidents\n\nno events\n"));
}

static void test_view_timeline_json_filters_leave_their_own(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    static const struct {
        struct view_query query;
        size_t events;
        size_t incidents;
    } rows[] = {
        {{0}, 6, 2},
        {{.check = "tenant"}, 1, 1},
        {{.check = "gateway/status"}, 1, 1},
        {{.check = "none"}, 0, 0},
        {{.tenant = "app2"}, 2, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *json = json_of(&fixture, &rows[i].query);
        assert_int_equal(json_array_size(json_object_get(json, "events")),
                         rows[i].events);
        assert_int_equal(json_array_size(json_object_get(json, "incidents")),
                         rows[i].incidents);
        assert_int_equal(json_integer_value(json_object_get(json, "event_total")), 6);
        json_decref(json);
    }
}

static void test_view_timeline_json_open_incident_has_no_end(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    json_t *json = json_of(&fixture, NULL);
    const json_t *incidents = json_object_get(json, "incidents");
    const json_t *open = json_array_get(incidents, 0);
    const json_t *ended = json_array_get(incidents, 1);
    const json_t *first = json_object_get(open, "first");
    const json_t *event = json_array_get(json_object_get(json, "events"), 2);
    assert_string_equal(text_of(open, "check"), "tenant/app2/routed");
    assert_string_equal(text_of(open, "began"), "2026-03-01T11:59:51.250Z");
    assert_true(json_is_null(json_object_get(open, "ended")));
    assert_string_equal(text_of(ended, "ended"), "2026-03-01T11:59:56.250Z");
    assert_string_equal(text_of(first, "reason"), "GW_NO_ROUTE");
    assert_string_equal(text_of(first, "evidence"), "404, empty");
    assert_int_equal(json_array_size(json_object_get(open, "before")), 1);
    assert_true(json_equal(json_object_get(open, "id"), json_object_get(event, "id")));
    assert_string_equal(text_of(event, "kind"), "check");
    assert_string_equal(text_of(event, "old"), "passing");
    assert_string_equal(text_of(event, "new"), "failing");
    json_decref(json);
}

static void test_view_timeline_json_every_key_is_documented(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json_text);
    FIXTURE_AUTO struct fixture never = fixture_parse("{}");
    json_t *json = json_of(&fixture, NULL);
    assert_documented(DOCS "/path-json.md", json);
    json_decref(json);
    json = json_of(&never, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "events")), 0);
    assert_true(json_is_array(json_object_get(json, "incidents")));
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_timeline_text_open_incidents_then_ended_then_events),
        cmocka_unit_test(test_view_timeline_text_without_anything_says_so),
        cmocka_unit_test(test_view_timeline_json_filters_leave_their_own),
        cmocka_unit_test(test_view_timeline_json_open_incident_has_no_end),
        cmocka_unit_test(test_view_timeline_json_every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
