/* What the TLS and the HTTP client share: trusted certificates, and facts read from
 * OpenSSL's. */
#ifndef NET_TLS_INTERNAL_H
#define NET_TLS_INTERNAL_H

#include "net/tls_facts.h"

#include <openssl/x509.h>

struct arena;
struct err;

/* Parsed files of trusted certificates: parsing the system's takes 28 ms. */
struct tls_stores;

struct tls_stores *tls_stores_new(void);
void tls_stores_free(struct tls_stores *stores); /* NULL is fine */
/* Those of `file` (NULL: the system's) as it is now; valid until the next call. NULL if
 * it cannot be read, or holds none. */
X509_STORE *tls_stores_get(struct tls_stores *stores, const char *file, struct err *err);

/* A way up from a server's certificate. */
struct tls_way {
    STACK_OF(X509) * certificates; /* counted, owned */
    int error;                     /* X509_V_OK, or why it goes no further */
};

/* Up from the first of `served` to one of `store`, whatever the dates say. */
struct tls_way tls_way_find(X509_STORE *store, STACK_OF(X509) * served);
void tls_way_fini(struct tls_way *way);
/* Does it lead to the certificate with that SHA-256 fingerprint? One that is trusted or
 * served may be the root of several ways: then any of them will do. */
bool tls_way_fits(const struct tls_way *way, X509_STORE *store, STACK_OF(X509) * served,
                  const char *fingerprint);

/* The SHA-256 fingerprint in hex. Returns out. */
char *tls_fingerprint(X509 *certificate, char out[MAC_HEX_MAX]);

/* Does the certificate say where its issuer's can be fetched (AIA caIssuers, RFC 5280,
 * 4.2.2.1)? That is said of intermediates; a root is not fetched. */
bool tls_has_issuer_url(const X509 *certificate);

/* Fill in `facts` from what a server sent, in its order. `store` is NULL where `err` says
 * why; `fingerprint` may be NULL. Everything is copied into the arena. */
void tls_facts_read(struct tls_facts *facts, struct arena *arena, STACK_OF(X509) * served,
                    X509_STORE *store, const struct err *err, const char *fingerprint);

#endif
