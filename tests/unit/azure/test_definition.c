/* Rules between the keys of a definition, and what one means for a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azure/definition.h"
#include "base/buf.h"
#include "base/err.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct appgw_probe good_probe(void) {
    struct appgw_probe probe = {.protocol = APPGW_HTTPS,
                                .host = "apps.example.com",
                                .path = "/healthz",
                                .interval_s = 10,
                                .timeout_s = 5,
                                .unhealthy_threshold = 3};
    ranges_add(&probe.match.statuses, "200", NULL);
    return probe;
}

static struct appgw_settings good_settings(void) {
    return (struct appgw_settings){.name = "https",
                                   .protocol = APPGW_HTTPS,
                                   .port = 443,
                                   .host_name = "apps.example.com",
                                   .draining = {.enabled = true, .timeout_s = 60},
                                   .validate_chain = true,
                                   .validate_name = true};
}

static void test_appgw_probe_check_rules_between_keys(void **state) {
    (void)state;
    struct err err = {0};
    struct appgw_probe probe = good_probe();
    assert_true(appgw_probe_check(&probe, &err));
    probe.timeout_s = 10;
    assert_true(appgw_probe_check(&probe, &err));
    probe.timeout_s = 11;
    assert_false(appgw_probe_check(&probe, &err));
    assert_string_equal(err.where, "timeout");
    assert_non_null(strstr(err.text, "at most the interval, 10, found 11"));

    err = (struct err){0};
    probe = good_probe();
    probe.pick_host = true;
    assert_false(appgw_probe_check(&probe, &err));
    assert_string_equal(err.where, "host");
    err = (struct err){0};
    probe.host = NULL;
    assert_true(appgw_probe_check(&probe, &err));
    probe.pick_host = false;
    assert_false(appgw_probe_check(&probe, &err));
    assert_string_equal(err.where, "");
}

static void test_appgw_pair_check_probe_must_fit_its_settings(void **state) {
    (void)state;
    struct err err = {0};
    struct appgw_probe probe = good_probe();
    struct appgw_settings settings = good_settings();
    assert_true(appgw_settings_check(&settings, &err));
    assert_true(appgw_pair_check(&probe, &settings, &err));
    settings.pick_host = true;
    assert_false(appgw_settings_check(&settings, &err));
    assert_string_equal(err.where, "hostName");

    err = (struct err){0};
    settings = good_settings();
    settings.protocol = APPGW_HTTP;
    assert_false(appgw_pair_check(&probe, &settings, &err));
    assert_string_equal(err.where, "protocol");
    assert_non_null(strstr(err.text, "expected \"Http\""));

    err = (struct err){0};
    settings = good_settings();
    settings.host_name = NULL;
    assert_true(appgw_pair_check(&probe, &settings, &err));
    probe.host = NULL;
    probe.pick_host = true;
    assert_false(appgw_pair_check(&probe, &settings, &err));
    settings.pick_host = true;
    err = (struct err){0};
    assert_true(appgw_pair_check(&probe, &settings, &err));
}

static void test_appgw_host_and_port_probe_before_settings_before_defaults(void **state) {
    (void)state;
    struct appgw_probe probe = good_probe();
    struct appgw_settings settings = good_settings();
    settings.host_name = "other.example.com";
    assert_string_equal(appgw_host(&probe, &settings, "10.0.0.4"), "apps.example.com");
    assert_string_equal(appgw_server_name(&probe, &settings, "10.0.0.4"),
                        "apps.example.com");
    settings.sni_name = "sni.example.com";
    assert_string_equal(appgw_server_name(&probe, &settings, "x"), "sni.example.com");
    probe.host = NULL;
    assert_string_equal(appgw_host(&probe, &settings, "10.0.0.4"), "other.example.com");
    settings.host_name = NULL;
    settings.pick_host = true;
    assert_string_equal(appgw_host(&probe, &settings, "10.0.0.4"), "10.0.0.4");
    settings.pick_host = false;
    assert_string_equal(appgw_host(&probe, &settings, "10.0.0.4"), "127.0.0.1");
    assert_string_equal(appgw_host(&probe, NULL, "10.0.0.4"), "127.0.0.1");

    assert_int_equal(appgw_port(&probe, &settings), 443);
    assert_int_equal(appgw_port(&probe, NULL), 443);
    probe.protocol = APPGW_HTTP;
    assert_int_equal(appgw_port(&probe, NULL), 80);
    probe.port = 8080;
    assert_int_equal(appgw_port(&probe, &settings), 8080);
}

static void collect(void *user, const char *sentence) {
    buf_printf(user, "%s\n", sentence);
}

static void test_appgw_advise_speaks_about_what_is_unwise_only(void **state) {
    (void)state;
    static const char *const words[] = {"minServers",
                                        "302",
                                        "unhealthyThreshold is 1",
                                        "above a minute",
                                        "connectionDraining",
                                        "validateCertChainAndExpiry",
                                        "validateSNI"};
    struct appgw_settings settings = good_settings();
    struct appgw_definition definition = {
        .name = "p", .probe = good_probe(), .settings = &settings, .settings_count = 1};
    BUF_AUTO struct buf out = {0};
    appgw_advise(&definition, collect, &out);
    assert_int_equal(out.len, 0);
    definition.probe.min_servers = 1;
    definition.probe.unhealthy_threshold = 1;
    definition.probe.interval_s = 31;
    ranges_add(&definition.probe.match.statuses, "300-399", NULL);
    settings.draining.enabled = false;
    settings.validate_chain = false;
    settings.validate_name = false;
    appgw_advise(&definition, collect, &out);
    for (size_t i = 0; i < LENGTH(words); i++)
        assert_non_null(strstr(out.data, words[i]));
}

static void test_appgw_describe_says_all_that_is_sent(void **state) {
    (void)state;
    static const char *const address = "10.0.1.250";
    struct appgw_settings settings = good_settings();
    struct appgw_definition definition = {.name = "healthz",
                                          .probe = good_probe(),
                                          .settings = &settings,
                                          .settings_count = 1,
                                          .pool = "gateway",
                                          .addresses = {&address, 1}};
    BUF_AUTO struct buf out = {0};
    appgw_describe(&definition, &out);
    assert_string_equal(out.data,
                        "probe healthz: GET /healthz over https, Host apps.example.com\n"
                        "  every 10 s, timeout 5 s, unhealthy after 3 in a row\n"
                        "  healthy: status 200\n"
                        "  settings https: https, port 443\n"
                        "  pool gateway: 10.0.1.250\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appgw_probe_check_rules_between_keys),
        cmocka_unit_test(test_appgw_pair_check_probe_must_fit_its_settings),
        cmocka_unit_test(test_appgw_host_and_port_probe_before_settings_before_defaults),
        cmocka_unit_test(test_appgw_advise_speaks_about_what_is_unwise_only),
        cmocka_unit_test(test_appgw_describe_says_all_that_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
