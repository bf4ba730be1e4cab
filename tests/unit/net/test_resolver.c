/* The resolver against a name server that answers, fails, lies or says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "dns_server.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "peer.h"
#include "run.h"

static const struct dns_name names[] = {
    {.name = "both.test",
     .ttl_s = 60,
     .v4 = {"10.0.0.2", "10.0.0.1"},
     .v6 = {"fd00::2", "fd00::1"}},
    {.name = "v4.test", .ttl_s = 60, .v4 = {"10.0.0.4"}},
    {.name = "v6.test", .ttl_s = 60, .v6 = {"fd00::6"}},
    {.name = "short.test", .ttl_s = 0, .v4 = {"10.0.0.5"}},
    {.name = "many.test", .ttl_s = 60, .v4_more = 100, .v6 = {"fd00::7"}},
    {.name = "empty.test"},
    {.name = "servfail.test", .manner = DNS_FAILS},
    {.name = "refused.test", .manner = DNS_REFUSES},
    {.name = "garbage.test", .manner = DNS_SAYS_GARBAGE},
    {.name = "silent.test", .manner = DNS_IS_SILENT},
    {.name = "lost.test",
     .manner = DNS_IS_SILENT_FIRST,
     .silent = 1,
     .ttl_s = 60,
     .v4 = {"10.0.0.8"}},
    {.name = "web.ns.svc.test", .ttl_s = 60, .v4 = {"10.0.0.9"}},
    {.name = "web", .ttl_s = 60, .v4 = {"10.0.0.10"}},
    {.name = NULL},
};

struct fixture {
    struct loop *loop;
    struct dns_server *server;
    struct resolver *resolver;
};

/* What callbacks saw; `stop_after` so many calls the loop stops. */
struct seen {
    struct fixture *fixture;
    int calls;
    int stop_after;
    enum resolve_status status;
    size_t count;
    struct addr addrs[RESOLVE_ADDRESSES_MAX];
    char text[128];
    bool from_cache;
    struct resolve *other;
    const char *next;
};

static void open_fixture(struct fixture *fixture, const char *search, int64_t try_ms) {
    fixture->loop = run_loop_new();
    fixture->server = dns_server_start(names);
    const char *servers[] = {dns_server_address(fixture->server)};
    const char *domains[] = {search ? search : "search.invalid"};
    struct resolver_options options = {.servers = {.items = servers, .count = 1},
                                       .search = {.items = domains, .count = 1},
                                       .timeout_ms = try_ms};
    struct err err = {0};
    fixture->resolver = resolver_new(fixture->loop, &options, &err);
    assert_string_equal(err.text, "");
    assert_non_null(fixture->resolver);
}

static void close_fixture(struct fixture *fixture) {
    resolver_free(fixture->resolver);
    loop_free(fixture->loop);
    dns_server_stop(fixture->server);
}

static void on_result(void *user, const struct resolve_result *result) {
    struct seen *seen = user;
    seen->calls++;
    seen->status = result->status;
    seen->count = result->count;
    memcpy(seen->addrs, result->addrs, result->count * sizeof seen->addrs[0]);
    snprintf(seen->text, sizeof seen->text, "%s", result->text);
    seen->from_cache = result->from_cache;
    if (seen->calls == seen->stop_after)
        loop_stop(seen->fixture->loop);
}

static struct seen ask(struct fixture *fixture, const char *name, int64_t timeout_ms) {
    struct seen seen = {.fixture = fixture, .stop_after = 1};
    assert_non_null(resolver_ask(fixture->resolver, name, timeout_ms, on_result, &seen));
    assert_int_equal(seen.calls, 0);
    assert_true(run(fixture->loop));
    assert_int_equal(seen.calls, 1);
    return seen;
}

static void assert_addr(const struct addr *addr, const char *text) {
    char out[ADDR_TEXT_MAX];
    assert_string_equal(addr_format_ip(addr, out), text);
    assert_int_equal(addr_port(addr), 0);
}

static void test_ask_both_families_gives_ipv4_first_in_order(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = ask(&fixture, "both.test", 2000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_int_equal(seen.count, 4);
    assert_addr(&seen.addrs[0], "10.0.0.2");
    assert_addr(&seen.addrs[1], "10.0.0.1");
    assert_addr(&seen.addrs[2], "fd00::2");
    assert_addr(&seen.addrs[3], "fd00::1");
    assert_string_equal(seen.text, "");
    assert_false(seen.from_cache);
    close_fixture(&fixture);
}

static void test_ask_one_family_is_enough(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = ask(&fixture, "v4.test", 2000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_int_equal(seen.count, 1);
    assert_addr(&seen.addrs[0], "10.0.0.4");
    seen = ask(&fixture, "v6.test", 2000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_int_equal(seen.count, 1);
    assert_addr(&seen.addrs[0], "fd00::6");
    close_fixture(&fixture);
}

static void test_ask_more_addresses_than_fit_keeps_the_first(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = ask(&fixture, "many.test", 2000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_int_equal(seen.count, RESOLVE_ADDRESSES_MAX);
    assert_addr(&seen.addrs[0], "10.9.0.1");
    assert_addr(&seen.addrs[63], "10.9.0.64");
    close_fixture(&fixture);
}

static void test_ask_failures_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum resolve_status status;
    } cases[] = {
        {"missing.test.", RESOLVE_NXDOMAIN}, {"empty.test.", RESOLVE_NO_ADDRESS},
        {"servfail.test.", RESOLVE_FAILED},  {"refused.test.", RESOLVE_FAILED},
        {"silent.test.", RESOLVE_TIMEOUT},   {"", RESOLVE_FAILED},
        {"two..dots.test.", RESOLVE_FAILED},
    };
    struct fixture fixture;
    open_fixture(&fixture, NULL, 50); /* c-ares gives up before the deadline */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = ask(&fixture, cases[i].name, 3000);
        print_message("%s: %d %s\n", cases[i].name, (int)seen.status, seen.text);
        assert_int_equal(seen.status, cases[i].status);
        assert_int_equal(seen.count, 0);
        assert_string_not_equal(seen.text, "");
    }
    /* An answer that cannot be read: c-ares 1.18 gives up, later versions wait on. */
    struct seen garbage = ask(&fixture, "garbage.test.", 3000);
    assert_true(garbage.status == RESOLVE_FAILED || garbage.status == RESOLVE_TIMEOUT);
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(ask(&fixture, longest, 3000).status, RESOLVE_FAILED);
    close_fixture(&fixture);
}

static void test_ask_a_server_that_is_not_there_fails(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 100);
    resolver_free(fixture.resolver);
    struct addr nobody =
        peer_refusing_addr(); /* a free TCP port is most likely free here */
    char text[ADDR_TEXT_MAX];
    const char *servers[] = {addr_format(&nobody, text)};
    struct resolver_options options = {.servers = {.items = servers, .count = 1},
                                       .timeout_ms = 100};
    fixture.resolver = resolver_new(fixture.loop, &options, NULL);
    struct seen seen = ask(&fixture, "v4.test.", 3000);
    assert_int_not_equal(seen.status, RESOLVE_OK);
    assert_int_not_equal(seen.status, RESOLVE_NXDOMAIN);
    assert_int_not_equal(seen.status, RESOLVE_NO_ADDRESS);
    close_fixture(&fixture);
}

static void test_ask_silent_server_times_out_in_time_and_blocks_nothing(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 100);
    struct seen many = {.fixture = &fixture};
    for (int i = 0; i < 100; i++) { /* questions of which many are open at once */
        char name[32];
        snprintf(name, sizeof name, "silent%d.silent.test.", i);
        resolver_ask(fixture.resolver, name, 300, on_result, &many);
    }
    int64_t start_us = clock_mono_us();
    struct seen seen = ask(&fixture, "silent.test.", 400);
    int64_t took_us = clock_mono_us() - start_us;
    assert_int_equal(seen.status, RESOLVE_TIMEOUT);
    /* Two tries of 100 ms, the second one doubled; later versions of c-ares shorten each
     * by up to a half, at random. */
    assert_in_range(took_us, 145000, 800000);
    int64_t longest_us = loop_figures(fixture.loop).longest_turn_us;
    print_message("silent name server: timeout after %d us, longest turn %d us\n",
                  (int)took_us, (int)longest_us);
    assert_true(longest_us < 250000);
    close_fixture(&fixture);
}

static void test_ask_deadline_before_the_resolver_gives_up(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 5000);
    int64_t start_us = clock_mono_us();
    struct seen seen = ask(&fixture, "silent.test.", 150);
    int64_t took_us = clock_mono_us() - start_us;
    assert_int_equal(seen.status, RESOLVE_TIMEOUT);
    assert_in_range(took_us, 150000, 600000);
    assert_string_not_equal(seen.text, "");
    close_fixture(&fixture);
}

static void test_ask_numeric_needs_no_server(void **state) {
    (void)state;
    static const char *const numbers[] = {"127.0.0.1", "::1", "fd00::12"};
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct seen seen = ask(&fixture, numbers[i], 1000);
        assert_int_equal(seen.status, RESOLVE_OK);
        assert_int_equal(seen.count, 1);
        assert_addr(&seen.addrs[0], numbers[i]);
    }
    assert_int_equal(dns_server_asked(fixture.server, NULL), 0);
    close_fixture(&fixture);
}

static void test_ask_localhost_comes_from_the_hosts_file(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = ask(&fixture, "localhost", 1000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_true(seen.count >= 1);
    assert_int_equal(dns_server_asked(fixture.server, NULL), 0);
    close_fixture(&fixture);
}

static void test_good_answer_is_kept_and_forgotten(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    ask(&fixture, "v4.test", 1000);
    struct seen seen = ask(&fixture, "V4.Test", 1000);
    assert_true(seen.from_cache);
    assert_addr(&seen.addrs[0], "10.0.0.4");
    assert_int_equal(dns_server_asked(fixture.server, "v4.test"), 1);
    resolver_forget(fixture.resolver, "v4.tesT");
    resolver_forget(fixture.resolver, "never.asked");
    seen = ask(&fixture, "v4.test", 1000);
    assert_false(seen.from_cache);
    assert_int_equal(dns_server_asked(fixture.server, "v4.test"), 2);
    close_fixture(&fixture);
}

static void test_answer_without_a_lifetime_is_kept_for_a_second(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    ask(&fixture, "short.test", 1000);
    assert_true(ask(&fixture, "short.test", 1000).from_cache);
    assert_false(run_for(fixture.loop, 1050));
    assert_false(ask(&fixture, "short.test", 1000).from_cache);
    assert_int_equal(dns_server_asked(fixture.server, "short.test"), 2);
    close_fixture(&fixture);
}

static void test_failures_are_not_kept(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(ask(&fixture, "missing.test.", 1000).status, RESOLVE_NXDOMAIN);
        assert_int_equal(dns_server_asked(fixture.server, "missing.test"), i);
    }
    close_fixture(&fixture);
}

static void test_equal_questions_are_asked_once(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = {.fixture = &fixture, .stop_after = 20};
    for (int i = 0; i < 20; i++)
        resolver_ask(fixture.resolver, i % 2 ? "both.test" : "BOTH.test", 1000, on_result,
                     &seen);
    assert_true(run(fixture.loop));
    assert_int_equal(seen.calls, 20);
    assert_int_equal(seen.count, 4);
    assert_int_equal(dns_server_asked(fixture.server, "both.test"), 1);
    close_fixture(&fixture);
}

static void test_cancel_of_one_leaves_the_others_their_answer(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen gone = {.fixture = &fixture};
    struct seen seen = {.fixture = &fixture, .stop_after = 1};
    struct resolve *first =
        resolver_ask(fixture.resolver, "v4.test", 1000, on_result, &gone);
    resolver_ask(fixture.resolver, "v4.test", 1000, on_result, &seen);
    resolve_cancel(first);
    resolve_cancel(NULL);
    assert_true(run(fixture.loop));
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_int_equal(gone.calls, 0);
    close_fixture(&fixture);
}

static void test_cancel_of_all_keeps_the_question_for_the_next(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen gone = {.fixture = &fixture};
    resolve_cancel(resolver_ask(fixture.resolver, "v4.test", 1000, on_result, &gone));
    resolve_cancel(resolver_ask(fixture.resolver, "127.0.0.1", 1000, on_result, &gone));
    assert_int_equal(ask(&fixture, "v4.test", 1000).status, RESOLVE_OK);
    assert_int_equal(gone.calls, 0);
    assert_int_equal(dns_server_asked(fixture.server, "v4.test"), 1);
    close_fixture(&fixture);
}

static void on_result_cancels(void *user, const struct resolve_result *result) {
    struct seen *seen = user;
    resolve_cancel(seen->other);
    seen->other = NULL;
    on_result(user, result);
}

static void test_cancel_inside_anothers_callback(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen gone = {.fixture = &fixture};
    struct seen seen = {.fixture = &fixture, .stop_after = 1};
    resolver_ask(fixture.resolver, "127.0.0.1", 1000, on_result_cancels, &seen);
    seen.other = resolver_ask(fixture.resolver, "127.0.0.2", 1000, on_result, &gone);
    assert_true(run(fixture.loop));
    assert_false(run_for(fixture.loop, 20));
    assert_int_equal(gone.calls, 0);
    close_fixture(&fixture);
}

static void on_result_asks(void *user, const struct resolve_result *result) {
    struct seen *seen = user;
    const char *next = seen->next;
    seen->next = NULL;
    if (next) {
        int calls = seen->calls;
        resolver_ask(seen->fixture->resolver, next, 1000, on_result_asks, seen);
        assert_int_equal(seen->calls, calls);
    }
    on_result(user, result);
}

static void test_ask_inside_a_callback(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen seen = {.fixture = &fixture, .stop_after = 2, .next = "v4.test"};
    resolver_ask(fixture.resolver, "v4.test", 1000, on_result_asks, &seen);
    assert_true(run(fixture.loop));
    assert_int_equal(seen.calls, 2);
    assert_true(seen.from_cache);
    close_fixture(&fixture);
}

static void on_result_frees(void *user, const struct resolve_result *result) {
    struct seen *seen = user;
    resolver_free(seen->fixture->resolver);
    seen->fixture->resolver = NULL;
    on_result(user, result);
}

static void test_free_inside_a_callback_ends_the_others(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen gone = {.fixture = &fixture};
    struct seen seen = {.fixture = &fixture, .stop_after = 1};
    resolver_ask(fixture.resolver, "127.0.0.1", 1000, on_result_frees, &seen);
    resolver_ask(fixture.resolver, "127.0.0.2", 1000, on_result, &gone);
    resolver_ask(fixture.resolver, "v4.test", 1000, on_result, &gone);
    assert_true(run(fixture.loop));
    loop_run(fixture.loop);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(gone.calls, 0);
    close_fixture(&fixture);
}

static void test_free_with_open_questions_runs_no_callback(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 500);
    struct seen gone = {.fixture = &fixture};
    resolver_ask(fixture.resolver, "silent.test", 1000, on_result, &gone);
    resolver_ask(fixture.resolver, "silent.test", 1000, on_result, &gone);
    resolver_ask(fixture.resolver, "localhost", 1000, on_result, &gone);
    close_fixture(&fixture);
    assert_int_equal(gone.calls, 0);
    resolver_free(NULL);
}

static void test_search_domain_is_tried_unless_the_name_ends_in_a_dot(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, "ns.svc.test", 500);
    struct seen seen = ask(&fixture, "web", 1000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_addr(&seen.addrs[0], "10.0.0.9");
    assert_int_equal(dns_server_asked(fixture.server, "web.ns.svc.test"), 1);
    assert_int_equal(dns_server_asked(fixture.server, "web"), 0);
    seen = ask(&fixture, "web.", 1000);
    assert_false(seen.from_cache);
    assert_addr(&seen.addrs[0], "10.0.0.10");
    assert_int_equal(dns_server_asked(fixture.server, "web.ns.svc.test"), 1);
    assert_int_equal(ask(&fixture, "missing.", 1000).status, RESOLVE_NXDOMAIN);
    assert_int_equal(dns_server_asked(fixture.server, "missing"), 1);
    assert_int_equal(dns_server_asked(fixture.server, "missing.ns.svc.test"), 0);
    close_fixture(&fixture);
}

/* The resolver's own next try would come after 5 s: a new question must not wait for it.
 */
static void test_ask_after_a_lost_question_does_not_wait_for_its_retry(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 5000);
    assert_false(run_for(fixture.loop, 950));
    assert_int_equal(ask(&fixture, "lost.test.", 100).status, RESOLVE_TIMEOUT);
    int64_t start_us = clock_mono_us();
    struct seen seen = ask(&fixture, "lost.test.", 3000);
    assert_int_equal(seen.status, RESOLVE_OK);
    assert_true(clock_mono_us() - start_us < 1000000);
    close_fixture(&fixture);
}

/* The answer came while the loop was busy, past the deadline. */
static void test_answer_that_came_beats_a_deadline_missed_by_us(void **state) {
    (void)state;
    struct fixture fixture;
    open_fixture(&fixture, NULL, 5000);
    struct seen seen = {.fixture = &fixture, .stop_after = 1};
    resolver_ask(fixture.resolver, "v4.test.", 30, on_result, &seen);
    usleep(100000);
    assert_true(run(fixture.loop));
    assert_int_equal(seen.status, RESOLVE_OK);
    close_fixture(&fixture);
}

static void test_new_with_a_server_that_is_no_address_is_an_error(void **state) {
    (void)state;
    static const char *const bad[] = {"dns.example.com:53", "", "10.0.0.1:x",
                                      "unix:/run/dns"};
    struct loop *loop = run_loop_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct resolver_options options = {.servers = {.items = &bad[i], .count = 1}};
        struct err err = {0};
        assert_null(resolver_new(loop, &options, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    static const char *const good[] = {"10.0.0.53", "10.0.0.53:5353", "fd00::53",
                                       "[fd00::53]:5353"};
    struct resolver_options options = {.servers = {.items = good, .count = 4}};
    struct resolver *resolver = resolver_new(loop, &options, NULL);
    assert_non_null(resolver);
    resolver_free(resolver);
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask_both_families_gives_ipv4_first_in_order),
        cmocka_unit_test(test_ask_one_family_is_enough),
        cmocka_unit_test(test_ask_more_addresses_than_fit_keeps_the_first),
        cmocka_unit_test(test_ask_failures_are_told_apart),
        cmocka_unit_test(test_ask_a_server_that_is_not_there_fails),
        cmocka_unit_test(test_ask_silent_server_times_out_in_time_and_blocks_nothing),
        cmocka_unit_test(test_ask_deadline_before_the_resolver_gives_up),
        cmocka_unit_test(test_ask_numeric_needs_no_server),
        cmocka_unit_test(test_ask_localhost_comes_from_the_hosts_file),
        cmocka_unit_test(test_good_answer_is_kept_and_forgotten),
        cmocka_unit_test(test_answer_without_a_lifetime_is_kept_for_a_second),
        cmocka_unit_test(test_failures_are_not_kept),
        cmocka_unit_test(test_equal_questions_are_asked_once),
        cmocka_unit_test(test_cancel_of_one_leaves_the_others_their_answer),
        cmocka_unit_test(test_cancel_of_all_keeps_the_question_for_the_next),
        cmocka_unit_test(test_cancel_inside_anothers_callback),
        cmocka_unit_test(test_ask_inside_a_callback),
        cmocka_unit_test(test_free_inside_a_callback_ends_the_others),
        cmocka_unit_test(test_free_with_open_questions_runs_no_callback),
        cmocka_unit_test(test_search_domain_is_tried_unless_the_name_ends_in_a_dot),
        cmocka_unit_test(test_ask_after_a_lost_question_does_not_wait_for_its_retry),
        cmocka_unit_test(test_answer_that_came_beats_a_deadline_missed_by_us),
        cmocka_unit_test(test_new_with_a_server_that_is_no_address_is_an_error),
    };
    return cmocka_run_group_tests_name("resolver", tests, run_setup, fds_teardown);
}
