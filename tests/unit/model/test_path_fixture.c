/* Builds configuration, records and times so that they fit each other: a failing check
 * has a failure, an answer has bytes, and all checks were asked a moment ago. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_path_fixture.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/census.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 96, LAST_RUN_AGO_MS = 500, SINCE_AGO_MS = 60000 };

static const char *const check_words[SCENE_CHECKS] = {
    "status",  "stats",  "admin",   "tls",     "loop",    "self", "shared",
    "direct",  "routed", "own",     "direct2", "routed2", "own2", "direct3",
    "routed3", "own3",   "direct4", "routed4", "own4",
};

/* What the words say, before anything is built. */
struct plan {
    bool is_plain;
    bool has_no_gateway;
    bool has_identity;
    uint32_t tenants;
    char appgw[WORD_MAX];
    char what[SCENE_CHECKS][WORD_MAX];
};

static enum scene_check check_of(const char *word, size_t len) {
    for (int i = 0; i < SCENE_CHECKS; i++) {
        if (strlen(check_words[i]) == len && memcmp(check_words[i], word, len) == 0)
            return (enum scene_check)i;
    }
    fail_msg("no check is called %.*s", (int)len, word);
    return SCENE_STATUS;
}

static enum reason reason_of(const char *name, size_t len) {
    for (int i = 0; i < REASON_COUNT; i++) {
        const char *known = reason_name((enum reason)i);
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return (enum reason)i;
    }
    fail_msg("no reason is called %.*s", (int)len, name);
    return REASON_NONE;
}

static bool has_mark(const char *what, const char *mark) {
    const char *found = strstr(what, mark);

    return found != NULL && strchr("+", found[strlen(mark)]) != NULL;
}

static void make_census(struct scene *scene, const char *what) {
    static const struct cidr subnet = {.family = AF_INET, .bytes = {10, 1}, .bits = 24};
    struct census_view *census = census_view_new();
    bool is_stranger = has_mark(what, "+stranger");
    bool is_foreign = is_stranger || has_mark(what, "+node");
    char number[WORD_MAX];
    int64_t seconds;

    snprintf(number, sizeof number, "%.*s", (int)strcspn(what, "+"), what);
    assert_true(text_parse_int(number, 0, 100000, &seconds));

    int64_t seen_mono_ms = SCENE_NOW_MONO_MS - seconds * 1000;

    if (!is_foreign)
        census->classes[PROBER_APPGW] = (struct census_class){
            .count = 12,
            .last_mono_ms = seen_mono_ms,
            .median_ms = 5000,
            .silent_after_ms = 60000,
        };
    census->source_count = 2;
    census->sources[0] = (struct census_source){
        .prober = PROBER_OPERATOR, .agent = "curl", .path = PROBE_HEALTHZ, .count = 1};
    census->sources[1] = (struct census_source){
        .prober = is_foreign ? PROBER_UNKNOWN : PROBER_APPGW,
        .via = "10.0.0.7",
        .host = "Apps.example.com",
        .path = PROBE_HEALTHZ,
        .count = 12,
        .last_mono_ms = seen_mono_ms,
        .last_attempt = has_mark(what, "+retry") ? 2 : 1,
        .median_ms = 5000,
    };
    if (!is_stranger)
        scene->config->clients.appgw_subnets = (struct cidr_list){&subnet, 1};
    scene->snapshot->census = census;
}

static void plan_word(struct scene *scene, struct plan *plan, const char *word) {
    size_t key = strcspn(word, "=");

    if (strcmp(word, "plain") == 0)
        plan->is_plain = true;
    else if (strcmp(word, "nogw") == 0)
        plan->has_no_gateway = true;
    else if (strcmp(word, "identity") == 0)
        plan->has_identity = true;
    else if (strcmp(word, "stuck") == 0)
        scene->is_stuck = true;
    else if (strncmp(word, "tenants=", 8) == 0)
        plan->tenants = (uint32_t)(word[8] - '0');
    else if (strncmp(word, "appgw=", 6) == 0)
        snprintf(plan->appgw, WORD_MAX, "%s", word + 6);
    else if (word[key] == '=')
        snprintf(plan->what[check_of(word, key)], WORD_MAX, "%s", word + key + 1);
    else if (strcmp(word, "starved") != 0 && strcmp(word, "starting") != 0)
        fail_msg("what is \"%s\"?", word);
}

static void add_tenants(struct scene *scene, struct config *config,
                        const struct plan *plan) {
    struct tenant_config *tenants =
        arena_alloc(config->arena, plan->tenants, sizeof *tenants);

    scene->tenants = tenants;
    config->tenants = tenants;
    config->tenant_count = plan->tenants;
    for (uint32_t i = 0; i < plan->tenants; i++) {
        tenants[i].name = arena_printf(config->arena, "app%u", i + 1);
        tenants[i].route = arena_printf(config->arena, "/app%u", i + 1);
        tenants[i].backend = arena_printf(
            config->arena,
            "http://sample-app-%u.tenant-%u.svc.cluster.local.:8080/app%u/health", i + 1,
            i + 1, i + 1);
        tenants[i].identity = plan->has_identity ? "mark" : NULL;
        tenants[i].critical = true;
    }
}

static void set_roles(struct check_config *check, enum scene_check which,
                      bool has_gateway) {
    static const struct {
        enum check_role role;
        enum scope_kind scope;
        enum severity severity;
    } kinds[] = {
        [SCENE_STATUS] = {ROLE_GATEWAY_STATUS, SCOPE_SHARED, SEVERITY_CRITICAL},
        [SCENE_STATS] = {ROLE_GATEWAY_STATS, SCOPE_SHARED, SEVERITY_WARNING},
        [SCENE_ADMIN] = {ROLE_GATEWAY_ADMIN, SCOPE_SHARED, SEVERITY_WARNING},
        [SCENE_TLS] = {ROLE_GATEWAY_TLS, SCOPE_SHARED, SEVERITY_CRITICAL},
        [SCENE_LOOP] = {ROLE_GATEWAY_LOOPBACK, SCOPE_SHARED, SEVERITY_CRITICAL},
        [SCENE_SELF] = {ROLE_NONE, SCOPE_SELF, SEVERITY_CRITICAL},
        [SCENE_SHARED] = {ROLE_NONE, SCOPE_SHARED, SEVERITY_CRITICAL},
        [SCENE_DIRECT] = {ROLE_TENANT_DIRECT, SCOPE_TENANT, SEVERITY_WARNING},
        [SCENE_ROUTED] = {ROLE_TENANT_ROUTED, SCOPE_TENANT, SEVERITY_CRITICAL},
        [SCENE_OWN] = {ROLE_NONE, SCOPE_TENANT, SEVERITY_CRITICAL},
    };
    int kind = which < SCENE_DIRECT ? (int)which
                                    : SCENE_DIRECT + ((int)which - SCENE_DIRECT) % 3;

    check->role = kinds[kind].role;
    check->scope = kinds[kind].scope;
    check->severity = kinds[kind].severity;
    if (check->role == ROLE_TENANT_DIRECT && !has_gateway)
        check->severity = SEVERITY_CRITICAL;
    check->tenant = which < SCENE_DIRECT ? CONFIG_NO_TENANT
                                         : (uint32_t)((int)which - SCENE_DIRECT) / 3;
}

/* A check is there unless the scene has no place for it; the operator's own ones only
 * where they are spoken of. */
static bool is_there(const struct plan *plan, const struct check_config *check,
                     const char *what) {
    if (strcmp(what, "absent") == 0)
        return false;
    if (check->scope == SCOPE_TENANT && check->tenant >= plan->tenants)
        return false;
    if (check->role == ROLE_NONE || check->role == ROLE_GATEWAY_ADMIN)
        return what[0] != '\0';
    if (check->role == ROLE_GATEWAY_TLS && plan->is_plain)
        return false;
    return !plan->has_no_gateway || check->role == ROLE_TENANT_DIRECT;
}

static void add_checks(struct scene *scene, struct config *config,
                       const struct plan *plan) {
    struct check_config *checks =
        arena_alloc(config->arena, SCENE_CHECKS, sizeof *checks);

    scene->configs = checks;
    config->checks = checks;
    for (int i = 0; i < SCENE_CHECKS; i++) {
        struct check_config *check = &checks[config->check_count];

        set_roles(check, (enum scene_check)i, !plan->has_no_gateway);
        check->name = check_words[i];
        check->type = "http";
        check->timing = (struct check_timing){.interval_ms = 5000,
                                              .fast_interval_ms = 1000,
                                              .timeout_ms = 2000,
                                              .rise = 2,
                                              .fall = 3,
                                              .jitter_percent = 10};
        if (strstr(plan->what[i], "+warning") != NULL)
            check->severity = SEVERITY_WARNING;
        scene->checks[i] =
            is_there(plan, check, plan->what[i]) ? config->check_count++ : UINT32_MAX;
    }
}

static struct config *make_config(struct scene *scene, const struct plan *plan) {
    struct config *config = config_new();

    config->listen.detail = "[::]:9090";
    if (!plan->has_no_gateway)
        config->gateway = (struct gateway_config){
            .is_set = true,
            .has_tls = !plan->is_plain,
            .host = "apps.example.com",
            .service = "shared-gateway-istio.istio-ingress.svc.cluster.local.",
            .pods = "shared-gateway-pods.istio-ingress.svc.cluster.local.",
            .port = plan->is_plain ? 80 : 443,
            .status_port = 15021,
            .stats_port = 15090,
        };
    add_tenants(scene, config, plan);
    add_checks(scene, config, plan);
    return config;
}

/* How far a request got that ended with this reason. */
static void set_progress(struct outcome *outcome, enum reason reason, bool is_plain,
                         const char *what) {
    bool is_mute = reason == CONNECT_REFUSED || reason == CONNECT_TIMEOUT ||
                   reason == PEER_CLOSED || reason == DNS_NXDOMAIN ||
                   reason == DNS_TIMEOUT || reason == DNS_NO_ADDRESS;
    bool has_no_answer = is_mute || reason == TIMEOUT || reason == PROTOCOL ||
                         (reason >= TLS_SAN_MISMATCH && reason <= TLS_CHAIN);
    bool is_past_tls = !is_plain && (!has_no_answer || reason == TIMEOUT);

    outcome->phase_us[PHASE_NAME] = has_mark(what, "+numeric") ? -1 : 100;
    if (has_mark(what, "+early"))
        is_past_tls = false;
    if (has_mark(what, "+late"))
        is_past_tls = true;
    if (is_past_tls)
        outcome->phase_us[PHASE_TLS] = 900;
    outcome->answered = has_no_answer && !has_mark(what, "+head") ? 0 : 1;
    outcome->http_status = outcome->answered ? 503 : 0;
    if (has_mark(what, "+head"))
        outcome->http_status = 200;
    if (has_mark(what, "+404"))
        outcome->http_status = 404;
}

static void set_outcome(const struct scene *scene, struct outcome *outcome,
                        enum outcome_kind kind, enum reason reason, const char *what) {
    outcome_init(outcome);
    outcome_set(outcome, kind, reason, "%s seen by the test",
                kind == OUTCOME_PASS ? "HTTP 200" : reason_name(reason));
    set_progress(outcome, reason, !scene->config->gateway.has_tls, what);
    outcome->addresses_total = 1;
    if (kind == OUTCOME_PASS)
        outcome->http_status = 200;
    if (has_mark(what, "+part")) {
        outcome->addresses_total = 2;
        outcome->answered++;
    }
    if (kind == OUTCOME_FAIL)
        outcome->addresses_failed = 1;
}

static void set_blocked(struct scene *scene, struct check_record *record,
                        const char *what) {
    const char *by = strstr(what, "+by:");
    enum scene_check blocker =
        by != NULL ? check_of(by + 4, strcspn(by + 4, "+")) : SCENE_STATUS;

    record->state = STATE_BLOCKED;
    record->blocked_by = scene->checks[blocker];
}

/* From what is said to the state that rise and fall would have made of it. */
static void set_state(struct scene *scene, struct check_record *record,
                      const char *what) {
    size_t len = strcspn(what, "+");
    enum outcome_kind kind = what[0] == '~'   ? OUTCOME_WARN
                             : what[0] == '?' ? OUTCOME_UNAVAILABLE
                                              : OUTCOME_FAIL;

    record->state = STATE_PASSING;
    set_outcome(scene, &record->last, OUTCOME_PASS, REASON_NONE, what);
    if (len == 0 || strncmp(what, "pass", len) == 0) {
        /* nothing to do */
    } else if (strncmp(what, "none", len) == 0) {
        record->state = STATE_PENDING;
        record->last_run_wall_ms = 0;
        outcome_init(&record->last);
    } else if (strncmp(what, "na", len) == 0) {
        record->state = STATE_PENDING;
        set_outcome(scene, &record->last, OUTCOME_UNAVAILABLE, CONNECT_TIMEOUT, what);
    } else if (strncmp(what, "stale", len) == 0) {
        record->state = STATE_STALE;
    } else if (strncmp(what, "suspect", len) == 0) {
        record->state = STATE_SUSPECT;
        set_outcome(scene, &record->last, OUTCOME_FAIL, TIMEOUT, what);
    } else {
        size_t skip = kind == OUTCOME_FAIL ? 0 : 1;
        enum reason reason = reason_of(what + skip, len - skip);

        set_outcome(scene, &record->last, kind, reason, what);
        if (kind == OUTCOME_FAIL) {
            record->state = has_mark(what, "+once") ? STATE_PASSING : STATE_FAILING;
            record->has_failure = true;
            record->failure = record->last;
        } else if (kind == OUTCOME_UNAVAILABLE) {
            record->state = reason_is_local(reason) ? STATE_SUSPECT : STATE_PENDING;
        }
    }
    record->counted = record->state;
    if (has_mark(what, "+blocked"))
        set_blocked(scene, record, what);
}

void scene_set(struct scene *scene, enum scene_check check, const char *what) {
    struct check_record *record = scene_record(scene, check);

    record->blocked_by = UINT32_MAX;
    record->has_failure = false;
    record->since_wall_ms = SCENE_NOW_WALL_MS - SINCE_AGO_MS;
    record->last_run_wall_ms = SCENE_NOW_WALL_MS - LAST_RUN_AGO_MS;
    record->last_run_mono_ms = SCENE_NOW_MONO_MS - LAST_RUN_AGO_MS;
    record->failure_wall_ms = record->last_run_wall_ms;
    set_state(scene, record, what);
}

struct check_record *scene_record(struct scene *scene, enum scene_check check) {
    assert_int_not_equal(scene->checks[check], UINT32_MAX);
    return scene->snapshot->checks[scene->checks[check]];
}

void scene_make(struct scene *scene, const char *text) {
    struct plan plan = {.tenants = 1};
    char words[1024];
    char *rest = words;

    memset(scene, 0, sizeof *scene);
    assert_true(text_copy(words, sizeof words, text));
    for (const char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (word[0] != '\0')
            plan_word(scene, &plan, word);
    }
    scene->config = make_config(scene, &plan);
    scene->snapshot = snapshot_new(scene->config);
    scene->snapshot->instance = "health-responder-7d9f-x2x4z";
    scene->snapshot->taken_wall_ms = SCENE_NOW_WALL_MS;
    scene->snapshot->taken_mono_ms = SCENE_NOW_MONO_MS;
    scene->snapshot->life = strstr(text, "starting") != NULL ? LIFE_STARTING : LIFE_READY;
    scene->snapshot->self = (struct self_status){.sign = "fine"};
    if (strstr(text, "starved") != NULL) {
        scene->snapshot->self.is_degraded = true;
        snprintf(scene->snapshot->self.text, sizeof scene->snapshot->self.text,
                 "throttled 70 %% of the time");
    }
    if (plan.appgw[0] != '\0')
        make_census(scene, plan.appgw);
    for (uint32_t i = 0; i < scene->config->check_count; i++) {
        scene->snapshot->checks[i] = check_record_new();
        scene->snapshot->checks[i]->config = &scene->config->checks[i];
    }
    for (int i = 0; i < SCENE_CHECKS; i++) {
        if (scene->checks[i] != UINT32_MAX)
            scene_set(scene, (enum scene_check)i, plan.what[i]);
    }
}

void scene_free(struct scene *scene) {
    snapshot_unref(scene->snapshot);
    config_unref(scene->config);
}

void scene_judge(struct scene *scene) {
    enum check_state states[SCENE_CHECKS] = {STATE_PENDING};

    for (uint32_t i = 0; i < scene->config->check_count; i++)
        states[i] = scene->snapshot->checks[i]->state;
    for (uint32_t i = 0; i < scene->config->tenant_count; i++)
        scene->snapshot->tenants[i].status = verdict_tenant(scene->config, states, i);
}

void scene_diagnose(struct scene *scene, uint32_t tenant, struct path_report *report) {
    struct path_survey survey;

    scene_judge(scene);
    path_survey(&survey, scene->snapshot, scene->is_stuck);
    path_diagnose(&survey, tenant, report);
}
