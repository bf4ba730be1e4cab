/* How long a prober that asks at a rate takes to notice that something went down, and
 * that it came back: closed formulas. Pure.
 *
 * Answers of a healthy target are taken to come at once. Best: the fault begins just
 * before a probe, and answers it (refused, reset, a wrong status). Typical: the same,
 * half-way between two probes. Worst: just after one, and every further probe hangs until
 * its timeout. */
#ifndef MODEL_CADENCE_H
#define MODEL_CADENCE_H

#include <stdint.h>

/* From which moment the next probe is waited for. */
enum cadence_gap {
    CADENCE_FROM_START, /* of the one before; at once where that took longer */
    CADENCE_FROM_END,   /* of the one before, so that a timeout comes on top */
    CADENCE_BEAT,       /* at a fixed beat, a missed one left out; between states as
                           CADENCE_FROM_START */
};

/* Milliseconds. jitter_percent is the whole width around a beat, half of it either way,
 * and 0 for the other two gaps. */
struct cadence {
    enum cadence_gap gap;
    int64_t interval_ms;
    int64_t edge_interval_ms; /* while some, but not enough, results contradict a state */
    int64_t down_interval_ms; /* while down */
    int64_t timeout_ms;       /* of one probe; at most the interval for the first two */
    int jitter_percent;
    int fall;    /* failures in a row that count, at least 1 */
    int rise;    /* successes */
    int probers; /* independent ones that must all have noticed, at least 1 */
};

struct span {
    int64_t best_ms;
    int64_t typical_ms;
    int64_t worst_ms;
};

struct span cadence_detect(const struct cadence *cadence);
/* The worst case too is a fault that answers at once. */
struct span cadence_detect_answered(const struct cadence *cadence);
struct span cadence_recover(const struct cadence *cadence);

/* One after the other. */
struct span span_add(struct span a, struct span b);

#endif
