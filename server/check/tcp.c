/* Check type `tcp`. Owns the words that tell an exchange to people; addresses and
 * deadlines are run.c's business. */
#include "check/tcp.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/tcp_client.h"
#include "run.h"

enum { EXCERPT_MAX = 240 };

/* In the order of enum tcp_failure. */
static const struct {
    enum reason reason;
    const char *text;
} failures[] = {
    [TCP_OK] = {REASON_NONE, ""},
    [TCP_CONNECT_REFUSED] = {CONNECT_REFUSED, "connection refused"},
    [TCP_CONNECT_TIMEOUT] = {CONNECT_TIMEOUT, "no connection"},
    [TCP_CONNECT_FAILED] = {CONNECT_REFUSED, "cannot connect"},
    [TCP_CLOSED] = {PEER_CLOSED, "closed before an answer"},
    [TCP_TIMEOUT] = {TIMEOUT, "connected, what is expected did not come"},
    [TCP_MISMATCH] = {BODY_MISMATCH, "the answer is not what is expected"},
    [TCP_LOCAL_FDS] = {LOCAL_FDS, "no file descriptor left"},
    [TCP_LOCAL_MEMORY] = {LOCAL_MEMORY, "no memory left"},
};

static void judge(const struct tcp_request *request, const struct tcp_result *result,
                  struct outcome *outcome) {
    int64_t ms = attempt_shown_ms(result->total_us);
    if (result->failure == TCP_OK) {
        outcome_set(outcome, OUTCOME_PASS, REASON_NONE, "%s in %" PRId64 " ms",
                    request->expect ? "answered as expected" : "connected", ms);
        return;
    }
    enum reason reason = failures[result->failure].reason;
    char data[EXCERPT_MAX] = "";
    const char *detail = data;
    if (result->sys != 0)
        detail = strerror(result->sys);
    else if (result->data_len > 0)
        text_clean(data, sizeof data, result->data, result->data_len);
    outcome_set(outcome, reason_is_local(reason) ? OUTCOME_UNAVAILABLE : OUTCOME_FAIL,
                reason, "%s after %" PRId64 " ms%s%s", failures[result->failure].text, ms,
                detail[0] != '\0' ? ": " : "", detail);
}

static void on_result(void *user, const struct tcp_result *result) {
    struct attempt *attempt = user;
    struct outcome outcome;
    outcome_init(&outcome);
    outcome.phase_us[PHASE_CONNECT] = result->connect_us;
    outcome.phase_us[PHASE_FIRST_BYTE] = result->first_byte_us;
    outcome.answered = result->first_byte_us >= 0 ? 1 : 0;
    judge(attempt->run->question, result, &outcome);
    attempt_end(attempt, &outcome);
}

static void *ask(struct attempt *attempt, int64_t timeout_ms) {
    const struct check_run *run = attempt->run;
    const struct tcp_request *question = run->question;
    struct tcp_request request = *question;
    request.connect = &attempt->addr;
    request.timeout_ms = timeout_ms;
    request.connect_timeout_ms = run->timing.connect_timeout_ms < timeout_ms
                                     ? run->timing.connect_timeout_ms
                                     : timeout_ms;
    return tcp_exchange_start(run->env->loop, &request, on_result, attempt);
}

static void cancel_asked(void *asked) {
    tcp_exchange_cancel(asked);
}

static const struct run_type run_type = {.ask = ask, .cancel = cancel_asked};

static struct check_run *tcp_start(const struct check_env *env,
                                   const struct check_config *config, check_done *done,
                                   void *user) {
    const struct tcp_options *options = config->options;
    struct check_run *run = run_new(env, config, done, user);
    struct tcp_request *question = arena_alloc(run->arena, 1, sizeof *question);
    run->question = question;
    question->max_bytes = (size_t)config->timing.max_body_bytes;
    question->send = arena_copy_text(run->arena, options->send);
    question->send_len = options->send ? strlen(options->send) : 0;
    question->expect = arena_copy_text(run->arena, options->expect);
    question->expect_len = options->expect ? strlen(options->expect) : 0;
    run_start(run, &run_type, options->target, options->every_address);
    return run;
}

const struct check_type check_tcp = {
    .name = "tcp",
    .options = &tcp_options_schema,
    .start = tcp_start,
    .cancel = run_cancel,
};
