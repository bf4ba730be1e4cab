/* Filling in an outcome, and its words. Never judges one: health.c counts it. */
#include "model/outcome.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void outcome_init(struct outcome *outcome) {
    *outcome = (struct outcome){.kind = OUTCOME_PASS};
    for (int i = 0; i < PHASE_COUNT; i++)
        outcome->phase_us[i] = -1;
}

void outcome_set(struct outcome *outcome, enum outcome_kind kind, enum reason reason,
                 const char *fmt, ...) {
    /* One UTF-8 sequence longer than the evidence: then text_clean makes the cut, at a
     * boundary. Also lets the evidence itself be one of the arguments. */
    char line[OUTCOME_EVIDENCE_MAX + 4];
    va_list args;

    assert((kind == OUTCOME_PASS) == (reason == REASON_NONE));
    outcome->kind = kind;
    outcome->reason = reason;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    text_clean(outcome->evidence, sizeof(outcome->evidence), line, strlen(line));
}

const char *outcome_kind_name(enum outcome_kind kind) {
    static const char *const names[] = {
        [OUTCOME_PASS] = "pass",
        [OUTCOME_WARN] = "warn",
        [OUTCOME_FAIL] = "fail",
        [OUTCOME_UNAVAILABLE] = "unavailable",
    };

    return names[kind];
}

const char *phase_name(enum phase phase) {
    static const char *const names[PHASE_COUNT] = {
        [PHASE_NAME] = "name",   [PHASE_CONNECT] = "connect",
        [PHASE_TLS] = "tls",     [PHASE_FIRST_BYTE] = "first_byte",
        [PHASE_TOTAL] = "total",
    };

    return names[phase];
}
