/* Check type `gateway_status`. Owns what an answer of the status port means; pods, their
 * names and deadlines are pods.c's business. */
#include "check/gateway_status.h"

#include <inttypes.h>

#include "check/check.h"
#include "http_outcome.h"
#include "net/http_client.h"
#include "pods.h"
#include "run.h"

enum { BODY_MAX = 4096 };

/* kubelet takes a pod out of service for any answer of this path but 200 to 399, and it
 * is Istio's readiness probe. Its own word is 503 with an empty body; the other 5xx are
 * Envoy's, whose agent behind the port hangs or is gone. Anything else is another server,
 * or another port. */
static void judge(struct pod *pod, const struct http_result *result) {
    int64_t ms = attempt_shown_ms(result->total_us);
    char body[HTTP_EXCERPT_MAX];
    if (result->status == 200)
        outcome_set(&pod->outcome, OUTCOME_PASS, REASON_NONE, "ready in %" PRId64 " ms",
                    ms);
    else if (result->status >= 500)
        outcome_set(&pod->outcome, OUTCOME_FAIL, GW_NOT_LIVE,
                    "not ready: HTTP %d in %" PRId64 " ms: %s", result->status, ms,
                    http_excerpt(result, body));
    else
        outcome_set(&pod->outcome, OUTCOME_UNAVAILABLE, HTTP_STATUS,
                    "this is not Istio's status port: HTTP %d in %" PRId64 " ms: %s",
                    result->status, ms, http_excerpt(result, body));
}

static const struct pods_type pods_type = {
    .path = "/healthz/ready", .max_body = BODY_MAX, .judge = judge};

static struct check_run *gateway_status_start(const struct check_env *env,
                                              const struct check_config *config,
                                              check_done *done, void *user) {
    const struct gateway_status_options *options = config->options;
    return pods_start(env, config, options->target, options->is_balanced, &pods_type,
                      done, user);
}

const struct check_type check_gateway_status = {
    .name = "gateway_status",
    .options = &gateway_status_options_schema,
    .start = gateway_status_start,
    .cancel = pods_cancel,
};
