/* The words and statuses of the probe port: one row per answer, the only place where an
 * answer gets its body and its status. Never counts an arrival: the front does. */
#include "model/arrival.h"

static const struct {
    const char *word;
    int status;
} answers[ANSWER_COUNT] = {
    [ANSWER_HEALTHY] = {"healthy", 200},
    [ANSWER_DEGRADED] = {"degraded", 200},
    [ANSWER_UNHEALTHY] = {"unhealthy", 503},
    [ANSWER_READY] = {"ready", 200},
    [ANSWER_STARTING] = {"starting", 503},
    [ANSWER_DRAINING] = {"draining", 503},
    [ANSWER_LIVE] = {"live", 200},
    [ANSWER_STUCK] = {"stuck", 503},
    [ANSWER_PROOF] = {"proof", 200},
    [ANSWER_NOT_FOUND] = {"not found", 404},
    [ANSWER_METHOD] = {"method not allowed", 405},
    [ANSWER_BAD_REQUEST] = {"bad request", 400},
};

const char *probe_path_name(enum probe_path path) {
    static const char *const names[PROBE_PATH_COUNT] = {
        [PROBE_HEALTHZ] = "healthz", [PROBE_READY] = "ready",   [PROBE_LIVE] = "live",
        [PROBE_SERVE] = "serve",     [PROBE_QUORUM] = "quorum", [PROBE_STRICT] = "strict",
        [PROBE_TENANT] = "tenant",   [PROBE_LOOP] = "loop",     [PROBE_OTHER] = "other",
    };

    return names[path];
}

const char *answer_word(enum answer answer) {
    return answers[answer].word;
}

int answer_status(enum answer answer) {
    return answers[answer].status;
}
