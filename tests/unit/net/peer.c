/* The scripted peer: a thread, a listener, an eventfd that ends every wait. */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

struct peer {
    pthread_t thread;
    int listener;
    int stop;
    struct addr addr;
    peer_script *script;
    const void *argument;
    atomic_uint accepted;
};

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void bind_to(int fd, const char *where, struct addr *addr) {
    struct err err = {0};
    if (!addr_parse_listen(where, addr, &err)) {
        fprintf(stderr, "%s: %s\n", where, err.text);
        exit(EXIT_FAILURE);
    }
    if (bind(fd, &addr->u.sa, addr->len) != 0)
        fail("bind");
    addr->len = sizeof addr->u;
    if (getsockname(fd, &addr->u.sa, &addr->len) != 0)
        fail("getsockname");
}

/* False: the peer is to stop. */
static bool wait_for(const struct peer *peer, int fd, short events) {
    struct pollfd fds[] = {{.fd = peer->stop, .events = POLLIN},
                           {.fd = fd, .events = events}};
    while (poll(fds, 2, -1) < 0) {
    }
    return fds[0].revents == 0;
}

static void *serve(void *user) {
    struct peer *peer = user;
    while (wait_for(peer, peer->listener, POLLIN)) {
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        atomic_fetch_add(&peer->accepted, 1);
        peer->script(peer, fd, peer->argument);
        close(fd);
    }
    return NULL;
}

struct peer *peer_start(const char *where, peer_script *script, const void *argument) {
    struct peer *peer = MEM_NEW(struct peer);
    char own[64];
    peer->script = script;
    peer->argument = argument;
    if (!where)
        where = "127.0.0.1:0";
    if (strcmp(where, "unix:") == 0 || strcmp(where, "unix:@") == 0) {
        snprintf(own, sizeof own, "%s%shr-peer-%d", where, where[5] ? "" : "/tmp/",
                 (int)getpid());
        where = own;
    }
    int family = where[0] == 'u' ? AF_UNIX : where[0] == '[' ? AF_INET6 : AF_INET;
    peer->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    peer->stop = eventfd(0, EFD_CLOEXEC);
    if (peer->listener < 0 || peer->stop < 0)
        fail("socket");
    bind_to(peer->listener, where, &peer->addr);
    if (listen(peer->listener, 1024) != 0)
        fail("listen");
    if (pthread_create(&peer->thread, NULL, serve, peer) != 0)
        fail("pthread_create");
    return peer;
}

void peer_stop(struct peer *peer) {
    uint64_t one = 1;
    if (write(peer->stop, &one, sizeof one) != sizeof one)
        fail("eventfd");
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    close(peer->stop);
    if (addr_is_unix(&peer->addr) && peer->addr.u.un.sun_path[0])
        unlink(peer->addr.u.un.sun_path);
    free(peer);
}

const struct addr *peer_addr(const struct peer *peer) {
    return &peer->addr;
}

unsigned peer_accepted(const struct peer *peer) {
    return atomic_load(&peer->accepted);
}

bool peer_read_request(int fd, char *out, size_t size) {
    char own[4096];
    size_t len = 0;
    if (!out) {
        out = own;
        size = sizeof own;
    }
    while (len < size - 1) {
        ssize_t count = recv(fd, out + len, size - 1 - len, 0);
        if (count <= 0)
            return false;
        len += (size_t)count;
        out[len] = '\0';
        if (strstr(out, "\r\n\r\n"))
            return true;
    }
    return true;
}

void peer_write(int fd, const char *text) {
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t count = send(fd, text, len, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        text += count;
        len -= (size_t)count;
    }
}

void peer_hang(struct peer *peer, int fd) {
    char byte;
    while (wait_for(peer, fd, POLLIN) && recv(fd, &byte, 1, 0) > 0) {
    }
}

void peer_reset(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void peer_hang_script(struct peer *peer, int fd, const void *argument) {
    (void)argument;
    peer_hang(peer, fd);
}

void peer_answer(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    if (peer_read_request(fd, NULL, 0))
        peer_write(fd, argument);
}

void peer_answer_each(struct peer *peer, int fd, const void *argument) {
    while (wait_for(peer, fd, POLLIN) && peer_read_request(fd, NULL, 0))
        peer_write(fd, argument);
}

void peer_answer_and_hang(struct peer *peer, int fd, const void *argument) {
    peer_answer(peer, fd, argument);
    peer_hang(peer, fd);
}

void peer_greet(struct peer *peer, int fd, const void *argument) {
    peer_write(fd, argument);
    peer_hang(peer, fd);
}

struct addr peer_refusing_addr(void) {
    struct addr addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind_to(fd, "127.0.0.1:0", &addr);
    close(fd);
    return addr;
}

void full_listener_open(struct full_listener *listener) {
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind_to(listener->fd, "127.0.0.1:0", &listener->addr);
    if (listen(listener->fd, 0) != 0)
        fail("listen");
    for (size_t i = 0; i < 4; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(fd, &listener->addr.u.sa, listener->addr.len) != 0 &&
            errno != EINPROGRESS)
            fail("connect");
        listener->clients[i] = fd;
    }
}

void full_listener_close(struct full_listener *listener) {
    for (size_t i = 0; i < 4; i++)
        close(listener->clients[i]);
    close(listener->fd);
}
