/* Answers and what they mean, row by row: what Envoy 1.40 behind istiod answers, what
 * older ones do, and what only looks like it. */
#include "check/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/ranges.h"

#define PREFIX "upstream connect error or disconnect/reset before headers. "
#define RESET PREFIX "reset reason: "
#define RETRIED PREFIX "retried and the latest reset reason: "

static const struct ranges expect_2xx = {1, {{200, 299}}};
static const struct ranges expect_2xx_3xx = {1, {{200, 399}}};
static const struct ranges expect_404 = {1, {{404, 404}}};

static struct answer answer_of(int status, const char *body) {
    return (struct answer){.status = status, .body = body, .body_len = strlen(body)};
}

static void assert_reason(enum reason got, enum reason expected, int status,
                          const char *body) {
    if (got != expected)
        print_error("HTTP %d \"%s\": %s instead of %s\n", status, body, reason_name(got),
                    reason_name(expected));
    assert_int_equal(got, expected);
}

/* The gateway's own answers: nothing says that an upstream answered. */
static const struct {
    int status;
    const char *body;
    enum reason reason;
} local_cases[] = {
    {200, "anything", REASON_NONE},
    {204, "", REASON_NONE},
    {301, "", GW_REDIRECT},
    {302, "", GW_REDIRECT},
    {307, "moved", GW_REDIRECT},
    {308, "", GW_REDIRECT},
    {399, "", GW_REDIRECT},
    {400, "", HTTP_STATUS},
    {400, "Bad Request", HTTP_STATUS},
    {403, "RBAC: access denied", GW_DENIED},
    {403, "RBAC: access denied\n", GW_DENIED},
    {403, "", HTTP_STATUS},
    {403, "Forbidden", HTTP_STATUS},
    {404, "", GW_NO_ROUTE},
    {404, "not found", HTTP_STATUS},
    {404, "no healthy upstream", HTTP_STATUS},
    {408, "", HTTP_STATUS},
    {413, "Payload Too Large", HTTP_STATUS},
    {421, "", HTTP_STATUS},
    {426, "Upgrade Required", HTTP_STATUS},
    {426, "", HTTP_STATUS},
    {429, "local_rate_limited", HTTP_STATUS},
    {431, "", HTTP_STATUS},
    {500, "", GW_BACKENDREF_INVALID},
    {500, "Internal Server Error", HTTP_STATUS},
    {501, "", HTTP_STATUS},
    {502, RESET "protocol error", GW_UPSTREAM_PROTOCOL},
    {502, RETRIED "protocol error", GW_UPSTREAM_PROTOCOL},
    {502, RESET "something new", GW_UPSTREAM_PROTOCOL},
    {502, PREFIX, GW_UPSTREAM_PROTOCOL},
    {502, "", HTTP_STATUS},
    {502, "Bad Gateway", HTTP_STATUS},
    {503, "no healthy upstream", GW_NO_ENDPOINTS},
    {503, "", HTTP_STATUS},
    {503, "unhealthy\n", HTTP_STATUS},
    {503, "there is no healthy upstream", HTTP_STATUS},
    {503, RESET "connection failure", GW_UPSTREAM_CONNECT},
    {503, RESET "local connection failure", GW_UPSTREAM_CONNECT},
    {503, RESET "remote connection failure", GW_UPSTREAM_CONNECT},
    {503, RETRIED "remote connection failure", GW_UPSTREAM_CONNECT},
    {503,
     RETRIED "remote connection failure, transport failure reason: delayed connect "
             "error: Connection refused",
     GW_UPSTREAM_CONNECT},
    {503,
     RESET "remote connection failure, transport failure reason: "
           "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED",
     GW_UPSTREAM_CONNECT},
    {503, RESET "connection timeout", GW_UPSTREAM_CONNECT},
    {503, RETRIED "connection timeout", GW_UPSTREAM_CONNECT},
    {503, RESET "overflow", GW_UPSTREAM_CONNECT},
    {503, RESET "overload manager reset", GW_UPSTREAM_CONNECT},
    {503, RESET "connection termination", GW_UPSTREAM_RESET},
    {503, RETRIED "connection termination", GW_UPSTREAM_RESET},
    {503, RESET "local reset", GW_UPSTREAM_RESET},
    {503, RESET "local refused stream reset", GW_UPSTREAM_RESET},
    {503, RESET "remote reset", GW_UPSTREAM_RESET},
    {503, RETRIED "remote reset", GW_UPSTREAM_RESET},
    {503, RESET "remote refused stream reset", GW_UPSTREAM_RESET},
    {503, RETRIED "remote refused stream reset", GW_UPSTREAM_RESET},
    {503, RESET "remote error with CONNECT request", GW_UPSTREAM_RESET},
    {503, RESET "protocol error", GW_UPSTREAM_PROTOCOL},
    {503, RESET "something new", GW_UPSTREAM_RESET},
    {503, RESET "overflowing", GW_UPSTREAM_RESET},
    {503, RESET "", GW_UPSTREAM_RESET},
    {503, RESET ", ", GW_UPSTREAM_RESET},
    {503, PREFIX, GW_UPSTREAM_RESET},
    {503, "upstream connect error or disconnect", HTTP_STATUS},
    {503, "reset reason: overflow", HTTP_STATUS},
    {504, "upstream request timeout", GW_UPSTREAM_TIMEOUT},
    {504, "stream timeout", GW_UPSTREAM_TIMEOUT},
    {504, "", GW_UPSTREAM_TIMEOUT},
    {505, "", HTTP_STATUS},
};

static void test_classify_answer_local_replies_give_the_gateways_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof local_cases / sizeof *local_cases; i++) {
        struct answer answer = answer_of(local_cases[i].status, local_cases[i].body);
        answer.through_gateway = true;
        assert_reason(classify_answer(&answer, &expect_2xx, NULL), local_cases[i].reason,
                      answer.status, answer.body);
    }
}

/* The same bytes mean nothing but their status when an upstream sent them, or when no
 * gateway was asked. */
static void test_classify_answer_of_the_application_is_judged_by_status(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof local_cases / sizeof *local_cases; i++) {
        struct answer answer = answer_of(local_cases[i].status, local_cases[i].body);
        enum reason expected = answer.status < 300 ? REASON_NONE : HTTP_STATUS;
        assert_reason(classify_answer(&answer, &expect_2xx, NULL), expected,
                      answer.status, answer.body);
        answer.through_gateway = true;
        answer.from_upstream = true;
        assert_reason(classify_answer(&answer, &expect_2xx, NULL), expected,
                      answer.status, answer.body);
    }
}

static void test_classify_answer_expected_status_wins(void **state) {
    (void)state;
    struct answer answer = answer_of(301, "");
    answer.through_gateway = true;
    assert_int_equal(classify_answer(&answer, &expect_2xx_3xx, NULL), REASON_NONE);
    answer = answer_of(404, "");
    answer.through_gateway = true;
    assert_int_equal(classify_answer(&answer, &expect_404, NULL), REASON_NONE);
}

static void test_classify_answer_missing_text_tells_who_answered(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        bool through_gateway;
        bool from_upstream;
        const struct ranges *expect;
        enum reason reason;
    } cases[] = {
        {200, "this is app1", false, false, &expect_2xx, REASON_NONE},
        {200, "this is app1", true, true, &expect_2xx, REASON_NONE},
        {200, "this is app1", true, false, &expect_2xx, REASON_NONE},
        {200, "app1", true, true, &expect_2xx, REASON_NONE},
        {200, "this is app2", false, false, &expect_2xx, BODY_MISMATCH},
        {200, "", false, false, &expect_2xx, BODY_MISMATCH},
        {200, "this is app2", true, true, &expect_2xx, IDENTITY_MISMATCH},
        /* a direct response of a route */
        {200, "this is app2", true, false, &expect_2xx, IDENTITY_MISMATCH},
        {200, "", true, false, &expect_2xx, IDENTITY_MISMATCH},
        {200, "APP1", true, true, &expect_2xx, IDENTITY_MISMATCH},
        {200, "app", true, true, &expect_2xx, IDENTITY_MISMATCH},
        /* the status is wrong already */
        {500, "this is app1", true, true, &expect_2xx, HTTP_STATUS},
        {500, "this is app2", true, true, &expect_2xx, HTTP_STATUS},
        {404, "", true, false, &expect_2xx, GW_NO_ROUTE},
        /* the status is fine, but the gateway itself says what is wrong */
        {404, "", true, false, &expect_404, GW_NO_ROUTE},
        {302, "", true, false, &expect_2xx_3xx, GW_REDIRECT},
        {302, "", true, true, &expect_2xx_3xx, IDENTITY_MISMATCH},
        {302, "", false, false, &expect_2xx_3xx, BODY_MISMATCH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = answer_of(cases[i].status, cases[i].body);
        answer.through_gateway = cases[i].through_gateway;
        answer.from_upstream = cases[i].from_upstream;
        assert_reason(classify_answer(&answer, cases[i].expect, "app1"), cases[i].reason,
                      answer.status, answer.body);
    }
}

/* With max_body 0 nothing is read: that is not an empty body. */
static void test_classify_answer_cut_body_is_not_empty(void **state) {
    (void)state;
    struct answer answer = answer_of(404, "");
    answer.through_gateway = true;
    answer.body_cut = true;
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), HTTP_STATUS);
    answer.status = 500;
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), HTTP_STATUS);
    answer.status = 504;
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), GW_UPSTREAM_TIMEOUT);
}

static void test_classify_answer_body_is_not_read_beyond_its_length(void **state) {
    (void)state;
    struct answer answer = answer_of(503, RESET "overflow");
    answer.through_gateway = true;
    answer.body_len -= 4;
    answer.body_cut = true;
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), GW_UPSTREAM_RESET);
    answer.body_len = strlen(PREFIX "reset reas");
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), GW_UPSTREAM_RESET);
    answer.body_len = 10;
    assert_int_equal(classify_answer(&answer, &expect_2xx, NULL), HTTP_STATUS);
    /* Bytes of zero are bytes. */
    answer = (struct answer){.status = 200, .body = "\0\0app1", .body_len = 6};
    assert_int_equal(classify_answer(&answer, &expect_2xx, "app1"), REASON_NONE);
    answer.body_len = 5;
    assert_int_equal(classify_answer(&answer, &expect_2xx, "app1"), BODY_MISMATCH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify_answer_local_replies_give_the_gateways_reason),
        cmocka_unit_test(test_classify_answer_of_the_application_is_judged_by_status),
        cmocka_unit_test(test_classify_answer_expected_status_wins),
        cmocka_unit_test(test_classify_answer_missing_text_tells_who_answered),
        cmocka_unit_test(test_classify_answer_cut_body_is_not_empty),
        cmocka_unit_test(test_classify_answer_body_is_not_read_beyond_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
