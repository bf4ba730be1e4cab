/* Bounds of detection and recovery. Owns the arithmetic; a test simulates each kind of
 * prober against it (tests/unit/engine/test_cadence_simulation.c). */
#include "model/cadence.h"

/* How far a probe may stand from its beat: early, late. */
static int64_t early_ms(const struct cadence *cadence, int64_t interval_ms) {
    return interval_ms * cadence->jitter_percent / 100 / 2;
}

static int64_t late_ms(const struct cadence *cadence, int64_t interval_ms) {
    return interval_ms * cadence->jitter_percent / 100 - early_ms(cadence, interval_ms);
}

/* The first beat that is not before `ms`, and one more where it is that very moment: the
 * end of a probe is always a little later. */
static int64_t next_beat_ms(int64_t ms, int64_t interval_ms) {
    return interval_ms > 0 ? interval_ms * (ms / interval_ms + 1) : ms;
}

/* From the fault to the start of the first probe that meets it, at most. */
static int64_t first_gap_ms(const struct cadence *cadence) {
    return cadence->interval_ms + early_ms(cadence, cadence->interval_ms) +
           late_ms(cadence, cadence->interval_ms);
}

/* From there to the start of the last one that counts, each taking `took_ms`. */
static int64_t further_gaps_ms(const struct cadence *cadence, int64_t took_ms,
                               int count) {
    int64_t edge_ms = cadence->edge_interval_ms;
    if (cadence->gap == CADENCE_FROM_END)
        return count * (edge_ms + took_ms);
    return count * (edge_ms > took_ms ? edge_ms : took_ms);
}

/* The phases of several probers are independent: the last of n comes, on average, after
 * n / (n + 1) of the interval. */
static int64_t mean_wait_ms(const struct cadence *cadence, int64_t interval_ms) {
    return interval_ms * cadence->probers / (cadence->probers + 1);
}

static struct span detect(const struct cadence *cadence, int64_t took_ms) {
    int further = cadence->fall - 1;
    return (struct span){
        .best_ms = further * cadence->edge_interval_ms,
        .typical_ms = mean_wait_ms(cadence, cadence->interval_ms) +
                      further * cadence->edge_interval_ms,
        .worst_ms =
            first_gap_ms(cadence) + further_gaps_ms(cadence, took_ms, further) + took_ms,
    };
}

/* From the recovery to the start of the first probe that meets it, at most: one that
 * began just before still fails, after its timeout. */
static int64_t first_up_gap_ms(const struct cadence *cadence) {
    int64_t down_ms = cadence->down_interval_ms;
    int64_t timeout_ms = cadence->timeout_ms;
    switch (cadence->gap) {
        case CADENCE_FROM_START:
            return down_ms > timeout_ms ? down_ms : timeout_ms;
        case CADENCE_FROM_END:
            return down_ms + timeout_ms;
        case CADENCE_BEAT:
            break;
    }
    int64_t early = early_ms(cadence, down_ms);
    int64_t late = late_ms(cadence, down_ms);
    int64_t by_beat = next_beat_ms(timeout_ms + late, down_ms) + early;
    int64_t by_length = timeout_ms + down_ms;
    int64_t least = down_ms + early;
    int64_t beat_ms = by_beat < by_length ? by_beat : by_length;
    return (beat_ms > least ? beat_ms : least) + late;
}

struct span cadence_detect(const struct cadence *cadence) {
    return detect(cadence, cadence->timeout_ms);
}

struct span cadence_detect_answered(const struct cadence *cadence) {
    return detect(cadence, 0);
}

struct span cadence_recover(const struct cadence *cadence) {
    int further = cadence->rise - 1;
    return (struct span){
        .best_ms = further * cadence->edge_interval_ms,
        .typical_ms = mean_wait_ms(cadence, cadence->down_interval_ms) +
                      further * cadence->edge_interval_ms,
        .worst_ms = first_up_gap_ms(cadence) + further_gaps_ms(cadence, 0, further),
    };
}

struct span span_add(struct span a, struct span b) {
    return (struct span){a.best_ms + b.best_ms, a.typical_ms + b.typical_ms,
                         a.worst_ms + b.worst_ms};
}
