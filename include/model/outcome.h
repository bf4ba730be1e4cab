/* The outcome of one run of a check: passed, or why not, with the evidence. Plain data,
 * copied by value, no clean-up. */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "model/reason.h"

#include <stdint.h>

enum outcome_kind {
    OUTCOME_PASS,
    OUTCOME_WARN, /* works, but an operator should look: counts as a pass */
    OUTCOME_FAIL,
    OUTCOME_UNAVAILABLE, /* could not be asked (port blocked, feature off): counts as
                            neither */
};

/* Phases in the order they end. A phase that was not reached reads -1. */
enum phase { PHASE_NAME, PHASE_CONNECT, PHASE_TLS, PHASE_FIRST_BYTE, PHASE_TOTAL };
enum { PHASE_COUNT = 5 };

enum { OUTCOME_EVIDENCE_MAX = 512, OUTCOME_REMOTE_MAX = 120, OUTCOME_SERIAL_MAX = 48 };

struct outcome {
    enum outcome_kind kind;
    enum reason reason;            /* REASON_NONE exactly when kind is OUTCOME_PASS */
    int64_t phase_us[PHASE_COUNT]; /* microseconds from the start of the run */
    int http_status;               /* 0 where there was none */
    int addresses_total; /* addresses that were asked; 0 or 1 for an ordinary check */
    int addresses_failed;
    int answered; /* addresses that sent at least one byte: only that proves a hop */
    char serial[OUTCOME_SERIAL_MAX];     /* of the certificate served, hex; "": none */
    char remote[OUTCOME_REMOTE_MAX];     /* the address asked, or the first that failed */
    char evidence[OUTCOME_EVIDENCE_MAX]; /* one line for people, cleaned of control bytes
                                          */
};

/* A zeroed outcome with all phases not reached. */
void outcome_init(struct outcome *outcome);

/* Set kind, reason and evidence at once; evidence is cut to its size. */
void outcome_set(struct outcome *outcome, enum outcome_kind kind, enum reason reason,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

const char *outcome_kind_name(enum outcome_kind kind); /* "pass", "warn", ... */
const char *phase_name(enum phase phase);              /* "name", "connect", ... */

#endif
