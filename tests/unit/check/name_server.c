/* The name server of the tests: RFC 1035, one question per message, A records only. */
#include "name_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/mem.h"

enum { HEAD = 12, MESSAGE_MAX = 512, TYPE_A = 1, TTL_S = 60 };

struct dns {
    const struct dns_record *records;
    int fd;
    int stop[2]; /* closing the writing end stops the thread */
    uint16_t port;
    pthread_t thread;
    atomic_int questions;
    int answered[DNS_RECORDS_MAX]; /* questions for addresses, by record */
};

static void check(bool fine) {
    if (!fine)
        abort();
}

/* The question's name with dots; returns the offset behind it, 0 if it is cut. */
static size_t read_name(const uint8_t *message, size_t len, char *name) {
    size_t at = HEAD;
    while (at < len && message[at] != 0) {
        size_t label = message[at++];
        if (label > 63 || at + label >= len)
            return 0;
        memcpy(name, message + at, label);
        name += label;
        *name++ = '.';
        at += label;
    }
    *name = '\0';
    return at + 1;
}

static const struct dns_record *find(const struct dns *dns, const char *name) {
    for (const struct dns_record *i = dns->records; i && i->name; i++) {
        size_t len = strlen(i->name);
        bool is_used_up = i->times > 0 && dns->answered[i - dns->records] >= i->times;
        if (strncasecmp(i->name, name, len) == 0 && strcmp(name + len, ".") == 0 &&
            !is_used_up)
            return i;
    }
    return NULL;
}

static size_t add_address(uint8_t *message, size_t len, const char *ip) {
    static const uint8_t lead[] = {0xc0, HEAD, 0, TYPE_A, 0, 1, 0, 0, 0, TTL_S, 0, 4};
    memcpy(message + len, lead, sizeof lead);
    check(inet_pton(AF_INET, ip, message + len + sizeof lead) == 1);
    return len + sizeof lead + 4;
}

/* Turn the question into its answer; 0: no answer. */
static size_t answer(struct dns *dns, uint8_t *message, size_t len) {
    char name[MESSAGE_MAX];
    size_t end = len > HEAD ? read_name(message, len, name) : 0;
    if (end == 0 || end + 4 > len)
        return 0;
    bool asks_a = message[end] == 0 && message[end + 1] == TYPE_A;
    const struct dns_record *record = find(dns, name);
    if (record && asks_a)
        dns->answered[record - dns->records]++;
    enum dns_answer kind = record ? record->answer : ANSWER_NXDOMAIN;
    if (kind == ANSWER_SILENCE)
        return 0;
    memset(message + 6, 0, 6); /* no records but the question */
    message[2] |= 0x84;        /* an answer, authoritative */
    message[3] = 0x80;         /* recursion available */
    if (kind == ANSWER_NXDOMAIN)
        message[3] |= 3;
    if (kind == ANSWER_SERVFAIL)
        message[3] |= 2;
    len = end + 4; /* whatever stood behind the question is dropped */
    for (int i = 0; kind == ANSWER_ADDRESSES && asks_a && i < DNS_ADDRESSES_MAX; i++) {
        if (!record->ips[i])
            break;
        len = add_address(message, len, record->ips[i]);
        message[7]++;
    }
    return len;
}

static void *run(void *user) {
    struct dns *dns = user;
    struct pollfd fds[] = {{.fd = dns->fd, .events = POLLIN},
                           {.fd = dns->stop[0], .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        uint8_t message[MESSAGE_MAX + DNS_ADDRESSES_MAX * 16];
        struct addr from = {.len = sizeof from.u};
        ssize_t len = recvfrom(dns->fd, message, MESSAGE_MAX, 0, &from.u.sa, &from.len);
        if (len <= 0)
            continue;
        atomic_fetch_add(&dns->questions, 1);
        size_t size = answer(dns, message, (size_t)len);
        if (size > 0)
            sendto(dns->fd, message, size, 0, &from.u.sa, from.len);
    }
    return NULL;
}

struct dns *dns_start(const struct dns_record *records) {
    struct dns *dns = MEM_NEW(struct dns);
    struct addr addr;
    dns->records = records;
    check(addr_parse_ip("127.0.0.1", 0, &addr));
    dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(dns->fd >= 0 && bind(dns->fd, &addr.u.sa, addr.len) == 0);
    check(getsockname(dns->fd, &addr.u.sa, &addr.len) == 0);
    dns->port = addr_port(&addr);
    check(pipe(dns->stop) == 0);
    check(pthread_create(&dns->thread, NULL, run, dns) == 0);
    return dns;
}

void dns_stop(struct dns *dns) {
    close(dns->stop[1]);
    pthread_join(dns->thread, NULL);
    close(dns->stop[0]);
    close(dns->fd);
    free(dns);
}

uint16_t dns_port(const struct dns *dns) {
    return dns->port;
}

int dns_questions(const struct dns *dns) {
    return atomic_load(&dns->questions);
}
