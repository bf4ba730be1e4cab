/* Figures of this process for /metrics. */
#ifndef FRONT_PROCESS_INTERNAL_H
#define FRONT_PROCESS_INTERNAL_H

#include "view/metrics.h"

/* Fills in memory, CPU time, descriptors and dropped log lines; what cannot be read is
 * -1. */
void process_measure(struct metrics_process *process);

#endif
