/* The name server: a UDP socket, a TCP listener, answers written by hand (RFC 1035). */
#include "dns_server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, HEADER_LEN = 12, UDP_MAX = 512, LOG_MAX = 512 };
enum { RCODE_OK = 0, RCODE_FAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 };

struct dns_server {
    pthread_t thread;
    int udp;
    int tcp;
    int stop;
    char address[32];
    const struct dns_name *names;
    pthread_mutex_t lock;
    char asked[LOG_MAX][256]; /* names of A questions; under the lock */
    unsigned asked_count;
};

struct question {
    char name[256];
    unsigned type;
    size_t end; /* of the question section */
};

static bool read_question(const unsigned char *bytes, size_t len,
                          struct question *question) {
    size_t pos = HEADER_LEN;
    size_t out = 0;
    while (pos < len && bytes[pos] != 0) {
        size_t label = bytes[pos++];
        if (label > 63 || pos + label >= len || out + label + 2 > sizeof question->name)
            return false;
        if (out > 0)
            question->name[out++] = '.';
        for (size_t i = 0; i < label; i++)
            question->name[out++] = (char)tolower(bytes[pos++]);
    }
    question->name[out] = '\0';
    if (pos + 5 > len)
        return false;
    question->type = (unsigned)bytes[pos + 1] << 8 | bytes[pos + 2];
    question->end = pos + 5;
    return true;
}

static unsigned note_asked(struct dns_server *server, const char *name) {
    pthread_mutex_lock(&server->lock);
    if (server->asked_count < LOG_MAX)
        snprintf(server->asked[server->asked_count++], sizeof server->asked[0], "%s",
                 name);
    pthread_mutex_unlock(&server->lock);
    return dns_server_asked(server, name);
}

static void put16(struct buf *out, unsigned value) {
    buf_putc(out, (char)(value >> 8));
    buf_putc(out, (char)value);
}

static unsigned put_address(struct buf *out, unsigned type, unsigned ttl_s,
                            const char *text) {
    unsigned char address[16];
    unsigned size = type == TYPE_A ? 4 : 16;
    inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, address);
    put16(out, 0xc000 | HEADER_LEN); /* the question's name */
    put16(out, type);
    put16(out, 1);
    put16(out, ttl_s >> 16);
    put16(out, ttl_s & 0xffff);
    put16(out, size);
    buf_append(out, address, size);
    return 1;
}

static unsigned put_addresses(struct buf *out, const struct dns_name *name,
                              unsigned type) {
    const char *const *list = type == TYPE_A ? name->v4 : name->v6;
    unsigned count = 0;
    for (size_t i = 0; i < DNS_ADDRESSES_MAX && list[i]; i++)
        count += put_address(out, type, name->ttl_s, list[i]);
    for (unsigned i = 0; type == TYPE_A && i < name->v4_more; i++) {
        char text[32];
        snprintf(text, sizeof text, "10.9.%u.%u", i / 200, i % 200 + 1);
        count += put_address(out, type, name->ttl_s, text);
    }
    return count;
}

static void make_reply(struct buf *out, const unsigned char *query,
                       const struct question *question, const struct dns_name *name) {
    BUF_AUTO struct buf records = {0};
    unsigned count = 0;
    unsigned rcode = name ? RCODE_OK : RCODE_NXDOMAIN;
    if (name && name->manner == DNS_FAILS)
        rcode = RCODE_FAIL;
    else if (name && name->manner == DNS_REFUSES)
        rcode = RCODE_REFUSED;
    else if (name && name->manner == DNS_SAYS_GARBAGE)
        count = 1; /* an answer that is not there */
    else if (name)
        count = put_addresses(&records, name, question->type);
    buf_append(out, query, 2);
    put16(out, 0x8180 | rcode);
    put16(out, 1);
    put16(out, count);
    put16(out, 0);
    put16(out, 0);
    buf_append(out, query + HEADER_LEN, question->end - HEADER_LEN);
    if (records.len > 0)
        buf_append(out, records.data, records.len);
}

/* False: say nothing. */
static bool answer_query(struct dns_server *server, const unsigned char *query,
                         size_t len, struct buf *out) {
    struct question question;
    if (len < HEADER_LEN || !read_question(query, len, &question))
        return false;
    unsigned asked = question.type == TYPE_A ? note_asked(server, question.name)
                                             : dns_server_asked(server, question.name);
    const struct dns_name *name = server->names;
    while (name->name && strcmp(name->name, question.name) != 0)
        name++;
    if (!name->name)
        name = NULL;
    if (name && (name->manner == DNS_IS_SILENT ||
                 (name->manner == DNS_IS_SILENT_FIRST && asked <= name->silent)))
        return false;
    make_reply(out, query, &question, name);
    return true;
}

static void serve_udp(struct dns_server *server) {
    BUF_AUTO struct buf out = {0};
    unsigned char query[1024];
    struct sockaddr_in client;
    socklen_t size = sizeof client;
    ssize_t len = recvfrom(server->udp, query, sizeof query, MSG_DONTWAIT,
                           (struct sockaddr *)&client, &size);
    if (len <= 0 || !answer_query(server, query, (size_t)len, &out))
        return;
    if (out.len > UDP_MAX) {
        out.data[2] |= 2; /* truncated: ask by TCP */
        out.data[6] = 0;  /* no answers */
        out.data[7] = 0;
        out.len = UDP_MAX;
    }
    sendto(server->udp, out.data, out.len, 0, (struct sockaddr *)&client, size);
}

/* The questions of one connection. */
static void serve_tcp(struct dns_server *server) {
    int fd = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);
    unsigned char query[1024];
    while (recv(fd, query, 2, MSG_WAITALL) == 2) {
        size_t len = (size_t)query[0] << 8 | query[1];
        BUF_AUTO struct buf out = {0};
        BUF_AUTO struct buf framed = {0};
        if (len > sizeof query || recv(fd, query, len, MSG_WAITALL) != (ssize_t)len ||
            !answer_query(server, query, len, &out))
            break;
        put16(&framed, (unsigned)out.len);
        buf_append(&framed, out.data, out.len);
        send(fd, framed.data, framed.len, MSG_NOSIGNAL);
    }
    close(fd);
}

static void *serve(void *user) {
    struct dns_server *server = user;
    for (;;) {
        struct pollfd fds[] = {{.fd = server->stop, .events = POLLIN},
                               {.fd = server->udp, .events = POLLIN},
                               {.fd = server->tcp, .events = POLLIN}};
        if (poll(fds, 3, -1) < 0)
            continue;
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            serve_udp(server);
        if (fds[2].revents)
            serve_tcp(server);
    }
}

/* TCP on a port that is free, UDP on the same one. */
static bool open_sockets(struct dns_server *server) {
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof addr;
    server->stop = eventfd(0, EFD_CLOEXEC);
    server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server->stop < 0 || server->tcp < 0 || server->udp < 0 ||
        bind(server->tcp, (struct sockaddr *)&addr, size) != 0 ||
        getsockname(server->tcp, (struct sockaddr *)&addr, &size) != 0 ||
        listen(server->tcp, 16) != 0 ||
        bind(server->udp, (struct sockaddr *)&addr, size) != 0)
        return false;
    snprintf(server->address, sizeof server->address, "127.0.0.1:%u",
             (unsigned)ntohs(addr.sin_port));
    return true;
}

struct dns_server *dns_server_start(const struct dns_name *names) {
    struct dns_server *server = MEM_NEW(struct dns_server);
    server->names = names;
    pthread_mutex_init(&server->lock, NULL);
    if (!open_sockets(server) ||
        pthread_create(&server->thread, NULL, serve, server) != 0) {
        perror("dns server");
        exit(EXIT_FAILURE);
    }
    return server;
}

void dns_server_stop(struct dns_server *server) {
    uint64_t one = 1;
    if (write(server->stop, &one, sizeof one) != sizeof one)
        exit(EXIT_FAILURE);
    pthread_join(server->thread, NULL);
    pthread_mutex_destroy(&server->lock);
    close(server->udp);
    close(server->tcp);
    close(server->stop);
    free(server);
}

const char *dns_server_address(const struct dns_server *server) {
    return server->address;
}

unsigned dns_server_asked(struct dns_server *server, const char *name) {
    unsigned count = 0;
    pthread_mutex_lock(&server->lock);
    for (unsigned i = 0; i < server->asked_count; i++)
        count += !name || strcmp(server->asked[i], name) == 0;
    pthread_mutex_unlock(&server->lock);
    return count;
}
