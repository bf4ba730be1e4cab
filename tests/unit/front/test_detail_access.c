/* Who may ask the detail port for what, and what it refuses. */
#include "front/detail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "detail_port.h"
#include "fds.h"

static void test_before_publish_everything_is_starting(void **state) {
    (void)state;
    static const char *const targets[] = {"/", "/status", "/healthz", "/metrics",
                                          "/nope"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct raw_reply reply = detail_port_ask("GET", targets[i], "");
        assert_int_equal(reply.status, 503);
        assert_string_equal(reply.body, "starting\n");
        raw_reply_free(&reply);
    }
    detail_port_publish(VERDICT_HEALTHY); /* and nobody has said who may read */
    struct raw_reply reply = detail_port_ask("GET", "/status", "");
    assert_int_equal(reply.status, 403);
    raw_reply_free(&reply);
}

static void test_post_run_asks_the_engine(void **state) {
    (void)state;
    static const char auth[] = "Authorization: Bearer secret\r\n";
    detail_port_set_auth(AUTH_READ_OPEN, "secret");
    static const struct detail_row rows[] = {
        {"POST", "/checks/tenant/t1/direct/run", auth, 202, "application/json",
         "{\"instance\": \"pod-1\", \"check\": \"tenant/t1/direct\", \"accepted\": "
         "true}"},
        {"POST", "/checks/nope/run", auth, 404, DETAIL_TEXT,
         "no check is named \"nope\""},
        {"POST", "/checks/tenant/t1/direct/run",
         "Authorization: Bearer secret\r\nContent-Length: 0\r\n", 202, "application/json",
         "tenant/t1/direct"},
    };
    ASSERT_ROWS(rows);
    assert_string_equal(detail_port.ran, "tenant/t1/direct");
    struct raw_reply reply =
        detail_port_ask("POST", "/checks/gateway/status/run",
                        "Authorization: Bearer secret\r\nContent-Length: 5\r\n"
                        "Connection: close\r\n\r\nhello");
    assert_int_equal(reply.status, 202);
    assert_string_equal(detail_port.ran, "gateway/status");
    raw_reply_free(&reply);
    atomic_store(&detail_port.run_allowed, false);
    static const struct detail_row limited[] = {
        {"POST", "/checks/tenant/t1/direct/run", auth, 429, DETAIL_TEXT, "too many"},
    };
    ASSERT_ROWS(limited);
}

static void test_wrong_methods_are_405_with_allow(void **state) {
    (void)state;
    static const char auth[] = "Authorization: Bearer secret\r\n";
    static const struct {
        const char *method;
        const char *target;
        const char *allow;
    } rows[] = {
        {"POST", "/status", "GET, HEAD"},
        {"DELETE", "/", "GET, HEAD"},
        {"POST", "/checks/gateway/status", "GET, HEAD"},
        {"GET", "/checks/gateway/status/run", "POST"},
        {"PUT", "/checks/gateway/status/run", "POST"},
        {"get", "/status", "GET, HEAD"},
    };
    detail_port_set_auth(AUTH_READ_OPEN, "secret");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw_reply reply = detail_port_ask(rows[i].method, rows[i].target, auth);
        if (reply.status != 405)
            fail_msg("%s %s: %d", rows[i].method, rows[i].target, reply.status);
        assert_true(raw_has(&reply, "Allow", rows[i].allow));
        detail_assert_headers(&reply, DETAIL_TEXT);
        raw_reply_free(&reply);
    }
    struct raw_reply reply = detail_port_ask("POST", "/nope", auth);
    assert_int_equal(reply.status, 404);
    raw_reply_free(&reply);
}

static void test_auth_matrix(void **state) {
    (void)state;
    static const char right[] = "Authorization: Bearer secret\r\n";
    static const struct {
        enum auth_read read;
        const char *token; /* configured */
        const char *method;
        const char *sent;
        int status;
    } rows[] = {
        {AUTH_READ_OPEN, NULL, "GET", "", 200},
        {AUTH_READ_OPEN, NULL, "GET", right, 200},
        {AUTH_READ_OPEN, NULL, "POST", "", 403},
        {AUTH_READ_OPEN, NULL, "POST", right, 403},
        {AUTH_READ_OPEN, NULL, "OPTIONS", "", 403},
        {AUTH_READ_OPEN, "", "POST", "Authorization: Bearer \r\n", 403},
        {AUTH_READ_OPEN, "secret", "GET", "", 200},
        {AUTH_READ_OPEN, "secret", "HEAD", "", 200},
        {AUTH_READ_OPEN, "secret", "GET", "Authorization: Bearer wrong\r\n", 200},
        {AUTH_READ_OPEN, "secret", "POST", "", 401},
        {AUTH_READ_OPEN, "secret", "POST", right, 405},
        {AUTH_READ_OPEN, "secret", "DELETE", "Authorization: Bearer wrong\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "", 401},
        {AUTH_READ_TOKEN, "secret", "HEAD", "", 401},
        {AUTH_READ_TOKEN, "secret", "GET", right, 200},
        {AUTH_READ_TOKEN, "secret", "HEAD", right, 200},
        {AUTH_READ_TOKEN, "secret", "GET", "authorization: bEARER  secret \r\n", 200},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: Bearer secre\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: Bearer secrets\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: Bearer SECRET\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: Bearer\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: secret\r\n", 401},
        {AUTH_READ_TOKEN, "secret", "GET", "Authorization: Basic secret\r\n", 401},
        {AUTH_READ_TOKEN, NULL, "GET", "", 403},
        {AUTH_READ_TOKEN, NULL, "GET", "Authorization: Bearer \r\n", 403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        detail_port_set_auth(rows[i].read, rows[i].token);
        struct raw_reply reply = detail_port_ask(rows[i].method, "/why", rows[i].sent);
        if (reply.status != rows[i].status)
            fail_msg("row %zu: %s: %d", i, rows[i].method, reply.status);
        if (reply.status == 401)
            assert_true(
                raw_has(&reply, "WWW-Authenticate", "Bearer realm=\"health-responder\""));
        else
            assert_null(raw_header(&reply, "WWW-Authenticate", NULL));
        if (reply.status == 403)
            assert_non_null(strstr(reply.body, "auth.token_file"));
        assert_null(strstr(reply.body, "secret"));
        detail_assert_headers(&reply, DETAIL_TEXT);
        raw_reply_free(&reply);
    }
}

static void test_refused_framing_is_400_and_closes(void **state) {
    (void)state;
    static const char *const rows[] = {
        "GET /why HTTP/1.1\r\n\r\n",
        "GET /why HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ("GET /why HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
         "Transfer-Encoding: chunked\r\n\r\n"),
        "POST /why HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw *raw = raw_open(&detail_port.addr);
        raw_send(raw, rows[i]);
        struct raw_reply reply = raw_read(raw, false);
        assert_int_equal(reply.status, 400);
        if (!raw_is_library_refusal(&reply)) {
            assert_true(text_has_prefix(reply.body, "bad request: "));
            detail_assert_headers(&reply, DETAIL_TEXT);
        }
        assert_true(raw_is_closed(raw));
        raw_reply_free(&reply);
        raw_close(raw);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_before_publish_everything_is_starting,
                                        detail_port_start_bare, detail_port_stop),
        DETAIL_TEST(test_post_run_asks_the_engine),
        DETAIL_TEST(test_wrong_methods_are_405_with_allow),
        DETAIL_TEST(test_auth_matrix),
        DETAIL_TEST(test_refused_framing_is_400_and_closes),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
