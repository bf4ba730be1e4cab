/* A run that asks every pod of a gateway the same thing by HTTP. Pods come and go, so
 * before any is blamed its name is resolved once more, and one that has gone, or has just
 * come, is not blamed at all. Inside this layer; loop thread only. */
#ifndef CHECK_PODS_H
#define CHECK_PODS_H

#include "base/addr.h"
#include "check/check.h"
#include "model/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_result;
struct http_transfer;
struct pods_run;

struct pod {
    struct pods_run *run;
    struct addr addr;
    bool is_young; /* has just come: what it says is a warning at most */
    bool is_gone;  /* its name does not hold it any more */
    int64_t started_us;
    struct http_transfer *transfer; /* NULL once it has ended */
    /* OUTCOME_FAIL: the pod says so itself. OUTCOME_UNAVAILABLE: it could not be asked.
     */
    struct outcome outcome;
};

struct pods_type {
    const char *path; /* of the request */
    /* Of one answer's body; of many pods each has a share of PODS_BODY_MAX. */
    size_t max_body;
    /* Make kind, reason and evidence of an answer; may know better whether the pod is
     * young. */
    void (*judge)(struct pod *pod, const struct http_result *result);
};

enum { PODS_BODY_MAX = 8 * 1024 * 1024 };

/* `is_balanced`: the name is a Service, which hands a connection to any of its pods. What
 * one of them says then is a warning, too. */
struct check_run *pods_start(const struct check_env *env,
                             const struct check_config *config, const char *target,
                             bool is_balanced, const struct pods_type *type,
                             check_done *done, void *user);
void pods_cancel(struct check_run *run);

/* What is known beside the pods. */
struct pods_facts {
    bool is_balanced;
    bool has_more; /* the name has pods now that were not asked */
};

/* What the pods said, as one outcome; its phases are the quoted pod's. Pure.
 *
 * Some work, some do not: WARN. All say that they do not work: FAIL, if one of them is
 * not young, else WARN. None works, and not all could be asked, or some were not asked
 * yet: UNAVAILABLE, for nobody knows. */
void pods_merge(const struct pod *pods, size_t count, const struct pods_facts *facts,
                struct outcome *outcome);

#endif
