/* URLs: what is accepted and how it is sent; what is refused and with which hint. */
#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "fds.h"

static void test_url_parse_accepted(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool tls;
        bool has_port;
        bool is_literal;
        int port;
        const char *host;
        const char *target;
        const char *authority;
        const char *request;
    } cases[] = {
        {"http://h", false, false, false, 80, "h", "/", "h", "http://h/"},
        {"https://h/", true, false, false, 443, "h", "/", "h", "https://h/"},
        {"HTTPS://h/", true, false, false, 443, "h", "/", "h", "https://h/"},
        {"http://h:80/x", false, true, false, 80, "h", "/x", "h", "http://h/x"},
        {"http://h:443/x", false, true, false, 443, "h", "/x", "h:443", "http://h:443/x"},
        {"https://h:443/x", true, true, false, 443, "h", "/x", "h", "https://h/x"},
        {"http://h:65535", false, true, false, 65535, "h", "/", "h:65535",
         "http://h:65535/"},
        {"http://a-1.b_2.svc.cluster.local.:8080/app1/health", false, true, false, 8080,
         "a-1.b_2.svc.cluster.local.", "/app1/health", "a-1.b_2.svc.cluster.local:8080",
         "http://a-1.b_2.svc.cluster.local:8080/app1/health"},
        {"http://h./", false, false, false, 80, "h.", "/", "h", "http://h/"},
        {"http://h/a?b=c&d=%20%2F", false, false, false, 80, "h", "/a?b=c&d=%20%2F", "h",
         "http://h/a?b=c&d=%20%2F"},
        {"http://h/?x", false, false, false, 80, "h", "/?x", "h", "http://h/?x"},
        {"http://h/a@b:c//../%zz", false, false, false, 80, "h", "/a@b:c//../%zz", "h",
         "http://h/a@b:c//../%zz"},
        {"http://h/?u=http://x:1@y", false, false, false, 80, "h", "/?u=http://x:1@y",
         "h", "http://h/?u=http://x:1@y"},
        {"http://127.0.0.1:15000/ready", false, true, true, 15000, "127.0.0.1", "/ready",
         "127.0.0.1:15000", "http://127.0.0.1:15000/ready"},
        {"http://[::1]", false, false, true, 80, "::1", "/", "[::1]", "http://[::1]/"},
        {"https://[fd00::1]:8443/x", true, true, true, 8443, "fd00::1", "/x",
         "[fd00::1]:8443", "https://[fd00::1]:8443/x"},
        {"http://3com.example/", false, false, false, 80, "3com.example", "/",
         "3com.example", "http://3com.example/"},
        {"http://1.2.3.4.example.", false, false, false, 80, "1.2.3.4.example.", "/",
         "1.2.3.4.example", "http://1.2.3.4.example/"},
        {"http://0xg/", false, false, false, 80, "0xg", "/", "0xg", "http://0xg/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url url;
        struct err err = {0};
        if (!url_parse(cases[i].text, &url, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(err.kind, ERR_NONE);
        assert_int_equal(url.tls, cases[i].tls);
        assert_int_equal(url.has_port, cases[i].has_port);
        assert_int_equal(url.is_literal, cases[i].is_literal);
        assert_int_equal(url.port, cases[i].port);
        assert_string_equal(url.host, cases[i].host);
        assert_string_equal(url.target, cases[i].target);
        char authority[URL_HOST_MAX + 16];
        assert_ptr_equal(url_authority(&url, authority), authority);
        assert_string_equal(authority, cases[i].authority);
        char *request = url_request_text(&url);
        assert_string_equal(request, cases[i].request);
        free(request);
    }
}

static void test_url_parse_refused_with_hint(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *hint;
    } cases[] = {
        {"", "expected http:// or https://"},
        {"h", "expected http:// or https://"},
        {"//h/", "expected http:// or https://"},
        {"http:/h/", "expected http:// or https://"},
        {"ftp://h/", "expected http:// or https://"},
        {"file:///etc/passwd", "expected http:// or https://"},
        {"unix:/run/x", "expected http:// or https://"},
        {"http://", "host is missing"},
        {"http:///x", "host is missing"},
        {"http://:80/", "host is missing"},
        {"http://[]/", "host is missing"},
        {"http://h?x=1", "expected \"/?x=1\""},
        {"http://h:80?x", "expected \"/?x\""},
        {"http://user@h/", "user information"},
        {"http://user:pw@h/", "user information"},
        {"http://@h/", "user information"},
        {"http://h/#top", "fragment"},
        {"http://h#top", "fragment"},
        {"http://h/a b", "byte 11 must be written as %20"},
        {" http://h/", "byte 1 must be written as %20"},
        {"http://h/\n", "%0A"},
        {"http://h/a\r\nHost: x", "%0D"},
        {"http://h/\x7f", "%7F"},
        {"http://h/\xc3\xa9", "%C3"},
        {"http://h:/", "port from 1 to 65535"},
        {"http://h:0/", "port from 1 to 65535"},
        {"http://h:65536/", "port from 1 to 65535"},
        {"http://h:000080/", "port from 1 to 65535"},
        {"http://h:-1/", "port from 1 to 65535"},
        {"http://h:+1/", "port from 1 to 65535"},
        {"http://h:8o/", "port from 1 to 65535"},
        {"http://[::1]:/", "port from 1 to 65535"},
        {"http://[::1]:99999/", "port from 1 to 65535"},
        {"http://::1/", "needs brackets"},
        {"http://::1:80/", "needs brackets"},
        {"http://h:80:80/", "needs brackets"},
        {"http://[::1/", "expected \"[IPv6]\""},
        {"http://[::1]x/", "expected \"[IPv6]\""},
        {"http://[::1]x:80/", "expected \"[IPv6]\""},
        {"http://[127.0.0.1]/", "not an IPv6 address"},
        {"http://[h]/", "not an IPv6 address"},
        {"http://[fe80::1%25eth0]/", "not an IPv6 address"},
        {"http://h]/", "neither a host name"},
        {"http://a..b/", "neither a host name"},
        {"http://.a/", "neither a host name"},
        {"http://./", "neither a host name"},
        {"http://a../", "neither a host name"},
        {"http://a%62/", "neither a host name"},
        {"http://a,b/", "neither a host name"},
        {"http://a\\b/", "neither a host name"},
        {"http://127.1/", "neither a host name"},
        {"http://2130706433/", "neither a host name"},
        {"http://0x7f.1/", "neither a host name"},
        {"http://0X7F/", "neither a host name"},
        {"http://0x/", "neither a host name"},
        {"http://127.0.0.1./", "neither a host name"},
        {"http://127.0.0.256/", "neither a host name"},
        {"http://1.2.3.4.5/", "neither a host name"},
        {"http://010.0.0.1/", "neither a host name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url url = {.port = 77};
        struct err err = {0};
        if (url_parse(cases[i].text, &url, &err))
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(err.text, cases[i].hint))
            fail_msg("%s: no %s in: %s", cases[i].text, cases[i].hint, err.text);
        assert_int_equal(url.port, 77);
        assert_false(url_parse(cases[i].text, &url, NULL));
    }
}

static void test_url_parse_length_limits(void **state) {
    (void)state;
    struct url url;
    struct err err = {0};
    char text[URL_MAX + 2] = "http://h/";
    memset(text + 9, 'p', sizeof text - 9);
    text[URL_MAX] = '\0';
    assert_true(url_parse(text, &url, NULL));
    text[URL_MAX] = 'p';
    text[URL_MAX + 1] = '\0';
    assert_false(url_parse(text, &url, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void test_url_parse_host_limits(void **state) {
    (void)state;
    static const struct {
        int labels; /* of 49 bytes and a dot */
        int last;
        const char *end;
        bool accepted;
    } cases[] = {
        {0, 63, "", true}, {0, 64, "", false}, {5, 3, "", true},  {5, 3, ".", true},
        {5, 4, "", false}, {5, 4, ".", false}, {5, 6, "", false}, {20, 3, "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO struct buf text = {0};
        buf_puts(&text, "http://");
        for (int label = 0; label < cases[i].labels; label++)
            buf_printf(&text, "%049d.", 0);
        for (int byte = 0; byte < cases[i].last; byte++)
            buf_putc(&text, 'b');
        buf_puts(&text, cases[i].end);
        struct url url;
        if (url_parse(text.data, &url, NULL) != cases[i].accepted)
            fail_msg("case %zu: not %d", i, cases[i].accepted);
    }
}

static void test_url_target_points_into_the_text(void **state) {
    (void)state;
    const char *text = "http://h/a";
    struct url url;
    assert_true(url_parse(text, &url, NULL));
    assert_ptr_equal(url.target, text + 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_parse_accepted),
        cmocka_unit_test(test_url_parse_refused_with_hint),
        cmocka_unit_test(test_url_parse_length_limits),
        cmocka_unit_test(test_url_parse_host_limits),
        cmocka_unit_test(test_url_target_points_into_the_text),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
