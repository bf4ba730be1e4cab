/* What a reload keeps: which checks are the same, and which configurations can follow
 * each other without a restart. */
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "types.h"

/* Check "a" of two files that differ in what is put into its object, and beside it. */
struct pair {
    const char *left;
    const char *right;
    bool equal;
};

static struct config *parse_with(const char *part) {
    BUF_AUTO struct buf text = {0};

    buf_printf(
        &text,
        "{\"tenants\": [{\"name\": \"t\", \"backend\": \"http://t/\"}], \"checks\": ["
        "{\"name\": \"p\", \"type\": \"tcp\", \"target\": \"h:1\"},"
        "{\"name\": \"q\", \"type\": \"tcp\", \"target\": \"h:1\"},"
        "{\"name\": \"a\", \"type\": %s}]}",
        part);
    return parse_valid(text.data);
}

static void assert_pair(const struct pair *pair) {
    struct config *left = parse_with(pair->left);
    struct config *right = parse_with(pair->right);
    uint32_t i = config_find_check(left, "a");
    uint32_t j = config_find_check(right, "a");

    if (config_checks_equal(left, i, right, j, &types) != pair->equal ||
        config_checks_equal(right, j, left, i, &types) != pair->equal)
        fail_msg("expected them %s: %s and %s", pair->equal ? "equal" : "different",
                 pair->left, pair->right);
    config_unref(left);
    config_unref(right);
}

#define TCP "\"tcp\", \"target\": \"h:1\""
#define HTTP "\"http\", \"url\": \"http://h/\""

static void test_config_checks_equal_what_runs_the_same_way(void **state) {
    static const struct pair pairs[] = {
        {TCP, TCP, true},
        {TCP, "\"tcp\", \"interval\": \"5s\", \"target\": \"h:1\"", true},
        {TCP, TCP ", \"severity\": \"info\"", true},
        {TCP, TCP ", \"scope\": \"tenant:t\"", true},
        {TCP, TCP ", \"depends_on\": []", true},
        {HTTP, HTTP ", \"expect\": [\"200-299\"]", true},
        {TCP ", \"depends_on\": [\"p\", \"q\"]", TCP ", \"depends_on\": [\"q\", \"p\"]",
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_pair(&pairs[i]);
}

static void test_config_checks_equal_what_runs_another_way(void **state) {
    static const struct pair pairs[] = {
        {TCP, "\"tcp\", \"target\": \"h:2\"", false},
        {TCP, HTTP, false},
        {TCP, TCP ", \"interval\": \"6s\"", false},
        {TCP, TCP ", \"fast_interval\": \"2s\"", false},
        {TCP, TCP ", \"down_interval\": \"2s\"", false},
        {TCP, TCP ", \"timeout\": \"3s\"", false},
        {TCP, TCP ", \"connect_timeout\": \"2s\"", false},
        {TCP, TCP ", \"rise\": 1", false},
        {TCP, TCP ", \"fall\": 1", false},
        {TCP, TCP ", \"jitter\": \"0%\"", false},
        {TCP, TCP ", \"reuse\": true", false},
        {TCP, TCP ", \"max_body\": 1", false},
        {TCP, TCP ", \"send\": \"x\"", false},
        {TCP, TCP ", \"depends_on\": [\"p\"]", false},
        {TCP ", \"depends_on\": [\"p\"]", TCP ", \"depends_on\": [\"q\"]", false},
        {TCP ", \"depends_on\": [\"p\", \"q\"]", TCP ", \"depends_on\": [\"q\"]", false},
        {HTTP, HTTP ", \"headers\": {\"X\": \"y\"}", false},
        {HTTP ", \"headers\": {\"X\": \"z\"}", HTTP ", \"headers\": {\"X\": \"y\"}",
         false},
        {HTTP, HTTP ", \"through_gateway\": true", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_pair(&pairs[i]);
}

/* The index moves when a check is put before it, and parents move with it. */
static void test_config_checks_equal_at_other_indices_by_name(void **state) {
    struct config *left =
        parse_valid("{\"checks\": [{\"name\": \"b\", \"type\": " TCP "},"
                    "{\"name\": \"a\", \"type\": " TCP ", \"depends_on\": [\"b\"]}]}");
    struct config *right =
        parse_valid("{\"checks\": [{\"name\": \"a\", \"type\": " TCP
                    ", \"depends_on\": [\"b\"]}, {\"name\": \"c\", \"type\": " TCP "},"
                    "{\"name\": \"b\", \"type\": " TCP "}]}");

    (void)state;
    assert_true(config_checks_equal(left, 1, right, 0, &types));
    assert_true(config_checks_equal(left, 0, right, 2, &types));
    assert_false(config_checks_equal(left, 0, right, 1, &types)); /* another name */
    config_unref(left);
    config_unref(right);
}

static void test_config_checks_equal_derived_follow_their_tenant(void **state) {
    struct config *left =
        parse_valid("{\"tenants\": [{\"name\": \"t\", \"backend\": \"http://t/\"}]}");
    struct config *same = parse_valid("{\"tenants\": [{\"name\": \"u\", \"backend\": "
                                      "\"http://u/\"}, {\"name\": \"t\", \"backend\": "
                                      "\"http://t/\", \"critical\": false}]}");
    struct config *other =
        parse_valid("{\"tenants\": [{\"name\": \"t\", \"backend\": \"http://t/x\"}]}");

    (void)state;
    assert_true(config_checks_equal(left, 0, same, 1, &types));
    assert_false(config_checks_equal(left, 0, other, 0, &types));
    config_unref(left);
    config_unref(same);
    config_unref(other);
}

static void test_config_can_replace_only_the_same_addresses(void **state) {
    static const struct {
        const char *next;
        const char *where; /* NULL: it can */
    } cases[] = {
        {"{\"log\": {\"level\": \"error\"}}", NULL},
        {"{\"listen\": {\"probe\": \"[::]:8080\"}}", NULL},
        {"{\"listen\": {\"probe\": \"[::]:8081\"}}", "listen.probe"},
        {"{\"listen\": {\"detail\": \"none\"}}", "listen.detail"},
    };
    struct config *running = parse_valid("{}");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        struct config *next = parse_valid(cases[i].next);
        assert_int_equal(config_can_replace(running, next, &err), !cases[i].where);
        if (cases[i].where) {
            assert_string_equal(err.where, cases[i].where);
            assert_non_null(strstr(err.text, "needs a restart"));
        } else {
            assert_int_equal(err.kind, ERR_NONE);
        }
        config_unref(next);
    }
    config_unref(running);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_checks_equal_what_runs_the_same_way),
        cmocka_unit_test(test_config_checks_equal_what_runs_another_way),
        cmocka_unit_test(test_config_checks_equal_at_other_indices_by_name),
        cmocka_unit_test(test_config_checks_equal_derived_follow_their_tenant),
        cmocka_unit_test(test_config_can_replace_only_the_same_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
