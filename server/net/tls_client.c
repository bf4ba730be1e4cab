/* TLS handshakes by OpenSSL on the loop.
 *
 * Owns the sockets and the parsed files of trusted certificates. Trusts nobody and
 * refuses nobody: certificates are looked at once the handshake is over. */
#include "net/tls_client.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "deadline.h"
#include "dial.h"
#include "net/loop.h"
#include "tls_internal.h"
#include "tls_wire.h"

#include <errno.h>
#include <stdlib.h>

struct tls_client {
    struct loop *loop;
    struct tls_context *context;
    struct tls_stores *stores;
};

struct tls_handshake {
    struct tls_client *client;
    struct arena *arena; /* the texts of the request, then the facts */
    const char *ca_file;
    const char *root_fingerprint;
    const char *server_name;
    struct dial dial;
    struct deadline deadline; /* of the handshake, once connected */
    struct loop_poll *poll;   /* NULL: not connected; owns the descriptor */
    struct tls_wire *wire;
    int64_t start_us;
    int64_t end_us;
    struct tls_result result;
    struct tls_facts facts;
    void (*callback)(void *user, const struct tls_result *result);
    void *user;
};

static void release(struct tls_handshake *handshake) {
    dial_cancel(&handshake->dial);
    deadline_fini(&handshake->deadline);
    tls_wire_free(handshake->wire);
    loop_poll_close(handshake->poll);
    arena_free(handshake->arena);
    free(handshake);
}

static int64_t elapsed_us(const struct tls_handshake *handshake) {
    return clock_mono_us() - handshake->start_us;
}

static void finish(struct tls_handshake *handshake, enum handshake_failure failure) {
    struct tls_result *result = &handshake->result;
    const struct tls_wire *wire = handshake->wire;
    result->failure = failure;
    result->error = wire ? wire->error : "";
    result->total_us = elapsed_us(handshake);
    result->got_bytes = wire && wire->received > 0;
    handshake->callback(handshake->user, result);
    release(handshake);
}

static void note_facts(struct tls_handshake *handshake) {
    struct tls_facts *facts = &handshake->facts;
    struct err err = {0};
    X509_STORE *store =
        tls_stores_get(handshake->client->stores, handshake->ca_file, &err);
    SSL *ssl = handshake->wire->ssl;
    facts->version = SSL_get_version(ssl);
    tls_facts_read(facts, handshake->arena, SSL_get_peer_cert_chain(ssl), store, &err,
                   handshake->root_fingerprint);
    handshake->result.facts = facts;
}

static enum handshake_failure failure_of(const struct tls_wire *wire,
                                         enum tls_step step) {
    switch (step) {
        case TLS_STEP_NO_MEMORY:
            return HANDSHAKE_LOCAL_MEMORY;
        case TLS_STEP_REFUSED:
            return HANDSHAKE_REFUSED;
        case TLS_STEP_CLOSED:
        case TLS_STEP_CUT:
            return wire->received > 0 ? HANDSHAKE_CUT : HANDSHAKE_CLOSED;
        case TLS_STEP_DONE:
            return HANDSHAKE_OK;
        case TLS_STEP_MORE:
        case TLS_STEP_DISTRUSTED:
        case TLS_STEP_BROKEN:
            break;
    }
    return HANDSHAKE_NOT_TLS;
}

/* Let OpenSSL go on with what came, and send what it answers. */
static void advance(struct tls_handshake *handshake) {
    struct tls_wire *wire = handshake->wire;
    enum tls_step step = tls_wire_shake(wire);
    if (step == TLS_STEP_DONE) {
        handshake->result.tls_us = elapsed_us(handshake);
        note_facts(handshake);
    }
    bool is_open = tls_wire_flush(wire);
    if (step == TLS_STEP_MORE && is_open)
        loop_poll_set(handshake->poll, tls_wire_events(wire));
    else
        finish(handshake, failure_of(wire, step == TLS_STEP_MORE ? TLS_STEP_CUT : step));
}

static void on_ready(void *user, int events) {
    (void)events;
    struct tls_handshake *handshake = user;
    tls_wire_begin_turn(handshake->wire);
    advance(handshake);
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
    struct tls_client *client = handshake->client;
    const char *name = handshake->server_name;
    handshake->result.connect_us = elapsed_us(handshake);
    handshake->poll = loop_poll_new(client->loop, fd, on_ready, handshake);
    handshake->wire = tls_wire_new(client->context, fd);
    if (!handshake->wire || (name && !tls_wire_set_name(handshake->wire, name))) {
        finish(handshake, HANDSHAKE_LOCAL_MEMORY);
        return;
    }
    deadline_set(&handshake->deadline, handshake->end_us);
    tls_wire_begin_turn(handshake->wire);
    advance(handshake);
}

struct tls_client *tls_client_new(struct loop *loop, struct err *err) {
    struct tls_context *context = tls_context_new(NULL, err);
    if (!context)
        return NULL;
    struct tls_client *client = MEM_NEW(struct tls_client);
    client->loop = loop;
    client->context = context;
    client->stores = tls_stores_new();
    return client;
}

void tls_client_free(struct tls_client *client) {
    if (!client)
        return;
    tls_stores_free(client->stores);
    tls_context_free(client->context);
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
    handshake->server_name = arena_copy_text(handshake->arena, request->server_name);
    handshake->start_us = start_us;
    handshake->end_us = start_us + request->timeout_ms * 1000;
    handshake->result.connect_us = -1;
    handshake->result.tls_us = -1;
    handshake->callback = callback;
    handshake->user = user;
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
