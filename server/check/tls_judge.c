/* What Application Gateway makes of a certificate chain. Its words are azure/judge's;
 * never looks at a socket, a file or the clock. */
#include "check/tls.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "model/outcome.h"
#include "net/tls_facts.h"

#define MINUTE_MS (60 * INT64_C(1000))
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum {
    FINDINGS_MAX = 8,
    FINDING_TEXT_MAX = 320,
    NAMES_TEXT_MAX = 160,
    SPAN_TEXT_MAX = 32,
};

struct finding {
    enum outcome_kind kind;
    enum reason reason;
    enum appgw_refusal refusal; /* APPGW_ACCEPTS: a warning of our own */
    char text[FINDING_TEXT_MAX];
};

/* One chain being judged. */
struct trial {
    const struct tls_facts *facts;
    const struct tls_expected *expected;
    const struct tls_certificate *leaf; /* the first one served */
    struct finding findings[FINDINGS_MAX];
    size_t count;
};

__attribute__((format(printf, 5, 6))) static void
find(struct trial *trial, enum outcome_kind kind, enum reason reason,
     enum appgw_refusal refusal, const char *fmt, ...) {
    if (trial->count == FINDINGS_MAX)
        return;
    struct finding *finding = &trial->findings[trial->count++];
    finding->kind = kind;
    finding->reason = reason;
    finding->refusal = refusal;
    va_list args;
    va_start(args, fmt);
    vsnprintf(finding->text, sizeof finding->text, fmt, args);
    va_end(args);
}

static const char *ca_text(const struct trial *trial) {
    return trial->expected->ca_file ? trial->expected->ca_file : "the system's CAs";
}

/* "87 days": rounded down, so that nothing sounds longer than it is. */
static char *format_span(int64_t ms, char out[SPAN_TEXT_MAX]) {
    if (ms >= 2 * DAY_MS)
        snprintf(out, SPAN_TEXT_MAX, "%" PRId64 " days", ms / DAY_MS);
    else if (ms >= 2 * HOUR_MS)
        snprintf(out, SPAN_TEXT_MAX, "%" PRId64 " hours", ms / HOUR_MS);
    else
        snprintf(out, SPAN_TEXT_MAX, "%" PRId64 " minutes", ms / MINUTE_MS);
    return out;
}

/* RFC 6125, 6.4.3: a wildcard is the whole first label and stands for exactly one. */
static bool pattern_fits(const char *pattern, const char *host) {
    size_t len = strlen(pattern);
    if (len > 0 && pattern[len - 1] == '.')
        len--;
    if (len < 3 || pattern[0] != '*' || pattern[1] != '.')
        return strlen(host) == len && strncasecmp(pattern, host, len) == 0;
    const char *rest = strchr(host, '.');
    return rest && rest != host && memchr(pattern + 2, '.', len - 2) &&
           strlen(rest) == len - 1 && strncasecmp(pattern + 1, rest, len - 1) == 0;
}

/* The Common Name counts only where there is no alternative name of a host. */
static bool fits_host(const struct tls_certificate *certificate, const char *host) {
    const struct text_list *names = &certificate->dns_names;
    const struct text_list *addresses = &certificate->addresses;
    struct addr addr;
    if (addr_parse_ip(host, 0, &addr)) {
        char text[ADDR_TEXT_MAX];
        addr_format_ip(&addr, text);
        for (size_t i = 0; i < addresses->count; i++) {
            if (strcmp(addresses->items[i], text) == 0)
                return true;
        }
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (pattern_fits(names->items[i], host))
            return true;
    }
    return names->count == 0 && addresses->count == 0 && certificate->common_name &&
           pattern_fits(certificate->common_name, host);
}

/* A CA that names hosts is somebody's self-signed server. */
static bool is_of_server(const struct tls_certificate *certificate, const char *host) {
    return !certificate->is_ca || certificate->dns_names.count > 0 ||
           certificate->addresses.count > 0 || fits_host(certificate, host);
}

/* Without the server's own certificate in its place, all else would be said of another.
 */
static bool judge_leaf(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    const char *host = trial->expected->host;
    if (facts->served_count == 0) {
        find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_LEAF_MISSING,
             "no certificate was sent");
        return false;
    }
    trial->leaf = &facts->served[0];
    if (is_of_server(trial->leaf, host))
        return true;
    for (size_t i = 1; i < facts->served_count; i++) {
        if (!is_of_server(&facts->served[i], host))
            continue;
        find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_LEAF_NOT_FIRST,
             "the server's own certificate, %s, is number %zu of the chain; the first "
             "one is %s",
             facts->served[i].subject, i + 1, trial->leaf->subject);
        return false;
    }
    find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_LEAF_MISSING,
         "only certificates of CAs were sent, the first one is %s", trial->leaf->subject);
    return false;
}

/* An intermediate that is missing and a CA that is unknown look the same; only a
 * certificate that says where to fetch its issuer's has an intermediate above it.
 * Application Gateway says "missing" of both: it wants the whole chain. */
static void judge_no_issuer(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    const struct tls_certificate *last = &facts->path[facts->path_count - 1];
    if (facts->path_count > 1)
        find(trial, OUTCOME_FAIL, TLS_UNKNOWN_CA,
             trial->expected->ca_file ? APPGW_INTERMEDIATE_OTHER_ROOT
                                      : APPGW_INTERMEDIATE_UNKNOWN,
             "the chain ends at %s, whose issuer, %s, is not in %s", last->subject,
             last->issuer, ca_text(trial));
    else if (last->has_issuer_url)
        find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_INTERMEDIATE_MISSING,
             "%s was sent without its issuer, %s, which is not in %s either",
             last->subject, last->issuer, ca_text(trial));
    else
        find(trial, OUTCOME_FAIL, TLS_UNKNOWN_CA, APPGW_INTERMEDIATE_MISSING,
             "the issuer of %s, %s, is neither sent nor in %s: another CA, or an "
             "intermediate that should be sent",
             last->subject, last->issuer, ca_text(trial));
}

/* A certificate that signed itself and is no CA is a leaf whose intermediate is missing,
 * Application Gateway says. */
static void judge_foreign_root(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    const struct tls_certificate *last = &facts->path[facts->path_count - 1];
    enum appgw_refusal refusal = !last->is_ca               ? APPGW_INTERMEDIATE_MISSING
                                 : trial->expected->ca_file ? APPGW_OTHER_ROOT
                                                            : APPGW_LEAF_UNKNOWN;
    if (facts->path_count == 1)
        find(trial, OUTCOME_FAIL, TLS_UNKNOWN_CA, refusal,
             "%s is self-signed, and not in %s", last->subject, ca_text(trial));
    else
        find(trial, OUTCOME_FAIL, TLS_UNKNOWN_CA, refusal,
             "the chain ends at the root %s (SHA-256 %s), which is not in %s",
             last->subject, last->sha256, ca_text(trial));
}

static void judge_trust(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    if (facts->pin == TLS_PIN_FITS && facts->trust != TLS_TRUST_OK) {
        find(trial, OUTCOME_WARN, TLS_UNKNOWN_CA, APPGW_ACCEPTS,
             "the root is the one of root_fingerprint, but it is not in %s",
             ca_text(trial));
        return;
    }
    switch (facts->trust) {
        case TLS_TRUST_OK:
        case TLS_TRUST_UNKNOWN:
            return;
        case TLS_TRUST_NO_ISSUER:
            judge_no_issuer(trial);
            return;
        case TLS_TRUST_FOREIGN_ROOT:
            judge_foreign_root(trial);
            return;
        case TLS_TRUST_BROKEN:
            find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_NOT_VERIFIED,
                 "%s (OpenSSL's error code %d)", facts->trust_text, facts->trust_code);
            return;
    }
}

/* Where the way ends at an intermediate that only our file has, nobody knows its root;
 * that it was not served is the defect, and judge_order's. */
static void judge_pin(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    if (facts->pin != TLS_PIN_OTHER || facts->trust != TLS_TRUST_OK)
        return;
    const struct tls_certificate *root = &facts->path[facts->path_count - 1];
    if (root->served_at < 0 && !root->is_self_signed)
        return;
    find(trial, OUTCOME_FAIL, TLS_UNKNOWN_CA, APPGW_OTHER_ROOT,
         "the chain ends at %s (SHA-256 %s), not at the root of root_fingerprint "
         "(%.16s...)",
         root->subject, root->sha256, trial->expected->root_fingerprint);
}

/* Complete and in order: only a root may stay away, because the other side has it. */
static void judge_order(struct trial *trial) {
    const struct tls_facts *facts = trial->facts;
    const struct tls_certificate *last = &facts->path[facts->path_count - 1];
    for (size_t i = 1; i < facts->path_count; i++) {
        const struct tls_certificate *certificate = &facts->path[i];
        if (certificate->served_at < 0 && !certificate->is_self_signed) {
            find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_INTERMEDIATE_MISSING,
                 "%s was not sent; we only know it from %s", certificate->subject,
                 ca_text(trial));
            return;
        }
        if (certificate->served_at >= 0 &&
            certificate->served_at < facts->path[i - 1].served_at) {
            find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_NOT_VERIFIED,
                 "the chain is out of order: %s is sent before %s, which it issued",
                 certificate->subject, facts->path[i - 1].subject);
            return;
        }
    }
    if (facts->path_count > 1 || facts->trust != TLS_TRUST_OK || last->is_ca)
        return;
    find(trial, OUTCOME_FAIL, TLS_CHAIN, APPGW_INTERMEDIATE_MISSING, "%s %s",
         last->subject,
         last->is_self_signed ? "is self-signed, and no CA"
                              : "was sent alone; nothing above it is known");
}

static void judge_dates(struct trial *trial) {
    int64_t now_ms = trial->expected->now_wall_ms;
    for (size_t i = 0; i < trial->facts->path_count; i++) {
        const struct tls_certificate *certificate = &trial->facts->path[i];
        char date[CLOCK_TEXT_MAX];
        char span[SPAN_TEXT_MAX];
        if (!certificate->has_dates)
            find(trial, OUTCOME_FAIL, TLS_EXPIRED, APPGW_NOT_IN_DATES,
                 "the dates of %s cannot be read", certificate->subject);
        else if (now_ms < certificate->from_wall_ms)
            find(trial, OUTCOME_FAIL, TLS_EXPIRED, APPGW_NOT_IN_DATES,
                 "%s is not valid before %.16sZ, in %s", certificate->subject,
                 clock_format_rfc3339(certificate->from_wall_ms, date),
                 format_span(certificate->from_wall_ms - now_ms, span));
        else if (now_ms > certificate->until_wall_ms)
            find(trial, OUTCOME_FAIL, TLS_EXPIRED, APPGW_NOT_IN_DATES,
                 "%s expired %s ago, on %.16sZ", certificate->subject,
                 format_span(now_ms - certificate->until_wall_ms, span),
                 clock_format_rfc3339(certificate->until_wall_ms, date));
        else
            continue;
        return;
    }
}

static void append_names(struct buf *out, const struct text_list *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (out->len + strlen(names->items[i]) > NAMES_TEXT_MAX) {
            buf_printf(out, " and %zu more", names->count - i);
            return;
        }
        buf_printf(out, "%s%s", out->len > 0 ? ", " : "", names->items[i]);
    }
}

static void judge_name(struct trial *trial) {
    const struct tls_certificate *leaf = trial->leaf;
    BUF_AUTO struct buf names = {0};
    if (fits_host(leaf, trial->expected->host))
        return;
    append_names(&names, &leaf->dns_names);
    append_names(&names, &leaf->addresses);
    if (names.len == 0)
        buf_puts(&names, leaf->subject[0] != '\0' ? leaf->subject : "nobody");
    find(trial, OUTCOME_FAIL, TLS_SAN_MISMATCH, APPGW_OTHER_NAME,
         "the certificate is for %s, not for %s", names.data, trial->expected->host);
}

/* The one that expires first, of all up to the root. */
static const struct tls_certificate *first_to_expire(const struct trial *trial) {
    const struct tls_certificate *first = trial->leaf;
    for (size_t i = 0; i < trial->facts->path_count; i++) {
        if (trial->facts->path[i].until_wall_ms < first->until_wall_ms)
            first = &trial->facts->path[i];
    }
    return first;
}

static void judge_days_left(struct trial *trial) {
    const struct tls_certificate *first = first_to_expire(trial);
    int64_t left_ms = first->until_wall_ms - trial->expected->now_wall_ms;
    char span[SPAN_TEXT_MAX];
    if (first->has_dates && left_ms >= 0 && left_ms < trial->expected->warn_days * DAY_MS)
        find(trial, OUTCOME_WARN, TLS_EXPIRED, APPGW_ACCEPTS, "expires in %s: %s",
             format_span(left_ms, span), first->subject);
}

/* What is served, for people who compare it with what should be. */
static void append_summary(struct buf *out, const struct trial *trial) {
    const struct tls_certificate *leaf = trial->leaf;
    const struct tls_certificate *first = first_to_expire(trial);
    char from[CLOCK_TEXT_MAX];
    char until[CLOCK_TEXT_MAX];
    char span[SPAN_TEXT_MAX];
    buf_printf(out, "%s, %s, serial %s, valid %.10s to %.10s, %s left",
               trial->facts->version, trial->expected->host, leaf->serial,
               clock_format_rfc3339(leaf->from_wall_ms, from),
               clock_format_rfc3339(leaf->until_wall_ms, until),
               format_span(first->until_wall_ms - trial->expected->now_wall_ms, span));
    if (strcmp(first->sha256, leaf->sha256) != 0)
        buf_printf(out, " (of %s)", first->subject);
}

/* The first failure speaks, else the first warning; the others are added. */
static enum appgw_refusal conclude(const struct trial *trial, struct outcome *outcome) {
    const struct finding *said = NULL;
    BUF_AUTO struct buf text = {0};
    for (size_t i = 0; i < trial->count; i++) {
        const struct finding *finding = &trial->findings[i];
        if (!said || (said->kind == OUTCOME_WARN && finding->kind == OUTCOME_FAIL))
            said = finding;
    }
    if (!said) {
        append_summary(&text, trial);
        outcome_set(outcome, OUTCOME_PASS, REASON_NONE, "%s", text.data);
        return APPGW_ACCEPTS;
    }
    buf_puts(&text, said->text);
    if (said->refusal != APPGW_ACCEPTS)
        buf_printf(&text, ". Application Gateway: %s",
                   appgw_refusal_brief(said->refusal));
    for (size_t i = 0; i < trial->count; i++) {
        if (&trial->findings[i] != said)
            buf_printf(&text, "; also: %s", trial->findings[i].text);
    }
    if (said->kind == OUTCOME_WARN) {
        buf_puts(&text, "; ");
        append_summary(&text, trial);
    }
    outcome_set(outcome, said->kind, said->reason, "%s", text.data);
    return said->refusal;
}

enum appgw_refusal tls_judge(const struct tls_facts *facts,
                             const struct tls_expected *expected,
                             struct outcome *outcome) {
    struct trial trial = {.facts = facts, .expected = expected};
    if (facts->served_count > 0)
        text_copy(outcome->serial, sizeof outcome->serial, facts->served[0].serial);
    if (facts->trust == TLS_TRUST_UNKNOWN) {
        outcome_set(outcome, OUTCOME_UNAVAILABLE, TLS_UNKNOWN_CA,
                    "the CA file cannot be read: %s", facts->trust_text);
        return APPGW_ACCEPTS;
    }
    if (judge_leaf(&trial)) {
        judge_trust(&trial);
        judge_pin(&trial);
        judge_order(&trial);
        judge_dates(&trial);
        judge_name(&trial);
        judge_days_left(&trial);
    }
    return conclude(&trial, outcome);
}
