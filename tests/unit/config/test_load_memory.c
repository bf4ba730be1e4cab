/* jansson running out of memory at every one of its allocations: no crash, no leak,
 * either a configuration or an error. Our own memory aborts instead. */
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>

#include "base/buf.h"
#include "types.h"

static size_t allocations; /* so far */
static size_t live;        /* not freed yet */
static size_t fail_from;   /* the first that fails; SIZE_MAX: none */
static size_t fail_until;  /* the first behind it that does not */

static void *counted_malloc(size_t size) {
    size_t i = allocations++;

    if (i >= fail_from && i < fail_until)
        return NULL;
    live++;
    return malloc(size);
}

static void counted_free(void *p) {
    live -= p != NULL;
    free(p);
}

static int set_up(void **state) {
    (void)state;
    json_object_seed(1); /* the same allocations each time */
    json_set_alloc_funcs(counted_malloc, counted_free);
    return 0;
}

/* Parse while the allocations of a range fail. True if there is a configuration. */
static bool parse(const char *text, size_t from, size_t until, struct err_list *errors) {
    allocations = 0;
    fail_from = from;
    fail_until = until;
    *errors = (struct err_list){0};
    struct config *config = config_parse(text, strlen(text), "x", &types, errors);
    bool is_valid = config;
    fail_from = SIZE_MAX;
    if (is_valid == (errors->len > 0))
        fail_msg("allocation %zu: %zu errors", from, errors->len);
    config_unref(config);
    if (live != 0)
        fail_msg("allocation %zu: %zu are not freed", from, live);
    return is_valid;
}

/* No string is one that jansson 2.14 loses the closing quote of when its buffer cannot
 * grow (14, 30, 62, ... bytes): it reads on behind the string then. */
static const char valid_text[] =
    "{\"gateway\": {\"host\": \"apps.example.com\", \"service\": \"gw\", \"tls\": {}},"
    " \"tenants\": [{\"name\": \"one\", \"route\": \"/one\", \"backend\": "
    "\"http://one/\","
    " \"expect\": [\"200\", \"301\"]}],"
    " \"checks\": [{\"name\": \"own\", \"type\": \"tcp\", \"target\": \"h:1\","
    " \"depends_on\": [\"tenant/one/direct\"], \"send\": \"x\"},"
    " {\"name\": \"web\", \"type\": \"http\", \"url\": \"http://h/\","
    " \"headers\": {\"X-A\": \"b\", \"X-B\": \"c\"}}],"
    " \"engine\": {\"allow_targets\": [\"10.0.0.0/8\", \"fd00::/8\"]},"
    " \"resolver\": {\"servers\": [\"10.0.0.10\"]}}";

static const char repeated_text[] = "{\"log\": {\"level\": \"info\"}, \"log\": {}}";

static void test_config_parse_one_allocation_fails_every_one(void **state) {
    struct err_list errors;

    (void)state;
    assert_true(parse(valid_text, SIZE_MAX, SIZE_MAX, &errors));
    size_t count = allocations;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++)
        parse(valid_text, i, i + 1, &errors);
}

static void test_config_parse_memory_ends_is_out_of_memory(void **state) {
    struct err_list errors;

    (void)state;
    assert_true(parse(valid_text, SIZE_MAX, SIZE_MAX, &errors));
    size_t count = allocations;
    for (size_t i = 0; i < count; i++) {
        assert_false(parse(valid_text, i, SIZE_MAX, &errors));
        if (i == 0)
            assert_non_null(strstr(errors.items[0].text, "out of memory"));
    }
    /* Behind the text, all that is left is ours to name. */
    assert_non_null(strstr(errors.items[0].text, "out of memory"));
}

static void test_config_parse_memory_ends_among_repeated_keys(void **state) {
    struct err_list errors;

    (void)state;
    assert_false(parse(repeated_text, SIZE_MAX, SIZE_MAX, &errors));
    size_t count = allocations;
    for (size_t i = 0; i < count; i++) {
        assert_false(parse(repeated_text, i, i + 1, &errors));
        assert_false(parse(repeated_text, i, SIZE_MAX, &errors));
    }
}

static void test_config_write_json_schema_memory_ends_no_leak(void **state) {
    (void)state;
    allocations = 0;
    fail_from = SIZE_MAX;
    BUF_AUTO struct buf whole = {0};
    config_write_json_schema(&types, &whole);
    assert_int_equal(live, 0);
    size_t count = allocations;
    for (size_t i = 0; i < count; i += 7) {
        BUF_AUTO struct buf text = {0};
        allocations = 0;
        fail_from = i;
        fail_until = SIZE_MAX;
        config_write_json_schema(&types, &text);
        fail_from = SIZE_MAX;
        if (live != 0)
            fail_msg("allocation %zu: %zu are not freed", i, live);
        assert_true(text.len < whole.len);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_parse_one_allocation_fails_every_one),
        cmocka_unit_test(test_config_parse_memory_ends_is_out_of_memory),
        cmocka_unit_test(test_config_parse_memory_ends_among_repeated_keys),
        cmocka_unit_test(test_config_write_json_schema_memory_ends_no_leak),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
