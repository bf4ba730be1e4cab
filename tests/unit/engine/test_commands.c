/* Requests from other threads: order, bound, rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/commands.h"

#include <stdlib.h>

static void test_take_gives_names_in_order(void **state) {
    (void)state;
    struct commands *commands = commands_new();
    assert_null(commands_take(commands));
    assert_true(commands_add(commands, "a", 0));
    assert_true(commands_add(commands, "b", 0));
    char *first = commands_take(commands);
    char *second = commands_take(commands);
    assert_string_equal(first, "a");
    assert_string_equal(second, "b");
    free(first);
    free(second);
    assert_null(commands_take(commands));
    commands_free(commands);
}

static void test_add_beyond_the_burst_is_refused_until_time_passes(void **state) {
    (void)state;
    struct commands *commands = commands_new();
    for (int i = 0; i < COMMANDS_BURST; i++) {
        assert_true(commands_add(commands, "x", 5000));
        free(commands_take(commands));
    }
    assert_false(commands_add(commands, "x", 5000));
    assert_false(commands_add(commands, "x", 5000 + 1000 / COMMANDS_PER_S - 1));
    assert_true(commands_add(commands, "x", 5000 + 1000 / COMMANDS_PER_S));
    assert_int_equal(commands_refused(commands), 2);
    commands_free(commands); /* frees what waits */
}

static void test_add_to_a_full_queue_is_refused(void **state) {
    (void)state;
    struct commands *commands = commands_new();
    int accepted = 0;
    for (int i = 0; i < COMMANDS_MAX * 2; i++)
        accepted += commands_add(commands, "x", (int64_t)i * 10000);
    assert_int_equal(accepted, COMMANDS_MAX);
    commands_free(commands);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_gives_names_in_order),
        cmocka_unit_test(test_add_beyond_the_burst_is_refused_until_time_passes),
        cmocka_unit_test(test_add_to_a_full_queue_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
