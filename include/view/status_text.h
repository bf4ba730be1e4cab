/* /status and /checks/NAME as text for people at a terminal. Pure.
 *
 * Every line fits 80 columns. State words carry the meaning; colour
 * is left to whoever prints it. */
#ifndef VIEW_STATUS_TEXT_H
#define VIEW_STATUS_TEXT_H

#include "view/diagnosis.h"
#include "view/query.h"

struct buf;

/* Verdict and root cause first, then the tenants, then the checks, those that do not pass
 * before those that do. The query's filters choose tenants and checks; NULL: all. */
void view_status_text(const struct view_diagnosis *diagnosis,
                      const struct view_query *query, struct buf *out);

/* One check with its evidence, phases, thresholds and newest failure, and what is wrong
 * on the path it belongs to. */
void view_check_text(const struct view_diagnosis *diagnosis, uint32_t check,
                     struct buf *out);

#endif
