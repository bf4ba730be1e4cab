/* Reads descriptions of snapshots. Computes verdicts and tenant states with the rules of
 * the server itself, so that no description can claim what could not be. */
#include "fixture.h"
#include "fixture_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void fixture_fail(const char *what, const char *which) {
    fprintf(stderr, "fixture: %s %s\n", what, which);
    exit(2);
}

const char *fixture_text(struct config *config, const json_t *object, const char *key,
                         const char *otherwise) {
    const json_t *value = json_object_get(object, key);
    const char *text = json_is_string(value) ? json_string_value(value) : otherwise;
    if (!text)
        return NULL;
    char *copy = arena_copy_text(config->arena, text);
    for (char *at; (at = strstr(copy, "\xee\x83\xbf"));) {
        at[0] = '\xff';
        memmove(at + 1, at + 3, strlen(at + 3) + 1);
    }
    return copy;
}

int64_t fixture_int(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool fixture_bool(const json_t *object, const char *key, bool otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static int64_t item_int(const json_t *array, size_t index) {
    return json_integer_value(json_array_get(array, index));
}

void fixture_outcome(struct config *config, const json_t *json, struct outcome *outcome) {
    const json_t *phases = json_object_get(json, "phases_us");
    const json_t *addresses = json_object_get(json, "addresses");
    outcome_init(outcome);
    outcome->kind =
        WORD(json, "kind", OUTCOME_PASS, 4, outcome_kind_name, enum outcome_kind);
    outcome->reason =
        WORD(json, "reason", REASON_NONE, REASON_COUNT, reason_name, enum reason);
    outcome->http_status = (int)fixture_int(json, "http_status", 0);
    outcome->addresses_total = (int)item_int(addresses, 0);
    outcome->addresses_failed = (int)item_int(addresses, 1);
    outcome->answered = (int)item_int(addresses, 2);
    for (size_t i = 0; i < json_array_size(phases) && i < PHASE_COUNT; i++)
        outcome->phase_us[i] = item_int(phases, i);
    snprintf(outcome->remote, sizeof outcome->remote, "%s",
             fixture_text(config, json, "remote", ""));
    snprintf(outcome->evidence, sizeof outcome->evidence, "%s",
             fixture_text(config, json, "evidence", ""));
}

static uint32_t find_check(const struct config *config, const char *name) {
    uint32_t found = config_find_check(config, name);
    if (found == UINT32_MAX)
        fixture_fail("unknown check", name);
    return found;
}

static void read_parents(struct config *config, const json_t *json,
                         struct check_config *check) {
    const json_t *names = json_object_get(json, "parents");
    uint32_t *parents =
        arena_alloc(config->arena, json_array_size(names), sizeof *parents);
    for (size_t i = 0; i < json_array_size(names); i++)
        parents[i] = find_check(config, json_string_value(json_array_get(names, i)));
    check->parents = parents;
    check->parent_count = (uint32_t)json_array_size(names);
}

static void read_check_config(struct config *config, const json_t *json,
                              struct check_config *check) {
    static const struct check_timing timing = {.interval_ms = 5000,
                                               .fast_interval_ms = 1000,
                                               .down_interval_ms = 5000,
                                               .timeout_ms = 2000,
                                               .connect_timeout_ms = 1000,
                                               .rise = 2,
                                               .fall = 3};
    const char *tenant = fixture_text(config, json, "tenant", NULL);
    const char *scope = fixture_text(config, json, "scope", "shared");
    check->name = fixture_text(config, json, "name", "");
    check->type = fixture_text(config, json, "type", "http");
    check->role = WORD(json, "role", ROLE_NONE, ROLE_TENANT_ROUTED + 1, check_role_name,
                       enum check_role);
    check->severity =
        WORD(json, "severity", SEVERITY_CRITICAL, 3, severity_name, enum severity);
    check->scope = strcmp(scope, "self") == 0 ? SCOPE_SELF : SCOPE_SHARED;
    check->tenant = CONFIG_NO_TENANT;
    check->timing = timing;
    if (!tenant)
        return;
    check->scope = SCOPE_TENANT;
    check->tenant = config_find_tenant(config, tenant);
    if (check->tenant == CONFIG_NO_TENANT)
        fixture_fail("unknown tenant", tenant);
}

static void read_tenants(struct config *config, const json_t *list) {
    struct tenant_config *tenants =
        arena_alloc(config->arena, json_array_size(list), sizeof *tenants);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        tenants[i].name = fixture_text(config, json, "name", "");
        tenants[i].route = fixture_text(config, json, "route", NULL);
        tenants[i].backend = fixture_text(config, json, "backend", NULL);
        tenants[i].identity = fixture_text(config, json, "identity", NULL);
        tenants[i].critical = fixture_bool(json, "critical", true);
    }
    config->tenants = tenants;
    config->tenant_count = (uint32_t)json_array_size(list);
}

static void read_checks(struct config *config, const json_t *list) {
    struct check_config *checks =
        arena_alloc(config->arena, json_array_size(list), sizeof *checks);
    config->checks = checks;
    config->check_count = (uint32_t)json_array_size(list);
    for (size_t i = 0; i < config->check_count; i++)
        read_check_config(config, json_array_get(list, i), &checks[i]);
    for (size_t i = 0; i < config->check_count; i++)
        read_parents(config, json_array_get(list, i), &checks[i]);
}

static void read_gateway(struct config *config, const json_t *json) {
    static const struct cidr subnet = {
        .family = AF_INET, .bytes = {10, 1, 0, 0}, .bits = 24};
    config->gateway = (struct gateway_config){
        .is_set = json != NULL,
        .has_tls = fixture_bool(json, "tls", true),
        .host = fixture_text(config, json, "host", "apps.example.com"),
        .service = fixture_text(config, json, "service",
                                "shared-gateway-istio.istio-ingress.svc.cluster.local."),
        .port = 443,
        .status_port = 15021,
        .stats_port = 15090,
    };
    if (fixture_bool(json, "subnets", true))
        config->clients.appgw_subnets = (struct cidr_list){&subnet, 1};
}

static struct config *read_config(const json_t *json) {
    struct config *config = config_new();
    const json_t *override = json_object_get(json, "override");
    config->file =
        fixture_text(config, json, "file", "/etc/health-responder/config.json");
    config->effective = fixture_text(config, json, "effective", "{\"tenants\": []}");
    snprintf(
        config->hash, sizeof config->hash, "%s",
        fixture_text(config, json, "hash",
                     "3f5a9c1b2d4e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"));
    config->verdict.policy =
        WORD(json, "policy", POLICY_SERVE, POLICY_COUNT, policy_name, enum policy);
    config->verdict.min_healthy_percent = 50;
    config->verdict.pool_members = 1;
    if (override) {
        config->verdict.override = (struct override_config){
            .is_set = true,
            .verdict = WORD(override, "verdict", VERDICT_UNHEALTHY, VERDICT_COUNT,
                            verdict_name, enum verdict),
            .reason = fixture_text(config, override, "reason", NULL),
            .until_wall_ms = FIXTURE_WALL_MS + fixture_int(override, "left_ms", 600000),
        };
    }
    read_gateway(config, json_object_get(json, "gateway"));
    read_tenants(config, json_object_get(json, "tenants"));
    read_checks(config, json_object_get(json, "checks"));
    return config;
}

static void read_counts(const json_t *counts, struct check_record *record) {
    record->runs = (uint64_t)item_int(counts, 0);
    record->passes = (uint64_t)item_int(counts, 1);
    record->failures = (uint64_t)item_int(counts, 2);
    record->late = (uint64_t)item_int(counts, 3);
    record->skipped = (uint64_t)item_int(counts, 4);
}

static struct check_record *read_record(struct config *config, const json_t *json,
                                        const struct check_config *check) {
    struct check_record *record = check_record_new();
    const json_t *last = json_object_get(json, "last");
    const json_t *failure = json_object_get(json, "failure");
    const char *blocked_by = fixture_text(config, json, "blocked_by", NULL);
    int64_t age_ms = fixture_int(json, "age_ms", 1500);
    record->config = check;
    record->state = WORD(json, "state", STATE_PASSING, STATE_COUNT, check_state_name,
                         enum check_state);
    record->counted = WORD(json, "counted",
                           record->state <= STATE_FAILING ? record->state : STATE_PASSING,
                           STATE_STALE, check_state_name, enum check_state);
    record->streak = (unsigned)fixture_int(json, "streak", 3);
    record->blocked_by = blocked_by ? find_check(config, blocked_by) : UINT32_MAX;
    record->since_wall_ms = FIXTURE_WALL_MS - fixture_int(json, "since_ms", 4000000);
    record->next_run_mono_ms = FIXTURE_MONO_MS + 3500;
    read_counts(json_object_get(json, "counts"), record);
    if (last) {
        record->last_run_wall_ms = FIXTURE_WALL_MS - age_ms;
        record->last_run_mono_ms = FIXTURE_MONO_MS - age_ms;
        fixture_outcome(config, last, &record->last);
        record->is_streak_pass = record->last.kind != OUTCOME_FAIL;
    }
    if (failure) {
        record->has_failure = true;
        record->failure_wall_ms = FIXTURE_WALL_MS - fixture_int(failure, "ago_ms", 90000);
        fixture_outcome(config, failure, &record->failure);
    }
    return record;
}

static void read_engine(const json_t *json, struct engine_stats *engine) {
    *engine = (struct engine_stats){
        .turns = (uint64_t)fixture_int(json, "turns", 123456),
        .longest_turn_us = fixture_int(json, "longest_turn_us", 1875),
        .lag_us = fixture_int(json, "lag_us", 60),
        .longest_lag_us = fixture_int(json, "longest_lag_us", 4000),
        .in_flight = (int)fixture_int(json, "in_flight", 1),
        .queued = (int)fixture_int(json, "queued", 0),
        .runs = (uint64_t)fixture_int(json, "runs", 8000),
        .late = (uint64_t)fixture_int(json, "late", 2),
        .commands_refused = (uint64_t)fixture_int(json, "commands_refused", 0),
        .transitions = (uint64_t)fixture_int(json, "transitions", 12),
        .clock_jumps = (uint64_t)fixture_int(json, "clock_jumps", 0),
    };
}

static void read_self(struct snapshot *snapshot, const json_t *json) {
    struct self_status *self = &snapshot->self;
    self->is_starved = fixture_bool(json, "starved", false);
    self->is_degraded = fixture_bool(json, "degraded", false);
    self->sign = fixture_text(snapshot->config, json, "sign", "fine");
    snprintf(self->text, sizeof self->text, "%s",
             fixture_text(snapshot->config, json, "text", ""));
}

static void read_reload(struct snapshot *snapshot, const json_t *json) {
    const json_t *errors = json_object_get(json, "errors");
    size_t count = json_array_size(errors);
    MEM_AUTO const char **texts = mem_alloc(count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        json_t *holder = json_object();
        json_object_set(holder, "text", json_array_get(errors, i));
        texts[i] = fixture_text(snapshot->config, holder, "text", "");
        json_decref(holder);
    }
    snapshot_set_errors(snapshot, texts, count);
    snapshot->reload.last_ok = fixture_bool(json, "ok", true);
    snapshot->reload.loaded = (uint64_t)fixture_int(json, "loaded", 1);
    snapshot->reload.refused = (uint64_t)fixture_int(json, "refused", 0);
    snapshot->reload.loaded_wall_ms = FIXTURE_WALL_MS - 4990000;
    if (!snapshot->reload.last_ok)
        snapshot->reload.refused_wall_ms = FIXTURE_WALL_MS - 30000;
}

static void compute_verdicts(struct snapshot *snapshot, const json_t *json) {
    const struct config *config = snapshot->config;
    const json_t *tenants = json_object_get(json, "tenants");
    MEM_AUTO enum check_state *states = mem_alloc(config->check_count, sizeof *states);
    MEM_AUTO struct tenant_status *statuses =
        mem_alloc(config->tenant_count, sizeof *statuses);
    for (uint32_t i = 0; i < config->check_count; i++)
        states[i] = snapshot->checks[i]->state;
    const struct verdict_input input = {
        .config = config,
        .states = states,
        .is_starting = snapshot->life == LIFE_STARTING,
        .is_self_degraded = snapshot->self.is_degraded,
        .wall_ms = FIXTURE_WALL_MS,
    };
    verdict_compute(&input, statuses, &snapshot->verdicts);
    snapshot->verdict_since_wall_ms =
        FIXTURE_WALL_MS - fixture_int(json, "since_ms", 200000);
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        int64_t since_ms = fixture_int(json_array_get(tenants, i), "since_ms", 4000000);
        snapshot->tenants[i].status = statuses[i];
        snapshot->tenants[i].since_wall_ms = FIXTURE_WALL_MS - since_ms;
    }
}

static struct snapshot *read_snapshot(const json_t *json) {
    struct config *config = read_config(json);
    struct snapshot *snapshot = snapshot_new(config);
    const json_t *checks = json_object_get(json, "checks");
    for (uint32_t i = 0; i < config->check_count; i++)
        snapshot->checks[i] =
            read_record(config, json_array_get(checks, i), &config->checks[i]);
    snapshot->instance =
        fixture_text(config, json, "instance", "health-responder-5d8f7c9b6-x2x7k");
    snapshot->started_wall_ms = FIXTURE_WALL_MS - FIXTURE_MONO_MS;
    snapshot->taken_wall_ms = FIXTURE_WALL_MS;
    snapshot->taken_mono_ms = FIXTURE_MONO_MS;
    snapshot->life = WORD(json, "life", LIFE_READY, LIFE_COUNT, life_name, enum life);
    read_engine(json_object_get(json, "engine"), &snapshot->engine);
    read_self(snapshot, json_object_get(json, "self"));
    read_reload(snapshot, json_object_get(json, "reload"));
    compute_verdicts(snapshot, json);
    fixture_timeline(snapshot, json_object_get(json, "timeline"));
    fixture_census(snapshot, json_object_get(json, "census"));
    config_unref(config);
    return snapshot;
}

static void read_process(const json_t *json, struct metrics_process *process) {
    const json_t *probes = json_object_get(json, "probes");
    *process = (struct metrics_process){
        .log_dropped = (uint64_t)fixture_int(json, "log_dropped", 0),
        .resident_bytes = fixture_int(json, "resident", 3145728),
        .cpu_us = fixture_int(json, "cpu_us", 1250000),
        .open_fds = (int)fixture_int(json, "open_fds", 17),
        .max_fds = (int)fixture_int(json, "max_fds", 1024),
        .is_live = fixture_bool(json, "live", true),
    };
    process->arrivals.ring_dropped = (uint64_t)fixture_int(json, "ring_dropped", 0);
    for (size_t i = 0; i < json_array_size(probes); i++) {
        json_t *holder = json_object();
        const json_t *probe = json_array_get(probes, i);
        json_object_set(holder, "path", json_array_get(probe, 0));
        json_object_set(holder, "answer", json_array_get(probe, 1));
        enum probe_path path = WORD(holder, "path", PROBE_HEALTHZ, PROBE_PATH_COUNT,
                                    probe_path_name, enum probe_path);
        enum answer answer = WORD(holder, "answer", ANSWER_HEALTHY, ANSWER_COUNT,
                                  answer_word, enum answer);
        process->arrivals.by_path_and_answer[path][answer] = (uint64_t)item_int(probe, 2);
        json_decref(holder);
    }
}

struct fixture fixture_parse(const char *json_text) {
    json_error_t error;
    json_t *json = json_loads(json_text, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fixture_fail("is no JSON:", error.text);
    struct fixture fixture = {.snapshot = read_snapshot(json)};
    const json_t *exclude = json_object_get(json, "exclude");
    read_process(json_object_get(json, "process"), &fixture.process);
    view_diagnose(&fixture.diagnosis, fixture.snapshot, !fixture.process.is_live);
    fixture.query.verbose = true;
    for (size_t i = 0; i < json_array_size(exclude) && i < VIEW_EXCLUDE_MAX; i++)
        fixture.query.exclude[fixture.query.exclude_count++] =
            arena_copy_text(fixture.snapshot->config->arena,
                            json_string_value(json_array_get(exclude, i)));
    json_decref(json);
    return fixture;
}

struct fixture fixture_load(const char *path) {
    BUF_AUTO struct buf text = {0};
    char part[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        fixture_fail("cannot open", path);
    for (size_t len; (len = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(&text, part, len);
    fclose(file);
    return fixture_parse(text.data ? text.data : "");
}

void fixture_fini(struct fixture *fixture) {
    snapshot_unref(fixture->snapshot);
}
