/* The picture of the hops, comparisons in time, and the one root cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_path_fixture.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* One letter per hop: Unknown, Pass, Warn, Fail. */
static void letters_of(const struct path_report *report, char out[HOP_COUNT + 1]) {
    for (int i = 0; i < HOP_COUNT; i++)
        out[i] = "upwf"[report->hops[i].state];
    out[HOP_COUNT] = '\0';
}

static void test_path_diagnose_hops_show_only_what_is_tested(void **state) {
    (void)state;
    /* self, names, pods, ready, tls; route, identity, direct, routed, inbound */
    static const struct {
        const char *scene;
        uint32_t tenant;
        const char *hops;
    } rows[] = {
        {"", 0, "pppppppppu"},
        {"", CONFIG_NO_TENANT, "pppppupuuu"},
        {"plain", 0, "ppppuppppu"},
        {"status=na stats=na", 0, "pppupppppu"},
        {"loop=absent", 0, "ppppppuppu"},
        {"loop=absent identity", 0, "pppppppppu"},
        {"direct=absent", 0, "pppppppupu"},
        {"nogw", 0, "ppuuuuupuu"},
        {"appgw=3", 0, "pppppppppu"},
        {"appgw=95", 0, "pppppppppw"},
        /* Behind the broken hop only evidence of its own. */
        {"status=DNS_TIMEOUT stats=na tls=DNS_TIMEOUT loop=DNS_TIMEOUT "
         "routed=DNS_TIMEOUT",
         0, "pfuuuuupuu"},
        {"tls=CONNECT_REFUSED loop=CONNECT_REFUSED routed=CONNECT_REFUSED", 0,
         "ppfpuuupuu"},
        {"tls=TLS_EXPIRED loop=TLS_EXPIRED routed=TLS_EXPIRED", 0, "ppppfuupuu"},
        {"routed=GW_NO_ROUTE", 0, "pppppfppuu"},
        {"routed=GW_NO_ROUTE direct=CONNECT_REFUSED", 0, "pppppfpfuu"},
        {"identity loop=absent routed=IDENTITY_MISMATCH", 0, "ppppppfpuu"},
        {"routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED", 0, "pppppppffu"},
        {"routed=HTTP_STATUS", 0, "ppppppppfu"},
        {"stats=GW_XDS_LOST routed=GW_NO_ENDPOINTS", 0, "pppfpuppuu"},
        /* A request that hangs behind a gateway that is down says nothing of the app. */
        {"plain status=TIMEOUT+early stats=na loop=TIMEOUT routed=TIMEOUT", 0,
         "ppfuuufpuu"},
        /* Before it nothing fails, and where users are fine nowhere. */
        {"status=CONNECT_REFUSED routed=GW_NO_ROUTE", 0, "pppwpfppuu"},
        {"status=GW_NOT_LIVE+part loop=IDENTITY_MISMATCH direct=HTTP_STATUS", 0,
         "pppwppwwpu"},
        /* While we are the trouble, nobody else is blamed. */
        {"routed=stale direct=CONNECT_REFUSED status=GW_NOT_LIVE", 0, "fppupupuuu"},
        {"stuck direct=CONNECT_REFUSED", 0, "fuuuuuuuuu"},
        {"starved", 0, "wppppppppu"},
        /* TLS failures prove that a pod answered. */
        {"status=na stats=na tls=absent loop=absent routed=TLS_CHAIN", 0, "pppufuupuu"},
        /* An unanswered request does not. */
        {"plain status=na stats=na loop=absent routed=TIMEOUT", 0, "ppuuuuupfu"},
        {"status=na stats=na tls=absent loop=absent routed=TIMEOUT", 0, "pppupuupfu"},
        {"status=na stats=na admin=pass tls=absent loop=absent", 0, "ppppppuppu"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_report report;
        char letters[HOP_COUNT + 1];

        scene_make(&scene, rows[i].scene);
        scene_diagnose(&scene, rows[i].tenant, &report);
        letters_of(&report, letters);
        if (strcmp(letters, rows[i].hops) != 0)
            fail_msg("\"%s\": expected %s, got %s", rows[i].scene, rows[i].hops, letters);
        scene_free(&scene);
    }
}

static void test_path_diagnose_hop_names_its_evidence(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;
    const struct path_hop *hops = report.hops;

    scene_make(&scene, "stats=na routed=GW_UPSTREAM_CONNECT direct=CONNECT_REFUSED");
    scene_diagnose(&scene, 0, &report);
    assert_int_equal(hops[HOP_BACKEND_DIRECT].reason, CONNECT_REFUSED);
    assert_int_equal(hops[HOP_BACKEND_DIRECT].age_ms, 500);
    assert_int_equal(hops[HOP_BACKEND_DIRECT].check, scene.checks[SCENE_DIRECT]);
    assert_string_equal(hops[HOP_BACKEND_DIRECT].evidence,
                        "direct: CONNECT_REFUSED seen by the test");
    assert_int_equal(hops[HOP_BACKEND_ROUTED].reason, GW_UPSTREAM_CONNECT);
    assert_int_equal(hops[HOP_ROUTE].reason, REASON_NONE);
    assert_int_equal(hops[HOP_SELF].age_ms, 500);
    assert_int_equal(hops[HOP_INBOUND].age_ms, -1);
    assert_int_equal(hops[HOP_INBOUND].check, UINT32_MAX);
    assert_non_null(strstr(hops[HOP_INBOUND].evidence, "not testable from here"));
    scene_free(&scene);
}

static const char *rule_of(struct scene *scene, struct path_report *report) {
    scene_diagnose(scene, 0, report);
    return report->is_broken ? report->rule : "none";
}

/* The application died: routed noticed first. A direct check that was not asked since
 * must not be a witness against the gateway. */
static void test_path_diagnose_older_pass_is_no_witness(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "routed=GW_UPSTREAM_CONNECT");

    struct check_record *routed = scene_record(&scene, SCENE_ROUTED);
    struct check_record *direct = scene_record(&scene, SCENE_DIRECT);

    /* Two more failures, each at least 900 ms after the one before, made it failing. */
    routed->since_wall_ms = SCENE_NOW_WALL_MS - 1000;
    direct->last_run_wall_ms = SCENE_NOW_WALL_MS - 2801;
    assert_string_equal(rule_of(&scene, &report), "upstream-connect");
    assert_int_equal(report.owner, OWNER_TENANT);
    direct->last_run_wall_ms = SCENE_NOW_WALL_MS - 2800;
    assert_string_equal(rule_of(&scene, &report), "upstream-unreachable");
    assert_int_equal(report.owner, OWNER_GATEWAY);
    scene_free(&scene);
}

/* The application came back: direct noticed first. */
static void test_path_diagnose_fresh_recovery_is_no_witness(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "routed=GW_UPSTREAM_CONNECT");

    struct check_record *direct = scene_record(&scene, SCENE_DIRECT);

    direct->since_wall_ms = SCENE_NOW_WALL_MS - 500 - 4999;
    assert_string_equal(rule_of(&scene, &report), "upstream-connect");
    direct->since_wall_ms = SCENE_NOW_WALL_MS - 500 - 5000;
    assert_string_equal(rule_of(&scene, &report), "upstream-unreachable");

    /* One pass of the two that it takes: it still fails. */
    scene_set(&scene, SCENE_DIRECT, "CONNECT_REFUSED");
    scene_set(&scene, SCENE_ROUTED, "GW_UPSTREAM_CONNECT");
    struct outcome pass;
    outcome_init(&pass);
    direct->last = pass;
    scene_record(&scene, SCENE_ROUTED)->last = pass;
    assert_string_equal(rule_of(&scene, &report), "backend-down");
    assert_non_null(strstr(report.hops[HOP_BACKEND_ROUTED].evidence, "GW_UPSTREAM"));
    scene_free(&scene);
}

/* Another tenant's answer from before the gateway died does not prove that it lives. */
static void test_path_diagnose_older_answer_does_not_prove_the_gateway(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "plain tenants=2 status=CONNECT_REFUSED stats=na "
                       "loop=CONNECT_REFUSED routed=TIMEOUT");
    struct check_record *other = scene_record(&scene, SCENE_ROUTED + 3);
    struct check_record *routed = scene_record(&scene, SCENE_ROUTED);

    assert_string_equal(rule_of(&scene, &report), "upstream-hangs");
    routed->since_wall_ms = SCENE_NOW_WALL_MS - 1000;
    other->last_run_wall_ms = SCENE_NOW_WALL_MS - 4000;
    assert_string_equal(rule_of(&scene, &report), "gateway-down");
    scene_free(&scene);
}

static void test_path_diagnose_appgw_counts_only_while_we_fail(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "status=CONNECT_TIMEOUT stats=na tls=none loop=none "
                       "routed=CONNECT_TIMEOUT appgw=30");
    struct check_record *routed = scene_record(&scene, SCENE_ROUTED);

    assert_string_equal(rule_of(&scene, &report), "gateway-only-for-us");
    routed->since_wall_ms = SCENE_NOW_WALL_MS - 30000; /* its probe came before */
    assert_string_equal(rule_of(&scene, &report), "gateway-down");
    routed->since_wall_ms = SCENE_NOW_WALL_MS - 60000;
    routed->failure_wall_ms = SCENE_NOW_WALL_MS - 30000; /* not asked since */
    assert_string_equal(rule_of(&scene, &report), "gateway-down");
    scene_free(&scene);
}

/* Two more of the operator's own checks, made out of others. */
static const char *worst_of(const char *shared, enum severity shared_severity,
                            const char *self, enum severity self_severity,
                            struct path_report *report) {
    struct scene scene;

    scene_make(&scene, "self=pass shared=pass");
    scene.configs[scene.checks[SCENE_SHARED]].scope = SCOPE_SELF;
    scene.configs[scene.checks[SCENE_SHARED]].severity = shared_severity;
    scene.configs[scene.checks[SCENE_SELF]].severity = self_severity;
    scene_set(&scene, SCENE_SHARED, shared);
    scene_set(&scene, SCENE_SELF, self);
    scene_diagnose(&scene, 0, report);
    scene_free(&scene);
    return report->is_broken ? reason_name(report->reason) : "none";
}

static void test_path_diagnose_worst_of_own_checks_speaks(void **state) {
    (void)state;
    const enum severity critical = SEVERITY_CRITICAL;
    const enum severity warning = SEVERITY_WARNING;
    const enum severity info = SEVERITY_INFO;
    struct path_report report;

    assert_string_equal(worst_of("TIMEOUT", warning, "PROTOCOL", critical, &report),
                        "PROTOCOL");
    assert_string_equal(worst_of("TIMEOUT", critical, "PROTOCOL", warning, &report),
                        "TIMEOUT");
    assert_string_equal(worst_of("~TIMEOUT", critical, "PROTOCOL", warning, &report),
                        "PROTOCOL");
    assert_string_equal(worst_of("PROTOCOL", warning, "~TIMEOUT", critical, &report),
                        "PROTOCOL");
    assert_string_equal(worst_of("~TIMEOUT", warning, "~PROTOCOL", critical, &report),
                        "PROTOCOL");
    assert_string_equal(worst_of("?LOCAL_FDS", warning, "~PROTOCOL", critical, &report),
                        "LOCAL_FDS");
    assert_string_equal(worst_of("stale", critical, "PROTOCOL", warning, &report),
                        "PROTOCOL");
    assert_string_equal(worst_of("pass", critical, "PROTOCOL", info, &report), "none");
    assert_string_equal(worst_of("none", critical, "na", critical, &report), "none");
}

/* The port of one pod hangs after it has answered: that is no silent pod. */
static void test_path_diagnose_answered_timeout_is_not_silent(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "status=TIMEOUT+part");
    assert_string_equal(rule_of(&scene, &report), "some-pods-down");
    scene_record(&scene, SCENE_STATUS)->last.answered = 2;
    scene_record(&scene, SCENE_STATUS)->failure.answered = 2;
    assert_string_equal(rule_of(&scene, &report), "some-pods-not-ready");
    scene_free(&scene);
}

/* A chain of blocked checks that leads round in a circle ends somewhere. */
static void test_path_diagnose_circle_of_blockers_ends(void **state) {
    (void)state;
    struct scene scene;
    struct path_report report;

    scene_make(&scene, "shared=none own=none+blocked+by:routed "
                       "routed=none+blocked+by:own");
    assert_string_equal(rule_of(&scene, &report), "none");
    scene_record(&scene, SCENE_ROUTED)->blocked_by = UINT32_MAX;
    assert_string_equal(rule_of(&scene, &report), "none");
    assert_int_equal(report.state, TENANT_DEGRADED);
    scene_free(&scene);
}

static void test_path_root_cause_is_what_explains_most(void **state) {
    (void)state;
    static const struct {
        const char *scene;
        const char *line; /* its beginning */
    } rows[] = {
        {"", "nothing is wrong"},
        {"tenants=3 own=pass shared=pass self=pass appgw=3", "nothing is wrong"},
        {"tenants=0 nogw", "nothing is wrong"},
        /* A tenant's own trouble. */
        {"tenants=3 routed2=GW_NO_ROUTE",
         "app2: route is broken: no HTTPRoute matches /app2 on host apps.example.com "
         "(GW_NO_ROUTE, owner tenant:app2)"},
        {"tenants=2 direct2=CONNECT_TIMEOUT", "app2: backend_direct warns: "},
        {"tenants=2 direct=CONNECT_TIMEOUT routed2=GW_NO_ENDPOINTS",
         "app2: backend_routed is broken: "},
        /* Before it what all share; but not what only warns. */
        {"tenants=2 status=CONNECT_REFUSED stats=na tls=CONNECT_REFUSED "
         "loop=CONNECT_REFUSED routed=CONNECT_REFUSED+blocked "
         "routed2=CONNECT_REFUSED+blocked",
         "gateway_pods is broken: no gateway pod answers: the connection was refused "
         "(CONNECT_REFUSED, owner gateway)"},
        {"tenants=2 routed=GW_NO_ROUTE routed2=GW_NO_ROUTE",
         "route is broken: no tenant"},
        {"tenants=2 tls=TLS_EXPIRED loop=TLS_EXPIRED routed=TLS_EXPIRED "
         "routed2=TLS_EXPIRED",
         "gateway_tls is broken: "},
        {"tenants=2 stats=GW_XDS_LOST direct2=HTTP_STATUS", "gateway_ready warns: "},
        {"tenants=2 stats=GW_NOT_LIVE routed2=GW_NO_ROUTE", "app2: route is broken: "},
        {"tenants=2 status=GW_NOT_LIVE+part routed=pass+blocked "
         "routed2=GW_NO_ROUTE+blocked",
         "app2: route is broken: "},
        {"stuck tenants=2 routed=GW_NO_ROUTE", "self is broken: our engine has stopped"},
        {"self=TIMEOUT", "self warns: our own check self fails"},
        {"shared=HTTP_STATUS", "backend_direct is broken: shared: "},
        {"shared=HTTP_STATUS+warning", "backend_direct warns: shared: "},
        {"appgw=95", "inbound warns: "},
        /* Two tenants, each its own: the critical one, then the one that came first. */
        {"tenants=2 routed=GW_NO_ENDPOINTS routed2=GW_NO_ROUTE", "app1: "},
        {"tenants=2 routed=none", "nothing is known to be wrong; routed is pending"},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene;
        struct path_survey survey;
        struct path_report report;
        char line[PATH_LINE_MAX];

        scene_make(&scene, rows[i].scene);
        scene_judge(&scene);
        path_survey(&survey, scene.snapshot, scene.is_stuck);
        path_root_cause(&survey, &report);
        path_line(&survey, &report, line);
        if (strncmp(line, rows[i].line, strlen(rows[i].line)) != 0)
            fail_msg("\"%s\": %s", rows[i].scene, line);
        scene_free(&scene);
    }
}

static void test_path_root_cause_takes_critical_then_oldest(void **state) {
    (void)state;
    struct scene scene;
    struct path_survey survey;
    struct path_report report;

    scene_make(&scene, "tenants=4 routed=GW_DENIED routed2=GW_NO_ROUTE "
                       "routed3=HTTP_STATUS direct4=HTTP_STATUS");
    scene_judge(&scene);

    struct tenant_config *tenants = scene.tenants;
    struct tenant_record *records = scene.snapshot->tenants;

    records[0].since_wall_ms = 10;
    records[1].since_wall_ms = 30;
    records[2].since_wall_ms = 20;
    records[3].since_wall_ms = 1; /* only degraded */
    tenants[0].critical = false;
    path_survey(&survey, scene.snapshot, false);
    path_root_cause(&survey, &report);
    assert_int_equal(report.tenant, 2);
    tenants[0].critical = true;
    path_root_cause(&survey, &report);
    assert_int_equal(report.tenant, 0);
    scene_free(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_diagnose_hops_show_only_what_is_tested),
        cmocka_unit_test(test_path_diagnose_hop_names_its_evidence),
        cmocka_unit_test(test_path_diagnose_older_pass_is_no_witness),
        cmocka_unit_test(test_path_diagnose_fresh_recovery_is_no_witness),
        cmocka_unit_test(test_path_diagnose_older_answer_does_not_prove_the_gateway),
        cmocka_unit_test(test_path_diagnose_appgw_counts_only_while_we_fail),
        cmocka_unit_test(test_path_diagnose_worst_of_own_checks_speaks),
        cmocka_unit_test(test_path_diagnose_answered_timeout_is_not_silent),
        cmocka_unit_test(test_path_diagnose_circle_of_blockers_ends),
        cmocka_unit_test(test_path_root_cause_is_what_explains_most),
        cmocka_unit_test(test_path_root_cause_takes_critical_then_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
