/* One TCP or unix connection for a check: connect, perhaps send, perhaps expect, close.
 * Loop thread only. */
#ifndef NET_TCP_CLIENT_H
#define NET_TCP_CLIENT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct tcp_exchange;

enum tcp_failure {
    TCP_OK,
    TCP_CONNECT_REFUSED,
    TCP_CONNECT_TIMEOUT,
    TCP_CONNECT_FAILED,
    TCP_CLOSED,   /* closed or reset before a byte came */
    TCP_TIMEOUT,  /* connected; what is expected did not come in time */
    TCP_MISMATCH, /* closed, or max_bytes read, without it */
    TCP_LOCAL_FDS,
    TCP_LOCAL_MEMORY,
};

struct tcp_request {
    const struct addr *connect;
    const char *send; /* NULL: send nothing */
    size_t send_len;
    const char *expect; /* NULL: a connection is enough; bytes to find in what comes */
    size_t expect_len;
    size_t max_bytes; /* read at most so much */
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
};

/* Valid only inside the callback. */
struct tcp_result {
    enum tcp_failure failure;
    int sys; /* errno of a failed connection, or 0 */
    const char *data;
    size_t data_len;
    int64_t connect_us;    /* -1: not reached */
    int64_t first_byte_us; /* -1: none came */
    int64_t total_us;
};

/* Start; what `request` points to is copied. The callback runs once, later, never before
 * this returns; the exchange is gone when it does. */
struct tcp_exchange *
tcp_exchange_start(struct loop *loop, const struct tcp_request *request,
                   void (*callback)(void *user, const struct tcp_result *result),
                   void *user);
void tcp_exchange_cancel(struct tcp_exchange *exchange); /* NULL is fine */

#endif
