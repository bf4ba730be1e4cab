/* How the timing of a check follows from the keys that are there and those it inherits.
 */
#ifndef CONFIG_TIMING_INTERNAL_H
#define CONFIG_TIMING_INTERNAL_H

#include "config/schema.h"
#include "model/config.h"

#include <stdbool.h>

/* What to read the keys of a check, or of `defaults`, into. */
void timing_begin(struct check_timing *timing, const struct check_timing *inherited);

/* Fill in what was not read, cut to fit. */
void timing_finish(struct check_timing *timing, const struct check_timing *inherited);

/* The rules between the keys of the object at `path`, which was read without an error. */
void timing_check(struct schema_reader *reader, const struct check_timing *timing,
                  const char *path);

#endif
