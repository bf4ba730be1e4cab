/* Arrivals on their way from a front's thread to the engine's: exact atomic counters, and
 * one single-producer single-consumer ring of descriptions. */
#ifndef FRONT_ARRIVALS_H
#define FRONT_ARRIVALS_H

#include "model/arrival.h"

#include <stddef.h>

struct arrivals;

enum { ARRIVALS_RING = 1024 };

struct arrivals *arrivals_new(void);
void arrivals_free(struct arrivals *arrivals);

/* Front thread: count it, and describe it unless the ring is full. Never waits. */
void arrivals_add(struct arrivals *arrivals, const struct arrival *arrival);

/* Engine thread: take up to `max` descriptions, oldest first. */
size_t arrivals_take(struct arrivals *arrivals, struct arrival *out, size_t max);

/* Any thread. */
void arrivals_counts(const struct arrivals *arrivals, struct arrival_counts *counts);

#endif
