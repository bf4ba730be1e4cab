/* Check type `tls`. Owns the words for a handshake that did not come about; what a
 * finished one showed is tls_judge.c's business, addresses and deadlines are run.c's. */
#include "check/tls.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/tls_client.h"
#include "run.h"

struct question {
    struct tls_request request;   /* without address and time */
    struct tls_expected expected; /* without the time */
};

/* In the order of enum handshake_failure. */
static const struct {
    enum reason reason;
    const char *text;
} failures[] = {
    [HANDSHAKE_OK] = {REASON_NONE, ""},
    [HANDSHAKE_CONNECT_REFUSED] = {CONNECT_REFUSED, "connection refused"},
    [HANDSHAKE_CONNECT_TIMEOUT] = {CONNECT_TIMEOUT, "no connection"},
    [HANDSHAKE_CONNECT_FAILED] = {CONNECT_REFUSED, "cannot connect"},
    [HANDSHAKE_CLOSED] = {PEER_CLOSED, "closed before an answer"},
    [HANDSHAKE_CUT] = {PROTOCOL, "closed inside the TLS handshake"},
    [HANDSHAKE_TIMEOUT] = {TIMEOUT, "connected, no TLS handshake"},
    [HANDSHAKE_REFUSED] = {PROTOCOL, "the TLS handshake is refused"},
    [HANDSHAKE_NOT_TLS] = {PROTOCOL, "the answer is not TLS; plain HTTP on this port?"},
    [HANDSHAKE_LOCAL_FDS] = {LOCAL_FDS, "no file descriptor left"},
    [HANDSHAKE_LOCAL_MEMORY] = {LOCAL_MEMORY, "no memory left"},
};

static void judge_failure(const struct tls_result *result, struct outcome *outcome) {
    enum reason reason = failures[result->failure].reason;
    const char *detail = result->sys != 0 ? strerror(result->sys) : result->error;
    outcome_set(outcome, reason_is_local(reason) ? OUTCOME_UNAVAILABLE : OUTCOME_FAIL,
                reason, "%s after %" PRId64 " ms%s%s", failures[result->failure].text,
                attempt_shown_ms(result->total_us), detail[0] != '\0' ? ": " : "",
                detail);
}

static void on_result(void *user, const struct tls_result *result) {
    struct attempt *attempt = user;
    const struct question *question = attempt->run->question;
    struct outcome outcome;
    outcome_init(&outcome);
    outcome.phase_us[PHASE_CONNECT] = result->connect_us;
    outcome.phase_us[PHASE_TLS] = result->tls_us;
    outcome.answered = result->got_bytes ? 1 : 0;
    if (result->failure == HANDSHAKE_OK) {
        struct tls_expected expected = question->expected;
        expected.now_wall_ms = clock_wall_ms();
        tls_judge(result->facts, &expected, &outcome);
    } else {
        judge_failure(result, &outcome);
    }
    attempt_end(attempt, &outcome);
}

static void *ask(struct attempt *attempt, int64_t timeout_ms) {
    const struct check_run *run = attempt->run;
    const struct question *question = run->question;
    struct tls_request request = question->request;
    request.connect = &attempt->addr;
    request.timeout_ms = timeout_ms;
    request.connect_timeout_ms = run->timing.connect_timeout_ms < timeout_ms
                                     ? run->timing.connect_timeout_ms
                                     : timeout_ms;
    return tls_handshake_start(run->env->tls, &request, on_result, attempt);
}

static void cancel_asked(void *asked) {
    tls_handshake_cancel(asked);
}

static const struct run_type run_type = {.ask = ask, .cancel = cancel_asked};

/* The host of "host:port" or "[::1]:443". */
static const char *host_of(struct arena *arena, const char *target) {
    const char *colon = strrchr(target, ':');
    int len = colon ? (int)(colon - target) : (int)strlen(target);
    if (len >= 2 && target[0] == '[' && target[len - 1] == ']') {
        target++;
        len -= 2;
    }
    return arena_printf(arena, "%.*s", len, target);
}

/* A trailing dot ends the search list, and is no part of a certificate's name. */
static const char *without_dot(struct arena *arena, const char *name) {
    int len = (int)strlen(name);
    return arena_printf(arena, "%.*s", text_has_suffix(name, ".") ? len - 1 : len, name);
}

static struct check_run *tls_start(const struct check_env *env,
                                   const struct check_config *config, check_done *done,
                                   void *user) {
    const struct tls_options *options = config->options;
    struct check_run *run = run_new(env, config, done, user);
    struct question *question = arena_alloc(run->arena, 1, sizeof *question);
    const char *name = options->server_name ? options->server_name
                                            : host_of(run->arena, options->target);
    const char *host = without_dot(run->arena, name);
    struct addr ignored;
    question->request = (struct tls_request){
        .server_name = addr_parse_ip(host, 0, &ignored) ? NULL : host,
        .ca_file = arena_copy_text(run->arena, options->ca_file),
        .root_fingerprint = arena_copy_text(run->arena, options->root_fingerprint),
    };
    question->expected = (struct tls_expected){
        .host = host,
        .ca_file = question->request.ca_file,
        .root_fingerprint = question->request.root_fingerprint,
        .warn_days = options->warn_days,
    };
    run->question = question;
    run_start(run, &run_type, options->target, options->every_address);
    return run;
}

const struct check_type check_tls = {
    .name = "tls",
    .options = &tls_options_schema,
    .start = tls_start,
    .cancel = run_cancel,
};
