/* /metrics: Prometheus text 0.0.4 and OpenMetrics 1.0 from one table of families. Labels
 * come from the configuration and closed enums only, never from a request or a peer.
 * Pure. */
#ifndef VIEW_METRICS_H
#define VIEW_METRICS_H

#include "model/arrival.h"
#include "view/diagnosis.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Figures of the process that no snapshot holds. */
struct metrics_process {
    struct arrival_counts arrivals;
    uint64_t log_dropped;
    int64_t resident_bytes; /* -1: unknown */
    int64_t cpu_us;
    int open_fds;
    int max_fds;
    bool is_live;
};

void view_metrics(const struct view_diagnosis *diagnosis,
                  const struct metrics_process *process, bool openmetrics,
                  struct buf *out);

#endif
