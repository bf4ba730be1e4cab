/* What holds for every diagnosis, whatever the checks say: tried on many random
 * snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_path_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 8000, SCENE_MAX = 64, WHAT_MAX = 64 };

/* xorshift64*: the same scenes in every run. */
static uint64_t draw(uint64_t *seed) {
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static unsigned below(uint64_t *seed, unsigned limit) {
    return (unsigned)((draw(seed) >> 33) % limit);
}

static void draw_scene(uint64_t *seed, char out[SCENE_MAX]) {
    static const char *const censuses[] = {"", "", " appgw=3", " appgw=95",
                                           " appgw=95+node"};

    snprintf(out, SCENE_MAX, "tenants=%u%s%s%s%s%s", below(seed, SCENE_TENANTS_MAX + 1),
             below(seed, 3) == 0 ? " plain" : "", below(seed, 5) == 0 ? " nogw" : "",
             below(seed, 3) == 0 ? " identity" : "",
             censuses[below(seed, sizeof censuses / sizeof censuses[0])],
             below(seed, 20) == 0 ? " stuck" : "");
}

/* What one check says. A failure of its own never has a local reason: the engine takes
 * such outcomes as suspect. */
static void draw_what(uint64_t *seed, unsigned troubled_percent, char out[WHAT_MAX]) {
    static const char *const calm[] = {"pass", "none", "na", "stale", "suspect"};
    static const char *const extras[] = {"",
                                         "",
                                         "",
                                         "+early",
                                         "+late",
                                         "+head",
                                         "+404",
                                         "+part",
                                         "+once",
                                         "+blocked",
                                         "+blocked+by:status"};

    if (below(seed, 100) >= troubled_percent) {
        snprintf(out, WHAT_MAX, "pass");
        return;
    }
    if (below(seed, 4) == 0) {
        snprintf(out, WHAT_MAX, "%s%s", calm[below(seed, 5)],
                 below(seed, 3) == 0 ? "+blocked" : "");
        return;
    }
    enum reason reason;
    unsigned kind = below(seed, 10);
    do
        reason = (enum reason)(1 + below(seed, REASON_COUNT - 1));
    while (kind < 8 && reason_is_local(reason));
    snprintf(out, WHAT_MAX, "%s%s%s",
             kind < 7   ? ""
             : kind < 8 ? "~"
                        : "?",
             reason_name(reason), extras[below(seed, sizeof extras / sizeof extras[0])]);
}

/* The engine's severities, so that tenant states follow its rule. */
static void fill_scene(struct scene *scene, uint64_t *seed) {
    unsigned troubled_percent = 5 + below(seed, 90);

    for (int i = 0; i < SCENE_CHECKS; i++) {
        char what[WHAT_MAX];

        if (scene->checks[i] == UINT32_MAX)
            continue;
        draw_what(seed, troubled_percent, what);
        scene_set(scene, (enum scene_check)i, what);
        if (scene_record(scene, (enum scene_check)i)->state == STATE_BLOCKED)
            scene_record(scene, (enum scene_check)i)->blocked_by =
                below(seed, scene->config->check_count + 1);
    }
}

static void expect(bool holds, const char *what, const struct path_report *report,
                   unsigned round) {
    if (!holds)
        fail_msg("round %u, tenant %u, rule %s: %s", round, report->tenant,
                 report->is_broken ? report->rule : "none", what);
}

static bool is_clean(const char *text, size_t size) {
    size_t len = strnlen(text, size);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return len < size;
}

static bool has_token(const char *text) {
    static const char *const names[] = {"{gw}", "{ns}",   "{svc}",  "{host}",
                                        "{gw_", "{text}", "{check}"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strstr(text, names[i]) != NULL)
            return true;
    }
    return false;
}

static void expect_texts(const struct path_report *report, unsigned round) {
    expect(is_clean(report->summary, sizeof report->summary), "summary", report, round);
    expect(is_clean(report->next_step, sizeof report->next_step), "next", report, round);
    expect(report->summary[0] != '\0', "no summary", report, round);
    expect((report->next_step[0] != '\0') == report->is_broken, "step", report, round);
    expect(!has_token(report->summary) && !has_token(report->next_step), "token", report,
           round);
    for (int i = 0; i < HOP_COUNT; i++) {
        const struct path_hop *hop = &report->hops[i];

        expect(is_clean(hop->evidence, sizeof hop->evidence), "evidence", report, round);
        expect(hop->evidence[0] != '\0', "no evidence", report, round);
    }
}

static void expect_hops(const struct scene *scene, const struct path_report *report,
                        unsigned round) {
    for (int i = 0; i < HOP_COUNT; i++) {
        const struct path_hop *hop = &report->hops[i];
        bool is_bad = hop->state >= PATH_WARN;

        expect(is_bad == (hop->reason != REASON_NONE), "hop's reason", report, round);
        expect(!is_bad || report->is_broken, "bad hop, nothing broken", report, round);
        expect(hop->state != PATH_FAIL || i >= (int)report->broken_hop,
               "a hop before fails", report, round);
        if (hop->state != PATH_PASS)
            continue;
        expect(hop->check < scene->config->check_count, "pass by nobody", report, round);
        expect(scene->snapshot->checks[hop->check]->last_run_wall_ms > 0 &&
                   hop->age_ms >= 0,
               "pass without an outcome", report, round);
    }
    expect(report->hops[HOP_INBOUND].state != PATH_PASS, "inbound", report, round);
}

static void expect_consistent(const struct scene *scene, const struct path_report *report,
                              unsigned round) {
    uint32_t tenants = scene->config->tenant_count;
    enum path_state state = report->hops[report->broken_hop].state;

    expect_texts(report, round);
    expect_hops(scene, report, round);
    if (!report->is_broken) {
        expect(report->reason == REASON_NONE && report->rule == NULL, "calm", report,
               round);
        expect(report->state != TENANT_UNHEALTHY, "down, and why?", report, round);
        return;
    }
    expect(report->rule != NULL && report->reason != REASON_NONE, "broken", report,
           round);
    expect(state >= PATH_WARN, "broken hop is fine", report, round);
    expect(report->state != TENANT_HEALTHY, "healthy", report, round);
    expect(report->state != TENANT_UNHEALTHY || state == PATH_FAIL, "only warns", report,
           round);
    expect((report->owner == OWNER_TENANT) == (report->owner_tenant < tenants), "owner",
           report, round);
    if (report->tenant == CONFIG_NO_TENANT)
        expect(report->owner != OWNER_TENANT, "shared, a tenant's", report, round);
}

static bool is_own_or_shared(const struct check_config *check, uint32_t tenant) {
    return check->scope != SCOPE_TENANT || check->tenant == tenant;
}

/* All that concerns the tenant passes, and nothing is known against it from outside. */
static bool has_no_trouble(const struct scene *scene, uint32_t tenant) {
    for (uint32_t i = 0; i < scene->config->check_count; i++) {
        const struct check_record *record = scene->snapshot->checks[i];

        if (is_own_or_shared(&scene->config->checks[i], tenant) &&
            (record->state != STATE_PASSING || record->last.kind != OUTCOME_PASS))
            return false;
    }
    return !scene->is_stuck;
}

/* Is the tenant's report the work of its own and the shared checks? */
static void expect_independent(struct scene *scene, const struct path_report *report,
                               unsigned round) {
    bool is_inbound = report->is_broken && report->broken_hop == HOP_INBOUND;

    if (has_no_trouble(scene, report->tenant))
        expect(!report->is_broken || is_inbound, "blamed for another's", report, round);
    if (!report->is_broken || report->owner != OWNER_TENANT ||
        report->owner_tenant == report->tenant)
        return;
    /* Another tenant is named only where one of its checks blocks one of ours. */
    expect(strcmp(report->rule, "blocked") == 0 ||
               strcmp(report->rule, "blocked-name") == 0 ||
               strcmp(report->rule, "side-blocked") == 0,
           "another tenant is blamed", report, round);
}

static void expect_root_cause(struct scene *scene, bool is_any_broken, unsigned round) {
    struct path_survey survey;
    struct path_report report;
    char line[PATH_LINE_MAX];

    path_survey(&survey, scene->snapshot, scene->is_stuck);
    path_root_cause(&survey, &report);
    path_line(&survey, &report, line);
    expect_consistent(scene, &report, round);
    expect(is_clean(line, sizeof line) && line[0] != '\0', "line", &report, round);
    expect(report.is_broken == is_any_broken, "root cause", &report, round);
}

static void test_path_diagnose_random_snapshots_keep_the_invariants(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    unsigned broken = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct scene scene;
        struct path_report report;
        char text[SCENE_MAX + 64];
        bool is_any_broken;

        draw_scene(&seed, text);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s",
                 below(&seed, 2) ? " own=pass own2=pass own3=pass" : "",
                 below(&seed, 3) ? " shared=pass" : "",
                 below(&seed, 3) ? " self=pass" : "");
        scene_make(&scene, text);
        fill_scene(&scene, &seed);
        scene_diagnose(&scene, CONFIG_NO_TENANT, &report);
        expect_consistent(&scene, &report, round);
        is_any_broken = report.is_broken;
        for (uint32_t i = 0; i < scene.config->tenant_count; i++) {
            scene_diagnose(&scene, i, &report);
            expect_consistent(&scene, &report, round);
            expect_independent(&scene, &report, round);
            /* A healthy tenant's warning is not looked for. */
            if (scene.snapshot->tenants[i].status.state != TENANT_HEALTHY)
                is_any_broken = is_any_broken || report.is_broken;
            broken += report.is_broken;
        }
        expect_root_cause(&scene, is_any_broken, round);
        scene_free(&scene);
    }
    assert_true(broken > ROUNDS / 2);
}

/* Other tenants' checks change nothing for one that has no trouble of its own. */
static void test_path_diagnose_healthy_tenant_others_do_not_matter(void **state) {
    (void)state;
    uint64_t seed = 4711;

    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct scene scene;
        struct path_report report;

        scene_make(&scene, below(&seed, 2) ? "tenants=4 own2=pass" : "tenants=4 plain");
        for (int i = SCENE_DIRECT + 3; i < SCENE_CHECKS; i++) {
            char what[WHAT_MAX];

            if (scene.checks[i] == UINT32_MAX)
                continue;
            draw_what(&seed, 80, what);
            scene_set(&scene, (enum scene_check)i, what);
        }
        scene_diagnose(&scene, 0, &report);
        expect(!report.is_broken, "not silent", &report, round);
        expect(report.state == TENANT_HEALTHY, "not healthy", &report, round);
        assert_string_equal(report.summary, "nothing is wrong");
        scene_free(&scene);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_diagnose_random_snapshots_keep_the_invariants),
        cmocka_unit_test(test_path_diagnose_healthy_tenant_others_do_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
