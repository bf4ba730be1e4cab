/* Addresses and blocks: what is accepted, what is refused and with which hint, and that
 * an IPv4 address inside IPv6 counts as the IPv4 address. */
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "fds.h"

static struct addr ip(const char *text) {
    struct addr addr;
    if (!addr_parse_ip(text, 80, &addr))
        fail_msg("not an address: %s", text);
    return addr;
}

static void test_addr_parse_ip_and_format(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *ip;
        const char *with_port;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", "10.0.0.1:65535"},
        {"0.0.0.0", "0.0.0.0", "0.0.0.0:65535"},
        {"::", "::", "[::]:65535"},
        {"FE80::1", "fe80::1", "[fe80::1]:65535"},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:65535"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr addr;
        char out[ADDR_TEXT_MAX];
        assert_true(addr_parse_ip(cases[i].text, 65535, &addr));
        assert_int_equal(addr_port(&addr), 65535);
        assert_string_equal(addr_format_ip(&addr, out), cases[i].ip);
        assert_ptr_equal(addr_format(&addr, out), out);
        assert_string_equal(out, cases[i].with_port);
    }
}

static void test_addr_parse_ip_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",           "localhost", "10.0.0",    "10.0.0.256", "10.0.0.1 ",  "10.0.0.1:80",
        "[::1]",      "::1%lo",    "1:2:3",     "010.0.0.1",  "0x7f.0.0.1", "127.1",
        "2130706433", "::1::",     "10.0.0.1.",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr addr = {.len = 77};
        if (addr_parse_ip(cases[i], 0, &addr))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(addr.len, 77);
    }
}

static void test_addr_parse_listen_accepted(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int family;
        int port;
    } cases[] = {
        {"[::]:8080", AF_INET6, 8080},      {"0.0.0.0:8080", AF_INET, 8080},
        {"127.0.0.1:0", AF_INET, 0},        {"[::1]:65535", AF_INET6, 65535},
        {"unix:/run/x.sock", AF_UNIX, 0},   {"unix:@abstract", AF_UNIX, 0},
        {"unix:relative.sock", AF_UNIX, 0}, {"[::ffff:1.2.3.4]:1", AF_INET6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr addr;
        struct err err = {0};
        if (!addr_parse_listen(cases[i].text, &addr, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(addr.u.sa.sa_family, cases[i].family);
        assert_int_equal(addr_port(&addr), cases[i].port);
        assert_int_equal(addr_is_unix(&addr), cases[i].family == AF_UNIX);
        char out[ADDR_TEXT_MAX];
        assert_string_equal(addr_format(&addr, out), cases[i].text);
    }
}

static void test_addr_parse_listen_refused_with_hint(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *hint;
    } cases[] = {
        {"", "\"[::]:8080\""},
        {"8080", "\"[::]:8080\""},
        {"[::]", "\"[::]:8080\""},
        {"0.0.0.0", "\"[::]:8080\""},
        {"0.0.0.0:", "\"[::]:8080\""},
        {"0.0.0.0:65536", "\"[::]:8080\""},
        {"0.0.0.0:-1", "\"[::]:8080\""},
        {"0.0.0.0:80x", "\"[::]:8080\""},
        {":8080", "expected \"[::]:8080\""},
        {"[]:8080", "expected \"[::]:8080\""},
        {"::1:8080", "expected \"[::1]:8080\""},
        {":::8080", "expected \"[::]:8080\""},
        {"[127.0.0.1]:80", "expected \"127.0.0.1:80\""},
        {"localhost:8080", "got \"localhost\": names are not resolved"},
        {"*:8080", "got \"*\""},
        {"[::1%lo]:80", "got \"::1%lo\""},
        {"[::1:80", "got \"[::1\""},
        {"unix:", "expected a path"},
        {"unix:@", "expected a path"},
        {"UNIX:/run/x", "expected an address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr addr = {.len = 77};
        struct err err = {0};
        if (addr_parse_listen(cases[i].text, &addr, &err))
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(err.text, cases[i].hint))
            fail_msg("%s: no %s in: %s", cases[i].text, cases[i].hint, err.text);
        assert_int_equal(addr.len, 77);
    }
}

static void test_addr_parse_listen_long_host_is_refused(void **state) {
    (void)state;
    char text[400];
    memset(text, '1', sizeof text);
    memcpy(text + 390, ":80", 4);
    struct addr addr;
    struct err err = {0};
    assert_false(addr_parse_listen(text, &addr, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void test_addr_parse_listen_unix_lengths(void **state) {
    (void)state;
    char text[200] = "unix:/";
    size_t max = sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path) - 1;
    memset(text + 6, 'p', max - 1);
    struct addr addr;
    struct err err = {0};
    assert_true(addr_parse_listen(text, &addr, NULL));
    assert_int_equal(addr.len, sizeof(struct sockaddr_un));
    char out[ADDR_TEXT_MAX];
    assert_string_equal(addr_format(&addr, out), text);
    text[5] = '@';
    assert_true(addr_parse_listen(text, &addr, NULL));
    assert_int_equal(addr.len, sizeof(struct sockaddr_un) - 1);
    assert_int_equal(addr.u.un.sun_path[0], '\0');
    assert_string_equal(addr_format(&addr, out), text);
    text[strlen(text)] = 'p';
    assert_false(addr_parse_listen(text, &addr, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* The kernel must agree about lengths: bind, connect, and compare what it gives back. */
static void test_addr_from_sockaddr_after_bind_is_the_same(void **state) {
    (void)state;
    char abstract[64];
    snprintf(abstract, sizeof abstract, "unix:@test_addr.%d", (int)getpid());
    const char *const cases[] = {"127.0.0.1:0", abstract};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr wanted;
        assert_true(addr_parse_listen(cases[i], &wanted, NULL));
        int fd = socket(wanted.u.sa.sa_family, SOCK_STREAM, 0);
        assert_int_equal(bind(fd, &wanted.u.sa, wanted.len), 0);
        struct sockaddr_storage got;
        socklen_t len = sizeof got;
        assert_int_equal(getsockname(fd, (struct sockaddr *)&got, &len), 0);
        struct addr addr;
        addr_from_sockaddr(&addr, (const struct sockaddr *)&got, len);
        assert_int_equal(addr.len, wanted.len);
        if (addr_is_unix(&addr))
            assert_memory_equal(&addr.u, &wanted.u, wanted.len);
        else
            assert_true(addr_port(&addr) > 0);
        addr_set_port(&addr, 0);
        char out[ADDR_TEXT_MAX];
        assert_string_equal(addr_format(&addr, out), cases[i]);
        close(fd);
    }
}

static void test_addr_from_sockaddr_odd_lengths(void **state) {
    (void)state;
    struct addr mapped = ip("::ffff:10.1.2.3");
    struct addr addr;
    char out[ADDR_TEXT_MAX];
    addr_from_sockaddr(&addr, &mapped.u.sa, mapped.len);
    assert_string_equal(addr_format(&addr, out), "10.1.2.3:80");
    assert_int_equal(addr.len, sizeof(struct sockaddr_in));

    addr_from_sockaddr(&addr, &mapped.u.sa, sizeof(struct sockaddr_in));
    assert_string_equal(addr_format(&addr, out), "-");
    addr_from_sockaddr(&addr, NULL, 0);
    assert_int_equal(addr.len, 0);
    addr_from_sockaddr(&addr, &mapped.u.sa, 1);
    assert_int_equal(addr.len, 0);

    struct sockaddr_un unnamed = {.sun_family = AF_UNIX};
    addr_from_sockaddr(&addr, (const struct sockaddr *)&unnamed,
                       sizeof unnamed.sun_family);
    assert_true(addr_is_unix(&addr));
    assert_string_equal(addr_format(&addr, out), "unix:");

    /* A path that fills sun_path has no NUL; the kernel counts one behind it. */
    struct {
        struct sockaddr_un un;
        char nul;
    } full = {.un.sun_family = AF_UNIX};
    memset(full.un.sun_path, 'p', sizeof full.un.sun_path);
    addr_from_sockaddr(&addr, (const struct sockaddr *)&full, sizeof full.un + 1);
    assert_int_equal(strlen(addr_format(&addr, out)), 5 + sizeof full.un.sun_path);

    struct sockaddr_un odd = {.sun_family = AF_UNIX, .sun_path = "\0a\0\nb"};
    addr_from_sockaddr(&addr, (const struct sockaddr *)&odd,
                       offsetof(struct sockaddr_un, sun_path) + 5);
    assert_string_equal(addr_format_ip(&addr, out), "unix:@a  b");
}

static void test_addr_of_nothing_is_a_dash(void **state) {
    (void)state;
    struct addr none = {0};
    struct addr one = ip("::");
    char out[ADDR_TEXT_MAX];
    assert_string_equal(addr_format(&none, out), "-");
    assert_string_equal(addr_format_ip(&none, out), "-");
    assert_int_equal(addr_port(&none), 0);
    addr_set_port(&none, 80);
    assert_int_equal(addr_port(&none), 0);
    assert_false(addr_equal_ip(&none, &none));
    assert_false(addr_equal_ip(&none, &one));
    assert_false(addr_is_unix(&none));
    assert_false(addr_is_any(&none));
    assert_false(addr_is_link_local(&none));
}

static void test_addr_set_port_and_unmap_keep_the_rest(void **state) {
    (void)state;
    struct addr addr = ip("::ffff:10.1.2.3");
    addr_set_port(&addr, 443);
    addr_unmap(&addr);
    assert_int_equal(addr.u.sa.sa_family, AF_INET);
    char out[ADDR_TEXT_MAX];
    assert_string_equal(addr_format(&addr, out), "10.1.2.3:443");
    addr_unmap(&addr);
    assert_string_equal(addr_format(&addr, out), "10.1.2.3:443");
    addr = ip("fd00::1");
    addr_unmap(&addr);
    assert_string_equal(addr_format(&addr, out), "[fd00::1]:80");
}

static void test_addr_equal_ip_ignores_port_and_mapping(void **state) {
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", true},        {"10.0.0.1", "10.0.0.2", false},
        {"10.0.0.1", "::ffff:10.0.0.1", true}, {"::ffff:10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "::10.0.0.1", false},     {"fd00::1", "fd00:0::1", true},
        {"fd00::1", "fd00::2", false},         {"::", "0.0.0.0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr a = ip(cases[i].a);
        struct addr b = ip(cases[i].b);
        addr_set_port(&b, 1);
        assert_int_equal(addr_equal_ip(&a, &b), cases[i].equal);
    }
    struct addr socket;
    assert_true(addr_parse_listen("unix:/x", &socket, NULL));
    assert_false(addr_equal_ip(&socket, &socket));
}

static void test_addr_is_any_and_link_local(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool any;
        bool link_local;
    } cases[] = {
        {"0.0.0.0", true, false},
        {"::", true, false},
        {"::ffff:0.0.0.0", true, false},
        {"0.0.0.1", false, false},
        {"::1", false, false},
        {"169.254.169.254", false, true},
        {"169.254.0.0", false, true},
        {"169.255.0.0", false, false},
        {"169.253.255.255", false, false},
        {"::ffff:169.254.169.254", false, true},
        {"fe80::1", false, true},
        {"febf:ffff::1", false, true},
        {"fec0::1", false, false},
        {"fe7f:ffff::", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr addr = ip(cases[i].text);
        assert_int_equal(addr_is_any(&addr), cases[i].any);
        assert_int_equal(addr_is_link_local(&addr), cases[i].link_local);
    }
}

static void test_cidr_parse_and_contains(void **state) {
    (void)state;
    static const struct {
        const char *block;
        const char *addr;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "a00::", false},
        {"10.128.0.0/9", "10.127.255.255", false},
        {"10.128.0.0/9", "10.128.0.0", true},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"10.1.2.2/31", "10.1.2.3", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "10.0.0.1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
        {"2001:db8::/127", "2001:db8::1", true},
        {"2001:db8::/127", "2001:db8::2", false},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"::ffff:10.0.0.0/104", "11.9.9.9", false},
        {"::ffff:0:0/96", "1.2.3.4", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cidr cidr;
        struct err err = {0};
        if (!cidr_parse(cases[i].block, &cidr, &err))
            fail_msg("%s: %s", cases[i].block, err.text);
        struct addr addr = ip(cases[i].addr);
        if (cidr_contains(&cidr, &addr) != cases[i].in)
            fail_msg("%s in %s: not %d", cases[i].addr, cases[i].block, cases[i].in);
    }
}

static void test_cidr_parse_refused_with_hint(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *hint;
    } cases[] = {
        {"", "got \"\""},
        {"/8", "got \"/8\""},
        {"10.0.0.0/", "got \"10.0.0.0/\""},
        {"10.0.0.0/33", "got"},
        {"10.0.0.0/-0", "got"},
        {"10.0.0.0/-1", "got"},
        {"10.0.0.0/+8", "got"},
        {"10.0.0.0/8 ", "got"},
        {"10.0.0.0/8/8", "got"},
        {"10.0.0/8", "got"},
        {"fd00::/129", "got"},
        {"[fd00::]/8", "got"},
        {"example.com/8", "got"},
        {"1111111111111111111111111111111111111111111111111111/8", "got"},
        {"10.0.0.1/8", "expected 10.0.0.0/8"},
        {"10.255.0.0/12", "expected 10.240.0.0/12"},
        {"10.0.0.1/0", "expected 0.0.0.0/0"},
        {"fd00::1/64", "expected fd00::/64"},
        {"fd00:ffff::/9", "expected fd00::/9"},
        {"::ffff:10.0.0.1/104", "expected 10.0.0.0/8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cidr cidr = {.bits = 77};
        struct err err = {0};
        if (cidr_parse(cases[i].text, &cidr, &err))
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(err.text, cases[i].hint))
            fail_msg("%s: no %s in: %s", cases[i].text, cases[i].hint, err.text);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_int_equal(cidr.bits, 77);
    }
}

static void test_cidr_list_contains_any_of_them(void **state) {
    (void)state;
    struct cidr items[2];
    assert_true(cidr_parse("10.0.0.0/24", &items[0], NULL));
    assert_true(cidr_parse("fd00::/8", &items[1], NULL));
    struct cidr_list list = {.items = items, .count = 2};
    struct cidr_list empty = {0};
    struct addr first = ip("10.0.0.7");
    struct addr second = ip("fd00::1");
    struct addr neither = ip("10.0.1.0");
    struct addr socket;
    assert_true(addr_parse_listen("unix:/x", &socket, NULL));
    assert_true(cidr_list_contains(&list, &first));
    assert_true(cidr_list_contains(&list, &second));
    assert_false(cidr_list_contains(&list, &neither));
    assert_false(cidr_list_contains(&list, &socket));
    assert_false(cidr_list_contains(&empty, &first));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addr_parse_ip_and_format),
        cmocka_unit_test(test_addr_parse_ip_refused),
        cmocka_unit_test(test_addr_parse_listen_accepted),
        cmocka_unit_test(test_addr_parse_listen_refused_with_hint),
        cmocka_unit_test(test_addr_parse_listen_long_host_is_refused),
        cmocka_unit_test(test_addr_parse_listen_unix_lengths),
        cmocka_unit_test(test_addr_from_sockaddr_after_bind_is_the_same),
        cmocka_unit_test(test_addr_from_sockaddr_odd_lengths),
        cmocka_unit_test(test_addr_of_nothing_is_a_dash),
        cmocka_unit_test(test_addr_set_port_and_unmap_keep_the_rest),
        cmocka_unit_test(test_addr_equal_ip_ignores_port_and_mapping),
        cmocka_unit_test(test_addr_is_any_and_link_local),
        cmocka_unit_test(test_cidr_parse_and_contains),
        cmocka_unit_test(test_cidr_parse_refused_with_hint),
        cmocka_unit_test(test_cidr_list_contains_any_of_them),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
