/* Every end of a probe, and the words Application Gateway has for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azure/judge.h"
#include "base/buf.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void check(const char *statuses, const char *body,
                  const struct appgw_answer *answer, bool healthy, const char *words) {
    struct appgw_probe probe = {.match = {.body = body}};
    BUF_AUTO struct buf log = {0};
    assert_true(ranges_add(&probe.match.statuses, statuses, NULL));
    assert_int_equal(appgw_judge(&probe, answer, &log), healthy);
    assert_string_equal(log.data, words);
}

static void test_appgw_judge_statuses_inside_and_outside_the_ranges(void **state) {
    (void)state;
    static const struct {
        const char *statuses;
        int status;
        const char *error; /* NULL: healthy */
    } rows[] = {
        {"200", 200, NULL},
        {"200", 201, "200"},
        {"200", 204, "200"},
        {"200", 302, "200"},
        {"200-399", 200, NULL},
        {"200-399", 302, NULL},
        {"200-399", 399, NULL},
        {"200-399", 400, "200-399"},
        {"200-399", 404, "200-399"},
        {"200-399", 199, "200-399"},
        {"200,204,301-302", 204, NULL},
        {"200,204,301-302", 303, "200,204,301-302"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        BUF_AUTO struct buf words = {0};
        const struct appgw_answer answer = {.end = APPGW_ANSWERED,
                                            .status = rows[i].status};
        if (rows[i].error)
            buf_printf(&words,
                       "Received invalid status code: %d in the backend server's HTTP "
                       "response. As per the health probe configuration, %s is the "
                       "acceptable status code. Either modify probe configuration or "
                       "resolve backend issues.",
                       rows[i].status, rows[i].error);
        else
            buf_printf(&words, "Success. Received %d status code", rows[i].status);
        check(rows[i].statuses, NULL, &answer, !rows[i].error, words.data);
    }
}

static void test_appgw_judge_body_is_a_substring_and_no_pattern(void **state) {
    (void)state;
    static const struct {
        const char *match;
        const char *body;
        bool healthy;
    } rows[] = {
        {"healthy", "healthy\n", true},
        {"healthy", "all is healthy here", true},
        {"healthy", "degraded\n", false},
        {"healthy", "", false},
        {"healthy", "Healthy", false},
        {"healthy", "unhealthy\n", true}, /* a trap for who matches this word */
        {"h.*y", "healthy", false},
        {"", "", true},
        {"", "anything", true},
        {NULL, "anything", true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        BUF_AUTO struct buf words = {0};
        const struct appgw_answer answer = {.end = APPGW_ANSWERED,
                                            .status = 200,
                                            .body = rows[i].body,
                                            .body_len = strlen(rows[i].body)};
        if (rows[i].healthy)
            buf_puts(&words, "Success. Received 200 status code");
        else
            buf_printf(&words,
                       "Body of the backend's HTTP response did not match the probe "
                       "setting. Received response body doesn't contain %s.",
                       rows[i].match);
        check("200", rows[i].match, &answer, rows[i].healthy, words.data);
    }
}

static void test_appgw_judge_body_with_nul_bytes_is_searched_whole(void **state) {
    (void)state;
    const struct appgw_answer answer = {
        .end = APPGW_ANSWERED, .status = 200, .body = "\0\0ok", .body_len = 4};
    check("200", "ok", &answer, true, "Success. Received 200 status code");
}

static void test_appgw_judge_no_answer_has_its_own_words(void **state) {
    (void)state;
    static const struct {
        struct appgw_answer answer;
        const char *words;
    } rows[] = {
        {{.end = APPGW_NO_NAME},
         "Application Gateway could not create a probe for this backend. This usually "
         "happens when the FQDN of the backend has not been entered correctly."},
        {{.end = APPGW_NO_CONNECTION},
         "Cannot connect to backend server. Check whether any NSG/UDR/Firewall is "
         "blocking "
         "access to the server. Check if application is running on correct port. To "
         "learn "
         "more visit - https://aka.ms/servernotreachable."},
        {{.end = APPGW_TOO_SLOW},
         "Time taken by the backend to respond to application gateway's health probe is "
         "more than the time-out threshold in the probe configuration. Either increase "
         "the time-out threshold in the probe configuration or resolve the backend "
         "issues. Note: for default probe, the http timeout is 30s. To learn more visit "
         "- "
         "https://aka.ms/ProbeTimeOut."},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        check("100-599", NULL, &rows[i].answer, false, rows[i].words);
}

static void test_appgw_judge_each_refused_certificate_has_its_words(void **state) {
    (void)state;
    static const struct {
        enum appgw_refusal refusal;
        const char *words;
    } rows[] = {
        {APPGW_OTHER_NAME,
         "The Common Name of the leaf certificate presented by the backend server does "
         "not "
         "match the Probe or Backend Setting hostname of the application gateway."},
        {APPGW_NOT_IN_DATES,
         "Backend certificate is invalid. Current date is not within the \"Valid from\" "
         "and \"Valid to\" date range on the certificate."},
        {APPGW_INTERMEDIATE_MISSING,
         "The Intermediate certificate is missing from the certificate chain presented "
         "by "
         "the backend server. Ensure the certificate chain is complete and correctly "
         "ordered on the backend server."},
        {APPGW_LEAF_MISSING,
         "The Leaf certificate is missing from the certificate chain presented by the "
         "backend server. Ensure the chain is complete and correctly ordered on the "
         "backend server."},
        {APPGW_LEAF_UNKNOWN,
         "The backend Server certificate is not signed by a well-known Certificate "
         "Authority (CA). To use unknown CA certificates, its Root certificate must be "
         "uploaded to the Backend Setting of the application gateway."},
        {APPGW_INTERMEDIATE_UNKNOWN,
         "The Intermediate certificate is not signed by a well-known Certificate "
         "Authority "
         "(CA). Ensure the certificate chain is complete and correctly ordered on the "
         "backend server."},
        {APPGW_INTERMEDIATE_OTHER_ROOT,
         "The Intermediate certificate not signed by any Root certificates uploaded to "
         "the "
         "application gateway. Ensure the certificate chain is complete and correctly "
         "ordered on the backend server."},
        {APPGW_OTHER_ROOT,
         "The root certificate of the server certificate used by the backend doesn't "
         "match "
         "the trusted root certificate added to the application gateway. Ensure that you "
         "add the correct root certificate to allowlist the backend."},
        {APPGW_LEAF_NOT_FIRST,
         "The Leaf certificate is not the topmost certificate in the chain presented by "
         "the backend server. Ensure the certificate chain is correctly ordered on the "
         "backend server."},
        {APPGW_NOT_VERIFIED,
         "The validity of the backend certificate could not be verified. To find out the "
         "reason, check OpenSSL diagnostics for the message associated with error code "
         "7"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct appgw_answer answer = {
            .end = APPGW_BAD_CERTIFICATE, .refusal = rows[i].refusal, .tls_code = 7};
        const char *brief = appgw_refusal_brief(rows[i].refusal);
        check("100-599", NULL, &answer, false, rows[i].words);
        assert_memory_equal(brief, rows[i].words, strlen(brief));
        assert_true(strlen(brief) > 20);
    }
    assert_string_equal(appgw_refusal_brief(APPGW_ACCEPTS), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appgw_judge_statuses_inside_and_outside_the_ranges),
        cmocka_unit_test(test_appgw_judge_body_is_a_substring_and_no_pattern),
        cmocka_unit_test(test_appgw_judge_body_with_nul_bytes_is_searched_whole),
        cmocka_unit_test(test_appgw_judge_no_answer_has_its_own_words),
        cmocka_unit_test(test_appgw_judge_each_refused_certificate_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
