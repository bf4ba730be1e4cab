/* Which addresses the gateway has: asks for the name every few seconds and tells the
 * history when the set changes. Loop thread only. */
#ifndef ENGINE_PODS_H
#define ENGINE_PODS_H

struct check_env;
struct config;
struct history;
struct pods;

struct pods *pods_new(const struct check_env *env, struct history *history);
void pods_free(struct pods *pods);

/* Ask for this configuration's gateway.pods, or gateway.service, from now on. */
void pods_set_config(struct pods *pods, const struct config *config);

#endif
