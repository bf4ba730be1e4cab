/* TLS handshakes by OpenSSL on the loop.
 *
 * Owns the SSL_CTX, the sockets and the parsed files of trusted certificates. Trusts
 * nobody and refuses nobody: certificates are looked at once the handshake is over.
 * OpenSSL sees memory, never a socket: so a peer that sends without end cannot hold the
 * loop, and one that is gone raises no SIGPIPE. */
#include "net/tls_client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "deadline.h"
#include "dial.h"
#include "net/loop.h"
#include "tls_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ERROR_TEXT_MAX = 120,
    READ_CHUNK = 16 * 1024,   /* a turn: OpenSSL skips some messages for ever */
    RECEIVE_MAX = 512 * 1024, /* all of a handshake; OpenSSL takes 100 KiB of chain */
};

struct tls_client {
    struct loop *loop;
    SSL_CTX *ctx;
    struct tls_stores *stores;
};

struct tls_handshake {
    struct tls_client *client;
    struct arena *arena; /* the texts of the request, then the facts */
    const char *ca_file;
    const char *root_fingerprint;
    struct dial dial;
    struct deadline deadline; /* of the handshake, once connected */
    struct loop_poll *poll;
    int fd; /* owned; -1: not connected */
    SSL *ssl;
    BIO *in;  /* owned by ssl, as the next */
    BIO *out; /* what OpenSSL wants to be sent; drained into `unsent` */
    struct buf unsent;
    size_t sent;
    size_t received;
    int64_t start_us;
    int64_t end_us;
    struct tls_result result;
    struct tls_facts facts;
    char error[ERROR_TEXT_MAX];
    void (*callback)(void *user, const struct tls_result *result);
    void *user;
};

static void release(struct tls_handshake *handshake) {
    dial_cancel(&handshake->dial);
    loop_poll_free(handshake->poll);
    deadline_fini(&handshake->deadline);
    SSL_free(handshake->ssl);
    if (handshake->fd >= 0)
        close(handshake->fd);
    buf_fini(&handshake->unsent);
    arena_free(handshake->arena);
    free(handshake);
}

static int64_t elapsed_us(const struct tls_handshake *handshake) {
    return clock_mono_us() - handshake->start_us;
}

static void finish(struct tls_handshake *handshake, enum handshake_failure failure) {
    struct tls_result *result = &handshake->result;
    result->failure = failure;
    result->error = handshake->error;
    result->total_us = elapsed_us(handshake);
    result->got_bytes = handshake->received > 0;
    handshake->callback(handshake->user, result);
    release(handshake);
}

static void finish_closed(struct tls_handshake *handshake) {
    finish(handshake, handshake->received > 0 ? HANDSHAKE_CUT : HANDSHAKE_CLOSED);
}

/* False when the peer has closed or reset. */
static bool send_rest(struct tls_handshake *handshake) {
    while (handshake->sent < handshake->unsent.len) {
        ssize_t count = send(handshake->fd, handshake->unsent.data + handshake->sent,
                             handshake->unsent.len - handshake->sent, MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        handshake->sent += (size_t)count;
    }
    buf_clear(&handshake->unsent);
    handshake->sent = 0;
    return true;
}

/* False when nothing more will come. */
static bool read_some(struct tls_handshake *handshake) {
    char chunk[READ_CHUNK];
    ssize_t count = recv(handshake->fd, chunk, sizeof chunk, 0);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    handshake->received += (size_t)count;
    return count > 0 && BIO_write(handshake->in, chunk, (int)count) == (int)count;
}

static void take_output(struct tls_handshake *handshake) {
    char chunk[2048];
    int count;
    while ((count = BIO_read(handshake->out, chunk, sizeof chunk)) > 0)
        buf_append(&handshake->unsent, chunk, (size_t)count);
}

static enum handshake_failure failure_of_ssl(struct tls_handshake *handshake) {
    unsigned long code = ERR_peek_error();
    const char *words = ERR_reason_error_string(code);
    text_copy(handshake->error, sizeof handshake->error, words ? words : "");
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return HANDSHAKE_LOCAL_MEMORY;
    bool is_alert =
        ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
    return is_alert ? HANDSHAKE_REFUSED : HANDSHAKE_NOT_TLS;
}

static void note_facts(struct tls_handshake *handshake) {
    struct tls_facts *facts = &handshake->facts;
    struct err err = {0};
    X509_STORE *store =
        tls_stores_get(handshake->client->stores, handshake->ca_file, &err);
    facts->version = SSL_get_version(handshake->ssl);
    tls_facts_read(facts, handshake->arena, SSL_get_peer_cert_chain(handshake->ssl),
                   store, &err, handshake->root_fingerprint);
    handshake->result.facts = facts;
}

/* Let OpenSSL go on with what came, and send what it answers. */
static void advance(struct tls_handshake *handshake) {
    ERR_clear_error();
    int rc = SSL_do_handshake(handshake->ssl);
    bool goes_on = rc != 1 && SSL_get_error(handshake->ssl, rc) == SSL_ERROR_WANT_READ;
    enum handshake_failure end = HANDSHAKE_OK;
    if (rc == 1) {
        handshake->result.tls_us = elapsed_us(handshake);
        note_facts(handshake);
        SSL_shutdown(handshake->ssl); /* only writes its goodbye */
    } else if (!goes_on) {
        end = failure_of_ssl(handshake);
    }
    ERR_clear_error();
    take_output(handshake);
    bool is_open = send_rest(handshake);
    if (!goes_on)
        finish(handshake, end);
    else if (!is_open)
        finish_closed(handshake);
    else
        loop_poll_set(handshake->poll,
                      LOOP_READABLE | (handshake->unsent.len > 0 ? LOOP_WRITABLE : 0));
}

static void on_ready(void *user, int events) {
    struct tls_handshake *handshake = user;
    if ((events & LOOP_READABLE) && !read_some(handshake)) {
        finish_closed(handshake);
    } else if (handshake->received > RECEIVE_MAX) {
        text_copy(handshake->error, sizeof handshake->error, "it does not end");
        finish(handshake, HANDSHAKE_NOT_TLS);
    } else {
        advance(handshake);
    }
}

static void on_deadline(void *user) {
    finish(user, HANDSHAKE_TIMEOUT);
}

static enum handshake_failure failure_of_errno(int sys) {
    switch (sys) {
        case ECONNREFUSED:
            return HANDSHAKE_CONNECT_REFUSED;
        case ETIMEDOUT:
            return HANDSHAKE_CONNECT_TIMEOUT;
        case ECONNRESET:
            return HANDSHAKE_CLOSED;
        case EMFILE:
        case ENFILE:
            return HANDSHAKE_LOCAL_FDS;
        case ENOMEM:
        case ENOBUFS:
            return HANDSHAKE_LOCAL_MEMORY;
        default:
            return HANDSHAKE_CONNECT_FAILED;
    }
}

static void on_connected(void *user, int fd, int sys) {
    struct tls_handshake *handshake = user;
    if (fd < 0) {
        handshake->result.sys = sys == ETIMEDOUT ? 0 : sys;
        finish(handshake, failure_of_errno(sys));
        return;
    }
    handshake->fd = fd;
    handshake->result.connect_us = elapsed_us(handshake);
    if (!handshake->ssl) {
        finish(handshake, HANDSHAKE_LOCAL_MEMORY);
        return;
    }
    deadline_set(&handshake->deadline, handshake->end_us);
    handshake->poll = loop_poll_new(handshake->client->loop, fd, on_ready, handshake);
    advance(handshake);
}

static int accept_any(X509_STORE_CTX *context, void *argument) {
    (void)context;
    (void)argument;
    return 1;
}

/* handshake->ssl stays NULL where there is no memory. */
static void make_ssl(struct tls_handshake *handshake, const char *server_name) {
    SSL *ssl = SSL_new(handshake->client->ctx);
    char *name = arena_copy_text(handshake->arena, server_name); /* for a macro's cast */
    handshake->in = BIO_new(BIO_s_mem());
    handshake->out = BIO_new(BIO_s_mem());
    if (!ssl || !handshake->in || !handshake->out ||
        (name && SSL_set_tlsext_host_name(ssl, name) != 1)) {
        SSL_free(ssl);
        BIO_free(handshake->in);
        BIO_free(handshake->out);
        return;
    }
    SSL_set_bio(ssl, handshake->in, handshake->out);
    SSL_set_connect_state(ssl);
    handshake->ssl = ssl;
}

struct tls_client *tls_client_new(struct loop *loop, struct err *err) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(ctx);
        err_set(err, ERR_UNAVAILABLE, "OpenSSL offers no TLS 1.2");
        return NULL;
    }
    /* Without it OpenSSL would build the chain itself, for nothing. */
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    struct tls_client *client = MEM_NEW(struct tls_client);
    client->loop = loop;
    client->ctx = ctx;
    client->stores = tls_stores_new();
    return client;
}

void tls_client_free(struct tls_client *client) {
    if (!client)
        return;
    tls_stores_free(client->stores);
    SSL_CTX_free(client->ctx);
    free(client);
}

struct tls_handshake *
tls_handshake_start(struct tls_client *client, const struct tls_request *request,
                    void (*callback)(void *user, const struct tls_result *result),
                    void *user) {
    struct tls_handshake *handshake = MEM_NEW(struct tls_handshake);
    int64_t start_us = clock_mono_us();
    int64_t connect_end_us = start_us + request->connect_timeout_ms * 1000;
    handshake->client = client;
    handshake->arena = arena_new();
    handshake->ca_file = arena_copy_text(handshake->arena, request->ca_file);
    handshake->root_fingerprint =
        arena_copy_text(handshake->arena, request->root_fingerprint);
    handshake->fd = -1;
    handshake->start_us = start_us;
    handshake->end_us = start_us + request->timeout_ms * 1000;
    handshake->result.connect_us = -1;
    handshake->result.tls_us = -1;
    handshake->callback = callback;
    handshake->user = user;
    make_ssl(handshake, request->server_name);
    deadline_init(&handshake->deadline, client->loop, on_deadline, handshake);
    dial_start(&handshake->dial, client->loop, request->connect,
               connect_end_us < handshake->end_us ? connect_end_us : handshake->end_us,
               on_connected, handshake);
    return handshake;
}

void tls_handshake_cancel(struct tls_handshake *handshake) {
    if (handshake)
        release(handshake);
}
