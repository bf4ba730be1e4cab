/* TLS of HTTP: a session that proves what the request wants, and what the server showed
 * to a caller who judges it. */
#include "http_internal.h"

#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "tls_internal.h"
#include "tls_wire.h"

#include <openssl/x509_vfy.h>

bool http_tls_open(struct http_transfer *transfer) {
    struct http_client *client = transfer->client;
    const struct http_peer *peer = &transfer->peer;
    struct err err = {0};
    X509_STORE *store = NULL;
    if (!client->tls)
        client->tls = tls_context_new("http/1.1", &err);
    if (client->tls && !peer->takes_any)
        store = tls_stores_get(client->stores, peer->ca_file, &err);
    if (!client->tls || (!peer->takes_any && !store)) {
        http_client_end(transfer, HTTP_LOCAL_CONFIG, err.text);
        return false;
    }
    struct tls_wire *wire =
        tls_wire_new(client->tls, loop_poll_fd(transfer->connection.poll));
    transfer->connection.tls = wire;
    if (!wire || (!peer->is_literal && !tls_wire_set_name(wire, peer->host))) {
        http_client_end(transfer, HTTP_LOCAL_MEMORY, "");
        return false;
    }
    if (!peer->takes_any)
        tls_wire_verify(wire, store, peer->host, peer->is_literal);
    if (transfer->wants_reuse)
        tls_wire_save_memory(wire);
    tls_wire_begin_turn(wire);
    return true;
}

static enum http_failure verify_failure(const struct tls_wire *wire) {
    switch (wire->verify_error) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return HTTP_TLS_NAME;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return HTTP_TLS_EXPIRED;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
            return wire->is_chain_missing ? HTTP_TLS_CHAIN : HTTP_TLS_UNKNOWN_CA;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_UNTRUSTED:
            return HTTP_TLS_UNKNOWN_CA;
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
        case X509_V_ERR_INVALID_PURPOSE:
            return HTTP_TLS_CHAIN;
        default:
            return HTTP_TLS_OTHER;
    }
}

enum http_failure http_tls_failure(const struct tls_wire *wire, enum tls_step step) {
    switch (step) {
        case TLS_STEP_NO_MEMORY:
            return HTTP_LOCAL_MEMORY;
        case TLS_STEP_DISTRUSTED:
            return verify_failure(wire);
        case TLS_STEP_CLOSED:
        case TLS_STEP_CUT:
            return wire->received > 0 ? HTTP_TLS_OTHER : HTTP_CLOSED;
        case TLS_STEP_DONE:
        case TLS_STEP_MORE:
        case TLS_STEP_REFUSED:
        case TLS_STEP_BROKEN:
            break;
    }
    return HTTP_TLS_OTHER;
}

void http_tls_show(struct http_transfer *transfer) {
    const struct tls_wire *wire = transfer->connection.tls;
    STACK_OF(X509) *served = wire ? SSL_get_peer_cert_chain(wire->ssl) : NULL;
    struct err err = {0};
    if (!transfer->peer.takes_any || transfer->is_kept || !served)
        return;
    X509_STORE *store =
        tls_stores_get(transfer->client->stores, transfer->peer.ca_file, &err);
    transfer->arena = arena_new();
    transfer->certificates = (struct tls_facts){.version = SSL_get_version(wire->ssl)};
    tls_facts_read(&transfer->certificates, transfer->arena, served, store, &err, NULL);
}
