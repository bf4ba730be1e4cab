/* What became of the configuration that a pod got, from run to run. Envoy's counters only
 * grow, so one look says nothing: what counts is which of them rose last. Bounded memory
 * that outlives runs and reloads. Inside this layer; loop thread only. */
#ifndef CHECK_UPDATES_H
#define CHECK_UPDATES_H

#include "base/addr.h"

#include <stdbool.h>

/* Listeners (LDS), clusters (CDS). */
enum { UPDATE_KINDS = 2 };

/* Counters of one kind. */
struct update_counts {
    double accepted;
    double rejected;
    double failed; /* the stream to the control plane broke, or never came about */
};

struct update_state {
    bool is_rejected; /* an update was rejected, and none accepted since */
    bool is_lost;     /* the stream broke, and no update came since */
};

/* Compare with the run before, or where there is none (and after a restart, which uptime
 * tells) with the start of the pod: that one can only be judged if no update was ever
 * accepted. Updates accepted and rejected between two runs, in an order nobody knows,
 * count as rejected: the next accepted one ends it. A stream that broke and came back
 * between two runs, as it does twice an hour, is not lost. */
struct update_state updates_note(const struct addr *addr, double uptime_s,
                                 const struct update_counts counts[UPDATE_KINDS]);

#endif
