/* The admin port of the tests: blocking, in a thread that a pipe ends. Fails the test by
 * abort(), because it has no test state. */
#include "admin_port.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/mem.h"

enum { REQUEST_MAX = 16384, WAIT_MS = 5000 };

struct admin_port {
    const struct admin_page *pages;
    int listener;
    int stop[2]; /* closing the writing end stops the thread */
    uint16_t number;
    pthread_t thread;
    atomic_int requests;
    struct buf heard;
};

static void check(bool fine) {
    if (!fine)
        abort();
}

/* False if the port is to stop, or nothing came for too long. */
static bool wait_readable(const struct admin_port *port, int fd) {
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = port->stop[0], .events = POLLIN}};
    return poll(fds, 2, WAIT_MS) > 0 && fds[1].revents == 0;
}

static bool read_request(const struct admin_port *port, int fd, char *request) {
    size_t len = 0;
    while (len < REQUEST_MAX - 1 && wait_readable(port, fd)) {
        ssize_t got = recv(fd, request + len, REQUEST_MAX - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n"))
            return true;
    }
    return false;
}

static struct admin_page find(const struct admin_port *port, const char *request) {
    static const char method[] = "GET ";
    for (const struct admin_page *i = port->pages; i->path; i++) {
        if (strncmp(request, method, sizeof method - 1) == 0 &&
            strncmp(request + sizeof method - 1, i->path, strlen(i->path)) == 0)
            return *i;
    }
    return (struct admin_page){.status = 404, .body = ""};
}

static void serve(struct admin_port *port, int fd) {
    char request[REQUEST_MAX];
    BUF_AUTO struct buf answer = {0};
    if (!read_request(port, fd, request))
        return;
    struct admin_page page = find(port, request);
    buf_append(&port->heard, request, strcspn(request, "\r"));
    buf_putc(&port->heard, '\n');
    atomic_fetch_add(&port->requests, 1);
    if (page.status < 0)
        wait_readable(port, fd);
    if (page.status <= 0)
        return;
    buf_printf(&answer, "HTTP/1.1 %d x\r\nserver: envoy\r\ncontent-length: %zu\r\n\r\n",
               page.status, strlen(page.body));
    buf_puts(&answer, page.body);
    for (size_t sent = 0; sent < answer.len;) {
        ssize_t count = send(fd, answer.data + sent, answer.len - sent, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        sent += (size_t)count;
    }
}

static void *run(void *user) {
    struct admin_port *port = user;
    struct pollfd fds[] = {{.fd = port->listener, .events = POLLIN},
                           {.fd = port->stop[0], .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        struct timeval limit = {.tv_sec = WAIT_MS / 1000};
        int fd = accept(port->listener, NULL, NULL);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        serve(port, fd);
        close(fd);
    }
    return NULL;
}

struct admin_port *admin_port_start(const struct admin_page *pages) {
    struct admin_port *port = MEM_NEW(struct admin_port);
    struct addr addr;
    port->pages = pages;
    check(addr_parse_ip("127.0.0.1", 0, &addr));
    port->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(port->listener >= 0 && bind(port->listener, &addr.u.sa, addr.len) == 0);
    check(listen(port->listener, 16) == 0);
    check(getsockname(port->listener, &addr.u.sa, &addr.len) == 0);
    port->number = addr_port(&addr);
    check(pipe(port->stop) == 0);
    check(pthread_create(&port->thread, NULL, run, port) == 0);
    return port;
}

void admin_port_stop(struct admin_port *port) {
    close(port->stop[1]);
    pthread_join(port->thread, NULL);
    close(port->stop[0]);
    close(port->listener);
    buf_fini(&port->heard);
    free(port);
}

uint16_t admin_port_number(const struct admin_port *port) {
    return port->number;
}

int admin_port_requests(const struct admin_port *port) {
    return atomic_load(&port->requests);
}

const char *admin_port_heard(const struct admin_port *port) {
    return port->heard.data;
}
