/* Check type `envoy_admin`. Owns the order of its questions and what their answers mean;
 * Envoy's JSON is envoy_json.c's business, addresses and deadlines are run.c's. */
#include "check/envoy_admin.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "check/envoy_json.h"
#include "http_outcome.h"
#include "net/http_client.h"
#include "run.h"

enum {
    BODY_MAX = 1024 * 1024,
    YOUNG_S = 30,
    DAY_MS = 86400 * 1000,
    TARGET_TEXT_MAX = URL_HOST_MAX + 16,
};

enum step { STEP_READY, STEP_INFO, STEP_CLUSTERS, STEP_CERTS };
enum { STEP_COUNT = 4 };

struct question {
    const char *urls[STEP_COUNT]; /* NULL: is not asked */
    struct text_list clusters;
    int warn_days;
    bool reuse;
};

/* One Envoy being asked. In the run's arena. */
struct inquiry {
    struct attempt *attempt;
    struct http_transfer *transfer;
    enum step step;
    int64_t end_us;
    struct outcome outcome;          /* the worst so far */
    char told[OUTCOME_EVIDENCE_MAX]; /* by the parts that are fine */
};

static const int badness[] = {[OUTCOME_PASS] = 0,
                              [OUTCOME_UNAVAILABLE] = 1,
                              [OUTCOME_WARN] = 2,
                              [OUTCOME_FAIL] = 3};

/* What one part says. Of equally bad ones the first is kept. */
__attribute__((format(printf, 4, 5))) static void say(struct inquiry *inquiry,
                                                      enum outcome_kind kind,
                                                      enum reason reason, const char *fmt,
                                                      ...) {
    char text[OUTCOME_EVIDENCE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (badness[kind] > badness[inquiry->outcome.kind])
        outcome_set(&inquiry->outcome, kind, reason, "%s", text);
    if (kind != OUTCOME_PASS)
        return;
    size_t len = strlen(inquiry->told);
    snprintf(inquiry->told + len, sizeof inquiry->told - len, "%s%s", len > 0 ? "; " : "",
             text);
}

static void say_unreadable(struct inquiry *inquiry, const char *what,
                           const struct err *err) {
    say(inquiry, OUTCOME_UNAVAILABLE, err->kind == ERR_LIMIT ? TOO_LARGE : PROTOCOL,
        "%s cannot be read: %s", what, err->text);
}

static void judge_ready(struct inquiry *inquiry, const struct http_result *result) {
    char body[HTTP_EXCERPT_MAX];
    http_excerpt(result, body);
    if (result->status == 200)
        say(inquiry, OUTCOME_PASS, REASON_NONE, "%.40s", body);
    else
        say(inquiry, OUTCOME_FAIL, GW_NOT_LIVE, "Envoy's state is %.40s", body);
}

static void judge_info(struct inquiry *inquiry, const struct http_result *result) {
    struct envoy_info info;
    struct err err = {0};
    if (!envoy_read_info(result->body, result->body_len, &info, &err)) {
        say_unreadable(inquiry, "/server_info", &err);
        return;
    }
    if (info.state[0] != '\0' && strcmp(info.state, "LIVE") != 0)
        say(inquiry, OUTCOME_FAIL, GW_NOT_LIVE, "Envoy's state is %.40s", info.state);
    else if (info.uptime_s >= 0)
        say(inquiry, OUTCOME_PASS, REASON_NONE, "up %" PRId64 " s", info.uptime_s);
    if (info.uptime_s >= 0 && info.uptime_s < YOUNG_S &&
        inquiry->outcome.kind == OUTCOME_FAIL)
        inquiry->outcome.kind = OUTCOME_WARN;
}

static void judge_worst(struct inquiry *inquiry, const struct envoy_cluster *worst) {
    if (worst->hosts == 0)
        say(inquiry, OUTCOME_FAIL, GW_NO_ENDPOINTS, "%s has no host", worst->name);
    else if (worst->healthy < worst->hosts)
        say(inquiry, worst->healthy == 0 ? OUTCOME_FAIL : OUTCOME_WARN, GW_NO_ENDPOINTS,
            "%s: %" PRId64 " of %" PRId64 " hosts are healthy; %s: %s", worst->name,
            worst->healthy, worst->hosts, worst->sick, worst->why);
}

static void judge_clusters(struct inquiry *inquiry, const struct http_result *result) {
    const struct question *question = inquiry->attempt->run->question;
    struct envoy_clusters clusters;
    struct err err = {0};
    if (!envoy_read_clusters(result->body, result->body_len, &question->clusters,
                             &clusters, &err)) {
        say_unreadable(inquiry, "/clusters", &err);
        return;
    }
    if (clusters.matched > 0)
        judge_worst(inquiry, &clusters.worst);
    if (clusters.missing)
        say(inquiry, OUTCOME_WARN, GW_NO_ENDPOINTS, "no cluster is called %.160s",
            clusters.missing);
    say(inquiry, OUTCOME_PASS, REASON_NONE, "%zu of %zu clusters with all hosts healthy",
        clusters.matched - clusters.sick, clusters.matched);
}

static void judge_certs(struct inquiry *inquiry, const struct http_result *result) {
    const struct question *question = inquiry->attempt->run->question;
    struct envoy_certs certs;
    struct err err = {0};
    if (!envoy_read_certs(result->body, result->body_len, clock_wall_ms(), &certs,
                          &err)) {
        say_unreadable(inquiry, "/certs", &err);
        return;
    }
    int64_t days = certs.left_ms / DAY_MS;
    if (certs.count == 0)
        return;
    if (certs.left_ms <= 0)
        say(inquiry, OUTCOME_FAIL, TLS_EXPIRED,
            "the certificate of %s expired %" PRId64 " days ago", certs.name, -days);
    else if (days < question->warn_days)
        say(inquiry, OUTCOME_WARN, TLS_EXPIRED,
            "the certificate of %s expires in %" PRId64 " days", certs.name, days);
    else
        say(inquiry, OUTCOME_PASS, REASON_NONE,
            "the certificate of %s is good for %" PRId64 " days", certs.name, days);
}

static const struct {
    const char *path;
    void (*judge)(struct inquiry *inquiry, const struct http_result *result);
} steps[STEP_COUNT] = {
    [STEP_READY] = {"/ready", judge_ready},
    [STEP_INFO] = {"/server_info", judge_info},
    [STEP_CLUSTERS] = {"/clusters?format=json&filter=", judge_clusters},
    [STEP_CERTS] = {"/certs", judge_certs},
};

/* Is the status one that the step can be judged by? */
static bool is_answer(enum step step, int status) {
    return status == 200 || (step == STEP_READY && status == 503);
}

static void judge(struct inquiry *inquiry, const struct http_result *result) {
    const char *path = steps[inquiry->step].path;
    int path_len = (int)strcspn(path, "?");
    char body[HTTP_EXCERPT_MAX];
    if (!is_answer(inquiry->step, result->status))
        say(inquiry, OUTCOME_UNAVAILABLE, HTTP_STATUS, "%.*s answers HTTP %d: %s",
            path_len, path, result->status, http_excerpt(result, body));
    else if (result->body_cut)
        say(inquiry, OUTCOME_UNAVAILABLE, TOO_LARGE, "%.*s is more than %d KiB", path_len,
            path, BODY_MAX / 1024);
    else
        steps[inquiry->step].judge(inquiry, result);
}

static void say_silent(struct inquiry *inquiry, const struct http_result *result) {
    const char *path = steps[inquiry->step].path;
    struct outcome failed;
    http_outcome_init(&failed, result);
    http_outcome_fail(&failed, result, false, NULL);
    say(inquiry, OUTCOME_UNAVAILABLE, failed.reason, "%.*s: %s", (int)strcspn(path, "?"),
        path, failed.evidence);
}

static void end(struct inquiry *inquiry) {
    struct outcome *outcome = &inquiry->outcome;
    if (outcome->kind == OUTCOME_PASS)
        outcome_set(outcome, OUTCOME_PASS, REASON_NONE, "%s", inquiry->told);
    attempt_end(inquiry->attempt, outcome);
}

/* Ask the next part that is to be asked; false: there is none. */
static bool ask_from(struct inquiry *inquiry, int step,
                     void (*callback)(void *user, const struct http_result *result)) {
    const struct check_run *run = inquiry->attempt->run;
    const struct question *question = run->question;
    int64_t left_ms = (inquiry->end_us - clock_mono_us()) / 1000;
    while (step < STEP_COUNT && !question->urls[step])
        step++;
    if (step == STEP_COUNT)
        return false;
    if (left_ms < 1)
        left_ms = 1;
    const struct http_request request = {
        .url = question->urls[step],
        .connect = &inquiry->attempt->addr,
        .method = "GET",
        .timeout_ms = left_ms,
        .connect_timeout_ms = run->timing.connect_timeout_ms < left_ms
                                  ? run->timing.connect_timeout_ms
                                  : left_ms,
        .reuse = question->reuse,
        .max_body = BODY_MAX,
    };
    inquiry->step = (enum step)step;
    inquiry->transfer = http_client_start(run->env->http, &request, callback, inquiry);
    return true;
}

static void on_result(void *user, const struct http_result *result) {
    struct inquiry *inquiry = user;
    inquiry->transfer = NULL;
    /* The first answer is the one whose phases are shown. */
    if (inquiry->step == STEP_READY)
        http_outcome_init(&inquiry->outcome, result);
    if (result->failure != HTTP_OK) {
        say_silent(inquiry, result);
        end(inquiry);
        return;
    }
    judge(inquiry, result);
    if (!ask_from(inquiry, (int)inquiry->step + 1, on_result))
        end(inquiry);
}

static void *ask(struct attempt *attempt, int64_t timeout_ms) {
    struct inquiry *inquiry = arena_alloc(attempt->run->arena, 1, sizeof *inquiry);
    inquiry->attempt = attempt;
    inquiry->end_us = clock_mono_us() + timeout_ms * 1000;
    ask_from(inquiry, STEP_READY, on_result);
    return inquiry;
}

static void cancel_asked(void *asked) {
    const struct inquiry *inquiry = asked;
    if (inquiry)
        http_transfer_cancel(inquiry->transfer);
}

static const struct run_type run_type = {.ask = ask, .cancel = cancel_asked};

/* The names as one regular expression (RE2) that matches each of them as it is, written
 * for a URL. An Envoy that knows no filter ignores it. */
static void put_filter(struct buf *out, const struct text_list *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0)
            buf_puts(out, "%7C");
        for (const char *c = names->items[i]; *c; c++) {
            unsigned char byte = (unsigned char)*c;
            bool is_plain = isalnum(byte) || byte == '_' || byte == '-';
            if (is_plain)
                buf_putc(out, *c);
            else
                buf_printf(out, byte < 0x80 ? "%%5C%%%02X" : "%%%02X", byte);
        }
    }
}

static void make_urls(struct question *question, struct arena *arena, const char *url) {
    MEM_AUTO char *base = mem_copy_text(url);
    size_t len = strlen(base);
    if (len > 0 && base[len - 1] == '/')
        base[len - 1] = '\0';
    for (int i = 0; i < STEP_COUNT; i++) {
        BUF_AUTO struct buf text = {0};
        if (i == STEP_CLUSTERS && question->clusters.count == 0)
            continue;
        buf_printf(&text, "%s%s", base, steps[i].path);
        if (i == STEP_CLUSTERS)
            put_filter(&text, &question->clusters);
        question->urls[i] = arena_copy_text(arena, text.data);
    }
}

static struct text_list copy_texts(struct arena *arena, const struct text_list *texts) {
    const char **items = arena_alloc(arena, texts->count, sizeof *items);
    for (size_t i = 0; i < texts->count; i++)
        items[i] = arena_copy_text(arena, texts->items[i]);
    return (struct text_list){items, texts->count};
}

static struct check_run *envoy_admin_start(const struct check_env *env,
                                           const struct check_config *config,
                                           check_done *done, void *user) {
    const struct envoy_admin_options *options = config->options;
    struct check_run *run = run_new(env, config, done, user);
    struct question *question = arena_alloc(run->arena, 1, sizeof *question);
    char target[TARGET_TEXT_MAX] = "";
    struct url url;
    run->question = question;
    question->clusters = copy_texts(run->arena, &options->clusters);
    question->warn_days = options->warn_days;
    question->reuse = config->timing.reuse;
    if (url_parse(options->url, &url, NULL)) {
        MEM_AUTO char *base = url_request_text(&url);
        make_urls(question, run->arena, base);
        snprintf(target, sizeof target, strchr(url.host, ':') ? "[%s]:%d" : "%s:%d",
                 url.host, url.port);
    }
    run_start(run, &run_type, target, false);
    return run;
}

const struct check_type check_envoy_admin = {
    .name = "envoy_admin",
    .options = &envoy_admin_options_schema,
    .start = envoy_admin_start,
    .cancel = run_cancel,
};
