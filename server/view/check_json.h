/* One check as a JSON value of our schema. */
#ifndef VIEW_CHECK_JSON_H
#define VIEW_CHECK_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "model/snapshot.h"

/* A new object; docs/status-json.md documents its keys. */
json_t *check_json(const struct snapshot *snapshot, uint32_t check);

/* An outcome that came at that moment. */
json_t *outcome_json(const struct outcome *outcome, int64_t wall_ms);

#endif
