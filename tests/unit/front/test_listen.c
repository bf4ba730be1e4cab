#include "front/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "fds.h"

/* Set to a family that the kernel is to have lost. */
static int missing_family = -1;

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);

int __wrap_socket(int domain, int type, int protocol) {
    if (domain == missing_family) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return __real_socket(domain, type, protocol);
}

static void make_dir(char dir[32]) {
    memcpy(dir, "/tmp/front-listen-XXXXXX", sizeof "/tmp/front-listen-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

/* connect() to it works. */
static bool is_reachable(const struct addr *addr) {
    int fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bool reached = connect(fd, &addr->u.sa, addr->len) == 0;
    close(fd);
    return reached;
}

static struct addr on_loopback(int family, const struct addr *bound) {
    struct addr addr;
    assert_true(
        addr_parse_ip(family == AF_INET ? "127.0.0.1" : "::1", addr_port(bound), &addr));
    return addr;
}

static void test_listen_open_port_0_gives_real_port(void **state) {
    (void)state;
    struct addr bound;
    struct err err = {0};
    int fd = listen_open("127.0.0.1:0", &bound, &err);
    assert_true(fd >= 0);
    assert_true(addr_port(&bound) > 0);
    assert_true(is_reachable(&bound));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int seconds = 0;
    socklen_t len = sizeof seconds;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &len), 0);
    assert_true(seconds > 0);
    listen_close(fd, &bound);
    assert_false(is_reachable(&bound));
}

static void test_listen_open_any_serves_both_families(void **state) {
    (void)state;
    struct addr bound;
    int fd = listen_open("[::]:0", &bound, NULL);
    assert_true(fd >= 0);
    struct addr four = on_loopback(AF_INET, &bound);
    assert_true(is_reachable(&four));
    if (bound.u.sa.sa_family == AF_INET6) {
        struct addr six = on_loopback(AF_INET6, &bound);
        assert_true(is_reachable(&six));
    }
    listen_close(fd, &bound);
}

static void test_listen_open_without_ipv6_falls_back(void **state) {
    (void)state;
    struct addr bound;
    missing_family = AF_INET6;
    int fd = listen_open("[::]:0", &bound, NULL);
    missing_family = -1;
    assert_true(fd >= 0);
    assert_int_equal(bound.u.sa.sa_family, AF_INET);
    assert_true(addr_is_any(&bound));
    struct addr four = on_loopback(AF_INET, &bound);
    assert_true(is_reachable(&four));
    listen_close(fd, &bound);

    struct err err = {0};
    missing_family = AF_INET6;
    fd = listen_open("[::1]:0", &bound, &err); /* a wish for IPv6 stays one */
    missing_family = -1;
    assert_int_equal(fd, -1);
    assert_int_equal(err.sys, EAFNOSUPPORT);
}

static void test_listen_open_port_in_use_says_so(void **state) {
    (void)state;
    struct addr bound;
    struct addr second;
    struct err err = {0};
    char text[64];
    int fd = listen_open("127.0.0.1:0", &bound, NULL);
    snprintf(text, sizeof text, "127.0.0.1:%d", addr_port(&bound));
    assert_int_equal(listen_open(text, &second, &err), -1);
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_int_equal(err.sys, EADDRINUSE);
    assert_non_null(strstr(err.text, text));
    assert_non_null(strstr(err.text, "another process listens there"));
    listen_close(fd, &bound);

    fd = listen_open(text, &bound, NULL); /* at once: SO_REUSEADDR */
    assert_true(fd >= 0);
    listen_close(fd, &bound);
}

static void test_listen_open_errors_table(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "8080",
        "localhost:8080",
        "127.0.0.1:65536",
        "192.0.2.1:0", /* TEST-NET-1: nobody's interface */
        "unix:",
        "unix:/nonexistent/directory/x.sock",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr bound;
        struct err err = {0};
        if (listen_open(rows[i], &bound, &err) != -1)
            fail_msg("%s: opened", rows[i]);
        if (err.kind == ERR_NONE || err.text[0] == '\0')
            fail_msg("%s: no error", rows[i]);
    }
}

static void test_listen_open_unix_replaces_stale_file_only(void **state) {
    (void)state;
    char dir[32];
    char text[64];
    struct addr bound;
    struct addr second;
    struct err err = {0};
    make_dir(dir);
    snprintf(text, sizeof text, "unix:%s/x.sock", dir);
    const char *path = text + strlen("unix:");

    int fd = listen_open(text, &bound, &err);
    assert_true(fd >= 0);
    assert_true(is_reachable(&bound));
    assert_int_equal(listen_open(text, &second, &err), -1); /* alive */
    assert_int_equal(err.sys, EADDRINUSE);
    assert_true(is_reachable(&bound));

    close(fd); /* as a killed process leaves it */
    assert_int_equal(access(path, F_OK), 0);
    fd = listen_open(text, &bound, NULL);
    assert_true(fd >= 0);
    assert_true(is_reachable(&bound));
    listen_close(fd, &bound);
    assert_int_equal(access(path, F_OK), -1);

    FILE *file = fopen(path, "w"); /* not a socket: not ours to remove */
    assert_non_null(file);
    fclose(file);
    err = (struct err){0};
    assert_int_equal(listen_open(text, &bound, &err), -1);
    assert_int_equal(err.sys, EADDRINUSE);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    unlink(path);
    rmdir(dir);
}

static void test_listen_open_abstract_needs_no_file(void **state) {
    (void)state;
    char text[64];
    struct addr bound;
    snprintf(text, sizeof text, "unix:@front-listen-%ld", (long)getpid());
    int fd = listen_open(text, &bound, NULL);
    assert_true(fd >= 0);
    assert_true(is_reachable(&bound));
    listen_close(fd, &bound);
    assert_false(is_reachable(&bound));
}

static void test_listen_close_nothing_does_nothing(void **state) {
    (void)state;
    struct addr bound = {0};
    listen_close(-1, &bound);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen_open_port_0_gives_real_port),
        cmocka_unit_test(test_listen_open_any_serves_both_families),
        cmocka_unit_test(test_listen_open_without_ipv6_falls_back),
        cmocka_unit_test(test_listen_open_port_in_use_says_so),
        cmocka_unit_test(test_listen_open_errors_table),
        cmocka_unit_test(test_listen_open_unix_replaces_stale_file_only),
        cmocka_unit_test(test_listen_open_abstract_needs_no_file),
        cmocka_unit_test(test_listen_close_nothing_does_nothing),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
