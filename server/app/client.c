/* A loop of its own for one answer: the addresses of the name, one after the other, until
 * one is there. */
#include "app/client.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "base/url.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/resolver.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 * 1024, WHY_MAX = 200 };

struct fetch {
    const struct client_request *request;
    const char *url;
    uint16_t port;
    struct loop *loop;
    struct resolver *resolver;
    struct http_client *http;
    int64_t end_us;
    struct addr addrs[RESOLVE_ADDRESSES_MAX];
    size_t count;
    size_t at; /* the one that is asked */
    bool is_answered;
    int status;
    struct buf *body;
    char why[WHY_MAX];
};

static int64_t left_ms(const struct fetch *fetch) {
    int64_t left_us = fetch->end_us - clock_mono_us();
    return left_us > 1000 ? left_us / 1000 : 1;
}

static void on_answer(void *user, const struct http_result *result);

static void ask(struct fetch *fetch) {
    BUF_AUTO struct buf bearer = {0};
    const char *token = fetch->request->token;
    buf_printf(&bearer, "Bearer %s", token ? token : "");
    const struct http_header header = {"Authorization", bearer.data};
    const struct http_request request = {.url = fetch->url,
                                         .connect = &fetch->addrs[fetch->at],
                                         .method = "GET",
                                         .headers = &header,
                                         .header_count = token ? 1 : 0,
                                         .timeout_ms = left_ms(fetch),
                                         .connect_timeout_ms = left_ms(fetch),
                                         .max_body = ANSWER_MAX};
    http_client_start(fetch->http, &request, on_answer, fetch);
}

static void on_answer(void *user, const struct http_result *result) {
    struct fetch *fetch = user;
    fetch->is_answered = result->failure == HTTP_OK && !result->body_cut;
    if (!fetch->is_answered && result->connect_us < 0 && ++fetch->at < fetch->count) {
        ask(fetch);
        return;
    }
    fetch->status = result->status;
    if (fetch->is_answered)
        buf_append(fetch->body, result->body, result->body_len);
    text_copy(fetch->why, sizeof fetch->why,
              result->body_cut ? "the answer does not end" : result->error);
    loop_stop(fetch->loop);
}

static void on_resolved(void *user, const struct resolve_result *result) {
    struct fetch *fetch = user;
    if (result->status != RESOLVE_OK) {
        text_copy(fetch->why, sizeof fetch->why, result->text);
        loop_stop(fetch->loop);
        return;
    }
    fetch->count = result->count;
    for (size_t i = 0; i < result->count; i++) {
        fetch->addrs[i] = result->addrs[i];
        addr_set_port(&fetch->addrs[i], fetch->port);
    }
    ask(fetch);
}

/* A numeric address needs nothing of the system's resolver, which may be what is broken.
 */
static bool begin(struct fetch *fetch, const struct url *url, struct err *err) {
    const struct resolver_options names = {.timeout_ms = 0};
    fetch->http = http_client_new(fetch->loop);
    if (url->is_literal) {
        fetch->count = 1;
        addr_parse_ip(url->host, url->port, &fetch->addrs[0]);
        ask(fetch);
        return true;
    }
    fetch->resolver = resolver_new(fetch->loop, &names, err);
    if (!fetch->resolver)
        return false;
    resolver_ask(fetch->resolver, url->host, left_ms(fetch), on_resolved, fetch);
    return true;
}

/* False: something of the system's is missing. */
static bool run(struct fetch *fetch, const struct url *url, struct err *err) {
    fetch->loop = loop_new(err);
    if (!fetch->loop)
        return false;
    bool has_begun = begin(fetch, url, err);
    if (has_begun)
        loop_run(fetch->loop);
    http_client_free(fetch->http);
    resolver_free(fetch->resolver);
    loop_free(fetch->loop);
    return has_begun;
}

bool client_get(const struct client_request *request, int *status, struct buf *body,
                struct err *err) {
    BUF_AUTO struct buf text = {0};
    struct url url;
    size_t len = strlen(request->base);
    while (len > 0 && request->base[len - 1] == '/')
        len--;
    buf_append(&text, request->base, len);
    buf_puts(&text, request->path);
    struct err cause = {0};
    if (!url_parse(text.data, &url, &cause))
        return err_set(err, ERR_INVALID, "%s is no address of a server: %s",
                       request->base, cause.text);
    struct fetch fetch = {.request = request,
                          .url = text.data,
                          .port = url.port,
                          .end_us = clock_mono_us() + request->timeout_ms * 1000,
                          .body = body};
    if (!run(&fetch, &url, err))
        return false;
    if (!fetch.is_answered)
        return err_set(err, ERR_UNAVAILABLE,
                       "no answer from %s: %s; is the server running, and is --url "
                       "right?",
                       text.data, fetch.why);
    *status = fetch.status;
    return true;
}
