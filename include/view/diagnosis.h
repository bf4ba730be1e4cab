/* What a snapshot means: made once per request and read by every view that says what is
 * wrong, so that no two of them disagree. Pure. */
#ifndef VIEW_DIAGNOSIS_H
#define VIEW_DIAGNOSIS_H

#include "model/path.h"

#include <stdbool.h>

struct view_diagnosis {
    struct path_survey survey; /* survey.snapshot is what it is about; borrowed */
    struct path_report cause;  /* the one thing to repair first */
};

/* `is_stuck`: the engine thread has not turned for so long that the snapshot is old. */
void view_diagnose(struct view_diagnosis *diagnosis, const struct snapshot *snapshot,
                   bool is_stuck);

#endif
