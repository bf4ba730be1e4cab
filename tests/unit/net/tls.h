/* Certificates made at run time, and a TLS script for a peer. */
#ifndef TESTS_UNIT_NET_TLS_H
#define TESTS_UNIT_NET_TLS_H

#include "peer.h"

#include <openssl/ssl.h>

struct tls_authority {
    EVP_PKEY *key;
    X509 *cert;
};

struct tls_leaf {
    const struct tls_authority *issuer; /* NULL: signed by itself */
    const char *names;                  /* "DNS:app.test,IP:127.0.0.1" */
    long from_s;                        /* validity, from now */
    long to_s;
    const char *issuer_url;           /* AIA caIssuers, or NULL */
    const struct tls_authority *send; /* sent behind the leaf, or NULL */
};

/* `issuer` NULL: a root. */
struct tls_authority tls_authority_new(const char *name,
                                       const struct tls_authority *issuer);
void tls_authority_free(struct tls_authority *authority);
/* Write the certificate to a new file and its path to `path`. */
void tls_authority_save(const struct tls_authority *authority, char path[64]);

SSL_CTX *tls_server_new(const struct tls_leaf *leaf);

/* What the script is given: it reads requests and answers each until the client leaves.
 */
struct tls_script {
    SSL_CTX *ctx;
    const char *answer;
    /* After the first answer: "goodbye", then close; "cut": close without; NULL: go on.
     */
    const char *then;
};
void tls_serve(struct peer *peer, int fd, const void *argument);

#endif
