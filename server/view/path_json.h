/* A path report as JSON. */
#ifndef VIEW_PATH_JSON_H
#define VIEW_PATH_JSON_H

#include <jansson.h>

#include "view/diagnosis.h"

/* Set what a report says is broken: null where nothing is. */
void path_json_set(json_t *object, const struct path_survey *survey,
                   const struct path_report *report);

/* The root cause with its check and evidence; null where nothing is broken. */
json_t *path_json_cause(const struct view_diagnosis *diagnosis);

#endif
