/* /timeline: what changed and what failed, newest first; incidents apart from events and
 * the open ones before the others. Pure. Documented in docs/path-json.md. */
#ifndef VIEW_TIMELINE_H
#define VIEW_TIMELINE_H

#include "model/snapshot.h"
#include "view/query.h"

struct buf;

/* The query's check and tenant leave their own events and incidents; NULL: all. Every
 * line of the text fits 80 columns. */
void view_timeline_text(const struct snapshot *snapshot, const struct view_query *query,
                        struct buf *out);
void view_timeline_json(const struct snapshot *snapshot, const struct view_query *query,
                        struct buf *out);

#endif
