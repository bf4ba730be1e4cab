/* What is read out of Prometheus' text format, and what is passed over. */
#include "check/prometheus_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of an Istio gateway (Envoy 1.40), shortened. */
static const char istio_text[] =
    "# TYPE envoy_cluster_manager_cds_update_success counter\n"
    "envoy_cluster_manager_cds_update_success{} 5\n"
    "# TYPE envoy_listener_manager_lds_update_rejected counter\n"
    "envoy_listener_manager_lds_update_rejected{} 1\n"
    "# TYPE envoy_cluster_upstream_cx_active gauge\n"
    "envoy_cluster_upstream_cx_active{cluster_name=\"sds-grpc\"} 2\n"
    "envoy_cluster_upstream_cx_active{cluster_name=\"xds-grpc\"} 1\n"
    "# TYPE envoy_cluster_manager_cds_version gauge\n"
    "envoy_cluster_manager_cds_version{} 17758619957730934568\n"
    "# TYPE envoy_server_uptime gauge\n"
    "envoy_server_uptime{} 40\n"
    "envoy_cluster_upstream_cx_connect_ms_bucket{cluster_name=\"xds-grpc\",le=\"+Inf\"} "
    "1\n"
    "envoy_cluster_upstream_cx_connect_ms_sum{cluster_name=\"xds-grpc\"} "
    "7.0496453900709221684905969596002\n";

static void test_prometheus_read_finds_what_is_wanted(void **state) {
    (void)state;
    struct prometheus_wanted wanted[] = {
        {.name = "envoy_server_uptime"},
        {.name = "envoy_cluster_upstream_cx_active", .label = "xds-grpc"},
        {.name = "envoy_cluster_upstream_cx_active", .label = "sds-grpc"},
        {.name = "envoy_cluster_upstream_cx_active"},
        {.name = "envoy_cluster_upstream_cx_active", .label = "xds-grpc;"},
        {.name = "envoy_cluster_upstream_cx_active", .label = "cluster_name"},
        {.name = "envoy_cluster_upstream_cx"},
        {.name = "envoy_server_uptime", .label = ""},
        {.name = "envoy_cluster_manager_cds_version"},
        {.name = "counter"},
    };
    static const double values[] = {40, 1, 2, 2, -1, -1, -1, -1, 17758619957730934568.0,
                                    -1};
    size_t count = sizeof wanted / sizeof *wanted;
    wanted[4].is_found = true; /* of an earlier text */
    assert_int_equal(prometheus_read(istio_text, strlen(istio_text), wanted, count), 8);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(wanted[i].is_found, values[i] >= 0);
        if (wanted[i].is_found)
            assert_true(wanted[i].value == values[i]);
    }
}

/* One line each. */
static void test_prometheus_read_lines(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int samples;
        bool is_found; /* of a{...="x\"\\\n"} */
        double value;
    } cases[] = {
        {"a{l=\"x\\\"\\\\\\n\"} 3", 1, true, 3},
        {"a{l=\"x\\\"\\\\\\n\",} 3", 1, true, 3},
        {" a \t{ k = \"y\" , l = \"x\\\"\\\\\\n\" } \t 4.5e1 ", 1, true, 45},
        {"a{k=\"x\\\"\\\\\\n\"} -2 1795471849825\r", 1, true, -2},
        {"a{l=\"x\\\"\\\\\\n\"} +Inf", 1, true, HUGE_VAL},
        {"a{l=\"x\\\"\\\\\\n\"} NaN", 1, false, 0},
        {"a{l=\"x\"} 3", 1, false, 0},
        {"a{l=\"x\\\"\\\\\\nx\"} 3", 1, false, 0},
        {"a 3", 1, false, 0},
        {"ab{l=\"x\\\"\\\\\\n\"} 3", 1, false, 0},
        {"a{} 3", 1, false, 0},
        {"", 0, false, 0},
        {"#", 0, false, 0},
        {"# a 3", 0, false, 0},
        {"a", 0, false, 0},
        {"a ", 0, false, 0},
        {"3", 0, false, 0},
        {"3 a", 0, false, 0},
        {"a b", 0, false, 0},
        {"a 3x", 0, false, 0},
        {"a{ 3", 0, false, 0},
        {"a{l} 3", 0, false, 0},
        {"a{l=x} 3", 0, false, 0},
        {"a{l=\"x} 3", 0, false, 0},
        {"a{l=\"x\\", 0, false, 0},
        {"a{l=\"x\"k=\"y\"} 3", 0, false, 0},
        {"a{=\"x\"} 3", 0, false, 0},
        {"a{,} 3", 0, false, 0},
        {"a} 3", 0, false, 0},
        {"<html>", 0, false, 0},
        {"{\"a\": 3}", 0, false, 0},
        {"a 00000000000000000000000000000000000000000000000000000000000000003", 0, false,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prometheus_wanted wanted = {.name = "a", .label = "x\"\\\n"};
        size_t len = strlen(cases[i].line);
        char *exact = malloc(len + 1); /* so that a byte too far is seen */
        assert_non_null(exact);
        memcpy(exact, cases[i].line, len);
        char *cut = realloc(exact, len > 0 ? len : 1);
        assert_non_null(cut);
        size_t samples = prometheus_read(cut, len, &wanted, 1);
        if (samples != (size_t)cases[i].samples || wanted.is_found != cases[i].is_found)
            print_error("line: %s\n", cases[i].line);
        assert_int_equal(samples, cases[i].samples);
        assert_int_equal(wanted.is_found, cases[i].is_found);
        if (wanted.is_found)
            assert_true(wanted.value == cases[i].value);
        free(cut);
    }
}

static void test_prometheus_read_first_number_wins(void **state) {
    (void)state;
    static const char text[] = "a nan\na 1\na 2\n";
    struct prometheus_wanted wanted = {.name = "a"};
    assert_int_equal(prometheus_read(text, strlen(text), &wanted, 1), 3);
    assert_true(wanted.is_found && wanted.value == 1);
}

static void test_prometheus_read_nul_bytes_are_no_number(void **state) {
    (void)state;
    static const char text[] = "a 1\0002\nb{l=\"x\0\"} 2\nb 3";
    struct prometheus_wanted wanted[] = {{.name = "a"}, {.name = "b", .label = "x"}};
    assert_int_equal(prometheus_read(text, sizeof text - 1, wanted, 2), 2);
    assert_false(wanted[0].is_found);
    assert_false(wanted[1].is_found);
}

static void test_prometheus_read_nothing_gives_nothing(void **state) {
    (void)state;
    struct prometheus_wanted wanted = {.name = "a"};
    assert_int_equal(prometheus_read("", 0, &wanted, 1), 0);
    assert_int_equal(prometheus_read("a 1", 3, NULL, 0), 1);
    assert_false(wanted.is_found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prometheus_read_finds_what_is_wanted),
        cmocka_unit_test(test_prometheus_read_lines),
        cmocka_unit_test(test_prometheus_read_first_number_wins),
        cmocka_unit_test(test_prometheus_read_nul_bytes_are_no_number),
        cmocka_unit_test(test_prometheus_read_nothing_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
