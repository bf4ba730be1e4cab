#include "front/arrivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { STORM = 200 * 1000 };

static struct arrival arrival_of(int64_t number) {
    struct arrival arrival = {
        .mono_us = number, .path = PROBE_READY, .answer = ANSWER_READY};
    /* Torn copies would show: the text repeats the number. */
    memset(arrival.agent, 'a' + (int)(number % 26), sizeof arrival.agent - 1);
    return arrival;
}

static void assert_whole(const struct arrival *arrival) {
    struct arrival expected = arrival_of(arrival->mono_us);
    assert_string_equal(arrival->agent, expected.agent);
}

static void test_arrivals_take_gives_oldest_first(void **state) {
    (void)state;
    struct arrivals *arrivals = arrivals_new();
    struct arrival out[4];
    assert_int_equal(arrivals_take(arrivals, out, 4), 0);
    for (int64_t i = 0; i < 6; i++) {
        struct arrival arrival = arrival_of(i);
        arrivals_add(arrivals, &arrival);
    }
    assert_int_equal(arrivals_take(arrivals, out, 0), 0);
    assert_int_equal(arrivals_take(arrivals, out, 4), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(out[i].mono_us, i);
    assert_int_equal(arrivals_take(arrivals, out, 4), 2);
    assert_int_equal(out[0].mono_us, 4);
    assert_int_equal(out[1].mono_us, 5);
    assert_int_equal(arrivals_take(arrivals, out, 4), 0);
    arrivals_free(arrivals);
}

static void test_arrivals_add_full_ring_counts_and_drops(void **state) {
    (void)state;
    struct arrivals *arrivals = arrivals_new();
    static struct arrival out[ARRIVALS_RING + 1];
    struct arrival_counts counts;
    for (int64_t i = 0; i < ARRIVALS_RING + 7; i++) {
        struct arrival arrival = arrival_of(i);
        arrivals_add(arrivals, &arrival);
    }
    arrivals_counts(arrivals, &counts);
    assert_int_equal(counts.by_path_and_answer[PROBE_READY][ANSWER_READY],
                     ARRIVALS_RING + 7);
    assert_int_equal(counts.by_path_and_answer[PROBE_READY][ANSWER_STARTING], 0);
    assert_int_equal(counts.ring_dropped, 7);
    assert_int_equal(arrivals_take(arrivals, out, ARRIVALS_RING + 1), ARRIVALS_RING);
    assert_int_equal(out[ARRIVALS_RING - 1].mono_us, ARRIVALS_RING - 1);
    /* There is room again, over the seam of the ring. */
    struct arrival arrival = arrival_of(9999);
    arrivals_add(arrivals, &arrival);
    assert_int_equal(arrivals_take(arrivals, out, ARRIVALS_RING + 1), 1);
    assert_int_equal(out[0].mono_us, 9999);
    arrivals_free(arrivals);
}

static atomic_bool storm_over;

static void *storm(void *user) {
    for (int64_t i = 0; i < STORM; i++) {
        struct arrival arrival = arrival_of(i);
        arrivals_add(user, &arrival);
    }
    atomic_store(&storm_over, true);
    return NULL;
}

static void test_arrivals_two_threads_lose_nothing_uncounted(void **state) {
    (void)state;
    struct arrivals *arrivals = arrivals_new();
    static struct arrival out[64];
    uint64_t taken = 0;
    int64_t last = -1;
    pthread_t thread;
    atomic_store(&storm_over, false);
    assert_int_equal(pthread_create(&thread, NULL, storm, arrivals), 0);
    for (bool over = false;;) {
        size_t count = arrivals_take(arrivals, out, 64);
        for (size_t i = 0; i < count; i++) {
            assert_true(out[i].mono_us > last);
            last = out[i].mono_us;
            assert_whole(&out[i]);
        }
        taken += count;
        if (count == 0 && over)
            break;
        over = atomic_load(&storm_over); /* then one more look */
        if (count == 0)
            sched_yield();
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct arrival_counts counts;
    arrivals_counts(arrivals, &counts);
    assert_int_equal(counts.by_path_and_answer[PROBE_READY][ANSWER_READY], STORM);
    assert_int_equal(taken + counts.ring_dropped, STORM);
    assert_true(taken > 0);
    arrivals_free(arrivals);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrivals_take_gives_oldest_first),
        cmocka_unit_test(test_arrivals_add_full_ring_counts_and_drops),
        cmocka_unit_test(test_arrivals_two_threads_lose_nothing_uncounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
