/* The physical limit: what the kernel asks for one answer. Accepts, reads once, sends
 * once; parses nothing but the end of the head and whether the client wants the
 * connection closed. The listener is deferred, so an accepted connection can be read at
 * once, as ours is.
 *
 *   limit PORT [LOG]     listens on every IPv4 address, so that 127.1.2.3 is one target
 * of many
 *
 * `GET /count` is answered with the number of other requests so far. LOG gets, for each
 * of them, when it came and which address it was for: struct arrival. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, BACKLOG = 4096, DEFER_S = 5 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                             "Content-Length: 8\r\n\r\nhealthy\n";
static const char last_answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    "Connection: close\r\nContent-Length: 8\r\n\r\nhealthy\n";

struct arrival {
    int64_t mono_ns;
    uint64_t address; /* IPv4, in the order of the machine */
};

static FILE *arrivals; /* NULL: not asked for */
static long answered;

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static int listen_on(const char *port) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
    int one = 1;
    int defer = DEFER_S;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0)
        fail("limit: cannot listen");
    return fd;
}

static void note_arrival(int fd) {
    struct sockaddr_in local = {0};
    socklen_t len = sizeof local;
    struct timespec now;
    answered++;
    if (!arrivals)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    getsockname(fd, (struct sockaddr *)&local, &len);
    const struct arrival arrival = {now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
                                    ntohl(local.sin_addr.s_addr)};
    fwrite(&arrival, sizeof arrival, 1, arrivals);
}

static void send_count(int fd) {
    char text[128];
    int len =
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"
                 "%11ld\n",
                 answered);
    if (arrivals)
        fflush(arrivals);
    send(fd, text, (size_t)len, MSG_NOSIGNAL);
    close(fd);
}

/* False: the connection is over and closed. */
static int serve(int fd) {
    char request[4096];
    ssize_t len = recv(fd, request, sizeof request - 1, 0);
    if (len < 0 && errno == EAGAIN)
        return 1;
    if (len <= 0) {
        close(fd);
        return 0;
    }
    request[len] = '\0';
    if (strncmp(request, "GET /count ", 11) == 0) {
        send_count(fd);
        return 0;
    }
    note_arrival(fd);
    int closes = strcasestr(request, "\r\nconnection: close") != NULL;
    const char *text = closes ? last_answer : answer;
    size_t text_len = closes ? sizeof last_answer - 1 : sizeof answer - 1;
    if (send(fd, text, text_len, MSG_NOSIGNAL) < 0 || closes) {
        close(fd);
        return 0;
    }
    return 1;
}

static void accept_all(int listener, int epoll) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
        if (serve(fd) && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            close(fd);
    }
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: limit PORT [LOG]\n");
        return 2;
    }
    if (argc == 3 && !(arrivals = fopen(argv[2], "wb")))
        fail("limit: cannot write the log");
    int listener = listen_on(argv[1]);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        fail("limit: epoll");
    for (;;) {
        struct epoll_event ready[EVENTS];
        int count = epoll_wait(epoll, ready, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener)
                accept_all(listener, epoll);
            else
                serve(ready[i].data.fd);
        }
    }
}
