/* The detail port: everything an operator may ask, rendered in its own thread from the
 * published snapshot, so that a slow dashboard never delays a probe. */
#ifndef FRONT_DETAIL_H
#define FRONT_DETAIL_H

#include "front/arrivals.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct detail_front;
struct err;

enum { DETAIL_TOKEN_MAX = 4096 };

struct detail_front_options {
    int listen_fd;                         /* as for the probe front */
    const struct arrivals *probe_arrivals; /* borrowed; for /metrics */
    int64_t (*last_turn_us)(void *user);
    /* POST /checks/NAME/run: false where the rate limit refuses. Any thread. */
    bool (*request_run)(void *user, const char *check);
    void *user;
};

/* Answers 503 "starting" until the first _publish, and refuses everybody with 403 until
 * the first _set_auth. */
struct detail_front *detail_front_start(const struct detail_front_options *options,
                                        struct err *err);

/* Swap the snapshot; takes a reference of its own. */
void detail_front_publish(struct detail_front *front, struct snapshot *snapshot);

/* Who may do what from now on; `token` (NULL or empty: none configured) is copied. */
void detail_front_set_auth(struct detail_front *front, enum auth_read read,
                           const char *token, size_t token_len);

void detail_front_close_listener(struct detail_front *front); /* as for the probe front */
void detail_front_stop(struct detail_front *front);           /* NULL is fine */

#endif
