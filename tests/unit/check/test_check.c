/* The table of check types. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "check/http.h"
#include "check/tcp.h"
#include "config/schema.h"

static void test_check_type_find_known_names_gives_the_type(void **state) {
    (void)state;
    assert_ptr_equal(check_type_find("http"), &check_http);
    assert_ptr_equal(check_type_find("tcp"), &check_tcp);
}

static void test_check_type_find_other_names_gives_null(void **state) {
    (void)state;
    static const char *const names[] = {"", "HTTP", "htt", "https", "http ", "unknown"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(check_type_find(names[i]));
}

static void test_check_types_every_one_is_complete_and_found(void **state) {
    (void)state;
    assert_true(check_type_count >= 2);
    for (size_t i = 0; i < check_type_count; i++) {
        const struct check_type *type = check_types[i];
        assert_ptr_equal(check_type_find(type->name), type);
        assert_string_equal(type->options->name, type->name);
        assert_true(type->options->size > 0);
        assert_non_null(type->start);
        assert_non_null(type->cancel);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_type_find_known_names_gives_the_type),
        cmocka_unit_test(test_check_type_find_other_names_gives_null),
        cmocka_unit_test(test_check_types_every_one_is_complete_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
