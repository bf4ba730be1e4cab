/* Which checks are asked when one begins to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "configs.h"
#include "engine/kin.h"

#include <stdio.h>

enum { STATUS, LOOPBACK, OWN, A_DIRECT, A_ROUTED, A_OWN, B_DIRECT, B_ROUTED, COUNT };

static const struct check_spec specs[COUNT] = {
    [STATUS] = {"gateway/status", "fake", NULL, SEVERITY_CRITICAL, NULL,
                ROLE_GATEWAY_STATUS, 0},
    [LOOPBACK] = {"gateway/loopback", "fake", NULL, SEVERITY_CRITICAL, NULL,
                  ROLE_GATEWAY_LOOPBACK, 0},
    [OWN] = {"database", "fake", NULL, SEVERITY_CRITICAL, NULL, ROLE_NONE, 0},
    [A_DIRECT] = {"tenant/a/direct", "fake", "a", SEVERITY_WARNING, NULL,
                  ROLE_TENANT_DIRECT, 0},
    [A_ROUTED] = {"tenant/a/routed", "fake", "a", SEVERITY_CRITICAL, NULL,
                  ROLE_TENANT_ROUTED, 0},
    [A_OWN] = {"queue", "fake", "a", SEVERITY_WARNING, NULL, ROLE_NONE, 0},
    [B_DIRECT] = {"tenant/b/direct", "fake", "b", SEVERITY_WARNING, NULL,
                  ROLE_TENANT_DIRECT, 0},
    [B_ROUTED] = {"tenant/b/routed", "fake", "b", SEVERITY_CRITICAL, NULL,
                  ROLE_TENANT_ROUTED, 0},
};

static void assert_kin(const struct kin *kin, uint32_t check, const uint32_t *expected,
                       size_t count) {
    uint32_t found[KIN_MOST];
    assert_int_equal(kin_of(kin, check, found), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(found[i], expected[i]);
}

#define ASSERT_KIN(kin, check, ...)                                                      \
    assert_kin(kin, check, (const uint32_t[]){__VA_ARGS__},                              \
               sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_kin_are_the_tenants_own_the_gateways_and_the_same_role(void **state) {
    struct config *config = configs_make(specs, COUNT);
    struct kin *kin = kin_new(config);

    (void)state;
    ASSERT_KIN(kin, A_ROUTED, A_DIRECT, A_OWN, STATUS, LOOPBACK, B_ROUTED);
    ASSERT_KIN(kin, B_DIRECT, B_ROUTED, STATUS, LOOPBACK, A_DIRECT);
    ASSERT_KIN(kin, A_OWN, A_DIRECT, A_ROUTED, STATUS, LOOPBACK);
    ASSERT_KIN(kin, STATUS, LOOPBACK, A_ROUTED, B_ROUTED);
    assert_kin(kin, OWN, NULL, 0);
    kin_free(kin);
    config_unref(config);
}

static void test_kin_of_many_tenants_are_bounded(void **state) {
    enum { TENANTS = 1000 };
    static struct check_spec many[TENANTS];
    static char names[TENANTS][24];
    uint32_t found[KIN_MOST];

    (void)state;
    for (int i = 0; i < TENANTS; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        many[i] = (struct check_spec){
            names[i], "fake", names[i], SEVERITY_CRITICAL, NULL, ROLE_TENANT_ROUTED, 0};
    }
    struct config *config = configs_make(many, TENANTS);
    struct kin *kin = kin_new(config);
    assert_int_equal(kin_of(kin, 0, found), KIN_SAME_ROLE_MOST);
    assert_int_equal(found[0], 1);
    assert_in_range(kin_of(kin, TENANTS - 1, found), KIN_SAME_ROLE_MOST,
                    KIN_SAME_ROLE_MOST + 1);
    kin_free(kin);
    config_unref(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kin_are_the_tenants_own_the_gateways_and_the_same_role),
        cmocka_unit_test(test_kin_of_many_tenants_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
