/* One HTTP request in a test, and a copy of all its result said. */
#ifndef TESTS_UNIT_NET_FETCH_H
#define TESTS_UNIT_NET_FETCH_H

#include <stdio.h>
#include <string.h>

#include "net/http_client.h"
#include "peer.h"
#include "run.h"

struct fetched {
    struct loop *loop; /* stopped by the callback; may be NULL */
    int calls;
    struct http_result result; /* its pointers are no longer valid */
    char body[8192];
    char error[256];
    char server[64]; /* the header */
    char empty[8];   /* header X-Empty, or "none" */
};

static inline void fetch_on_result(void *user, const struct http_result *result) {
    struct fetched *fetched = user;
    fetched->calls++;
    fetched->result = *result;
    snprintf(fetched->body, sizeof fetched->body, "%.*s", (int)result->body_len,
             result->body);
    snprintf(fetched->error, sizeof fetched->error, "%s", result->error);
    const char *server = http_result_header(result, "SERVER");
    snprintf(fetched->server, sizeof fetched->server, "%s", server ? server : "none");
    const char *empty = http_result_header(result, "x-empty");
    snprintf(fetched->empty, sizeof fetched->empty, "%s", empty ? empty : "none");
    if (fetched->loop)
        loop_stop(fetched->loop);
}

static inline struct http_request fetch_request(const char *url,
                                                const struct addr *connect) {
    return (struct http_request){.url = url,
                                 .connect = connect,
                                 .method = "GET",
                                 .timeout_ms = 5000,
                                 .connect_timeout_ms = 5000,
                                 .max_body = 4096};
}

/* With a client of the caller's. */
static inline struct fetched fetch_with(struct loop *loop, struct http_client *client,
                                        const struct http_request *request) {
    struct fetched fetched = {.loop = loop};
    http_client_start(client, request, fetch_on_result, &fetched);
    if (fetched.calls != 0) {
        fprintf(stderr, "called back before the start returned\n");
        exit(EXIT_FAILURE);
    }
    if (!run(loop) || fetched.calls != 1) {
        fprintf(stderr, "%s: %d calls\n", request->url, fetched.calls);
        exit(EXIT_FAILURE);
    }
    return fetched;
}

/* A peer, a client, and a request to the peer. */
struct scene {
    struct loop *loop;
    struct http_client *client;
    struct peer *peer;
    struct http_request request;
};

static inline struct scene scene_open(peer_script *script, const void *argument,
                                      const char *url) {
    struct scene scene = {.loop = run_loop_new()};
    scene.client = http_client_new(scene.loop);
    scene.peer = peer_start(NULL, script, argument);
    scene.request = fetch_request(url, peer_addr(scene.peer));
    return scene;
}

static inline struct fetched scene_fetch(struct scene *scene) {
    return fetch_with(scene->loop, scene->client, &scene->request);
}

/* The client first: it ends the connections that the peer waits on. */
static inline void scene_close(struct scene *scene) {
    http_client_free(scene->client);
    loop_free(scene->loop);
    peer_stop(scene->peer);
}

/* With a loop and a client of its own. */
static inline struct fetched fetch(const struct http_request *request) {
    struct loop *loop = run_loop_new();
    struct http_client *client = http_client_new(loop);
    struct fetched fetched = fetch_with(loop, client, request);
    http_client_free(client);
    loop_free(loop);
    return fetched;
}

#endif
