/* Log lines: both formats, escaping, cutting, levels, and what happens when nobody reads.
 */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "fds.h"

#define TIME "2026-11-23T20:49:40.123Z"

enum { WRITERS = 4, LINES_EACH = 500 };

static int ends[2];

static int64_t fixed_wall_ms(void) {
    return INT64_C(1795466980123);
}

static int open_pipe(void **state) {
    (void)state;
    if (pipe(ends) != 0)
        return -1;
    clock_override(NULL, fixed_wall_ms);
    log_configure(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_redirect(ends[1]);
    return 0;
}

static int close_pipe(void **state) {
    (void)state;
    log_redirect(-1);
    log_configure(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    clock_override(NULL, NULL);
    close(ends[0]);
    return close(ends[1]);
}

/* What was logged since the last call. */
static const char *logged(void) {
    static char text[4 * LOG_LINE_MAX];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t got = read(ends[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static void test_log_write_json_has_all_kinds_in_order(void **state) {
    (void)state;
    log_event(LOG_LEVEL_WARN, "check_state", LOG_TEXT("check", "tenant/app1/direct"),
              LOG_INT("fall", -3), LOG_BOOL("critical", true), LOG_BOOL("fast", false),
              LOG_TEXT("reason", NULL), LOG_INT("least", INT64_MIN));
    assert_string_equal(logged(), "{\"time\":\"" TIME "\",\"level\":\"warn\","
                                  "\"event\":\"check_state\","
                                  "\"check\":\"tenant/app1/direct\",\"fall\":-3,"
                                  "\"critical\":true,\"fast\":false,\"reason\":null,"
                                  "\"least\":-9223372036854775808}\n");
}

static void test_log_write_json_values_are_escaped(void **state) {
    (void)state;
    log_event(LOG_LEVEL_INFO, "x", LOG_TEXT("v", "a\"b\\c\nd\x1b\xff\xc3\xa9"));
    assert_string_equal(logged(),
                        "{\"time\":\"" TIME "\",\"level\":\"info\",\"event\":\"x\","
                        "\"v\":\"a\\\"b\\\\c\\nd\\u001b\xef\xbf\xbd\xc3\xa9\"}\n");
}

static void test_log_write_text_is_readable(void **state) {
    (void)state;
    log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
    log_event(LOG_LEVEL_INFO, "check_state", LOG_TEXT("check", "tenant/app1/direct"),
              LOG_TEXT("old", "passing"), LOG_TEXT("new", "failing"));
    assert_string_equal(logged(), TIME " INFO  check_state check=tenant/app1/direct "
                                       "old=passing new=failing\n");
    log_event(LOG_LEVEL_ERROR, "x", LOG_INT("n", 5), LOG_BOOL("b", true));
    assert_string_equal(logged(), TIME " ERROR x n=5 b=true\n");
    log_event(LOG_LEVEL_DEBUG, "x", LOG_TEXT("v", NULL));
    assert_string_equal(logged(), TIME " DEBUG x v=null\n");
}

static void test_log_write_text_quotes_only_where_needed(void **state) {
    (void)state;
    static const struct {
        const char *value;
        const char *shown;
    } cases[] = {
        {"a=b\\c'd", "a=b\\c'd"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"\xff", "\xef\xbf\xbd"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\nb", "\"a\\nb\""},
        {"a\x1b[0m", "\"a\\u001b[0m\""},
        {"a\xc2\x9b", "\"a\\u009b\""},
    };
    log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, TIME " INFO  x v=%s\n", cases[i].shown);
        log_event(LOG_LEVEL_INFO, "x", LOG_TEXT("v", cases[i].value));
        assert_string_equal(logged(), expected);
    }
}

static void test_log_write_below_least_level_is_silent(void **state) {
    (void)state;
    for (int least = LOG_LEVEL_DEBUG; least <= LOG_LEVEL_ERROR; least++) {
        log_configure(LOG_FORMAT_JSON, (enum log_level)least);
        for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
            log_event((enum log_level)level, "x", LOG_INT("n", 1));
            assert_int_equal(logged()[0] == '{', level >= least);
        }
    }
    assert_int_equal(log_dropped(), 0);
}

static void test_log_write_long_line_is_cut_at_a_field(void **state) {
    (void)state;
    /* Every length around the limit: whole, or without the last field and marked. */
    for (size_t len = LOG_LINE_MAX - 200; len < LOG_LINE_MAX + 50; len++) {
        char value[LOG_LINE_MAX + 50];
        memset(value, 'v', len);
        value[len] = '\0';
        log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1), LOG_TEXT("long", value),
                  LOG_INT("after", 2));
        const char *line = logged();
        size_t size = strlen(line);
        assert_true(size <= LOG_LINE_MAX);
        assert_int_equal(line[size - 1], '\n');
        char whole[2 * LOG_LINE_MAX];
        int whole_size =
            snprintf(whole, sizeof whole,
                     "{\"time\":\"" TIME "\",\"level\":\"info\","
                     "\"event\":\"x\",\"n\":1,\"long\":\"%s\",\"after\":2}\n",
                     value);
        if (size == (size_t)whole_size) {
            assert_string_equal(line, whole);
            continue;
        }
        const char *end = strstr(line, ",\"cut\":true}\n");
        assert_non_null(end);
        assert_ptr_equal(end + strlen(",\"cut\":true}\n"), line + size);
        assert_memory_equal(line, whole, end - line);
        assert_true(strncmp(whole + (end - line), ",\"long\":", 8) == 0 ||
                    strncmp(whole + (end - line), ",\"after\":", 9) == 0);
        assert_true(whole_size > LOG_LINE_MAX - 20);
    }
}

static void test_log_write_long_text_line_is_cut_and_marked(void **state) {
    (void)state;
    static char value[2 * LOG_LINE_MAX];
    memset(value, 'v', sizeof value - 1);
    log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1), LOG_TEXT("long", value));
    assert_string_equal(logged(), TIME " INFO  x n=1 cut=true\n");
    /* Escaping may make a value longer than it was. */
    memset(value, '\x01', LOG_LINE_MAX / 5);
    value[LOG_LINE_MAX / 5] = '\0';
    log_event(LOG_LEVEL_INFO, "x", LOG_TEXT("long", value));
    assert_string_equal(logged(), TIME " INFO  x cut=true\n");
}

static void test_log_write_full_pipe_drops_and_counts(void **state) {
    (void)state;
    char block[4096];
    memset(block, 'x', sizeof block);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], block, sizeof block) > 0)
        continue;
    /* Blocking again: only poll() may save the caller. */
    fcntl(ends[1], F_SETFL, 0);
    uint64_t before = log_dropped();
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1));
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 2));
    assert_int_equal(log_dropped(), before + 2);

    assert_int_equal(read(ends[0], block, sizeof block), sizeof block);
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 3));
    assert_int_equal(log_dropped(), before + 2);
    bool found = false;
    for (const char *text = logged(); *text != '\0'; text = logged())
        found = found || strstr(text, "\"n\":3}\n");
    assert_true(found);
}

static void test_log_write_without_reader_drops_without_signal(void **state) {
    (void)state;
    int other[2];
    assert_int_equal(pipe(other), 0);
    close(other[0]);
    log_redirect(other[1]);
    signal(SIGPIPE, SIG_DFL);
    uint64_t before = log_dropped();
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1));
    assert_int_equal(log_dropped(), before + 1);
    close(other[1]);
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1));
    assert_int_equal(log_dropped(), before + 2);
}

static void test_log_redirect_minus_one_is_stderr(void **state) {
    (void)state;
    int saved = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_redirect(-1);
    log_event(LOG_LEVEL_INFO, "x", LOG_INT("n", 1));
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_non_null(strstr(logged(), "\"n\":1}\n"));
}

static void *write_many(void *argument) {
    const int64_t *writer = argument;
    for (int i = 0; i < LINES_EACH; i++) {
        log_event(LOG_LEVEL_INFO, "x", LOG_INT("writer", *writer), LOG_INT("n", i),
                  LOG_TEXT("end", "0123456789"));
        log_configure(i % 2 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    }
    return NULL;
}

static void test_log_write_from_threads_never_mixes_lines(void **state) {
    (void)state;
    static int64_t numbers[WRITERS] = {0, 1, 2, 3};
    pthread_t writers[WRITERS];
    uint64_t before = log_dropped();
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_many, &numbers[i]), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    FILE *lines = fdopen(dup(ends[0]), "r");
    assert_non_null(lines);
    char line[2 * LOG_LINE_MAX];
    uint64_t count = 0;
    while (fgets(line, sizeof line, lines)) {
        bool json = line[0] == '{';
        const char *start = json ? "{\"time\":\"" TIME : TIME " INFO";
        const char *end = json ? ",\"end\":\"0123456789\"}\n" : " end=0123456789\n";
        assert_memory_equal(line, start, strlen(start));
        assert_true(strlen(line) > strlen(end));
        assert_string_equal(line + strlen(line) - strlen(end), end);
        count++;
    }
    fclose(lines);
    assert_true(count > 0);
    assert_int_equal(count + log_dropped() - before, WRITERS * LINES_EACH);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)
    const struct CMUnitTest tests[] = {
        TEST(test_log_write_json_has_all_kinds_in_order),
        TEST(test_log_write_json_values_are_escaped),
        TEST(test_log_write_text_is_readable),
        TEST(test_log_write_text_quotes_only_where_needed),
        TEST(test_log_write_below_least_level_is_silent),
        TEST(test_log_write_long_line_is_cut_at_a_field),
        TEST(test_log_write_long_text_line_is_cut_and_marked),
        TEST(test_log_write_full_pipe_drops_and_counts),
        TEST(test_log_write_without_reader_drops_without_signal),
        TEST(test_log_redirect_minus_one_is_stderr),
        TEST(test_log_write_from_threads_never_mixes_lines),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
