/* The detail port's daemon: who may ask, what was asked, and the response around a reply.
 * Renders in its own thread from a snapshot it holds a reference to; the lock is held to
 * take that reference, never while rendering. What there is to see is the table of
 * routes. */
#include "front/detail.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "front/request.h"
#include "httpd_internal.h"
#include "routes_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECTION_LIMIT = 64, CONNECTION_MEMORY = 16 * 1024, IDLE_TIMEOUT_S = 60 };

struct detail_front {
    struct httpd *httpd;
    struct detail_front_options options;
    pthread_mutex_t lock;      /* for what follows */
    struct snapshot *snapshot; /* one reference; NULL before the first _publish */
    enum auth_read auth_read;
    char *token; /* NULL: none configured */
    size_t token_len;
};

/* One request between its head and its reply. */
struct call {
    struct arena *arena;
    struct request_facts facts;
    struct view_query query;
    const char *query_error; /* NULL: the query can be read */
    size_t body_seen;
};

enum permission { PERMITTED, TOKEN_WANTED, TOKEN_UNKNOWN };

static bool is_reading(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
    (void)kind;
    request_note_header(user, name, value ? value : "");
    return MHD_YES;
}

/* A decoded copy; NULL for "%00", which would hide what follows it. */
static const char *decode(struct arena *arena, const char *value) {
    char *text = arena_copy_text(arena, value);
    return MHD_http_unescape(text) == strlen(text) ? text : NULL;
}

/* One "key=value" of the query; unknown keys are ignored, as everywhere on the web. */
static enum MHD_Result on_argument(void *user, enum MHD_ValueKind kind, const char *key,
                                   const char *value) {
    (void)kind;
    struct call *call = user;
    struct view_query *query = &call->query;
    const char *text = decode(call->arena, value ? value : "");
    if (!text)
        call->query_error = "the query holds an escaped NUL";
    else if (strcmp(key, "format") == 0)
        query->format = text;
    else if (strcmp(key, "check") == 0)
        query->check = text;
    else if (strcmp(key, "tenant") == 0)
        query->tenant = text;
    else if (strcmp(key, "state") == 0)
        query->state = text;
    else if (strcmp(key, "verbose") == 0)
        query->verbose = true;
    else if (strcmp(key, "exclude") == 0 && query->exclude_count < VIEW_EXCLUDE_MAX)
        query->exclude[query->exclude_count++] = text;
    else if (strcmp(key, "exclude") == 0)
        call->query_error = "too many exclude";
    return MHD_YES;
}

/* The request carries the token: "Authorization: Bearer TOKEN". Under the lock. */
static bool has_token(const struct detail_front *front, const char *authorization) {
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *given = authorization + sizeof scheme - 1;
    given += strspn(given, " ");
    size_t len = strlen(given);
    while (len > 0 && (given[len - 1] == ' ' || given[len - 1] == '\t'))
        len--;
    return text_equal_secret(given, len, front->token, front->token_len);
}

static enum permission permission_for(struct detail_front *front, const char *method,
                                      const char *authorization) {
    enum permission permission = PERMITTED;
    pthread_mutex_lock(&front->lock);
    if (front->auth_read == AUTH_READ_TOKEN || !is_reading(method)) {
        if (!front->token)
            permission = TOKEN_UNKNOWN;
        else if (!has_token(front, authorization))
            permission = TOKEN_WANTED;
    }
    pthread_mutex_unlock(&front->lock);
    return permission;
}

static struct snapshot *take_snapshot(struct detail_front *front) {
    pthread_mutex_lock(&front->lock);
    struct snapshot *snapshot = front->snapshot ? snapshot_ref(front->snapshot) : NULL;
    pthread_mutex_unlock(&front->lock);
    return snapshot;
}

/* Takes the reply's body. */
static enum MHD_Result send_reply(struct MHD_Connection *mhd, struct route_reply *reply,
                                  const struct snapshot *snapshot) {
    size_t len = reply->body.len;
    struct MHD_Response *response =
        httpd_response(buf_take(&reply->body), len, reply->media_type);
    if (!response)
        return MHD_NO;
    if (snapshot)
        MHD_add_response_header(response, "X-Responder", snapshot->instance);
    if (reply->policy)
        MHD_add_response_header(response, "Content-Security-Policy", reply->policy);
    if (reply->allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"health-responder\"");
    enum MHD_Result result = MHD_queue_response(mhd, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void answer(struct detail_front *front, struct call *call, const char *path,
                   const char *method, const struct snapshot *snapshot,
                   struct route_reply *reply) {
    if (!snapshot) {
        route_say(reply, 503, "starting");
        return;
    }
    switch (permission_for(front, method, call->facts.authorization)) {
        case TOKEN_UNKNOWN:
            route_say(reply, 403,
                      "forbidden: this needs the token, and no token is configured "
                      "(auth.token_file)");
            return;
        case TOKEN_WANTED:
            route_say(reply, 401,
                      "unauthorized: expected \"Authorization: Bearer TOKEN\"");
            return;
        case PERMITTED:
            break;
    }
    if (call->query_error) {
        route_say(reply, 400, "%s", call->query_error);
        return;
    }
    struct route_request request = {
        .path = path,
        .method = method,
        .query = call->query,
        .snapshot = snapshot,
        .options = &front->options,
        .arena = call->arena,
    };
    route_answer(&request, reply);
}

/* The head is here: refuse what may be framed in two ways, else read on. */
static enum MHD_Result on_head(struct detail_front *front, struct MHD_Connection *mhd,
                               struct call *call, const char *version) {
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, on_header, &call->facts);
    MHD_get_connection_values(mhd, MHD_GET_ARGUMENT_KIND, on_argument, call);
    call->query.accept = call->facts.accept;
    const char *refusal = request_refusal(&call->facts, version);
    if (!refusal)
        return MHD_YES;
    struct route_reply reply = {0};
    route_say(&reply, 400, "bad request: %s", refusal);
    struct snapshot *snapshot = take_snapshot(front);
    enum MHD_Result result = send_reply(mhd, &reply, snapshot);
    snapshot_unref(snapshot);
    return result;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *mhd,
                                  const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_len,
                                  void **context) {
    (void)body;
    struct detail_front *front = user;
    struct call *call = *context;
    if (!call) {
        call = MEM_NEW(struct call);
        call->arena = arena_new();
        *context = call;
        return on_head(front, mhd, call, version);
    }
    if (*body_len > 0) {
        call->body_seen += *body_len;
        *body_len = 0;
        return call->body_seen <= REQUEST_BODY_MAX ? MHD_YES : MHD_NO;
    }
    struct route_reply reply = {0};
    struct snapshot *snapshot = take_snapshot(front);
    answer(front, call, path, method, snapshot, &reply);
    enum MHD_Result result = send_reply(mhd, &reply, snapshot);
    snapshot_unref(snapshot);
    return result;
}

static void on_completed(void *user, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)user;
    (void)mhd;
    (void)code;
    struct call *call = *context;
    if (!call)
        return;
    arena_free(call->arena);
    free(call);
    *context = NULL;
}

static void forget_token(struct detail_front *front) {
    if (front->token)
        explicit_bzero(front->token, front->token_len);
    free(front->token);
    front->token = NULL;
    front->token_len = 0;
}

struct detail_front *detail_front_start(const struct detail_front_options *options,
                                        struct err *err) {
    struct detail_front *front = MEM_NEW(struct detail_front);
    front->options = *options;
    /* Nobody may read before detail_front_set_auth has said who may. */
    front->auth_read = AUTH_READ_TOKEN;
    pthread_mutex_init(&front->lock, NULL);
    struct httpd_options httpd_options = {
        .listen_fd = options->listen_fd,
        .connection_limit = httpd_connection_limit(CONNECTION_LIMIT),
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .connection_memory = CONNECTION_MEMORY,
        .on_request = on_request,
        .on_completed = on_completed,
        .user = front,
    };
    front->httpd = httpd_start(&httpd_options, err);
    if (!front->httpd) {
        detail_front_stop(front);
        return NULL;
    }
    return front;
}

void detail_front_publish(struct detail_front *front, struct snapshot *snapshot) {
    snapshot_ref(snapshot);
    pthread_mutex_lock(&front->lock);
    struct snapshot *old = front->snapshot;
    front->snapshot = snapshot;
    pthread_mutex_unlock(&front->lock);
    snapshot_unref(old);
}

void detail_front_set_auth(struct detail_front *front, enum auth_read read,
                           const char *token, size_t token_len) {
    char *copy = NULL;
    if (token && token_len > 0) {
        copy = mem_alloc(token_len, 1);
        memcpy(copy, token, token_len);
    }
    pthread_mutex_lock(&front->lock);
    forget_token(front);
    front->auth_read = read;
    front->token = copy;
    front->token_len = copy ? token_len : 0;
    pthread_mutex_unlock(&front->lock);
}

void detail_front_close_listener(struct detail_front *front) {
    atomic_int late = 0;
    httpd_close_listener(front->httpd, &late);
}

void detail_front_stop(struct detail_front *front) {
    if (!front)
        return;
    httpd_stop(front->httpd);
    snapshot_unref(front->snapshot);
    forget_token(front);
    pthread_mutex_destroy(&front->lock);
    free(front);
}
