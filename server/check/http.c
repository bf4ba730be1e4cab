/* Check type `http`. Owns the words that tell an HTTP answer to people; what an answer
 * means is classify.c's business, a missing one http_outcome.c's, addresses and deadlines
 * are run.c's. */
#include "check/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "check/classify.h"
#include "http_outcome.h"
#include "net/http_client.h"
#include "run.h"

enum { CLAUSE_MAX = 240, TARGET_TEXT_MAX = URL_HOST_MAX + 16 };

struct question {
    struct http_request request; /* without address and time */
    bool is_tls;
    bool through_gateway;
    struct ranges expect;
    const char *contains;
};

static void judge_answer(const struct question *question,
                         const struct http_result *result, struct outcome *outcome) {
    const struct answer answer = {
        .status = result->status,
        .body = result->body,
        .body_len = result->body_len,
        .body_cut = result->body_cut,
        .through_gateway = question->through_gateway,
        .from_upstream =
            http_result_header(result, "x-envoy-upstream-service-time") != NULL,
    };
    enum reason reason = classify_answer(&answer, &question->expect, question->contains);
    char body[HTTP_EXCERPT_MAX];
    char clause[CLAUSE_MAX] = "";
    int64_t ms = attempt_shown_ms(result->total_us);
    if (reason == REASON_NONE) {
        outcome_set(outcome, OUTCOME_PASS, reason, "HTTP %d in %" PRId64 " ms",
                    result->status, ms);
        return;
    }
    if (reason == HTTP_STATUS) {
        char expect[RANGES_TEXT_MAX];
        snprintf(clause, sizeof clause, ", expected %s",
                 ranges_format(&question->expect, expect));
    } else if (reason == BODY_MISMATCH || reason == IDENTITY_MISMATCH) {
        snprintf(clause, sizeof clause, " without \"%.100s\"", question->contains);
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
    if (result->failure == HTTP_OK)
        judge_answer(question, result, &outcome);
    else
        http_outcome_fail(&outcome, result, question->is_tls, question->request.ca_file);
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

static const struct http_header *copy_headers(struct arena *arena,
                                              const struct header_list *headers) {
    struct http_header *copy = arena_alloc(arena, headers->count, sizeof *copy);
    for (size_t i = 0; i < headers->count; i++) {
        copy[i].name = arena_copy_text(arena, headers->items[i].name);
        copy[i].value = arena_copy_text(arena, headers->items[i].value);
    }
    return copy;
}

static struct check_run *http_start(const struct check_env *env,
                                    const struct check_config *config, check_done *done,
                                    void *user) {
    const struct http_options *options = config->options;
    struct check_run *run = run_new(env, config, done, user);
    struct question *question = arena_alloc(run->arena, 1, sizeof *question);
    run->question = question;
    question->through_gateway = options->through_gateway;
    question->expect = options->expect;
    question->contains = arena_copy_text(run->arena, options->contains);
    question->request = (struct http_request){
        .method = options->method == HTTP_METHOD_HEAD ? "HEAD" : "GET",
        .headers = copy_headers(run->arena, &options->headers),
        .header_count = options->headers.count,
        .ca_file = arena_copy_text(run->arena, options->ca_file),
        .reuse = config->timing.reuse,
        .max_body = (size_t)config->timing.max_body_bytes,
    };

    /* The name is asked for as it is written: a trailing dot ends the search list. */
    char target[TARGET_TEXT_MAX] = "";
    struct url url;
    bool is_url = url_parse(options->url, &url, NULL);
    if (is_url) {
        MEM_AUTO char *text = url_request_text(&url);
        question->request.url = arena_copy_text(run->arena, text);
        question->is_tls = url.tls;
        snprintf(target, sizeof target, strchr(url.host, ':') ? "[%s]:%d" : "%s:%d",
                 url.host, url.port);
    }
    run_start(run, &run_type, is_url && options->connect ? options->connect : target,
              options->every_address);
    return run;
}

const struct check_type check_http = {
    .name = "http",
    .options = &http_options_schema,
    .start = http_start,
    .cancel = run_cancel,
};
