/* The table of kept answers: lifetime, replacement, its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "../../../server/net/resolver_cache.h"
#include "fds.h"

static void keep(struct answer_cache *cache, const char *name, int64_t until_ms) {
    struct answer *answer = answer_new(RESOLVE_OK, "", 0);
    answer_cache_keep(cache, name, answer, until_ms);
    answer_unref(answer);
}

static void test_find_gives_an_answer_until_its_time(void **state) {
    (void)state;
    struct answer_cache *cache = answer_cache_new();
    assert_null(answer_cache_find(cache, "a.test", 0));
    keep(cache, "a.test", 100);
    assert_non_null(answer_cache_find(cache, "a.test", 99));
    assert_null(answer_cache_find(cache, "b.test", 99));
    assert_null(answer_cache_find(cache, "a.test", 100));
    assert_null(answer_cache_find(cache, "a.test", 0)); /* gone, not only hidden */
    answer_cache_free(cache);
    answer_cache_free(NULL);
}

static void test_keep_replaces_and_drop_removes(void **state) {
    (void)state;
    struct answer_cache *cache = answer_cache_new();
    keep(cache, "a.test", 100);
    struct answer *first = answer_ref(answer_cache_find(cache, "a.test", 0));
    keep(cache, "a.test", 200);
    assert_ptr_not_equal(answer_cache_find(cache, "a.test", 0), first);
    assert_int_equal(first->refs, 1); /* ours: who still uses it is not disturbed */
    answer_unref(first);
    assert_non_null(answer_cache_find(cache, "a.test", 150));
    answer_cache_drop(cache, "a.test");
    answer_cache_drop(cache, "a.test");
    assert_null(answer_cache_find(cache, "a.test", 0));
    answer_cache_free(cache);
}

static void test_keep_beyond_the_bound_drops_the_oldest(void **state) {
    (void)state;
    struct answer_cache *cache = answer_cache_new();
    char name[32];
    for (int i = 0; i < CACHE_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        keep(cache, name, 100);
    }
    keep(cache, "n0.test", 100); /* kept again: no longer the oldest */
    keep(cache, "one-more.test", 100);
    assert_non_null(answer_cache_find(cache, "n0.test", 0));
    assert_null(answer_cache_find(cache, "n1.test", 0));
    for (int i = 2; i < CACHE_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        assert_non_null(answer_cache_find(cache, name, 0));
    }
    assert_non_null(answer_cache_find(cache, "one-more.test", 0));
    answer_cache_free(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_gives_an_answer_until_its_time),
        cmocka_unit_test(test_keep_replaces_and_drop_removes),
        cmocka_unit_test(test_keep_beyond_the_bound_drops_the_oldest),
    };
    return cmocka_run_group_tests_name("resolver_cache", tests, fds_setup, fds_teardown);
}
