/* /census: who probes this replica, how often, when last, and what they were told. Pure.
 * Documented in docs/path-json.md. */
#ifndef VIEW_CENSUS_H
#define VIEW_CENSUS_H

#include "model/snapshot.h"

struct buf;

/* Every line fits 80 columns; a silent class comes first. */
void view_census_text(const struct snapshot *snapshot, struct buf *out);
void view_census_json(const struct snapshot *snapshot, struct buf *out);

#endif
