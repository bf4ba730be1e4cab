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
    view_page(&fixture.diagnosis, &out);
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
        "{\"tenants\": [{\"name\": \"t\"}], \"checks\": [{\"name\": \"c\"}],"
        " \"timeline\": [{\"subject\": \"c\"}, {\"opened\": \"c\"}], \"census\": {}}");
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
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
                      "  \"reason\": \"TIMEOUT\", \"evidence\": \"<b>9&'\\ue0ff\"}}],"
                      " \"timeline\": [{\"subject\": \"<i>1\", \"old\": \"<i>2\","
                      "  \"new\": \"<i>3\", \"text\": \"<i>4\"}, {\"opened\": \"<i>5\","
                      "  \"first\": {\"evidence\": \"<i>6\", \"remote\": \"<i>7\"}}]}");
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
    for (char digit = '1'; digit <= '9'; digit++) {
        const char raw[] = {'<', 'b', '>', digit, '\0'};
        const char escaped[] = {'&', 'l', 't', ';', 'b', '&', 'g', 't', ';', digit, '\0'};
        assert_null(strstr(out.data, raw));
        assert_non_null(strstr(out.data, escaped));
    }
    for (char digit = '1'; digit <= '7'; digit++) {
        const char raw[] = {'<', 'i', '>', digit, '\0'};
        const char escaped[] = {'&', 'l', 't', ';', 'i', '&', 'g', 't', ';', digit, '\0'};
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
    view_page(&fixture.diagnosis, &out);
    const char *one = strstr(out.data, "/checks/one?");
    const char *two = strstr(out.data, "/checks/two?");
    const char *three = strstr(out.data, "/checks/three?");
    assert_true(two < three && three < one);
    assert_true(strstr(out.data, "<h1>degraded</h1>") < strstr(out.data, "Root cause"));
    assert_non_null(strstr(out.data, "<tr class=\"grey\"><td><b>stale</b>"));
    assert_non_null(strstr(out.data, "<tr class=\"warn\"><td><b>failing</b>"));
    assert_non_null(strstr(out.data, "<tr class=\"ok\"><td><b>passing</b>"));
}

static const char *const paths_json =
    "{\"tenants\": [{\"name\": \"fine\"}, {\"name\": \"warned\"}, {\"name\": "
    "\"broken\"}],"
    " \"checks\": [{\"name\": \"f\", \"tenant\": \"fine\", \"role\": \"tenant_routed\","
    "  \"last\": {}},"
    " {\"name\": \"w\", \"tenant\": \"warned\", \"role\": \"tenant_routed\", \"last\": "
    "{}},"
    " {\"name\": \"d\", \"tenant\": \"warned\", \"role\": \"tenant_direct\","
    "  \"severity\": \"warning\", \"state\": \"failing\","
    "  \"last\": {\"kind\": \"fail\", \"reason\": \"HTTP_STATUS\"}},"
    " {\"name\": \"b\", \"tenant\": \"broken\", \"role\": \"tenant_routed\","
    "  \"state\": \"failing\", \"last\": {\"kind\": \"fail\","
    "  \"reason\": \"GW_NO_ENDPOINTS\"}}]}";

static void test_view_page_each_tenant_has_a_row_of_hops(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(paths_json);
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
    const char *fine = strstr(out.data, "aria-label=\"Path to fine\"");
    const char *warned = strstr(out.data, "aria-label=\"Path to warned\"");
    const char *broken = strstr(out.data, "aria-label=\"Path to broken\"");
    assert_true(broken && broken < warned && warned < fine);
    assert_int_equal(count(out.data, "<ol class=\"hops\""), 3);
    assert_int_equal(count(out.data, "<li class=\""), 3 * HOP_COUNT);
    assert_int_equal(count(out.data, "<li class=\"bad break\""), 1);
    assert_int_equal(count(out.data, "<li class=\"warn break\""), 1);
    assert_non_null(strstr(out.data, "The <a href=\"#cause\">root cause</a>"));
    assert_non_null(strstr(out.data, "<code>kubectl "));
}

/* A hop that nobody knows is grey in every path, and has a word and a sign for it. */
static void test_view_page_unknown_hops_are_grey(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
    assert_int_equal(
        count(out.data, "<ol class=\"hops\" aria-label=\"Path to all tenants"), 1);
    assert_int_equal(count(out.data, "<li class=\"grey\""), HOP_COUNT);
    assert_int_equal(count(out.data, "<i aria-hidden=\"true\">?</i> "), HOP_COUNT);
    assert_int_equal(count(out.data, "<small>unknown "), HOP_COUNT);
}

static void test_view_page_many_tenants_are_cut_and_counted(void **state) {
    (void)state;
    BUF_AUTO struct buf json = {0};
    BUF_AUTO struct buf out = {0};
    buf_puts(&json, "{\"tenants\": [{\"name\": \"t0\"}");
    for (int i = 1; i < 130; i++)
        buf_printf(&json, ",{\"name\": \"t%d\"}", i);
    buf_puts(&json, "], \"checks\": [{\"name\": \"c\", \"tenant\": \"t129\","
                    " \"role\": \"tenant_routed\", \"state\": \"failing\","
                    " \"last\": {\"kind\": \"fail\", \"reason\": \"GW_DENIED\"}}]}");
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json.data);
    view_page(&fixture.diagnosis, &out);
    assert_int_equal(count(out.data, "<ol class=\"hops\""), 100);
    assert_non_null(strstr(out.data, "Path to t129"));
    assert_non_null(strstr(out.data, "<p>30 more tenants: "));
}

static void test_view_page_timeline_shows_what_is_open_and_newest(void **state) {
    (void)state;
    BUF_AUTO struct buf json = {0};
    BUF_AUTO struct buf out = {0};
    buf_puts(&json, "{\"timeline\": [{\"opened\": \"open-one\"},"
                    "{\"opened\": \"ended-one\"}, {\"ended\": \"ended-one\"}");
    for (int i = 0; i < 20; i++)
        buf_printf(&json, ",{\"subject\": \"event-%d.\"}", i);
    buf_puts(&json, "]}");
    FIXTURE_AUTO struct fixture fixture = fixture_parse(json.data);
    view_page(&fixture.diagnosis, &out);
    assert_non_null(strstr(out.data, "open-one"));
    assert_null(strstr(out.data, "ended-one"));
    assert_non_null(strstr(out.data, "event-19."));
    assert_non_null(strstr(out.data, "event-10."));
    assert_null(strstr(out.data, "event-9."));
}

static void test_view_page_silent_prober_is_loud(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"census\": {\"appgw\": {\"count\": 9, \"ago_ms\": 170000, \"median_ms\": 4990,"
        " \"silent\": true}}}");
    FIXTURE_AUTO struct fixture fine =
        fixture_parse("{\"census\": {\"appgw\": {\"count\": 9}}}");
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
    const char *loud = strstr(out.data, "<section class=\"box bad\" aria-label=\"Silent");
    assert_true(loud && loud < strstr(out.data, "id=\"paths\""));
    assert_non_null(strstr(out.data,
                           "Application Gateway has not asked for 2 min, usually "
                           "every 5.0 s</strong>"));
    buf_clear(&out);
    view_page(&fine.diagnosis, &out);
    assert_null(strstr(out.data, "aria-label=\"Silent"));
    assert_non_null(strstr(out.data, "<dt>appgw</dt><dd>9 times"));
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
    view_page(&fixture.diagnosis, &out);
    assert_int_equal(count(out.data, "<tr class="), 500);
    assert_non_null(strstr(out.data, "/checks/c699?"));
    assert_non_null(strstr(out.data, "<p>200 more checks: "));
}

static void test_view_page_without_trouble_says_so(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    BUF_AUTO struct buf out = {0};
    view_page(&fixture.diagnosis, &out);
    assert_non_null(strstr(out.data, "<strong>nothing is wrong</strong>"));
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
        cmocka_unit_test(test_view_page_each_tenant_has_a_row_of_hops),
        cmocka_unit_test(test_view_page_unknown_hops_are_grey),
        cmocka_unit_test(test_view_page_many_tenants_are_cut_and_counted),
        cmocka_unit_test(test_view_page_timeline_shows_what_is_open_and_newest),
        cmocka_unit_test(test_view_page_silent_prober_is_loud),
        cmocka_unit_test(test_view_page_many_checks_are_cut_and_counted),
        cmocka_unit_test(test_view_page_without_trouble_says_so),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
