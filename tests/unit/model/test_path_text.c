/* The words of a diagnosis: names that are derived, names that are not known, and names
 * that nobody may smuggle into a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_path_fixture.h"

#include "base/mem.h"
#include "model/census.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void expect_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

static void test_next_step_gateway_names_come_from_its_service(void **state) {
    (void)state;
    static const struct {
        const char *service;
        const char *next;
    } rows[] = {
        {"shared-gateway-istio.istio-ingress.svc.cluster.local.",
         "kubectl -n istio-ingress get pods "
         "-l gateway.networking.k8s.io/gateway-name=shared-gateway -o wide"},
        {"edge-approuting-istio.app-routing.svc",
         "kubectl -n app-routing get pods "
         "-l gateway.networking.k8s.io/gateway-name=edge -o wide"},
        {"edge.istio-ingress.svc.corp.example",
         "kubectl -n istio-ingress get pods "
         "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"10.0.0.7", "kubectl -n <gateway-namespace> get pods "
                     "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"gateway.example.com",
         "kubectl -n <gateway-namespace> get pods "
         "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"a.b.svcx.local", "kubectl -n <gateway-namespace> get pods "
                           "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"-istio.b.svc", "kubectl -n b get pods "
                         "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"gateway", "kubectl -n <gateway-namespace> get pods "
                    "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
        {"..svc", "kubectl -n <gateway-namespace> get pods "
                  "-l gateway.networking.k8s.io/gateway-name=<gateway> -o wide"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;

        scene_make(&scene, "status=CONNECT_REFUSED stats=na tls=none loop=none "
                           "routed=CONNECT_REFUSED");
        scene.config->gateway.service = rows[i].service;
        scene_diagnose(&scene, 0, &report);
        assert_string_equal(report.next_step, rows[i].next);
        scene_free(&scene);
    }
}

/* What only looks like a name of ours belongs to the command. */
static void test_next_step_other_braces_are_left_alone(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "tls=none loop=none routed=CONNECT_REFUSED");
    scene_diagnose(&scene, 0, &report);
    assert_string_equal(
        report.next_step,
        "kubectl -n istio-ingress get gateway shared-gateway -o jsonpath='{range "
        ".status.listeners[*]}{.name}{range .conditions[*]}{\"  \"}{.type}={.status} "
        "{.reason}{end}{\"\\n\"}{end}'");
    scene_free(&scene);
}

static void test_next_step_labels_are_63_bytes_at_most(void **state) {
    (void)state;
    static const struct {
        int service;
        int namespace;
        bool is_known;
    } rows[] = {{63, 63, true}, {64, 1, false}, {10, 64, false}};

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;
        char service[200];

        snprintf(service, sizeof service, "%.*s-istio.%.*s.svc", rows[i].service - 6,
                 "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss",
                 rows[i].namespace,
                 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        scene_make(&scene, "status=CONNECT_REFUSED stats=na tls=none loop=none "
                           "routed=CONNECT_REFUSED");
        scene.config->gateway.service = service;
        scene_diagnose(&scene, 0, &report);
        assert_int_equal(strstr(report.next_step, "<gateway>") == NULL, rows[i].is_known);
        scene_free(&scene);
    }
}

static void test_next_step_tenant_names_come_from_its_backend(void **state) {
    (void)state;
    static const struct {
        const char *backend;
        const char *next;
    } rows[] = {
        {"http://sample-app-2.tenant-2.svc.cluster.local.:8080/app2/health",
         "kubectl -n tenant-2 get endpointslices "
         "-l kubernetes.io/service-name=sample-app-2 -o wide; "
         "kubectl -n tenant-2 get pods -o wide"},
        {"http://app:8080/", "kubectl -n <namespace> get endpointslices "
                             "-l kubernetes.io/service-name=<service> -o wide; "
                             "kubectl -n <namespace> get pods -o wide"},
        {"http://[fd00::1]:8080/", "kubectl -n <namespace> get endpointslices "
                                   "-l kubernetes.io/service-name=<service> -o wide; "
                                   "kubectl -n <namespace> get pods -o wide"},
        {"nonsense", "kubectl -n <namespace> get endpointslices "
                     "-l kubernetes.io/service-name=<service> -o wide; "
                     "kubectl -n <namespace> get pods -o wide"},
        {NULL, "kubectl -n <namespace> get endpointslices "
               "-l kubernetes.io/service-name=<service> -o wide; "
               "kubectl -n <namespace> get pods -o wide"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;

        scene_make(&scene, "routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED");
        scene.tenants[0].backend = rows[i].backend;
        scene_diagnose(&scene, 0, &report);
        assert_string_equal(report.next_step, rows[i].next);
        scene_free(&scene);
    }
}

/* Names come from a file, but a pasted command must not run what they hold. */
static void test_next_step_unsafe_names_become_placeholders(void **state) {
    (void)state;
    static const char *const services[] = {
        "$(reboot)-istio.ns.svc", "a;b-istio.ns.svc", "a'b-istio.ns.svc",
        "a b-istio.ns.svc",       "a`b-istio.ns.svc", "a\nb-istio.ns.svc",
        "-n-istio.ns.svc",        "a|b-istio.ns.svc", "a>b-istio.ns.svc",
    };

    for (size_t i = 0; i < LENGTH(services); i++) {
        struct scene scene;
        struct path_report report;

        scene_make(&scene, "status=CONNECT_REFUSED stats=na tls=none loop=none "
                           "routed=CONNECT_REFUSED");
        scene.config->gateway.service = services[i];
        scene_diagnose(&scene, 0, &report);
        assert_string_equal(report.next_step,
                            "kubectl -n ns get pods -l "
                            "gateway.networking.k8s.io/gateway-name=<gateway> -o wide");
        scene_free(&scene);
    }
}

static void test_next_step_detail_port_is_the_configured_one(void **state) {
    (void)state;
    static const struct {
        const char *listen;
        const char *next;
    } rows[] = {
        {"[::]:9090", "curl -s http://127.0.0.1:9090/checks/own"},
        {"0.0.0.0:19090", "curl -s http://127.0.0.1:19090/checks/own"},
        {"none", "curl -s http://127.0.0.1:<detail-port>/checks/own"},
        {"unix:/run/x.sock", "curl -s http://127.0.0.1:<detail-port>/checks/own"},
        {NULL, "curl -s http://127.0.0.1:<detail-port>/checks/own"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;

        scene_make(&scene, "own=HTTP_STATUS");
        scene.config->listen.detail = rows[i].listen;
        scene_diagnose(&scene, 0, &report);
        assert_string_equal(report.next_step, rows[i].next);
        scene_free(&scene);
    }
}

static void test_summary_names_route_and_host(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "tenants=2 routed2=GW_NO_ROUTE");
    scene_diagnose(&scene, 1, &report);
    assert_string_equal(report.summary,
                        "no HTTPRoute matches /app2 on host apps.example.com");
    scene.config->gateway.host = NULL;
    scene.tenants[1].route = NULL;
    scene_diagnose(&scene, 1, &report);
    assert_string_equal(report.summary, "no HTTPRoute matches <route> on host <host>");
    scene_free(&scene);

    scene_make(&scene, "routed=HTTP_STATUS+404");
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "answers /app1 with 404");
    scene_free(&scene);

    scene_make(&scene, "status=GW_NOT_LIVE+part");
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "1 of 2 gateway pods are not ready");
    scene_free(&scene);

    scene_make(&scene, "status=DNS_NXDOMAIN");
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "pods, shared-gateway-pods.istio-ingress.svc");
    scene.config->gateway.pods = NULL;
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "pods, shared-gateway-istio.istio-ingress.svc");
    scene_free(&scene);

    scene_make(&scene, "starved");
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "throttled 70 % of the time");
    scene_free(&scene);

    scene_make(&scene, "appgw=95");
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.summary, "silent for 95 s");
    expect_holds(report.summary, "network rules");
    expect_holds(report.summary, "externalTrafficPolicy");
    scene_free(&scene);
}

/* The longest names that the configuration takes. */
static void test_texts_longest_names_stay_within_their_bounds(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;
    char route[1025];
    char host[254];

    memset(route, 'r', sizeof route - 1);
    route[0] = '/';
    route[sizeof route - 1] = '\0';
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    scene_make(&scene, "routed=GW_NO_ROUTE");
    scene.tenants[0].route = route;
    scene.config->gateway.host = host;
    scene_diagnose(&scene, 0, &report);
    assert_int_equal(strlen(report.summary), PATH_SUMMARY_MAX - 1);
    scene_free(&scene);

    /* A command that is cut would be another command. */
    char service[] =
        "sssssssssssssssssssssssssssssssssssssssssssssssssssssssss-istio."
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.svc";
    scene_make(&scene, "tls=TLS_CHAIN loop=TLS_CHAIN routed=TLS_CHAIN");
    scene.config->gateway.service = service;
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.next_step, "grep -E 'Issuer:|Subject:|CA:'");
    scene_free(&scene);
}

static void test_evidence_tells_how_it_is_known(void **state) {
    (void)state;
    static const struct {
        const char *scene;
        enum hop hop;
        const char *evidence;
    } rows[] = {
        {"routed=GW_NO_ROUTE", HOP_ROUTE, "routed: GW_NO_ROUTE seen by the test"},
        {"stats=absent status=na", HOP_GATEWAY_READY, "status: not available: "},
        {"direct=none", HOP_BACKEND_DIRECT, "direct: no outcome yet"},
        {"direct=GW_NO_ROUTE+once", HOP_BACKEND_DIRECT,
         "direct: one failure, not counted yet: "},
        {"direct=stale", HOP_SELF, "direct: no new outcome; before that: "},
        {"direct=suspect", HOP_SELF, "direct: while we were starved: "},
        {"direct=absent", HOP_BACKEND_DIRECT, "not tested"},
        {"plain", HOP_GATEWAY_TLS, "not tested: the gateway is asked over plain HTTP"},
        {"routed=GW_NO_ROUTE", HOP_BACKEND_ROUTED, "not reached"},
        {"direct=suspect", HOP_BACKEND_DIRECT, "direct: while we were starved: "},
        {"routed=GW_NO_ROUTE direct=absent", HOP_BACKEND_DIRECT, "not reached"},
        {"stuck", HOP_SELF, "our engine has stopped"},
        {"", HOP_SELF, "the engine runs"},
        {"", HOP_INBOUND, "not testable from here: Application Gateway's listener"},
        {"appgw=3", HOP_INBOUND,
         "not testable from here; Application Gateway asked 3000"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;
        const char *evidence = report.hops[rows[i].hop].evidence;

        scene_make(&scene, rows[i].scene);
        scene_diagnose(&scene, 0, &report);
        if (strncmp(evidence, rows[i].evidence, strlen(rows[i].evidence)) != 0)
            fail_msg("\"%s\": %s", rows[i].scene, evidence);
        scene_free(&scene);
    }
}

static void test_evidence_of_a_peer_is_one_clean_line(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "routed=GW_NO_ROUTE");
    struct outcome *outcome = &scene_record(&scene, SCENE_ROUTED)->last;
    memset(outcome->evidence, 'x', sizeof outcome->evidence - 1);
    memcpy(outcome->evidence, "a\n\x1b[31m\xff", 7);
    scene_diagnose(&scene, 0, &report);
    expect_holds(report.hops[HOP_ROUTE].evidence, "routed: a  [31");
    assert_int_equal(strlen(report.hops[HOP_ROUTE].evidence),
                     strlen("routed: ") + OUTCOME_EVIDENCE_MAX - 1);
    scene_free(&scene);
}

static void test_inbound_tells_what_the_census_knows(void **state) {
    (void)state;
    static const struct {
        const char *scene;
        const char *part;
    } rows[] = {
        {"appgw=3", "12 probes, one in 5000 ms (this replica's share); its own address"},
        {"appgw=3+node", "; a node's address arrives"},
        {"appgw=3+stranger", "; its address is not one of clients.appgw_subnets"},
        {"appgw=3+retry", "; the newest needed a retry"},
    };
    struct scene scene;
    struct path_report report;

    for (size_t i = 0; i < LENGTH(rows); i++) {
        scene_make(&scene, rows[i].scene);
        scene_diagnose(&scene, 0, &report);
        expect_holds(report.hops[HOP_INBOUND].evidence, rows[i].part);
        scene_free(&scene);
    }

    /* Probers that are not Application Gateway's way of asking. */
    scene_make(&scene, "appgw=95+node");
    struct census_source *source = &scene.snapshot->census->sources[1];
    struct census_source kept = *source;
    for (int i = 0; i < 4; i++) {
        *source = kept;
        if (i == 0)
            source->via[0] = '\0';
        else if (i == 1)
            snprintf(source->agent, sizeof source->agent, "curl/8");
        else if (i == 2)
            snprintf(source->host, sizeof source->host, "10.0.0.1");
        else
            source->path = PROBE_READY;
        scene_diagnose(&scene, 0, &report);
        expect_holds(report.hops[HOP_INBOUND].evidence, "has seen none of its probes");
        assert_false(report.is_broken);
    }
    scene_free(&scene);
}

static void test_path_owner_and_names_are_the_contract_words(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;
    struct path_survey survey;
    char owner[PATH_OWNER_MAX];

    scene_make(&scene, "tenants=2 routed2=GW_NO_ROUTE");
    scene_diagnose(&scene, 1, &report);
    path_survey(&survey, scene.snapshot, false);
    assert_string_equal(path_owner(&survey, &report, owner), "tenant:app2");
    report.owner = OWNER_PLATFORM;
    assert_string_equal(path_owner(&survey, &report, owner), "platform");
    assert_string_equal(path_state_name(PATH_UNKNOWN), "unknown");
    assert_string_equal(path_state_name(PATH_PASS), "pass");
    assert_string_equal(path_state_name(PATH_WARN), "warn");
    assert_string_equal(path_state_name(PATH_FAIL), "fail");
    scene_free(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_step_gateway_names_come_from_its_service),
        cmocka_unit_test(test_next_step_other_braces_are_left_alone),
        cmocka_unit_test(test_next_step_labels_are_63_bytes_at_most),
        cmocka_unit_test(test_next_step_tenant_names_come_from_its_backend),
        cmocka_unit_test(test_next_step_unsafe_names_become_placeholders),
        cmocka_unit_test(test_next_step_detail_port_is_the_configured_one),
        cmocka_unit_test(test_summary_names_route_and_host),
        cmocka_unit_test(test_texts_longest_names_stay_within_their_bounds),
        cmocka_unit_test(test_evidence_tells_how_it_is_known),
        cmocka_unit_test(test_evidence_of_a_peer_is_one_clean_line),
        cmocka_unit_test(test_inbound_tells_what_the_census_knows),
        cmocka_unit_test(test_path_owner_and_names_are_the_contract_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
