/* /status, /checks/NAME and /why as text for people at a terminal. Pure.
 *
 * Every line but the one of /why fits 80 columns. State words carry the meaning; colour
 * is left to whoever prints it. */
#ifndef VIEW_STATUS_TEXT_H
#define VIEW_STATUS_TEXT_H

#include "model/snapshot.h"
#include "view/query.h"

struct buf;

/* Verdict and root cause first, then the tenants, then the checks, those that do not pass
 * before those that do. The query's filters choose tenants and checks; NULL: all. */
void view_status_text(const struct snapshot *snapshot, const struct view_query *query,
                      struct buf *out);

/* One check with its evidence, phases, thresholds and newest failure. */
void view_check_text(const struct snapshot *snapshot, uint32_t check, struct buf *out);

/* One line: the root cause now, or "nothing is wrong", and which pod says so. */
void view_why(const struct snapshot *snapshot, struct buf *out);

#endif
