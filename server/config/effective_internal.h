/* The configuration as it is in force, for people. */
#ifndef CONFIG_EFFECTIVE_INTERNAL_H
#define CONFIG_EFFECTIVE_INTERNAL_H

#include "config/load.h"

/* All of it as JSON text in config's arena, defaults written out, secrets removed. NULL:
 * out of memory. */
const char *effective_write(const struct config *config,
                            const struct config_types *types);

#endif
