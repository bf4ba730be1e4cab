/* The status page: its policy, its escaping, its order and its size. */
#include "view/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mac.h"
#include "fds.h"
#include "fixture.h"

/* Base64 of bytes given as hex digits. */
static void encode_base64(const char *hex, struct buf *out) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t digits = strlen(hex);
    for (size_t i = 0; i < digits; i += 6) {
        char group[7] = "000000";
        size_t len = digits - i < 6 ? digits - i : 6;
        memcpy(group, hex + i, len);
        unsigned long bits = strtoul(group, NULL, 16);
        for (size_t j = 0; j < 4; j++)
            buf_putc(out, j < len / 2 + 1 ? letters[bits >> (18 - 6 * j) & 63] : '=');
    }
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

static void test_view_page_policy_permits_this_style_only(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    BUF_AUTO struct buf source = {0};
    char hex[MAC_HEX_MAX];
    view_page(fixture.snapshot, &out);
    assert_int_equal(count(out.data, "<style"), 1);
    const char *style = strstr(out.data, "<style>") + strlen("<style>");
    mac_sha256(style, (size_t)(strstr(style, "</style>") - style), hex);
    buf_puts(&source, "style-src 'sha256-");
    encode_base64(hex, &source);
    buf_puts(&source, "';");
    assert_non_null(strstr(view_page_policy(), source.data));
    assert_int_equal(strncmp(view_page_policy(), "default-src 'none';", 19), 0);
    assert_null(strstr(view_page_policy(), "unsafe"));
}

static void test_view_page_loads_and_runs_nothing(void **state) {
    (void)state;
    static const char *const banned[] = {"<script", "<link",   "<img",    "<iframe",
                                         "<form",   " style=", "http://", "@import",
                                         "url(",    "onload=", "<base"};
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"t\"}], \"checks\": [{\"name\": \"c\"}]}");
    BUF_AUTO struct buf out = {0};
    view_page(fixture.snapshot, &out);
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
        if (strstr(out.data, banned[i]))
            fail_msg("%s", banned[i]);
    }
}

static void test_view_page_words_of_others_are_escaped(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture =
        fixture_parse("{\"instance\": \"<b>1\", \"file\": \"<b>2\", \"hash\": \"<b>3\","
                      " \"override\": {\"reason\": \"<b>4\"},"
                      " \"reload\": {\"ok\": false, \"errors\": [\"<b>5\"]},"
                      " \"tenants\": [{\"name\": \"<b>6\", \"route\": \"<b>7\"}],"
                      " \"checks\": [{\"name\": \"\\\"<b>8\", \"tenant\": \"<b>6\","
                      "  \"state\": \"failing\", \"last\": {\"kind\": \"fail\","
                      "  \"reason\": \"TIMEOUT\", \"evidence\": \"<b>9&'\\ue0ff\"}}]}");
    BUF_AUTO struct buf out = {0};
    view_page(fixture.snapshot, &out);
    for (char digit = '1'; digit <= '9'; digit++) {
        const char raw[] = {'<', 'b', '>', digit, '\0'};
        const char escaped[] = {'&', 'l', 't', ';', 'b', '&', 'g', 't', ';', digit, '\0'};
        assert_null(strstr(out.data, raw));
        assert_non_null(strstr(out.data, escaped));
    }
    assert_non_null(strstr(out.data, "&quot;&lt;b&gt;8"));
    assert_non_null(strstr(out.data, "&lt;b&gt;9&amp;&#39;\xef\xbf\xbd"));
}

static void test_view_page_trouble_comes_first(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"checks\": [{\"name\": \"one\"}, {\"name\": \"two\", \"state\": \"stale\"},"
        " {\"name\": \"three\", \"state\": \"failing\", \"severity\": \"warning\"}]}");
    BUF_AUTO struct buf out = {0};
    view_page(fixture.snapshot, &out);
    const char *one = strstr(out.data, "/checks/one?");
    const char *two = strstr(out.data, "/checks/two?");
    const char *three = strstr(out.data, "/checks/three?");
    assert_true(two < three && three < one);
    assert_true(strstr(out.data, "<h1>degraded</h1>") < strstr(out.data, "Root cause"));
    assert_non_null(strstr(out.data, "<tr class=\"grey\"><td><b>stale</b>"));
    assert_non_null(strstr(out.data, "<tr class=\"warn\"><td><b>failing</b>"));
    assert_non_null(strstr(out.data, "<tr class=\"ok\"><td><b>passing</b>"));
}

static void test_view_page_many_checks_are_cut_and_counted(void **state) {
    (void)state;
    BUF_AUTO struct buf json = {0};
    BUF_AUTO struct buf out = {0};
    buf_puts(&json, "{\"checks\": [{\"name\": \"c0\"}");
    for (int i = 1; i < 700; i++)
        buf_printf(&json, ",{\"name\": \"c%d\", \"state\": \"%s\"}", i,
                   i == 699 ? "failing" : "passing");
    buf_puts(&json, "]}");
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json.data);
    view_page(fixture.snapshot, &out);
    assert_int_equal(count(out.data, "<tr class="), 500);
    assert_non_null(strstr(out.data, "/checks/c699?"));
    assert_non_null(strstr(out.data, "<p>200 more checks: "));
}

static void test_view_page_without_trouble_says_so(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_page(fixture.snapshot, &out);
    assert_non_null(strstr(out.data, "<p>nothing is wrong</p>"));
    assert_non_null(strstr(out.data, "No checks are configured."));
    assert_null(strstr(out.data, "<table>"));
    assert_null(strstr(out.data, "Override"));
    assert_null(strstr(out.data, "refused"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_page_policy_permits_this_style_only),
        cmocka_unit_test(test_view_page_loads_and_runs_nothing),
        cmocka_unit_test(test_view_page_words_of_others_are_escaped),
        cmocka_unit_test(test_view_page_trouble_comes_first),
        cmocka_unit_test(test_view_page_many_checks_are_cut_and_counted),
        cmocka_unit_test(test_view_page_without_trouble_says_so),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
