/* What OpenSSL sees of a handshake and libcurl does not tell: that bytes came back, and
 * why a certificate was refused.
 *
 * Only watches: what is trusted is libcurl's decision, or that of a caller who takes any
 * certificate and judges it. The facts hang on the SSL_CTX that libcurl makes for a
 * connection and go with it. */
#include "http_internal.h"

#include "base/err.h"
#include "base/mem.h"
#include "tls_internal.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static int facts_index = -1;

static void on_ctx_freed(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index,
                         long argl, void *argp) {
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    http_tls_unref(ptr);
}

/* TLS 1.3 hides a record's type; OpenSSL reports the inner one separately. */
static void on_record(int is_write, int version, int content_type, const void *bytes,
                      size_t len, SSL *ssl, void *user) {
    (void)version;
    (void)ssl;
    struct http_tls_facts *facts = user;
    const unsigned char *type = bytes;
    if (is_write || len == 0)
        return;
    facts->got_bytes = true;
    bool is_inner = content_type == SSL3_RT_INNER_CONTENT_TYPE;
    bool is_outer = content_type == SSL3_RT_HEADER && SSL_version(ssl) < TLS1_3_VERSION;
    if ((is_inner || is_outer) && *type == SSL3_RT_APPLICATION_DATA)
        facts->got_answer = true;
}

/* Does the certificate say where its issuer's can be fetched (AIA caIssuers)? That is
 * said of intermediates; a root is not fetched. */
static bool has_issuer_url(X509 *certificate) {
    AUTHORITY_INFO_ACCESS *access =
        X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *item = sk_ACCESS_DESCRIPTION_value(access, i);
        found |= OBJ_obj2nid(item->method) == NID_ad_ca_issuers;
    }
    AUTHORITY_INFO_ACCESS_free(access);
    return found;
}

/* An unknown authority and a missing intermediate end in the same error. We say "missing"
 * when nothing that was sent issued the server's own certificate, and that one names an
 * issuer to fetch; all else is an unknown authority. */
static int on_verify(int ok, X509_STORE_CTX *ctx) {
    const SSL *ssl =
        X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct http_tls_facts *facts = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), facts_index);
    if (ok || !facts)
        return ok;
    facts->verify_error = X509_STORE_CTX_get_error(ctx);
    facts->is_chain_missing =
        facts->verify_error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY &&
        X509_STORE_CTX_get_error_depth(ctx) == 0 &&
        has_issuer_url(X509_STORE_CTX_get_current_cert(ctx));
    return ok;
}

/* Instead of OpenSSL's own check. */
static int keep_served(X509_STORE_CTX *ctx, void *user) {
    struct http_tls_facts *facts = user;
    const SSL *ssl =
        X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    STACK_OF(X509) *served = X509_STORE_CTX_get0_untrusted(ctx);
    if (served && !facts->served)
        facts->served = X509_chain_up_ref(served);
    facts->version = SSL_get_version(ssl);
    return 1;
}

bool http_tls_init(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (!info->ssl_version || strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
        return false;
    if (facts_index < 0)
        facts_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_ctx_freed);
    return facts_index >= 0;
}

CURLcode http_tls_watch(CURL *easy, void *ssl_ctx, void *user) {
    (void)easy;
    SSL_CTX *ctx = ssl_ctx;
    struct http_transfer *transfer = user;
    struct http_tls_facts *facts = MEM_NEW(struct http_tls_facts);
    if (!SSL_CTX_set_ex_data(ctx, facts_index, facts)) {
        free(facts);
        return CURLE_OUT_OF_MEMORY;
    }
    facts->refs = 2; /* the SSL_CTX's and the transfer's */
    http_tls_unref(transfer->facts);
    transfer->facts = facts;
    SSL_CTX_set_msg_callback(ctx, on_record);
    SSL_CTX_set_msg_callback_arg(ctx, facts);
    if (transfer->takes_any)
        SSL_CTX_set_cert_verify_callback(ctx, keep_served, facts);
    else
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    return CURLE_OK;
}

void http_tls_unref(struct http_tls_facts *facts) {
    if (!facts || --facts->refs > 0)
        return;
    sk_X509_pop_free(facts->served, X509_free);
    free(facts);
}

void http_tls_show(struct http_transfer *transfer) {
    const struct http_tls_facts *facts = transfer->facts;
    struct http_client *client = transfer->client;
    struct err err = {0};
    if (!transfer->takes_any || !facts || !facts->served)
        return;
    if (!client->stores)
        client->stores = tls_stores_new();
    X509_STORE *store = tls_stores_get(client->stores, transfer->lane->ca_file, &err);
    transfer->arena = arena_new();
    transfer->certificates = (struct tls_facts){.version = facts->version};
    tls_facts_read(&transfer->certificates, transfer->arena, facts->served, store, &err,
                   NULL);
}

enum http_failure http_tls_failure(const struct http_tls_facts *facts) {
    switch (facts ? facts->verify_error : X509_V_OK) {
        case X509_V_OK: /* the chain is fine: libcurl's own check of the name failed */
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return HTTP_TLS_NAME;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return HTTP_TLS_EXPIRED;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
            return facts->is_chain_missing ? HTTP_TLS_CHAIN : HTTP_TLS_UNKNOWN_CA;
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
