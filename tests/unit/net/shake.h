/* One TLS handshake in a test: the certificates of its server, and a copy of all its
 * result said. */
#ifndef TESTS_UNIT_NET_SHAKE_H
#define TESTS_UNIT_NET_SHAKE_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "net/tls_client.h"
#include "pki.h"

/* Root signs middle, middle signs leaf; `other` is a root that nobody trusts. */
struct shake_pki {
    struct pki_cert root;
    struct pki_cert middle;
    struct pki_cert leaf; /* for app.test, 10.0.0.7 and fd00::7 */
    struct pki_cert other;
    char root_file[PKI_PATH_MAX];
};
extern struct shake_pki pki;

enum { SEEN_CERTIFICATES = 4 };

/* A result, and a copy of the facts that are looked at. */
struct seen {
    struct loop *loop;
    int calls;
    struct tls_result result;
    struct tls_facts facts;
    char version[16];
    char error[160];
    char trust_text[160];
    char path[SEEN_CERTIFICATES][64]; /* subjects */
    int served_at[SEEN_CERTIFICATES];
    struct tls_certificate leaf; /* its texts are gone, apart from these: */
    char subject[64];
    char issuer[64];
    char name[64]; /* the first DNS name */
    char address[64];
};

struct loop;
struct peer;
struct tls_client;

struct tls_client *shake_client(struct loop *loop);
/* Trusting pki.root_file. */
struct tls_request shake_request(const struct addr *addr);
/* With a loop and a client of its own. */
struct seen shake(const struct tls_request *request);
struct seen shake_with(struct loop *loop, struct tls_client *client,
                       const struct tls_request *request);
/* For tls_handshake_start; `user` is a struct seen. */
void shake_on_result(void *user, const struct tls_result *result);

/* A peer's script that shakes hands, then waits; `argument` is an SSL_CTX **. */
void shake_serve(struct peer *peer, int fd, const void *argument);
/* What the last one was asked for in SNI, or "none"; read once the peer is stopped. */
extern char shake_asked_name[256];
/* Ask a server that sends these. */
struct seen shake_served(const struct pki_cert *const *certs, size_t count,
                         const struct tls_request *options);

/* For cmocka_run_group_tests. */
int shake_setup(void **state);
int shake_teardown(void **state);

#endif
