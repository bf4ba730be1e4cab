/* The picture of the hops: who speaks for each, what it shows, and what a broken hop does
 * to those behind it. Owns no judgement: which hop is broken comes from the rules. */
#include "path_internal.h"

#include "base/text.h"

#include <stdio.h>

/* Hops that a request of a source passes. */
static const unsigned ways[SOURCE_COUNT] = {
    [FROM_STATUS] =
        HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_GATEWAY_PODS) | HOP_BIT(HOP_GATEWAY_READY),
    [FROM_STATS] =
        HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_GATEWAY_PODS) | HOP_BIT(HOP_GATEWAY_READY),
    [FROM_TLS] =
        HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_GATEWAY_PODS) | HOP_BIT(HOP_GATEWAY_TLS),
    [FROM_LOOPBACK] = HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_GATEWAY_PODS) |
                      HOP_BIT(HOP_GATEWAY_TLS) | HOP_BIT(HOP_IDENTITY),
    [FROM_ROUTED] = HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_GATEWAY_PODS) |
                    HOP_BIT(HOP_GATEWAY_TLS) | HOP_BIT(HOP_ROUTE) |
                    HOP_BIT(HOP_IDENTITY) | HOP_BIT(HOP_BACKEND_ROUTED),
    [FROM_DIRECT] = HOP_BIT(HOP_NAMES) | HOP_BIT(HOP_BACKEND_DIRECT),
};

static enum path_state hop_state_of(enum sight_kind kind) {
    switch (kind) {
        case SIGHT_NONE:
            break;
        case SIGHT_PASS:
            return PATH_PASS;
        case SIGHT_WARN:
            return PATH_WARN;
        case SIGHT_FAIL:
        case SIGHT_OURS:
            return PATH_FAIL;
    }
    return PATH_UNKNOWN;
}

/* Let a source speak for a hop: the worse word counts, of equals the first. */
static void speak(struct path_picture *picture, enum hop hop, enum path_state state,
                  enum source source) {
    struct path_hop *shown = &picture->report->hops[hop];

    if (picture->sights[hop] != NULL && state <= shown->state)
        return;
    shown->state = state;
    picture->sights[hop] = &picture->c->sights[source];
    picture->sources[hop] = source;
}

/* Is a request that went past this hop a test of it? */
static bool is_tested(const struct path_case *c, enum source source, enum hop hop) {
    const struct config *config = c->survey->snapshot->config;
    const struct outcome *outcome = c->sights[source].outcome;

    if (hop == HOP_NAMES)
        return path_has_name(outcome);
    if (hop == HOP_GATEWAY_PODS)
        return outcome->answered > 0 || outcome->http_status > 0 ||
               outcome->phase_us[PHASE_TLS] >= 0 || path_is_tls_failure(outcome->reason);
    if (hop == HOP_GATEWAY_TLS)
        return config->gateway.has_tls;
    if (hop == HOP_ROUTE)
        return outcome->answered > 0 || outcome->http_status > 0;
    /* The right status proves the application only where its mark was looked for. */
    if (hop == HOP_IDENTITY && source == FROM_ROUTED)
        return c->sights[source].kind != SIGHT_FAIL && c->tenant != CONFIG_NO_TENANT &&
               config->tenants[c->tenant].identity != NULL;
    return true;
}

/* In the shared report one tenant's checks speak for the gateway, not for its own part.
 */
static bool may_speak(const struct path_case *c, enum source source, enum hop hop) {
    if (!c->is_shared)
        return true;
    if (source == FROM_DIRECT)
        return false;
    return source != FROM_ROUTED || hop < HOP_ROUTE;
}

static void speak_along_the_way(struct path_picture *picture, enum source source) {
    const struct path_case *c = picture->c;
    const struct sight *sight = &c->sights[source];
    bool is_broken = sight->kind == SIGHT_FAIL || sight->kind == SIGHT_WARN ||
                     sight->kind == SIGHT_OURS;

    if (sight->record == NULL)
        return;
    if (is_broken && may_speak(c, source, sight->hop))
        speak(picture, sight->hop, hop_state_of(sight->kind), source);
    for (int i = 0; i < HOP_COUNT; i++) {
        enum hop hop = (enum hop)i;
        bool is_passed = sight->kind == SIGHT_PASS || sight->kind == SIGHT_WARN ||
                         (sight->kind == SIGHT_FAIL && hop < sight->hop);

        if ((ways[source] & HOP_BIT(hop)) == 0 || !may_speak(c, source, hop))
            continue;
        if (is_passed && is_tested(c, source, hop))
            speak(picture, hop, PATH_PASS, source);
        else if (sight->kind == SIGHT_NONE || sight->kind == SIGHT_OURS)
            speak(picture, hop, PATH_UNKNOWN, source); /* tells why it is not known */
    }
}

/* Our own hop passes while the engine brings outcomes. */
static void speak_for_ourselves(struct path_picture *picture) {
    struct path_hop *self = &picture->report->hops[HOP_SELF];
    const struct path_survey *survey = picture->c->survey;

    if (self->state == PATH_UNKNOWN && survey->newest_check != UINT32_MAX) {
        self->state = PATH_PASS;
        self->check = survey->newest_check;
    }
}

/* Behind a hop that fails only evidence of its own stands, and none where we ourselves
 * are the trouble; before it, and where users are fine, nothing fails. */
static void soften(struct path_picture *picture, enum hop hop, enum path_state state) {
    enum hop broken = picture->report->broken_hop;
    struct path_hop *shown = &picture->report->hops[hop];
    bool is_carried = picture->sights[hop] != NULL &&
                      picture->sources[hop] == FROM_ROUTED && broken < HOP_BACKEND_DIRECT;

    bool is_doubted = broken == HOP_SELF && shown->state >= PATH_WARN;

    if (hop > broken && state == PATH_FAIL && (is_carried || is_doubted))
        shown->state = PATH_UNKNOWN;
    if (picture->c->facts & IS_STUCK)
        shown->state = PATH_UNKNOWN;
    if (shown->state == PATH_FAIL && (hop < broken || state == PATH_WARN))
        shown->state = PATH_WARN;
}

/* Why nothing is known about a hop that nobody speaks for. */
static const char *silence_text(const struct path_picture *picture, enum hop hop) {
    const struct path_case *c = picture->c;
    const struct path_report *report = picture->report;

    if (hop == HOP_SELF)
        return "no outcome yet";
    if (hop == HOP_GATEWAY_TLS && !c->survey->snapshot->config->gateway.has_tls)
        return "not tested: the gateway is asked over plain HTTP";
    if (c->is_shared && (hop == HOP_ROUTE || hop >= HOP_BACKEND_DIRECT))
        return "each tenant has its own";
    if (report->is_broken && hop > report->broken_hop &&
        report->hops[report->broken_hop].state == PATH_FAIL)
        return "not reached";
    return "not tested";
}

static void tell_hop(struct path_picture *picture, enum hop hop) {
    const struct path_survey *survey = picture->c->survey;
    const struct snapshot *snapshot = survey->snapshot;
    const struct sight *sight = picture->sights[hop];
    struct path_hop *shown = &picture->report->hops[hop];

    if (hop == HOP_INBOUND) {
        path_write_inbound(&survey->inbound, shown->evidence);
        return;
    }
    if (sight == NULL && shown->check != UINT32_MAX) {
        snprintf(shown->evidence, sizeof shown->evidence, "the engine runs");
        shown->age_ms =
            snapshot->taken_mono_ms - snapshot->checks[shown->check]->last_run_mono_ms;
        return;
    }
    if (sight == NULL) {
        text_copy(shown->evidence, sizeof shown->evidence,
                  shown->state == PATH_UNKNOWN ? silence_text(picture, hop)
                                               : picture->report->summary);
        return;
    }
    shown->check = sight->check;
    if (sight->record->last_run_wall_ms != 0)
        shown->age_ms = snapshot->taken_mono_ms - sight->record->last_run_mono_ms;
    if (shown->state >= PATH_WARN)
        shown->reason = sight->reason;
    path_write_evidence(snapshot, sight, shown->evidence);
}

void path_picture_make(struct path_picture *picture, const struct path_case *c,
                       struct path_report *report) {
    *picture = (struct path_picture){.c = c, .report = report};
    for (int i = 0; i < HOP_COUNT; i++) {
        report->hops[i].check = UINT32_MAX;
        report->hops[i].age_ms = -1;
    }
    for (int i = 0; i < SOURCE_COUNT; i++)
        speak_along_the_way(picture, (enum source)i);
    speak_for_ourselves(picture);
}

void path_picture_break(struct path_picture *picture, const struct sight *sight,
                        enum path_state state) {
    struct path_report *report = picture->report;
    enum hop broken = report->broken_hop;
    struct path_hop *hop = &report->hops[broken];

    /* Unless somebody complained there, the hop takes the words of the rule's source. */
    if (hop->state < PATH_WARN) {
        picture->sights[broken] = sight->record != NULL ? sight : NULL;
        hop->check = UINT32_MAX;
        hop->reason = report->reason;
    }
    hop->state = state;
    for (int i = 0; i < HOP_COUNT; i++) {
        if (i != (int)broken)
            soften(picture, (enum hop)i, state);
    }
}

void path_picture_tell(struct path_picture *picture) {
    for (int i = 0; i < HOP_COUNT; i++)
        tell_hop(picture, (enum hop)i);
}
