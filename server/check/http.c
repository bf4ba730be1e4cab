/* Check type `http`. Owns the words that tell an HTTP answer, or a missing one, to
 * people; what an answer means is classify.c's business, addresses and deadlines are
 * run.c's. */
#include "check/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "check/classify.h"
#include "net/http_client.h"
#include "run.h"

enum { EXCERPT_MAX = 240, TARGET_TEXT_MAX = URL_HOST_MAX + 16 };

struct question {
    struct http_request request; /* without address and time */
    bool is_tls;
    bool through_gateway;
    struct ranges expect;
    const char *contains;
};

/* An empty text is written case by case. */
static const struct {
    enum reason reason;
    const char *text;
} failures[] = {
    [HTTP_OK] = {REASON_NONE, ""},
    [HTTP_CONNECT_REFUSED] = {CONNECT_REFUSED, "connection refused"},
    [HTTP_CONNECT_TIMEOUT] = {CONNECT_TIMEOUT, "no connection"},
    [HTTP_CONNECT_FAILED] = {CONNECT_REFUSED, "cannot connect"},
    [HTTP_CLOSED] = {PEER_CLOSED, "closed before an answer"},
    [HTTP_CUT] = {PROTOCOL, "closed inside the answer"},
    [HTTP_TIMEOUT] = {TIMEOUT, ""},
    [HTTP_PROTOCOL] = {PROTOCOL, "the answer is not HTTP"},
    [HTTP_TOO_LARGE] = {TOO_LARGE, "the answer's head is too large"},
    [HTTP_TLS_NAME] = {TLS_SAN_MISMATCH, "the certificate is for another name"},
    [HTTP_TLS_EXPIRED] = {TLS_EXPIRED, "the certificate is expired or not yet valid"},
    [HTTP_TLS_UNKNOWN_CA] = {TLS_UNKNOWN_CA, "the certificate's CA is not trusted"},
    [HTTP_TLS_CHAIN] = {TLS_CHAIN, "the certificate chain cannot be verified"},
    [HTTP_TLS_OTHER] = {PROTOCOL, "TLS handshake failed"},
    [HTTP_LOCAL_FDS] = {LOCAL_FDS, "no file descriptor left"},
    [HTTP_LOCAL_MEMORY] = {LOCAL_MEMORY, "no memory left"},
    [HTTP_LOCAL_CONFIG] = {LOCAL_TARGET_REFUSED, ""},
};

/* The start of a body as one line, without white space around it. */
static char *excerpt(const struct http_result *result, char out[EXCERPT_MAX]) {
    const char *body = result->body;
    size_t len = result->body_len;
    while (len > 0 && (unsigned char)*body <= ' ') {
        body++;
        len--;
    }
    text_clean(out, EXCERPT_MAX, body, len);
    for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; end--)
        out[end - 1] = '\0';
    return out;
}

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
    char body[EXCERPT_MAX];
    char clause[EXCERPT_MAX] = "";
    int64_t ms = attempt_shown_ms(result->total_us);
    excerpt(result, body);
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
                result->status, ms, clause, body[0] != '\0' ? body : "empty body");
}

static const char *timeout_text(const struct question *question,
                                const struct http_result *result) {
    if (result->connect_us < 0)
        return "no connection";
    if (question->is_tls && result->tls_us < 0)
        return "connected, no TLS handshake";
    return result->first_byte_us < 0 ? "connected, no answer" : "unfinished answer";
}

/* Our own mistake: nothing can be said about the target, so it counts as neither. */
static void judge_local_config(const struct question *question,
                               const struct http_result *result,
                               struct outcome *outcome) {
    const char *file = question->request.ca_file;
    if (question->is_tls)
        outcome_set(outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                    "the CA file cannot be read: %.200s",
                    file ? file : "the system's bundle");
    else
        outcome_set(outcome, OUTCOME_UNAVAILABLE, LOCAL_TARGET_REFUSED,
                    "the request cannot be made: %s", result->error);
}

static void judge_failure(const struct question *question,
                          const struct http_result *result, struct outcome *outcome) {
    enum reason reason = failures[result->failure].reason;
    const char *text = failures[result->failure].text;
    if (result->failure == HTTP_LOCAL_CONFIG) {
        judge_local_config(question, result, outcome);
        return;
    }
    if (result->failure == HTTP_TIMEOUT)
        text = timeout_text(question, result);
    outcome_set(outcome, reason_is_local(reason) ? OUTCOME_UNAVAILABLE : OUTCOME_FAIL,
                reason, "%s after %" PRId64 " ms%s%s", text,
                attempt_shown_ms(result->total_us), result->error[0] != '\0' ? ": " : "",
                result->error);
}

static void on_result(void *user, const struct http_result *result) {
    struct attempt *attempt = user;
    const struct question *question = attempt->run->question;
    struct outcome outcome;
    outcome_init(&outcome);
    outcome.phase_us[PHASE_CONNECT] = result->connect_us;
    outcome.phase_us[PHASE_TLS] = result->tls_us;
    outcome.phase_us[PHASE_FIRST_BYTE] = result->first_byte_us;
    outcome.http_status = result->status;
    outcome.answered = result->got_bytes ? 1 : 0;
    if (result->failure == HTTP_OK)
        judge_answer(question, result, &outcome);
    else
        judge_failure(question, result, &outcome);
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
