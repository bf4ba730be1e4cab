/* The list of checks in kube-apiserver's grammar. Owns which lines each endpoint lists;
 * the verdict without excluded checks is computed by model/verdict. */
#include "view/verbose.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "describe.h"
#include "model/arrival.h"

#include <string.h>

static void append_clean(struct buf *out, const char *text) {
    size_t len = strlen(text);
    MEM_AUTO char *clean = mem_alloc(len + 1, 1);
    buf_puts(out, text_clean(clean, len + 1, text, len));
}

static bool is_excluded(const struct view_query *query, const char *name) {
    for (size_t i = 0; i < query->exclude_count; i++) {
        if (strcmp(query->exclude[i], name) == 0)
            return true;
    }
    return false;
}

/* The exclusion names no check, and none before it was the same. */
static bool is_unmatched(const struct config *config, const struct view_query *query,
                         size_t exclusion) {
    const char *name = query->exclude[exclusion];
    for (size_t i = 0; i < exclusion; i++) {
        if (strcmp(query->exclude[i], name) == 0)
            return false;
    }
    return !config || config_find_check(config, name) == UINT32_MAX;
}

/* `config`: whose checks may be excluded; NULL: none may. */
static void list_unmatched(const struct config *config, const struct view_query *query,
                           struct buf *out) {
    const char *before = "warn: some health checks cannot be excluded: no matches for ";
    for (size_t i = 0; i < query->exclude_count; i++) {
        if (!is_unmatched(config, query, i))
            continue;
        buf_puts(out, before);
        text_append_json(out, query->exclude[i], strlen(query->exclude[i]));
        before = ",";
    }
    if (*before == ',')
        buf_putc(out, '\n');
}

static void list_fact(const char *name, const char *trouble, struct buf *out) {
    if (trouble)
        buf_printf(out, "[-]%s failed: %s\n", name, trouble);
    else
        buf_printf(out, "[+]%s ok\n", name);
}

static void list_check(const struct snapshot *snapshot, uint32_t check, struct buf *out) {
    const struct check_record *record = snapshot->checks[check];
    bool is_failing = record->state == STATE_FAILING;
    buf_puts(out, is_failing ? "[-]" : "[+]");
    append_clean(out, snapshot->config->checks[check].name);
    if (is_failing) {
        BUF_AUTO struct buf evidence = {0};
        describe_evidence(snapshot, check, &evidence);
        buf_printf(out, " failed: %s", reason_name(describe_reason(record)));
        if (evidence.len > 0) {
            buf_putc(out, ' ');
            append_clean(out, evidence.data);
        }
    } else {
        buf_puts(out, " ok");
        if (record->state != STATE_PASSING)
            buf_printf(out, " (%s)", check_state_name(record->state));
    }
    buf_putc(out, '\n');
}

static void list_override(const struct snapshot *snapshot, struct buf *out) {
    const struct override_config *override = &snapshot->config->verdict.override;
    bool is_down = override->verdict == VERDICT_UNHEALTHY;
    if (!snapshot->verdicts.override_active)
        return;
    buf_printf(out,
               is_down ? "[-]override failed: held at %s: "
                       : "[+]override ok (held at %s: ",
               verdict_name(override->verdict));
    append_clean(out, override->reason ? override->reason : "no reason given");
    buf_puts(out, is_down ? "\n" : ")\n");
}

static enum answer answer_for(enum verdict verdict) {
    static const enum answer answers[VERDICT_COUNT] = {
        [VERDICT_HEALTHY] = ANSWER_HEALTHY,
        [VERDICT_DEGRADED] = ANSWER_DEGRADED,
        [VERDICT_UNHEALTHY] = ANSWER_UNHEALTHY,
    };

    return answers[verdict];
}

/* The verdict as if every excluded check passed. */
static enum verdict verdict_without(const struct snapshot *snapshot,
                                    const struct view_query *query) {
    const struct config *config = snapshot->config;
    if (query->exclude_count == 0)
        return snapshot->verdicts.answer;
    MEM_AUTO enum check_state *states = mem_alloc(config->check_count, sizeof *states);
    MEM_AUTO struct tenant_status *tenants =
        mem_alloc(config->tenant_count, sizeof *tenants);
    for (uint32_t i = 0; i < config->check_count; i++) {
        bool excluded = is_excluded(query, config->checks[i].name);
        const struct check_record *record = snapshot->checks[i];
        states[i] =
            excluded ? STATE_PASSING
                     : verdict_weighed(record->config, record->state, record->last.kind);
    }
    const struct verdict_input input = {
        .config = config,
        .states = states,
        .is_starting = snapshot->life == LIFE_STARTING,
        .is_self_degraded = snapshot->self.is_degraded,
        .wall_ms = snapshot->taken_wall_ms,
    };
    struct verdicts verdicts = snapshot->verdicts;
    verdict_compute(&input, tenants, &verdicts);
    return verdicts.answer;
}

static enum answer list_healthz(const struct snapshot *snapshot,
                                const struct view_query *query, struct buf *out) {
    const struct config *config = snapshot->config;
    for (uint32_t i = 0; i < config->check_count; i++) {
        if (!is_excluded(query, config->checks[i].name)) {
            list_check(snapshot, i, out);
            continue;
        }
        buf_puts(out, "[+]");
        append_clean(out, config->checks[i].name);
        buf_puts(out, " excluded: ok\n");
    }
    list_override(snapshot, out);
    list_unmatched(config, query, out);
    return answer_for(verdict_without(snapshot, query));
}

static enum answer list_readyz(const struct snapshot *snapshot,
                               const struct view_query *query, struct buf *out) {
    bool is_starting = snapshot->life == LIFE_STARTING;
    bool is_draining = snapshot->life == LIFE_DRAINING;
    list_fact("config", NULL, out);
    list_fact("first-round", is_starting ? "not done yet" : NULL, out);
    list_fact("drain", is_draining ? "draining" : NULL, out);
    list_unmatched(NULL, query, out);
    return is_starting ? ANSWER_STARTING : is_draining ? ANSWER_DRAINING : ANSWER_READY;
}

static enum answer list_livez(const struct view_query *query,
                              const struct verbose_facts *facts, struct buf *out) {
    list_fact("engine", facts->is_live ? NULL : "no turn for too long", out);
    list_unmatched(NULL, query, out);
    return facts->is_live ? ANSWER_LIVE : ANSWER_STUCK;
}

int view_verbose(const struct snapshot *snapshot, const struct view_query *query,
                 enum verbose_endpoint endpoint, const struct verbose_facts *facts,
                 struct buf *out) {
    BUF_AUTO struct buf list = {0};
    const char *name = "";
    enum answer answer = ANSWER_NOT_FOUND;
    switch (endpoint) {
        case VERBOSE_HEALTHZ:
            name = "healthz";
            answer = list_healthz(snapshot, query, &list);
            break;
        case VERBOSE_READYZ:
            name = "readyz";
            answer = list_readyz(snapshot, query, &list);
            break;
        case VERBOSE_LIVEZ:
            name = "livez";
            answer = list_livez(query, facts, &list);
            break;
    }
    int status = answer_status(answer);
    if (status == 200 && !query->verbose)
        buf_printf(out, "%s\n", answer_word(answer));
    else
        buf_printf(out, "%s%s check %s\n", list.len > 0 ? list.data : "", name,
                   status == 200 ? "passed" : "failed");
    return status;
}
