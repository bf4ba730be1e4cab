/* Starts and stops libmicrohttpd and owns what both ports need from it: options, its log,
 * closing the listener without a reset, the headers of every answer. Knows no route and
 * no answer.
 *
 * Written to 0.9.75, which is also correct on 1.0. MHD_USE_TURBO saves a shutdown() and
 * often an epoll_wait() per connection; it is unsafe only for sockets that are shared
 * with another process, and ours are close-on-exec. SO_REUSEPORT is left off, so that a
 * second instance fails loudly. */
#include "httpd_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOG_EVERY_US = 1000 * 1000, LOG_TEXT_MAX = 256, QUIESCE_WAIT_MS = 1000 };

struct httpd {
    struct MHD_Daemon *mhd;
    struct httpd_options options;
    atomic_bool is_quiesced;
    atomic_int_fast64_t next_log_us;
    atomic_int_fast64_t log_skipped;
};

/* Mostly about what clients send, so it is for debugging, and never a flood. */
__attribute__((format(printf, 2, 0))) static void on_log(void *user, const char *fmt,
                                                         va_list args) {
    struct httpd *httpd = user;
    int64_t now_us = clock_mono_us();
    if (now_us < atomic_load(&httpd->next_log_us)) {
        atomic_fetch_add(&httpd->log_skipped, 1);
        return;
    }
    atomic_store(&httpd->next_log_us, now_us + LOG_EVERY_US);
    char text[LOG_TEXT_MAX];
    int len = vsnprintf(text, sizeof text, fmt, args);
    if (len > 0)
        text[strcspn(text, "\n")] = '\0';
    log_event(LOG_LEVEL_DEBUG, "http_server", LOG_TEXT("text", len > 0 ? text : fmt),
              LOG_INT("skipped", atomic_exchange(&httpd->log_skipped, 0)));
}

/* Paths are compared as they were sent; query values are decoded by who reads them. */
static size_t on_unescape(void *user, struct MHD_Connection *connection, char *text) {
    (void)user;
    (void)connection;
    return strlen(text);
}

/* The connection that quiesce_in_daemon_thread made up. */
static bool is_wake_up(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
               ->client_addr->sa_family == AF_UNSPEC;
}

static void quiesce(struct httpd *httpd) {
    MHD_quiesce_daemon(httpd->mhd);
    atomic_store(&httpd->is_quiesced, true);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    struct httpd *httpd = user;
    const struct httpd_options *options = &httpd->options;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (options->on_close)
            options->on_close(options->user, *context);
        return;
    }
    bool is_late = atomic_load(&httpd->is_quiesced);
    if (is_wake_up(connection)) {
        is_late = false;
        quiesce(httpd);
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                     ->connect_fd;
        send(fd, "q", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (options->on_open)
        options->on_open(options->user, connection, context, is_late);
}

/* MHD_quiesce_daemon takes the listener out of the epoll set while the daemon's thread
 * may be about to do the same; in 0.9.75 the one that comes second aborts the process.
 * Called in the daemon's thread it cannot meet itself, so a connection is made up to get
 * there; a byte on it says that it is done. False where the daemon is full or stuck. */
static bool quiesce_in_daemon_thread(struct httpd *httpd) {
    static const struct sockaddr wake_up = {.sa_family = AF_UNSPEC};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    char byte;
    struct pollfd wait = {.fd = pair[1], .events = POLLIN};
    /* MHD_add_connection closes pair[0], soon or at the end. */
    bool done = MHD_add_connection(httpd->mhd, pair[0], &wake_up, sizeof wake_up) &&
                poll(&wait, 1, QUIESCE_WAIT_MS) == 1 && recv(pair[1], &byte, 1, 0) == 1;
    close(pair[1]);
    return done;
}

struct httpd *httpd_start(const struct httpd_options *options, struct err *err) {
    struct httpd *httpd = MEM_NEW(struct httpd);
    httpd->options = *options;
    errno = 0;
    /* The logger comes first, or what goes wrong with the others is printed. */
    /* clang-format off */
    httpd->mhd = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ITC | MHD_USE_ERROR_LOG,
        0, NULL, NULL, options->on_request, options->user,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, httpd,
        MHD_OPTION_LISTEN_SOCKET, options->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, options->connection_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
        MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, options->on_completed, options->user,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd,
#if MHD_VERSION >= 0x01000000
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 0,
#else
        MHD_OPTION_STRICT_FOR_CLIENT, 0,
#endif
        MHD_OPTION_END);
    /* clang-format on */
    if (!httpd->mhd) {
        err_set_sys(err, errno, "cannot start the HTTP server's thread");
        httpd_stop(httpd);
        return NULL;
    }
    return httpd;
}

void httpd_close_listener(struct httpd *httpd, atomic_int *late) {
    if (!quiesce_in_daemon_thread(httpd))
        quiesce(httpd);
    for (;;) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof peer;
        struct sockaddr *sa = (struct sockaddr *)&peer;
        int fd =
            accept4(httpd->options.listen_fd, sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return;
        atomic_fetch_add(late, 1);
        if (MHD_add_connection(httpd->mhd, fd, sa, len) != MHD_YES) /* closes it then */
            atomic_fetch_sub(late, 1);
    }
}

void httpd_stop(struct httpd *httpd) {
    if (!httpd)
        return;
    if (httpd->mhd) {
        /* Without this MHD_stop_daemon would close the listening socket, which is not
         * its. */
        if (!atomic_load(&httpd->is_quiesced) && !quiesce_in_daemon_thread(httpd))
            quiesce(httpd);
        MHD_stop_daemon(httpd->mhd);
    }
    free(httpd);
}

unsigned httpd_connection_limit(unsigned wanted) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 >= wanted)
        return wanted;
    return files.rlim_cur >= 2 ? (unsigned)(files.rlim_cur / 2) : 1;
}

struct MHD_Response *httpd_response(char *text, size_t len, const char *media_type) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}
