/* One check between outcomes and records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "configs.h"
#include "engine/history.h"
#include "engine/slot.h"

static struct config *config;
static struct history *history;

static struct slot *new_slot(void) {
    static const struct check_spec spec = {"a",  "fake",    "t", SEVERITY_CRITICAL,
                                           NULL, ROLE_NONE, 0};
    config = configs_make(&spec, 1);
    history = history_new();
    struct slot *slot = slot_new(NULL, history, 1000, 5000);
    slot_set_config(slot, &config->checks[0], 0);
    return slot;
}

static void end_slot(struct slot *slot) {
    slot_free(slot);
    history_free(history);
    config_unref(config);
}

static struct outcome fail_with(enum reason reason) {
    struct outcome outcome;
    outcome_init(&outcome);
    outcome_set(&outcome, OUTCOME_FAIL, reason, "evidence of %s", reason_name(reason));
    return outcome;
}

static struct outcome pass(void) {
    struct outcome outcome;
    outcome_init(&outcome);
    outcome_set(&outcome, OUTCOME_PASS, REASON_NONE, "HTTP 200");
    return outcome;
}

static void test_count_a_pass_keeps_the_newest_failure(void **state) {
    (void)state;
    struct slot *slot = new_slot();
    struct outcome bad = fail_with(CONNECT_REFUSED);
    struct outcome good = pass();
    slot_count(slot, &bad, false, 1100, 5100);
    slot_count(slot, &good, false, 1200, 5200);
    const struct check_record *record = slot_publish(slot);
    assert_int_equal(record->runs, 2);
    assert_int_equal(record->passes, 1);
    assert_int_equal(record->failures, 1);
    assert_int_equal(record->last.kind, OUTCOME_PASS);
    assert_true(record->has_failure);
    assert_int_equal(record->failure.reason, CONNECT_REFUSED);
    assert_int_equal(record->failure_wall_ms, 5100);
    end_slot(slot);
}

static void test_count_while_starved_counts_a_run_only(void **state) {
    (void)state;
    struct slot *slot = new_slot();
    struct outcome bad = fail_with(TIMEOUT);
    for (int i = 0; i < 5; i++)
        assert_false(slot_count(slot, &bad, true, 1100 + i, 5100 + i));
    const struct check_record *record = slot_publish(slot);
    assert_int_equal(record->runs, 5);
    assert_int_equal(record->failures, 0);
    assert_false(record->has_failure);
    assert_int_equal(record->counted, STATE_PENDING);
    end_slot(slot);
}

static void test_count_another_certificate_is_an_event(void **state) {
    (void)state;
    struct slot *slot = new_slot();
    static const char *const serials[] = {"01", "01", "", "02", "02"};
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        struct outcome outcome = pass();
        text_copy(outcome.serial, sizeof outcome.serial, serials[i]);
        slot_count(slot, &outcome, false, 1100, 5100);
    }
    struct outcome outcome = pass();
    text_copy(outcome.serial, sizeof outcome.serial, "03");
    slot_count(slot, &outcome, false, 1200, 5200);
    struct timeline_view *view = history_timeline(history);
    assert_int_equal(view->event_count, 2);
    assert_int_equal(view->events[0]->kind, EVENT_CERTIFICATE);
    assert_string_equal(view->events[1]->old, "01");
    assert_string_equal(view->events[0]->old, "02");
    assert_string_equal(view->events[0]->new, "03");
    timeline_view_unref(view);
    end_slot(slot);
}

static void test_publish_shares_the_record_until_something_changes(void **state) {
    (void)state;
    struct slot *slot = new_slot();
    struct check_record *first = slot_publish(slot);
    assert_ptr_equal(slot_publish(slot), first);
    assert_false(slot_show(slot, STATE_PENDING, UINT32_MAX, 6000));
    assert_ptr_equal(slot_publish(slot), first);
    check_record_ref(first);
    assert_true(slot_show(slot, STATE_FAILING, UINT32_MAX, 6000));
    struct check_record *second = slot_publish(slot);
    assert_ptr_not_equal(second, first);
    assert_int_equal(first->state, STATE_PENDING);
    assert_int_equal(second->state, STATE_FAILING);
    assert_int_equal(second->since_wall_ms, 6000);
    check_record_unref(first);
    end_slot(slot);
}

static void test_interval_follows_the_state(void **state) {
    (void)state;
    struct slot *slot = new_slot();
    struct outcome bad = fail_with(TIMEOUT);
    struct outcome good = pass();
    slot_count(slot, &good, false, 1, 1);
    slot_count(slot, &good, false, 2, 2);
    assert_int_equal(slot_interval_ms(slot), 60);
    for (int i = 3; i < 6; i++)
        slot_count(slot, &bad, false, i, i);
    assert_int_equal(slot_interval_ms(slot), 70); /* failing: down_interval */
    end_slot(slot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_a_pass_keeps_the_newest_failure),
        cmocka_unit_test(test_count_while_starved_counts_a_run_only),
        cmocka_unit_test(test_count_another_certificate_is_an_event),
        cmocka_unit_test(test_publish_shares_the_record_until_something_changes),
        cmocka_unit_test(test_interval_follows_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
