/* /path and /why: hop by hop where the way to each tenant is broken, whose that is, and
 * what to do. Pure. Documented in docs/path-json.md. */
#ifndef VIEW_PATH_H
#define VIEW_PATH_H

#include "view/diagnosis.h"

#include <stdint.h>

struct buf;

/* `tenant`: the way to that one; CONFIG_NO_TENANT: to all, the broken ones first. Every
 * line fits 80 columns; commands go on behind a backslash and can be copied. */
void view_path_text(const struct view_diagnosis *diagnosis, uint32_t tenant,
                    struct buf *out);

/* Of one tenant, or of all of them in the order of the configuration. */
void view_path_json(const struct view_diagnosis *diagnosis, uint32_t tenant,
                    struct buf *out);

/* One line: an override that holds /healthz, the root cause or "nothing is wrong", and
 * which pod says so. It begins with "nothing is wrong" exactly when nothing is. */
void view_why_text(const struct view_diagnosis *diagnosis, struct buf *out);
void view_why_json(const struct view_diagnosis *diagnosis, struct buf *out);

#endif
