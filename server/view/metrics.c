/* /metrics: which families there are and where their figures come from. The formats are
 * in expose.c. Every state is a series of its own that reads 0 or 1, so that no series
 * comes or goes with a state. docs/metrics.md lists all families; a test compares. */
#include "view/metrics.h"

#include "check_metrics.h"
#include "expose.h"

#include <stddef.h>

/* What the figures are read from. */
struct source {
    const struct path_survey *survey;
    const struct snapshot *snapshot;
    const struct metrics_process *process;
};

typedef void (*family_writer)(struct expose *expose, const struct source *source);

static void write_build(struct expose *expose, const struct source *source) {
    expose_int(expose,
               EXPOSE_LABELS("version", HR_VERSION, "pod", source->snapshot->instance),
               1);
}

static void write_life(struct expose *expose, const struct source *source) {
    for (int i = 0; i < LIFE_COUNT; i++)
        expose_int(expose, EXPOSE_LABELS("state", life_name((enum life)i)),
                   source->snapshot->life == (enum life)i);
}

static void write_live(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->process->is_live);
}

static void write_answer(struct expose *expose, const struct source *source) {
    for (int i = 0; i < VERDICT_COUNT; i++)
        expose_int(expose, EXPOSE_LABELS("verdict", verdict_name((enum verdict)i)),
                   source->snapshot->verdicts.answer == (enum verdict)i);
}

static void write_verdict(struct expose *expose, const struct source *source) {
    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        for (int i = 0; i < VERDICT_COUNT; i++)
            expose_int(expose,
                       EXPOSE_LABELS("policy", policy_name((enum policy)policy),
                                     "verdict", verdict_name((enum verdict)i)),
                       source->snapshot->verdicts.by_policy[policy] == (enum verdict)i);
    }
}

static void write_policy(struct expose *expose, const struct source *source) {
    for (int i = 0; i < POLICY_COUNT; i++)
        expose_int(expose, EXPOSE_LABELS("policy", policy_name((enum policy)i)),
                   source->snapshot->config->verdict.policy == (enum policy)i);
}

static void write_changed(struct expose *expose, const struct source *source) {
    expose_ms(expose, NULL, source->snapshot->verdict_since_wall_ms);
}

static void write_override(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->verdicts.override_active);
}

static void write_override_until(struct expose *expose, const struct source *source) {
    const struct override_config *override = &source->snapshot->config->verdict.override;
    expose_ms(expose, NULL, override->is_set ? override->until_wall_ms : 0);
}

static void write_critical(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->verdicts.critical_tenants);
}

static void write_critical_up(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->verdicts.critical_up);
}

static void write_tenant_state(struct expose *expose, const struct source *source) {
    const struct config *config = source->snapshot->config;
    for (uint32_t tenant = 0; tenant < config->tenant_count; tenant++) {
        enum tenant_state state = source->snapshot->tenants[tenant].status.state;
        for (int i = 0; i < TENANT_STATE_COUNT; i++)
            expose_int(expose,
                       EXPOSE_LABELS("tenant", config->tenants[tenant].name, "state",
                                     tenant_state_name((enum tenant_state)i)),
                       state == (enum tenant_state)i);
    }
}

static void write_tenant_changed(struct expose *expose, const struct source *source) {
    const struct config *config = source->snapshot->config;
    for (uint32_t tenant = 0; tenant < config->tenant_count; tenant++)
        expose_ms(expose, EXPOSE_LABELS("tenant", config->tenants[tenant].name),
                  source->snapshot->tenants[tenant].since_wall_ms);
}

/* One series for each path that is broken, and none for the others. */
static void write_path_broken_of(struct expose *expose, const struct source *source,
                                 uint32_t tenant) {
    const struct path_survey *survey = source->survey;
    struct path_report report;
    char owner[PATH_OWNER_MAX];
    path_diagnose(survey, tenant, &report);
    if (!report.is_broken)
        return;
    const char *name =
        tenant != CONFIG_NO_TENANT ? survey->snapshot->config->tenants[tenant].name : "";
    enum path_state state = report.hops[report.broken_hop].state;
    expose_int(expose,
               EXPOSE_LABELS("tenant", name, "hop", hop_name(report.broken_hop), "state",
                             path_state_name(state), "owner",
                             path_owner(survey, &report, owner), "reason",
                             reason_name(report.reason)),
               1);
}

static void write_path_broken(struct expose *expose, const struct source *source) {
    write_path_broken_of(expose, source, CONFIG_NO_TENANT);
    for (uint32_t i = 0; i < source->snapshot->config->tenant_count; i++)
        write_path_broken_of(expose, source, i);
}

static void write_prober_arrivals(struct expose *expose, const struct source *source) {
    const struct census_view *census = source->snapshot->census;
    for (int i = 0; census && i < PROBER_COUNT; i++)
        expose_count(expose, EXPOSE_LABELS("class", prober_name((enum prober)i)),
                     census->classes[i].count);
}

static void write_prober_age(struct expose *expose, const struct source *source) {
    const struct census_view *census = source->snapshot->census;
    for (int i = 0; census && i < PROBER_COUNT; i++) {
        if (census->classes[i].count > 0)
            expose_ms(expose, EXPOSE_LABELS("class", prober_name((enum prober)i)),
                      source->snapshot->taken_mono_ms - census->classes[i].last_mono_ms);
    }
}

static void write_prober_silent(struct expose *expose, const struct source *source) {
    const struct census_view *census = source->snapshot->census;
    for (int i = 0; census && i < PROBER_COUNT; i++)
        expose_int(expose, EXPOSE_LABELS("class", prober_name((enum prober)i)),
                   census->classes[i].is_silent);
}

static void write_events(struct expose *expose, const struct source *source) {
    const struct timeline_view *timeline = source->snapshot->timeline;
    expose_count(expose, NULL, timeline ? timeline->total : 0);
}

static void write_incidents(struct expose *expose, const struct source *source) {
    const struct timeline_view *timeline = source->snapshot->timeline;
    expose_count(expose, NULL, timeline ? timeline->incident_total : 0);
}

static void write_incidents_open(struct expose *expose, const struct source *source) {
    const struct timeline_view *timeline = source->snapshot->timeline;
    int open = 0;
    for (size_t i = 0; timeline && i < timeline->incident_count; i++)
        open += timeline->incidents[i]->ended_wall_ms == 0;
    expose_int(expose, NULL, open);
}

static void write_config(struct expose *expose, const struct source *source) {
    expose_int(expose, EXPOSE_LABELS("hash", source->snapshot->config->hash), 1);
}

static void write_reload_ok(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->reload.last_ok);
}

static void write_reload_time(struct expose *expose, const struct source *source) {
    expose_ms(expose, NULL, source->snapshot->reload.loaded_wall_ms);
}

static void write_loads(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->reload.loaded);
}

static void write_refusals(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->reload.refused);
}

static void write_starved(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->self.is_starved);
}

static void write_self_degraded(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->self.is_degraded);
}

static void write_self_sign(struct expose *expose, const struct source *source) {
    const char *sign = source->snapshot->self.sign;
    if (sign)
        expose_int(expose, EXPOSE_LABELS("sign", sign), 1);
}

static void write_engine_lag(struct expose *expose, const struct source *source) {
    expose_us(expose, NULL, source->snapshot->engine.lag_us);
}

static void write_engine_longest_lag(struct expose *expose, const struct source *source) {
    expose_us(expose, NULL, source->snapshot->engine.longest_lag_us);
}

static void write_engine_longest_turn(struct expose *expose,
                                      const struct source *source) {
    expose_us(expose, NULL, source->snapshot->engine.longest_turn_us);
}

static void write_engine_in_flight(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->engine.in_flight);
}

static void write_engine_queued(struct expose *expose, const struct source *source) {
    expose_int(expose, NULL, source->snapshot->engine.queued);
}

static void write_engine_turns(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.turns);
}

static void write_engine_runs(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.runs);
}

static void write_engine_late(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.late);
}

static void write_engine_refused(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.commands_refused);
}

static void write_engine_transitions(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.transitions);
}

static void write_engine_jumps(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->snapshot->engine.clock_jumps);
}

/* Answers that a question can get: their series are there from the start. */
static unsigned answers_of(enum probe_path path) {
    enum {
        VERDICTS = 1u << ANSWER_HEALTHY | 1u << ANSWER_DEGRADED | 1u << ANSWER_UNHEALTHY,
        REFUSALS = 1u << ANSWER_METHOD | 1u << ANSWER_BAD_REQUEST,
    };
    switch (path) {
        case PROBE_HEALTHZ:
        case PROBE_SERVE:
        case PROBE_QUORUM:
        case PROBE_STRICT:
            return VERDICTS | 1u << ANSWER_STARTING | REFUSALS;
        case PROBE_READY:
            return 1u << ANSWER_READY | 1u << ANSWER_STARTING | 1u << ANSWER_DRAINING |
                   REFUSALS;
        case PROBE_LIVE:
            return 1u << ANSWER_LIVE | 1u << ANSWER_STUCK | REFUSALS;
        case PROBE_TENANT:
            return VERDICTS | 1u << ANSWER_STARTING | 1u << ANSWER_NOT_FOUND | REFUSALS;
        case PROBE_LOOP:
            return 1u << ANSWER_PROOF | 1u << ANSWER_STARTING | 1u << ANSWER_NOT_FOUND |
                   REFUSALS;
        case PROBE_OTHER:
            break;
    }
    return 1u << ANSWER_NOT_FOUND | REFUSALS;
}

static void write_probes(struct expose *expose, const struct source *source) {
    for (int path = 0; path < PROBE_PATH_COUNT; path++) {
        const uint64_t *counts = source->process->arrivals.by_path_and_answer[path];
        unsigned possible = answers_of((enum probe_path)path);
        for (int i = 0; i < ANSWER_COUNT; i++) {
            if (counts[i] == 0 && (possible & 1u << i) == 0)
                continue;
            expose_count(expose,
                         EXPOSE_LABELS("path", probe_path_name((enum probe_path)path),
                                       "answer", answer_word((enum answer)i)),
                         counts[i]);
        }
    }
}

static void write_probes_dropped(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->process->arrivals.ring_dropped);
}

static void write_log_dropped(struct expose *expose, const struct source *source) {
    expose_count(expose, NULL, source->process->log_dropped);
}

static void write_resident(struct expose *expose, const struct source *source) {
    if (source->process->resident_bytes >= 0)
        expose_int(expose, NULL, source->process->resident_bytes);
}

static void write_cpu(struct expose *expose, const struct source *source) {
    if (source->process->cpu_us >= 0)
        expose_us(expose, NULL, source->process->cpu_us);
}

static void write_open_fds(struct expose *expose, const struct source *source) {
    if (source->process->open_fds >= 0)
        expose_int(expose, NULL, source->process->open_fds);
}

static void write_max_fds(struct expose *expose, const struct source *source) {
    if (source->process->max_fds >= 0)
        expose_int(expose, NULL, source->process->max_fds);
}

static void write_start_time(struct expose *expose, const struct source *source) {
    expose_ms(expose, NULL, source->snapshot->started_wall_ms);
}

#define GAUGE(name, unit, help)                                                          \
    { "health_responder_" name, EXPOSE_GAUGE, unit, help }
#define COUNTER(name, help)                                                              \
    { "health_responder_" name, EXPOSE_COUNTER, NULL, help }
#define INFO(name, help)                                                                 \
    { "health_responder_" name, EXPOSE_INFO, NULL, help }

/* clang-format off */
static const struct {
    struct expose_family family;
    family_writer write;
} families[] = {
    {INFO("build", "Version of the program, and the pod that says so."), write_build},
    {GAUGE("life", NULL, "1 for the phase this pod is in."), write_life},
    {GAUGE("live", NULL, "1 while the engine thread turns."), write_live},

    {GAUGE("answer", NULL, "1 for what /healthz says."), write_answer},
    {GAUGE("verdict", NULL, "1 for the verdict that each policy measures, whichever is configured and whatever an override says."), write_verdict},
    {GAUGE("policy", NULL, "1 for the policy that /healthz is set to."), write_policy},
    {GAUGE("answer_changed_timestamp_seconds", "seconds", "When /healthz began to say what it says."), write_changed},
    {GAUGE("override_active", NULL, "1 while an override holds /healthz."), write_override},
    {GAUGE("override_until_timestamp_seconds", "seconds", "When the configured override ends by itself; 0: none is configured."), write_override_until},
    {GAUGE("critical_tenants", NULL, "Tenants that count for the policies quorum and strict."), write_critical},
    {GAUGE("critical_tenants_up", NULL, "Critical tenants that are not unhealthy."), write_critical_up},

    {GAUGE("tenant_state", NULL, "1 for the state of each tenant."), write_tenant_state},
    {GAUGE("tenant_changed_timestamp_seconds", "seconds", "When the state of each tenant began."), write_tenant_changed},

    {GAUGE("path_broken", NULL, "1 for each path that is broken or warns, with hop, owner and reason; no tenant: what all share."), write_path_broken},
    {COUNTER("events", "Events on the timeline."), write_events},
    {COUNTER("incidents", "Failures of checks, from the first evidence to the end each."), write_incidents},
    {GAUGE("incidents_open", NULL, "Failures that go on; of more than 32 only the newest count."), write_incidents_open},

    {INFO("config", "SHA-256 of the running configuration."), write_config},
    {GAUGE("config_last_reload_successful", NULL, "0 after the newest configuration was refused; the one before still runs."), write_reload_ok},
    {GAUGE("config_last_reload_success_timestamp_seconds", "seconds", "When the running configuration was loaded."), write_reload_time},
    {COUNTER("config_loads", "Configurations loaded, the first one included."), write_loads},
    {COUNTER("config_refusals", "Configurations refused."), write_refusals},

    {GAUGE("self_starved", NULL, "1 while this pod is starved and outcomes are not counted."), write_starved},
    {GAUGE("self_degraded", NULL, "1 while it has been starved for so long that it degrades the verdict."), write_self_degraded},
    {INFO("self_sign", "What starves this pod; fine: nothing."), write_self_sign},

    {GAUGE("engine_lag_seconds", "seconds", "How late the engine's timer came, newest."), write_engine_lag},
    {GAUGE("engine_longest_lag_seconds", "seconds", "How late the engine's timer came, longest since the start."), write_engine_longest_lag},
    {GAUGE("engine_longest_turn_seconds", "seconds", "The engine's longest turn since the start."), write_engine_longest_turn},
    {GAUGE("engine_in_flight", NULL, "Checks that run now."), write_engine_in_flight},
    {GAUGE("engine_queued", NULL, "Checks that are due and wait for a place under the cap."), write_engine_queued},
    {COUNTER("engine_turns", "Turns of the engine's loop."), write_engine_turns},
    {COUNTER("engine_runs", "Runs of all checks."), write_engine_runs},
    {COUNTER("engine_late", "Answers to all checks that came after their deadline and were dropped."), write_engine_late},
    {COUNTER("engine_transitions", "Changes of state of all checks."), write_engine_transitions},
    {COUNTER("engine_commands_refused", "Requests to run a check now that the rate limit dropped."), write_engine_refused},
    {COUNTER("engine_clock_jumps", "Jumps of the wall clock by more than a second."), write_engine_jumps},

    {COUNTER("probes", "Requests on the probe port by question and answer."), write_probes},
    {COUNTER("probe_records_dropped", "Requests on the probe port that were counted but not described to the census."), write_probes_dropped},
    {COUNTER("prober_arrivals", "Requests on the probe port by who asked; this replica's share."), write_prober_arrivals},
    {GAUGE("prober_last_seen_age_seconds", "seconds", "Time since each class of probers asked last."), write_prober_age},
    {GAUGE("prober_silent", NULL, "1 while a class that asked regularly does not."), write_prober_silent},
    {COUNTER("log_lines_dropped", "Log lines that nobody took in time."), write_log_dropped},

    {{"process_resident_memory_bytes", EXPOSE_GAUGE, "bytes", "Resident memory."}, write_resident},
    {{"process_cpu_seconds", EXPOSE_COUNTER, "seconds", "User and system CPU time spent."}, write_cpu},
    {{"process_open_fds", EXPOSE_GAUGE, NULL, "Open file descriptors."}, write_open_fds},
    {{"process_max_fds", EXPOSE_GAUGE, NULL, "Limit of open file descriptors."}, write_max_fds},
    {{"process_start_time_seconds", EXPOSE_GAUGE, "seconds", "When the process started."}, write_start_time},
};
/* clang-format on */

void view_metrics(const struct view_diagnosis *diagnosis,
                  const struct metrics_process *process, bool openmetrics,
                  struct buf *out) {
    const struct snapshot *snapshot = diagnosis->survey.snapshot;
    const struct source source = {&diagnosis->survey, snapshot, process};
    struct expose expose = {.out = out, .openmetrics = openmetrics};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        expose_start(&expose, &families[i].family);
        families[i].write(&expose, &source);
    }
    check_metrics_write(&expose, snapshot);
    expose_end(&expose);
}
