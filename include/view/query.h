/* What a reader of the detail port asked for: format, filters, exclusions. Pure. */
#ifndef VIEW_QUERY_H
#define VIEW_QUERY_H

#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

enum view_format {
    VIEW_JSON,
    VIEW_HEALTH_JSON,
    VIEW_TEXT,
    VIEW_HTML,
    VIEW_PROMETHEUS,
    VIEW_OPENMETRICS,
    VIEW_SVG,
};

enum { VIEW_EXCLUDE_MAX = 32 };

/* Text is borrowed from the request. NULL: not asked for. */
struct view_query {
    const char *format; /* ?format= */
    const char *accept; /* the Accept header */
    const char *check;  /* only this check, or the checks below it ("tenant/app1") */
    const char *tenant;
    const char *state; /* only checks in this shown state */
    bool verbose;
    const char *exclude[VIEW_EXCLUDE_MAX];
    size_t exclude_count;
};

/* The format to answer in, out of `offered` (the first is the default): ?format= decides
 * by its word (json, health, text, html, prometheus, openmetrics, svg), else Accept with
 * its q values. False if ?format= names none of them. */
bool view_choose(const struct view_query *query, const enum view_format *offered,
                 size_t count, enum view_format *chosen);

/* Content-Type of a format. Static. */
const char *view_media_type(enum view_format format);

/* The check passes the query's filters; a query that is NULL has none. */
bool view_wants_check(const struct view_query *query, const struct snapshot *snapshot,
                      uint32_t check);

/* An event of this kind and subject passes the query's check and tenant, which leave
 * nothing but events of checks and tenants. */
bool view_wants_event(const struct view_query *query, const struct snapshot *snapshot,
                      enum event_kind kind, const char *subject);

/* `check`, `tenant` and `state` name something; false with what is unknown in `why`. */
bool view_query_is_known(const struct view_query *query, const struct snapshot *snapshot,
                         char *why, size_t why_size);

#endif
