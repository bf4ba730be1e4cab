/* Check type `dns`. Owns the question that is open and the answers that are none; what an
 * answer with addresses is worth is dns_judge.c's business. */
#include "check/dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/check.h"
#include "net/resolver.h"

/* No target is connected, so nothing of run.h is of use here. */
struct check_run {
    struct arena *arena;
    struct dns_options options; /* with texts and blocks in the arena */
    struct resolve *resolve;
    int64_t started_us;
    check_done *done;
    void *user;
};

/* Servers that answer with an error are the same trouble as silent ones; the text tells
 * the difference. */
static const enum reason failures[] = {
    [RESOLVE_OK] = DNS_NO_ADDRESS, /* without one */
    [RESOLVE_NXDOMAIN] = DNS_NXDOMAIN, [RESOLVE_NO_ADDRESS] = DNS_NO_ADDRESS,
    [RESOLVE_TIMEOUT] = DNS_TIMEOUT,   [RESOLVE_FAILED] = DNS_TIMEOUT,
};

static void free_run(struct check_run *run) {
    arena_free(run->arena);
    free(run);
}

static void on_resolved(void *user, const struct resolve_result *result) {
    struct check_run *run = user;
    struct outcome outcome;
    int64_t us = clock_mono_us() - run->started_us;
    outcome_init(&outcome);
    outcome.phase_us[PHASE_NAME] = us;
    outcome.phase_us[PHASE_TOTAL] = us;
    if (result->status == RESOLVE_OK && result->count > 0) {
        dns_judge(&run->options, result->addrs, result->count, us, &outcome);
    } else {
        enum reason reason = failures[result->status];
        outcome_set(&outcome, OUTCOME_FAIL, reason, "%s: %s", run->options.host,
                    result->text[0] != '\0' ? result->text : reason_text(reason));
    }
    check_done *done = run->done;
    void *done_user = run->user;
    free_run(run);
    done(done_user, &outcome);
}

static struct check_run *dns_start(const struct check_env *env,
                                   const struct check_config *config, check_done *done,
                                   void *user) {
    const struct dns_options *options = config->options;
    struct check_run *run = MEM_NEW(struct check_run);
    run->arena = arena_new();
    run->options = *options;
    run->options.host = arena_copy_text(run->arena, options->host);
    struct cidr *expect =
        arena_alloc(run->arena, options->expect.count, sizeof *options->expect.items);
    if (options->expect.count > 0)
        memcpy(expect, options->expect.items, options->expect.count * sizeof *expect);
    run->options.expect.items = expect;
    run->done = done;
    run->user = user;
    run->started_us = clock_mono_us();
    resolver_forget(env->resolver, run->options.host);
    run->resolve = resolver_ask(env->resolver, run->options.host,
                                config->timing.timeout_ms, on_resolved, run);
    return run;
}

static void dns_cancel(struct check_run *run) {
    resolve_cancel(run->resolve);
    free_run(run);
}

const struct check_type check_dns = {
    .name = "dns",
    .options = &dns_options_schema,
    .start = dns_start,
    .cancel = dns_cancel,
};
