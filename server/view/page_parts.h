/* Pieces of HTML that the parts of the status page share, and those parts. Whatever is
 * not a constant is escaped by page_put. */
#ifndef VIEW_PAGE_PARTS_H
#define VIEW_PAGE_PARTS_H

#include "view/diagnosis.h"

struct buf;

void page_put(struct buf *out, const char *text);

/* A point in time: how long ago for people, exactly for programs and on hovering. */
void page_put_ago(const struct snapshot *snapshot, int64_t wall_ms, struct buf *out);
void page_put_clock(int64_t wall_ms, struct buf *out);

/* A table of three columns; the last one is a time. `class` colours the row's word. */
void page_open_table(const char *const heads[3], struct buf *out);
void page_open_row(const char *class, const char *word, struct buf *out);
void page_close_row(const struct snapshot *snapshot, int64_t wall_ms, struct buf *out);
void page_close_table(struct buf *out);

/* "ok", "warn", "bad", or "grey" for what nobody knows, never green. */
const char *page_tenant_class(enum tenant_state state);
const char *page_path_class(enum path_state state);

/* The commands of a next step; nothing for "". */
void page_write_commands(const char *next_step, struct buf *out);

/* A row of boxes for the path to each tenant, the broken ones first. */
void page_write_paths(const struct view_diagnosis *diagnosis, struct buf *out);

/* Loud: probers that fell silent. Then the newest events, and who asks. */
void page_write_silence(const struct snapshot *snapshot, struct buf *out);
void page_write_timeline(const struct snapshot *snapshot, struct buf *out);
void page_write_census(const struct snapshot *snapshot, struct buf *out);

#endif
