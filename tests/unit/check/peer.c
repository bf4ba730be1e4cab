/* Scripted peers. One connection at a time, blocking, in a thread that a pipe ends; every
 * wait is bounded, so that a test fails instead of hanging. */
#include "peer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/mem.h"

enum { HEARD_MAX = 8192, WAIT_MS = 5000 };

struct peer {
    struct peer_script script;
    struct addr addr;
    int listener;
    int stop[2]; /* closing the writing end stops the thread */
    pthread_t thread;
    atomic_int connections;
    atomic_int requests;
    char heard[HEARD_MAX];
    size_t heard_len;
};

struct line {
    int fd;
    SSL *tls; /* or NULL */
};

static void check(bool fine) {
    if (!fine)
        abort();
}

static ssize_t line_read(const struct line *line, void *data, size_t size) {
    if (line->tls)
        return SSL_read(line->tls, data, (int)size);
    return recv(line->fd, data, size, 0);
}

static bool line_write(const struct line *line, const char *data, size_t len) {
    while (len > 0) {
        ssize_t sent = line->tls ? SSL_write(line->tls, data, (int)len)
                                 : send(line->fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* False if the peer is to stop, or nothing came for too long. */
static bool wait_readable(const struct peer *peer, int fd) {
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = peer->stop[0], .events = POLLIN}};
    return poll(fds, 2, WAIT_MS) > 0 && fds[1].revents == 0;
}

static bool read_request(struct peer *peer, const struct line *line) {
    peer->heard_len = 0;
    while (peer->heard_len < HEARD_MAX - 1) {
        if (!(line->tls && SSL_pending(line->tls) > 0) && !wait_readable(peer, line->fd))
            return false;
        ssize_t got = line_read(line, peer->heard + peer->heard_len,
                                HEARD_MAX - 1 - peer->heard_len);
        if (got <= 0)
            return false;
        peer->heard_len += (size_t)got;
        peer->heard[peer->heard_len] = '\0';
        if (strstr(peer->heard, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void wait_closed(const struct peer *peer, const struct line *line) {
    char ignored[512];
    while (wait_readable(peer, line->fd) &&
           recv(line->fd, ignored, sizeof ignored, 0) > 0)
        continue;
}

static void talk(struct peer *peer, const struct line *line) {
    const struct peer_script *script = &peer->script;
    if (line->tls && SSL_accept(line->tls) != 1)
        return;
    if (!script->speaks_first && !read_request(peer, line))
        return;
    atomic_fetch_add(&peer->requests, 1);
    if (script->say && !line_write(line, script->say, strlen(script->say)))
        return;
    struct pollfd stop = {.fd = peer->stop[0], .events = POLLIN};
    while (script->repeat && line_write(line, script->repeat, strlen(script->repeat))) {
        if (poll(&stop, 1, 0) != 0)
            return;
    }
    if (script->hangs)
        wait_closed(peer, line);
    if (line->tls)
        SSL_shutdown(line->tls);
}

static void serve(struct peer *peer, int fd) {
    struct line line = {.fd = fd};
    struct timeval limit = {.tv_sec = WAIT_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (peer->script.tls) {
        line.tls = SSL_new(peer->script.tls);
        check(line.tls && SSL_set_fd(line.tls, fd) == 1);
    }
    talk(peer, &line);
    SSL_free(line.tls);
    if (peer->script.resets) {
        struct linger reset = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    close(fd);
}

static void *run(void *user) {
    struct peer *peer = user;
    struct pollfd fds[] = {{.fd = peer->listener, .events = POLLIN},
                           {.fd = peer->stop[0], .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            continue;
        atomic_fetch_add(&peer->connections, 1);
        serve(peer, fd);
    }
    return NULL;
}

static void remove_socket_file(const struct addr *addr) {
    if (addr_is_unix(addr) && addr->u.un.sun_path[0] != '\0')
        unlink(addr->u.un.sun_path);
}

static int listen_at(struct addr *addr, int backlog) {
    int fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    check(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    check(bind(fd, &addr->u.sa, addr->len) == 0 && listen(fd, backlog) == 0);
    if (!addr_is_unix(addr)) {
        struct addr bound = {.len = sizeof bound.u};
        check(getsockname(fd, &bound.u.sa, &bound.len) == 0);
        *addr = bound;
    }
    return fd;
}

struct peer *peer_start(const char *where, const struct peer_script *script) {
    struct peer *peer = MEM_NEW(struct peer);
    peer->script = *script;
    check(addr_parse_listen(where, &peer->addr, NULL));
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that the other side closed */
    remove_socket_file(&peer->addr); /* of an earlier process that had our pid */
    peer->listener = listen_at(&peer->addr, 16);
    check(pipe(peer->stop) == 0);
    check(pthread_create(&peer->thread, NULL, run, peer) == 0);
    return peer;
}

void peer_stop(struct peer *peer) {
    close(peer->stop[1]);
    pthread_join(peer->thread, NULL);
    close(peer->stop[0]);
    close(peer->listener);
    remove_socket_file(&peer->addr);
    free(peer);
}

uint16_t peer_port(const struct peer *peer) {
    return addr_port(&peer->addr);
}

int peer_connections(const struct peer *peer) {
    return atomic_load(&peer->connections);
}

int peer_requests(const struct peer *peer) {
    return atomic_load(&peer->requests);
}

const char *peer_heard(const struct peer *peer) {
    return peer->heard;
}

void peer_full_start(struct peer_full *full) {
    struct addr addr;
    check(addr_parse_listen("127.0.0.1:0", &addr, NULL));
    *full = (struct peer_full){.count = 1};
    full->fds[0] = listen_at(&addr, 0);
    full->port = addr_port(&addr);
    struct pollfd poll_fd = {.events = POLLOUT};
    do {
        check(full->count < PEER_FULL_FDS);
        poll_fd.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        full->fds[full->count++] = poll_fd.fd;
        connect(poll_fd.fd, &addr.u.sa, addr.len);
    } while (poll(&poll_fd, 1, 100) > 0);
}

void peer_full_stop(struct peer_full *full) {
    for (int i = 0; i < full->count; i++)
        close(full->fds[i]);
}

uint16_t peer_closed_port(const char *ip) {
    struct addr addr;
    check(addr_parse_ip(ip, 0, &addr));
    int fd = listen_at(&addr, 1);
    close(fd);
    return addr_port(&addr);
}
