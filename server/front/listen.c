/* Our listening sockets. Owns what is set on them and the file of a unix socket; never
 * accepts: the fronts do. Opened by us and not by libmicrohttpd, so that errors are ours,
 * port 0 can be asked for, and one socket serves IPv6 and IPv4. */
#include "front/listen.h"

#include "base/err.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    /* Seconds the kernel keeps a connection to itself until data comes: a port scan or a
     * TCP health probe wakes nobody, and an accepted connection can be read at once. */
    DEFER_S = 5
};

static bool has_path(const struct addr *addr) {
    return addr_is_unix(addr) && addr->u.un.sun_path[0] != '\0';
}

static bool set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static bool set_tcp_options(int fd, const struct addr *addr) {
    if (addr->u.sa.sa_family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0))
        return false;
    return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
           set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
}

/* Nobody accepts on the socket file any more: a process ended without removing it. */
static bool is_stale(const struct addr *addr) {
    struct stat info;
    if (lstat(addr->u.un.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, &addr->u.sa, addr->len) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int bind_to(int fd, const struct addr *addr) {
    int status = bind(fd, &addr->u.sa, addr->len);
    if (status != 0 && errno == EADDRINUSE && has_path(addr)) {
        if (is_stale(addr) && unlink(addr->u.un.sun_path) == 0)
            return bind(fd, &addr->u.sa, addr->len);
        errno = EADDRINUSE;
    }
    return status;
}

/* A listening socket, or -1 with errno. */
static int open_socket(const struct addr *addr) {
    int fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((!addr_is_unix(addr) && !set_tcp_options(fd, addr)) || bind_to(fd, addr) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static bool is_without_ipv6(const struct addr *addr, int cause) {
    return addr->u.sa.sa_family == AF_INET6 && addr_is_any(addr) &&
           (cause == EAFNOSUPPORT || cause == EADDRNOTAVAIL);
}

static const char *hint_for(int cause) {
    switch (cause) {
        case EADDRINUSE:
            return " (another process listens there)";
        case EACCES:
            return " (not permitted: a port below 1024 needs CAP_NET_BIND_SERVICE, a "
                   "socket "
                   "file a directory that we may write to)";
        case EADDRNOTAVAIL:
            return " (no interface of this machine has that address)";
        case ENOENT:
            return " (the directory of the socket file must exist)";
        default:
            return "";
    }
}

int listen_open(const char *text, struct addr *bound, struct err *err) {
    struct addr addr;
    if (!addr_parse_listen(text, &addr, err))
        return -1;
    int fd = open_socket(&addr);
    if (fd < 0 && is_without_ipv6(&addr, errno)) {
        uint16_t port = addr_port(&addr);
        addr = (struct addr){.len = sizeof addr.u.in};
        addr.u.in.sin_family = AF_INET;
        addr_set_port(&addr, port);
        fd = open_socket(&addr);
    }
    if (fd < 0) {
        int cause = errno;
        err_set_sys(err, cause, "cannot listen on %s%s", text, hint_for(cause));
        return -1;
    }
    struct addr real = addr;
    real.len = sizeof real.u;
    if (getsockname(fd, &real.u.sa, &real.len) != 0)
        real = addr;
    *bound = real;
    return fd;
}

void listen_close(int fd, const struct addr *bound) {
    if (fd < 0)
        return;
    /* In this order: a successor that finds a closed socket's file replaces it, and then
     * it would be the successor's file that goes. */
    if (has_path(bound))
        unlink(bound->u.un.sun_path);
    close(fd);
}
