/* Assertions about outcomes. Include it behind cmocka.h. */
#ifndef TESTS_UNIT_CHECK_OUTCOMES_H
#define TESTS_UNIT_CHECK_OUTCOMES_H

#include <string.h>

#include "model/outcome.h"

/* `evidence` is a part of it. */
static inline void assert_outcome(const struct outcome *outcome, enum outcome_kind kind,
                                  enum reason reason, const char *evidence) {
    if (outcome->kind != kind || outcome->reason != reason ||
        !strstr(outcome->evidence, evidence))
        print_error("%s %s: %s\n", outcome_kind_name(outcome->kind),
                    reason_name(outcome->reason), outcome->evidence);
    assert_int_equal(outcome->kind, kind);
    assert_int_equal(outcome->reason, reason);
    assert_non_null(strstr(outcome->evidence, evidence));
}

#endif
