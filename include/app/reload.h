/* Loading the configuration again while running: watches the file's folder (Kubernetes
 * swaps a link named ..data there), compares a content hash every 10 s, and on request. A
 * bad file changes nothing. Loop thread only. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include "model/config.h"
#include "model/snapshot.h"

struct loop;
struct reload;

struct reload_options {
    struct loop *loop;
    struct config *running; /* the configuration the process started with; borrowed */
    /* A good new configuration; borrowed, take a reference. */
    void (*on_config)(void *user, struct config *config);
    /* Something to tell about loads: refused, cleared, loaded. Borrowed texts. */
    void (*on_stats)(void *user, const struct reload_stats *stats);
    /* Files beside the configuration (tokens, keys) may have changed; at every look. */
    void (*on_look)(void *user);
    void *user;
};

/* Start watching and call on_stats once. Where a stand-in runs (config_stand_in), the
 * file is looked at right here: what is wrong with it is told, or it is taken. */
struct reload *reload_new(const struct reload_options *options);
void reload_free(struct reload *reload);

/* Look now (SIGHUP). Many calls in one turn are one look. */
void reload_look(struct reload *reload);

#endif
