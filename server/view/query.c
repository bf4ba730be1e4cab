/* Format negotiation (RFC 9110 section 12.5.1) and the filters of the detail port. Reads
 * bytes of strangers: bounded by the terminating NUL, no copies, no allocation. */
#include "view/query.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { Q_MAX = 1000 }; /* q values are counted in thousandths */

static const struct {
    const char *word;    /* of ?format= */
    const char *media;   /* type/subtype, as Accept names it */
    const char *version; /* the version parameter that is ours; NULL: it has none */
    const char *header;  /* the whole Content-Type */
} formats[] = {
    [VIEW_JSON] = {"json", "application/json", NULL, "application/json"},
    [VIEW_HEALTH_JSON] = {"health", "application/health+json", NULL,
                          "application/health+json"},
    [VIEW_TEXT] = {"text", "text/plain", NULL, "text/plain; charset=utf-8"},
    [VIEW_HTML] = {"html", "text/html", NULL, "text/html; charset=utf-8"},
    [VIEW_PROMETHEUS] = {"prometheus", "text/plain", "0.0.4",
                         "text/plain; version=0.0.4; charset=utf-8"},
    [VIEW_OPENMETRICS] = {"openmetrics", "application/openmetrics-text", "1.0.0",
                          "application/openmetrics-text; version=1.0.0; charset=utf-8"},
    [VIEW_SVG] = {"svg", "image/svg+xml", NULL, "image/svg+xml"},
};

/* A piece of a header. */
struct span {
    const char *data;
    size_t len;
};

/* One element of Accept. */
struct media_range {
    struct span media;
    struct span version; /* data NULL: not named */
    int q;
};

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static struct span trim(struct span span) {
    while (span.len > 0 && is_space(span.data[0])) {
        span.data++;
        span.len--;
    }
    while (span.len > 0 && is_space(span.data[span.len - 1]))
        span.len--;
    return span;
}

/* Cut off what comes before `separator` outside quotes. False at the end of `rest`. */
static bool next_piece(struct span *rest, char separator, struct span *piece) {
    if (!rest->data)
        return false;
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->data[i] != separator); i++) {
        if (rest->data[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->data[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    *piece = trim((struct span){rest->data, i});
    if (i == rest->len)
        *rest = (struct span){0};
    else
        *rest = (struct span){rest->data + i + 1, rest->len - i - 1};
    return true;
}

static bool equals(struct span span, const char *word) {
    return span.len == strlen(word) && strncasecmp(span.data, word, span.len) == 0;
}

/* "1", "0.5", "0.125" as thousandths; -1 for what is not a weight. */
static int parse_q(struct span span) {
    if (span.len == 0 || span.len > 5 || (span.data[0] != '0' && span.data[0] != '1'))
        return -1;
    int q = (span.data[0] - '0') * Q_MAX;
    if (span.len > 1 && span.data[1] != '.')
        return -1;
    int unit = Q_MAX / 10;
    for (size_t i = 2; i < span.len; i++, unit /= 10) {
        if (span.data[i] < '0' || span.data[i] > '9')
            return -1;
        q += (span.data[i] - '0') * unit;
    }
    return q <= Q_MAX ? q : -1;
}

/* False for an element without sense, which then says nothing. */
static bool parse_range(struct span element, struct media_range *range) {
    *range = (struct media_range){.q = Q_MAX};
    if (!next_piece(&element, ';', &range->media))
        return false;
    struct span parameter;
    while (next_piece(&element, ';', &parameter)) {
        struct span value = parameter;
        struct span name;
        if (!next_piece(&value, '=', &name) || !value.data)
            continue;
        value = trim(value);
        if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
            value = (struct span){value.data + 1, value.len - 2};
        if (equals(name, "q"))
            range->q = parse_q(value);
        else if (equals(name, "version"))
            range->version = value;
    }
    return range->q >= 0;
}

/* How closely the range names the format: 0 not at all, 1 any, 2 the type, 3 exactly. */
static int match_range(const struct media_range *range, enum view_format format) {
    const char *media = formats[format].media;
    size_t type_len = (size_t)(strchr(media, '/') - media);
    if (equals(range->media, "*/*"))
        return 1;
    if (range->media.len == type_len + 2 &&
        strncasecmp(range->media.data, media, type_len + 1) == 0 &&
        range->media.data[type_len + 1] == '*')
        return 2;
    if (!equals(range->media, media))
        return 0;
    if (range->version.data && formats[format].version &&
        !equals(range->version, formats[format].version))
        return 0;
    return 3;
}

/* The weight that Accept gives a format, by the range that names it most closely. */
static int weigh(const char *accept, enum view_format format, int *closeness) {
    struct span rest = {accept, strlen(accept)};
    struct span element;
    int q = 0;
    *closeness = 0;
    while (next_piece(&rest, ',', &element)) {
        struct media_range range;
        if (!parse_range(element, &range))
            continue;
        int match = match_range(&range, format);
        if (match > *closeness) {
            *closeness = match;
            q = range.q;
        }
    }
    return q;
}

/* The check itself, or one below it. */
static bool is_below(const char *name, const char *prefix) {
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

static bool is_of_tenant(const struct config *config, uint32_t check,
                         const char *tenant) {
    const struct check_config *it = &config->checks[check];
    return it->scope == SCOPE_TENANT &&
           strcmp(config->tenants[it->tenant].name, tenant) == 0;
}

static bool state_is_known(const char *word) {
    for (int i = 0; i < STATE_COUNT; i++) {
        if (strcmp(word, check_state_name((enum check_state)i)) == 0)
            return true;
    }
    return false;
}

static bool check_is_known(const struct config *config, const char *name) {
    for (uint32_t i = 0; i < config->check_count; i++) {
        if (is_below(config->checks[i].name, name))
            return true;
    }
    return false;
}

/* "no KIND is called "WORD"", the word made fit to be shown. */
static bool refuse(const char *kind, const char *word, char *why, size_t why_size) {
    char shown[CONFIG_NAME_MAX + 1];
    text_clean(shown, sizeof shown, word, strlen(word));
    snprintf(why, why_size, "no %s is called \"%s\"", kind, shown);
    return false;
}

bool view_choose(const struct view_query *query, const enum view_format *offered,
                 size_t count, enum view_format *chosen) {
    if (query->format) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(query->format, formats[offered[i]].word) != 0)
                continue;
            *chosen = offered[i];
            return true;
        }
        return false;
    }
    *chosen = offered[0];
    if (!query->accept)
        return true;
    int best_q = 0;
    int best_closeness = 0;
    for (size_t i = 0; i < count; i++) {
        int closeness;
        int q = weigh(query->accept, offered[i], &closeness);
        if (q < best_q || (q == best_q && closeness <= best_closeness) || q == 0)
            continue;
        best_q = q;
        best_closeness = closeness;
        *chosen = offered[i];
    }
    return true;
}

const char *view_media_type(enum view_format format) {
    return formats[format].header;
}

bool view_wants_check(const struct view_query *query, const struct snapshot *snapshot,
                      uint32_t check) {
    const struct check_config *config = &snapshot->config->checks[check];
    if (!query)
        return true;
    if (query->check && !is_below(config->name, query->check))
        return false;
    if (query->tenant && !is_of_tenant(snapshot->config, check, query->tenant))
        return false;
    return !query->state ||
           strcmp(check_state_name(snapshot->checks[check]->state), query->state) == 0;
}

bool view_wants_event(const struct view_query *query, const struct snapshot *snapshot,
                      enum event_kind kind, const char *subject) {
    const struct config *config = snapshot->config;
    if (!query || (!query->check && !query->tenant))
        return true;
    if (kind == EVENT_TENANT)
        return !query->check && strcmp(subject, query->tenant) == 0;
    if (kind != EVENT_CHECK || (query->check && !is_below(subject, query->check)))
        return false;
    if (!query->tenant)
        return true;
    uint32_t check = config_find_check(config, subject);
    return check != UINT32_MAX && is_of_tenant(config, check, query->tenant);
}

bool view_query_is_known(const struct view_query *query, const struct snapshot *snapshot,
                         char *why, size_t why_size) {
    if (query->check && !check_is_known(snapshot->config, query->check))
        return refuse("check", query->check, why, why_size);
    if (query->tenant &&
        config_find_tenant(snapshot->config, query->tenant) == CONFIG_NO_TENANT)
        return refuse("tenant", query->tenant, why, why_size);
    if (query->state && !state_is_known(query->state))
        return refuse("state", query->state, why, why_size);
    return true;
}
