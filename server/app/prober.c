/* A probe as Application Gateway v2 makes it: GET, HTTP/1.1, Host and no other header, no
 * redirect followed. Owns the rate and the way from a result of the network to an answer;
 * what an answer means is azure/judge's and check/tls's. */
#include "app/prober.h"

#include "azure/judge.h"
#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "check/tls.h"
#include "model/outcome.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/tls_facts.h"

#include <stdlib.h>
#include <string.h>

/* How much of a body the service searches is not documented. */
enum { BODY_MAX = 64 * 1024, TLS_UNSPECIFIED = 1 /* X509_V_ERR_UNSPECIFIED */ };

struct prober {
    const struct prober_env *env;
    struct prober_target target;
    struct loop_timer *timer;
    struct resolve *resolve;
    struct http_transfer *transfer;
    int64_t start_us;
    int64_t next_ms; /* when the next probe is due, loop time */
    struct appgw_state state;
    struct buf log;
    struct buf trouble; /* what kept us from probing */
    void (*on_result)(void *user, const struct prober_result *result);
    void *user;
};

/* Plan the next probe before anybody is told: the prober may be gone after it. */
static void tell(struct prober *prober, struct prober_result *result) {
    int64_t wait_ms = prober->next_ms - loop_now_ms(prober->env->loop);
    loop_timer_set(prober->timer, wait_ms > 0 ? wait_ms : 0);
    result->took_us = clock_mono_us() - prober->start_us;
    prober->on_result(prober->user, result);
}

static void finish(struct prober *prober, const struct appgw_answer *answer) {
    const struct appgw_probe *probe = &prober->env->definition->probe;
    buf_clear(&prober->log);
    bool is_success = appgw_judge(probe, answer, &prober->log);
    struct prober_result result = {
        .is_counted = true,
        .has_changed =
            appgw_state_count(&prober->state, is_success, probe->unhealthy_threshold),
        .status = answer->end == APPGW_ANSWERED ? answer->status : 0,
        .log = prober->log.data,
    };
    tell(prober, &result);
}

static void finish_failed(struct prober *prober, enum appgw_end end) {
    const struct appgw_answer answer = {.end = end};
    finish(prober, &answer);
}

/* Nothing that the server could be blamed for. */
static void finish_uncounted(struct prober *prober, const char *what, const char *why) {
    buf_clear(&prober->trouble);
    buf_printf(&prober->trouble, "not probed: %s: %s", what, why);
    struct prober_result result = {.log = prober->trouble.data};
    tell(prober, &result);
}

static enum appgw_end end_of(const struct http_result *result) {
    switch (result->failure) {
        case HTTP_OK:
            return APPGW_ANSWERED;
        case HTTP_CONNECT_TIMEOUT:
        case HTTP_TIMEOUT:
            return APPGW_TOO_SLOW;
        case HTTP_TLS_NAME:
        case HTTP_TLS_EXPIRED:
        case HTTP_TLS_UNKNOWN_CA:
        case HTTP_TLS_CHAIN:
        case HTTP_TLS_OTHER:
            return APPGW_BAD_CERTIFICATE;
        case HTTP_CUT:
        case HTTP_PROTOCOL:
            return result->status > 0 ? APPGW_ANSWERED : APPGW_NO_CONNECTION;
        case HTTP_CONNECT_REFUSED:
        case HTTP_CONNECT_FAILED:
        case HTTP_CLOSED:
        case HTTP_TOO_LARGE:
        case HTTP_LOCAL_FDS:
        case HTTP_LOCAL_MEMORY:
        case HTTP_LOCAL_CONFIG:
            break;
    }
    return APPGW_NO_CONNECTION;
}

static bool is_own_fault(enum http_failure failure) {
    return failure == HTTP_LOCAL_FDS || failure == HTTP_LOCAL_MEMORY ||
           failure == HTTP_LOCAL_CONFIG;
}

static const char *server_name(const struct prober *prober) {
    return appgw_server_name(&prober->env->definition->probe, prober->target.settings,
                             prober->target.address);
}

/* Where they are refused, the answer behind them is nobody's. */
static void judge_certificates(struct prober *prober, const struct tls_facts *facts,
                               struct appgw_answer *answer) {
    struct outcome outcome;
    const struct tls_expected expected = {.host = server_name(prober),
                                          .ca_file = prober->env->root_file,
                                          .now_wall_ms = clock_wall_ms()};
    outcome_init(&outcome);
    answer->refusal = tls_judge(facts, &expected, &outcome);
    answer->tls_code = facts->trust_code != 0 ? facts->trust_code : TLS_UNSPECIFIED;
    if (answer->refusal != APPGW_ACCEPTS)
        answer->end = APPGW_BAD_CERTIFICATE;
    else if (answer->end == APPGW_BAD_CERTIFICATE)
        answer->refusal = APPGW_NOT_VERIFIED; /* the handshake failed later */
}

static void on_answer(void *user, const struct http_result *result) {
    struct prober *prober = user;
    const struct tls_facts *facts = result->certificates;
    prober->transfer = NULL;
    if (is_own_fault(result->failure)) {
        finish_uncounted(prober, http_failure_name(result->failure), result->error);
        return;
    }
    if (facts && facts->trust == TLS_TRUST_UNKNOWN) {
        finish_uncounted(prober, "trusted certificates", facts->trust_text);
        return;
    }
    struct appgw_answer answer = {.end = end_of(result),
                                  .status = result->status,
                                  .body = result->body,
                                  .body_len = result->body_len,
                                  .refusal = APPGW_NOT_VERIFIED,
                                  .tls_code = TLS_UNSPECIFIED};
    if (facts)
        judge_certificates(prober, facts, &answer);
    finish(prober, &answer);
}

/* The URL only tells the scheme, the path, and the name for SNI. */
static void put_url(const struct prober *prober, struct buf *out) {
    const struct appgw_probe *probe = &prober->env->definition->probe;
    const char *name = server_name(prober);
    bool is_ip6 = strchr(name, ':');
    size_t len = strlen(name);
    len -= len > 1 && name[len - 1] == '.';
    buf_printf(out, "%s://%s%.*s%s%s", appgw_protocol_scheme(probe->protocol),
               is_ip6 ? "[" : "", (int)len, name, is_ip6 ? "]" : "", probe->path);
}

static void request(struct prober *prober, const struct addr *addr) {
    const struct prober_env *env = prober->env;
    BUF_AUTO struct buf url = {0};
    const struct http_header headers[] = {
        {"Host", appgw_host(&env->definition->probe, prober->target.settings,
                            prober->target.address)},
        {"User-Agent", NULL},
        {"Accept", NULL},
    };
    put_url(prober, &url);
    int64_t left_ms = env->timeout_ms - (clock_mono_us() - prober->start_us) / 1000;
    const struct http_request request = {.url = url.data,
                                         .connect = addr,
                                         .method = "GET",
                                         .headers = headers,
                                         .header_count = sizeof headers / sizeof *headers,
                                         .ca_file = env->root_file,
                                         .timeout_ms = left_ms > 1 ? left_ms : 1,
                                         .connect_timeout_ms = left_ms > 1 ? left_ms : 1,
                                         .take_any_certificate = true,
                                         .max_body = BODY_MAX};
    prober->transfer = http_client_start(env->http, &request, on_answer, prober);
}

static void on_resolved(void *user, const struct resolve_result *result) {
    struct prober *prober = user;
    prober->resolve = NULL;
    if (result->status != RESOLVE_OK) {
        finish_failed(prober, APPGW_NO_NAME);
        return;
    }
    struct addr addr = result->addrs[0];
    addr_set_port(&addr, prober->target.port);
    request(prober, &addr);
}

static void on_due(void *user) {
    struct prober *prober = user;
    const struct prober_env *env = prober->env;
    prober->start_us = clock_mono_us();
    prober->next_ms = loop_now_ms(env->loop) + env->interval_ms;
    prober->resolve = resolver_ask(env->resolver, prober->target.address, env->timeout_ms,
                                   on_resolved, prober);
}

struct prober *prober_new(
    const struct prober_env *env, const struct prober_target *target, int64_t delay_ms,
    void (*on_result)(void *user, const struct prober_result *result), void *user) {
    struct prober *prober = MEM_NEW(struct prober);
    prober->env = env;
    prober->target = *target;
    prober->on_result = on_result;
    prober->user = user;
    prober->timer = loop_timer_new(env->loop, on_due, prober);
    loop_timer_set(prober->timer, delay_ms);
    return prober;
}

void prober_stop(struct prober *prober) {
    loop_timer_stop(prober->timer);
}

void prober_free(struct prober *prober) {
    if (!prober)
        return;
    resolve_cancel(prober->resolve);
    http_transfer_cancel(prober->transfer);
    loop_timer_free(prober->timer);
    buf_fini(&prober->log);
    buf_fini(&prober->trouble);
    free(prober);
}

const struct appgw_state *prober_state(const struct prober *prober) {
    return &prober->state;
}

const char *prober_log(const struct prober *prober) {
    return prober->log.data ? prober->log.data : "";
}
