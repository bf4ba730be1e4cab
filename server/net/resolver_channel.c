/* c-ares on the loop: its sockets, its one timer, its answers turned into ours.
 *
 * The only file that knows c-ares. Never blocks on the network; c-ares reads resolv.conf
 * when a channel is made and the hosts file at a question, both local. */
#include "resolver_channel.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "list.h"
#include "net/loop.h"

#include <ares.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DNS_PORT = 53, DNS_TRIES = 2 };

struct dns_channel {
    ares_channel ares;
    struct loop *loop;
    struct loop_timer *timer;
    struct list sockets;
};

struct dns_socket {
    struct list node;
    struct dns_channel *channel;
    struct loop_poll *poll;
    int fd; /* c-ares opens and closes it */
};

struct dns_question {
    void (*callback)(void *user, struct answer *answer, int64_t ttl_s);
    void *user;
};

static void set_timer(struct dns_channel *channel) {
    struct timeval left;
    if (ares_timeout(channel->ares, NULL, &left))
        loop_timer_set(channel->timer,
                       (int64_t)left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
    else
        loop_timer_stop(channel->timer);
}

static void on_timer(void *user) {
    struct dns_channel *channel = user;
    ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(channel);
}

static void on_socket(void *user, int events) {
    const struct dns_socket *sock = user;
    struct dns_channel *channel = sock->channel;
    ares_process_fd(channel->ares, events & LOOP_READABLE ? sock->fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITABLE ? sock->fd : ARES_SOCKET_BAD);
    set_timer(channel); /* `sock` may be gone */
}

static struct dns_socket *find_socket(struct dns_channel *channel, int fd) {
    struct list *head = &channel->sockets;
    for (struct list *node = head->next; node != head; node = node->next) {
        struct dns_socket *sock = LIST_ITEM(node, struct dns_socket, node);
        if (sock->fd == fd)
            return sock;
    }
    return NULL;
}

static void on_socket_state(void *user, ares_socket_t fd, int readable, int writable) {
    struct dns_channel *channel = user;
    struct dns_socket *sock = find_socket(channel, fd);
    if (!readable && !writable) { /* about to be closed */
        if (sock) {
            list_remove(&sock->node);
            loop_poll_free(sock->poll);
            free(sock);
        }
        return;
    }
    if (!sock) {
        sock = MEM_NEW(struct dns_socket);
        sock->channel = channel;
        sock->fd = fd;
        sock->poll = loop_poll_new(channel->loop, fd, on_socket, sock);
        list_append(&channel->sockets, &sock->node);
    }
    loop_poll_set(sock->poll,
                  (readable ? LOOP_READABLE : 0) | (writable ? LOOP_WRITABLE : 0));
}

static enum resolve_status status_of(int ares_status) {
    switch (ares_status) {
        case ARES_SUCCESS:
            return RESOLVE_OK;
        case ARES_ENOTFOUND:
            return RESOLVE_NXDOMAIN;
        case ARES_ENODATA:
            return RESOLVE_NO_ADDRESS;
        case ARES_ETIMEOUT:
            return RESOLVE_TIMEOUT;
        default:
            return RESOLVE_FAILED;
    }
}

/* c-ares 1.18 says of SERVFAIL and REFUSED that no server could be contacted. */
static const char *text_of(int ares_status) {
    return ares_status == ARES_ECONNREFUSED
               ? "no name server gave an answer: unreachable, REFUSED or SERVFAIL"
               : ares_strerror(ares_status);
}

static void add_family(struct answer *answer, const struct ares_addrinfo *info,
                       int family) {
    for (const struct ares_addrinfo_node *node = info->nodes; node;
         node = node->ai_next) {
        if (node->ai_family == family && answer->count < RESOLVE_ADDRESSES_MAX)
            addr_from_sockaddr(&answer->addrs[answer->count++], node->ai_addr,
                               node->ai_addrlen);
    }
}

static struct answer *answer_from(const struct ares_addrinfo *info) {
    size_t count = 0;
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next)
        count++;
    if (count > RESOLVE_ADDRESSES_MAX)
        count = RESOLVE_ADDRESSES_MAX;
    struct answer *answer = answer_new(RESOLVE_OK, "", count);
    add_family(answer, info, AF_INET);
    add_family(answer, info, AF_INET6);
    return answer;
}

static int64_t least_ttl_s(const struct ares_addrinfo *info) {
    int64_t ttl_s = INT_MAX;
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next)
        ttl_s = node->ai_ttl < ttl_s ? node->ai_ttl : ttl_s;
    for (const struct ares_addrinfo_cname *alias = info->cnames; alias;
         alias = alias->next)
        ttl_s = alias->ttl < ttl_s ? alias->ttl : ttl_s;
    return ttl_s;
}

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *info) {
    (void)timeouts;
    struct dns_question *question = user;
    struct answer *answer = NULL;
    int64_t ttl_s = 0;
    if (status == ARES_SUCCESS && info && info->nodes) {
        answer = answer_from(info);
        ttl_s = least_ttl_s(info);
    } else if (status != ARES_EDESTRUCTION && status != ARES_ECANCELLED) {
        int failure = status == ARES_SUCCESS ? ARES_ENODATA : status;
        answer = answer_new(status_of(failure), text_of(failure), 0);
    }
    question->callback(question->user, answer, ttl_s);
    answer_unref(answer);
    free(question);
    ares_freeaddrinfo(info);
}

static bool add_server(struct buf *list, const char *text, struct err *err) {
    struct addr addr;
    char canonical[ADDR_TEXT_MAX];
    if (!addr_parse_ip(text, DNS_PORT, &addr) &&
        (!addr_parse_listen(text, &addr, NULL) || addr_is_unix(&addr)))
        return err_set(err, ERR_INVALID, "\"%s\" is not the address of a name server",
                       text);
    buf_printf(list, "%s%s", list->len > 0 ? "," : "", addr_format(&addr, canonical));
    return true;
}

static int init_ares(struct dns_channel *channel, const struct dns_settings *settings) {
    char lookups[] = "fb"; /* the hosts file first */
    struct ares_options options = {
        .tries = DNS_TRIES,
        .timeout = settings->timeout_ms,
        .domains = settings->search,
        .ndomains = settings->search_count,
        .lookups = lookups,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = channel,
    };
    int given = ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    if (settings->timeout_ms > 0)
        given |= ARES_OPT_TIMEOUTMS;
    if (settings->search)
        given |= ARES_OPT_DOMAINS;
#ifdef ARES_OPT_QUERY_CACHE
    given |= ARES_OPT_QUERY_CACHE; /* qcache_max_ttl 0: none; we keep answers ourselves */
#endif
    int status = ares_init_options(&channel->ares, &options, given);
    if (status != ARES_SUCCESS || !settings->servers)
        return status;
    status = ares_set_servers_ports_csv(channel->ares, settings->servers);
    if (status != ARES_SUCCESS)
        ares_destroy(channel->ares);
    return status;
}

bool dns_settings_init(struct dns_settings *settings,
                       const struct resolver_options *options, struct err *err) {
    BUF_AUTO struct buf servers = {0};
    for (size_t i = 0; i < options->servers.count; i++) {
        if (!add_server(&servers, options->servers.items[i], err))
            return false;
    }
    settings->timeout_ms =
        options->timeout_ms > INT_MAX ? INT_MAX : (int)options->timeout_ms;
    if (servers.len > 0)
        settings->servers = buf_take(&servers);
    if (options->search.count > 0)
        settings->search = mem_alloc(options->search.count, sizeof(char *));
    for (size_t i = 0; i < options->search.count; i++)
        settings->search[settings->search_count++] =
            mem_copy_text(options->search.items[i]);
    return true;
}

void dns_settings_fini(struct dns_settings *settings) {
    for (int i = 0; i < settings->search_count; i++)
        free(settings->search[i]);
    free(settings->search);
    free(settings->servers);
}

struct dns_channel *
dns_channel_new(struct loop *loop, const struct dns_settings *settings, struct err *err) {
    struct dns_channel *channel = MEM_NEW(struct dns_channel);
    channel->loop = loop;
    list_init(&channel->sockets);
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS) {
        status = init_ares(channel, settings);
        if (status != ARES_SUCCESS)
            ares_library_cleanup();
    }
    if (status != ARES_SUCCESS) {
        err_set(err, ERR_UNAVAILABLE, "cannot set up name resolution: %s",
                ares_strerror(status));
        free(channel);
        return NULL;
    }
    channel->timer = loop_timer_new(loop, on_timer, channel);
    return channel;
}

void dns_channel_free(struct dns_channel *channel) {
    if (!channel)
        return;
    ares_destroy(channel->ares); /* answers every question and closes every socket */
    loop_timer_free(channel->timer);
    free(channel);
    ares_library_cleanup();
}

void dns_channel_ask(struct dns_channel *channel, const char *name,
                     void (*callback)(void *user, struct answer *answer, int64_t ttl_s),
                     void *user) {
    const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC,
                                              .ai_flags = ARES_AI_NOSORT};
    struct dns_question *question = MEM_NEW(struct dns_question);
    question->callback = callback;
    question->user = user;
    ares_getaddrinfo(channel->ares, name, NULL, &hints, on_answer, question);
    set_timer(channel);
}
