/* The times of every layer, what they add up to, and each warning: on when it should be,
 * off when it should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/timing.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* All that goes in, as good as it gets. */
struct world {
    struct appgw_settings settings;
    struct appgw_definition definition;
    struct check_config checks[3];
    struct config config;
    struct census_view census;
    struct timing_input input;
};

static const struct check_timing defaults = {.interval_ms = 5000,
                                             .fast_interval_ms = 1000,
                                             .down_interval_ms = 5000,
                                             .timeout_ms = 2000,
                                             .connect_timeout_ms = 1000,
                                             .rise = 2,
                                             .fall = 3,
                                             .jitter_percent = 10};

static void make(struct world *world) {
    *world = (struct world){
        .settings = {.name = "https",
                     .protocol = APPGW_HTTPS,
                     .port = 443,
                     .request_timeout_s = 30,
                     .host_name = "apps.example.com",
                     .draining = {.enabled = true, .timeout_s = 60},
                     .validate_chain = true,
                     .validate_name = true},
        .definition = {.name = "healthz",
                       .probe = {.protocol = APPGW_HTTPS,
                                 .host = "apps.example.com",
                                 .path = "/healthz",
                                 .interval_s = 10,
                                 .timeout_s = 5,
                                 .unhealthy_threshold = 3},
                       .settings_count = 1},
        .config = {.engine = {.stale_after = 3},
                   .drain = {.delay_ms = 15000, .timeout_ms = 10000},
                   .defaults = defaults},
    };
    ranges_add(&world->definition.probe.match.statuses, "200", NULL);
    world->definition.settings = &world->settings;
    world->config.checks = world->checks;
    world->input =
        (struct timing_input){.definition = &world->definition, .config = &world->config};
}

static void add_source(struct world *world, enum prober prober, enum probe_path path,
                       int64_t median_ms) {
    struct census_source *source = &world->census.sources[world->census.source_count++];
    source->prober = prober;
    source->path = path;
    source->median_ms = median_ms;
    world->input.census = &world->census;
}

static void assert_span(const struct span *span, int64_t best_ms, int64_t typical_ms,
                        int64_t worst_ms) {
    assert_int_equal(span->best_ms, best_ms);
    assert_int_equal(span->typical_ms, typical_ms);
    assert_int_equal(span->worst_ms, worst_ms);
}

static void test_timing_shipped_figures_need_no_warning(void **state) {
    (void)state;
    struct world world;
    struct timing_report report;
    make(&world);
    timing_fill(&report, &world.input);
    for (size_t i = 0; i < report.warning_count; i++)
        print_error("%s\n", report.warnings[i]);
    assert_int_equal(report.warning_count, 0);
    assert_false(report.is_measured);
    assert_span(&report.rows[TIMING_APPGW].detect, 20000, 26666, 45000);
    assert_span(&report.rows[TIMING_APPGW].recover, 0, 6666, 15000);
    assert_span(&report.rows[TIMING_LOAD_BALANCER].detect, 5000, 7500, 15000);
    assert_span(&report.rows[TIMING_LOAD_BALANCER].recover, 0, 2500, 5000);
    assert_span(&report.rows[TIMING_GATEWAY_POD].detect, 45000, 52500, 61000);
    assert_span(&report.rows[TIMING_RESPONDER_POD].detect, 2000, 3000, 6000);
    assert_span(&report.rows[TIMING_CHECKS].detect, 2000, 4500, 11500);
    assert_int_equal(report.rows[TIMING_GATEWAY_POD].drain_need_ms, 10000);
    assert_int_equal(report.rows[TIMING_RESPONDER_POD].drain_has_ms, 15000);
    assert_int_equal(report.stale_ms, 17000);
    /* The same without a definition. */
    world.input.definition = NULL;
    timing_fill(&report, &world.input);
    assert_span(&report.rows[TIMING_APPGW].detect, 20000, 26666, 45000);
    assert_int_equal(report.rows[TIMING_APPGW].drain_need_ms, 0);
}

static void test_timing_ways_are_the_sums_of_their_layers(void **state) {
    (void)state;
    struct world world;
    struct timing_report report;
    make(&world);
    timing_fill(&report, &world.input);
    const struct timing_row *rows = report.rows;
    struct span balancer = cadence_detect_answered(&rows[TIMING_LOAD_BALANCER].cadence);
    struct span answered = cadence_detect_answered(&rows[TIMING_APPGW].cadence);
    struct span sum = span_add(rows[TIMING_GATEWAY_POD].detect, balancer);
    const struct span *way = &report.ways[TIMING_GATEWAY_ONE].detect;
    assert_span(way, sum.best_ms, sum.typical_ms, sum.worst_ms);
    sum = span_add(rows[TIMING_CHECKS].detect, answered);
    way = &report.ways[TIMING_TENANT_OUT].detect;
    assert_span(way, sum.best_ms, sum.typical_ms, sum.worst_ms);
    assert_int_equal(answered.worst_ms, 30000);
    assert_int_equal(balancer.worst_ms, 10000);
    for (int i = 0; i < TIMING_WAY_COUNT; i++) {
        const struct span *spans[] = {&report.ways[i].detect, &report.ways[i].recover};
        enum timing_layer layers[2];
        size_t count = timing_way_layers((enum timing_way)i, layers);
        assert_true(count == 1 || count == 2);
        assert_true(strlen(timing_way_id((enum timing_way)i)) > 0);
        for (size_t k = 0; k < LENGTH(spans); k++) {
            assert_true(spans[k]->best_ms <= spans[k]->typical_ms);
            assert_true(spans[k]->typical_ms <= spans[k]->worst_ms);
        }
    }
}

static void test_timing_slowest_check_stands_for_all(void **state) {
    (void)state;
    struct world world;
    struct timing_report report;
    make(&world);
    for (size_t i = 0; i < LENGTH(world.checks); i++) {
        world.checks[i].name = "x";
        world.checks[i].timing = defaults;
    }
    world.checks[1].timing.interval_ms = 60000;
    world.config.check_count = LENGTH(world.checks);
    timing_fill(&report, &world.input);
    assert_int_equal(report.slowest_check, 1);
    assert_true(report.rows[TIMING_CHECKS].detect.worst_ms > 60000);
    assert_int_equal(report.stale_ms, 3 * 60000 + 2000);
    world.config.check_count = 0;
    timing_fill(&report, &world.input);
    assert_int_equal(report.slowest_check, UINT32_MAX);
}

static void test_timing_census_gives_the_intervals(void **state) {
    (void)state;
    struct world world;
    struct timing_report report;
    make(&world);
    world.input.definition = NULL;
    add_source(&world, PROBER_APPGW, PROBE_HEALTHZ, 20000); /* a share of two replicas */
    add_source(&world, PROBER_APPGW, PROBE_HEALTHZ, 10000);
    add_source(&world, PROBER_APPGW, PROBE_HEALTHZ, 0); /* too few to tell */
    add_source(&world, PROBER_APPGW, PROBE_STRICT, 1000);
    add_source(&world, PROBER_OPERATOR, PROBE_HEALTHZ, 500);
    add_source(&world, PROBER_KUBELET, PROBE_LIVE, 10000);
    add_source(&world, PROBER_KUBELET, PROBE_READY, 5000);
    timing_fill(&report, &world.input);
    assert_true(report.is_measured);
    assert_int_equal(report.instances, 3);
    assert_int_equal(report.rows[TIMING_APPGW].measured_ms, 10000);
    assert_int_equal(report.rows[TIMING_RESPONDER_POD].measured_ms, 5000);
    assert_int_equal(report.rows[TIMING_RESPONDER_POD].cadence.interval_ms, 5000);
    assert_int_equal(report.rows[TIMING_LOAD_BALANCER].measured_ms, 0);
    assert_int_equal(report.warning_count, 0);
    world.input.instances = 7;
    timing_fill(&report, &world.input);
    assert_int_equal(report.instances, 7);
}

/* One change each, and the words of the warning it brings. */
static void spoil_kubelet(struct world *world) {
    add_source(world, PROBER_KUBELET, PROBE_READY, 1000);
}
static void spoil_appgw(struct world *world) {
    add_source(world, PROBER_APPGW, PROBE_HEALTHZ, 4000);
}
static void spoil_rate(struct world *world) {
    add_source(world, PROBER_APPGW, PROBE_HEALTHZ, 7900);
}
static void spoil_drain(struct world *world) {
    world->config.drain.delay_ms = 9999;
}
static void spoil_draining(struct world *world) {
    world->settings.draining.timeout_s = 29;
}
static void spoil_stale(struct world *world) {
    world->config.engine.stale_after = 6;
}
static void spoil_p99(struct world *world) {
    world->input.answer_p99_us = 2000001;
}
static void spoil_p99_far(struct world *world) {
    world->input.answer_p99_us = 5000001;
}
static void spoil_timeout(struct world *world) {
    world->definition.probe.timeout_s = 1;
}
static void spoil_definition(struct world *world) {
    world->definition.probe.min_servers = 1;
}

static void test_timing_each_warning(void **state) {
    (void)state;
    static const struct {
        void (*spoil)(struct world *world);
        const char *words;
        size_t count;
    } rows[] = {
        {spoil_kubelet, "kubelet, our pods: the timeout, 2s, is longer than the interval",
         1},
        {spoil_appgw, "Application Gateway: the timeout, 5s, is longer", 3},
        {spoil_rate, "the census measures 7.9s between probes, the definition says 10s",
         1},
        {spoil_drain, "kubelet, our pods: a drain of 9999ms is shorter than 10s", 1},
        {spoil_draining, "Application Gateway: a drain of 29s is shorter than 30s", 1},
        {spoil_stale, "a state is believed for 32s (stale_after), longer than", 1},
        {spoil_p99, "kubelet, our pods: its timeout, 2000 ms, is shorter than the 99th",
         1},
        {spoil_p99_far, "Application Gateway: its timeout, 5000 ms, is shorter than", 2},
        {spoil_timeout, "Application Gateway: its timeout, 1s, leaves no time", 1},
        {spoil_definition, "minServers is above 0", 1},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct world world;
        struct timing_report report;
        bool found = false;
        make(&world);
        rows[i].spoil(&world);
        timing_fill(&report, &world.input);
        for (size_t k = 0; k < report.warning_count; k++) {
            found |= strstr(report.warnings[k], rows[i].words) != NULL;
            if (report.warning_count != rows[i].count)
                print_error("%s\n", report.warnings[k]);
        }
        for (size_t k = 0; !found && k < report.warning_count; k++)
            print_error("wanted %s, found %s\n", rows[i].words, report.warnings[k]);
        assert_true(found);
        assert_int_equal(report.warning_count, rows[i].count);
    }
}

static void test_timing_warnings_are_bounded(void **state) {
    (void)state;
    static struct appgw_settings many[40];
    struct world world;
    struct timing_report report;
    make(&world);
    world.definition.settings = many; /* none drains, none checks certificates */
    world.definition.settings_count = LENGTH(many);
    for (size_t i = 0; i < LENGTH(many); i++)
        many[i].protocol = APPGW_HTTPS;
    timing_fill(&report, &world.input);
    assert_int_equal(report.warning_count, TIMING_WARNINGS_MAX);
    assert_int_equal(report.settings, LENGTH(many));
    assert_int_equal(report.rows[TIMING_APPGW].cadence.probers, 2 * LENGTH(many));
}

static void test_timing_extremes_do_not_overflow(void **state) {
    (void)state;
    struct world world;
    struct timing_report report;
    make(&world);
    world.definition.probe.interval_s = APPGW_SECONDS_MAX;
    world.definition.probe.timeout_s = APPGW_SECONDS_MAX;
    world.definition.probe.unhealthy_threshold = APPGW_THRESHOLD_MAX;
    world.config.defaults.interval_ms = world.config.defaults.down_interval_ms = 3600000;
    world.config.defaults.fall = world.config.defaults.rise = 1000;
    world.input.instances = 125;
    timing_fill(&report, &world.input);
    assert_int_equal(report.rows[TIMING_APPGW].detect.worst_ms,
                     INT64_C(40) * APPGW_SECONDS_MAX * 1000);
    for (int i = 0; i < TIMING_LAYER_COUNT; i++)
        assert_true(report.rows[i].detect.worst_ms >= report.rows[i].detect.typical_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timing_shipped_figures_need_no_warning),
        cmocka_unit_test(test_timing_ways_are_the_sums_of_their_layers),
        cmocka_unit_test(test_timing_slowest_check_stands_for_all),
        cmocka_unit_test(test_timing_census_gives_the_intervals),
        cmocka_unit_test(test_timing_each_warning),
        cmocka_unit_test(test_timing_warnings_are_bounded),
        cmocka_unit_test(test_timing_extremes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
