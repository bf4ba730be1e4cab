/* Runs over the pods of a gateway. Owns who is asked, until when, and the second look at
 * the name; what an answer means is the type's business, how several become one that of
 * pods_merge.c. */
#include "pods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "check/target.h"
#include "http_outcome.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "run.h"
#include "sightings.h"

enum { TARGET_MAX = URL_HOST_MAX + 16 };

struct pods_run {
    struct check_run base; /* its attempts stay empty */
    const struct pods_type *type;
    char target[TARGET_MAX];
    const char *url; /* in the arena */
    struct pods_facts facts;
    bool is_second;   /* the name was, or is being, asked for once more */
    struct pod *pods; /* in the arena */
    size_t count;
    size_t open_count;
};

static struct pods_run *pods_of(struct check_run *run) {
    return (struct pods_run *)((char *)run - offsetof(struct pods_run, base));
}

static int64_t left_ms(const struct pods_run *run) {
    int64_t used_ms = (clock_mono_us() - run->base.started_us) / 1000;
    int64_t left = run->base.timing.timeout_ms - used_ms;
    return left > 0 ? left : 1;
}

static void free_run(struct pods_run *run) {
    arena_free(run->base.arena);
    free(run);
}

/* The run is gone before `done` hears of it. */
static void finish(struct pods_run *run) {
    struct outcome outcome = run->base.outcome;
    check_done *done = run->base.done;
    void *user = run->base.user;
    outcome.phase_us[PHASE_NAME] = run->base.name_us;
    outcome.phase_us[PHASE_TOTAL] = clock_mono_us() - run->base.started_us;
    free_run(run);
    done(user, &outcome);
}

static void finish_if_done(struct pods_run *run) {
    if (run->open_count > 0 || run->base.lookup)
        return;
    pods_merge(run->pods, run->count, &run->facts, &run->base.outcome);
    finish(run);
}

static bool has_addr(const struct addr *addrs, size_t count, const struct addr *addr) {
    for (size_t i = 0; i < count; i++) {
        if (addr_equal_ip(&addrs[i], addr))
            return true;
    }
    return false;
}

static bool was_asked(const struct pods_run *run, const struct addr *addr) {
    for (size_t i = 0; i < run->count; i++) {
        if (addr_equal_ip(&run->pods[i].addr, addr))
            return true;
    }
    return false;
}

/* Without an answer the first one stands. */
static void on_second_lookup(void *user, const struct target_result *result) {
    struct pods_run *run = user;
    run->base.lookup = NULL;
    for (size_t i = 0; i < run->count && result->count > 0; i++)
        run->pods[i].is_gone =
            !has_addr(result->addrs, result->count, &run->pods[i].addr);
    for (size_t i = 0; i < result->count; i++)
        run->facts.has_more = run->facts.has_more || !was_asked(run, &result->addrs[i]);
    finish_if_done(run);
}

/* Its host, without brackets. */
static void forget_name(struct pods_run *run) {
    char host[TARGET_MAX];
    text_copy(host, sizeof host, run->target);
    char *colon = strrchr(host, ':');
    if (colon)
        *colon = '\0';
    resolver_forget(run->base.env->resolver, host);
}

static void look_again(struct pods_run *run) {
    if (run->is_second || run->base.name_us < 0)
        return;
    run->is_second = true;
    forget_name(run);
    run->base.lookup = target_lookup_start(run->base.env, run->target, left_ms(run),
                                           on_second_lookup, run);
}

/* Phases are counted from the start of the run. */
static void shift_phases(struct pod *pod) {
    int64_t offset_us = pod->started_us - pod->run->base.started_us;
    for (int i = PHASE_CONNECT; i < PHASE_TOTAL; i++) {
        if (pod->outcome.phase_us[i] >= 0)
            pod->outcome.phase_us[i] += offset_us;
    }
}

static void on_result(void *user, const struct http_result *result) {
    struct pod *pod = user;
    struct pods_run *run = pod->run;
    pod->transfer = NULL;
    http_outcome_init(&pod->outcome, result);
    addr_format(&pod->addr, pod->outcome.remote);
    if (result->failure == HTTP_OK) {
        run->type->judge(pod, result);
    } else {
        http_outcome_fail(&pod->outcome, result, false, NULL);
        pod->outcome.kind = OUTCOME_UNAVAILABLE;
    }
    shift_phases(pod);
    run->open_count--;
    if (pod->outcome.kind == OUTCOME_FAIL || pod->outcome.kind == OUTCOME_UNAVAILABLE)
        look_again(run);
    finish_if_done(run);
}

static void ask(struct pod *pod, int64_t timeout_ms) {
    const struct pods_run *run = pod->run;
    const struct check_timing *timing = &run->base.timing;
    size_t share = PODS_BODY_MAX / run->count;
    const struct http_request request = {
        .url = run->url,
        .connect = &pod->addr,
        .method = "GET",
        .timeout_ms = timeout_ms,
        .connect_timeout_ms = timing->connect_timeout_ms < timeout_ms
                                  ? timing->connect_timeout_ms
                                  : timeout_ms,
        .reuse = timing->reuse,
        .max_body = run->type->max_body < share ? run->type->max_body : share,
    };
    pod->started_us = clock_mono_us();
    pod->transfer = http_client_start(run->base.env->http, &request, on_result, pod);
}

static void on_lookup(void *user, const struct target_result *result) {
    struct pods_run *run = user;
    run->base.lookup = NULL;
    run->base.name_us = result->name_us;
    if (result->count == 0) {
        run->base.outcome = *result->outcome;
        finish(run);
        return;
    }
    bool is_young[RESOLVE_ADDRESSES_MAX] = {false};
    run->count = result->count;
    run->open_count = run->count;
    run->pods = arena_alloc(run->base.arena, run->count, sizeof *run->pods);
    sightings_note(run->target, result->addrs, run->count, clock_mono_ms(), is_young);
    /* A pod that hangs leaves time for the second look. */
    int64_t timeout_ms = left_ms(run);
    if (run->base.name_us >= 0 && timeout_ms > 4)
        timeout_ms -= timeout_ms / 4;
    for (size_t i = 0; i < run->count; i++) {
        run->pods[i].run = run;
        run->pods[i].addr = result->addrs[i];
        run->pods[i].is_young = is_young[i];
        ask(&run->pods[i], timeout_ms);
    }
}

/* Host and port as they are written, without the dot that ends a name. */
static const char *make_url(struct arena *arena, const char *target, const char *path) {
    const char *colon = strrchr(target, ':');
    if (text_has_prefix(target, "unix:") || !colon)
        return arena_printf(arena, "http://localhost%s", path);
    size_t len = (size_t)(colon - target);
    if (len > 1 && target[len - 1] == '.')
        len--;
    return arena_printf(arena, "http://%.*s%s%s", (int)len, target, colon, path);
}

struct check_run *pods_start(const struct check_env *env,
                             const struct check_config *config, const char *target,
                             bool is_balanced, const struct pods_type *type,
                             check_done *done, void *user) {
    struct pods_run *run = MEM_NEW(struct pods_run);
    run->base.env = env;
    run->base.timing = config->timing;
    run->base.arena = arena_new();
    run->base.done = done;
    run->base.user = user;
    run->base.started_us = clock_mono_us();
    run->base.name_us = -1;
    run->type = type;
    run->facts.is_balanced = is_balanced;
    run->url = make_url(run->base.arena, target, type->path);
    text_copy(run->target, sizeof run->target, target);
    run->base.lookup =
        target_lookup_start(env, target, config->timing.timeout_ms, on_lookup, run);
    return &run->base;
}

void pods_cancel(struct check_run *base) {
    struct pods_run *run = pods_of(base);
    target_lookup_cancel(base->lookup);
    for (size_t i = 0; i < run->count; i++)
        http_transfer_cancel(run->pods[i].transfer);
    free_run(run);
}
