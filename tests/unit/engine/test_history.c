/* What the engine remembers of names and probers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "engine/history.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

static struct addr ip(const char *text) {
    struct addr addr;
    assert_true(addr_parse_ip(text, 0, &addr));
    return addr;
}

static size_t event_count(struct history *history) {
    struct timeline_view *view = history_timeline(history);
    size_t count = view->event_count;
    timeline_view_unref(view);
    return count;
}

static void test_set_gateway_tells_changes_not_orders(void **state) {
    (void)state;
    struct history *history = history_new();
    struct addr both[] = {ip("10.0.0.2"), ip("10.0.0.1")};
    struct addr turned[] = {both[1], both[0]};
    history_set_gateway(history, "pods", both, 2);
    assert_int_equal(event_count(history), 1);
    history_set_gateway(history, "pods", turned, 2);
    assert_int_equal(event_count(history), 1);
    history_set_gateway(history, "pods", both, 1);
    struct timeline_view *view = history_timeline(history);
    assert_int_equal(view->event_count, 2);
    assert_int_equal(view->events[0]->kind, EVENT_ADDRESSES);
    assert_string_equal(view->events[0]->old, "10.0.0.1 10.0.0.2");
    assert_string_equal(view->events[0]->new, "10.0.0.2");
    timeline_view_unref(view);
    history_free(history);
}

static void test_count_shows_at_the_next_look(void **state) {
    (void)state;
    struct history *history = history_new();
    struct arrival kubelet = {
        .mono_us = 1000000, .peer_family = AF_INET, .agent = "kube-probe/1.36"};
    history_count(history, &kubelet, 1);
    struct census_view *before = history_census(history);
    assert_int_equal(before->source_count, 0);
    history_look(history);
    struct census_view *after = history_census(history);
    assert_int_equal(before->source_count, 0); /* views never change */
    assert_int_equal(after->source_count, 1);
    assert_int_equal(after->sources[0].prober, PROBER_KUBELET);
    census_view_unref(before);
    census_view_unref(after);
    history_free(history);
}

static int quiet(void **state) {
    (void)state;
    log_redirect(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_gateway_tells_changes_not_orders),
        cmocka_unit_test(test_count_shows_at_the_next_look),
    };
    return cmocka_run_group_tests(tests, quiet, NULL);
}
