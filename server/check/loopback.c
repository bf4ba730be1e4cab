/* Check type `loopback`. Owns the nonce and the judgement of who answered; addresses and
 * deadlines are run.c's business, a missing answer is http_outcome.c's. Keeps no copy of
 * the key. */
#include "check/loopback.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mac.h"
#include "base/mem.h"
#include "base/url.h"
#include "check/classify.h"
#include "http_outcome.h"
#include "run.h"

enum { NONCE_MAX = 48, TARGET_TEXT_MAX = URL_HOST_MAX + 16, CLAUSE_MAX = 240 };

struct question {
    struct http_request request; /* without address and time */
    bool is_tls;
    char proof[MAC_HEX_MAX]; /* what the answer must hold; "": we have no key */
};

/* One of our replicas whose key is another, or which has none yet. */
static bool looks_like_ours(const struct http_result *result) {
    static const char not_found[] = "not found\n";
    size_t hex = 0;
    while (hex < result->body_len && strchr("0123456789abcdef", result->body[hex]) &&
           result->body[hex] != '\0')
        hex++;
    if (result->status == 200)
        return hex == MAC_HEX_MAX - 1 && result->body_len <= MAC_HEX_MAX;
    return result->status == 404 && result->body_len == sizeof not_found - 1 &&
           memcmp(result->body, not_found, sizeof not_found - 1) == 0 &&
           http_result_header(result, "x-content-type-options") != NULL;
}

static void judge_answer(const struct question *question,
                         const struct http_result *result, struct outcome *outcome) {
    static const struct ranges expect = {1, {{200, 200}}};
    const struct answer answer = {
        .status = result->status,
        .body = result->body,
        .body_len = result->body_len,
        .body_cut = result->body_cut,
        .through_gateway = true,
        .from_upstream =
            http_result_header(result, "x-envoy-upstream-service-time") != NULL,
    };
    enum reason reason = classify_answer(&answer, &expect, question->proof);
    int64_t ms = attempt_shown_ms(result->total_us);
    char body[HTTP_EXCERPT_MAX];
    char clause[CLAUSE_MAX] = "";
    if (reason == REASON_NONE) {
        outcome_set(outcome, OUTCOME_PASS, reason,
                    "one of our replicas answered in %" PRId64 " ms", ms);
        return;
    }
    if (reason == HTTP_STATUS && answer.from_upstream)
        reason = IDENTITY_MISMATCH;
    if (reason == IDENTITY_MISMATCH) {
        snprintf(clause, sizeof clause, " without our proof%s",
                 looks_like_ours(result)
                     ? " (a replica of ours with another key, or none?)"
                     : "");
    } else if (reason == GW_REDIRECT) {
        const char *location = http_result_header(result, "location");
        snprintf(clause, sizeof clause, " to %.200s", location ? location : "nowhere");
    }
    outcome_set(outcome, OUTCOME_FAIL, reason, "HTTP %d in %" PRId64 " ms%s: %s",
                result->status, ms, clause, http_excerpt(result, body));
}

static void on_result(void *user, const struct http_result *result) {
    struct attempt *attempt = user;
    const struct question *question = attempt->run->question;
    struct outcome outcome;
    http_outcome_init(&outcome, result);
    if (result->failure != HTTP_OK)
        http_outcome_fail(&outcome, result, question->is_tls, question->request.ca_file);
    else if (question->proof[0] == '\0')
        outcome_set(&outcome, OUTCOME_UNAVAILABLE, IDENTITY_MISMATCH,
                    "nothing can be proved without a key: auth.loop_key_file");
    else
        judge_answer(question, result, &outcome);
    attempt_end(attempt, &outcome);
}

static void *ask(struct attempt *attempt, int64_t timeout_ms) {
    const struct check_run *run = attempt->run;
    const struct question *question = run->question;
    struct http_request request = question->request;
    request.connect = &attempt->addr;
    request.timeout_ms = timeout_ms;
    request.connect_timeout_ms = run->timing.connect_timeout_ms < timeout_ms
                                     ? run->timing.connect_timeout_ms
                                     : timeout_ms;
    return http_client_start(run->env->http, &request, on_result, attempt);
}

static void cancel_asked(void *asked) {
    http_transfer_cancel(asked);
}

static const struct run_type run_type = {.ask = ask, .cancel = cancel_asked};

/* Its time, and chance against whoever collects proofs ahead of it. */
static char *make_nonce(char out[NONCE_MAX]) {
    uint64_t chance = 0;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance)
        chance = (uint64_t)clock_mono_us(); /* as early after boot as that */
    snprintf(out, NONCE_MAX, "%" PRIx64 "-%016" PRIx64, clock_wall_ms() / 1000, chance);
    return out;
}

static struct check_run *loopback_start(const struct check_env *env,
                                        const struct check_config *config,
                                        check_done *done, void *user) {
    const struct loopback_options *options = config->options;
    struct check_run *run = run_new(env, config, done, user);
    struct question *question = arena_alloc(run->arena, 1, sizeof *question);
    char nonce[NONCE_MAX];
    char authority[URL_HOST_MAX + 16];
    char target[TARGET_TEXT_MAX] = "";
    struct url url;
    make_nonce(nonce);
    run->question = question;
    question->request = (struct http_request){
        .method = "GET",
        .ca_file = arena_copy_text(run->arena, options->ca_file),
        .reuse = config->timing.reuse,
        .max_body = (size_t)config->timing.max_body_bytes,
    };
    bool is_url = url_parse(options->url, &url, NULL);
    if (is_url) {
        question->request.url = arena_printf(run->arena, "%s://%s/healthz/loop/%s",
                                             url.tls ? "https" : "http",
                                             url_authority(&url, authority), nonce);
        question->is_tls = url.tls;
        snprintf(target, sizeof target, strchr(url.host, ':') ? "[%s]:%d" : "%s:%d",
                 url.host, url.port);
    }
    if (env->loop_key_len > 0)
        mac_hmac_sha256(env->loop_key, env->loop_key_len, nonce, strlen(nonce),
                        question->proof);
    run_start(run, &run_type, is_url && options->connect ? options->connect : target,
              false);
    return run;
}

const struct check_type check_loopback = {
    .name = "loopback",
    .options = &loopback_options_schema,
    .start = loopback_start,
    .cancel = run_cancel,
};
