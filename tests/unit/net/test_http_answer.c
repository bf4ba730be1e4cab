/* The reader of answers: what it makes of bytes must not depend on how they were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "http_answer.h"

enum { HEAD_MAX = 512, BODY_MAX = 16 };

static const struct {
    const char *bytes;
    enum http_answer_state state; /* after all bytes, and after the peer's close */
    enum http_answer_state closed;
    int status;
    const char *body;
} cases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", HTTP_ANSWER_WHOLE,
     HTTP_ANSWER_WHOLE, 200, "abc"},
    {"HTTP/1.0 503\nContent-Length: 0\n\n", HTTP_ANSWER_WHOLE, HTTP_ANSWER_WHOLE, 503,
     ""},
    {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", HTTP_ANSWER_WHOLE, HTTP_ANSWER_WHOLE,
     204, ""},
    {"HTTP/1.1 200 OK\r\n\r\nab", HTTP_ANSWER_MORE, HTTP_ANSWER_WHOLE, 200, "ab"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", HTTP_ANSWER_MORE, HTTP_ANSWER_MORE,
     200, "ab"},
    {"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx",
     HTTP_ANSWER_WHOLE, HTTP_ANSWER_WHOLE, 404, "x"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n"
     "2;a=b\r\nab\r\nA\r\n0123456789\r\n0\r\nX: 1\r\n\r\n",
     HTTP_ANSWER_WHOLE, HTTP_ANSWER_WHOLE, 200, "ab0123456789"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
     HTTP_ANSWER_WHOLE, HTTP_ANSWER_WHOLE, 200, "abc"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n01234567890123456",
     HTTP_ANSWER_BODY_LONG, HTTP_ANSWER_BODY_LONG, 200, "0123456789012345"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     HTTP_ANSWER_BROKEN, HTTP_ANSWER_BROKEN, 0, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", HTTP_ANSWER_BROKEN,
     HTTP_ANSWER_BROKEN, 0, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", HTTP_ANSWER_BROKEN,
     HTTP_ANSWER_BROKEN, 0, ""},
    {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HTTP_ANSWER_BROKEN, HTTP_ANSWER_BROKEN, 0,
     ""},
    {"HTTP/1.1 2000 OK\r\n\r\n", HTTP_ANSWER_BROKEN, HTTP_ANSWER_BROKEN, 0, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
     HTTP_ANSWER_BROKEN, HTTP_ANSWER_BROKEN, 200, "a"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", HTTP_ANSWER_BROKEN,
     HTTP_ANSWER_BROKEN, 200, ""},
    {"220 mail", HTTP_ANSWER_BROKEN, HTTP_ANSWER_BROKEN, 0, ""},
};

static void read_in_parts(const char *bytes, size_t len, size_t part, size_t which) {
    struct buf head = {0};
    struct buf body = {0};
    struct http_answer answer = {
        .head = &head, .body = &body, .max_head = HEAD_MAX, .max_body = BODY_MAX};
    enum http_answer_state state = HTTP_ANSWER_MORE;
    for (size_t at = 0; at < len && state == HTTP_ANSWER_MORE; at += part)
        state = http_answer_read(&answer, bytes + at, len - at < part ? len - at : part);
    if (state != cases[which].state)
        fail_msg("case %zu in parts of %zu: %d", which, part, (int)state);
    if (state == HTTP_ANSWER_MORE)
        assert_int_equal(http_answer_close(&answer), cases[which].closed);
    assert_int_equal(answer.status, cases[which].status);
    assert_int_equal(body.len, strlen(cases[which].body));
    if (body.len > 0)
        assert_memory_equal(body.data, cases[which].body, body.len);
    http_answer_fini(&answer);
    buf_fini(&head);
    buf_fini(&body);
}

static void test_read_in_parts_of_any_size_is_the_same(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].bytes);
        for (size_t part = 1; part <= len; part++)
            read_in_parts(cases[i].bytes, len, part, i);
    }
}

static void test_read_long_lines_stops_at_the_limit(void **state) {
    (void)state;
    struct buf head = {0};
    struct buf body = {0};
    struct http_answer answer = {
        .head = &head, .body = &body, .max_head = HEAD_MAX, .max_body = BODY_MAX};
    static const char start[] = "HTTP/1.1 200 OK\r\nX: ";
    assert_int_equal(http_answer_read(&answer, start, sizeof start - 1),
                     HTTP_ANSWER_MORE);
    size_t fed = sizeof start - 1;
    while (http_answer_read(&answer, "x", 1) == HTTP_ANSWER_MORE)
        fed++;
    assert_int_equal(fed, HEAD_MAX);
    http_answer_fini(&answer);
    buf_fini(&head);
    buf_fini(&body);
}

static void test_read_head_only_ends_with_the_head(void **state) {
    (void)state;
    struct buf head = {0};
    struct buf body = {0};
    struct http_answer answer = {.head = &head,
                                 .body = &body,
                                 .max_head = HEAD_MAX,
                                 .max_body = BODY_MAX,
                                 .is_head_only = true};
    static const char bytes[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    assert_int_equal(http_answer_read(&answer, bytes, sizeof bytes - 1),
                     HTTP_ANSWER_WHOLE);
    http_answer_fini(&answer);
    buf_fini(&head);
    buf_fini(&body);
}

static const struct {
    const char *bytes;
    bool persists;
} endings[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
    {"HTTP/1.1 204 No\r\n\r\n", true},
    {"HTTP/1.1 100 Go\r\nConnection: close\r\n\r\nHTTP/1.1 204 No\r\n\r\n", true},
    {"HTTP/1.1 204 No\r\nConnection: upgrade\r\n\r\n", true},
    {"HTTP/1.1 204 No\r\nConnection: closed\r\n\r\n", true},
    {"HTTP/1.0 204 No\r\nConnection: Keep-Alive\r\n\r\n", true},
    {"HTTP/1.0 204 No\r\n\r\n", false},
    {"HTTP/1.0 204 No\r\nConnection: keep-alive, close\r\n\r\n", false},
    {"HTTP/1.1 204 No\r\nConnection: x ,\tCLOSE\r\n\r\n", false},
    {"HTTP/1.1 204 No\r\nConnection: x\r\nConnection: close\r\n\r\n", false},
    {"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n\r\n", false},
    {"HTTP/1.1 204 No\r\n\r\nx", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", false},
};

static void test_read_tells_whether_the_connection_persists(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct buf head = {0};
        struct buf body = {0};
        struct http_answer answer = {
            .head = &head, .body = &body, .max_head = HEAD_MAX, .max_body = BODY_MAX};
        assert_int_equal(
            http_answer_read(&answer, endings[i].bytes, strlen(endings[i].bytes)),
            HTTP_ANSWER_WHOLE);
        if (answer.persists != endings[i].persists)
            fail_msg("ending %zu", i);
        http_answer_fini(&answer);
        buf_fini(&head);
        buf_fini(&body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_in_parts_of_any_size_is_the_same),
        cmocka_unit_test(test_read_long_lines_stops_at_the_limit),
        cmocka_unit_test(test_read_head_only_ends_with_the_head),
        cmocka_unit_test(test_read_tells_whether_the_connection_persists),
    };
    return cmocka_run_group_tests_name("http_answer", tests, NULL, NULL);
}
