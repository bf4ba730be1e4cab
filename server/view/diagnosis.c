/* The one place where a view's diagnosis is made. Decides nothing: model/path does. */
#include "view/diagnosis.h"

void view_diagnose(struct view_diagnosis *diagnosis, const struct snapshot *snapshot,
                   bool is_stuck) {
    path_survey(&diagnosis->survey, snapshot, is_stuck);
    path_root_cause(&diagnosis->survey, &diagnosis->cause);
}
