/* When each address of a name was first seen: a pod that has just come is given time.
 * Bounded memory that outlives runs and reloads. Inside this layer; loop thread only. */
#ifndef CHECK_SIGHTINGS_H
#define CHECK_SIGHTINGS_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGHTING_YOUNG_MS = 30 * 1000 };

/* Take note of the addresses that `target` has now, and tell which of them it has had for
 * less than SIGHTING_YOUNG_MS. The addresses of the first note are not young: who knows
 * how long they have been there. One that went and came back is another pod. */
void sightings_note(const char *target, const struct addr *addrs, size_t count,
                    int64_t now_ms, bool *is_young);

#endif
