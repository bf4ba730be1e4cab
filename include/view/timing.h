/* Times to detect and to recover as a table, JSON and a picture. Pure. Documented in
 * docs/application-gateway.md. */
#ifndef VIEW_TIMING_H
#define VIEW_TIMING_H

#include "model/snapshot.h"
#include "model/timing.h"

struct buf;

/* What is shown, and where it comes from. All borrowed. */
struct view_timing {
    const struct timing_report *report;
    const struct config *config;     /* the one the report was made of */
    const struct snapshot *snapshot; /* NULL on the command line */
};

/* Every line fits 80 columns. */
void view_timing_text(const struct view_timing *timing, struct buf *out);
void view_timing_json(const struct view_timing *timing, struct buf *out);
/* A time line: from best to worst with a mark at typical, a row for each layer and each
 * event. */
void view_timing_svg(const struct view_timing *timing, struct buf *out);

#endif
