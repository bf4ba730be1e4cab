/* What a configuration means for running it: in which order states are shown, and which
 * checks share a place in the queue. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "engine/schedule.h"
#include "model/config.h"

#include <stdint.h>

/* Check indices, every check behind those it depends on; free(). The configuration holds
 * no cycle. */
uint32_t *plan_order(const struct config *config);

/* An empty schedule with one fairness group per tenant and one for all other checks. The
 * jitter differs between instances. */
struct schedule *plan_schedule(const struct config *config, const char *instance);

#endif
