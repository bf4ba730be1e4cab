/* The health report, byte by byte in the shape of az, and with names that need care. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "view/backend_health.h"

#include <jansson.h>
#include <string.h>

static const char *text_at(const json_t *json, const char *key) {
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "(none)";
}

static void test_view_backend_health_has_the_shape_of_az(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    const struct backend_health server = {"https", "10.0.1.250", APPGW_HEALTHY,
                                          "Success. Received 200 status code"};
    view_backend_health("gateway", &server, 1, &out);
    assert_string_equal(
        out.data,
        "{\n"
        "  \"backendAddressPools\": [\n"
        "    {\n"
        "      \"backendAddressPool\": {\n"
        "        \"id\": \"/backendAddressPools/gateway\"\n"
        "      },\n"
        "      \"backendHttpSettingsCollection\": [\n"
        "        {\n"
        "          \"backendHttpSettings\": {\n"
        "            \"id\": \"/backendHttpSettingsCollection/https\"\n"
        "          },\n"
        "          \"servers\": [\n"
        "            {\n"
        "              \"address\": \"10.0.1.250\",\n"
        "              \"health\": \"Healthy\",\n"
        "              \"healthProbeLog\": \"Success. Received 200 status code\",\n"
        "              \"ipConfiguration\": null\n"
        "            }\n"
        "          ]\n"
        "        }\n"
        "      ]\n"
        "    }\n"
        "  ]\n"
        "}\n");
}

static void test_view_backend_health_groups_by_settings(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    const struct backend_health servers[] = {
        {"a", "one", APPGW_HEALTHY, "x"},
        {"a", "two", APPGW_PARTIAL, "\xff \"quoted\""},
        {"b", "one", APPGW_UNKNOWN, ""},
    };
    view_backend_health("p", servers, 3, &out);
    json_t *json = json_loadb(out.data, out.len, 0, NULL);
    assert_non_null(json);
    json_t *pool = json_array_get(json_object_get(json, "backendAddressPools"), 0);
    json_t *collection = json_object_get(pool, "backendHttpSettingsCollection");
    assert_int_equal(json_array_size(collection), 2);
    json_t *first = json_object_get(json_array_get(collection, 0), "servers");
    json_t *second = json_object_get(json_array_get(collection, 1), "servers");
    assert_int_equal(json_array_size(first), 2);
    assert_int_equal(json_array_size(second), 1);
    assert_string_equal(text_at(json_array_get(first, 1), "health"), "Partial");
    assert_non_null(
        strstr(text_at(json_array_get(first, 1), "healthProbeLog"), " \"quoted\""));
    assert_string_equal(text_at(json_array_get(second, 0), "health"), "Unknown");
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_backend_health_has_the_shape_of_az),
        cmocka_unit_test(test_view_backend_health_groups_by_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
