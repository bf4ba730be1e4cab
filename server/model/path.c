/* Path diagnosis: which rule fits, whose trouble that is, and which trouble comes first.
 *
 * path_sight.c reads one check, path_survey.c counts over all, path_case.c compares,
 * path_rules.c is the table, path_picture.c draws the hops, path_text.c finds the words.
 */
#include "model/path.h"

#include "base/text.h"
#include "path_internal.h"

#include <stdio.h>
#include <string.h>

/* What holds for the whole gateway, whichever tenant's check shows it. */
#define CROWD_FACTS                                                                      \
    ((uint32_t)(ALL_NO_ROUTE | ALL_REDIRECT | ALL_UPSTREAM | ALL_HANG | LOOP_NO_ROUTE))

/* Of degraded tenants: when so many are, what all share explains it. */
enum { LOOK_AT_MOST = 64 };

static bool fits(const struct path_case *c, const struct path_rule *rule) {
    const struct sight *sight = path_sight(c, rule->source);

    if ((c->facts & rule->with) != rule->with || (c->facts & rule->without) != 0)
        return false;
    if (c->is_shared && rule->blame == BLAME_TENANT)
        return false;
    if (rule->source == FROM_NOBODY)
        return true;
    if (c->is_shared && sight == &c->sights[FROM_ROUTED] && sight->hop >= HOP_ROUTE &&
        (rule->with & CROWD_FACTS) == 0)
        return false;

    unsigned kinds = rule->kinds != 0 ? rule->kinds : SIGHT_FAIL;

    if ((sight->kind & kinds) == 0)
        return false;

    enum severity severity = c->survey->snapshot->config->checks[sight->check].severity;

    return (rule->reasons == 0 || path_is_among(sight->reason, rule->reasons)) &&
           (rule->at == 0 || (rule->at & HOP_BIT(sight->hop)) != 0) &&
           (rule->severities == 0 || (rule->severities & (1U << severity)) != 0);
}

static const struct path_rule *find_rule(const struct path_case *c) {
    for (const struct path_rule *rule = path_rules; rule->id != NULL; rule++) {
        if (fits(c, rule))
            return rule;
    }
    return NULL;
}

/* Whose the operator's own check, or a check of another tenant, is. */
static enum owner owner_of_check(const struct check_config *check,
                                 const struct sight *sight) {
    enum owner usual = reason_owner(sight->reason);

    switch (check->scope) {
        case SCOPE_SELF:
            return OWNER_US;
        case SCOPE_TENANT:
            break;
        case SCOPE_SHARED:
            return usual == OWNER_GATEWAY && sight->hop != HOP_BACKEND_DIRECT
                       ? OWNER_GATEWAY
                       : OWNER_PLATFORM;
    }
    if (check->role != ROLE_TENANT_ROUTED)
        return OWNER_TENANT;
    return usual == OWNER_TENANT && sight->hop < HOP_ROUTE ? OWNER_GATEWAY : usual;
}

static void set_owner(const struct path_case *c, const struct path_rule *rule,
                      const struct sight *sight, struct path_report *report) {
    report->owner_tenant = CONFIG_NO_TENANT;
    switch (rule->blame) {
        case BLAME_US:
            report->owner = OWNER_US;
            return;
        case BLAME_PLATFORM:
            report->owner = OWNER_PLATFORM;
            return;
        case BLAME_GATEWAY:
            report->owner = OWNER_GATEWAY;
            return;
        case BLAME_TENANT:
            report->owner = OWNER_TENANT;
            report->owner_tenant = c->tenant;
            return;
        case BLAME_CHECK:
            break;
    }
    const struct check_config *check = &c->survey->snapshot->config->checks[sight->check];

    report->owner = owner_of_check(check, sight);
    if (report->owner == OWNER_TENANT)
        report->owner_tenant = check->tenant;
}

static enum path_state state_of(const struct path_case *c, const struct path_rule *rule,
                                const struct sight *sight) {
    bool only_warns = sight->kind == SIGHT_WARN;
    bool is_decided = path_sight(c, FROM_DECIDER)->kind == SIGHT_FAIL;

    switch (rule->weight) {
        case WEIGHT_WARN:
            return PATH_WARN;
        case WEIGHT_SEVERITY:
            return c->survey->snapshot->config->checks[sight->check].severity ==
                           SEVERITY_CRITICAL
                       ? PATH_FAIL
                       : PATH_WARN;
        case WEIGHT_USERS:
            break;
    }
    return (c->facts & USERS_FINE) || (only_warns && !is_decided) ? PATH_WARN : PATH_FAIL;
}

static void take_rule(struct path_picture *picture, const struct path_rule *rule) {
    const struct path_case *c = picture->c;
    struct path_report *report = picture->report;
    const struct sight *sight = path_sight(c, rule->source);

    report->is_broken = true;
    report->rule = rule->id;
    report->broken_hop = rule->hop == HOP_OF_SIGHT ? sight->hop : (enum hop)rule->hop;
    report->reason = rule->reason != REASON_NONE ? rule->reason : sight->reason;
    set_owner(c, rule, sight, report);
    path_write_summary(c, sight, rule->summary, report->summary);
    path_write_command(c, sight, rule->next, report->next_step);
    path_picture_break(picture, sight, state_of(c, rule, sight));
}

/* The check that leaves open whether all is well; UINT32_MAX: none. */
static uint32_t undecided_check(const struct snapshot *snapshot, uint32_t tenant) {
    const struct config *config = snapshot->config;

    if (tenant != CONFIG_NO_TENANT)
        return snapshot->tenants[tenant].status.decided_by;
    for (uint32_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].scope != SCOPE_TENANT &&
            config->checks[i].severity != SEVERITY_INFO &&
            snapshot->checks[i]->state != STATE_PASSING)
            return i;
    }
    return UINT32_MAX;
}

/* Nothing is broken as far as is known. */
static void tell_calm(const struct snapshot *snapshot, struct path_report *report) {
    uint32_t check = undecided_check(snapshot, report->tenant);

    if (check < snapshot->config->check_count)
        snprintf(report->summary, sizeof report->summary,
                 "nothing is known to be wrong; %s is %s",
                 snapshot->config->checks[check].name,
                 check_state_name(snapshot->checks[check]->state));
    else
        text_copy(report->summary, sizeof report->summary,
                  report->state == TENANT_HEALTHY ? "nothing is wrong"
                                                  : "nothing is known to be wrong");
}

static enum tenant_state state_of_report(const struct snapshot *snapshot,
                                         const struct path_report *report) {
    bool is_shared = report->tenant == CONFIG_NO_TENANT;
    enum tenant_state state = TENANT_HEALTHY;

    if (!is_shared)
        state = snapshot->tenants[report->tenant].status.state;
    else if (report->is_broken && report->hops[report->broken_hop].state == PATH_FAIL)
        state = TENANT_UNHEALTHY;
    else if (undecided_check(snapshot, report->tenant) != UINT32_MAX)
        state = TENANT_DEGRADED;
    return report->is_broken && state == TENANT_HEALTHY ? TENANT_DEGRADED : state;
}

void path_diagnose(const struct path_survey *survey, uint32_t tenant,
                   struct path_report *report) {
    struct path_case c;
    struct path_picture picture;

    memset(report, 0, sizeof *report);
    report->tenant = tenant;
    report->owner_tenant = CONFIG_NO_TENANT;
    path_case_make(&c, survey, tenant);
    path_picture_make(&picture, &c, report);

    const struct path_rule *rule = find_rule(&c);

    if (rule != NULL)
        take_rule(&picture, rule);
    report->state = state_of_report(survey->snapshot, report);
    if (rule == NULL)
        tell_calm(survey->snapshot, report);
    path_picture_tell(&picture);
}

/* Is tenant `a` in more trouble than `b`, as far as its state tells? */
static bool is_worse_tenant(const struct snapshot *snapshot, uint32_t a, uint32_t b) {
    const struct tenant_record *ra = &snapshot->tenants[a];
    const struct tenant_record *rb = &snapshot->tenants[b];

    if (ra->status.state != rb->status.state)
        return ra->status.state > rb->status.state;
    if (snapshot->config->tenants[a].critical != snapshot->config->tenants[b].critical)
        return snapshot->config->tenants[a].critical;
    return ra->since_wall_ms < rb->since_wall_ms;
}

/* The worst tenant of that state, or CONFIG_NO_TENANT. */
static uint32_t worst_tenant(const struct snapshot *snapshot, enum tenant_state state) {
    uint32_t worst = CONFIG_NO_TENANT;

    for (uint32_t i = 0; i < snapshot->config->tenant_count; i++) {
        if (snapshot->tenants[i].status.state == state &&
            (worst == CONFIG_NO_TENANT || is_worse_tenant(snapshot, i, worst)))
            worst = i;
    }
    return worst;
}

void path_root_cause(const struct path_survey *survey, struct path_report *report) {
    const struct snapshot *snapshot = survey->snapshot;
    uint32_t unhealthy = worst_tenant(snapshot, TENANT_UNHEALTHY);
    uint32_t shown = CONFIG_NO_TENANT;
    int looked_at = 0;

    path_diagnose(survey, CONFIG_NO_TENANT, report);
    if (report->state == TENANT_UNHEALTHY)
        return;
    if (unhealthy != CONFIG_NO_TENANT) {
        path_diagnose(survey, unhealthy, report);
        return;
    }

    bool is_found = report->is_broken;

    for (uint32_t i = 0; i < snapshot->config->tenant_count; i++) {
        if (snapshot->tenants[i].status.state != TENANT_DEGRADED)
            continue;
        path_diagnose(survey, i, report);
        if (report->is_broken && report->hops[report->broken_hop].state == PATH_FAIL)
            return;
        if (!is_found && (report->is_broken || shown == CONFIG_NO_TENANT)) {
            is_found = report->is_broken;
            shown = i;
        }
        if (++looked_at == LOOK_AT_MOST)
            break;
    }
    path_diagnose(survey, shown, report);
}

char *path_owner(const struct path_survey *survey, const struct path_report *report,
                 char out[PATH_OWNER_MAX]) {
    const struct config *config = survey->snapshot->config;

    if (report->owner == OWNER_TENANT && report->owner_tenant < config->tenant_count)
        snprintf(out, PATH_OWNER_MAX, "tenant:%s",
                 config->tenants[report->owner_tenant].name);
    else
        snprintf(out, PATH_OWNER_MAX, "%s", owner_name(report->owner));
    return out;
}

char *path_line(const struct path_survey *survey, const struct path_report *report,
                char out[PATH_LINE_MAX]) {
    const struct config *config = survey->snapshot->config;
    bool is_tenant = report->tenant != CONFIG_NO_TENANT;
    char owner[PATH_OWNER_MAX];

    if (!report->is_broken) {
        text_copy(out, PATH_LINE_MAX, report->summary);
        return out;
    }
    snprintf(out, PATH_LINE_MAX, "%s%s%s %s: %s (%s, owner %s)",
             is_tenant ? config->tenants[report->tenant].name : "", is_tenant ? ": " : "",
             hop_name(report->broken_hop),
             report->hops[report->broken_hop].state == PATH_FAIL ? "is broken" : "warns",
             report->summary, reason_name(report->reason),
             path_owner(survey, report, owner));
    return out;
}

const char *path_rule_id(size_t index) {
    size_t count = 0;

    while (path_rules[count].id != NULL)
        count++;
    return index < count ? path_rules[index].id : NULL;
}

const char *path_state_name(enum path_state state) {
    static const char *const names[] = {
        [PATH_UNKNOWN] = "unknown",
        [PATH_PASS] = "pass",
        [PATH_WARN] = "warn",
        [PATH_FAIL] = "fail",
    };

    return names[state];
}
