/* Handshakes for the tests of the TLS client. */
#include "shake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "peer.h"
#include "run.h"

struct shake_pki pki;
char shake_asked_name[256];

static void copy_facts(struct seen *seen, const struct tls_facts *facts) {
    seen->facts = *facts;
    snprintf(seen->version, sizeof seen->version, "%s", facts->version);
    snprintf(seen->trust_text, sizeof seen->trust_text, "%s", facts->trust_text);
    for (size_t i = 0; i < facts->path_count && i < SEEN_CERTIFICATES; i++) {
        snprintf(seen->path[i], sizeof seen->path[i], "%s", facts->path[i].subject);
        seen->served_at[i] = facts->path[i].served_at;
    }
    if (facts->served_count == 0)
        return;
    const struct tls_certificate *leaf = &facts->served[0];
    seen->leaf = *leaf;
    snprintf(seen->subject, sizeof seen->subject, "%s", leaf->subject);
    snprintf(seen->issuer, sizeof seen->issuer, "%s", leaf->issuer);
    if (leaf->dns_names.count > 0)
        snprintf(seen->name, sizeof seen->name, "%s", leaf->dns_names.items[0]);
    if (leaf->addresses.count > 0)
        snprintf(seen->address, sizeof seen->address, "%s", leaf->addresses.items[0]);
}

void shake_on_result(void *user, const struct tls_result *result) {
    struct seen *seen = user;
    seen->calls++;
    seen->result = *result;
    snprintf(seen->error, sizeof seen->error, "%s", result->error);
    if (result->facts)
        copy_facts(seen, result->facts);
    loop_stop(seen->loop);
}

struct tls_client *shake_client(struct loop *loop) {
    struct err err = {0};
    struct tls_client *client = tls_client_new(loop, &err);
    assert_non_null(client);
    return client;
}

struct tls_request shake_request(const struct addr *addr) {
    return (struct tls_request){.connect = addr,
                                .ca_file = pki.root_file,
                                .timeout_ms = 5000,
                                .connect_timeout_ms = 5000};
}

struct seen shake_with(struct loop *loop, struct tls_client *client,
                       const struct tls_request *request) {
    struct seen seen = {.loop = loop};
    assert_non_null(tls_handshake_start(client, request, shake_on_result, &seen));
    assert_int_equal(seen.calls, 0);
    assert_true(run(loop));
    assert_int_equal(seen.calls, 1);
    assert_true(seen.result.total_us >= 0);
    assert_true((seen.result.failure == HANDSHAKE_OK) == (seen.result.facts != NULL));
    return seen;
}

struct seen shake(const struct tls_request *request) {
    struct loop *loop = run_loop_new();
    struct tls_client *client = shake_client(loop);
    struct seen seen = shake_with(loop, client, request);
    loop_run(loop); /* nothing is left that could run */
    assert_int_equal(seen.calls, 1);
    tls_client_free(client);
    loop_free(loop);
    return seen;
}

void shake_serve(struct peer *peer, int fd, const void *argument) {
    SSL_CTX *const *ctx = argument;
    SSL *ssl = SSL_new(*ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        snprintf(shake_asked_name, sizeof shake_asked_name, "%s", name ? name : "none");
    }
    SSL_free(ssl);
    peer_hang(peer, fd);
}

struct seen shake_served(const struct pki_cert *const *certs, size_t count,
                         const struct tls_request *options) {
    SSL_CTX *ctx = pki_server(certs, count);
    struct peer *peer = peer_start(NULL, shake_serve, &ctx);
    struct tls_request request = *options;
    request.connect = peer_addr(peer);
    struct seen seen = shake(&request);
    peer_stop(peer);
    SSL_CTX_free(ctx);
    return seen;
}

int shake_setup(void **state) {
    const struct pki_cert *const root[] = {&pki.root};
    signal(SIGPIPE, SIG_IGN); /* the servers of these tests write to sockets */
    pki.root = pki_make(&(struct pki_plan){.name = "root", .is_ca = true});
    pki.other = pki_make(&(struct pki_plan){.name = "other", .is_ca = true});
    pki.middle = pki_make(
        &(struct pki_plan){.name = "middle", .issuer = &pki.root, .is_ca = true});
    pki.leaf = pki_make(&(struct pki_plan){.name = "leaf",
                                           .issuer = &pki.middle,
                                           .san = "DNS:app.test,IP:10.0.0.7,IP:fd00::7"});
    pki_save(root, 1, pki.root_file);
    SSL_CTX_free(SSL_CTX_new(TLS_method())); /* opens what OpenSSL keeps open */
    return run_setup(state);
}

int shake_teardown(void **state) {
    unlink(pki.root_file);
    pki_free(&pki.root);
    pki_free(&pki.other);
    pki_free(&pki.middle);
    pki_free(&pki.leaf);
    return fds_teardown(state);
}
