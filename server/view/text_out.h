/* Lines that all text views share. */
#ifndef VIEW_TEXT_OUT_H
#define VIEW_TEXT_OUT_H

#include "base/clock.h"
#include "describe.h"

struct buf;

enum { TEXT_LABELS = 10 }; /* column where text starts behind a label or a state word */

/* The moment, or "never" for 0. Returns out. */
const char *text_when(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);

/* How long ago by the wall clock. Returns out. */
const char *text_ago(const struct snapshot *snapshot, int64_t wall_ms,
                     char out[DESCRIBE_AGE_MAX]);

/* An active override, then who says this and when; or the override alone. */
void text_out_head(const struct snapshot *snapshot, struct buf *out);
void text_out_override(const struct snapshot *snapshot, struct buf *out);

/* What to do: a heading, and each command on lines of its own, fit to be copied into a
 * shell. Nothing for "". */
void text_out_commands(const char *next_step, struct buf *out);

#endif
