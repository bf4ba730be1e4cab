/* /path and /why: order, marks, the promise of "nothing is wrong", and documented keys.
 */
#include "view/path.h"

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

static const char *const three_json =
    "{\"instance\": \"pod-1\", \"gateway\": {},"
    " \"tenants\": [{\"name\": \"fine\"}, {\"name\": \"warned\"},"
    "  {\"name\": \"broken\", \"since_ms\": 61000, \"route\": \"/broken\","
    "   \"backend\": \"http://app.ns-1.svc.cluster.local.:8080/\"}],"
    " \"checks\": [{\"name\": \"f\", \"tenant\": \"fine\", \"role\": \"tenant_routed\","
    "  \"last\": {\"evidence\": \"200\", \"http_status\": 200}},"
    " {\"name\": \"w\", \"tenant\": \"warned\", \"role\": \"tenant_routed\", \"last\": "
    "{}},"
    " {\"name\": \"d\", \"tenant\": \"warned\", \"role\": \"tenant_direct\","
    "  \"severity\": \"warning\", \"state\": \"failing\","
    "  \"last\": {\"kind\": \"fail\", \"reason\": \"HTTP_STATUS\"}},"
    " {\"name\": \"b\", \"tenant\": \"broken\", \"role\": \"tenant_routed\", \"age_ms\": "
    "812,"
    "  \"state\": \"failing\", \"last\": {\"kind\": \"fail\", \"evidence\": \"404, "
    "empty\","
    "  \"reason\": \"GW_NO_ROUTE\", \"http_status\": 404}}]}";

static json_t *parse(const struct buf *out) {
    json_error_t error;
    json_t *json = json_loads(out->data, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out->data);
    return json;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static void test_view_path_text_broken_tenants_come_first(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    BUF_AUTO struct buf out = {0};
    view_path_text(&fixture.diagnosis, CONFIG_NO_TENANT, &out);
    const char *broken = strstr(out.data, "\n\nunhealthy broken: route is broken: ");
    const char *warned = strstr(out.data, "\n\ndegraded  warned: backend_direct warns: ");
    const char *fine = strstr(out.data, "\n\nhealthy   fine: nothing is wrong\n");
    assert_true(broken && broken < warned && warned < fine);
    assert_non_null(strstr(out.data, "pod       pod-1, 2026-03-01T12:00:00.250Z\n"
                                     "cause     broken: route is broken: "));
}

static void test_view_path_text_one_tenant_shows_its_hops_in_order(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    BUF_AUTO struct buf out = {0};
    view_path_text(&fixture.diagnosis, 2, &out);
    const char *at = out.data;
    for (int i = 0; i < HOP_COUNT; i++) {
        BUF_AUTO struct buf mark = {0};
        buf_printf(&mark, "] %s", hop_name((enum hop)i));
        char *found = strchr(at, ']');
        assert_non_null(found);
        found += strspn(found + 1, " ");
        assert_int_equal(
            strncmp(found + 1, hop_name((enum hop)i), strlen(hop_name((enum hop)i))), 0);
        at = found + 1;
    }
    assert_non_null(strstr(out.data,
                           "\n  [FAIL] route           GW_NO_ROUTE, b: 404, empty"
                           " (812 ms ago)\n"));
    assert_non_null(strstr(out.data, "\n  [ ? ]  inbound         not testable "));
    assert_non_null(strstr(out.data, "\n  verdict unhealthy for 61 s, since "
                                     "2026-03-01T11:58:59.250Z\ndo\nkubectl -n ns-1 "));
    assert_null(strstr(out.data, "fine"));
}

static void test_view_path_text_without_tenants_shows_what_is_shared(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_path_text(&fixture.diagnosis, CONFIG_NO_TENANT, &out);
    assert_non_null(strstr(out.data, "cause     nothing is wrong\n\n"
                                     "healthy   nothing is wrong\n  [ ? ]  self "));
    assert_null(strstr(out.data, "[ok]"));
    assert_null(strstr(out.data, "verdict"));
    assert_null(strstr(out.data, "do\n"));
}

static void test_view_path_text_override_stands_above(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"a\"}], \"override\": {\"reason\": \"move\"}}");
    for (uint32_t tenant = 0; tenant < 2; tenant++) {
        BUF_AUTO struct buf out = {0};
        view_path_text(&fixture.diagnosis, tenant == 0 ? 0 : CONFIG_NO_TENANT, &out);
        assert_int_equal(
            strncmp(out.data, "OVERRIDE  /healthz is held at unhealthy ", 40), 0);
    }
}

static void test_view_path_json_is_the_contract(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    BUF_AUTO struct buf out = {0};
    view_path_json(&fixture.diagnosis, 2, &out);
    json_t *path = parse(&out);
    const json_t *hops = json_object_get(path, "hops");
    const json_t *route = json_array_get(hops, HOP_ROUTE);
    const json_t *inbound = json_array_get(hops, HOP_INBOUND);
    assert_string_equal(text_of(path, "tenant"), "broken");
    assert_string_equal(text_of(path, "state"), "unhealthy");
    assert_string_equal(text_of(path, "broken_hop"), "route");
    assert_string_equal(text_of(path, "owner"), "tenant:broken");
    assert_string_equal(text_of(path, "reason"), "GW_NO_ROUTE");
    assert_string_equal(text_of(path, "summary"),
                        "no HTTPRoute matches /broken on host apps.example.com");
    assert_string_equal(text_of(path, "rule"), "route-missing");
    assert_string_equal(text_of(path, "since"), "2026-03-01T11:58:59.250Z");
    assert_string_equal(text_of(path, "instance"), "pod-1");
    assert_int_equal(json_array_size(hops), HOP_COUNT);
    for (int i = 0; i < HOP_COUNT; i++)
        assert_string_equal(text_of(json_array_get(hops, (size_t)i), "hop"),
                            hop_name((enum hop)i));
    assert_string_equal(text_of(route, "state"), "fail");
    assert_string_equal(text_of(route, "reason"), "GW_NO_ROUTE");
    assert_string_equal(text_of(route, "evidence"), "b: 404, empty");
    assert_string_equal(text_of(route, "check"), "b");
    assert_int_equal(json_integer_value(json_object_get(route, "age_ms")), 812);
    assert_string_equal(text_of(inbound, "state"), "unknown");
    assert_true(json_is_null(json_object_get(inbound, "reason")));
    assert_true(json_is_null(json_object_get(inbound, "age_ms")));
    json_decref(path);
}

static void test_view_path_json_all_keep_the_order_of_the_file(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    BUF_AUTO struct buf out = {0};
    view_path_json(&fixture.diagnosis, CONFIG_NO_TENANT, &out);
    json_t *json = parse(&out);
    const json_t *paths = json_object_get(json, "paths");
    const json_t *shared = json_object_get(json, "shared");
    assert_int_equal(json_array_size(paths), 3);
    assert_string_equal(text_of(json_array_get(paths, 0), "tenant"), "fine");
    assert_string_equal(text_of(json_array_get(paths, 2), "tenant"), "broken");
    assert_true(json_is_null(json_object_get(json_array_get(paths, 0), "broken_hop")));
    assert_true(json_is_null(json_object_get(json_array_get(paths, 0), "owner")));
    assert_true(json_is_null(json_object_get(json_array_get(paths, 0), "reason")));
    assert_true(json_is_null(json_object_get(shared, "tenant")));
    assert_true(json_is_null(json_object_get(shared, "verdict")));
    assert_true(json_is_null(json_object_get(shared, "since")));
    json_decref(json);
}

/* The exit status of the command line is read from the first words. */
static void test_view_why_text_nothing_is_wrong_only_when_nothing_is(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bool is_fine;
    } rows[] = {
        {"{}", true},
        {"{\"tenants\": [{\"name\": \"a\"}]}", true},
        {"{\"life\": \"draining\"}", true},
        {"{\"override\": {\"left_ms\": 0}}", true},
        {"{\"override\": {}}", false},
        {"{\"life\": \"starting\"}", false},
        {"{\"process\": {\"live\": false}}", false},
        {"{\"self\": {\"degraded\": true}}", false},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"pending\"}]}", false},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"stale\"}]}", false},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"failing\", \"last\":"
         " {\"kind\": \"fail\", \"reason\": \"TIMEOUT\"}}]}",
         false},
        {"{\"checks\": [{\"name\": \"c\", \"state\": \"failing\", \"severity\": \"info\","
         " \"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\"}}]}",
         true},
        {"{\"checks\": [{\"name\": \"c\", \"role\": \"gateway_tls\", \"last\":"
         " {\"kind\": \"warn\", \"reason\": \"TLS_EXPIRED\"}}]}",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FIXTURE_AUTO struct fixture fixture = fixture_parse(rows[i].json);
        BUF_AUTO struct buf out = {0};
        view_why_text(&fixture.diagnosis, &out);
        if ((strncmp(out.data, "nothing is wrong (", 18) == 0) != rows[i].is_fine)
            fail_msg("row %zu: %s", i, out.data);
        assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    }
}

static void test_view_why_text_odd_bytes_stay_on_the_line(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"instance\": \"p\\u001b\\n\", \"override\": {\"reason\": \"a\\nb\\ue0ff\"}}");
    BUF_AUTO struct buf out = {0};
    view_why_text(&fixture.diagnosis, &out);
    assert_non_null(strstr(out.data, ": a b?; measured: nothing is wrong (p  )\n"));
}

static void test_view_why_json_holds_the_root_cause(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    FIXTURE_AUTO struct fixture calm = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_why_json(&fixture.diagnosis, &out);
    json_t *json = parse(&out);
    assert_string_equal(text_of(json_object_get(json, "root_cause"), "tenant"), "broken");
    assert_int_equal(strncmp(text_of(json, "why"), "broken: route is broken", 23), 0);
    json_decref(json);
    buf_clear(&out);
    view_why_json(&calm.diagnosis, &out);
    json = parse(&out);
    assert_true(json_is_null(json_object_get(json, "root_cause")));
    assert_string_equal(text_of(json, "why"), "nothing is wrong");
    json_decref(json);
}

static void test_view_path_json_every_key_is_documented(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(three_json);
    for (int i = 0; i < 3; i++) {
        BUF_AUTO struct buf out = {0};
        if (i == 0)
            view_path_json(&fixture.diagnosis, CONFIG_NO_TENANT, &out);
        else if (i == 1)
            view_path_json(&fixture.diagnosis, 0, &out);
        else
            view_why_json(&fixture.diagnosis, &out);
        json_t *json = parse(&out);
        assert_documented(DOCS "/path-json.md", json);
        json_decref(json);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_path_text_broken_tenants_come_first),
        cmocka_unit_test(test_view_path_text_one_tenant_shows_its_hops_in_order),
        cmocka_unit_test(test_view_path_text_without_tenants_shows_what_is_shared),
        cmocka_unit_test(test_view_path_text_override_stands_above),
        cmocka_unit_test(test_view_path_json_is_the_contract),
        cmocka_unit_test(test_view_path_json_all_keep_the_order_of_the_file),
        cmocka_unit_test(test_view_why_text_nothing_is_wrong_only_when_nothing_is),
        cmocka_unit_test(test_view_why_text_odd_bytes_stay_on_the_line),
        cmocka_unit_test(test_view_why_json_holds_the_root_cause),
        cmocka_unit_test(test_view_path_json_every_key_is_documented),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
