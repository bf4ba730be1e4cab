/* Run-time certificates, so that none in the repository can expire. */
#include "certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum { DAY_S = 24 * 60 * 60 };

struct certs {
    EVP_PKEY *key;
    X509 *ca;
    char file[64];
};

static void check(bool fine) {
    if (!fine)
        abort();
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    check(extension && X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *new_cert(EVP_PKEY *key, const char *name, long serial, long from_s,
                      long until_s) {
    X509 *cert = X509_new();
    X509_NAME *subject = X509_NAME_new();
    check(cert && subject);
    check(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                     (const unsigned char *)name, -1, -1, 0) == 1);
    check(X509_set_version(cert, 2) == 1 && X509_set_subject_name(cert, subject) == 1);
    check(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) == 1);
    check(X509_gmtime_adj(X509_getm_notBefore(cert), from_s) != NULL);
    check(X509_gmtime_adj(X509_getm_notAfter(cert), until_s) != NULL);
    check(X509_set_pubkey(cert, key) == 1);
    X509_NAME_free(subject);
    return cert;
}

struct certs *certs_new(void) {
    struct certs *certs = MEM_NEW(struct certs);
    certs->key = EVP_EC_gen("P-256");
    check(certs->key != NULL);
    certs->ca = new_cert(certs->key, "test CA", 1, -DAY_S, DAY_S);
    check(X509_set_issuer_name(certs->ca, X509_get_subject_name(certs->ca)) == 1);
    add_extension(certs->ca, certs->ca, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certs->ca, certs->ca, NID_key_usage, "critical,keyCertSign");
    add_extension(certs->ca, certs->ca, NID_subject_key_identifier, "hash");
    check(X509_sign(certs->ca, certs->key, EVP_sha256()) > 0);

    snprintf(certs->file, sizeof certs->file, "/tmp/hr-test-ca-XXXXXX");
    int fd = mkstemp(certs->file);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    check(file && PEM_write_X509(file, certs->ca) == 1 && fclose(file) == 0);
    return certs;
}

void certs_free(struct certs *certs) {
    unlink(certs->file);
    X509_free(certs->ca);
    EVP_PKEY_free(certs->key);
    free(certs);
}

const char *certs_ca_file(const struct certs *certs) {
    return certs->file;
}

SSL_CTX *certs_server(const struct certs *certs, const char *san, long from_s,
                      long until_s) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    check(key != NULL);
    X509 *cert = new_cert(key, "test server", 2, from_s, until_s);
    check(X509_set_issuer_name(cert, X509_get_subject_name(certs->ca)) == 1);
    add_extension(cert, certs->ca, NID_subject_alt_name, san);
    add_extension(cert, certs->ca, NID_authority_key_identifier, "keyid");
    check(X509_sign(cert, certs->key, EVP_sha256()) > 0);

    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    check(server && SSL_CTX_use_certificate(server, cert) == 1 &&
          SSL_CTX_use_PrivateKey(server, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return server;
}
