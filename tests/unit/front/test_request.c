#include "front/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { FIELDS_MAX = 4 };

static void test_request_path_table_gives_question(void **state) {
    (void)state;
    static const struct {
        const char *path;
        enum probe_path question;
        const char *rest;
    } rows[] = {
        {"/healthz", PROBE_HEALTHZ, NULL},
        {"/healthz/ready", PROBE_READY, NULL},
        {"/readyz", PROBE_READY, NULL},
        {"/healthz/live", PROBE_LIVE, NULL},
        {"/livez", PROBE_LIVE, NULL},
        {"/healthz/serve", PROBE_SERVE, NULL},
        {"/healthz/quorum", PROBE_QUORUM, NULL},
        {"/healthz/strict", PROBE_STRICT, NULL},
        {"/healthz/t/app1", PROBE_TENANT, "app1"},
        {"/healthz/t/app1/", PROBE_TENANT, "app1/"},
        {"/healthz/t/a/b", PROBE_TENANT, "a/b"},
        {"/healthz/loop/abc", PROBE_LOOP, "abc"},
        {"/healthz/loop/../x", PROBE_LOOP, "../x"},
        /* Not a question: nothing is normalised. */
        {"", PROBE_OTHER, NULL},
        {"/", PROBE_OTHER, NULL},
        {"*", PROBE_OTHER, NULL},
        {"/healthz/", PROBE_OTHER, NULL},
        {"//healthz", PROBE_OTHER, NULL},
        {"/Healthz", PROBE_OTHER, NULL},
        {"/healthzz", PROBE_OTHER, NULL},
        {"/healthz%00", PROBE_OTHER, NULL},
        {"/health%7A", PROBE_OTHER, NULL},
        {"/healthz/t", PROBE_OTHER, NULL},
        {"/healthz/t/", PROBE_OTHER, NULL},
        {"/healthz/loop", PROBE_OTHER, NULL},
        {"/healthz/loop/", PROBE_OTHER, NULL},
        {"/healthz/readyz", PROBE_OTHER, NULL},
        {"/readyz/", PROBE_OTHER, NULL},
        {"http://h/healthz", PROBE_OTHER, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *rest = NULL;
        enum probe_path question = request_path(rows[i].path, &rest);
        if (question != rows[i].question)
            fail_msg("%s: question %d", rows[i].path, question);
        if (rows[i].rest)
            assert_string_equal(rest, rows[i].rest);
        else
            assert_null(rest);
    }
}

static void test_request_refusal_table_judges_framing(void **state) {
    (void)state;
    static const struct {
        const char *about;
        const char *version;
        const char *fields[FIELDS_MAX][2];
        bool refused;
    } rows[] = {
        {"one Host", "HTTP/1.1", {{"Host", "a"}}, false},
        {"names are without case", "HTTP/1.1", {{"hOST", "a"}}, false},
        {"an empty Host is a Host", "HTTP/1.1", {{"Host", ""}}, false},
        {"no Host", "HTTP/1.1", {{"Hostess", "a"}}, true},
        {"no Host in 1.0", "HTTP/1.0", {{"Accept", "a"}}, false},
        {"no Host in 1.2", "HTTP/1.2", {{"Accept", "a"}}, true},
        {"two Hosts", "HTTP/1.1", {{"Host", "a"}, {"host", "a"}}, true},
        {"two Hosts in 1.0", "HTTP/1.0", {{"Host", "a"}, {"host", "a"}}, true},
        {"a length", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "5"}}, false},
        {"length zero", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "0"}}, false},
        {"leading zeros", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "007"}}, false},
        {"the greatest body",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "65536"}},
         false},
        {"a greater body",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "65537"}},
         true},
        {"length with sign", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "+5"}}, true},
        {"negative length", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "-5"}}, true},
        {"minus zero", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "-0"}}, true},
        {"empty length", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", ""}}, true},
        {"hex length", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "0x5"}}, true},
        {"length list", "HTTP/1.1", {{"Host", "a"}, {"Content-Length", "5, 5"}}, true},
        {"length with blank",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "5 "}},
         true},
        {"overflowing length",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "18446744073709551617"}},
         true},
        {"two equal lengths",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}},
         true},
        {"chunked", "HTTP/1.1", {{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}, false},
        {"chunked in 1.0",
         "HTTP/1.0",
         {{"Host", "a"}, {"Transfer-Encoding", "chunked"}},
         true},
        {"gzip", "HTTP/1.1", {{"Host", "a"}, {"Transfer-Encoding", "gzip"}}, true},
        {"two codings",
         "HTTP/1.1",
         {{"Host", "a"}, {"Transfer-Encoding", "gzip, chunked"}},
         true},
        {"coding with blank",
         "HTTP/1.1",
         {{"Host", "a"}, {"Transfer-Encoding", "chunked "}},
         true},
        {"two coding fields",
         "HTTP/1.1",
         {{"Host", "a"},
          {"Transfer-Encoding", "chunked"},
          {"Transfer-Encoding", "chunked"}},
         true},
        {"empty coding", "HTTP/1.1", {{"Host", "a"}, {"Transfer-Encoding", ""}}, true},
        {"length and coding",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
         true},
        {"blank before the colon",
         "HTTP/1.1",
         {{"Host", "a"}, {"Content-Length ", "5"}},
         true},
        {"tab before the colon", "HTTP/1.1", {{"Host", "a"}, {"X\t", "5"}}, true},
        {"blank before a name", "HTTP/1.1", {{"Host", "a"}, {" X", "5"}}, true},
        {"no name", "HTTP/1.1", {{"Host", "a"}, {"", "5"}}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request_facts facts = {0};
        for (size_t j = 0; j < FIELDS_MAX && rows[i].fields[j][0]; j++)
            request_note_header(&facts, rows[i].fields[j][0], rows[i].fields[j][1]);
        const char *refusal = request_refusal(&facts, rows[i].version);
        if ((refusal != NULL) != rows[i].refused)
            fail_msg("%s: %s", rows[i].about, refusal ? refusal : "accepted");
    }
}

static void test_request_note_header_collects_what_arrivals_need(void **state) {
    (void)state;
    struct request_facts facts = {0};
    request_note_header(&facts, "HOST", "apps.example.com");
    request_note_header(&facts, "User-Agent", "probe/1");
    request_note_header(&facts, "x-forwarded-for", "1.1.1.1");
    request_note_header(&facts, "X-Forwarded-For", "2.2.2.2");
    request_note_header(&facts, "X-Envoy-Attempt-Count", "3");
    request_note_header(&facts, "Authorization", "Bearer x");
    request_note_header(&facts, "Accept", "text/plain");
    request_note_header(&facts, "Accept-Encoding", "gzip");
    assert_string_equal(facts.host, "apps.example.com");
    assert_string_equal(facts.agent, "probe/1");
    assert_string_equal(facts.forwarded_for, "2.2.2.2");
    assert_string_equal(facts.attempt, "3");
    assert_string_equal(facts.authorization, "Bearer x");
    assert_string_equal(facts.accept, "text/plain");
    assert_int_equal(facts.host_count, 1);
}

static void test_request_forwarded_table_gives_last_hop(void **state) {
    (void)state;
    static const struct {
        const char *field;
        const char *ip; /* NULL: none */
    } rows[] = {
        {"10.0.0.4", "10.0.0.4"},
        {"10.0.0.4:12345", "10.0.0.4"},
        {"1.2.3.4, 10.0.0.4", "10.0.0.4"},
        {"1.2.3.4,\t10.0.0.4:80 ", "10.0.0.4"},
        {"::ffff:10.0.0.4", "10.0.0.4"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:4711", "2001:db8::1"},
        {"1.2.3.4, [2001:db8::1]:4711", "2001:db8::1"},
        {"[2001:db8::1", "2001:db8::1"},
        {"", NULL},
        {",", NULL},
        {"1.2.3.4,", NULL},
        {"unknown", NULL},
        {"_hidden, _SEVKISEK", NULL},
        {"10.0.0.4.5", NULL},
        {":80", NULL},
        {"[]", NULL},
        {"fe80::1%eth0", NULL},
        {"1234567890123456789012345678901234567890123456789", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr hop = {0};
        char text[ADDR_TEXT_MAX] = "none";
        if (request_forwarded(rows[i].field, &hop))
            addr_format_ip(&hop, text);
        if (strcmp(text, rows[i].ip ? rows[i].ip : "none") != 0)
            fail_msg("\"%s\": %s", rows[i].field, text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_path_table_gives_question),
        cmocka_unit_test(test_request_refusal_table_judges_framing),
        cmocka_unit_test(test_request_note_header_collects_what_arrivals_need),
        cmocka_unit_test(test_request_forwarded_table_gives_last_hop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
