/* Keys and certificates by OpenSSL calls, P-256 throughout; a blocking TLS server script.
 */
#include "tls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(bool ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "OpenSSL: %s\n", what);
    exit(EXIT_FAILURE);
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(extension && X509_add_ext(cert, extension, -1), value);
    X509_EXTENSION_free(extension);
}

/* Unsigned yet. */
static X509 *new_cert(const char *name, EVP_PKEY *key, X509 *issuer, long from_s,
                      long to_s) {
    static long serial;
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), to_s);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(cert, key);
    return cert;
}

struct tls_authority tls_authority_new(const char *name,
                                       const struct tls_authority *issuer) {
    struct tls_authority authority = {.key = EVP_EC_gen("P-256")};
    need(authority.key != NULL, "key");
    X509 *issuer_cert = issuer ? issuer->cert : NULL;
    authority.cert = new_cert(name, authority.key, issuer_cert, -3600, 3600);
    if (!issuer_cert)
        issuer_cert = authority.cert;
    add_extension(authority.cert, issuer_cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(authority.cert, issuer_cert, NID_key_usage, "critical,keyCertSign");
    add_extension(authority.cert, issuer_cert, NID_subject_key_identifier, "hash");
    need(X509_sign(authority.cert, issuer ? issuer->key : authority.key, EVP_sha256()) >
             0,
         "sign");
    return authority;
}

void tls_authority_free(struct tls_authority *authority) {
    X509_free(authority->cert);
    EVP_PKEY_free(authority->key);
}

void tls_authority_save(const struct tls_authority *authority, char path[64]) {
    snprintf(path, 64, "/tmp/hr-ca-XXXXXX");
    int fd = mkstemp(path);
    need(fd >= 0, path);
    FILE *file = fdopen(fd, "w");
    need(file && PEM_write_X509(file, authority->cert), path);
    fclose(file);
}

SSL_CTX *tls_server_new(const struct tls_leaf *leaf) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *issuer = leaf->issuer ? leaf->issuer->cert : NULL;
    X509 *cert = new_cert("leaf", key, issuer, leaf->from_s, leaf->to_s);
    add_extension(cert, issuer ? issuer : cert, NID_subject_alt_name, leaf->names);
    if (leaf->issuer_url)
        add_extension(cert, issuer ? issuer : cert, NID_info_access, leaf->issuer_url);
    need(X509_sign(cert, leaf->issuer ? leaf->issuer->key : key, EVP_sha256()) > 0,
         "sign");

    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    need(ctx && SSL_CTX_use_certificate(ctx, cert) && SSL_CTX_use_PrivateKey(ctx, key),
         "server");
    if (leaf->send)
        need(SSL_CTX_add1_chain_cert(ctx, leaf->send->cert) > 0, "chain");
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

/* False: the client left. */
static bool read_request(SSL *ssl) {
    char request[16384] = "";
    size_t len = 0;
    while (!strstr(request, "\r\n\r\n")) {
        int count = SSL_read(ssl, request + len, (int)(sizeof request - 1 - len));
        if (count <= 0)
            return false;
        len += (size_t)count;
        request[len] = '\0';
    }
    return true;
}

void tls_serve(struct peer *peer, int fd, const void *argument) {
    (void)peer;
    const struct tls_script *script = argument;
    SSL *ssl = SSL_new(script->ctx);
    SSL_set_fd(ssl, fd);
    bool open = SSL_accept(ssl) == 1;
    while (open && read_request(ssl)) {
        SSL_write(ssl, script->answer, (int)strlen(script->answer));
        open = !script->then;
    }
    if (script->then && strcmp(script->then, "goodbye") == 0)
        SSL_shutdown(ssl);
    SSL_free(ssl);
}
