/* Checks that wait for each other. Pure. */
#ifndef CONFIG_CYCLES_INTERNAL_H
#define CONFIG_CYCLES_INTERNAL_H

#include "model/config.h"

#include <stdint.h>

struct buf;

/* Look for a cycle of parents. The index of a check on it, whose parent closes it, with
 * the names "a -> b -> a" appended to `text`; UINT32_MAX if there is none. */
uint32_t cycles_find(const struct check_config *checks, uint32_t count, struct buf *text);

#endif
