/* The counters and the ring between a front's thread (writes) and the engine's (reads).
 * No lock and no system call: a probe never waits for whoever counts it. */
#include "front/arrivals.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

struct arrivals {
    /* Written by the front's thread. */
    atomic_uint_fast64_t by_path_and_answer[PROBE_PATH_COUNT][ANSWER_COUNT];
    atomic_uint_fast64_t dropped;
    /* Both positions only grow; the place in the ring is the remainder. The ring between
     * them keeps them on different cache lines. */
    atomic_size_t head; /* the next to write */
    struct arrival ring[ARRIVALS_RING];
    atomic_size_t tail; /* the next to read; written by the engine's thread */
};

/* With one writer a plain addition, without a locked instruction, is exact. */
static void add_one(atomic_uint_fast64_t *counter) {
    uint_fast64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

struct arrivals *arrivals_new(void) {
    return MEM_NEW(struct arrivals);
}

void arrivals_free(struct arrivals *arrivals) {
    free(arrivals);
}

void arrivals_add(struct arrivals *arrivals, const struct arrival *arrival) {
    add_one(&arrivals->by_path_and_answer[arrival->path][arrival->answer]);
    size_t head = atomic_load_explicit(&arrivals->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&arrivals->tail, memory_order_acquire);
    if (head - tail == ARRIVALS_RING) {
        add_one(&arrivals->dropped);
        return;
    }
    arrivals->ring[head % ARRIVALS_RING] = *arrival;
    atomic_store_explicit(&arrivals->head, head + 1, memory_order_release);
}

size_t arrivals_take(struct arrivals *arrivals, struct arrival *out, size_t max) {
    size_t tail = atomic_load_explicit(&arrivals->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&arrivals->head, memory_order_acquire);
    size_t count = head - tail < max ? head - tail : max;
    for (size_t i = 0; i < count; i++)
        out[i] = arrivals->ring[(tail + i) % ARRIVALS_RING];
    atomic_store_explicit(&arrivals->tail, tail + count, memory_order_release);
    return count;
}

void arrivals_counts(const struct arrivals *arrivals, struct arrival_counts *counts) {
    for (size_t path = 0; path < PROBE_PATH_COUNT; path++) {
        for (size_t answer = 0; answer < ANSWER_COUNT; answer++)
            counts->by_path_and_answer[path][answer] = atomic_load_explicit(
                &arrivals->by_path_and_answer[path][answer], memory_order_relaxed);
    }
    counts->ring_dropped = atomic_load_explicit(&arrivals->dropped, memory_order_relaxed);
}
