/* TLS by OpenSSL: a BIO of our own between it and the socket, and the judgement of a
 * server's certificate. */
#include "tls_wire.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/loop.h"
#include "tls_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TURN_MAX = 256 * 1024,      /* OpenSSL skips some messages for ever */
    HANDSHAKE_MAX = 512 * 1024, /* all of one; OpenSSL takes 100 KiB of chain */
    SEND_FRAGMENT = 2048,
    ALPN_MAX = 16,
};

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *socket;
};

static int bio_read(BIO *bio, char *bytes, int len) {
    struct tls_wire *wire = BIO_get_data(bio);
    size_t room = (size_t)len < wire->allowance ? (size_t)len : wire->allowance;
    BIO_clear_retry_flags(bio);
    /* The peer does not answer what it was not sent yet. */
    if (room == 0 || wire->unsent.len > 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t count = recv(wire->fd, bytes, room, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else if (count < 0) {
        wire->sys = errno;
    } else if (count == 0) {
        wire->is_closed = true;
    } else {
        wire->received += (size_t)count;
        wire->allowance -= (size_t)count;
    }
    return (int)count;
}

static int bio_write(BIO *bio, const char *bytes, int len) {
    struct tls_wire *wire = BIO_get_data(bio);
    buf_append(&wire->unsent, bytes, (size_t)len);
    return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    const struct tls_wire *wire = BIO_get_data(bio);
    if (command == BIO_CTRL_EOF)
        return wire->is_closed;
    return command == BIO_CTRL_FLUSH; /* tls_wire_flush does */
}

/* An unknown authority and a missing intermediate end in the same error. We say "missing"
 * when nothing that was sent issued the server's own certificate, and that one names an
 * issuer to fetch; all else is an unknown authority. */
static bool is_chain_missing(X509_STORE_CTX *chain) {
    return X509_STORE_CTX_get_error(chain) ==
               X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY &&
           X509_STORE_CTX_get_error_depth(chain) == 0 &&
           tls_has_issuer_url(X509_STORE_CTX_get_current_cert(chain));
}

static bool is_for_host(X509 *certificate, const struct tls_wire *wire) {
    return wire->is_literal
               ? X509_check_ip_asc(certificate, wire->host, 0) == 1
               : X509_check_host(certificate, wire->host, 0,
                                 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

/* Instead of OpenSSL's own check, which would also build a chain where any certificate is
 * taken, and would name a wrong name before an expired date. */
static int judge(X509_STORE_CTX *chain, void *unused) {
    (void)unused;
    const SSL *ssl =
        X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_wire *wire = SSL_get_app_data(ssl);
    if (!wire->host)
        return 1;
    if (X509_verify_cert(chain) != 1)
        wire->is_chain_missing = is_chain_missing(chain);
    else if (is_for_host(X509_STORE_CTX_get0_cert(chain), wire))
        return 1;
    else
        X509_STORE_CTX_set_error(chain, wire->is_literal ? X509_V_ERR_IP_ADDRESS_MISMATCH
                                                         : X509_V_ERR_HOSTNAME_MISMATCH);
    wire->verify_error = X509_STORE_CTX_get_error(chain);
    if (wire->verify_error == X509_V_OK)
        wire->verify_error = X509_V_ERR_UNSPECIFIED;
    return 0;
}

static bool set_up(struct tls_context *context, const char *alpn) {
    SSL_CTX *ssl = context->ssl;
    BIO_METHOD *method = context->socket;
    if (!ssl || !method || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
        !BIO_meth_set_read(method, bio_read) || !BIO_meth_set_write(method, bio_write) ||
        !BIO_meth_set_ctrl(method, bio_ctrl))
        return false;
    unsigned char offer[ALPN_MAX + 1];
    size_t len = alpn ? strnlen(alpn, ALPN_MAX) : 0;
    offer[0] = (unsigned char)len;
    if (len > 0) {
        memcpy(offer + 1, alpn, len);
        if (SSL_CTX_set_alpn_protos(ssl, offer, (unsigned)len + 1) != 0)
            return false;
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, judge, NULL);
    /* A trusted intermediate is an end as well, as it is for curl and browsers. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_read_ahead(ssl, 1); /* a record costs one recv, not two */
    SSL_CTX_set_max_send_fragment(ssl, SEND_FRAGMENT); /* it gets a buffer of that size */
    return true;
}

struct tls_context *tls_context_new(const char *alpn, struct err *err) {
    struct tls_context *context = MEM_NEW(struct tls_context);
    context->ssl = SSL_CTX_new(TLS_client_method());
    context->socket = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    if (set_up(context, alpn))
        return context;
    tls_context_free(context);
    ERR_clear_error();
    err_set(err, ERR_UNAVAILABLE, "OpenSSL offers no TLS 1.2");
    return NULL;
}

void tls_context_free(struct tls_context *context) {
    if (!context)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->socket);
    free(context);
}

struct tls_wire *tls_wire_new(struct tls_context *context, int fd) {
    SSL *ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(context->socket);
    struct tls_wire *wire = MEM_NEW(struct tls_wire);
    wire->fd = fd;
    if (!ssl || !bio || SSL_set_app_data(ssl, wire) != 1) {
        SSL_free(ssl);
        BIO_free(bio);
        free(wire);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    wire->ssl = ssl;
    return wire;
}

void tls_wire_free(struct tls_wire *wire) {
    if (!wire)
        return;
    if (wire->is_ready && !wire->is_broken && !wire->is_closed && wire->unsent.len == 0) {
        SSL_shutdown(wire->ssl); /* only writes its goodbye */
        tls_wire_flush(wire);
        ERR_clear_error();
    }
    SSL_free(wire->ssl);
    buf_fini(&wire->unsent);
    free(wire->host);
    free(wire);
}

bool tls_wire_set_name(struct tls_wire *wire, const char *name) {
    MEM_AUTO char *copy = mem_copy_text(name); /* a macro casts away its const */
    return SSL_set_tlsext_host_name(wire->ssl, copy) == 1;
}

void tls_wire_verify(struct tls_wire *wire, X509_STORE *store, const char *host,
                     bool is_literal) {
    free(wire->host);
    wire->host = mem_copy_text(host);
    wire->is_literal = is_literal;
    SSL_set1_verify_cert_store(wire->ssl, store);
}

void tls_wire_save_memory(struct tls_wire *wire) {
    SSL_set_mode(wire->ssl, SSL_MODE_RELEASE_BUFFERS);
}

void tls_wire_begin_turn(struct tls_wire *wire) {
    wire->allowance = TURN_MAX;
}

static enum tls_step fail(struct tls_wire *wire, enum tls_step step, const char *words) {
    wire->is_broken = true;
    text_copy(wire->error, sizeof wire->error, words ? words : "");
    return step;
}

/* Why OpenSSL cannot go on. */
static enum tls_step judge_error(struct tls_wire *wire) {
    unsigned long code = ERR_peek_error();
    bool is_tls = ERR_GET_LIB(code) == ERR_LIB_SSL;
    int reason = ERR_GET_REASON(code);
    const char *words = ERR_reason_error_string(code);
    if (wire->verify_error != X509_V_OK)
        return fail(wire, TLS_STEP_DISTRUSTED,
                    X509_verify_cert_error_string(wire->verify_error));
    if (code == 0 || (is_tls && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING))
        return fail(wire, TLS_STEP_CUT, wire->sys ? strerror(wire->sys) : "");
    if (reason == ERR_R_MALLOC_FAILURE)
        return fail(wire, TLS_STEP_NO_MEMORY, words);
    if (is_tls && reason >= SSL_AD_REASON_OFFSET)
        return fail(wire, TLS_STEP_REFUSED, words);
    return fail(wire, TLS_STEP_BROKEN, words);
}

static enum tls_step step_of(struct tls_wire *wire, int rc) {
    enum tls_step step = TLS_STEP_DONE;
    switch (SSL_get_error(wire->ssl, rc)) {
        case SSL_ERROR_NONE:
            break;
        case SSL_ERROR_WANT_READ:
            step = TLS_STEP_MORE;
            break;
        case SSL_ERROR_ZERO_RETURN:
            wire->is_closed = true;
            step = TLS_STEP_CLOSED;
            break;
        default:
            step = judge_error(wire);
            break;
    }
    ERR_clear_error();
    return step;
}

enum tls_step tls_wire_shake(struct tls_wire *wire) {
    if (wire->received > HANDSHAKE_MAX)
        return fail(wire, TLS_STEP_BROKEN, "it does not end");
    ERR_clear_error();
    enum tls_step step = step_of(wire, SSL_do_handshake(wire->ssl));
    wire->is_ready = step == TLS_STEP_DONE;
    return step;
}

enum tls_step tls_wire_write(struct tls_wire *wire, const char *bytes, size_t len) {
    size_t written;
    ERR_clear_error();
    return step_of(wire, SSL_write_ex(wire->ssl, bytes, len, &written));
}

enum tls_step tls_wire_read(struct tls_wire *wire, char *bytes, size_t size,
                            size_t *len) {
    ERR_clear_error();
    return step_of(wire, SSL_read_ex(wire->ssl, bytes, size, len));
}

bool tls_wire_has_more(const struct tls_wire *wire) {
    return SSL_has_pending(wire->ssl) == 1;
}

bool tls_wire_flush(struct tls_wire *wire) {
    struct buf *unsent = &wire->unsent;
    size_t done = 0;
    bool is_open = true;
    while (done < unsent->len) {
        ssize_t len =
            send(wire->fd, unsent->data + done, unsent->len - done, MSG_NOSIGNAL);
        if (len < 0) {
            is_open = errno == EAGAIN || errno == EINTR;
            break;
        }
        done += (size_t)len;
    }
    wire->sent += done;
    if (!is_open) {
        wire->sys = errno;
        if (!wire->is_broken) /* else there are words for it */
            fail(wire, TLS_STEP_CUT, strerror(errno));
    }
    if (done == unsent->len || !is_open) {
        buf_clear(unsent);
    } else {
        unsent->len -= done;
        memmove(unsent->data, unsent->data + done, unsent->len + 1); /* with its NUL */
    }
    return is_open;
}

int tls_wire_events(const struct tls_wire *wire) {
    return wire->unsent.len > 0 ? LOOP_WRITABLE : LOOP_READABLE;
}
