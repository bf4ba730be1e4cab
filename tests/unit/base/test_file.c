/* Reading files whole: limits, kinds of file, secrets; nothing is appended on error. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/err.h"
#include "fds.h"

static char folder[64];
static char path[128];

static int make_folder(void **state) {
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/test_file.XXXXXX",
             temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return fds_setup(state);
}

static int remove_folder(void **state) {
    unlink(path);
    rmdir(folder);
    return fds_teardown(state);
}

static void write_file(const void *data, size_t len) {
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static void assert_refused(bool (*reader)(const char *, size_t, struct buf *,
                                          struct err *),
                           size_t max, enum err_kind kind, const char *hint) {
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    buf_puts(&out, "before");
    assert_false(reader(path, max, &out, &err));
    assert_int_equal(err.kind, kind);
    if (!strstr(err.text, hint))
        fail_msg("no \"%s\" in: %s", hint, err.text);
    assert_string_equal(out.data, "before");
    assert_int_equal(out.len, 6);
}

static void test_file_read_appends_all_bytes(void **state) {
    (void)state;
    write_file("a\0b\n", 4);
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    buf_puts(&out, "x");
    assert_true(file_read(path, 100, &out, &err));
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "xa\0b\n", 6);
}

static void test_file_read_around_limit(void **state) {
    (void)state;
    static char data[20001];
    memset(data, 'd', sizeof data);
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 20000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_file(data, sizes[i]);
        BUF_AUTO struct buf out = {0};
        assert_true(file_read(path, sizes[i], &out, NULL));
        assert_int_equal(out.len, sizes[i]);
        assert_non_null(out.data);
        write_file(data, sizes[i] + 1);
        assert_refused(file_read, sizes[i], ERR_LIMIT, "is larger than");
    }
}

static void test_file_read_endless_proc_file_stops_at_limit(void **state) {
    (void)state;
    /* Its size is 0 for stat(), so only reading tells. */
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    assert_false(file_read("/proc/self/smaps", 10, &out, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_true(file_read("/proc/self/status", 1000000, &out, NULL));
    assert_true(out.len > 0);
}

static void test_file_read_missing_is_unavailable(void **state) {
    (void)state;
    unlink(path);
    assert_refused(file_read, 100, ERR_UNAVAILABLE, "does not exist");
}

static void test_file_read_other_kinds_are_refused_without_waiting(void **state) {
    (void)state;
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(file_read, 100, ERR_INVALID, "is a directory");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(file_read, 100, ERR_INVALID, "expected a regular file");
    unlink(path);
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    assert_false(file_read("/dev/zero", 100, &out, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void test_file_read_socket_is_a_system_error(void **state) {
    (void)state;
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%.100s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_refused(file_read, 100, ERR_SYSTEM, "cannot open");
    close(fd);
}

static void test_file_read_path_through_file_is_a_system_error(void **state) {
    (void)state;
    write_file("x", 1);
    char below[160];
    snprintf(below, sizeof below, "%s/below", path);
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    assert_false(file_read(below, 100, &out, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_int_equal(err.sys, ENOTDIR);
}

static void test_file_read_secret_one_newline_is_removed(void **state) {
    (void)state;
    static const struct {
        const char *content;
        const char *secret;
    } cases[] = {
        {"token", "token"},       {"token\n", "token"},   {"token\r\n", "token"},
        {"token\n\n", "token\n"}, {"token\r", "token\r"}, {" token ", " token "},
        {"\ntoken", "\ntoken"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].content, strlen(cases[i].content));
        BUF_AUTO struct buf out = {0};
        assert_true(file_read_secret(path, 100, &out, NULL));
        assert_string_equal(out.data, cases[i].secret);
        assert_int_equal(out.len, strlen(cases[i].secret));
    }
}

static void test_file_read_secret_empty_is_an_error(void **state) {
    (void)state;
    static const char *const cases[] = {"", "\n", "\r\n"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i], strlen(cases[i]));
        assert_refused(file_read_secret, 100, ERR_INVALID, "is empty");
    }
    write_file("12345", 5);
    assert_refused(file_read_secret, 4, ERR_LIMIT, "is larger than");
    unlink(path);
    assert_refused(file_read_secret, 4, ERR_UNAVAILABLE, "does not exist");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_read_appends_all_bytes),
        cmocka_unit_test(test_file_read_around_limit),
        cmocka_unit_test(test_file_read_endless_proc_file_stops_at_limit),
        cmocka_unit_test(test_file_read_missing_is_unavailable),
        cmocka_unit_test(test_file_read_other_kinds_are_refused_without_waiting),
        cmocka_unit_test(test_file_read_socket_is_a_system_error),
        cmocka_unit_test(test_file_read_path_through_file_is_a_system_error),
        cmocka_unit_test(test_file_read_secret_one_newline_is_removed),
        cmocka_unit_test(test_file_read_secret_empty_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
