/* The probe port over time: answers swapped under load, the listener closing, the end. */
#include "front/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/err.h"
#include "fds.h"
#include "front/listen.h"
#include "pictures.h"
#include "probe_server.h"
#include "raw.h"

enum { DEADLINE_US = 10 * 1000 * 1000, QUEUED = 20 };

static const char ask_health[] = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
static const char ask_live[] = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";

/* A probe port whose thread can be stopped: it asks for the last turn when it answers
 * /livez, and the answer comes when the gate opens. */
struct gated {
    int listen_fd;
    struct addr addr;
    struct arrivals *arrivals;
    struct config *config;
    struct probe_front *front;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    bool is_reached;
};

static int64_t wait_at_gate(void *user) {
    struct gated *gated = user;
    pthread_mutex_lock(&gated->lock);
    gated->is_reached = true;
    pthread_cond_broadcast(&gated->changed);
    while (!gated->is_open)
        pthread_cond_wait(&gated->changed, &gated->lock);
    pthread_mutex_unlock(&gated->lock);
    return clock_mono_us();
}

static void gated_start(struct gated *gated, unsigned connection_limit) {
    struct err err = {0};
    *gated = (struct gated){.arrivals = arrivals_new(), .config = picture_config(0)};
    pthread_mutex_init(&gated->lock, NULL);
    pthread_cond_init(&gated->changed, NULL);
    gated->listen_fd = listen_open("127.0.0.1:0", &gated->addr, &err);
    struct probe_front_options options = {
        .listen_fd = gated->listen_fd,
        .arrivals = gated->arrivals,
        .last_turn_us = wait_at_gate,
        .user = gated,
        .connection_limit = connection_limit,
    };
    gated->front = probe_front_start(&options, &err);
    assert_non_null(gated->front);
    struct snapshot *snapshot = picture_new(gated->config);
    probe_front_publish(gated->front, answers_new(snapshot, NULL, 0));
    snapshot_unref(snapshot);
}

static void gated_stop(struct gated *gated) {
    probe_front_stop(gated->front);
    listen_close(gated->listen_fd, &gated->addr);
    arrivals_free(gated->arrivals);
    config_unref(gated->config);
    pthread_cond_destroy(&gated->changed);
    pthread_mutex_destroy(&gated->lock);
}

static void gate_wait(struct gated *gated) {
    pthread_mutex_lock(&gated->lock);
    while (!gated->is_reached)
        pthread_cond_wait(&gated->changed, &gated->lock);
    pthread_mutex_unlock(&gated->lock);
}

static void gate_open(struct gated *gated) {
    pthread_mutex_lock(&gated->lock);
    gated->is_open = true;
    pthread_cond_broadcast(&gated->changed);
    pthread_mutex_unlock(&gated->lock);
}

static void wait_until_idle(struct probe_front *front) {
    int64_t until_us = clock_mono_us() + DEADLINE_US;
    while (probe_front_in_flight(front) > 0) {
        if (clock_mono_us() > until_us)
            fail_msg("%u still in flight", probe_front_in_flight(front));
        sched_yield();
    }
}

static void *close_listener(void *user) {
    struct gated *gated = user;
    probe_front_close_listener(gated->front);
    return NULL;
}

/* Requests that were sent before the listener closed, on connections that the daemon has
 * not accepted yet, are answered. */
static void check_queued_are_served(bool daemon_is_stuck) {
    struct gated gated;
    gated_start(&gated, 0);
    struct raw *first = raw_open(&gated.addr);
    raw_send(first, ask_live);
    gate_wait(&gated);
    assert_int_equal(probe_front_in_flight(gated.front), 1);
    struct raw *queued[QUEUED];
    for (int i = 0; i < QUEUED; i++) {
        queued[i] = raw_open(&gated.addr);
        raw_send(queued[i], ask_health);
    }
    if (daemon_is_stuck) {
        probe_front_close_listener(gated.front);
        assert_int_equal(probe_front_in_flight(gated.front), 1 + QUEUED);
        gate_open(&gated);
    } else {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, close_listener, &gated), 0);
        gate_open(&gated);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    listen_close(gated.listen_fd, &gated.addr);
    gated.listen_fd = -1;
    wait_until_idle(gated.front);
    for (int i = 0; i < QUEUED; i++) {
        struct raw_reply reply = raw_read(queued[i], false);
        if (reply.status != 200)
            fail_msg("connection %d: %d", i, reply.status);
        raw_reply_free(&reply);
    }
    /* They are ordinary connections. */
    raw_send(queued[0], ask_health);
    struct raw_reply reply = raw_read(queued[0], false);
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    wait_until_idle(gated.front);
    for (int i = 0; i < QUEUED; i++)
        raw_close(queued[i]);
    raw_close(first);
    gated_stop(&gated);
}

static void test_close_listener_queued_connections_are_served(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++)
        check_queued_are_served(false);
}

static void test_close_listener_stuck_daemon_queued_are_served(void **state) {
    (void)state;
    check_queued_are_served(true);
}

static void test_close_listener_silent_late_connection_is_not_kept(void **state) {
    (void)state;
    struct gated gated;
    gated_start(&gated, 0);
    struct raw *first = raw_open(&gated.addr);
    raw_send(first, ask_live);
    gate_wait(&gated);
    struct raw *late = raw_open(&gated.addr);
    raw_send(late, "GET /he"); /* half a request */
    probe_front_close_listener(gated.front);
    gate_open(&gated);
    struct raw_reply reply = raw_read(first, false);
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    assert_true(probe_front_in_flight(gated.front) > 0);
    raw_close(late); /* it goes without an answer */
    wait_until_idle(gated.front);
    raw_close(first);
    gated_stop(&gated);
}

static void test_close_listener_at_the_limit_counts_nothing(void **state) {
    (void)state;
    struct gated gated;
    gated_start(&gated, 1);
    struct raw *only = raw_open(&gated.addr);
    raw_send(only, ask_health);
    struct raw_reply reply = raw_read(only, false);
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    struct raw *waiting = raw_open(&gated.addr);
    raw_send(waiting, ask_health);
    probe_front_close_listener(gated.front);
    wait_until_idle(gated.front);
    assert_true(raw_is_closed(waiting)); /* there is no room: not served, not kept */
    raw_send(only, ask_health);
    reply = raw_read(only, false);
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    raw_close(waiting);
    raw_close(only);
    gated_stop(&gated);
}

static void test_connection_limit_the_next_one_waits(void **state) {
    (void)state;
    struct probe_server *server = probe_server_start(NULL, 2);
    probe_server_publish(server, LIFE_READY, VERDICT_HEALTHY);
    struct raw *kept[3];
    for (int i = 0; i < 3; i++) {
        kept[i] = raw_open(&server->addr);
        raw_send(kept[i], ask_health);
        if (i == 2) {
            char byte;
            assert_int_equal(recv(kept[i]->fd, &byte, 1, MSG_DONTWAIT), -1);
            raw_close(kept[0]); /* makes room */
        }
        struct raw_reply reply = raw_read(kept[i], false);
        assert_int_equal(reply.status, 200);
        raw_reply_free(&reply);
    }
    raw_close(kept[1]);
    raw_close(kept[2]);
    probe_server_stop(server);
}

static void test_stop_closes_connections_and_keeps_the_listener(void **state) {
    (void)state;
    struct gated gated;
    gated_start(&gated, 0);
    struct raw *idle = raw_open(&gated.addr);
    raw_send(idle, ask_health);
    struct raw_reply reply = raw_read(idle, false);
    raw_reply_free(&reply);
    struct raw *half = raw_open(&gated.addr);
    raw_send(half, "GET /he");
    probe_front_stop(gated.front);
    assert_true(raw_is_closed(idle));
    raw_close(idle);
    raw_close(half);
    assert_true(fcntl(gated.listen_fd, F_GETFD) >= 0);

    /* Another daemon may serve the same socket. */
    struct probe_front_options options = {.listen_fd = gated.listen_fd,
                                          .arrivals = gated.arrivals,
                                          .last_turn_us = wait_at_gate,
                                          .user = &gated};
    gated.front = probe_front_start(&options, NULL);
    assert_non_null(gated.front);
    reply = raw_ask(&gated.addr, ask_health);
    assert_int_equal(reply.status, 503);
    assert_string_equal(reply.body, "starting\n");
    raw_reply_free(&reply);
    gated_stop(&gated);
}

static void test_start_bad_socket_gives_error(void **state) {
    (void)state;
    struct arrivals *arrivals = arrivals_new();
    struct probe_front_options options = {
        .listen_fd = -1, .arrivals = arrivals, .last_turn_us = wait_at_gate};
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    options.listen_fd = fd; /* epoll takes no such file */
    struct err err = {0};
    struct probe_front *front = probe_front_start(&options, &err);
    assert_null(front);
    assert_int_not_equal(err.kind, ERR_NONE);
    close(fd);
    arrivals_free(arrivals);
}

struct load {
    struct probe_server *server;
    int requests;
    atomic_int running; /* clients that have not finished */
    atomic_int answered;
};

static void *client(void *user) {
    struct load *load = user;
    struct raw *raw = raw_open(&load->server->addr);
    for (int i = 0; i < load->requests; i++) {
        raw_send(raw, i % 3 ? ask_health : ask_live);
        struct raw_reply reply = raw_read(raw, false);
        bool fine = (reply.status == 200 && (strcmp(reply.body, "healthy\n") == 0 ||
                                             strcmp(reply.body, "live\n") == 0)) ||
                    (reply.status == 503 && strcmp(reply.body, "unhealthy\n") == 0);
        if (!fine) {
            fprintf(stderr, "request %d: %d \"%s\"\n", i, reply.status, reply.body);
            abort();
        }
        if (raw_header(&reply, "Connection", NULL)) { /* answered while draining */
            raw_close(raw);
            raw = raw_open(&load->server->addr);
        }
        raw_reply_free(&reply);
        atomic_fetch_add(&load->answered, 1);
    }
    raw_close(raw);
    atomic_fetch_sub(&load->running, 1);
    return NULL;
}

static void test_publish_under_load_every_answer_is_whole(void **state) {
    (void)state;
    enum { CLIENTS = 4 };
    struct load load = {.server = probe_server_start(NULL, 0), .requests = 3000};
    pthread_t threads[CLIENTS];
    probe_server_publish(load.server, LIFE_READY, VERDICT_HEALTHY);
    atomic_store(&load.running, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client, &load), 0);
    int published = 0;
    struct arrival arrivals[64];
    size_t described = 0;
    for (; atomic_load(&load.running) > 0; published++) {
        probe_server_publish(load.server, published % 10 ? LIFE_READY : LIFE_DRAINING,
                             published % 2 ? VERDICT_HEALTHY : VERDICT_UNHEALTHY);
        atomic_store(&load.server->last_turn_us, clock_mono_us());
        described += arrivals_take(load.server->arrivals, arrivals, 64);
        probe_front_in_flight(load.server->front);
    }
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    wait_until_idle(load.server->front);
    assert_true(published > 10);
    for (size_t count; (count = arrivals_take(load.server->arrivals, arrivals, 64)) > 0;)
        described += count;
    struct arrival_counts counts;
    arrivals_counts(load.server->arrivals, &counts);
    assert_int_equal(described + counts.ring_dropped, CLIENTS * load.requests);
    probe_server_stop(load.server);
}

/* Closing and stopping while requests come: nothing may crash or hang. */
static void test_close_listener_under_load_ends_well(void **state) {
    (void)state;
    for (int i = 0; i < 30; i++) {
        struct load load = {.server = probe_server_start(NULL, 0), .requests = 100};
        pthread_t thread;
        probe_server_publish(load.server, LIFE_READY, VERDICT_HEALTHY);
        atomic_store(&load.running, 1);
        assert_int_equal(pthread_create(&thread, NULL, client, &load), 0);
        while (atomic_load(&load.answered) == 0) /* the client has limits of its own */
            sched_yield();
        probe_front_close_listener(load.server->front);
        assert_int_equal(pthread_join(thread, NULL), 0);
        wait_until_idle(load.server->front);
        probe_server_stop(load.server);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_listener_queued_connections_are_served),
        cmocka_unit_test(test_close_listener_stuck_daemon_queued_are_served),
        cmocka_unit_test(test_close_listener_silent_late_connection_is_not_kept),
        cmocka_unit_test(test_close_listener_at_the_limit_counts_nothing),
        cmocka_unit_test(test_connection_limit_the_next_one_waits),
        cmocka_unit_test(test_stop_closes_connections_and_keeps_the_listener),
        cmocka_unit_test(test_start_bad_socket_gives_error),
        cmocka_unit_test(test_publish_under_load_every_answer_is_whole),
        cmocka_unit_test(test_close_listener_under_load_ends_well),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
