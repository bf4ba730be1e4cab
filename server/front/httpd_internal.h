/* One libmicrohttpd daemon with a thread of its own, as both ports want it. */
#ifndef FRONT_HTTPD_INTERNAL_H
#define FRONT_HTTPD_INTERNAL_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct httpd;

struct httpd_options {
    int listen_fd; /* stays the caller's; may be closed after httpd_close_listener */
    unsigned connection_limit;
    unsigned idle_timeout_s;
    size_t connection_memory; /* bytes for the heads of one request and its response */
    MHD_AccessHandlerCallback on_request;
    MHD_RequestCompletedCallback on_completed;
    /* May be NULL. `*context` is the connection's MHD_CONNECTION_INFO_SOCKET_CONTEXT;
     * is_late: handed over by httpd_close_listener. */
    void (*on_open)(void *user, struct MHD_Connection *connection, void **context,
                    bool is_late);
    void (*on_close)(void *user, void *context);
    void *user; /* of the four callbacks, which run in the daemon's thread */
};

/* Paths and queries reach on_request as they were sent, nothing is unescaped. */
struct httpd *httpd_start(const struct httpd_options *options, struct err *err);

/* Accept no more. Connections that wait in the kernel's queue are handed to the daemon;
 * each adds one to `late`, which who learns of it by on_open(is_late) takes off. Where
 * the daemon is full or stuck, on_open may call one more connection late than was added.
 * Once. */
void httpd_close_listener(struct httpd *httpd, atomic_int *late);

/* Closes every connection and ends the thread; the listening socket stays open. */
void httpd_stop(struct httpd *httpd); /* NULL is fine */

/* `wanted` connections, or half of what RLIMIT_NOFILE allows if that is less. */
unsigned httpd_connection_limit(unsigned wanted);

/* A response with the headers that every answer carries. Takes `text` (heap). NULL where
 * there is no memory; the text is freed then too. */
struct MHD_Response *httpd_response(char *text, size_t len, const char *media_type);

#endif
