/* One instance of Application Gateway that probes one server under one set of backend
 * settings: at a fixed rate, each probe over a connection of its own. Loop thread only.
 */
#ifndef APP_PROBER_H
#define APP_PROBER_H

#include "azure/definition.h"
#include "azure/state.h"

#include <stdbool.h>
#include <stdint.h>

struct http_client;
struct loop;
struct prober;
struct resolver;

/* What all probers of a run share. Borrowed, and must outlive them. */
struct prober_env {
    struct loop *loop;
    struct resolver *resolver;
    struct http_client *http;
    const struct appgw_definition *definition;
    const char *root_file; /* PEM; NULL: well-known CAs */
    int64_t interval_ms;   /* from the start of a probe to the next one's */
    int64_t timeout_ms;    /* of a whole probe; at most the interval */
};

struct prober_target {
    const char *address;                   /* name or number of the server */
    uint16_t port;                         /* to connect to */
    const struct appgw_settings *settings; /* NULL: the definition has none */
};

/* Valid only inside the callback. */
struct prober_result {
    bool is_counted; /* false: our own fault, `log` says which */
    bool has_changed;
    int status; /* HTTP; 0: none */
    int64_t took_us;
    const char *log; /* as healthProbeLog would say */
};

/* The first probe starts `delay_ms` from now. `on_result` may free the prober. */
struct prober *
prober_new(const struct prober_env *env, const struct prober_target *target,
           int64_t delay_ms,
           void (*on_result)(void *user, const struct prober_result *result), void *user);
/* No further probe. Allowed inside on_result. */
void prober_stop(struct prober *prober);
void prober_free(struct prober *prober); /* NULL is fine; a probe under way is dropped */

const struct appgw_state *prober_state(const struct prober *prober);
/* Of the newest probe that was counted; "" before the first. */
const char *prober_log(const struct prober *prober);

#endif
