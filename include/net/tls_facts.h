/* What a TLS server showed of itself: its certificates, the way from the first of them up
 * to a root, and whether that way ends at something trusted. Plain data without a
 * judgement, so that judging needs no socket, no clock and no library. Any thread. */
#ifndef NET_TLS_FACTS_H
#define NET_TLS_FACTS_H

#include "base/mac.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLS_SERVED_MAX = 8,      /* certificates that are looked at; a server may send more */
    TLS_NAMES_MAX = 1000,    /* the same of the names of one certificate */
    TLS_NAME_TEXT_MAX = 128, /* bytes of a subject or issuer; longer ones are cut */
    TLS_SERIAL_MAX = 48,     /* RFC 5280 allows 40 digits; longer ones are cut */
};

struct tls_certificate {
    const char *subject; /* RFC 2253 order: "CN=apps.example.com,O=Example" */
    const char *issuer;
    const char *common_name;     /* the last; NULL: none that could be a host's name */
    struct text_list dns_names;  /* of the subject alternative name, as written */
    struct text_list addresses;  /* the same, "10.0.0.1" or "fd00::1" */
    char serial[TLS_SERIAL_MAX]; /* upper-case hex, as `openssl x509 -serial` prints it */
    char sha256[MAC_HEX_MAX];    /* of the whole certificate: its fingerprint */
    bool has_dates;              /* false: they cannot be read */
    int64_t from_wall_ms;
    int64_t until_wall_ms; /* both are still valid */
    bool is_ca;
    bool is_self_signed;
    bool has_issuer_url; /* says where its issuer's can be fetched (AIA caIssuers), which
                            is said of intermediates: nobody fetches a root */
    int served_at;       /* place among the served ones; -1: a trusted one, not served */
};

/* How the way up from the first certificate ends. */
enum tls_trust {
    TLS_TRUST_OK,           /* at a trusted certificate */
    TLS_TRUST_NO_ISSUER,    /* at one whose issuer is neither served nor trusted */
    TLS_TRUST_FOREIGN_ROOT, /* at a self-signed one that is not trusted */
    TLS_TRUST_BROKEN,       /* a signature, a purpose or a CA's right to sign is wrong */
    TLS_TRUST_UNKNOWN,      /* what is trusted cannot be read: our own mistake */
};

/* Does the way end at the root with the fingerprint that was asked for? */
enum tls_pin { TLS_PIN_NONE, TLS_PIN_FITS, TLS_PIN_OTHER };

/* All pointers belong to whoever filled it in. */
struct tls_facts {
    const char *version;                  /* "TLSv1.3" */
    const struct tls_certificate *served; /* in the order of the server */
    size_t served_count;
    const struct tls_certificate *path; /* served[0], its issuer, and so on upwards */
    size_t path_count;                  /* 0 only where nothing was served */
    enum tls_trust trust;
    int trust_code;         /* OpenSSL's number for BROKEN (openssl-verify(1)), else 0 */
    const char *trust_text; /* words for BROKEN and UNKNOWN, else "" */
    enum tls_pin pin;       /* TLS_PIN_NONE: no fingerprint was asked for */
};

#endif
