/* The probe port. Owns what a probe costs: one pass over its headers, one look at the
 * answers, one clock read, no allocation, no formatting, no log line. Decides nothing
 * about health.
 *
 * Every body is constant, so every response is made once at start, for an open and for a
 * closing connection, and lives as long as the daemon. What changes is only which answer
 * a question has: that is the published struct answers, swapped under a mutex that is
 * held for one lookup. (Publishing responses instead would mean to replace a struct
 * MHD_Response that is being queued: done with an atomic pointer, libmicrohttpd 0.9.75
 * aborts the process.) */
#include "front/probe.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mac.h"
#include "base/mem.h"
#include "base/text.h"
#include "front/request.h"
#include "httpd_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTION_LIMIT = 1024, CONNECTION_MEMORY = 16 * 1024, IDLE_TIMEOUT_S = 75 };

static const char media_type[] = "text/plain; charset=utf-8";

struct probe_front {
    struct httpd *httpd;
    struct probe_front_options options;
    struct MHD_Response *responses[ANSWER_COUNT][2]; /* the second one closes */
    pthread_mutex_t lock;
    struct answers *answers; /* under the lock; NULL before the first _publish */
    atomic_uint in_flight;
    /* Connections accepted while the listener closed and not answered once yet. They are
     * in flight, because their requests have been sent. */
    atomic_int late;
};

/* One connection, in the daemon's thread. `arrival` is the request being read, with the
 * peer filled in once. */
struct connection {
    struct arrival arrival;
    const char *rest; /* of request_path; borrowed from the request */
    size_t body_seen;
    bool is_late;
};

/* What the lock protects, taken out. */
struct lookup {
    enum answer answer;
    bool is_closing;
    char proof[MAC_HEX_MAX];
};

static int address_bytes(const struct addr *addr, uint8_t bytes[16]) {
    int family = addr->len > 0 ? addr->u.sa.sa_family : 0;
    memset(bytes, 0, 16);
    if (family == AF_INET)
        memcpy(bytes, &addr->u.in.sin_addr, 4);
    else if (family == AF_INET6)
        memcpy(bytes, &addr->u.in6.sin6_addr, 16);
    return family;
}

static socklen_t sockaddr_len(const struct sockaddr *sa) {
    switch (sa->sa_family) {
        case AF_INET:
            return sizeof(struct sockaddr_in);
        case AF_INET6:
            return sizeof(struct sockaddr_in6);
        default: /* the name of a unix peer is of no use */
            return sizeof sa->sa_family;
    }
}

static void on_open(void *user, struct MHD_Connection *mhd, void **context,
                    bool is_late) {
    (void)user;
    struct connection *connection = MEM_NEW(struct connection);
    const struct sockaddr *sa =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    struct addr peer;
    addr_from_sockaddr(&peer, sa, sockaddr_len(sa));
    connection->arrival.peer_family = address_bytes(&peer, connection->arrival.peer);
    connection->is_late = is_late;
    *context = connection;
}

static void end_late(struct probe_front *front, struct connection *connection) {
    if (connection->is_late)
        atomic_fetch_sub(&front->late, 1);
    connection->is_late = false;
}

static void on_close(void *user, void *context) {
    end_late(user, context);
    free(context);
}

static struct connection *connection_of(struct MHD_Connection *mhd) {
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
    (void)kind;
    request_note_header(user, name, value ? value : "");
    return MHD_YES;
}

static void describe(struct arrival *arrival, const struct request_facts *facts) {
    struct addr hop;
    arrival->forwarded_family = 0;
    if (facts->forwarded_for && request_forwarded(facts->forwarded_for, &hop))
        arrival->forwarded_family = address_bytes(&hop, arrival->forwarded);
    int64_t attempt = 0;
    if (facts->attempt)
        text_parse_int(facts->attempt, 0, UINT32_MAX, &attempt);
    arrival->attempt = (uint32_t)attempt;
    text_copy(arrival->agent, sizeof arrival->agent, facts->agent ? facts->agent : "");
    text_copy(arrival->host, sizeof arrival->host, facts->host ? facts->host : "");
}

static void look_up(struct probe_front *front, const struct connection *connection,
                    struct lookup *found) {
    enum probe_path path = connection->arrival.path;
    pthread_mutex_lock(&front->lock);
    const struct answers *answers = front->answers;
    if (path == PROBE_OTHER)
        found->answer = ANSWER_NOT_FOUND;
    else if (!answers)
        found->answer = ANSWER_STARTING;
    else
        found->answer = answers_find(answers, path, connection->rest);
    found->is_closing = answers && answers_draining(answers);
    /* Microseconds, for which only who publishes would wait. */
    if (found->answer == ANSWER_PROOF)
        answers_prove(answers, connection->rest, found->proof);
    pthread_mutex_unlock(&front->lock);
}

static struct MHD_Response *response_new(const char *text, bool closes) {
    struct buf body = {0};
    buf_printf(&body, "%s\n", text);
    size_t len = body.len;
    struct MHD_Response *response = httpd_response(buf_take(&body), len, media_type);
    if (response && closes)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static enum MHD_Result queue_proof(struct MHD_Connection *mhd,
                                   const struct lookup *found) {
    struct MHD_Response *response = response_new(found->proof, found->is_closing);
    if (!response)
        return MHD_NO;
    enum MHD_Result result =
        MHD_queue_response(mhd, (unsigned)answer_status(ANSWER_PROOF), response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply(struct probe_front *front, struct MHD_Connection *mhd,
                             struct connection *connection, const struct lookup *found) {
    enum answer answer = found->answer;
    connection->arrival.answer = answer;
    arrivals_add(front->options.arrivals, &connection->arrival);
    if (answer == ANSWER_PROOF)
        return queue_proof(mhd, found);
    return MHD_queue_response(mhd, (unsigned)answer_status(answer),
                              front->responses[answer][found->is_closing]);
}

/* The head is here: refuse now, because a response that is queued now also closes the
 * connection, which a body we do not want may follow. */
static enum MHD_Result on_head(struct probe_front *front, struct MHD_Connection *mhd,
                               struct connection *connection, const char *path,
                               const char *method, const char *version) {
    struct request_facts facts = {0};
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, on_header, &facts);
    describe(&connection->arrival, &facts);
    connection->arrival.mono_us = clock_mono_us();
    connection->arrival.path = request_path(path, &connection->rest);
    connection->body_seen = 0;

    struct lookup refusal = {.is_closing = true};
    if (request_refusal(&facts, version))
        refusal.answer = ANSWER_BAD_REQUEST;
    else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        refusal.answer = ANSWER_METHOD;
    else
        return MHD_YES;
    return reply(front, mhd, connection, &refusal);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *mhd,
                                  const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_len,
                                  void **context) {
    (void)body;
    struct probe_front *front = user;
    if (!*context) {
        struct connection *connection = connection_of(mhd);
        *context = connection;
        atomic_fetch_add(&front->in_flight, 1);
        return on_head(front, mhd, connection, path, method, version);
    }
    struct connection *connection = *context;
    if (*body_len > 0) {
        connection->body_seen += *body_len;
        *body_len = 0;
        return connection->body_seen <= REQUEST_BODY_MAX ? MHD_YES : MHD_NO;
    }
    struct lookup found;
    look_up(front, connection, &found);
    if (connection->arrival.path == PROBE_LIVE) {
        int64_t age_us = connection->arrival.mono_us -
                         front->options.last_turn_us(front->options.user);
        found.answer = age_us <= PROBE_STUCK_AFTER_US ? ANSWER_LIVE : ANSWER_STUCK;
    }
    return reply(front, mhd, connection, &found);
}

static void on_completed(void *user, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)mhd;
    (void)code;
    struct probe_front *front = user;
    if (!*context)
        return;
    end_late(front, *context);
    *context = NULL;
    atomic_fetch_sub(&front->in_flight, 1);
}

static bool make_responses(struct probe_front *front, struct err *err) {
    for (int i = 0; i < ANSWER_COUNT; i++) {
        enum answer answer = (enum answer)i;
        if (answer == ANSWER_PROOF)
            continue;
        for (int closes = 0; closes < 2; closes++) {
            struct MHD_Response *response = response_new(answer_word(answer), closes);
            if (!response)
                return err_set(err, ERR_UNAVAILABLE, "no memory for the probe responses");
            if (answer == ANSWER_METHOD)
                MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
            front->responses[answer][closes] = response;
        }
    }
    return true;
}

struct probe_front *probe_front_start(const struct probe_front_options *options,
                                      struct err *err) {
    struct probe_front *front = MEM_NEW(struct probe_front);
    front->options = *options;
    pthread_mutex_init(&front->lock, NULL);
    struct httpd_options httpd_options = {
        .listen_fd = options->listen_fd,
        .connection_limit = httpd_connection_limit(
            options->connection_limit > 0 ? options->connection_limit : CONNECTION_LIMIT),
        .idle_timeout_s =
            options->idle_timeout_s > 0 ? options->idle_timeout_s : IDLE_TIMEOUT_S,
        .connection_memory = CONNECTION_MEMORY,
        .on_request = on_request,
        .on_completed = on_completed,
        .on_open = on_open,
        .on_close = on_close,
        .user = front,
    };
    if (!make_responses(front, err) ||
        !(front->httpd = httpd_start(&httpd_options, err))) {
        probe_front_stop(front);
        return NULL;
    }
    return front;
}

void probe_front_publish(struct probe_front *front, struct answers *answers) {
    pthread_mutex_lock(&front->lock);
    struct answers *old = front->answers;
    front->answers = answers;
    pthread_mutex_unlock(&front->lock);
    /* Behind the lock: the daemon's thread never waits for free(). */
    answers_free(old);
}

void probe_front_close_listener(struct probe_front *front) {
    httpd_close_listener(front->httpd, &front->late);
}

unsigned probe_front_in_flight(const struct probe_front *front) {
    int late = atomic_load(&front->late);
    return atomic_load(&front->in_flight) + (late > 0 ? (unsigned)late : 0);
}

void probe_front_stop(struct probe_front *front) {
    if (!front)
        return;
    httpd_stop(front->httpd);
    for (int i = 0; i < ANSWER_COUNT; i++) {
        for (int closes = 0; closes < 2; closes++) {
            if (front->responses[i][closes])
                MHD_destroy_response(front->responses[i][closes]);
        }
    }
    answers_free(front->answers);
    pthread_mutex_destroy(&front->lock);
    free(front);
}
