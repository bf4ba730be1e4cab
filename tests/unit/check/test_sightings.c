/* Which addresses of a name are new. */
#include "../../../server/check/sightings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

/* Note addresses "10.0.0.N"; 0 ends them. Returns a bit for each that is young. */
static unsigned note(const char *target, const int *numbers, int64_t now_ms) {
    struct addr addrs[8] = {{0}};
    bool is_young[8] = {false};
    size_t count = 0;
    unsigned bits = 0;
    for (; numbers[count] != 0; count++) {
        char ip[24];
        snprintf(ip, sizeof ip, "10.0.0.%d", numbers[count]);
        assert_true(addr_parse_ip(ip, 15021, &addrs[count]));
    }
    sightings_note(target, addrs, count, now_ms, is_young);
    for (size_t i = 0; i < count; i++)
        bits |= (unsigned)is_young[i] << i;
    return bits;
}

static void test_sightings_note_first_ones_are_not_young(void **state) {
    (void)state;
    assert_int_equal(note("first:1", (int[]){1, 2, 0}, 1000), 0);
    assert_int_equal(note("first:1", (int[]){1, 2, 0}, 1001), 0);
}

static void test_sightings_note_newcomer_is_young_for_a_while(void **state) {
    (void)state;
    note("while:1", (int[]){1, 0}, 1000);
    assert_int_equal(note("while:1", (int[]){2, 1, 0}, 5000), 1);
    assert_int_equal(note("while:1", (int[]){1, 2, 0}, 5000 + SIGHTING_YOUNG_MS - 1), 2);
    assert_int_equal(note("while:1", (int[]){1, 2, 0}, 5000 + SIGHTING_YOUNG_MS), 0);
}

static void test_sightings_note_one_that_came_back_is_another(void **state) {
    (void)state;
    note("back:1", (int[]){1, 2, 0}, 1000);
    assert_int_equal(note("back:1", (int[]){1, 0}, 2000), 0);
    assert_int_equal(note("back:1", (int[]){1, 2, 0}, 90000), 2);
}

static void test_sightings_note_none_then_some_all_are_young(void **state) {
    (void)state;
    note("none:1", (int[]){0}, 1000);
    assert_int_equal(note("none:1", (int[]){1, 2, 0}, 2000), 3);
}

static void test_sightings_note_targets_are_apart(void **state) {
    (void)state;
    note("apart:1", (int[]){1, 0}, 1000);
    assert_int_equal(note("apart:2", (int[]){2, 0}, 1000), 0);
    assert_int_equal(note("apart:1", (int[]){2, 0}, 2000), 1);
}

/* The one that was noted longest ago is forgotten: its addresses are first ones again. */
static void test_sightings_note_many_targets_are_bounded(void **state) {
    (void)state;
    enum { MANY = 100 };
    note("kept:1", (int[]){1, 0}, 1000);
    note("lost:1", (int[]){1, 0}, 1000);
    for (int i = 0; i < MANY; i++) {
        char target[24];
        snprintf(target, sizeof target, "many%d:1", i);
        assert_int_equal(note(target, (int[]){1, 0}, 2000 + i), 0);
        assert_int_equal(note("kept:1", (int[]){1, 0}, 2000 + i), 0);
    }
    assert_int_equal(note("lost:1", (int[]){2, 0}, 3000), 0);
    assert_int_equal(note("kept:1", (int[]){2, 0}, 3000), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sightings_note_first_ones_are_not_young),
        cmocka_unit_test(test_sightings_note_newcomer_is_young_for_a_while),
        cmocka_unit_test(test_sightings_note_one_that_came_back_is_another),
        cmocka_unit_test(test_sightings_note_none_then_some_all_are_young),
        cmocka_unit_test(test_sightings_note_targets_are_apart),
        cmocka_unit_test(test_sightings_note_many_targets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
