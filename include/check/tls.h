/* Check type `tls`: one handshake, judged as Application Gateway judges a backend: SNI
 * and name, dates, a complete chain in the right order, the root it was given. */
#ifndef CHECK_TLS_H
#define CHECK_TLS_H

#include "azure/judge.h"
#include "config/schema.h"

#include <stdbool.h>
#include <stdint.h>

struct check_type;
struct outcome;
struct tls_facts;

struct tls_options {
    const char *target;           /* "host:port" */
    const char *server_name;      /* SNI, and what the certificate must be for; NULL: the
                                     target's host. An address is never sent as SNI */
    const char *ca_file;          /* NULL: the system's */
    const char *root_fingerprint; /* SHA-256 in hex of the root that Application Gateway
                                     was given; NULL: any trusted one */
    int warn_days;                /* 0: never */
    bool every_address;
};

extern const struct schema tls_options_schema; /* of struct tls_options */

extern const struct check_type check_tls;

/* What facts are judged by. All borrowed. */
struct tls_expected {
    const char *host;             /* a name without a trailing dot, or an address */
    const char *ca_file;          /* only for words */
    const char *root_fingerprint; /* the same: whether it fits is a fact */
    int warn_days;
    int64_t now_wall_ms;
};

/* Fill in kind, reason, evidence and serial. Returns why Application Gateway refuses it,
 * APPGW_ACCEPTS unless the outcome is a failure. Pure; any thread.
 *
 * FAIL: Application Gateway refuses this. Its own words for it are quoted, so that they
 * can be searched for. Of several defects the first of this order gives the reason, the
 * others are named: the server's own certificate is missing or not the first (TLS_CHAIN);
 * the chain does not end at something trusted (TLS_UNKNOWN_CA), or at another root than
 * the one of `root_fingerprint` (TLS_UNKNOWN_CA); an intermediate is not served, the
 * order is wrong, a signature is wrong (TLS_CHAIN); a certificate up to the root is
 * expired or not yet valid (TLS_EXPIRED); the name is another (TLS_SAN_MISMATCH). curl
 * and browsers see the first two and the last two as well; a wrong order, or an
 * intermediate that only they know, is Application Gateway's trouble alone.
 *
 * WARN: fewer than `warn_days` are left (TLS_EXPIRED); or the root fits while our own
 * file of trusted certificates lacks it (TLS_UNKNOWN_CA).
 *
 * UNAVAILABLE: that file cannot be read, so nothing can be said (TLS_UNKNOWN_CA). */
enum appgw_refusal tls_judge(const struct tls_facts *facts,
                             const struct tls_expected *expected,
                             struct outcome *outcome);

#endif
