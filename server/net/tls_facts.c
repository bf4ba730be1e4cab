/* From OpenSSL's certificates to plain data. Every text comes from a peer: it is cleaned,
 * cut, and never trusted to be text at all. */
#include "tls_internal.h"

#include "base/err.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum { HOST_NAME_MAX_LEN = 253, IP4_BYTES = 4, IP6_BYTES = 16 };

static const char *read_name(struct arena *arena, const X509_NAME *name) {
    char *text = arena_alloc(arena, TLS_NAME_TEXT_MAX, 1);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (bio &&
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(bio, &data);
        text_clean(text, TLS_NAME_TEXT_MAX, data, len > 0 ? (size_t)len : 0);
    }
    BIO_free(bio);
    return text;
}

/* A host name as text, or NULL: what holds a zero byte would read as another name. */
static const char *read_host_name(struct arena *arena, const unsigned char *data,
                                  int len) {
    if (len <= 0 || len > HOST_NAME_MAX_LEN)
        return NULL;
    for (int i = 0; i < len; i++) {
        if (data[i] <= ' ' || data[i] > '~')
            return NULL;
    }
    return arena_printf(arena, "%.*s", len, (const char *)data);
}

static const char *read_common_name(struct arena *arena, const X509_NAME *subject) {
    const char *found = NULL;
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(
            &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        found = read_host_name(arena, utf8, len);
        OPENSSL_free(utf8);
    }
    return found;
}

static const char *read_address(struct arena *arena, const ASN1_OCTET_STRING *octets) {
    char text[INET6_ADDRSTRLEN];
    int len = ASN1_STRING_length(octets);
    if (len != IP4_BYTES && len != IP6_BYTES)
        return NULL;
    inet_ntop(len == IP4_BYTES ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), text,
              sizeof text);
    return arena_copy_text(arena, text);
}

static void read_names(struct tls_certificate *out, struct arena *arena,
                       const X509 *certificate) {
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(names);
    size_t max = count > 0 ? (size_t)count : 0;
    if (max > TLS_NAMES_MAX)
        max = TLS_NAMES_MAX;
    const char **hosts = arena_alloc(arena, max, sizeof *hosts);
    const char **addresses = arena_alloc(arena, max, sizeof *addresses);
    for (size_t i = 0; i < max; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, (int)i);
        const char *host = NULL;
        const char *address = NULL;
        if (name->type == GEN_DNS)
            host = read_host_name(arena, ASN1_STRING_get0_data(name->d.dNSName),
                                  ASN1_STRING_length(name->d.dNSName));
        else if (name->type == GEN_IPADD)
            address = read_address(arena, name->d.iPAddress);
        if (host)
            hosts[out->dns_names.count++] = host;
        if (address)
            addresses[out->addresses.count++] = address;
    }
    out->dns_names.items = hosts;
    out->addresses.items = addresses;
    GENERAL_NAMES_free(names);
}

/* Two digits a byte, without the leading zero byte that only keeps a number positive. */
static void read_serial(char out[TLS_SERIAL_MAX], const X509 *certificate) {
    static const char hex[] = "0123456789ABCDEF";
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    const unsigned char *data = ASN1_STRING_get0_data(serial);
    size_t at = 0;
    for (int i = 0; i < ASN1_STRING_length(serial) && at + 2 < TLS_SERIAL_MAX; i++) {
        out[at++] = hex[data[i] >> 4];
        out[at++] = hex[data[i] & 15];
    }
    out[at] = '\0';
}

static bool read_time(int64_t *wall_ms, const ASN1_TIME *time) {
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *wall_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

bool tls_has_issuer_url(const X509 *certificate) {
    AUTHORITY_INFO_ACCESS *access =
        X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *item = sk_ACCESS_DESCRIPTION_value(access, i);
        found |= OBJ_obj2nid(item->method) == NID_ad_ca_issuers;
    }
    AUTHORITY_INFO_ACCESS_free(access);
    return found;
}

static void read_certificate(struct tls_certificate *out, struct arena *arena,
                             X509 *certificate) {
    out->subject = read_name(arena, X509_get_subject_name(certificate));
    out->issuer = read_name(arena, X509_get_issuer_name(certificate));
    out->common_name = read_common_name(arena, X509_get_subject_name(certificate));
    read_names(out, arena, certificate);
    read_serial(out->serial, certificate);
    tls_fingerprint(certificate, out->sha256);
    out->has_dates = read_time(&out->from_wall_ms, X509_get0_notBefore(certificate)) &&
                     read_time(&out->until_wall_ms, X509_get0_notAfter(certificate));
    out->is_ca = X509_check_ca(certificate) > 0;
    out->is_self_signed = X509_self_signed(certificate, 1) == 1;
    out->has_issuer_url = tls_has_issuer_url(certificate);
    out->served_at = -1;
}

/* The first `max` of them. */
static struct tls_certificate *read_all(struct arena *arena,
                                        const STACK_OF(X509) * certificates, int max,
                                        size_t *count) {
    int all = sk_X509_num(certificates);
    *count = (size_t)(all < 0 ? 0 : all < max ? all : max);
    struct tls_certificate *out = arena_alloc(arena, *count, sizeof *out);
    for (size_t i = 0; i < *count; i++)
        read_certificate(&out[i], arena, sk_X509_value(certificates, (int)i));
    return out;
}

static void mark_served(struct tls_certificate *path, size_t path_count,
                        struct tls_certificate *served, size_t served_count) {
    for (size_t i = served_count; i-- > 0;) {
        served[i].served_at = (int)i;
        for (size_t j = 0; j < path_count; j++) {
            if (strcmp(path[j].sha256, served[i].sha256) == 0)
                path[j].served_at = (int)i;
        }
    }
}

static enum tls_trust trust_of(int error) {
    switch (error) {
        case X509_V_OK:
            return TLS_TRUST_OK;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return TLS_TRUST_NO_ISSUER;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_UNTRUSTED:
            return TLS_TRUST_FOREIGN_ROOT;
        default:
            return TLS_TRUST_BROKEN;
    }
}

/* What a server sends beyond that is not even looked at. */
static STACK_OF(X509) * first_of(const STACK_OF(X509) * served) {
    STACK_OF(X509) *first = sk_X509_new_null();
    for (int i = 0; first && i < sk_X509_num(served) && i < TLS_SERVED_MAX; i++)
        sk_X509_push(first, sk_X509_value(served, i));
    return first;
}

char *tls_fingerprint(X509 *certificate, char out[MAC_HEX_MAX]) {
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    mac_sha256(len > 0 ? der : NULL, len > 0 ? (size_t)len : 0, out);
    OPENSSL_free(der);
    return out;
}

void tls_facts_read(struct tls_facts *facts, struct arena *arena,
                    STACK_OF(X509) * all_served, X509_STORE *store, const struct err *err,
                    const char *fingerprint) {
    STACK_OF(X509) *served = first_of(all_served);
    struct tls_certificate *list =
        read_all(arena, served, TLS_SERVED_MAX, &facts->served_count);
    facts->served = list;
    facts->trust_text = "";
    if (facts->served_count == 0) {
        facts->trust = TLS_TRUST_NO_ISSUER;
    } else {
        /* Without anything trusted the served ones alone still show their order. */
        X509_STORE *none = store ? NULL : X509_STORE_new();
        struct tls_way way = tls_way_find(store ? store : none, served);
        struct tls_certificate *path =
            read_all(arena, way.certificates, TLS_SERVED_MAX, &facts->path_count);
        mark_served(path, facts->path_count, list, facts->served_count);
        facts->path = path;
        facts->trust = trust_of(way.error);
        if (facts->trust == TLS_TRUST_BROKEN) {
            facts->trust_code = way.error;
            facts->trust_text = X509_verify_cert_error_string(way.error);
        }
        if (fingerprint)
            facts->pin = tls_way_fits(&way, store, served, fingerprint) ? TLS_PIN_FITS
                                                                        : TLS_PIN_OTHER;
        tls_way_fini(&way);
        X509_STORE_free(none);
    }
    if (!store) {
        facts->trust = TLS_TRUST_UNKNOWN;
        facts->trust_text = arena_copy_text(arena, err->text);
    }
    sk_X509_free(served);
}
