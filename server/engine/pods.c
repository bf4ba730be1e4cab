/* Watches the gateway's name. A failed question changes nothing: the checks say so. */
#include "engine/pods.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "check/check.h"
#include "engine/history.h"
#include "net/loop.h"
#include "net/resolver.h"

#include <stdlib.h>

enum { ASK_EVERY_MS = 5000, ASK_TIMEOUT_MS = 4000 };

struct pods {
    const struct check_env *env; /* borrowed; its resolver changes on a reload */
    struct history *history;
    struct loop_timer *timer;
    struct resolve *question;
    char name[URL_HOST_MAX]; /* "": no gateway is configured */
};

static void on_answer(void *user, const struct resolve_result *result) {
    struct pods *pods = user;
    pods->question = NULL;
    if (result->status == RESOLVE_OK)
        history_set_gateway(pods->history, pods->name, result->addrs, result->count);
    loop_timer_set(pods->timer, ASK_EVERY_MS);
}

static void ask(void *user) {
    struct pods *pods = user;
    if (pods->name[0] && pods->env->resolver) {
        pods->question = resolver_ask(pods->env->resolver, pods->name, ASK_TIMEOUT_MS,
                                      on_answer, pods);
    }
}

struct pods *pods_new(const struct check_env *env, struct history *history) {
    struct pods *pods = MEM_NEW(struct pods);
    pods->env = env;
    pods->history = history;
    pods->timer = loop_timer_new(env->loop, ask, pods);
    return pods;
}

void pods_free(struct pods *pods) {
    resolve_cancel(pods->question);
    loop_timer_free(pods->timer);
    free(pods);
}

void pods_set_config(struct pods *pods, const struct config *config) {
    const struct gateway_config *gateway = &config->gateway;
    const char *name = gateway->pods ? gateway->pods : gateway->service;
    resolve_cancel(pods->question);
    pods->question = NULL;
    text_copy(pods->name, sizeof pods->name, gateway->is_set && name ? name : "");
    loop_timer_set(pods->timer, 0);
}
