/* What to say about events, incidents and probers, in words that every form of the view
 * shares. */
#ifndef VIEW_DESCRIBE_HISTORY_H
#define VIEW_DESCRIBE_HISTORY_H

#include <stdbool.h>

#include "model/snapshot.h"

struct buf;

#define DESCRIBE_SHARE                                                                   \
    "this replica's share: the gateway spreads the probes over all replicas"

/* "tenant/app2/routed: passing -> failing, GW_NO_ROUTE, EVIDENCE": what there is of it.
 */
void describe_event(const struct event *event, struct buf *out);

/* The first evidence of an incident. */
void describe_first(const struct incident *incident, struct buf *out);

/* How long a class has been silent, and what was usual. False, and nothing is written,
 * unless it is silent. The next ones too need a census in the snapshot. */
bool describe_silence(const struct snapshot *snapshot, enum prober prober,
                      struct buf *out);

/* How often a class has asked; or why it has not. */
void describe_class(const struct snapshot *snapshot, enum prober prober, struct buf *out);

/* Who asks what, how often, and what it was told. */
void describe_source(const struct snapshot *snapshot, const struct census_source *source,
                     struct buf *out);

#endif
