/* The families of /metrics: one sample per state, no family torn apart, all documented.
 */
#include "view/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "documented.h"
#include "fds.h"
#include "fixture.h"

static const char *const full_json =
    "{\"self\": {\"starved\": true, \"sign\": \"loop_lag\"},"
    " \"timeline\": [{\"subject\": \"a\"}, {\"opened\": \"a\"}, {\"opened\": \"b\"},"
    "  {\"ended\": \"b\"}],"
    " \"census\": {\"appgw\": {\"count\": 31, \"ago_ms\": 170500, \"silent\": true}},"
    " \"tenants\": [{\"name\": \"app1\"}, {\"name\": \"app2\"}], \"checks\": ["
    "{\"name\": \"a\", \"tenant\": \"app1\", \"state\": \"failing\", \"age_ms\": 250,"
    " \"counts\": [5, 1, 4, 2, 3],"
    " \"last\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\", \"phases_us\": [1, 2, 3, "
    "4, 5]},"
    " \"failure\": {\"kind\": \"fail\", \"reason\": \"TIMEOUT\"}},"
    "{\"name\": \"b\", \"state\": \"pending\"}]}";

static void render(const struct fixture *fixture, bool openmetrics, struct buf *out) {
    buf_clear(out);
    view_metrics(&fixture->diagnosis, &fixture->process, openmetrics, out);
}

/* The value of the sample whose line starts with `series`; NULL if there is none. */
static const char *find_value(const struct buf *out, const char *series) {
    size_t len = strlen(series);
    for (const char *line = out->data; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, series, len) == 0 && line[len] == ' ')
            return line + len + 1;
    }
    return NULL;
}

static void assert_value(const struct buf *out, const char *series, const char *value) {
    const char *found = find_value(out, series);
    if (!found)
        fail_msg("%s is missing", series);
    else if (strncmp(found, value, strlen(value)) != 0 || found[strlen(value)] != '\n')
        fail_msg("%s is not %s but %.20s", series, value, found);
}

static void test_view_metrics_values_come_from_their_places(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    fixture.snapshot->engine = (struct engine_stats){.turns = 11,
                                                     .longest_turn_us = 12,
                                                     .lag_us = 13,
                                                     .longest_lag_us = 14,
                                                     .in_flight = 15,
                                                     .queued = 16,
                                                     .runs = 17,
                                                     .late = 18,
                                                     .commands_refused = 19,
                                                     .transitions = 20,
                                                     .clock_jumps = 21};
    fixture.snapshot->reload.loaded = 22;
    fixture.snapshot->reload.refused = 23;
    fixture.process.log_dropped = 24;
    fixture.process.arrivals.ring_dropped = 25;
    fixture.process.arrivals.by_path_and_answer[PROBE_STRICT][ANSWER_UNHEALTHY] = 26;
    static const char *const rows[][2] = {
        {"health_responder_engine_turns_total", "11"},
        {"health_responder_engine_longest_turn_seconds", "0.000012"},
        {"health_responder_engine_lag_seconds", "0.000013"},
        {"health_responder_engine_longest_lag_seconds", "0.000014"},
        {"health_responder_engine_in_flight", "15"},
        {"health_responder_engine_queued", "16"},
        {"health_responder_engine_runs_total", "17"},
        {"health_responder_engine_late_total", "18"},
        {"health_responder_engine_commands_refused_total", "19"},
        {"health_responder_engine_transitions_total", "20"},
        {"health_responder_engine_clock_jumps_total", "21"},
        {"health_responder_config_loads_total", "22"},
        {"health_responder_config_refusals_total", "23"},
        {"health_responder_log_lines_dropped_total", "24"},
        {"health_responder_probe_records_dropped_total", "25"},
        {"health_responder_probes_total{path=\"strict\",answer=\"unhealthy\"}", "26"},
        {"health_responder_probes_total{path=\"loop\",answer=\"proof\"}", "0"},
        {"health_responder_config_last_reload_successful", "1"},
        {"health_responder_config_last_reload_success_timestamp_seconds",
         "1772361410.25"},
        {"health_responder_live", "1"},
        {"health_responder_self_starved", "1"},
        {"health_responder_self_degraded", "0"},
        {"health_responder_self_sign_info{sign=\"loop_lag\"}", "1"},
        {"health_responder_critical_tenants", "2"},
        {"health_responder_critical_tenants_up", "1"},
        {"health_responder_tenant_state{tenant=\"app1\",state=\"unhealthy\"}", "1"},
        {"health_responder_tenant_state{tenant=\"app2\",state=\"unhealthy\"}", "0"},
        {"health_responder_verdict{policy=\"strict\",verdict=\"unhealthy\"}", "1"},
        {"health_responder_answer{verdict=\"degraded\"}", "1"},
        {"health_responder_policy{policy=\"serve\"}", "1"},
        {"health_responder_check_state{check=\"a\",state=\"failing\"}", "1"},
        {"health_responder_check_reason_info{check=\"a\",reason=\"TIMEOUT\"}", "1"},
        {"health_responder_check_reason_info{check=\"b\",reason=\"NONE\"}", "1"},
        {"health_responder_check_runs_total{check=\"a\"}", "5"},
        {"health_responder_check_passes_total{check=\"a\"}", "1"},
        {"health_responder_check_failures_total{check=\"a\"}", "4"},
        {"health_responder_check_late_total{check=\"a\"}", "2"},
        {"health_responder_check_skipped_total{check=\"a\"}", "3"},
        {"health_responder_check_age_seconds{check=\"a\"}", "0.25"},
        {"health_responder_check_last_run_timestamp_seconds{check=\"a\"}", "1772366400"},
        {"health_responder_check_last_failure_timestamp_seconds{check=\"a\"}",
         "1772366310.25"},
        {"health_responder_check_last_duration_seconds{check=\"a\",phase=\"tls\"}",
         "0.000003"},
        {"health_responder_events_total", "1"},
        {"health_responder_incidents_total", "2"},
        {"health_responder_incidents_open", "1"},
        {"health_responder_prober_arrivals_total{class=\"appgw\"}", "31"},
        {"health_responder_prober_arrivals_total{class=\"kubelet\"}", "0"},
        {"health_responder_prober_last_seen_age_seconds{class=\"appgw\"}", "170.5"},
        {"health_responder_prober_silent{class=\"appgw\"}", "1"},
        {"health_responder_prober_silent{class=\"load_balancer\"}", "0"},
        {"health_responder_path_broken{tenant=\"app1\",hop=\"backend_direct\",state="
         "\"fail\",owner=\"tenant:app1\",reason=\"TIMEOUT\"}",
         "1"},
        {"process_resident_memory_bytes", "3145728"},
        {"process_cpu_seconds_total", "1.25"},
        {"process_open_fds", "17"},
        {"process_max_fds", "1024"},
        {"process_start_time_seconds", "1772361400.25"},
    };
    for (int openmetrics = 0; openmetrics <= 1; openmetrics++) {
        BUF_AUTO struct buf out = {0};
        render(&fixture, openmetrics, &out);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            assert_value(&out, rows[i][0], rows[i][1]);
        assert_null(find_value(&out, "health_responder_check_age_seconds{check=\"b\"}"));
        assert_null(strstr(out.data, "last_seen_age_seconds{class=\"kubelet\"}"));
        assert_null(strstr(out.data, "path_broken{tenant=\"app2\""));
    }
}

static void test_view_metrics_unknown_figures_are_left_out(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"process\": {\"resident\": -1, \"cpu_us\": -1, \"open_fds\": -1,"
                      " \"max_fds\": -1, \"live\": false}}");
    BUF_AUTO struct buf out = {0};
    render(&fixture, true, &out);
    assert_null(strstr(out.data, "process_resident"));
    assert_null(strstr(out.data, "process_cpu"));
    assert_null(strstr(out.data, "_fds"));
    assert_null(strstr(out.data, "health_responder_check"));
    assert_value(&out, "health_responder_live", "0");
}

static void test_view_metrics_unexpected_answer_is_not_hidden(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    const char *series = "health_responder_probes_total{path=\"live\",answer=\"proof\"}";
    render(&fixture, false, &out);
    assert_null(find_value(&out, series));
    fixture.process.arrivals.by_path_and_answer[PROBE_LIVE][ANSWER_PROOF] = 1;
    render(&fixture, false, &out);
    assert_value(&out, series, "1");
}

/* What all tenants share has no tenant; a path that warns says so. */
static void test_view_metrics_shared_path_is_without_tenant(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"app1\"}], \"checks\": [{\"name\": \"t\", \"role\":"
        " \"gateway_tls\", \"severity\": \"warning\", \"state\": \"failing\", \"last\":"
        " {\"kind\": \"fail\", \"reason\": \"TLS_EXPIRED\"}}]}");
    BUF_AUTO struct buf out = {0};
    render(&fixture, false, &out);
    assert_non_null(
        strstr(out.data, "health_responder_path_broken{hop=\"gateway_tls\","));
    assert_non_null(strstr(
        out.data, "health_responder_path_broken{tenant=\"app1\",hop=\"gateway_tls\","
                  "state=\""));
    assert_null(strstr(out.data, "health_responder_prober_"));
    assert_value(&out, "health_responder_events_total", "0");
}

static void test_view_metrics_hold_no_policy_but_serve(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"override\": {\"verdict\": \"unhealthy\", \"left_ms\": 1000}}");
    BUF_AUTO struct buf out = {0};
    render(&fixture, false, &out);
    assert_value(&out, "health_responder_override_active", "1");
    assert_value(&out, "health_responder_override_until_timestamp_seconds",
                 "1772366401.25");
    assert_value(&out, "health_responder_answer{verdict=\"unhealthy\"}", "1");
    assert_value(&out, "health_responder_verdict{policy=\"serve\",verdict=\"healthy\"}",
                 "1");
}

/* What one line says, after `family`, the name of the newest TYPE line. */
static void look_at_line(const char *line, char *family, size_t family_size,
                         struct buf *seen) {
    size_t len = strlen(family);
    if (strncmp(line, "# TYPE ", 7) == 0) {
        BUF_AUTO struct buf word = {0};
        snprintf(family, family_size, "%.*s", (int)strcspn(line + 7, " "), line + 7);
        buf_printf(&word, " %s ", family);
        assert_null(strstr(seen->data, word.data));
        buf_puts(seen, word.data + 1);
    } else if (strncmp(line, "# UNIT ", 7) == 0 || strncmp(line, "# HELP ", 7) == 0) {
        assert_int_equal(strncmp(line + 7, family, len), 0);
        assert_int_equal(line[7 + len], ' ');
    } else {
        assert_true(line[0] != '#' && line[0] != '\0');
        assert_int_equal(strncmp(line, family, len), 0);
    }
}

/* Each family stands once, in one piece, its TYPE before the rest. */
static void test_view_metrics_families_are_whole(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    for (int openmetrics = 0; openmetrics <= 1; openmetrics++) {
        BUF_AUTO struct buf out = {0};
        BUF_AUTO struct buf seen = {0};
        char family[128] = "";
        render(&fixture, openmetrics, &out);
        buf_puts(&seen, " ");
        bool has_ended = false;
        for (char *line = out.data; *line != '\0';) {
            char *end = strchr(line, '\n');
            assert_non_null(end);
            assert_false(has_ended);
            *end = '\0';
            has_ended = strcmp(line, "# EOF") == 0;
            if (!has_ended)
                look_at_line(line, family, sizeof family, &seen);
            line = end + 1;
        }
        assert_int_equal(has_ended, openmetrics);
        assert_non_null(strstr(seen.data, " process_start_time_seconds "));
    }
}

static void test_view_metrics_one_state_of_each_is_set(void **state) {
    (void)state;
    static const struct {
        const char *series;
        int expected; /* samples that read 1 */
    } rows[] = {
        {"health_responder_life{", 1},
        {"health_responder_answer{", 1},
        {"health_responder_verdict{", 3},
        {"health_responder_policy{", 1},
        {"health_responder_tenant_state{", 2},
        {"health_responder_check_state{", 2},
        {"health_responder_check_reason_info{", 2},
    };
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    render(&fixture, false, &out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int set = 0;
        for (const char *at = out.data; (at = strstr(at, rows[i].series)); at++) {
            const char *end = strchr(at, '\n');
            assert_true(end[-2] == ' ' && (end[-1] == '0' || end[-1] == '1'));
            set += end[-1] == '1';
        }
        assert_int_equal(set, rows[i].expected);
    }
}

static void test_view_metrics_every_family_is_documented(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(full_json);
    BUF_AUTO struct buf out = {0};
    BUF_AUTO struct buf docs = {0};
    int families = 0;
    assert_true(documented_read(DOCS "/metrics.md", &docs));
    render(&fixture, false, &out);
    for (const char *at = out.data; (at = strstr(at, "# TYPE ")); families++) {
        at += strlen("# TYPE ");
        if (!documented_has(&docs, at, strcspn(at, " ")))
            fail_msg("docs/metrics.md lacks %.*s", (int)strcspn(at, " "), at);
    }
    /* As many rows of its tables start with a name. */
    int documented = 0;
    for (const char *at = docs.data; (at = strstr(at, "\n| `")); at++)
        documented +=
            strncmp(at + 4, "health_", 7) == 0 || strncmp(at + 4, "process_", 8) == 0;
    assert_int_equal(documented, families);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_metrics_values_come_from_their_places),
        cmocka_unit_test(test_view_metrics_unknown_figures_are_left_out),
        cmocka_unit_test(test_view_metrics_unexpected_answer_is_not_hidden),
        cmocka_unit_test(test_view_metrics_shared_path_is_without_tenant),
        cmocka_unit_test(test_view_metrics_hold_no_policy_but_serve),
        cmocka_unit_test(test_view_metrics_families_are_whole),
        cmocka_unit_test(test_view_metrics_one_state_of_each_is_set),
        cmocka_unit_test(test_view_metrics_every_family_is_documented),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
