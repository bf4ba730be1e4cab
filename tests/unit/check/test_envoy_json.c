/* What is read out of the answers of Envoy's admin port: real ones, shortened, and such
 * that are not what they should be. */
#include "check/envoy_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#define DAY_MS (INT64_C(86400) * 1000)

static void test_envoy_read_info_reads_state_and_uptime(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *state;
        int64_t uptime_s;
    } cases[] = {
        {"{\"version\": \"9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/"
         "BoringSSL\", \"state\": \"LIVE\", \"uptime_current_epoch\": \"37s\", "
         "\"uptime_all_epochs\": \"40s\", \"node\": {\"id\": \"x\"}}",
         "LIVE", 37},
        {"{\"state\": \"DRAINING\", \"uptime_current_epoch\": \"3.250s\"}", "DRAINING",
         3},
        {"{\"state\": \"PRE_INITIALIZING\", \"uptime_current_epoch\": 12}",
         "PRE_INITIALIZING", 12},
        {"{\"state\": \"LIVE\", \"uptime_current_epoch\": \"0s\"}", "LIVE", 0},
        {"{\"uptime_current_epoch\": \"s\"}", "", -1},
        {"{\"uptime_current_epoch\": \"-3s\"}", "", -1},
        {"{\"uptime_current_epoch\": \"99999999999999999999999999s\"}", "", -1},
        {"{\"uptime_current_epoch\": \"9999999999999999999s\"}", "", -1},
        {"{\"uptime_current_epoch\": \"12 h\"}", "", -1},
        {"{\"uptime_current_epoch\": -1}", "", -1},
        {"{\"state\": 0, \"uptime_current_epoch\": {}}", "", -1},
        {"{\"state\": \"a\\nb\"}", "a b", -1},
        {"{}", "", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct envoy_info info;
        const char *text = cases[i].text;
        assert_true(envoy_read_info(text, strlen(text), &info, NULL));
        assert_string_equal(info.state, cases[i].state);
        assert_int_equal(info.uptime_s, cases[i].uptime_s);
    }
}

static void test_envoy_read_what_is_no_object_is_an_error(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum err_kind kind;
    } cases[] = {
        {"", ERR_SYNTAX},
        {"LIVE", ERR_SYNTAX},
        {"<html></html>", ERR_SYNTAX},
        {"{\"a\": 1", ERR_SYNTAX},
        {"{} {}", ERR_SYNTAX},
        {"[]", ERR_INVALID},
        {"{\"a\": \"\xff\"}", ERR_SYNTAX},
    };
    const struct text_list none = {NULL, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        size_t len = strlen(text);
        struct envoy_info info;
        struct envoy_clusters clusters;
        struct envoy_certs certs;
        struct err errs[3] = {{0}};
        assert_false(envoy_read_info(text, len, &info, &errs[0]));
        assert_false(envoy_read_clusters(text, len, &none, &clusters, &errs[1]));
        assert_false(envoy_read_certs(text, len, 0, &certs, &errs[2]));
        for (int j = 0; j < 3; j++)
            assert_int_equal(errs[j].kind, cases[i].kind);
    }
}

/* Far more to keep than to send. */
static void test_envoy_read_too_many_parts_is_an_error(void **state) {
    (void)state;
    static const struct {
        const char *part;
        int most;
    } cases[] = {{"{},", 24 * 1024 - 3}, {"0,", 48 * 1024}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int over = 0; over < 2; over++) {
            BUF_AUTO struct buf text = {0};
            struct envoy_info info;
            struct err err = {0};
            buf_puts(&text, "{\"\\\"[,\": [");
            for (int j = 0; j < cases[i].most + over; j++)
                buf_puts(&text, cases[i].part);
            buf_puts(&text, i == 0 ? "{}]}" : "0]}");
            assert_int_equal(envoy_read_info(text.data, text.len, &info, &err), !over);
            assert_int_equal(err.kind, over ? ERR_LIMIT : ERR_NONE);
        }
    }
}

#define SOCKET(ip, port)                                                                 \
    "{\"address\": {\"socket_address\": {\"address\": \"" ip "\", \"port_value\": " port \
    "}}, \"stats\": [{\"name\": \"cx_connect_fail\"}, {\"value\": \"1\", \"name\": "     \
    "\"cx_total\"}], \"weight\": 1, \"locality\": {}, \"health_status\": "
#define HEALTHY "{\"eds_health_status\": \"HEALTHY\"}}"
#define FAILED_HC                                                                        \
    "{\"failed_active_health_check\": true, \"eds_health_status\": \"HEALTHY\"}}"

static const char clusters_text[] =
    "{\"cluster_statuses\": ["
    "{\"name\": \"BlackHoleCluster\", \"observability_name\": \"BlackHoleCluster\"},"
    "{\"name\": \"outbound|8080||app1.ns.svc.cluster.local\", \"added_via_api\": true,"
    " \"host_statuses\": [" SOCKET("10.0.0.1", "8080") HEALTHY
    ", " SOCKET("10.0.0.2", "8080") HEALTHY
    "]},"
    "{\"name\": \"outbound|8080||app2.ns.svc.cluster.local\", \"host_statuses\": "
    "[" SOCKET("10.0.0.3", "8080") HEALTHY ", " SOCKET("10.0.0.4", "8080") FAILED_HC
    "]},"
    "{\"name\": \"outbound|8080||app3.ns.svc.cluster.local\", \"host_statuses\": "
    "[" SOCKET("fd00::5", "8080") FAILED_HC ", " SOCKET("10.0.0.6", "8080") FAILED_HC
    "]},"
    "{\"name\": \"xds-grpc\", \"host_statuses\": [{\"address\": {\"pipe\": {\"path\": "
    "\"./etc/istio/proxy/XDS\"}}, \"health_status\": {\"eds_health_status\": "
    "\"HEALTHY\"}}]}]}";

static void read_clusters(const char *text, const char *const *names, size_t count,
                          struct envoy_clusters *clusters) {
    const struct text_list list = {names, count};
    assert_true(envoy_read_clusters(text, strlen(text), &list, clusters, NULL));
}

static void test_envoy_read_clusters_worst_is_told(void **state) {
    (void)state;
    static const struct {
        const char *names[3];
        size_t matched;
        size_t sick;
        int64_t healthy;
        int64_t hosts;
        const char *worst;
        const char *host;
        const char *missing;
    } cases[] = {
        {{"app1."}, 1, 0, 2, 2, "outbound|8080||app1.ns.svc.cluster.local", "", NULL},
        {{"outbound|8080||app2.ns.svc.cluster.local"},
         1,
         1,
         1,
         2,
         "outbound|8080||app2.ns.svc.cluster.local",
         "10.0.0.4:8080",
         NULL},
        {{"app3"},
         1,
         1,
         0,
         2,
         "outbound|8080||app3.ns.svc.cluster.local",
         "[fd00::5]:8080",
         NULL},
        {{"||app"},
         3,
         2,
         0,
         2,
         "outbound|8080||app3.ns.svc.cluster.local",
         "[fd00::5]:8080",
         NULL},
        {{"app2", "app1", "nobody"},
         2,
         1,
         1,
         2,
         "outbound|8080||app2.ns.svc.cluster.local",
         "10.0.0.4:8080",
         "nobody"},
        {{"BlackHole"}, 1, 1, 0, 0, "BlackHoleCluster", "", NULL},
        {{"xds-grpc"}, 1, 0, 1, 1, "xds-grpc", "", NULL},
        {{"App1", "APP2"}, 0, 0, 0, 0, "", "", "App1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct envoy_clusters clusters;
        size_t count = 0;
        while (count < 3 && cases[i].names[count])
            count++;
        read_clusters(clusters_text, cases[i].names, count, &clusters);
        assert_int_equal(clusters.matched, cases[i].matched);
        assert_int_equal(clusters.sick, cases[i].sick);
        assert_int_equal(clusters.worst.healthy, cases[i].healthy);
        assert_int_equal(clusters.worst.hosts, cases[i].hosts);
        assert_string_equal(clusters.worst.name, cases[i].worst);
        assert_string_equal(clusters.worst.sick, cases[i].host);
        if (cases[i].missing)
            assert_string_equal(clusters.missing, cases[i].missing);
        else
            assert_null(clusters.missing);
    }
}

/* One host each; NULL: it is healthy. */
static void test_envoy_read_clusters_health_of_a_host(void **state) {
    (void)state;
    static const struct {
        const char *host;
        const char *address;
        const char *why;
    } cases[] = {
        {"{}", NULL, NULL},
        {"null", NULL, NULL},
        {"{\"health_status\": {}}", NULL, NULL},
        {"{\"health_status\": {\"eds_health_status\": \"DEGRADED\"}}", NULL, NULL},
        {"{\"health_status\": {\"eds_health_status\": \"UNKNOWN\"}}", NULL, NULL},
        {"{\"health_status\": {\"eds_health_status\": 2}}", NULL, NULL},
        {"{\"health_status\": {\"failed_active_degraded_check\": true, "
         "\"pending_dynamic_removal\": true}}",
         NULL, NULL},
        {"{\"health_status\": {\"failed_active_health_check\": false}}", NULL, NULL},
        {"{\"health_status\": {\"failed_active_health_check\": \"true\"}}", NULL, NULL},
        {"{\"health_status\": {\"failed_outlier_check\": true}}", "unknown address",
         "failed_outlier_check"},
        {"{\"health_status\": {\"eds_health_status\": \"UNHEALTHY\"}, \"address\": "
         "{\"envoy_internal_address\": {\"server_listener_name\": \"connect_originate\", "
         "\"endpoint_id\": \"10.0.0.7:8080\"}}}",
         "internal:10.0.0.7:8080", "UNHEALTHY"},
        {"{\"health_status\": {\"eds_health_status\": \"DRAINING\"}, \"address\": "
         "{\"envoy_internal_address\": {\"server_listener_name\": \"inner\"}}}",
         "internal:inner", "DRAINING"},
        {"{\"health_status\": {\"eds_health_status\": \"TIMEOUT\"}, \"address\": "
         "{\"pipe\": {\"path\": \"./XDS\"}}}",
         "unix:./XDS", "TIMEOUT"},
        {"{\"health_status\": {\"failed_active_health_check\": true}, \"address\": "
         "{\"socket_address\": {\"address\": \"10.0.0.7\", \"port_value\": \"443\"}}}",
         "10.0.0.7:443", "failed_active_health_check"},
        {"{\"health_status\": {\"failed_active_health_check\": true}, \"address\": "
         "{\"socket_address\": {}}}",
         ":0", "failed_active_health_check"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO struct buf text = {0};
        const char *const names[] = {"a"};
        struct envoy_clusters clusters;
        buf_printf(&text,
                   "{\"cluster_statuses\": [{\"name\": \"a\", "
                   "\"host_statuses\": [%s]}]}",
                   cases[i].host);
        read_clusters(text.data, names, 1, &clusters);
        assert_int_equal(clusters.worst.hosts, 1);
        assert_int_equal(clusters.worst.healthy, cases[i].why == NULL);
        assert_string_equal(clusters.worst.sick, cases[i].why ? cases[i].address : "");
        assert_string_equal(clusters.worst.why, cases[i].why ? cases[i].why : "");
    }
}

static void test_envoy_read_clusters_odd_shapes_read_as_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        "{\"cluster_statuses\": {}}",
        "{\"cluster_statuses\": [null, 1, \"a\", [], {}, {\"name\": 1}]}",
    };
    const char *const names[] = {"a"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct envoy_clusters clusters;
        read_clusters(texts[i], names, 1, &clusters);
        assert_int_equal(clusters.matched, 0);
        assert_ptr_equal(clusters.missing, names[0]);
    }
    struct envoy_clusters clusters;
    read_clusters("{\"cluster_statuses\": [{\"name\": \"a\", \"host_statuses\": 7}]}",
                  names, 1, &clusters);
    assert_int_equal(clusters.matched, 1);
    assert_int_equal(clusters.worst.hosts, 0);
}

#define CERT(san, serial, days, end)                                                     \
    "{\"path\": \"\\u003cinline\\u003e\", \"serial_number\": \"" serial                  \
    "\", \"subject_alt_names\": [" san "], \"days_until_expiration\": \"" days           \
    "\", \"valid_from\": \"2026-11-23T22:10:48Z\", \"expiration_time\": \"" end "\"}"
#define MESH_ROOT CERT("", "a987", "3649", "2036-11-20T22:10:46Z")
#define MESH                                                                             \
    CERT("{\"uri\": \"spiffe://cluster.local/ns/istio-ingress/sa/gw\"}", "39cd", "0",    \
         "2026-11-24T22:10:49Z")
#define ENTRY(ca, chain) "{\"ca_cert\": [" ca "], \"cert_chain\": [" chain "]}"
#define SERVED                                                                           \
    CERT("{\"dns\": \"apps.example.com\"}", "02d1", "29", "2026-12-23T22:10:48Z")

static void test_envoy_read_certs_first_to_end_is_told(void **state) {
    (void)state;
    static const struct {
        const char *entries;
        size_t count;
        const char *name;
        int64_t left_ms;
    } cases[] = {
        {"", 0, "", 0},
        {ENTRY(MESH_ROOT, MESH), 0, "", 0},
        {ENTRY(MESH_ROOT, MESH) ", " ENTRY("", SERVED), 1, "apps.example.com",
         29 * DAY_MS},
        {ENTRY("", SERVED) ", " ENTRY("",
                                      CERT("{\"ip_address\": \"10.0.0.1\"}, {\"dns\": "
                                           "\"b\"}",
                                           "77", "0", "2026-11-24T21:10:48Z")),
         2, "10.0.0.1", -3600 * 1000},
        /* the issuer ends first */
        {ENTRY("", SERVED ", " CERT("", "ca11", "1", "2026-11-26T22:10:48Z")), 2,
         "serial number ca11", 2 * DAY_MS},
        {ENTRY("", CERT("", "5", "7", "soon")), 1, "serial number 5", 7 * DAY_MS},
        {ENTRY("", CERT("", "5", "4294967295", "")), 0, "", 0},
        {ENTRY("", CERT("", "5", "-1", "")), 0, "", 0},
        {"null, {}, {\"cert_chain\": {}}, {\"cert_chain\": [null, 1]}", 0, "", 0},
        /* Of other trust: not the gateway's to renew. */
        {ENTRY(CERT("", "1", "0", "2001-01-01T00:00:00Z"), SERVED), 1, "apps.example.com",
         29 * DAY_MS},
    };
    int64_t now_ms;
    assert_true(clock_parse_rfc3339("2026-11-24T22:10:48Z", &now_ms));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO struct buf text = {0};
        struct envoy_certs certs;
        buf_printf(&text, "{\"certificates\": [%s]}", cases[i].entries);
        assert_true(envoy_read_certs(text.data, text.len, now_ms, &certs, NULL));
        assert_int_equal(certs.count, cases[i].count);
        assert_string_equal(certs.name, cases[i].name);
        assert_int_equal(certs.left_ms, cases[i].left_ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envoy_read_info_reads_state_and_uptime),
        cmocka_unit_test(test_envoy_read_what_is_no_object_is_an_error),
        cmocka_unit_test(test_envoy_read_too_many_parts_is_an_error),
        cmocka_unit_test(test_envoy_read_clusters_worst_is_told),
        cmocka_unit_test(test_envoy_read_clusters_health_of_a_host),
        cmocka_unit_test(test_envoy_read_clusters_odd_shapes_read_as_nothing),
        cmocka_unit_test(test_envoy_read_certs_first_to_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
