/* Names, words and the count of references of a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/config.h"

#include <pthread.h>
#include <string.h>

#define LETTERS_63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
_Static_assert(sizeof(LETTERS_63) - 1 == 63, "the longest segment");

static void test_check_name_is_valid_many_names_as_documented(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool is_check;
        bool is_tenant;
    } rows[] = {
        {"a", true, true},
        {"app1", true, true},
        {"0", true, true},
        {"-", true, true},
        {"a-b", true, true},
        {LETTERS_63, true, true},
        {"runs", true, true},
        {"ru", true, true},
        {"run-1", true, true},
        {"prerun", true, true},
        {"tenant/app1/direct", true, false},
        {"a/b/c/d/e/f/g/h", true, false},
        {LETTERS_63 "/" LETTERS_63, true, false},
        {"a/runs", true, false},
        {"", false, false},
        {"/", false, false},
        {"/a", false, false},
        {"a/", false, false},
        {"a//b", false, false},
        {"run", false, false},
        {"run/a", false, false},
        {"a/run", false, false},
        {"a/run/b", false, false},
        {LETTERS_63 "x", false, false},
        {"a/" LETTERS_63 "x", false, false},
        {"App1", false, false},
        {"a_b", false, false},
        {"a.b", false, false},
        {"a b", false, false},
        {" a", false, false},
        {"a\n", false, false},
        {"a%2fb", false, false},
        {"b\xc3\xbc"
         "cher",
         false, false},
        {"..", false, false},
        {"a/../b", false, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (check_name_is_valid(rows[i].name) != rows[i].is_check)
            fail_msg("check name \"%s\": expected %d", rows[i].name, rows[i].is_check);
        if (tenant_name_is_valid(rows[i].name) != rows[i].is_tenant)
            fail_msg("tenant name \"%s\": expected %d", rows[i].name, rows[i].is_tenant);
    }
}

static void test_check_name_is_valid_every_byte_only_documented_ones(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char name[] = {'x', (char)byte, 'x', '\0'};
        bool is_letter =
            byte < 128 && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", byte) != NULL;

        if (tenant_name_is_valid(name) != is_letter)
            fail_msg("byte %d in a tenant name", byte);
        if (check_name_is_valid(name) != (is_letter || byte == '/'))
            fail_msg("byte %d in a check name", byte);
    }
}

static void test_config_find_names_and_strangers_index_or_none(void **state) {
    (void)state;
    static const struct tenant_config tenants[] = {{.name = "app1"}, {.name = "app2"}};
    static const struct check_config checks[] = {
        {.name = "gateway/status"}, {.name = "app1"}, {.name = "tenant/app1/direct"}};
    const struct config config = {
        .tenants = tenants, .tenant_count = 2, .checks = checks, .check_count = 3};
    const struct config empty = {.file = "none"};

    assert_int_equal(config_find_tenant(&config, "app1"), 0);
    assert_int_equal(config_find_tenant(&config, "app2"), 1);
    assert_int_equal(config_find_tenant(&config, "app"), CONFIG_NO_TENANT);
    assert_int_equal(config_find_tenant(&config, "app22"), CONFIG_NO_TENANT);
    assert_int_equal(config_find_tenant(&config, ""), CONFIG_NO_TENANT);
    assert_int_equal(config_find_check(&config, "gateway/status"), 0);
    assert_int_equal(config_find_check(&config, "tenant/app1/direct"), 2);
    assert_int_equal(config_find_check(&config, "tenant/app1"), UINT32_MAX);
    assert_int_equal(config_find_tenant(&empty, "app1"), CONFIG_NO_TENANT);
    assert_int_equal(config_find_check(&empty, "app1"), UINT32_MAX);
}

static void test_check_scope_format_each_scope_its_text(void **state) {
    (void)state;
    static const struct tenant_config tenants[] = {{.name = "app1"},
                                                   {.name = LETTERS_63}};
    const struct config config = {.tenants = tenants, .tenant_count = 2};
    const struct {
        struct check_config check;
        const char *text;
    } rows[] = {
        {{.scope = SCOPE_SELF, .tenant = CONFIG_NO_TENANT}, "self"},
        {{.scope = SCOPE_SHARED, .tenant = CONFIG_NO_TENANT}, "shared"},
        {{.scope = SCOPE_TENANT, .tenant = 0}, "tenant:app1"},
        {{.scope = SCOPE_TENANT, .tenant = 1}, "tenant:" LETTERS_63},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[SCOPE_TEXT_MAX];

        assert_ptr_equal(check_scope_format(&config, &rows[i].check, out), out);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_names_of_enums_every_value_the_contract_word(void **state) {
    (void)state;
    static const char *const roles[] = {
        "none",          "gateway_status",   "gateway_stats",
        "gateway_tls",   "gateway_loopback", "gateway_admin",
        "tenant_direct", "tenant_routed",
    };

    assert_string_equal(policy_name(POLICY_SERVE), "serve");
    assert_string_equal(policy_name(POLICY_QUORUM), "quorum");
    assert_string_equal(policy_name(POLICY_STRICT), "strict");
    assert_string_equal(verdict_name(VERDICT_HEALTHY), "healthy");
    assert_string_equal(verdict_name(VERDICT_DEGRADED), "degraded");
    assert_string_equal(verdict_name(VERDICT_UNHEALTHY), "unhealthy");
    assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name(SEVERITY_INFO), "info");
    for (int role = ROLE_NONE; role <= ROLE_TENANT_ROUTED; role++)
        assert_string_equal(check_role_name(role), roles[role]);
}

static void test_config_new_is_empty_and_owns_an_arena(void **state) {
    (void)state;
    struct config *config = config_new();

    assert_non_null(config->arena);
    assert_int_equal(config->check_count, 0);
    assert_int_equal(config->tenant_count, 0);
    assert_null(config->checks);
    assert_int_equal(config->verdict.policy, POLICY_SERVE);
    config_unref(config);
}

/* The last reference frees: a leak or a use after free is AddressSanitizer's to find. */
static void test_config_unref_last_reference_frees_everything(void **state) {
    (void)state;
    struct config *config = config_new();

    config->file = arena_copy_text(config->arena, "a.json");
    assert_ptr_equal(config_ref(config), config);
    config_unref(config);
    assert_string_equal(config->file, "a.json");
    config_unref(config);

    assert_null(config_ref(NULL));
    config_unref(NULL);
}

static void *use_config(void *user) {
    struct config *config = user;

    for (int i = 0; i < 20000; i++) {
        config_ref(config);
        config_unref(config);
    }
    config_unref(config);
    return NULL;
}

static void test_config_ref_several_threads_count_stays_right(void **state) {
    (void)state;
    enum { THREADS = 4 };
    struct config *config = config_new();
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, use_config, config_ref(config)), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_null(config->file);
    config_unref(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_name_is_valid_many_names_as_documented),
        cmocka_unit_test(test_check_name_is_valid_every_byte_only_documented_ones),
        cmocka_unit_test(test_config_find_names_and_strangers_index_or_none),
        cmocka_unit_test(test_check_scope_format_each_scope_its_text),
        cmocka_unit_test(test_names_of_enums_every_value_the_contract_word),
        cmocka_unit_test(test_config_new_is_empty_and_owns_an_arena),
        cmocka_unit_test(test_config_unref_last_reference_frees_everything),
        cmocka_unit_test(test_config_ref_several_threads_count_stays_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
