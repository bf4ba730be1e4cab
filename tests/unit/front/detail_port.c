#include "detail_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "front/listen.h"
#include "pictures.h"

struct detail_port detail_port;

static int64_t last_turn_us(void *user) {
    (void)user;
    return atomic_load(&detail_port.last_turn_us);
}

static bool request_run(void *user, const char *check) {
    (void)user;
    if (!atomic_load(&detail_port.run_allowed))
        return false;
    snprintf(detail_port.ran, sizeof detail_port.ran, "%s", check);
    return true;
}

void detail_port_publish(enum verdict verdict) {
    struct snapshot *snapshot = picture_new(detail_port.config);
    snapshot->verdicts.answer = snapshot->verdicts.by_policy[POLICY_SERVE] = verdict;
    detail_front_publish(detail_port.front, snapshot);
    snapshot_unref(snapshot);
}

void detail_port_set_auth(enum auth_read read, const char *token) {
    detail_front_set_auth(detail_port.front, read, token, token ? strlen(token) : 0);
}

int detail_port_start_bare(void **state) {
    (void)state;
    struct err err = {0};
    detail_port.listen_fd = listen_open("127.0.0.1:0", &detail_port.addr, &err);
    detail_port.arrivals = arrivals_new();
    detail_port.config = picture_config(2);
    atomic_store(&detail_port.last_turn_us, clock_mono_us());
    atomic_store(&detail_port.run_allowed, true);
    detail_port.ran[0] = '\0';
    struct detail_front_options options = {
        .listen_fd = detail_port.listen_fd,
        .probe_arrivals = detail_port.arrivals,
        .last_turn_us = last_turn_us,
        .request_run = request_run,
    };
    detail_port.front = detail_front_start(&options, &err);
    return detail_port.front ? 0 : -1;
}

int detail_port_start(void **state) {
    int status = detail_port_start_bare(state);
    detail_port_set_auth(AUTH_READ_OPEN, NULL);
    detail_port_publish(VERDICT_HEALTHY);
    return status;
}

int detail_port_stop(void **state) {
    (void)state;
    detail_front_stop(detail_port.front);
    listen_close(detail_port.listen_fd, &detail_port.addr);
    arrivals_free(detail_port.arrivals);
    config_unref(detail_port.config);
    return 0;
}

struct raw_reply detail_port_ask(const char *method, const char *target,
                                 const char *more) {
    BUF_AUTO struct buf request = {0};
    buf_printf(&request, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, more);
    return raw_ask(&detail_port.addr, request.data);
}

void detail_assert_headers(const struct raw_reply *reply, const char *media_type) {
    assert_true(raw_has(reply, "Content-Type", media_type));
    assert_true(raw_has(reply, "Cache-Control", "no-store"));
    assert_true(raw_has(reply, "X-Content-Type-Options", "nosniff"));
    assert_true(raw_has(reply, "X-Responder", "pod-1"));
}

void detail_assert_rows(const struct detail_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct detail_row *row = &rows[i];
        struct raw_reply reply = detail_port_ask(row->method, row->target, row->more);
        if (reply.status != row->status || !strstr(reply.body, row->part))
            fail_msg("%s %s %s: %d %s", row->method, row->target, row->more, reply.status,
                     reply.body);
        detail_assert_headers(&reply, row->media_type);
        raw_reply_free(&reply);
    }
}
