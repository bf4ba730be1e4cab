/* What the detail port serves: one table of routes, and the reply to an understood
 * request. */
#ifndef FRONT_ROUTES_INTERNAL_H
#define FRONT_ROUTES_INTERNAL_H

#include "base/buf.h"
#include "front/detail.h"
#include "view/query.h"

struct arena;

/* All of it is borrowed until the reply is made. */
struct route_request {
    const char *path;
    const char *method;
    struct view_query query;
    const struct snapshot *snapshot;
    const struct detail_front_options *options;
    struct arena *arena; /* for text of this request */
};

/* Zero-initialise. Texts but the body are static. */
struct route_reply {
    unsigned status;
    const char *media_type;
    const char *policy; /* Content-Security-Policy, or NULL */
    const char *allow;  /* of a 405, or NULL */
    struct buf body;    /* the caller's to take or free */
};

/* Answer by the first row that the path matches; 404 names every row, 405 the methods,
 * 400 the formats that the row has. */
void route_answer(const struct route_request *request, struct route_reply *reply);

/* A plain reply: one sentence and a newline. */
void route_say(struct route_reply *reply, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
