/* HTTP by hand: bytes out, one response in. Every wait ends after RAW_TIMEOUT_S. */
#ifndef TESTS_UNIT_FRONT_RAW_H
#define TESTS_UNIT_FRONT_RAW_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/addr.h"

enum { RAW_TIMEOUT_S = 10, RAW_BYTES_MAX = 256 * 1024 };

/* A client connection with what it has received and not read yet. */
struct raw {
    int fd;
    size_t len;
    char data[RAW_BYTES_MAX];
};

struct raw_reply {
    int status; /* 0: no response came */
    char *head; /* up to and with the empty line; heap */
    char *body; /* heap, with a NUL behind it */
    size_t body_len;
};

static inline void raw_fail(const char *what) {
    perror(what);
    abort();
}

static inline struct raw *raw_open(const struct addr *to) {
    struct raw *raw = calloc(1, sizeof *raw);
    if (!raw)
        abort();
    raw->fd = socket(to->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = RAW_TIMEOUT_S};
    setsockopt(raw->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(raw->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (raw->fd < 0 || connect(raw->fd, &to->u.sa, to->len) != 0)
        raw_fail("connect");
    return raw;
}

static inline void raw_close(struct raw *raw) {
    close(raw->fd);
    free(raw);
}

static inline void raw_send_bytes(struct raw *raw, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(raw->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return; /* a server that refuses may close before it has read all */
        if (sent < 0)
            raw_fail("send");
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void raw_send(struct raw *raw, const char *text) {
    raw_send_bytes(raw, text, strlen(text));
}

/* More bytes; false at the end of the stream or after a reset. */
static inline bool raw_fill(struct raw *raw) {
    if (raw->len == sizeof raw->data - 1)
        abort();
    ssize_t got = recv(raw->fd, raw->data + raw->len, sizeof raw->data - 1 - raw->len, 0);
    if (got < 0 && errno != ECONNRESET)
        raw_fail("recv");
    raw->len += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The value of a header, or NULL; *count, if asked for, says how often it is there. */
static inline char *raw_header(const struct raw_reply *reply, const char *name,
                               int *count) {
    static _Thread_local char value[1024];
    size_t name_len = strlen(name);
    int found = 0;
    const char *line = strstr(reply->head, "\r\n");
    for (; line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        const char *field = line + 2;
        if (strncasecmp(field, name, name_len) != 0 || field[name_len] != ':')
            continue;
        field += name_len + 1;
        field += strspn(field, " ");
        if (found++ == 0)
            snprintf(value, sizeof value, "%.*s", (int)strcspn(field, "\r"), field);
    }
    if (count)
        *count = found;
    return found > 0 ? value : NULL;
}

/* The header is there once, with this value; case counts. */
static inline bool raw_has(const struct raw_reply *reply, const char *name,
                           const char *value) {
    int count;
    const char *found = raw_header(reply, name, &count);
    return count == 1 && strcmp(found, value) == 0;
}

static inline char *raw_copy(const char *bytes, size_t len) {
    char *copy = calloc(1, len + 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, len);
    return copy;
}

static inline void raw_reply_free(struct raw_reply *reply) {
    free(reply->head);
    free(reply->body);
    *reply = (struct raw_reply){0};
}

/* One response; its bytes leave the buffer. The status is 0 if the connection ended
 * first. */
static inline struct raw_reply raw_read(struct raw *raw, bool is_head) {
    struct raw_reply reply = {0};
    char *end;
    while (!(end = strstr(raw->data, "\r\n\r\n"))) {
        if (!raw_fill(raw)) {
            reply.head = raw_copy("\r\n\r\n", 4);
            reply.body = raw_copy("", 0);
            return reply;
        }
    }
    size_t head_len = (size_t)(end - raw->data) + 4;
    reply.head = raw_copy(raw->data, head_len);
    reply.status = (int)strtol(reply.head + strlen("HTTP/1.1 "), NULL, 10);
    const char *length = raw_header(&reply, "Content-Length", NULL);
    reply.body_len = length && !is_head ? strtoul(length, NULL, 10) : 0;
    while (raw->len < head_len + reply.body_len && raw_fill(raw))
        continue;
    if (raw->len < head_len + reply.body_len)
        reply.body_len = raw->len - head_len;
    reply.body = raw_copy(raw->data + head_len, reply.body_len);
    raw->len -= head_len + reply.body_len;
    memmove(raw->data, raw->data + head_len + reply.body_len, raw->len);
    raw->data[raw->len] = '\0';
    return reply;
}

/* The server ended the connection, and nothing came before that. */
static inline bool raw_is_closed(struct raw *raw) {
    return raw->len == 0 && !raw_fill(raw);
}

/* libmicrohttpd made this refusal itself: 1.0 does where 0.9.75 leaves it to us. */
static inline bool raw_is_library_refusal(const struct raw_reply *reply) {
    return reply->status == 400 && strncmp(reply->body, "<html>", 6) == 0;
}

/* One request on a connection of its own. */
static inline struct raw_reply raw_ask(const struct addr *to, const char *request) {
    struct raw *raw = raw_open(to);
    raw_send(raw, request);
    struct raw_reply reply = raw_read(raw, strncmp(request, "HEAD ", 5) == 0);
    raw_close(raw);
    return reply;
}

#endif
