/* The rule by which what several pods said becomes one outcome. Pure. */
#include "pods.h"

#include <stdio.h>

#include "base/text.h"

/* What a pod means to the whole; the greatest one is quoted. */
enum part {
    PART_GONE,
    PART_WORKS,
    PART_WARNS,  /* works, but */
    PART_SILENT, /* could not be asked */
    PART_YOUNG,  /* says that it does not work, and has just come */
    PART_FAILS,
};
enum { PART_COUNT = 6 };

static enum part part_of(const struct pod *pod) {
    if (pod->is_gone)
        return PART_GONE;
    switch (pod->outcome.kind) {
        case OUTCOME_PASS:
            return PART_WORKS;
        case OUTCOME_WARN:
            return PART_WARNS;
        case OUTCOME_FAIL:
            return pod->is_young ? PART_YOUNG : PART_FAILS;
        case OUTCOME_UNAVAILABLE:
            break;
    }
    return PART_SILENT;
}

/* The first one of the worst part. Where all have gone, the first that did not work:
 * there is one, or nobody would have looked for the name again. */
static const struct pod *choose(const struct pod *pods, size_t count) {
    const struct pod *chosen = &pods[0];
    for (size_t i = 1; i < count; i++) {
        enum part part = part_of(&pods[i]);
        bool is_worse = part > part_of(chosen);
        if (is_worse || (part == PART_GONE && part_of(chosen) == PART_GONE &&
                         chosen->outcome.reason == REASON_NONE))
            chosen = &pods[i];
    }
    return chosen;
}

static enum outcome_kind kind_of(const int parts[PART_COUNT],
                                 const struct pods_facts *facts) {
    int not_working = parts[PART_FAILS] + parts[PART_YOUNG];
    int working = parts[PART_WORKS] + parts[PART_WARNS];
    if (working > 0)
        return working == parts[PART_WORKS] && not_working + parts[PART_SILENT] == 0
                   ? OUTCOME_PASS
                   : OUTCOME_WARN;
    if (not_working == 0 || parts[PART_SILENT] > 0)
        return OUTCOME_UNAVAILABLE;
    if (parts[PART_FAILS] == 0 || facts->is_balanced)
        return OUTCOME_WARN;
    return facts->has_more ? OUTCOME_UNAVAILABLE : OUTCOME_FAIL;
}

/* "2 of 3 pods (1 silent, 1 more has gone); 10.0.0.1:15021: ..." */
static void tell_counts(struct outcome *outcome, const int parts[PART_COUNT]) {
    char text[OUTCOME_EVIDENCE_MAX + OUTCOME_REMOTE_MAX + 128];
    char failed[32] = "";
    char silent[32] = "";
    char gone[32] = "";
    if (outcome->addresses_failed > 0)
        snprintf(failed, sizeof failed, "%d of ", outcome->addresses_failed);
    if (parts[PART_SILENT] > 0 && parts[PART_SILENT] < outcome->addresses_failed)
        snprintf(silent, sizeof silent, ", %d of them silent", parts[PART_SILENT]);
    if (parts[PART_GONE] > 0)
        snprintf(gone, sizeof gone, ", %d more just went", parts[PART_GONE]);
    snprintf(text, sizeof text, "%s%d pod%s%s%s; %s: %s", failed,
             outcome->addresses_total, outcome->addresses_total == 1 ? "" : "s", silent,
             gone, outcome->remote, outcome->evidence);
    text_copy(outcome->evidence, sizeof outcome->evidence, text);
}

static void tell_excuse(struct outcome *outcome, const char *excuse) {
    char text[OUTCOME_EVIDENCE_MAX + 64];
    snprintf(text, sizeof text, "%s: %s", excuse, outcome->evidence);
    text_copy(outcome->evidence, sizeof outcome->evidence, text);
}

void pods_merge(const struct pod *pods, size_t count, const struct pods_facts *facts,
                struct outcome *outcome) {
    const struct pod *chosen = choose(pods, count);
    int parts[PART_COUNT] = {0};
    *outcome = chosen->outcome;
    outcome->answered = 0;
    for (size_t i = 0; i < count; i++) {
        enum part part = part_of(&pods[i]);
        parts[part]++;
        if (part != PART_GONE)
            outcome->answered += pods[i].outcome.answered;
    }
    outcome->addresses_total = (int)count - parts[PART_GONE];
    outcome->addresses_failed =
        parts[PART_SILENT] + parts[PART_YOUNG] + parts[PART_FAILS];
    if (outcome->addresses_total == 0) {
        outcome_set(outcome, OUTCOME_UNAVAILABLE, chosen->outcome.reason,
                    "every pod that was asked (%d) just went", (int)count);
        return;
    }
    outcome->kind = kind_of(parts, facts);
    if (part_of(chosen) == PART_YOUNG)
        tell_excuse(outcome, "a pod that has just come");
    else if (part_of(chosen) == PART_FAILS && facts->is_balanced)
        tell_excuse(outcome, "one of the pods behind the Service");
    if (count > 1)
        tell_counts(outcome, parts);
}
