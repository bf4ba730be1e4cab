/* From a target to addresses, and the guard in front of them. Owns the lists of addresses
 * and names that belong to clouds, and a short-lived list of this machine's own
 * addresses; never connects anywhere. */
#include "check/target.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "net/loop.h"
#include "net/resolver.h"

enum { LOCAL_LIFE_US = 5 * 1000 * 1000, WHY_MAX = 320 };

struct target_lookup {
    const struct check_env *env; /* borrowed, outlives the lookup */
    void (*callback)(void *user, const struct target_result *result);
    void *user;
    struct resolve *resolve;  /* a question that is open, or NULL */
    struct loop_timer *timer; /* an answer that needs no question, or NULL */
    int64_t started_us;
    char host[URL_HOST_MAX];
    uint16_t port;
    struct addr fixed; /* numeric or unix, where `why` is empty */
    char why[WHY_MAX]; /* why the target is refused before anything is asked */
};

/* Metadata services of clouds that are not link-local: AWS (fd00:ec2::254) and Google
 * Cloud (fd20:ce::254), as documented for instances with IPv6. */
static const struct cidr metadata_blocks[] = {
    {AF_INET6, {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128},
    {AF_INET6, {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54}, 128},
};

/* From the documentation of Google Compute Engine (the first three) and Amazon EC2 (the
 * next two). Azure documents no name, only the address; the last one is in common use. */
static const char *const metadata_names[] = {
    "metadata.google.internal",   "metadata.goog",           "metadata", "instance-data",
    "instance-data.ec2.internal", "metadata.azure.internal",
};

static const struct cidr loopback_blocks[] = {
    {AF_INET, {127}, 8},
    {AF_INET6, {[15] = 1}, 128},
};

/* Addresses of this machine's interfaces. Loop thread only. */
static struct {
    struct addr *items;
    size_t count;
    int64_t read_us; /* 0: never */
} local;

static bool is_metadata_address(const struct addr *addr) {
    return addr_is_link_local(addr) || cidr_contains(&metadata_blocks[0], addr) ||
           cidr_contains(&metadata_blocks[1], addr);
}

/* Without descriptors the list stays as it was. */
static void read_local_addresses(void) {
    int64_t now_us = clock_mono_us();
    if (local.read_us != 0 && now_us - local.read_us < LOCAL_LIFE_US)
        return;
    struct ifaddrs *list;
    if (getifaddrs(&list) != 0)
        return;
    local.read_us = now_us;
    local.count = 0;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr)
            continue;
        bool is_ip6 = i->ifa_addr->sa_family == AF_INET6;
        if (!is_ip6 && i->ifa_addr->sa_family != AF_INET)
            continue;
        local.items = mem_resize(local.items, local.count + 1, sizeof *local.items);
        addr_from_sockaddr(&local.items[local.count++], i->ifa_addr,
                           is_ip6 ? sizeof(struct sockaddr_in6)
                                  : sizeof(struct sockaddr_in));
    }
    freeifaddrs(list);
}

static bool is_local(const struct addr *addr) {
    if (cidr_contains(&loopback_blocks[0], addr) ||
        cidr_contains(&loopback_blocks[1], addr))
        return true;
    read_local_addresses();
    for (size_t i = 0; i < local.count; i++) {
        if (addr_equal_ip(&local.items[i], addr))
            return true;
    }
    return false;
}

static bool listens_at(const struct addr *listener, const struct addr *addr) {
    if (addr_is_unix(listener) || addr_is_unix(addr)) {
        char left[ADDR_TEXT_MAX];
        char right[ADDR_TEXT_MAX];
        return strcmp(addr_format(listener, left), addr_format(addr, right)) == 0;
    }
    struct addr plain = *addr;
    addr_unmap(&plain);
    /* A connection to 0.0.0.0 or :: goes to the loopback address. */
    if (addr_is_any(&plain))
        addr_parse_ip(plain.u.sa.sa_family == AF_INET ? "127.0.0.1" : "::1",
                      addr_port(&plain), &plain);
    if (addr_port(listener) != addr_port(&plain))
        return false;
    if (addr_equal_ip(listener, &plain))
        return true;
    /* [::] takes IPv4 as well. */
    bool takes_family = listener->u.sa.sa_family == AF_INET6 ||
                        listener->u.sa.sa_family == plain.u.sa.sa_family;
    return addr_is_any(listener) && takes_family && is_local(&plain);
}

/* Split "host:port" and find out whether the host is an address. False if it is neither.
 */
static bool parse_target(struct target_lookup *lookup, const char *target) {
    if (text_has_prefix(target, "unix:"))
        return addr_parse_listen(target, &lookup->fixed, NULL);

    const char *colon = strrchr(target, ':');
    int64_t port;
    if (!colon || !text_parse_int(colon + 1, 1, UINT16_MAX, &port))
        return false;
    size_t len = (size_t)(colon - target);
    bool has_brackets = len >= 2 && target[0] == '[' && target[len - 1] == ']';
    if (has_brackets) {
        target++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof lookup->host)
        return false;
    memcpy(lookup->host, target, len);
    lookup->host[len] = '\0';
    lookup->port = (uint16_t)port;
    bool has_colon = strchr(lookup->host, ':') != NULL;
    if (has_brackets != has_colon || strpbrk(lookup->host, "[]"))
        return false;
    return addr_parse_ip(lookup->host, lookup->port, &lookup->fixed) || !has_colon;
}

/* The lookup is gone before the callback runs. */
static void finish(struct target_lookup *lookup, const struct target_result *result) {
    void (*callback)(void *, const struct target_result *) = lookup->callback;
    void *user = lookup->user;
    loop_timer_free(lookup->timer);
    free(lookup);
    callback(user, result);
}

static void finish_failed(struct target_lookup *lookup, enum reason reason,
                          const char *text, int64_t name_us) {
    struct outcome outcome;
    outcome_init(&outcome);
    outcome_set(&outcome, OUTCOME_FAIL, reason, "%s", text);
    outcome.phase_us[PHASE_NAME] = name_us;
    finish(lookup, &(struct target_result){.outcome = &outcome, .name_us = name_us});
}

/* Keep the addresses that may be connected; the first one's rule is told if none may. */
static void finish_with(struct target_lookup *lookup, const struct addr *addrs,
                        size_t count, int64_t name_us) {
    struct addr allowed[RESOLVE_ADDRESSES_MAX];
    size_t allowed_count = 0;
    char why[WHY_MAX] = "";
    for (size_t i = 0; i < count && i < RESOLVE_ADDRESSES_MAX; i++) {
        struct addr addr = addrs[i];
        addr_set_port(&addr, addr_is_unix(&addr) ? 0 : lookup->port);
        if (target_is_allowed(lookup->env, &addr, why[0] == '\0' ? why : NULL,
                              sizeof why))
            allowed[allowed_count++] = addr;
    }
    if (allowed_count == 0)
        finish_failed(lookup, LOCAL_TARGET_REFUSED, why, name_us);
    else
        finish(lookup, &(struct target_result){
                           .addrs = allowed, .count = allowed_count, .name_us = name_us});
}

/* There is no reason of its own for servers that answer, but with an error: to an
 * operator it is the same trouble as servers that do not answer, and `text` tells the
 * difference. */
static enum reason reason_of(enum resolve_status status) {
    switch (status) {
        case RESOLVE_NXDOMAIN:
            return DNS_NXDOMAIN;
        case RESOLVE_OK: /* without an address */
        case RESOLVE_NO_ADDRESS:
            return DNS_NO_ADDRESS;
        case RESOLVE_TIMEOUT:
        case RESOLVE_FAILED:
            break;
    }
    return DNS_TIMEOUT;
}

static void on_resolved(void *user, const struct resolve_result *result) {
    struct target_lookup *lookup = user;
    int64_t name_us = clock_mono_us() - lookup->started_us;
    lookup->resolve = NULL;
    if (result->status == RESOLVE_OK && result->count > 0) {
        finish_with(lookup, result->addrs, result->count, name_us);
        return;
    }
    char text[OUTCOME_EVIDENCE_MAX];
    enum reason reason = reason_of(result->status);
    snprintf(text, sizeof text, "%s: %s", lookup->host,
             result->text[0] != '\0' ? result->text : reason_text(reason));
    finish_failed(lookup, reason, text, name_us);
}

static void on_nothing_to_ask(void *user) {
    struct target_lookup *lookup = user;
    if (lookup->why[0] != '\0')
        finish_failed(lookup, LOCAL_TARGET_REFUSED, lookup->why, -1);
    else
        finish_with(lookup, &lookup->fixed, 1, -1);
}

struct target_lookup *
target_lookup_start(const struct check_env *env, const char *target, int64_t timeout_ms,
                    void (*callback)(void *user, const struct target_result *result),
                    void *user) {
    struct target_lookup *lookup = MEM_NEW(struct target_lookup);
    lookup->env = env;
    lookup->callback = callback;
    lookup->user = user;
    lookup->started_us = clock_mono_us();
    if (!parse_target(lookup, target))
        snprintf(lookup->why, sizeof lookup->why,
                 "refused: \"%.200s\" is neither host:port nor unix:PATH", target);
    else if (lookup->fixed.len == 0 && target_is_metadata_name(lookup->host))
        snprintf(lookup->why, sizeof lookup->why,
                 "refused: %s is the name of a cloud metadata service", lookup->host);

    if (lookup->why[0] != '\0' || lookup->fixed.len > 0) {
        lookup->timer = loop_timer_new(env->loop, on_nothing_to_ask, lookup);
        loop_timer_set(lookup->timer, 0);
    } else {
        lookup->resolve =
            resolver_ask(env->resolver, lookup->host, timeout_ms, on_resolved, lookup);
    }
    return lookup;
}

void target_lookup_cancel(struct target_lookup *lookup) {
    if (!lookup)
        return;
    resolve_cancel(lookup->resolve);
    loop_timer_free(lookup->timer);
    free(lookup);
}

bool target_is_allowed(const struct check_env *env, const struct addr *addr, char *why,
                       size_t why_size) {
    if (cidr_list_contains(&env->config->engine.allow_targets, addr))
        return true;
    char text[ADDR_TEXT_MAX];
    if (is_metadata_address(addr)) {
        if (why)
            snprintf(why, why_size,
                     "refused: %s is link-local or a cloud metadata service, and not in "
                     "engine.allow_targets",
                     addr_format(addr, text));
        return false;
    }
    for (size_t i = 0; i < env->own_listener_count; i++) {
        char own[ADDR_TEXT_MAX];
        if (!listens_at(&env->own_listeners[i], addr))
            continue;
        if (why)
            snprintf(why, why_size,
                     "refused: %s is our own listener %s, and not in "
                     "engine.allow_targets",
                     addr_format(addr, text), addr_format(&env->own_listeners[i], own));
        return false;
    }
    return true;
}

bool target_is_metadata_name(const char *host) {
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.')
        len--;
    for (size_t i = 0; i < sizeof metadata_names / sizeof *metadata_names; i++) {
        if (strlen(metadata_names[i]) == len &&
            strncasecmp(host, metadata_names[i], len) == 0)
            return true;
    }
    return false;
}
