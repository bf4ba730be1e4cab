/* Application Gateway's state machine: sequences of results, and several instances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "azure/state.h"

#include <limits.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_appgw_state_count_sequences_lead_to_states(void **state) {
    (void)state;
    static const struct {
        int threshold;
        const char *results; /* + success, - failure */
        const char *healthy; /* H or u after each */
    } rows[] = {
        {3, "+", "H"},
        {3, "---", "uuu"},
        {3, "---+", "uuuH"},
        {3, "+--+--+---", "HHHHHHHHHu"},
        {3, "+---+", "HHHuH"},
        {3, "+----+-", "HHHuuHH"},
        {1, "+-+-", "HuHu"},
        {2, "-+-+--", "uHHHHu"},
        {20, "+-------------------", "HHHHHHHHHHHHHHHHHHHH"},
        {20, "+--------------------", "HHHHHHHHHHHHHHHHHHHHu"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct appgw_state one = {0};
        for (size_t k = 0; rows[i].results[k] != '\0'; k++) {
            bool was = one.is_healthy;
            bool changed =
                appgw_state_count(&one, rows[i].results[k] == '+', rows[i].threshold);
            assert_int_equal(one.is_healthy ? 'H' : 'u', rows[i].healthy[k]);
            assert_int_equal(changed, was != one.is_healthy);
            assert_int_equal(one.probes, k + 1);
        }
    }
}

static void test_appgw_state_count_failures_never_overflow(void **state) {
    (void)state;
    struct appgw_state one = {.is_healthy = false, .failures = INT_MAX};
    assert_false(appgw_state_count(&one, false, 3));
    assert_int_equal(one.failures, INT_MAX);
    assert_true(appgw_state_count(&one, true, 3));
}

static void test_appgw_state_health_of_several_instances(void **state) {
    (void)state;
    static const struct {
        const char *instances; /* . not probed, H healthy, u unhealthy */
        enum appgw_health health;
        const char *name;
    } rows[] = {
        {"", APPGW_UNKNOWN, "Unknown"},      {"..", APPGW_UNKNOWN, "Unknown"},
        {"u", APPGW_UNHEALTHY, "Unhealthy"}, {"u.", APPGW_UNHEALTHY, "Unhealthy"},
        {"H", APPGW_HEALTHY, "Healthy"},     {"HH", APPGW_HEALTHY, "Healthy"},
        {"Hu", APPGW_PARTIAL, "Partial"},    {"H.", APPGW_PARTIAL, "Partial"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct appgw_state all[4] = {{0}};
        int count = 0;
        for (; rows[i].instances[count] != '\0'; count++) {
            all[count].probes = rows[i].instances[count] != '.';
            all[count].is_healthy = rows[i].instances[count] == 'H';
        }
        assert_int_equal(appgw_state_health(all, count), rows[i].health);
        assert_string_equal(appgw_health_name(rows[i].health), rows[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appgw_state_count_sequences_lead_to_states),
        cmocka_unit_test(test_appgw_state_count_failures_never_overflow),
        cmocka_unit_test(test_appgw_state_health_of_several_instances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
