/* kube-apiserver's grammar for /healthz?verbose, /readyz?verbose, /livez?verbose:
 * "[+]NAME ok", "[-]NAME failed: CODE evidence", unknown exclusions named, a last line.
 * Source: kubernetes/apiserver pkg/server/healthz. Pure. */
#ifndef VIEW_VERBOSE_H
#define VIEW_VERBOSE_H

#include "model/snapshot.h"
#include "view/query.h"

struct buf;

enum verbose_endpoint { VERBOSE_HEALTHZ, VERBOSE_READYZ, VERBOSE_LIVEZ };

/* The facts that are not in a snapshot. */
struct verbose_facts {
    bool is_live;
};

/* Write the body. Returns the HTTP status: of /healthz the verdict's, computed again
 * without the excluded checks; of the others as on the probe port. Without query->verbose
 * a 200 is the one word of the probe port; a 503 always lists. */
int view_verbose(const struct snapshot *snapshot, const struct view_query *query,
                 enum verbose_endpoint endpoint, const struct verbose_facts *facts,
                 struct buf *out);

#endif
