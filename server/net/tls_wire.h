/* A TLS session, as client, over a socket that does not block.
 *
 * OpenSSL's own socket layer raises SIGPIPE, sends each flight by itself, and lets a peer
 * that sends without end hold the loop. Here what OpenSSL wants to be sent is collected
 * until tls_wire_flush, and a turn reads a bounded part. */
#ifndef NET_TLS_WIRE_H
#define NET_TLS_WIRE_H

#include "base/buf.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct tls_context;

enum { TLS_WIRE_ERROR_MAX = 120 };

enum tls_step {
    TLS_STEP_DONE,
    TLS_STEP_MORE,       /* the peer has to send something first */
    TLS_STEP_CLOSED,     /* it said that nothing more will come (close_notify) */
    TLS_STEP_CUT,        /* closed without a word, or reset */
    TLS_STEP_REFUSED,    /* it sent an alert */
    TLS_STEP_DISTRUSTED, /* by us: verify_error */
    TLS_STEP_BROKEN,     /* no TLS, or none that we can speak */
    TLS_STEP_NO_MEMORY,
};

/* To be read only. */
struct tls_wire {
    SSL *ssl;
    int fd;
    bool is_ready;    /* the handshake is over */
    bool is_closed;   /* by the peer */
    bool is_broken;   /* nothing can be sent any more, not even a goodbye */
    int sys;          /* errno of what failed on the socket, or 0 */
    size_t sent;      /* bytes on the socket */
    size_t received;  /* the same */
    size_t allowance; /* bytes that may still be read in this turn */
    struct buf unsent;
    char *host; /* owned; whom the certificate must name; NULL: any is taken */
    bool is_literal;
    int verify_error;      /* X509_V_ERR_*; X509_V_OK: none */
    bool is_chain_missing; /* no certificate that was sent issued the server's own */
    char error[TLS_WIRE_ERROR_MAX]; /* words for the last step that failed */
};

/* What sessions share. `alpn`: one protocol to offer, or NULL. TLS 1.2 or later; sessions
 * are never resumed, because a resumed one shows no certificate. */
struct tls_context *tls_context_new(const char *alpn, struct err *err);
/* All its wires must be gone. NULL is fine. */
void tls_context_free(struct tls_context *context);

/* `fd` stays the caller's, and open until tls_wire_free. NULL without memory. */
struct tls_wire *tls_wire_new(struct tls_context *context, int fd);
/* Says goodbye where the session allows it. NULL is fine. */
void tls_wire_free(struct tls_wire *wire);
/* Send this name (SNI). False without memory. */
bool tls_wire_set_name(struct tls_wire *wire, const char *name);
/* Refuse a certificate that does not lead to one of `store`, or does not name `host`,
 * which may be a numeric address. Otherwise any is taken. */
void tls_wire_verify(struct tls_wire *wire, X509_STORE *store, const char *host,
                     bool is_literal);

/* It will wait long between exchanges: hold no buffers (20 KiB) meanwhile, though that
 * costs time. */
void tls_wire_save_memory(struct tls_wire *wire);

/* Once a turn, before the first step. */
void tls_wire_begin_turn(struct tls_wire *wire);
enum tls_step tls_wire_shake(struct tls_wire *wire);
/* All of it. */
enum tls_step tls_wire_write(struct tls_wire *wire, const char *bytes, size_t len);
/* DONE: `len` bytes, at least one. To be repeated until it says something else: what
 * OpenSSL has read ahead makes no socket readable. */
enum tls_step tls_wire_read(struct tls_wire *wire, char *bytes, size_t size, size_t *len);
/* Bytes have come that tls_wire_read has not handed out. */
bool tls_wire_has_more(const struct tls_wire *wire);
/* Send what was collected, as far as the socket takes it. False where it takes nothing
 * any more: `sys`. */
bool tls_wire_flush(struct tls_wire *wire);
/* What to wait for: LOOP_WRITABLE while something is left to be sent, as nothing is read
 * meanwhile; else LOOP_READABLE. */
int tls_wire_events(const struct tls_wire *wire);

#endif
