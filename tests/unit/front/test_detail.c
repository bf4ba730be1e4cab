/* What the detail port serves, asked through real sockets. What the bodies say is the
 * views' business and tested there; here it is enough that the right view answers. */
#include "front/detail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/clock.h"
#include "detail_port.h"
#include "fds.h"
#include "front/probe.h"
#include "pictures.h"
#include "view/page.h"
#include "view/query.h"

static void test_get_every_route_is_answered_by_its_view(void **state) {
    (void)state;
    static const struct detail_row rows[] = {
        {"GET", "/", "", 200, "text/html; charset=utf-8", "</html>"},
        {"GET", "/status", "", 200, "application/json", "\"pod-1\""},
        {"GET", "/healthz", "", 200, DETAIL_TEXT, "healthy"},
        {"GET", "/healthz?verbose", "", 200, DETAIL_TEXT, "[+]tenant/t0/direct ok"},
        {"GET", "/readyz", "", 200, DETAIL_TEXT, "ready"},
        {"GET", "/readyz?verbose", "", 200, DETAIL_TEXT, "ready"},
        {"GET", "/livez", "", 200, DETAIL_TEXT, "live"},
        {"GET", "/livez?verbose", "", 200, DETAIL_TEXT, "live"},
        {"GET", "/why", "", 200, DETAIL_TEXT, "nothing is wrong"},
        {"GET", "/path", "", 200, "application/json", "\"paths\": ["},
        {"GET", "/path/t1", "", 200, "application/json", "\"tenant\": \"t1\""},
        {"GET", "/timeline", "", 200, "application/json", "\"incidents\": ["},
        {"GET", "/census", "", 200, "application/json", "\"classes\": ["},
        {"GET", "/timing", "", 200, "application/json", "\"end_to_end\": ["},
        {"GET", "/checks/gateway/status", "", 200, "application/json", "gateway/status"},
        {"GET", "/checks/tenant/t1/direct", "", 200, "application/json",
         "tenant/t1/direct"},
        {"GET", "/config", "", 200, "application/json", "test.json"},
        {"GET", "/metrics", "", 200, "text/plain; version=0.0.4; charset=utf-8",
         "health_responder_"},
    };
    ASSERT_ROWS(rows);
}

static void test_format_is_chosen_by_query_then_accept(void **state) {
    (void)state;
    static const char open_type[] =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
    static const struct detail_row rows[] = {
        {"GET", "/status?format=text", "", 200, DETAIL_TEXT, "pod-1"},
        {"GET", "/status?format=health", "", 200, "application/health+json", "\"pass\""},
        {"GET", "/status", "Accept: text/plain\r\n", 200, DETAIL_TEXT, "pod-1"},
        {"GET", "/status", "Accept: application/health+json\r\n", 200,
         "application/health+json", "\"pass\""},
        {"GET", "/status?format=json", "Accept: text/plain\r\n", 200, "application/json",
         "{"},
        {"GET", "/status?format=%74ext", "", 200, DETAIL_TEXT, "pod-1"},
        {"GET", "/checks/gateway/status?format=text", "", 200, DETAIL_TEXT,
         "gateway/status"},
        {"GET", "/why?format=json", "", 200, "application/json", "\"root_cause\": null"},
        {"GET", "/why", "Accept: application/json\r\n", 200, "application/json",
         "\"why\": \"nothing is wrong\""},
        {"GET", "/path?format=text", "", 200, DETAIL_TEXT, "healthy   t0: nothing"},
        {"GET", "/path/t1?format=text", "", 200, DETAIL_TEXT, "[ ? ]  inbound"},
        {"GET", "/path/t1", "Accept: text/plain\r\n", 200, DETAIL_TEXT, "t1: nothing"},
        {"GET", "/timeline?format=text", "", 200, DETAIL_TEXT, "happened"},
        {"GET", "/census?format=text", "", 200, DETAIL_TEXT, "share"},
        {"GET", "/timing?format=text", "", 200, DETAIL_TEXT, "Application Gateway"},
        {"GET", "/timing?format=svg", "", 200, "image/svg+xml", "<svg"},
        {"GET", "/timing", "Accept: image/svg+xml\r\n", 200, "image/svg+xml", "<svg"},
        {"GET", "/timing?format=html", "", 400, DETAIL_TEXT, "json, text, svg"},
        {"GET", "/why?format=html", "", 400, DETAIL_TEXT, "text, json"},
        {"GET", "/path?format=health", "", 400, DETAIL_TEXT, "json, text"},
        {"GET", "/path/t1?format=html", "", 400, DETAIL_TEXT, "json, text"},
        {"GET", "/timeline?format=html", "", 400, DETAIL_TEXT, "json, text"},
        {"GET", "/census?format=", "", 400, DETAIL_TEXT, "json, text"},
        {"GET", "/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n",
         200, open_type, "# EOF"},
        {"GET", "/metrics?format=openmetrics", "", 200, open_type, "# EOF"},
        {"GET", "/status?format=xml", "", 400, DETAIL_TEXT, "json, health, text"},
        {"GET", "/status?format=", "", 400, DETAIL_TEXT, "json, health, text"},
        {"GET", "/metrics?format=json", "", 400, DETAIL_TEXT, "prometheus, openmetrics"},
        {"GET", "/?format=json", "", 400, DETAIL_TEXT, "html"},
    };
    ASSERT_ROWS(rows);
}

static void test_filters_unknown_names_are_404(void **state) {
    (void)state;
    static const struct detail_row rows[] = {
        {"GET", "/status?check=gateway/status", "", 200, "application/json",
         "gateway/status"},
        {"GET", "/status?check=tenant%2Ft0", "", 200, "application/json",
         "tenant/t0/direct"},
        {"GET", "/status?tenant=t1&state=passing", "", 200, "application/json",
         "tenant/t1/direct"},
        {"GET", "/status?check=nope", "", 404, DETAIL_TEXT, "nope"},
        {"GET", "/status?tenant=t9", "", 404, DETAIL_TEXT, "t9"},
        {"GET", "/status?state=happy", "", 404, DETAIL_TEXT, "happy"},
        {"GET", "/timeline?check=tenant&tenant=t1", "", 200, "application/json",
         "events"},
        {"GET", "/timeline?check=nope", "", 404, DETAIL_TEXT, "nope"},
        {"GET", "/timeline?tenant=t9", "", 404, DETAIL_TEXT, "t9"},
        {"GET", "/status?check=gateway%00", "", 400, DETAIL_TEXT, "NUL"},
        {"GET", "/status?unknown=%20&x", "", 200, "application/json", "pod-1"},
    };
    ASSERT_ROWS(rows);
    struct raw_reply reply = detail_port_ask("GET", "/status?tenant=t1", "");
    assert_null(strstr(reply.body, "tenant/t0/direct"));
    raw_reply_free(&reply);
}

static void test_exclude_is_repeatable_and_bounded(void **state) {
    (void)state;
    struct snapshot *snapshot = picture_new(detail_port.config);
    snapshot->tenants[0].status.state = TENANT_UNHEALTHY;
    snapshot->checks[1]->state = snapshot->checks[1]->counted = STATE_FAILING;
    snapshot->checks[0]->state = snapshot->checks[0]->counted = STATE_FAILING;
    snapshot->verdicts.answer = snapshot->verdicts.by_policy[POLICY_SERVE] =
        VERDICT_DEGRADED;
    detail_front_publish(detail_port.front, snapshot);
    snapshot_unref(snapshot);
    static const struct detail_row rows[] = {
        {"GET", "/healthz?verbose", "", 200, DETAIL_TEXT, "[-]gateway/status"},
        {"GET", "/healthz?verbose&exclude=gateway/status", "", 200, DETAIL_TEXT,
         "[-]tenant/t0/direct"},
        {"GET", "/healthz?exclude=gateway%2Fstatus&exclude=tenant/t0/direct", "", 200,
         DETAIL_TEXT, "healthy"},
        {"GET", "/healthz?verbose&exclude=nope", "", 200, DETAIL_TEXT, "nope"},
    };
    ASSERT_ROWS(rows);
    BUF_AUTO struct buf target = {0};
    buf_puts(&target, "/healthz?verbose");
    for (int i = 0; i < VIEW_EXCLUDE_MAX; i++)
        buf_puts(&target, "&exclude=x");
    struct raw_reply reply = detail_port_ask("GET", target.data, "");
    assert_int_equal(reply.status, 200);
    raw_reply_free(&reply);
    buf_puts(&target, "&exclude=x");
    reply = detail_port_ask("GET", target.data, "");
    assert_int_equal(reply.status, 400);
    raw_reply_free(&reply);
}

static void test_unknown_routes_are_404_and_name_the_others(void **state) {
    (void)state;
    static const struct detail_row rows[] = {
        {"GET", "/nope", "", 404, DETAIL_TEXT, "POST /checks/NAME/run"},
        {"GET", "/status/", "", 404, DETAIL_TEXT, "GET  /status"},
        {"GET", "//status", "", 404, DETAIL_TEXT, "GET  /status"},
        {"GET", "/%73tatus", "", 404, DETAIL_TEXT, "GET  /status"},
        {"GET", "%2Fstatus", "", 404, DETAIL_TEXT, "GET  /status"},
        {"GET", "/checks/", "", 404, DETAIL_TEXT, "GET  /checks/NAME"},
        {"GET", "/checks", "", 404, DETAIL_TEXT, "GET  /checks/NAME"},
        {"GET", "/checks/nope", "", 404, DETAIL_TEXT, "no check is named \"nope\""},
        {"GET", "/checks/gateway%2Fstatus", "", 404, DETAIL_TEXT, "gateway%2Fstatus"},
        {"GET", "/checks//run", "", 404, DETAIL_TEXT, "no check is named \"/run\""},
        {"GET", "/path/t9", "", 404, DETAIL_TEXT,
         "no tenant is named \"t9\"; known: t0, t1"},
        {"GET", "/path/t%31", "", 404, DETAIL_TEXT, "\"t%31\""},
        {"GET", "/path/t1/", "", 404, DETAIL_TEXT, "\"t1/\""},
        {"GET", "/path/", "", 404, DETAIL_TEXT, "GET  /path/NAME"},
        {"GET", "/timeline/", "", 404, DETAIL_TEXT, "GET  /timeline"},
        {"POST", "/path", "Authorization: Bearer secret\r\n", 403, DETAIL_TEXT, "token"},
    };
    ASSERT_ROWS(rows);
}

static void test_head_is_get_without_body(void **state) {
    (void)state;
    struct raw *raw = raw_open(&detail_port.addr);
    raw_send(raw, "HEAD /status HTTP/1.1\r\nHost: h\r\n\r\n"
                  "HEAD /nope HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /why HTTP/1.1\r\nHost: h\r\n\r\n");
    struct raw_reply reply = raw_read(raw, true);
    assert_int_equal(reply.status, 200);
    const char *length = raw_header(&reply, "Content-Length", NULL);
    assert_true(length && strtol(length, NULL, 10) > 100);
    raw_reply_free(&reply);
    reply = raw_read(raw, true);
    assert_int_equal(reply.status, 404);
    raw_reply_free(&reply);
    reply = raw_read(raw, false);
    assert_non_null(strstr(reply.body, "nothing is wrong"));
    raw_reply_free(&reply);
    raw_close(raw);
}

static void test_page_has_its_policy(void **state) {
    (void)state;
    struct raw_reply reply = detail_port_ask("GET", "/", "");
    assert_true(raw_has(&reply, "Content-Security-Policy", view_page_policy()));
    raw_reply_free(&reply);
    reply = detail_port_ask("GET", "/status", "");
    assert_null(raw_header(&reply, "Content-Security-Policy", NULL));
    raw_reply_free(&reply);
}

static void test_health_json_status_follows_the_verdict(void **state) {
    (void)state;
    detail_port_publish(VERDICT_UNHEALTHY);
    static const struct detail_row rows[] = {
        {"GET", "/status?format=health", "", 503, "application/health+json", "\"fail\""},
        {"GET", "/status?format=json", "", 200, "application/json", "unhealthy"},
    };
    ASSERT_ROWS(rows);
}

static void test_livez_stuck_engine_is_503(void **state) {
    (void)state;
    atomic_store(&detail_port.last_turn_us,
                 clock_mono_us() - PROBE_STUCK_AFTER_US - 1000);
    struct raw_reply reply = detail_port_ask("GET", "/livez", "");
    assert_int_equal(reply.status, 503);
    raw_reply_free(&reply);
}

/* What is old is not sold as new: every view that names a cause says so. */
static void test_stuck_engine_is_the_root_cause_everywhere(void **state) {
    (void)state;
    atomic_store(&detail_port.last_turn_us,
                 clock_mono_us() - PROBE_STUCK_AFTER_US - 1000);
    static const char said[] = "our engine has stopped";
    static const struct detail_row rows[] = {
        {"GET", "/why", "", 200, DETAIL_TEXT, said},
        {"GET", "/why?format=json", "", 200, "application/json", said},
        {"GET", "/path/t0", "", 200, "application/json", said},
        {"GET", "/path?format=text", "", 200, DETAIL_TEXT, said},
        {"GET", "/status", "", 200, "application/json", said},
        {"GET", "/status?format=text", "", 200, DETAIL_TEXT, said},
        {"GET", "/checks/gateway/status?format=text", "", 200, DETAIL_TEXT, said},
        {"GET", "/", "", 200, "text/html; charset=utf-8", said},
        {"GET", "/metrics", "", 200, "text/plain; version=0.0.4; charset=utf-8",
         "health_responder_path_broken{hop=\"self\",state=\"fail\",owner=\"us\","},
    };
    ASSERT_ROWS(rows);
}

static void test_unknown_tenant_names_fifty_at_most(void **state) {
    (void)state;
    struct config *config = picture_config(60);
    struct snapshot *snapshot = picture_new(config);
    detail_front_publish(detail_port.front, snapshot);
    snapshot_unref(snapshot);
    config_unref(config);
    static const struct detail_row rows[] = {
        {"GET", "/path/t60", "", 404, DETAIL_TEXT, ", t49 and 10 more\n"},
        {"GET", "/path/t59", "", 200, "application/json", "\"t59\""},
    };
    ASSERT_ROWS(rows);
    config = picture_config(0);
    snapshot = picture_new(config);
    detail_front_publish(detail_port.front, snapshot);
    snapshot_unref(snapshot);
    config_unref(config);
    static const struct detail_row none[] = {
        {"GET", "/path/t0", "", 404, DETAIL_TEXT,
         "no tenant is named \"t0\"; known: none"},
        {"GET", "/path", "", 200, "application/json", "\"paths\": []"},
    };
    ASSERT_ROWS(none);
}

static void test_metrics_hold_arrivals_of_the_probe_port(void **state) {
    (void)state;
    struct arrival arrival = {.path = PROBE_STRICT, .answer = ANSWER_UNHEALTHY};
    for (int i = 0; i < 4321; i++)
        arrivals_add(detail_port.arrivals, &arrival);
    struct raw_reply reply = detail_port_ask("GET", "/metrics", "");
    assert_non_null(strstr(reply.body, " 4321"));
    assert_non_null(strstr(reply.body, "process_resident_memory_bytes"));
    assert_null(strstr(reply.body, "process_resident_memory_bytes -1"));
    raw_reply_free(&reply);
}

static void test_close_listener_open_connections_go_on(void **state) {
    (void)state;
    struct raw *raw = raw_open(&detail_port.addr);
    for (int i = 0; i < 2; i++) {
        raw_send(raw, "GET /why HTTP/1.1\r\nHost: h\r\n\r\n");
        struct raw_reply reply = raw_read(raw, false);
        assert_int_equal(reply.status, 200);
        raw_reply_free(&reply);
        if (i == 0)
            detail_front_close_listener(detail_port.front);
    }
    raw_close(raw);
}

static void *dashboard(void *user) {
    atomic_int *running = user;
    static const char *const targets[] = {
        "/",         "/status", "/metrics", "/healthz?verbose",
        "/timeline", "/path",   "/census",  "/why"};
    for (int i = 0; i < 200; i++) {
        struct raw_reply reply =
            detail_port_ask("GET", targets[i % 8], "Authorization: Bearer secret\r\n");
        if (reply.status != 200)
            abort();
        raw_reply_free(&reply);
    }
    atomic_fetch_sub(running, 1);
    return NULL;
}

static void test_publish_under_load_every_answer_is_whole(void **state) {
    (void)state;
    atomic_int running = 2;
    pthread_t threads[2];
    detail_port_set_auth(AUTH_READ_TOKEN, "secret");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, dashboard, &running), 0);
    struct arrival arrival = {.path = PROBE_HEALTHZ};
    for (int i = 0; atomic_load(&running) > 0; i++) {
        detail_port_publish(i % 2 ? VERDICT_HEALTHY : VERDICT_DEGRADED);
        detail_port_set_auth(i % 3 ? AUTH_READ_TOKEN : AUTH_READ_OPEN, "secret");
        arrivals_add(detail_port.arrivals, &arrival);
        atomic_store(&detail_port.last_turn_us, clock_mono_us());
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DETAIL_TEST(test_get_every_route_is_answered_by_its_view),
        DETAIL_TEST(test_format_is_chosen_by_query_then_accept),
        DETAIL_TEST(test_filters_unknown_names_are_404),
        DETAIL_TEST(test_exclude_is_repeatable_and_bounded),
        DETAIL_TEST(test_unknown_routes_are_404_and_name_the_others),
        DETAIL_TEST(test_head_is_get_without_body),
        DETAIL_TEST(test_page_has_its_policy),
        DETAIL_TEST(test_health_json_status_follows_the_verdict),
        DETAIL_TEST(test_livez_stuck_engine_is_503),
        DETAIL_TEST(test_stuck_engine_is_the_root_cause_everywhere),
        DETAIL_TEST(test_unknown_tenant_names_fifty_at_most),
        DETAIL_TEST(test_metrics_hold_arrivals_of_the_probe_port),
        DETAIL_TEST(test_close_listener_open_connections_go_on),
        DETAIL_TEST(test_publish_under_load_every_answer_is_whole),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
