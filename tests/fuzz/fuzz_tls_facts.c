/* Any bytes as the certificates of a server and of a file of trusted ones: facts, and an
 * outcome with its reason.
 *
 * Input: how many of the certificates the server sent, which one's fingerprint is asked
 * for, four bytes of the time in hours; then the certificates, each behind two bytes of
 * length. */
#include "base/err.h"
#include "base/mem.h"
#include "check/tls.h"
#include "fuzz.h"
#include "model/outcome.h"
#include "tls_internal.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 6, CERTS_MAX = 24 };

static const char *const hosts[] = {"app.example", "10.0.0.7", "fd00::7"};

struct input {
    STACK_OF(X509) * served;
    X509_STORE *store;
    char fingerprint[MAC_HEX_MAX]; /* "": none is asked for */
};

static void read_certificates(struct input *input, const uint8_t *data, size_t size) {
    int served = data[0] % 12;
    int pinned = data[1];
    data += HEAD;
    size -= HEAD;
    for (int i = 0; i < CERTS_MAX && size >= 2; i++) {
        size_t len = (size_t)data[0] << 8 | data[1];
        const unsigned char *der = data + 2;
        if (len > size - 2)
            len = size - 2;
        X509 *certificate = d2i_X509(NULL, &der, (long)len);
        data += 2 + len;
        size -= 2 + len;
        if (!certificate)
            continue;
        if (i == pinned)
            tls_fingerprint(certificate, input->fingerprint);
        if (i < served && sk_X509_push(input->served, certificate) > 0)
            continue;
        X509_STORE_add_cert(input->store, certificate);
        X509_free(certificate);
    }
}

static void require(bool holds) {
    if (!holds)
        abort();
}

static void require_text(const char *text) {
    for (; *text; text++)
        require((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void require_facts(const struct tls_facts *facts) {
    require(facts->served_count <= TLS_SERVED_MAX);
    require((facts->served_count == 0) == (facts->path_count == 0));
    for (size_t i = 0; i < facts->path_count; i++) {
        require_text(facts->path[i].subject);
        require_text(facts->path[i].issuer);
        require(facts->path[i].served_at < (int)facts->served_count);
        require(facts->path[i].dns_names.count <= TLS_NAMES_MAX);
    }
    require(facts->path_count == 0 || facts->path[0].served_at == 0);
}

static void judge(const struct tls_facts *facts, const char *host, int64_t now_wall_ms) {
    const struct tls_expected expected = {.host = host,
                                          .ca_file = "/ca.crt",
                                          .root_fingerprint = "0123456789abcdef",
                                          .warn_days = 14,
                                          .now_wall_ms = now_wall_ms};
    struct outcome outcome;
    outcome_init(&outcome);
    tls_judge(facts, &expected, &outcome);
    require_text(outcome.evidence);
    require(outcome.evidence[0] != '\0');
    require((outcome.kind == OUTCOME_PASS) == (outcome.reason == REASON_NONE));
    if (outcome.kind != OUTCOME_PASS)
        return;
    require(facts->trust == TLS_TRUST_OK && facts->pin != TLS_PIN_OTHER);
    for (size_t i = 0; i < facts->path_count; i++)
        require(facts->path[i].has_dates && facts->path[i].from_wall_ms <= now_wall_ms &&
                facts->path[i].until_wall_ms >= now_wall_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD)
        return 0;
    struct input input = {.served = sk_X509_new_null(), .store = X509_STORE_new()};
    struct arena *arena = arena_new();
    struct tls_facts facts = {.version = "TLSv1.3"};
    struct err err = {0};
    uint32_t hours = (uint32_t)data[2] << 24 | (uint32_t)data[3] << 16 |
                     (uint32_t)data[4] << 8 | data[5];
    bool is_readable = data[0] < 240;
    err_set(&err, ERR_UNAVAILABLE, "gone");
    read_certificates(&input, data, size);
    tls_facts_read(&facts, arena, input.served, is_readable ? input.store : NULL, &err,
                   input.fingerprint[0] != '\0' ? input.fingerprint : NULL);
    require_facts(&facts);
    require((facts.trust == TLS_TRUST_UNKNOWN) == !is_readable);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        judge(&facts, hosts[i], hours * INT64_C(3600000));
    arena_free(arena);
    sk_X509_pop_free(input.served, X509_free);
    X509_STORE_free(input.store);
    ERR_clear_error();
    return 0;
}
