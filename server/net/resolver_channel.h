/* One c-ares channel on the loop: questions out, answers in. Knows nothing of who waits.
 */
#ifndef NET_RESOLVER_CHANNEL_H
#define NET_RESOLVER_CHANNEL_H

#include "resolver_cache.h"

#include <stdint.h>

struct dns_channel;
struct err;
struct loop;

struct dns_settings {
    char *servers; /* "10.0.0.10:53,[fd00::10]:53"; NULL: resolv.conf */
    char **search; /* NULL: resolv.conf */
    int search_count;
    int timeout_ms; /* 0: resolv.conf */
};

/* `settings` is zeroed. False with an error that names the server which is no address. */
bool dns_settings_init(struct dns_settings *settings,
                       const struct resolver_options *options, struct err *err);
void dns_settings_fini(struct dns_settings *settings);

/* `settings` is only read here. */
struct dns_channel *dns_channel_new(struct loop *loop,
                                    const struct dns_settings *settings, struct err *err);
/* Questions still open are answered with NULL. Not from inside an answer. */
void dns_channel_free(struct dns_channel *channel);

/* `callback` runs once, perhaps before this returns. It borrows `answer`; `ttl_s` belongs
 * to a good one. */
void dns_channel_ask(struct dns_channel *channel, const char *name,
                     void (*callback)(void *user, struct answer *answer, int64_t ttl_s),
                     void *user);

#endif
