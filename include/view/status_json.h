/* /status, /checks/NAME and /config as JSON of our own schema, for programs. Pure.
 * Every key is documented in docs/status-json.md. */
#ifndef VIEW_STATUS_JSON_H
#define VIEW_STATUS_JSON_H

#include "view/diagnosis.h"
#include "view/query.h"

struct buf;

enum { VIEW_SCHEMA_VERSION = 1 }; /* raised when a key changes its meaning */

/* Everything; the query's filters choose tenants and checks, NULL: all. One line per
 * member of the outer object and one per tenant and check, so that grep works on it too.
 */
void view_status_json(const struct view_diagnosis *diagnosis,
                      const struct view_query *query, struct buf *out);

/* One check with its evidence, phases, thresholds and newest failure, and what is wrong
 * on the path it belongs to. */
void view_check_json(const struct view_diagnosis *diagnosis, uint32_t check,
                     struct buf *out);

/* {"schema","instance","version","file","hash","loaded","reload":{...},"config":{effective}}
 */
void view_config_json(const struct snapshot *snapshot, struct buf *out);

#endif
