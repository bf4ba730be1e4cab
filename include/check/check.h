/* Check types behind one table: what a type is called, which options it takes, how a run
 * is started and cancelled. A run asks one target once and ends in one outcome; when to
 * run, how often, and what the outcomes mean is the engine's business. Loop thread only.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "model/config.h"
#include "model/outcome.h"

#include <stddef.h>

struct check_run;
struct http_client;
struct loop;
struct resolver;
struct schema;
struct tls_client;

/* What a run may use. Owned by the engine's owner, outlives every run. */
struct check_env {
    struct loop *loop;
    struct resolver *resolver;
    struct http_client *http;
    struct tls_client *tls;
    const struct config *config;      /* the running one; changes between runs */
    const struct addr *own_listeners; /* our own addresses, refused as targets */
    size_t own_listener_count;
    const char *loop_key; /* of auth.loop_key_file; changes between runs */
    size_t loop_key_len;  /* 0: there is none */
};

typedef void check_done(void *user, const struct outcome *outcome);

struct check_type {
    const char *name;
    const struct schema *options; /* table of its options struct */
    /* Start a run. `done` is called once, later, never before this returns, within about
     * config->timing.timeout_ms; the run is gone when it is. The options are read only
     * here and copied where they are needed later: `config` may go while the run goes on.
     */
    struct check_run *(*start)(const struct check_env *env,
                               const struct check_config *config, check_done *done,
                               void *user);
    void (*cancel)(struct check_run *run); /* `done` will not be called */
};

/* All types, for configuration and engine. */
extern const struct check_type *const check_types[];
extern const size_t check_type_count;

/* NULL if there is none of that name. */
const struct check_type *check_type_find(const char *name);

#endif
