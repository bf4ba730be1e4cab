/* What to say about a check or the whole, in words that every form of the view shares. */
#ifndef VIEW_DESCRIBE_H
#define VIEW_DESCRIBE_H

#include <stdbool.h>

#include "model/snapshot.h"

struct buf;

enum { DESCRIBE_AGE_MAX = 32, DESCRIBE_US_MAX = 32 };

/* The reason that explains the shown state: of a failing check the one of its newest
 * failure, of a hidden one why it is hidden, else that of the newest outcome. */
enum reason describe_reason(const struct check_record *record);

/* The outcome that explains the shown state: the newest, or the newest failure where a
 * failing check has just passed once. */
const struct outcome *describe_outcome(const struct check_record *record);

/* Why a check is not fine, as one clause: what is missing, what blocks it, or the
 * evidence. Empty where there is nothing to say. */
void describe_evidence(const struct snapshot *snapshot, uint32_t check, struct buf *out);

/* Whose it is: "us", "platform", "gateway" or "tenant:NAME"; of a blocked check the owner
 * of what blocks it. */
void describe_owner(const struct snapshot *snapshot, uint32_t check, struct buf *out);

/* What to do first. One sentence without its full stop; "" for REASON_NONE. Static. */
const char *describe_next_step(enum reason reason);

/* One line: what holds or explains the verdict, or "nothing is wrong". */
void describe_why(const struct snapshot *snapshot, struct buf *out);

/* One clause where the verdict is not healthy although no check explains it: we are
 * starved, or starting. False, and nothing is written, where a check explains it or all
 * is well. */
bool describe_own_trouble(const struct snapshot *snapshot, struct buf *out);

/* What to say where no check explains the verdict: the above, the override, or "nothing
 * is wrong". */
void describe_no_cause(const struct snapshot *snapshot, struct buf *out);

/* "we are starved: FIGURE" where we are, so that outcomes are not counted. False where
 * not. */
bool describe_starvation(const struct snapshot *snapshot, struct buf *out);

/* "812 ms", "45 s", "3 min", "4 h 12 min", "2 d 3 h". Negative ages read "0 ms": the wall
 * clock was set back. Returns out. */
char *describe_age(int64_t ms, char out[DESCRIBE_AGE_MAX]);

/* "2.145 ms". Returns out. */
char *describe_us(int64_t us, char out[DESCRIBE_US_MAX]);

#endif
