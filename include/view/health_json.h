/* /status as application/health+json, draft-inadarei-api-health-check-06, for tools that
 * know that draft. Pure. Documented in docs/status-json.md. */
#ifndef VIEW_HEALTH_JSON_H
#define VIEW_HEALTH_JSON_H

#include "view/diagnosis.h"
#include "view/query.h"

struct buf;

/* Status pass, warn or fail; one entry of `checks` per check, "NAME:responseTime", with
 * affectedEndpoints ("ROUTE/{rest}") where tenants are not healthy. */
void view_status_health_json(const struct view_diagnosis *diagnosis,
                             const struct view_query *query, struct buf *out);

/* HTTP status that goes with it: 503 for fail, else 200. */
int view_status_health_code(const struct snapshot *snapshot);

#endif
