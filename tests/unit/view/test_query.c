/* Format negotiation and filters, and that no bytes of a stranger break them. */
#include "view/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fds.h"
#include "fixture.h"
#include "noise.h"

static const enum view_format status_forms[] = {VIEW_JSON, VIEW_HEALTH_JSON, VIEW_TEXT};
static const enum view_format metric_forms[] = {VIEW_PROMETHEUS, VIEW_OPENMETRICS};
static const enum view_format page_forms[] = {VIEW_HTML, VIEW_TEXT};

static const char *const tenants_json =
    "{\"tenants\": [{\"name\": \"app1\"}, {\"name\": \"app10\"}],"
    " \"checks\": [{\"name\": \"gateway/status\", \"state\": \"failing\"},"
    "              {\"name\": \"tenant/app1/direct\", \"tenant\": \"app1\"},"
    "              {\"name\": \"tenant/app1/routed\", \"tenant\": \"app1\","
    "               \"state\": \"stale\"},"
    "              {\"name\": \"tenant/app10/routed\", \"tenant\": \"app10\"}]}";

static enum view_format choose(const char *accept, const enum view_format *offered,
                               size_t count) {
    const struct view_query query = {.accept = accept};
    enum view_format chosen = VIEW_OPENMETRICS;
    assert_true(view_choose(&query, offered, count, &chosen));
    return chosen;
}

static void test_view_choose_accept_of_status_gives_the_heaviest(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        enum view_format chosen;
    } rows[] = {
        {NULL, VIEW_JSON},
        {"", VIEW_JSON},
        {"*/*", VIEW_JSON},
        {"text/html", VIEW_JSON},
        {"application/json", VIEW_JSON},
        {"application/health+json", VIEW_HEALTH_JSON},
        {"APPLICATION/Health+JSON", VIEW_HEALTH_JSON},
        {"application/health+json, */*", VIEW_HEALTH_JSON},
        {"*/*, application/health+json", VIEW_HEALTH_JSON},
        {"application/*", VIEW_JSON},
        {"text/plain", VIEW_TEXT},
        {"text/*;q=0.2", VIEW_TEXT},
        {"text/plain;q=0.5, application/json;q=0.4", VIEW_TEXT},
        {"text/plain;q=0.5, application/json;q=0.51", VIEW_JSON},
        {"text/plain;q=0.9, text/plain;q=0.1, application/json;q=0.5", VIEW_TEXT},
        {"text/plain;q=0.001, application/json;q=0", VIEW_TEXT},
        {"application/json;q=0, */*;q=0.1", VIEW_HEALTH_JSON},
        {"text/plain ; Q=\"1\" , application/json ; q=0.9", VIEW_TEXT},
        {"text/plain; x=\"a,b;q=0\"; q=1, application/json;q=0.9", VIEW_TEXT},
        {"text/plain;q=1.5, application/health+json;q=0.1", VIEW_HEALTH_JSON},
        {"text/plain;q=-1", VIEW_JSON},
        {"text/plain;q=.5", VIEW_JSON},
        {"text/plain;q=0.1234", VIEW_JSON},
        {"text/plain;q=1.001", VIEW_JSON},
        {"text/plain;q", VIEW_TEXT},
        {"text/plain;q=", VIEW_JSON},
        {"text", VIEW_JSON},
        {"/", VIEW_JSON},
        {"text/", VIEW_JSON},
        {"text/plainer, te/*", VIEW_JSON},
        {",,;;,text/plain,,", VIEW_TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", VIEW_JSON},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (choose(rows[i].accept, status_forms, 3) != rows[i].chosen)
            fail_msg("%s", rows[i].accept ? rows[i].accept : "no Accept");
    }
}

static void test_view_choose_accept_of_scrapers_gives_their_format(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        enum view_format chosen;
    } rows[] = {
        {NULL, VIEW_PROMETHEUS},
        {"*/*", VIEW_PROMETHEUS},
        {"text/plain", VIEW_PROMETHEUS},
        {"text/plain;version=0.0.4;q=0.5,*/*;q=0.1", VIEW_PROMETHEUS},
        {"text/plain;version=\"0.0.4\"", VIEW_PROMETHEUS},
        {"application/openmetrics-text", VIEW_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0,"
         "application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         VIEW_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,"
         "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         VIEW_OPENMETRICS},
        {"application/openmetrics-text;version=2.0.0,text/plain;q=0.1", VIEW_PROMETHEUS},
        {"text/plain;version=1.0.0,application/openmetrics-text;q=0.1", VIEW_OPENMETRICS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (choose(rows[i].accept, metric_forms, 2) != rows[i].chosen)
            fail_msg("%s", rows[i].accept ? rows[i].accept : "no Accept");
    }
}

static void test_view_choose_browser_gets_the_page_and_curl_too(void **state) {
    (void)state;
    assert_int_equal(choose("text/html,application/xml;q=0.9,*/*;q=0.8", page_forms, 2),
                     VIEW_HTML);
    assert_int_equal(choose("*/*", page_forms, 2), VIEW_HTML);
    assert_int_equal(choose("text/plain", page_forms, 2), VIEW_TEXT);
}

static void test_view_choose_format_word_beats_accept(void **state) {
    (void)state;
    static const struct {
        const char *word;
        enum view_format format;
    } rows[] = {
        {"json", VIEW_JSON},
        {"health", VIEW_HEALTH_JSON},
        {"text", VIEW_TEXT},
        {"html", VIEW_HTML},
        {"prometheus", VIEW_PROMETHEUS},
        {"openmetrics", VIEW_OPENMETRICS},
        {"svg", VIEW_SVG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct view_query query = {.format = rows[i].word, .accept = "text/csv"};
        const enum view_format offered[] = {VIEW_HTML, VIEW_OPENMETRICS, VIEW_PROMETHEUS,
                                            VIEW_TEXT, VIEW_HEALTH_JSON, VIEW_JSON,
                                            VIEW_SVG};
        enum view_format chosen = VIEW_JSON;
        assert_true(view_choose(&query, offered, 7, &chosen));
        assert_int_equal(chosen, rows[i].format);
    }
}

static void test_view_choose_word_not_offered_is_refused(void **state) {
    (void)state;
    static const char *const words[] = {"", "JSON", "jso", "jsonx", "html", "prometheus"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const struct view_query query = {.format = words[i], .accept = "*/*"};
        enum view_format chosen = VIEW_OPENMETRICS;
        assert_false(view_choose(&query, status_forms, 3, &chosen));
    }
}

static void test_view_media_type_is_exact(void **state) {
    (void)state;
    assert_string_equal(view_media_type(VIEW_JSON), "application/json");
    assert_string_equal(view_media_type(VIEW_HEALTH_JSON), "application/health+json");
    assert_string_equal(view_media_type(VIEW_TEXT), "text/plain; charset=utf-8");
    assert_string_equal(view_media_type(VIEW_HTML), "text/html; charset=utf-8");
    assert_string_equal(view_media_type(VIEW_PROMETHEUS),
                        "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(view_media_type(VIEW_OPENMETRICS),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static void test_view_wants_check_filters_are_combined(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(tenants_json);
    static const struct {
        struct view_query query;
        const char *wanted; /* one letter per check */
    } rows[] = {
        {{0}, "yyyy"},
        {{.check = "gateway/status"}, "ynnn"},
        {{.check = "gateway"}, "ynnn"},
        {{.check = "tenant/app1"}, "nyyn"},
        {{.check = "tenant"}, "nyyy"},
        {{.check = "tenant/app1/"}, "nnnn"},
        {{.check = "tenant/app"}, "nnnn"},
        {{.check = ""}, "nnnn"},
        {{.tenant = "app1"}, "nyyn"},
        {{.tenant = "app"}, "nnnn"},
        {{.state = "failing"}, "ynnn"},
        {{.state = "passing"}, "nyny"},
        {{.tenant = "app1", .state = "stale"}, "nnyn"},
        {{.tenant = "app1", .state = "failing"}, "nnnn"},
        {{.tenant = "app1", .check = "tenant/app1/direct", .state = "passing"}, "nynn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (uint32_t check = 0; check < 4; check++) {
            bool wanted = view_wants_check(&rows[i].query, fixture.snapshot, check);
            if (wanted != (rows[i].wanted[check] == 'y'))
                fail_msg("row %zu, check %u", i, check);
        }
    }
    assert_true(view_wants_check(NULL, fixture.snapshot, 3));
}

static void test_view_wants_event_filters_are_combined(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(
        "{\"tenants\": [{\"name\": \"a\"}], \"checks\": [{\"name\": \"tenant/a/x\","
        " \"tenant\": \"a\"}, {\"name\": \"tenant/ab\"}]}");
    static const struct {
        struct view_query query;
        enum event_kind kind;
        const char *subject;
        bool wanted;
    } rows[] = {
        {{0}, EVENT_CONFIG, "", true},
        {{.state = "failing"}, EVENT_CONFIG, "", true},
        {{.check = "tenant"}, EVENT_CONFIG, "", false},
        {{.check = "tenant"}, EVENT_TENANT, "tenant", false},
        {{.check = "tenant/a"}, EVENT_CHECK, "tenant/a/x", true},
        {{.check = "tenant/a"}, EVENT_CHECK, "tenant/ab", false},
        {{.check = "tenant/gone"}, EVENT_CHECK, "tenant/gone/x", true},
        {{.tenant = "a"}, EVENT_TENANT, "a", true},
        {{.tenant = "a"}, EVENT_TENANT, "ab", false},
        {{.tenant = "a"}, EVENT_VERDICT, "a", false},
        {{.tenant = "a"}, EVENT_CHECK, "tenant/a/x", true},
        {{.tenant = "a"}, EVENT_CHECK, "tenant/ab", false},
        {{.tenant = "a"}, EVENT_CHECK, "tenant/a/gone", false},
        {{.tenant = "a", .check = "other"}, EVENT_CHECK, "tenant/a/x", false},
        {{.tenant = "a", .check = "a"}, EVENT_TENANT, "a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (view_wants_event(&rows[i].query, fixture.snapshot, rows[i].kind,
                             rows[i].subject) != rows[i].wanted)
            fail_msg("row %zu", i);
    }
    assert_true(view_wants_event(NULL, fixture.snapshot, EVENT_LIFE, ""));
}

static void test_view_query_is_known_unknown_words_are_named(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse(tenants_json);
    static const struct {
        struct view_query query;
        const char *why; /* NULL: all is known */
    } rows[] = {
        {{0}, NULL},
        {{.check = "tenant/app1", .tenant = "app10", .state = "suspect"}, NULL},
        {{.check = "tenant/app"}, "no check is called \"tenant/app\""},
        {{.check = ""}, "no check is called \"\""},
        {{.tenant = "app2"}, "no tenant is called \"app2\""},
        {{.tenant = "a\x1b[31m\xff"}, "no tenant is called \"a [31m?\""},
        {{.state = "healthy"}, "no state is called \"healthy\""},
        {{.state = "Failing", .tenant = "app1"}, "no state is called \"Failing\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[128] = "untouched";
        bool known =
            view_query_is_known(&rows[i].query, fixture.snapshot, why, sizeof why);
        assert_int_equal(known, rows[i].why == NULL);
        assert_string_equal(why, rows[i].why ? rows[i].why : "untouched");
    }
}

static void test_view_query_is_known_long_word_fits_any_buffer(void **state) {
    (void)state;
    FIXTURE_AUTO struct fixture fixture = fixture_parse("{}");
    char word[5000];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const struct view_query query = {.tenant = word};
    for (size_t size = 1; size <= 128; size++) {
        char *why = malloc(size); /* exact, so that a byte too many is seen */
        assert_false(view_query_is_known(&query, fixture.snapshot, why, size));
        assert_true(strlen(why) < size);
        free(why);
    }
}

static void test_view_choose_any_bytes_choose_something_offered(void **state) {
    (void)state;
    static const char grammar[] = "text/plain*,;q=0.159 \t\"\\application/json+health";
    FIXTURE_AUTO struct fixture fixture = fixture_parse(tenants_json);
    uint64_t seed = 4711;
    for (int round = 0; round < 60000; round++) {
        char text[3][64];
        for (int i = 0; i < 3; i++)
            noise_text(&seed, round % 2 ? grammar : NULL, sizeof grammar - 1, text[i],
                       sizeof text[i]);
        /* Copies of their exact size, so that a byte too many is seen. */
        char *accept = strdup(text[0]);
        char *word = strdup(text[1]);
        const struct view_query query = {
            .accept = accept,
            .format = round % 8 == 0 ? word : NULL,
            .check = text[1],
            .tenant = word,
            .state = text[2],
        };
        enum view_format chosen = VIEW_HTML;
        char why[80];
        if (view_choose(&query, status_forms, 3, &chosen))
            assert_true(chosen == VIEW_JSON || chosen == VIEW_HEALTH_JSON ||
                        chosen == VIEW_TEXT);
        assert_false(view_query_is_known(&query, fixture.snapshot, why, sizeof why));
        view_wants_check(&query, fixture.snapshot, 1);
        free(accept);
        free(word);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_choose_accept_of_status_gives_the_heaviest),
        cmocka_unit_test(test_view_choose_accept_of_scrapers_gives_their_format),
        cmocka_unit_test(test_view_choose_browser_gets_the_page_and_curl_too),
        cmocka_unit_test(test_view_choose_format_word_beats_accept),
        cmocka_unit_test(test_view_choose_word_not_offered_is_refused),
        cmocka_unit_test(test_view_media_type_is_exact),
        cmocka_unit_test(test_view_wants_check_filters_are_combined),
        cmocka_unit_test(test_view_wants_event_filters_are_combined),
        cmocka_unit_test(test_view_query_is_known_unknown_words_are_named),
        cmocka_unit_test(test_view_query_is_known_long_word_fits_any_buffer),
        cmocka_unit_test(test_view_choose_any_bytes_choose_something_offered),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
