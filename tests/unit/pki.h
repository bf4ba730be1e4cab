/* Certificates made at run time, good ones and ones with any defect, so that none in the
 * repository can expire. Fails by abort(). */
#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum { PKI_DAY_S = 24 * 60 * 60 };

struct pki_cert {
    EVP_PKEY *key;
    X509 *x509;
};

struct pki_plan {
    const char *name;              /* Common Name; NULL: an empty subject */
    const struct pki_cert *issuer; /* NULL: signed by itself */
    const char *san;               /* "DNS:a.example,IP:10.0.0.1"; NULL: none */
    const char *usage;             /* extendedKeyUsage; NULL: none */
    const char *issuer_url;        /* AIA caIssuers; NULL: none */
    bool is_ca;
    bool has_broken_signature;
    long from_s; /* from now; both 0: from a day ago for 90 days */
    long until_s;
};

struct pki_cert pki_make(const struct pki_plan *plan);
void pki_free(struct pki_cert *cert);

/* Write them as PEM into a new file, whose path is put into `path`; unlink it. */
enum { PKI_PATH_MAX = 64 };
void pki_save(const struct pki_cert *const *certs, size_t count, char path[PKI_PATH_MAX]);
/* The same into the file at `path`, by replacing it. */
void pki_replace(const struct pki_cert *const *certs, size_t count, const char *path);

/* A server that sends these, the first one with its key. Free with SSL_CTX_free. */
SSL_CTX *pki_server(const struct pki_cert *const *certs, size_t count);

/* The SHA-256 fingerprint, lower-case hex. */
void pki_fingerprint(const struct pki_cert *cert, char out[65]);

#endif
