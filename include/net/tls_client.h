/* One TLS handshake for a check: connect, shake hands, note what the server showed,
 * close. Nothing is refused here: a bad certificate is a fact like a good one.
 *
 * Files of trusted certificates are read when they are first needed and again when they
 * have changed. Loop thread only. */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "base/addr.h"
#include "net/tls_facts.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct loop;
struct tls_client;
struct tls_handshake;

enum handshake_failure {
    HANDSHAKE_OK, /* `facts` tell the rest */
    HANDSHAKE_CONNECT_REFUSED,
    HANDSHAKE_CONNECT_TIMEOUT,
    HANDSHAKE_CONNECT_FAILED,
    HANDSHAKE_CLOSED,  /* closed or reset before a byte came */
    HANDSHAKE_CUT,     /* closed or reset inside the handshake */
    HANDSHAKE_TIMEOUT, /* connected, then too slow */
    HANDSHAKE_REFUSED, /* an alert; `error` says which */
    HANDSHAKE_NOT_TLS, /* something else than TLS, or broken TLS */
    HANDSHAKE_LOCAL_FDS,
    HANDSHAKE_LOCAL_MEMORY,
};

struct tls_request {
    const struct addr *connect;
    const char *server_name;      /* SNI; NULL: none is sent */
    const char *ca_file;          /* PEM; NULL: the system's */
    const char *root_fingerprint; /* SHA-256 of a root, 64 hex digits; NULL: any root */
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
};

/* Valid only inside the callback. */
struct tls_result {
    enum handshake_failure failure;
    int sys;                       /* errno of a failed connection, or 0 */
    const struct tls_facts *facts; /* HANDSHAKE_OK only, else NULL */
    bool got_bytes;                /* at least one byte came back */
    int64_t connect_us;            /* from the start; -1: not reached */
    int64_t tls_us;                /* the same, of a finished handshake */
    int64_t total_us;
    const char *error; /* OpenSSL's words, "" if none */
};

struct tls_client *tls_client_new(struct loop *loop, struct err *err);
/* All handshakes must be over or cancelled. NULL is fine. */
void tls_client_free(struct tls_client *client);

/* Start; what `request` points to is copied. The callback runs once, later, never before
 * this returns; the handshake is gone when it does. */
struct tls_handshake *
tls_handshake_start(struct tls_client *client, const struct tls_request *request,
                    void (*callback)(void *user, const struct tls_result *result),
                    void *user);
void tls_handshake_cancel(struct tls_handshake *handshake); /* NULL is fine */

#endif
