/* The internal load balancer's probes, row by row as the cloud provider's own code made
 * them (kubernetes-sigs/cloud-provider-azure 7b31c76, getExpectedLBRules, run on these
 * Services: the ports Istio gives a gateway, with node ports 30021, 30080 and 30443), and
 * annotations that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azure/ilb.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "service.beta.kubernetes.io/"
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { ANNOTATIONS_MAX = 16, TEXT_MAX = 512 };

/* Flags of a row: L externalTrafficPolicy Local, B Basic SKU, S shared mode, 6 IPv6,
 * 0 healthCheckNodePort 0, n no appProtocol, t 443 has appProtocol tls. */
struct row {
    const char *id;
    const char *flags;
    const char *annotations; /* "KEY=VALUE;KEY=VALUE", keys without their prefix */
    const char *probes;      /* of 15021, 80, 443 */
    size_t built;
    const char *timing; /* interval and threshold of the probes */
    const char *rules;  /* floating IP, backend ports */
};

#define TIMING "5 s / 2"
#define FLOATING "yes; 15021, 80, 443"
#define NODE_PORTS "no; 30021, 30080, 30443"
#define HEALTHZ_READY                                                                    \
    "port_80_health-probe_protocol=http;port_80_health-probe_port=15021;"                \
    "port_80_health-probe_request-path=/healthz/ready"
#define HEALTHZ_READY_443                                                                \
    ";port_443_health-probe_protocol=http;port_443_health-probe_port=15021;"             \
    "port_443_health-probe_request-path=/healthz/ready"
#define PROXY(port)                                                                      \
    "port_" port "_health-probe_port=10256;port_" port "_health-probe_protocol=http;"    \
    "port_" port "_health-probe_request-path=/healthz"
#define TCP_80 "port_80_health-probe_protocol=tcp"
#define TCP_443 "port_443_health-probe_protocol=tcp"
#define LOCAL "HTTP 31999 /healthz"

static const struct row rows[] = {
    {"1", "", "", "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"2", "L", "", LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, FLOATING},
    {"3", "", TCP_80 ";" TCP_443, "TCP 30021, TCP 30080, TCP 30443", 3, TIMING, FLOATING},
    {"4", "", "azure-load-balancer-health-probe-protocol=tcp",
     "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"5", "", "azure-load-balancer-health-probe-request-path=/healthz/ready",
     "TCP 30021, HTTP 30080 /healthz/ready, HTTPS 30443 /healthz/ready", 3, TIMING,
     FLOATING},
    {"6", "L", PROXY("80"), LOCAL ", HTTP 10256 /healthz, " LOCAL, 2, TIMING, FLOATING},
    {"7", "", HEALTHZ_READY, "TCP 30021, HTTP 30021 /healthz/ready, HTTPS 30443 /", 3,
     TIMING, FLOATING},
    {"8", "L", "port_15021_no_lb_rule=true", "no rule, " LOCAL ", " LOCAL, 1, TIMING,
     "yes; 80, 443"},
    {"9", "", PROXY("80"), "TCP 30021, HTTP 10256 /healthz, HTTPS 30443 /", 3, TIMING,
     FLOATING},
    {"1b", "B", "", "TCP 30021, HTTP 30080 /, TCP 30443", 3, TIMING, FLOATING},
    {"1c", "n", "", "TCP 30021, TCP 30080, TCP 30443", 3, TIMING, FLOATING},
    {"1d", "S", "", "HTTP 10256 /healthz, HTTP 10256 /healthz, HTTP 10256 /healthz", 1,
     TIMING, FLOATING},
    {"1e", "6", "", "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, NODE_PORTS},
    /* An empty externalTrafficPolicy is Cluster. */
    {"1f", "", "", "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"1g", "t", "", "TCP 30021, HTTP 30080 /, TCP 30443", 3, TIMING, FLOATING},
    {"1h", "", "azure-load-balancer-enable-high-availability-ports=true",
     "TCP 30021, TCP 30021, TCP 30021", 1, TIMING, "yes; HA"},
    {"2b", "L", TCP_80 ";" TCP_443, LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, FLOATING},
    {"2c", "L", "azure-load-balancer-health-probe-request-path=/x",
     LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, FLOATING},
    {"2d", "LS", "", LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, FLOATING},
    {"2e", "L", "azure-pls-create=true;azure-pls-proxy-protocol=true",
     "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"2f", "L0", "", "HTTP 0, HTTP 0, HTTP 0", 1, TIMING, FLOATING},
    {"2g", "L", "azure-load-balancer-enable-high-availability-ports=true",
     LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, "yes; HA"},
    {"3b", "", TCP_80, "TCP 30021, TCP 30080, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"4b", "n", "azure-load-balancer-health-probe-protocol=http",
     "HTTP 30021 /, HTTP 30080 /, HTTP 30443 /", 3, TIMING, FLOATING},
    {"5b", "",
     "azure-load-balancer-health-probe-protocol=tcp;"
     "azure-load-balancer-health-probe-request-path=/healthz/ready",
     "TCP 30021, HTTP 30080 /healthz/ready, HTTPS 30443 /healthz/ready", 3, TIMING,
     FLOATING},
    {"5c", "",
     "azure-load-balancer-health-probe-request-path=/a;"
     "port_80_health-probe_request-path=/b",
     "TCP 30021, HTTP 30080 /b, HTTPS 30443 /a", 3, TIMING, FLOATING},
    {"5d", "", "azure-load-balancer-health-probe-request-path=healthz/ready",
     "TCP 30021, HTTP 30080 healthz/ready, HTTPS 30443 healthz/ready", 3, TIMING,
     FLOATING},
    {"6b", "L", "port_80_health-probe_port=10256", LOCAL ", HTTP 10256 /, " LOCAL, 2,
     TIMING, FLOATING},
    {"6c", "L", PROXY("80") ";" PROXY("443") ";" PROXY("15021"),
     "HTTP 10256 /healthz, HTTP 10256 /healthz, HTTP 10256 /healthz", 3, TIMING,
     FLOATING},
    {"7b", "",
     "port_80_health-probe_protocol=http;port_80_health-probe_port=status-port;"
     "port_80_health-probe_request-path=/healthz/ready",
     "TCP 30021, HTTP 30021 /healthz/ready, HTTPS 30443 /", 3, TIMING, FLOATING},
    {"7c", "", HEALTHZ_READY HEALTHZ_READY_443,
     "TCP 30021, HTTP 30021 /healthz/ready, HTTP 30021 /healthz/ready", 3, TIMING,
     FLOATING},
    {"7d", "L", HEALTHZ_READY HEALTHZ_READY_443,
     LOCAL ", HTTP 30021 /healthz/ready, HTTP 30021 /healthz/ready", 3, TIMING, FLOATING},
    {"7e", "",
     "port_443_health-probe_port=15021;port_443_health-probe_request-path=/healthz/ready",
     "TCP 30021, HTTP 30080 /, HTTPS 30021 /healthz/ready", 3, TIMING, FLOATING},
    {"8b", "", "port_15021_no_lb_rule=true", "no rule, HTTP 30080 /, HTTPS 30443 /", 2,
     TIMING, "yes; 80, 443"},
    {"8c", "", "port_15021_no_probe_rule=true", "none, HTTP 30080 /, HTTPS 30443 /", 2,
     TIMING, FLOATING},
    {"8d", "L", "port_15021_no_probe_rule=true", "none, " LOCAL ", " LOCAL, 1, TIMING,
     FLOATING},
    {"8e", "", HEALTHZ_READY HEALTHZ_READY_443 ";port_15021_no_lb_rule=true",
     "no rule, HTTP 30021 /healthz/ready, HTTP 30021 /healthz/ready", 2, TIMING,
     "yes; 80, 443"},
    {"9b", "", PROXY("80") ";" PROXY("443"),
     "TCP 30021, HTTP 10256 /healthz, HTTP 10256 /healthz", 3, TIMING, FLOATING},
    {"9c", "S", "port_80_health-probe_port=9999;" TCP_80,
     "HTTP 10256 /healthz, HTTP 10256 /healthz, HTTP 10256 /healthz", 1, TIMING,
     FLOATING},
    {"10", "", "azure-disable-load-balancer-floating-ip=true",
     "TCP 30021, HTTP 30080 /, HTTPS 30443 /", 3, TIMING, NODE_PORTS},
    {"10b", "L", "azure-disable-load-balancer-floating-ip=true",
     LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, NODE_PORTS},
    {"11b", "L", "port_80_health-probe_interval=10;port_80_health-probe_num-of-probe=3",
     LOCAL ", " LOCAL ", " LOCAL, 1, TIMING, FLOATING},
    {"11c", "L",
     "azure-load-balancer-health-probe-interval=10;"
     "azure-load-balancer-health-probe-num-of-probe=3",
     LOCAL ", " LOCAL ", " LOCAL, 1, "10 s / 3", FLOATING},
};

/* A Service with what its pieces point to. */
struct fixture {
    struct ilb_port ports[3];
    struct ilb_annotation annotations[ANNOTATIONS_MAX];
    char keys[ANNOTATIONS_MAX][96];
    char values[ANNOTATIONS_MAX][48];
    struct ilb_service service;
    struct ilb_cloud cloud;
};

static void add_annotation(struct fixture *fixture, const char *key, size_t key_len,
                           const char *value, size_t value_len) {
    size_t i = fixture->service.annotation_count++;
    assert_true(i < ANNOTATIONS_MAX);
    snprintf(fixture->keys[i], sizeof fixture->keys[i], PREFIX "%.*s", (int)key_len, key);
    snprintf(fixture->values[i], sizeof fixture->values[i], "%.*s", (int)value_len,
             value);
    fixture->annotations[i] =
        (struct ilb_annotation){fixture->keys[i], fixture->values[i]};
}

static void build(struct fixture *fixture, const char *flags, const char *annotations) {
    bool has_protocols = !strchr(flags, 'n');
    const char *https = strchr(flags, 't') ? "tls" : "https";
    *fixture = (struct fixture){
        .ports = {{"status-port", "TCP", has_protocols ? "tcp" : NULL, 15021, 30021},
                  {"http", NULL, has_protocols ? "http" : NULL, 80, 30080},
                  {"https", "TCP", has_protocols ? https : NULL, 443, 30443}},
        .cloud = {.is_basic = strchr(flags, 'B'), .is_shared = strchr(flags, 'S')},
    };
    fixture->service = (struct ilb_service){
        .is_local = strchr(flags, 'L'),
        .is_ipv6 = strchr(flags, '6'),
        .health_check_node_port = strchr(flags, 'L') && !strchr(flags, '0') ? 31999 : 0,
        .ports = fixture->ports,
        .port_count = LENGTH(fixture->ports),
        .annotations = fixture->annotations,
    };
    add_annotation(fixture, "azure-load-balancer-internal", 28, "true", 4);
    for (const char *p = annotations; *p != '\0';) {
        const char *equals = strchr(p, '=');
        size_t len = strcspn(p, ";");
        add_annotation(fixture, p, (size_t)(equals - p), equals + 1,
                       len - (size_t)(equals + 1 - p));
        p += len + (p[len] == ';');
    }
}

static void put_probes(struct buf *out, const struct ilb_plan *plan, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct ilb_rule *rule = &plan->rules[i];
        const struct ilb_probe *probe = &rule->probe;
        buf_puts(out, i > 0 ? ", " : "");
        buf_puts(out, rule->exists ? ilb_protocol_name(probe->protocol) : "no rule");
        if (probe->protocol != ILB_NO_PROBE)
            buf_printf(out, " %d", probe->port);
        if (probe->path && probe->path[0] != '\0')
            buf_printf(out, " %s", probe->path);
    }
}

static void put_rules(struct buf *out, const struct ilb_plan *plan, size_t count) {
    const char *joint = ";";
    buf_puts(out, plan->rules[count - 1].floating_ip ? "yes" : "no");
    if (plan->is_for_all_ports) {
        assert_int_equal(plan->rules[0].backend_port, 0);
        buf_puts(out, "; HA");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!plan->rules[i].exists)
            continue;
        buf_printf(out, "%s %d", joint, plan->rules[i].backend_port);
        joint = ",";
    }
}

static void check_timing(const struct row *row, const struct ilb_plan *plan) {
    for (size_t i = 0; i < 3; i++) {
        char timing[32];
        const struct ilb_probe *probe = &plan->rules[i].probe;
        if (probe->protocol == ILB_NO_PROBE)
            continue;
        snprintf(timing, sizeof timing, "%d s / %d", probe->interval_s, probe->threshold);
        assert_string_equal(timing, row->timing);
    }
}

static void test_ilb_plan_every_row_of_the_cloud_provider_is_met(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct row *row = &rows[i];
        BUF_AUTO struct buf probes = {0};
        BUF_AUTO struct buf rules = {0};
        struct fixture fixture;
        struct ilb_plan plan;
        struct err err = {0};
        build(&fixture, row->flags, row->annotations);
        assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, &err));
        put_probes(&probes, &plan, 3);
        put_rules(&rules, &plan, 3);
        if (strcmp(probes.data, row->probes) != 0 || strcmp(rules.data, row->rules) != 0)
            print_error("row %s\n", row->id);
        assert_string_equal(probes.data, row->probes);
        assert_string_equal(rules.data, row->rules);
        assert_int_equal(plan.probe_count, row->built);
        check_timing(row, &plan);
    }
}

static void test_ilb_plan_bad_annotation_is_refused_in_its_words(void **state) {
    (void)state;
    static const struct {
        const char *flags;
        const char *annotations;
        const char *error;
    } bad[] = {
        /* Row 11. */
        {"",
         "azure-load-balancer-health-probe-interval=20;"
         "azure-load-balancer-health-probe-num-of-probe=6",
         "failed to parse health probe config for port 15021: total probe should be less "
         "than 120, please adjust interval and number of probe accordingly"},
        {"L",
         "azure-load-balancer-health-probe-interval=20;"
         "azure-load-balancer-health-probe-num-of-probe=6",
         "total probe should be less than 120"},
        {"", "port_80_health-probe_port=nothing", "port nothing not found in service"},
        {"", "port_80_health-probe_port=65536", "port 65536 is out of range"},
        {"", "port_80_health-probe_port=-1", "port -1 is out of range"},
        {"", "port_80_health-probe_port=", "port  not found in service"},
        {"", "port_443_health-probe_interval=4", "the minimum value of interval is 5"},
        {"", "port_443_health-probe_num-of-probe=1",
         "the minimum value of num-of-probe is 2"},
        {"", "azure-load-balancer-health-probe-interval=soon",
         "soon value must be a whole number"},
        {"", "azure-load-balancer-health-probe-interval=5s", "5s value must be"},
        {"", "azure-load-balancer-health-probe-interval=2147483648", "must be a whole"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct fixture fixture;
        struct ilb_plan plan;
        struct err err = {0};
        build(&fixture, bad[i].flags, bad[i].annotations);
        assert_false(ilb_plan(&fixture.service, &fixture.cloud, &plan, &err));
        if (!strstr(err.text, bad[i].error))
            print_error("%s\n%s\n", bad[i].annotations, err.text);
        assert_non_null(strstr(err.text, bad[i].error));
    }
}

static void test_ilb_plan_odd_values_are_taken_as_the_provider_takes_them(void **state) {
    (void)state;
    static const struct {
        const char *flags;
        const char *annotations;
        const char *probes;
    } odd[] = {
        {"", "port_80_health-probe_protocol= HTTP ", "HTTP 30080 /"},
        {"", "port_80_health-probe_protocol=", "TCP 30080"},
        {"", "port_80_health-probe_protocol=grpc-that-nobody-knows", "TCP 30080"},
        {"", "port_80_health-probe_request-path=", "HTTP 30080"},
        {"", "port_80_health-probe_port=0", "HTTP 0 /"},
        {"", "port_80_health-probe_port=STATUS-PORT", "HTTP 30021 /"},
        {"", "port_80_health-probe_interval= 30 ;port_80_health-probe_num-of-probe=3",
         "HTTP 30080 /"},
        {"", "port_80_no_lb_rule=TRUE", "no rule"},
        {"", "port_80_no_lb_rule=yes", "HTTP 30080 /"},
        {"L", "azure-pls-create=true;azure-pls-proxy-protocol=false", LOCAL},
        {"B", "azure-load-balancer-enable-high-availability-ports=true", "HTTP 30080 /"},
    };
    for (size_t i = 0; i < LENGTH(odd); i++) {
        BUF_AUTO struct buf probes = {0};
        struct fixture fixture;
        struct ilb_plan plan;
        struct err err = {0};
        build(&fixture, odd[i].flags, odd[i].annotations);
        assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, &err));
        plan.rules[0] = plan.rules[1];
        put_probes(&probes, &plan, 1);
        assert_string_equal(probes.data, odd[i].probes);
    }
}

static void test_ilb_plan_all_ports_takes_the_first_probe_that_can_be_made(void **state) {
    (void)state;
    struct fixture fixture;
    struct ilb_plan plan;
    struct err err = {0};
    build(&fixture, "",
          "azure-load-balancer-enable-high-availability-ports=true;"
          "port_15021_health-probe_port=nothing");
    assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, &err));
    assert_int_equal(plan.rules[2].probe.protocol, ILB_HTTP);
    assert_int_equal(plan.rules[2].probe.port, 30080);
}

static void test_ilb_plan_udp_and_shared_settings(void **state) {
    (void)state;
    struct fixture fixture;
    struct ilb_plan plan;
    build(&fixture, "", "");
    fixture.ports[1].protocol = "UDP";
    assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, NULL));
    assert_true(plan.rules[1].exists);
    assert_int_equal(plan.rules[1].probe.protocol, ILB_NO_PROBE);
    fixture.cloud =
        (struct ilb_cloud){.is_shared = true, .shared_port = 10356, .shared_path = "/x"};
    assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, NULL));
    assert_int_equal(plan.rules[0].probe.port, 10356);
    assert_string_equal(plan.rules[0].probe.path, "/x");
    fixture.service.port_count = 0;
    assert_true(ilb_plan(&fixture.service, &fixture.cloud, &plan, NULL));
    assert_int_equal(plan.probe_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ilb_plan_every_row_of_the_cloud_provider_is_met),
        cmocka_unit_test(test_ilb_plan_bad_annotation_is_refused_in_its_words),
        cmocka_unit_test(test_ilb_plan_odd_values_are_taken_as_the_provider_takes_them),
        cmocka_unit_test(test_ilb_plan_all_ports_takes_the_first_probe_that_can_be_made),
        cmocka_unit_test(test_ilb_plan_udp_and_shared_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
