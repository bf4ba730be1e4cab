/* The composition root's view of check types: the engine's table as the configuration
 * wants it, so that neither layer knows the other. */
#ifndef APP_TYPES_H
#define APP_TYPES_H

#include "config/load.h"

#include <stdbool.h>
#include <stdint.h>

/* Every check type's name and options. Static. */
const struct config_types *types_for_config(void);

/* config_checks_equal with these types, in the shape the engine asks for. */
bool types_same_check(const struct config *a, uint32_t a_index, const struct config *b,
                      uint32_t b_index);

#endif
