/* Times as text, JSON and SVG: the same figures in all of them, within their limits
 * whatever the names and the figures are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fixture.h"
#include "view/timing.h"
#include "wrap.h"

#include <jansson.h>
#include <string.h>

static const char description[] =
    "{\"instance\": \"pod-1\", \"gateway\": {}, \"checks\": "
    "[{\"name\": \"tenant/<app1>/routed\"}]}";

static struct timing_report fill(const struct fixture *fixture) {
    struct timing_report report;
    const struct timing_input input = {.config = fixture->snapshot->config,
                                       .census = fixture->snapshot->census};
    timing_fill(&report, &input);
    return report;
}

static void assert_columns(const char *text) {
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char copy[512];
        assert_true(len < sizeof copy);
        memcpy(copy, line, len);
        copy[len] = '\0';
        if (wrap_width(copy) > WRAP_COLUMNS)
            print_error("%s\n", copy);
        assert_true(wrap_width(copy) <= WRAP_COLUMNS);
        line += len + (line[len] == '\n');
    }
}

static void test_view_timing_text_fits_and_says_every_layer(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(description);
    BUF_AUTO struct buf out = {0};
    struct timing_report report = fill(&fixture);
    const struct view_timing timing = {&report, fixture.snapshot->config,
                                       fixture.snapshot};
    view_timing_text(&timing, &out);
    assert_columns(out.data);
    assert_non_null(strstr(out.data, "pod-1"));
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        assert_non_null(strstr(out.data, timing_layer_text((enum timing_layer)i)));
    for (int i = 0; i < TIMING_WAY_COUNT; i++)
        assert_non_null(strstr(out.data, timing_way_text((enum timing_way)i)));
    assert_non_null(strstr(out.data, "  20.0  26.7  45.0    0.0   6.7  15.0"));
    assert_non_null(strstr(out.data, "tenant/<app1>/routed"));
    assert_null(strstr(out.data, "*"));
}

static void test_view_timing_text_marks_what_is_measured(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"census\": {\"sources\": [{\"class\": \"kubelet\", \"path\": \"ready\", "
        "\"count\": 9, \"median_ms\": 2000}]}}");
    BUF_AUTO struct buf out = {0};
    struct timing_report report = fill(&fixture);
    const struct view_timing timing = {&report, fixture.snapshot->config, NULL};
    view_timing_text(&timing, &out);
    assert_columns(out.data);
    assert_non_null(strstr(out.data, " *\n"));
    assert_non_null(strstr(out.data, "* measured by the census"));
}

static void test_view_timing_huge_figures_keep_the_columns(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf text = {0};
    BUF_AUTO struct buf svg = {0};
    const struct appgw_definition definition = {
        .name = "p",
        .probe = {.interval_s = 3600, .timeout_s = 3600, .unhealthy_threshold = 20}};
    const struct timing_input input = {.definition = &definition,
                                       .config = fixture.snapshot->config};
    struct timing_report report;
    timing_fill(&report, &input);
    const struct view_timing timing = {&report, fixture.snapshot->config, NULL};
    view_timing_text(&timing, &text);
    assert_columns(text.data);
    assert_non_null(strstr(text.data, "144000"));
    view_timing_svg(&timing, &svg);
    size_t lines = 0;
    for (const char *p = svg.data; (p = strstr(p, "class=\"grid\"")) != NULL; p++)
        lines++;
    assert_true(lines >= 2 && lines <= 10);
}

static json_t *parse(const struct view_timing *timing) {
    BUF_AUTO struct buf out = {0};
    json_error_t error;
    view_timing_json(timing, &out);
    json_t *json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, out.data);
    return json;
}

static void test_view_timing_json_has_the_figures(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(description);
    struct timing_report report = fill(&fixture);
    struct view_timing timing = {&report, fixture.snapshot->config, fixture.snapshot};
    json_t *json = parse(&timing);
    json_t *layers = json_object_get(json, "layers");
    assert_int_equal(json_array_size(layers), TIMING_LAYER_COUNT);
    assert_int_equal(json_array_size(json_object_get(json, "end_to_end")),
                     TIMING_WAY_COUNT);
    assert_string_equal(json_string_value(json_object_get(json, "instance")), "pod-1");
    assert_string_equal(json_string_value(json_object_get(json, "slowest_check")),
                        "tenant/<app1>/routed");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        json_t *detect = json_object_get(json_array_get(layers, i), "detect_ms");
        assert_int_equal(json_integer_value(json_object_get(detect, "worst")),
                         report.rows[i].detect.worst_ms);
        assert_int_equal(json_integer_value(json_object_get(detect, "best")),
                         report.rows[i].detect.best_ms);
    }
    json_decref(json);
    timing.snapshot = NULL;
    json = parse(&timing);
    assert_null(json_object_get(json, "instance"));
    assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
    json_decref(json);
}

static void test_view_timing_svg_is_whole_and_needs_nothing_else(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(description);
    BUF_AUTO struct buf out = {0};
    struct timing_report report = fill(&fixture);
    const struct view_timing timing = {&report, fixture.snapshot->config,
                                       fixture.snapshot};
    view_timing_svg(&timing, &out);
    assert_memory_equal(out.data, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39);
    assert_string_equal(out.data + out.len - 7, "</svg>\n");
    assert_null(strstr(out.data, "<script"));
    assert_null(strstr(out.data, "href"));
    assert_null(strstr(out.data, "url("));
    assert_non_null(strstr(out.data, "noticed after 20s to 45s, typically 26.6s"));
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        assert_non_null(strstr(out.data, timing_layer_text((enum timing_layer)i)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_timing_text_fits_and_says_every_layer),
        cmocka_unit_test(test_view_timing_text_marks_what_is_measured),
        cmocka_unit_test(test_view_timing_huge_figures_keep_the_columns),
        cmocka_unit_test(test_view_timing_json_has_the_figures),
        cmocka_unit_test(test_view_timing_svg_is_whole_and_needs_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
