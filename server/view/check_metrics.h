/* The metric families with one or more series per check. */
#ifndef VIEW_CHECK_METRICS_H
#define VIEW_CHECK_METRICS_H

#include "expose.h"
#include "model/snapshot.h"

void check_metrics_write(struct expose *expose, const struct snapshot *snapshot);

#endif
