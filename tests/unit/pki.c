/* Certificates for tests. Keys are P-256, which are made in no time. */
#include "pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void set_name(X509 *cert, const char *name) {
    X509_NAME *subject = X509_NAME_new();
    check(subject != NULL);
    if (name)
        check(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                         (const unsigned char *)name, -1, -1, 0) == 1);
    check(X509_set_subject_name(cert, subject) == 1);
    X509_NAME_free(subject);
}

static void break_signature(X509 *cert) {
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, cert);
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    check(len > 0);
    der[len - 1] ^= 1; /* the signature comes last */
    const unsigned char *at = der;
    X509 *broken = cert;
    check(d2i_X509(&broken, &at, len) == cert);
    OPENSSL_free(der);
}

struct pki_cert pki_make(const struct pki_plan *plan) {
    static atomic_long serial = 0x4A00;
    struct pki_cert made = {.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
    X509 *cert = made.x509;
    X509 *issuer = plan->issuer ? plan->issuer->x509 : cert;
    bool has_dates = plan->from_s != 0 || plan->until_s != 0;
    check(made.key && cert && X509_set_version(cert, 2) == 1);
    set_name(cert, plan->name);
    check(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1);
    check(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) == 1);
    check(X509_gmtime_adj(X509_getm_notBefore(cert),
                          has_dates ? plan->from_s : -PKI_DAY_S) != NULL);
    check(X509_gmtime_adj(X509_getm_notAfter(cert),
                          has_dates ? plan->until_s : 90L * PKI_DAY_S) != NULL);
    check(X509_set_pubkey(cert, made.key) == 1);
    add_extension(cert, issuer, NID_subject_key_identifier, "hash");
    add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
    add_extension(cert, issuer, NID_basic_constraints,
                  plan->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (plan->is_ca)
        add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign");
    if (plan->san)
        add_extension(cert, issuer, NID_subject_alt_name, plan->san);
    if (plan->usage)
        add_extension(cert, issuer, NID_ext_key_usage, plan->usage);
    if (plan->issuer_url) {
        char value[256];
        snprintf(value, sizeof value, "caIssuers;URI:%s", plan->issuer_url);
        add_extension(cert, issuer, NID_info_access, value);
    }
    check(X509_sign(cert, plan->issuer ? plan->issuer->key : made.key, EVP_sha256()) > 0);
    if (plan->has_broken_signature)
        break_signature(cert);
    return made;
}

void pki_free(struct pki_cert *cert) {
    EVP_PKEY_free(cert->key);
    X509_free(cert->x509);
    *cert = (struct pki_cert){NULL, NULL};
}

void pki_save(const struct pki_cert *const *certs, size_t count,
              char path[PKI_PATH_MAX]) {
    snprintf(path, PKI_PATH_MAX, "/tmp/hr-test-pki-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    check(file != NULL);
    for (size_t i = 0; i < count; i++)
        check(PEM_write_X509(file, certs[i]->x509) == 1);
    check(fclose(file) == 0);
}

void pki_replace(const struct pki_cert *const *certs, size_t count, const char *path) {
    char fresh[PKI_PATH_MAX];
    pki_save(certs, count, fresh);
    check(rename(fresh, path) == 0);
}

SSL_CTX *pki_server(const struct pki_cert *const *certs, size_t count) {
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    check(server && SSL_CTX_use_certificate(server, certs[0]->x509) == 1 &&
          SSL_CTX_use_PrivateKey(server, certs[0]->key) == 1);
    for (size_t i = 1; i < count; i++)
        check(SSL_CTX_add1_chain_cert(server, certs[i]->x509) == 1);
    return server;
}

void pki_fingerprint(const struct pki_cert *cert, char out[65]) {
    unsigned char digest[32];
    unsigned len = 0;
    check(X509_digest(cert->x509, EVP_sha256(), digest, &len) == 1 &&
          len == sizeof digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
