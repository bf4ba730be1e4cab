/* What to say about a check or the whole, in words that every form of the view shares. */
#ifndef VIEW_DESCRIBE_H
#define VIEW_DESCRIBE_H

#include <stdbool.h>

#include "view/diagnosis.h"

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

/* Who holds /healthz by hand, until when, over what, and why: one clause. False, and
 * nothing is written, without an active override. */
bool describe_override(const struct snapshot *snapshot, struct buf *out);

/* The root cause in one line; "nothing is wrong" exactly where nothing is. */
void describe_cause(const struct view_diagnosis *diagnosis, struct buf *out);

/* The same behind an active override, which begins the line then. */
void describe_why(const struct view_diagnosis *diagnosis, struct buf *out);

/* "app2: route is broken: ..." or "app1: nothing is wrong", of any report. */
void describe_tenant(const struct path_survey *survey, const struct path_report *report,
                     struct buf *out);

/* Reason, evidence and age of a hop. */
void describe_hop(const struct path_hop *hop, struct buf *out);

/* The first of the commands of a next step into `out`; `rest` gets what follows it. False
 * where there is none. */
bool describe_command(const char **rest, struct buf *out);

/* "we are starved: FIGURE" where we are, so that outcomes are not counted. False where
 * not. */
bool describe_starvation(const struct snapshot *snapshot, struct buf *out);

/* "812 ms", "45 s", "3 min", "4 h 12 min", "2 d 3 h". Negative ages read "0 ms": the wall
 * clock was set back. Returns out. */
char *describe_age(int64_t ms, char out[DESCRIBE_AGE_MAX]);

/* "2.145 ms". Returns out. */
char *describe_us(int64_t us, char out[DESCRIBE_US_MAX]);

#endif
