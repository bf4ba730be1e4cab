/* Lookups and the guard: which addresses a check may reach, and how a target becomes
 * them. */
#include "check/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fds.h"
#include "fixture.h"

enum { LISTENERS_MAX = 3 };

static struct addr parse(const char *text) {
    struct addr addr;
    assert_true(addr_parse_listen(text, &addr, NULL));
    return addr;
}

/* The guard. */

static struct config guard_config;

static bool is_allowed(const char *target, const char *const *listeners,
                       const char *allow, char *why, size_t why_size) {
    struct addr own[LISTENERS_MAX];
    struct cidr cidr;
    struct check_env env = {.config = &guard_config, .own_listeners = own};
    while (listeners && listeners[env.own_listener_count]) {
        own[env.own_listener_count] = parse(listeners[env.own_listener_count]);
        env.own_listener_count++;
    }
    guard_config.engine.allow_targets = (struct cidr_list){0};
    if (allow) {
        assert_true(cidr_parse(allow, &cidr, NULL));
        guard_config.engine.allow_targets = (struct cidr_list){&cidr, 1};
    }
    struct addr addr = parse(target);
    bool result = target_is_allowed(&env, &addr, why, why_size);
    assert_int_equal(target_is_allowed(&env, &addr, NULL, 0), result);
    return result;
}

static void test_target_is_allowed_clouds_and_link_local_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *target;
        const char *allow;
        bool allowed;
    } cases[] = {
        {"10.0.0.1:80", NULL, true},
        {"[fd00::1]:80", NULL, true},
        {"[2001:db8::1]:443", NULL, true},
        {"168.63.129.16:80", NULL, true},
        {"169.253.255.255:80", NULL, true},
        {"169.255.0.0:80", NULL, true},
        {"169.254.0.0:80", NULL, false},
        {"169.254.169.254:80", NULL, false},
        {"169.254.255.255:80", NULL, false},
        {"[::ffff:169.254.169.254]:80", NULL, false},
        {"[::ffff:10.0.0.1]:80", NULL, true},
        {"[fe80::1]:80", NULL, false},
        {"[febf:ffff::1]:80", NULL, false},
        {"[fec0::1]:80", NULL, true},
        {"[fe7f::1]:80", NULL, true},
        {"[fd00:ec2::254]:80", NULL, false},
        {"[fd00:ec2::253]:80", NULL, true},
        {"[fd20:ce::254]:80", NULL, false},
        {"[fd20:ce::255]:80", NULL, true},
        {"unix:/run/app.sock", NULL, true},
        {"unix:@app", NULL, true},
        {"169.254.7.127:80", "169.254.7.0/24", true},
        {"[::ffff:169.254.7.127]:80", "169.254.7.0/24", true},
        {"169.254.8.127:80", "169.254.7.0/24", false},
        {"[fe80::1]:80", "fe80::1", true},
        {"[fe80::2]:80", "fe80::1", false},
        {"[fd00:ec2::254]:80", "fd00:ec2::/32", true},
        {"169.254.169.254:80", "::/0", false},
        {"169.254.169.254:80", "0.0.0.0/0", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[200] = "";
        bool allowed = is_allowed(cases[i].target, NULL, cases[i].allow, why, sizeof why);
        if (allowed != cases[i].allowed)
            print_error("%s\n", cases[i].target);
        assert_int_equal(allowed, cases[i].allowed);
        if (allowed) {
            assert_string_equal(why, "");
        } else {
            assert_non_null(strstr(why, "link-local"));
            assert_non_null(strstr(why, "engine.allow_targets"));
        }
    }
}

static void test_target_is_allowed_own_listeners_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *target;
        const char *listeners[LISTENERS_MAX];
        const char *allow;
        bool allowed;
    } cases[] = {
        /* one address */
        {"10.0.0.5:8080", {"10.0.0.5:8080"}, NULL, false},
        {"[::ffff:10.0.0.5]:8080", {"10.0.0.5:8080"}, NULL, false},
        {"10.0.0.5:8081", {"10.0.0.5:8080"}, NULL, true},
        {"10.0.0.6:8080", {"10.0.0.5:8080"}, NULL, true},
        {"127.0.0.1:8080", {"10.0.0.5:8080"}, NULL, true},
        {"10.0.0.5:9090", {"10.0.0.5:8080", "10.0.0.5:9090"}, NULL, false},
        {"10.0.0.5:8080", {"10.0.0.5:8080"}, "10.0.0.5", true},
        {"[fd00::5]:8080", {"[fd00::5]:8080"}, NULL, false},
        {"[fd00::6]:8080", {"[fd00::5]:8080"}, NULL, true},
        /* every address */
        {"127.0.0.1:8080", {"0.0.0.0:8080"}, NULL, false},
        {"127.0.0.2:8080", {"0.0.0.0:8080"}, NULL, false},
        {"127.255.255.254:8080", {"[::]:8080"}, NULL, false},
        {"[::ffff:127.0.0.1]:8080", {"[::]:8080"}, NULL, false},
        {"127.0.0.1:8080", {"[::]:8080"}, NULL, false},
        {"[::1]:8080", {"[::]:8080"}, NULL, false},
        {"[::1]:8080", {"0.0.0.0:8080"}, NULL, true},
        {"127.0.0.1:8081", {"[::]:8080"}, NULL, true},
        {"192.0.2.1:8080", {"[::]:8080"}, NULL, true}, /* of no machine */
        {"[2001:db8::1]:8080", {"[::]:8080"}, NULL, true},
        {"127.0.0.1:8080", {"[::]:8080"}, "127.0.0.0/8", true},
        /* a connection to "any" is one to ourselves */
        {"0.0.0.0:8080", {"0.0.0.0:8080"}, NULL, false},
        {"0.0.0.0:8080", {"127.0.0.1:8080"}, NULL, false},
        {"0.0.0.0:8080", {"10.0.0.5:8080"}, NULL, true},
        {"[::]:8080", {"[::]:8080"}, NULL, false},
        {"[::]:8080", {"[::1]:8080"}, NULL, false},
        {"[::ffff:0.0.0.0]:8080", {"0.0.0.0:8080"}, NULL, false},
        {"0.0.0.0:8081", {"0.0.0.0:8080"}, NULL, true},
        /* unix */
        {"unix:/run/x.sock", {"unix:/run/x.sock"}, NULL, false},
        {"unix:/run/y.sock", {"unix:/run/x.sock"}, NULL, true},
        {"unix:@x", {"unix:@x"}, NULL, false},
        {"unix:/run/x.sock", {"[::]:8080"}, NULL, true},
        {"10.0.0.5:8080", {"unix:/run/x.sock"}, NULL, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[300] = "";
        bool allowed = is_allowed(cases[i].target, cases[i].listeners, cases[i].allow,
                                  why, sizeof why);
        if (allowed != cases[i].allowed)
            print_error("case %zu: %s\n", i, cases[i].target);
        assert_int_equal(allowed, cases[i].allowed);
        if (!allowed)
            assert_non_null(strstr(why, "our own listener"));
    }
}

/* What a wildcard listener means on the machine of the test. */
static void test_target_is_allowed_interface_addresses_are_our_own(void **state) {
    (void)state;
    static const char *const wildcard[] = {"[::]:8080", NULL};
    struct ifaddrs *list;
    assert_int_equal(getifaddrs(&list), 0);
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
            continue;
        struct addr addr;
        char text[ADDR_TEXT_MAX];
        addr_from_sockaddr(&addr, i->ifa_addr, sizeof(struct sockaddr_in));
        addr_set_port(&addr, 8080);
        assert_false(is_allowed(addr_format(&addr, text), wildcard, NULL, NULL, 0));
        addr_set_port(&addr, 8081);
        addr_format(&addr, text);
        if (!addr_is_link_local(&addr))
            assert_true(is_allowed(text, wildcard, NULL, NULL, 0));
    }
    freeifaddrs(list);
}

static void test_target_is_allowed_short_buffer_is_terminated(void **state) {
    (void)state;
    char why[9];
    memset(why, 'x', sizeof why);
    assert_false(is_allowed("169.254.169.254:80", NULL, NULL, why, sizeof why));
    assert_string_equal(why, "refused:");
}

static void test_target_is_metadata_name_table(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool is_metadata;
    } cases[] = {
        {"metadata.google.internal", true},
        {"metadata.google.internal.", true},
        {"METADATA.Google.Internal", true},
        {"metadata.goog", true},
        {"metadata", true},
        {"metadata.", true},
        {"instance-data", true},
        {"instance-data.ec2.internal", true},
        {"metadata.azure.internal", true},
        {"", false},
        {".", false},
        {"metadata..", false},
        {"metadat", false},
        {"metadata2", false},
        {"metadata.tenant-1.svc.cluster.local.", false},
        {"my-metadata", false},
        {"xmetadata.google.internal", false},
        {"a.metadata.google.internal", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (target_is_metadata_name(cases[i].host) != cases[i].is_metadata)
            print_error("%s\n", cases[i].host);
        assert_int_equal(target_is_metadata_name(cases[i].host), cases[i].is_metadata);
    }
}

/* Lookups. */

static const struct dns_record records[] = {
    {.name = "one.test", .ips = {"127.0.0.1"}},
    {.name = "two.test", .ips = {"10.0.0.1", "10.0.0.2"}},
    {.name = "mixed.test", .ips = {"169.254.169.254", "10.0.0.2"}},
    {.name = "refused.test", .ips = {"169.254.1.1", "169.254.1.2"}},
    {.name = "empty.test", .answer = ANSWER_EMPTY},
    {.name = "servfail.test", .answer = ANSWER_SERVFAIL},
    {.name = "silent.test", .answer = ANSWER_SILENCE},
    {.name = "metadata.google.internal", .ips = {"10.0.0.3"}},
    {.name = NULL},
};

struct found {
    struct fixture fixture;
    struct target_lookup *lookup;
    int calls;
    bool is_starting;
    char addrs[400]; /* in one line */
    int64_t name_us;
    struct outcome outcome; /* zeroed where there was none */
};

static void on_found(void *user, const struct target_result *result) {
    struct found *found = user;
    char text[ADDR_TEXT_MAX];
    assert_false(found->is_starting);
    found->calls++;
    found->lookup = NULL;
    found->name_us = result->name_us;
    found->addrs[0] = '\0';
    for (size_t i = 0; i < result->count; i++) {
        size_t len = strlen(found->addrs);
        snprintf(found->addrs + len, sizeof found->addrs - len, "%s%s", i > 0 ? " " : "",
                 addr_format(&result->addrs[i], text));
    }
    assert_int_equal(result->count == 0, result->outcome != NULL);
    if (result->outcome)
        found->outcome = *result->outcome;
}

static bool is_found(const struct fixture *fixture) {
    const struct found *found = fixture->watched;
    return found->calls > 0;
}

static void start_lookup(struct found *found, const char *target, int64_t timeout_ms) {
    found->fixture.watched = found;
    found->calls = 0;
    found->outcome = (struct outcome){0};
    found->is_starting = true;
    found->lookup =
        target_lookup_start(&found->fixture.env, target, timeout_ms, on_found, found);
    found->is_starting = false;
    assert_non_null(found->lookup);
}

static void find(struct found *found, const char *target, int64_t timeout_ms) {
    start_lookup(found, target, timeout_ms);
    assert_true(fixture_wait(&found->fixture, is_found));
    assert_int_equal(found->calls, 1);
}

static void test_target_lookup_allowed_targets_give_addresses(void **state) {
    (void)state;
    static const struct {
        const char *target;
        const char *addrs;
        bool is_name;
    } cases[] = {
        {"127.0.0.1:80", "127.0.0.1:80", false},
        {"[::1]:65535", "[::1]:65535", false},
        {"[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.1]:80", false},
        {"unix:/run/x.sock", "unix:/run/x.sock", false},
        {"unix:@x", "unix:@x", false},
        {"one.test.:8080", "127.0.0.1:8080", true},
        {"One.Test.:1", "127.0.0.1:1", true},
        {"two.test.:80", "10.0.0.1:80 10.0.0.2:80", true},
        {"mixed.test.:80", "10.0.0.2:80", true},
    };
    struct found found = {0};
    fixture_init(&found.fixture, records);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        find(&found, cases[i].target, 2000);
        assert_string_equal(found.addrs, cases[i].addrs);
        assert_int_equal(found.name_us >= 0, cases[i].is_name);
    }
    fixture_fini(&found.fixture);
}

static void test_target_lookup_others_give_an_outcome(void **state) {
    (void)state;
    static const struct {
        const char *target;
        enum reason reason;
        const char *evidence; /* a part of it */
    } cases[] = {
        {"169.254.169.254:80", LOCAL_TARGET_REFUSED, "169.254.169.254:80 is link-local"},
        {"[::ffff:169.254.169.254]:80", LOCAL_TARGET_REFUSED, "is link-local"},
        {"[fe80::1]:80", LOCAL_TARGET_REFUSED, "[fe80::1]:80 is link-local"},
        {"refused.test.:80", LOCAL_TARGET_REFUSED, "169.254.1.1:80 is link-local"},
        {"metadata.google.internal:80", LOCAL_TARGET_REFUSED,
         "metadata.google.internal is the name of a cloud metadata service"},
        {"metadata.google.internal.:80", LOCAL_TARGET_REFUSED, "cloud metadata service"},
        {"gone.test.:80", DNS_NXDOMAIN, "gone.test.: "},
        {"empty.test.:80", DNS_NO_ADDRESS, "empty.test.: "},
        {"servfail.test.:80", DNS_TIMEOUT, "servfail.test.: "},
        {"silent.test.:80", DNS_TIMEOUT, "silent.test.: "},
        {"127.0.0.1:9091", LOCAL_TARGET_REFUSED,
         "127.0.0.1:9091 is our own listener [::]:9091"},
        {"one.test.:9091", LOCAL_TARGET_REFUSED,
         "127.0.0.1:9091 is our own listener [::]:9091"},
        {"", LOCAL_TARGET_REFUSED, "neither host:port nor unix:PATH"},
        {"host", LOCAL_TARGET_REFUSED, "\"host\" is neither"},
        {":80", LOCAL_TARGET_REFUSED, "is neither"},
        {"host:", LOCAL_TARGET_REFUSED, "is neither"},
        {"host:0", LOCAL_TARGET_REFUSED, "is neither"},
        {"host:65536", LOCAL_TARGET_REFUSED, "is neither"},
        {"host:-1", LOCAL_TARGET_REFUSED, "is neither"},
        {"host:80x", LOCAL_TARGET_REFUSED, "is neither"},
        {"::1:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"[one.test.]:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"[:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"one.test.]:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"[127.0.0.1]:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"[]:80", LOCAL_TARGET_REFUSED, "is neither"},
        {"unix:", LOCAL_TARGET_REFUSED, "is neither"},
    };
    struct addr own = parse("[::]:9091");
    struct found found = {0};
    fixture_init(&found.fixture, records);
    found.fixture.env.own_listeners = &own;
    found.fixture.env.own_listener_count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        find(&found, cases[i].target, 500);
        assert_string_equal(found.addrs, "");
        assert_int_equal(found.outcome.kind, OUTCOME_FAIL);
        if (found.outcome.reason != cases[i].reason ||
            !strstr(found.outcome.evidence, cases[i].evidence))
            print_error("%s: %s %s\n", cases[i].target, reason_name(found.outcome.reason),
                        found.outcome.evidence);
        assert_int_equal(found.outcome.reason, cases[i].reason);
        assert_non_null(strstr(found.outcome.evidence, cases[i].evidence));
    }
    fixture_fini(&found.fixture);
}

static void test_target_lookup_endless_host_is_refused(void **state) {
    (void)state;
    char target[400];
    memset(target, 'a', sizeof target);
    memcpy(target + sizeof target - 4, ":80", 4);
    struct found found = {0};
    fixture_init(&found.fixture, records);
    find(&found, target, 500);
    assert_int_equal(found.outcome.reason, LOCAL_TARGET_REFUSED);
    fixture_fini(&found.fixture);
}

static void test_target_lookup_allow_list_is_read_at_the_end(void **state) {
    (void)state;
    struct cidr cidr;
    assert_true(cidr_parse("169.254.1.2", &cidr, NULL));
    struct found found = {0};
    fixture_init(&found.fixture, records);
    start_lookup(&found, "refused.test.:80", 2000);
    found.fixture.config->engine.allow_targets = (struct cidr_list){&cidr, 1};
    assert_true(fixture_wait(&found.fixture, is_found));
    assert_string_equal(found.addrs, "169.254.1.2:80");
    fixture_fini(&found.fixture);
}

static void test_target_lookup_silent_server_ends_in_time(void **state) {
    (void)state;
    struct found found = {0};
    fixture_init(&found.fixture, records);
    int64_t start_ms = clock_mono_ms();
    find(&found, "silent.test.:80", 100);
    assert_in_range(clock_mono_ms() - start_ms, 90, 1500);
    assert_int_equal(found.outcome.reason, DNS_TIMEOUT);
    assert_true(found.outcome.phase_us[PHASE_NAME] > 0);
    fixture_fini(&found.fixture);
}

static bool was_asked(const struct fixture *fixture) {
    return dns_questions(fixture->dns) > 0;
}

static bool is_over(const struct fixture *fixture) {
    (void)fixture;
    return true;
}

static void test_target_lookup_cancel_silences_it(void **state) {
    (void)state;
    static const char *const targets[] = {"127.0.0.1:80", "unix:/x", "metadata:80",
                                          "one.test.:80", "silent.test.:80"};
    struct found found = {0};
    fixture_init(&found.fixture, records);
    target_lookup_cancel(NULL);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        start_lookup(&found, targets[i], 2000);
        target_lookup_cancel(found.lookup);
        assert_true(fixture_wait(&found.fixture, is_over));
        assert_int_equal(found.calls, 0);
    }
    start_lookup(&found, "silent.test.:80", 2000);
    assert_true(fixture_wait(&found.fixture, was_asked));
    target_lookup_cancel(found.lookup);
    assert_true(fixture_wait(&found.fixture, is_over));
    assert_int_equal(found.calls, 0);
    fixture_fini(&found.fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_is_allowed_clouds_and_link_local_are_refused),
        cmocka_unit_test(test_target_is_allowed_own_listeners_are_refused),
        cmocka_unit_test(test_target_is_allowed_interface_addresses_are_our_own),
        cmocka_unit_test(test_target_is_allowed_short_buffer_is_terminated),
        cmocka_unit_test(test_target_is_metadata_name_table),
        cmocka_unit_test(test_target_lookup_allowed_targets_give_addresses),
        cmocka_unit_test(test_target_lookup_others_give_an_outcome),
        cmocka_unit_test(test_target_lookup_endless_host_is_refused),
        cmocka_unit_test(test_target_lookup_allow_list_is_read_at_the_end),
        cmocka_unit_test(test_target_lookup_silent_server_ends_in_time),
        cmocka_unit_test(test_target_lookup_cancel_silences_it),
    };
    fixture_warm_up();
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
