/* The loop's promises: order, freeing inside callbacks, wake-ups from other threads,
 * figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/loop.h"
#include "run.h"

/* What callbacks note, in the order they ran. */
struct notes {
    struct loop *loop;
    char text[64];
    size_t stop_after; /* stop the loop at so many notes */
    struct loop_timer *timer;
    struct loop_timer *other;
    struct loop_poll *poll;
    struct loop_wake *wake;
    struct loop_signal *sig;
    struct loop_watch *watch;
    int fd;
    int64_t time_ms;
    uint64_t turn;
};

static void note(struct notes *notes, char c) {
    size_t len = strlen(notes->text);
    assert_true(len + 1 < sizeof notes->text);
    notes->text[len] = c;
    if (len + 1 == notes->stop_after)
        loop_stop(notes->loop);
}

static void note_a(void *user) {
    note(user, 'a');
}

static void note_b(void *user) {
    note(user, 'b');
}

static void note_c(void *user) {
    note(user, 'c');
}

static void busy_for_us(int64_t us) {
    int64_t until = clock_mono_us() + us;
    while (clock_mono_us() < until) {
    }
}

static void test_loop_run_without_handles_returns(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    loop_run(loop);
    loop_free(loop);
}

static void test_loop_free_null_is_fine(void **state) {
    (void)state;
    loop_free(NULL);
    loop_timer_free(NULL);
    loop_poll_free(NULL);
    loop_wake_free(NULL);
    loop_signal_free(NULL);
    loop_watch_free(NULL);
}

static void test_timers_run_in_order_of_their_time(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 3};
    struct loop_timer *c = loop_timer_new(notes.loop, note_c, &notes);
    struct loop_timer *a = loop_timer_new(notes.loop, note_a, &notes);
    struct loop_timer *b = loop_timer_new(notes.loop, note_b, &notes);
    loop_timer_set(c, 30);
    loop_timer_set(b, 15);
    loop_timer_set(a, 0);
    assert_string_equal(notes.text, "");
    assert_true(run(notes.loop));
    assert_string_equal(notes.text, "abc");
    loop_timer_free(a);
    loop_timer_free(b);
    loop_timer_free(c);
    loop_free(notes.loop);
}

static void test_timer_set_again_replaces_the_earlier_setting(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 2};
    struct loop_timer *a = loop_timer_new(notes.loop, note_a, &notes);
    struct loop_timer *b = loop_timer_new(notes.loop, note_b, &notes);
    struct loop_timer *c = loop_timer_new(notes.loop, note_c, &notes);
    loop_timer_set(a, 0);
    loop_timer_set(a, 20); /* from the next turn to a later one */
    loop_timer_set(b, 1000000);
    loop_timer_set(b, 0); /* and the other way */
    loop_timer_set(c, 0);
    loop_timer_stop(c);
    loop_timer_stop(c);
    assert_true(run(notes.loop));
    assert_string_equal(notes.text, "ba");
    loop_timer_free(a);
    loop_timer_free(b);
    loop_timer_free(c);
    loop_free(notes.loop);
}

static void on_timer_again(void *user) {
    struct notes *notes = user;
    uint64_t turn = loop_figures(notes->loop).turns;
    assert_true(turn > notes->turn);
    notes->turn = turn;
    loop_timer_set(notes->timer, 0);
    note(notes, 'a');
}

/* A timer that sets itself to 0 must not keep the loop from looking at descriptors. */
static void test_timer_set_to_zero_in_its_callback_runs_in_the_next_turn(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 20};
    notes.timer = loop_timer_new(notes.loop, on_timer_again, &notes);
    struct loop_wake *wake = loop_wake_new(notes.loop, note_b, &notes);
    loop_timer_set(notes.timer, 1);
    loop_wake_send(wake);
    assert_true(run(notes.loop));
    assert_non_null(strchr(notes.text, 'b'));
    loop_wake_free(wake);
    loop_timer_free(notes.timer);
    loop_free(notes.loop);
}

static void on_timer_frees_both(void *user) {
    struct notes *notes = user;
    note(notes, 'a');
    loop_timer_free(notes->timer);
    loop_timer_free(notes->other);
    notes->timer = NULL;
    notes->other = NULL;
}

static void test_timer_freed_in_a_callback_does_not_run(void **state) {
    (void)state;
    static const int64_t delays_ms[] = {0, 5};
    for (size_t i = 0; i < 2; i++) {
        struct notes notes = {.loop = run_loop_new()};
        notes.timer = loop_timer_new(notes.loop, on_timer_frees_both, &notes);
        notes.other = loop_timer_new(notes.loop, on_timer_frees_both, &notes);
        loop_timer_set(notes.timer, delays_ms[i]);
        loop_timer_set(notes.other, delays_ms[i]);
        loop_run(notes.loop);
        assert_string_equal(notes.text, "a");
        loop_free(notes.loop);
    }
}

static void on_time(void *user) {
    struct notes *notes = user;
    notes->time_ms = loop_now_ms(notes->loop);
    note(notes, 'a');
}

static void test_now_follows_the_monotonic_clock(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
    notes.timer = loop_timer_new(notes.loop, on_time, &notes);
    loop_timer_set(notes.timer, 25);
    int64_t before_ms = clock_mono_ms();
    assert_true(run(notes.loop));
    int64_t after_ms = clock_mono_ms();
    assert_true(notes.time_ms >= before_ms + 24);
    assert_true(notes.time_ms <= after_ms);
    loop_timer_free(notes.timer);
    loop_free(notes.loop);
}

static void socket_pair(int fds[2]) {
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

struct waker {
    struct loop *loop;
    struct loop_wake *wake;
    int value; /* plain on purpose: ordered by send and callback alone */
    int seen;
    atomic_bool went_on;
};

static void on_wake(void *user) {
    struct waker *waker = user;
    waker->seen = waker->value;
    if (waker->seen == 1)
        loop_stop(waker->loop);
}

static void *send_once(void *user) {
    struct waker *waker = user;
    waker->value = 1;
    loop_wake_send(waker->wake);
    return NULL;
}

static void test_wake_from_another_thread_runs_the_callback(void **state) {
    (void)state;
    struct waker waker = {.loop = run_loop_new()};
    waker.wake = loop_wake_new(waker.loop, on_wake, &waker);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_once, &waker), 0);
    assert_true(run(waker.loop));
    assert_int_equal(waker.seen, 1);
    pthread_join(thread, NULL);
    loop_wake_free(waker.wake);
    loop_free(waker.loop);
}

enum { SENDERS = 4, SENDS = 2000 };

struct crowd {
    struct loop *loop;
    struct loop_wake *wake;
    atomic_int sent;
    int calls;
    int64_t last_turn_us;
};

static void on_crowd(void *user) {
    struct crowd *crowd = user;
    crowd->calls++;
    if (atomic_load(&crowd->sent) == SENDERS * SENDS)
        loop_stop(crowd->loop);
}

static void *send_many(void *user) {
    struct crowd *crowd = user;
    int64_t last_us = 0;
    for (int i = 0; i < SENDS; i++) {
        atomic_fetch_add(&crowd->sent, 1);
        loop_wake_send(crowd->wake);
        int64_t turn_us = loop_last_turn_us(crowd->loop);
        if (turn_us < last_us)
            abort();
        last_us = turn_us;
    }
    return NULL;
}

static void test_wake_by_many_threads_loses_none(void **state) {
    (void)state;
    struct crowd crowd = {.loop = run_loop_new()};
    crowd.wake = loop_wake_new(crowd.loop, on_crowd, &crowd);
    pthread_t threads[SENDERS];
    for (size_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &crowd), 0);
    assert_true(run(crowd.loop));
    for (size_t i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(crowd.calls, 1, SENDERS * SENDS);
    loop_wake_free(crowd.wake);
    loop_free(crowd.loop);
}

static void on_wake_frees(void *user) {
    struct notes *notes = user;
    note(notes, 'w');
    loop_wake_free(notes->wake);
}

static void test_wake_freed_in_its_callback_ends_the_loop(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new()};
    notes.wake = loop_wake_new(notes.loop, on_wake_frees, &notes);
    loop_wake_send(notes.wake);
    loop_wake_send(notes.wake);
    loop_run(notes.loop);
    assert_string_equal(notes.text, "w");
    loop_free(notes.loop);
}

static void on_signal_frees(void *user) {
    struct notes *notes = user;
    note(notes, 's');
    loop_signal_free(notes->sig);
}

static void test_signal_runs_the_callback(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new()};
    notes.sig = loop_signal_new(notes.loop, SIGUSR1, on_signal_frees, &notes);
    raise(SIGUSR1);
    assert_string_equal(notes.text, "");
    loop_run(notes.loop);
    assert_string_equal(notes.text, "s");
    loop_free(notes.loop);
}

struct watch_notes {
    struct loop *loop;
    char names[8][64];
    size_t count;
    const char *until; /* NULL: a change without a name */
};

static void on_watch(void *user, const char *name) {
    struct watch_notes *notes = user;
    if (notes->count < 8)
        snprintf(notes->names[notes->count++], sizeof notes->names[0], "%s",
                 name ? name : "?");
    if (notes->until ? name && strcmp(name, notes->until) == 0 : !name)
        loop_stop(notes->loop);
}

static void make_folder(char path[64]) {
    snprintf(path, 64, "/tmp/hr-loop-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static void test_watch_names_the_entry_that_changed(void **state) {
    (void)state;
    char folder[64];
    char link[96];
    char next[96];
    make_folder(folder);
    snprintf(link, sizeof link, "%s/..data", folder);
    snprintf(next, sizeof next, "%s/..data_tmp", folder);
    struct watch_notes notes = {.loop = run_loop_new(), .until = "..data"};
    struct err err = {0};
    struct loop_watch *watch = loop_watch_new(notes.loop, folder, on_watch, &notes, &err);
    assert_non_null(watch);
    /* As the kubelet swaps a ConfigMap. */
    assert_int_equal(symlink("v2", next), 0);
    assert_int_equal(rename(next, link), 0);
    assert_true(run(notes.loop));
    assert_string_equal(notes.names[0], "..data_tmp");
    loop_watch_free(watch);
    unlink(link);
    rmdir(folder);
    loop_free(notes.loop);
}

static void test_watch_of_a_folder_that_goes_reports_no_name(void **state) {
    (void)state;
    char folder[64];
    make_folder(folder);
    struct watch_notes notes = {.loop = run_loop_new()};
    struct loop_watch *watch = loop_watch_new(notes.loop, folder, on_watch, &notes, NULL);
    assert_non_null(watch);
    rmdir(folder);
    assert_true(run(notes.loop));
    loop_watch_free(watch);
    loop_free(notes.loop);
}

static void test_watch_of_no_folder_is_an_error(void **state) {
    (void)state;
    struct loop *loop = run_loop_new();
    struct err err = {0};
    assert_null(loop_watch_new(loop, "/nowhere/at/all", on_watch, NULL, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_int_equal(err.sys, ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    loop_free(loop);
}

static void on_busy_timer(void *user) {
    struct notes *notes = user;
    busy_for_us(60000);
    note(notes, 'a');
}

static void on_busy_poll(void *user, int events) {
    (void)events;
    on_busy_timer(user);
}

static void test_figures_longest_turn_counts_a_timer(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
    notes.timer = loop_timer_new(notes.loop, on_busy_timer, &notes);
    loop_timer_set(notes.timer, 400); /* the wait before it is no work */
    assert_true(run(notes.loop));
    struct loop_figures figures = loop_figures(notes.loop);
    assert_in_range(figures.longest_turn_us, 60000, 300000);
    loop_timer_free(notes.timer);
    loop_free(notes.loop);
}

/* libuv runs these before its check phase: they must count all the same. */
static void test_figures_longest_turn_counts_a_descriptor(void **state) {
    (void)state;
    int fds[2];
    socket_pair(fds);
    struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
    notes.poll = loop_poll_new(notes.loop, fds[0], on_busy_poll, &notes);
    loop_poll_set(notes.poll, LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_true(loop_figures(notes.loop).longest_turn_us >= 60000);
    loop_poll_free(notes.poll);
    close(fds[0]);
    close(fds[1]);
    loop_free(notes.loop);
}

static void test_figures_longest_turn_counts_a_wake_and_a_signal(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
        notes.wake = loop_wake_new(notes.loop, on_busy_timer, &notes);
        notes.sig = loop_signal_new(notes.loop, SIGUSR1, on_busy_timer, &notes);
        if (i == 0)
            loop_wake_send(notes.wake);
        else
            raise(SIGUSR1);
        assert_true(run(notes.loop));
        assert_true(loop_figures(notes.loop).longest_turn_us >= 60000);
        loop_wake_free(notes.wake);
        loop_signal_free(notes.sig);
        loop_free(notes.loop);
    }
}

static void on_turn_end(void *user) {
    struct notes *notes = user;
    notes->turn = loop_figures(notes->loop).turns;
    busy_for_us(60000);
    loop_on_turn_end(notes->loop, NULL, NULL);
    note(notes, 'e');
}

static void test_turn_end_runs_once_a_turn_and_counts_as_work(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
    notes.timer = loop_timer_new(notes.loop, note_a, &notes);
    loop_timer_set(notes.timer, 1000);
    loop_on_turn_end(notes.loop, on_turn_end, &notes);
    assert_true(run(notes.loop));
    assert_string_equal(notes.text, "e");
    assert_int_equal(notes.turn, 1);
    assert_true(loop_figures(notes.loop).longest_turn_us >= 60000);
    loop_timer_free(notes.timer);
    loop_free(notes.loop);
}

static void on_turn_end_notes(void *user) {
    note(user, 'e');
}

static void test_turn_end_comes_after_the_turns_callbacks(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 4};
    struct loop_timer *a = loop_timer_new(notes.loop, note_a, &notes);
    struct loop_timer *b = loop_timer_new(notes.loop, note_b, &notes);
    loop_on_turn_end(notes.loop, on_turn_end_notes, &notes);
    loop_timer_set(a, 0);
    loop_timer_set(b, 0);
    assert_true(run(notes.loop));
    assert_string_equal(notes.text, "eabe");
    loop_timer_free(a);
    loop_timer_free(b);
    loop_free(notes.loop);
}

static void test_last_turn_stands_still_while_a_turn_is_stuck(void **state) {
    (void)state;
    struct notes notes = {.loop = run_loop_new(), .stop_after = 1};
    notes.timer = loop_timer_new(notes.loop, on_busy_timer, &notes);
    loop_timer_set(notes.timer, 0);
    int64_t start_us = clock_mono_us();
    assert_true(run(notes.loop));
    int64_t last_us = loop_last_turn_us(notes.loop);
    assert_true(last_us >= start_us + 60000);
    assert_true(last_us <= clock_mono_us());
    loop_timer_free(notes.timer);
    loop_free(notes.loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_run_without_handles_returns),
        cmocka_unit_test(test_loop_free_null_is_fine),
        cmocka_unit_test(test_timers_run_in_order_of_their_time),
        cmocka_unit_test(test_timer_set_again_replaces_the_earlier_setting),
        cmocka_unit_test(test_timer_set_to_zero_in_its_callback_runs_in_the_next_turn),
        cmocka_unit_test(test_timer_freed_in_a_callback_does_not_run),
        cmocka_unit_test(test_now_follows_the_monotonic_clock),
        cmocka_unit_test(test_wake_from_another_thread_runs_the_callback),
        cmocka_unit_test(test_wake_by_many_threads_loses_none),
        cmocka_unit_test(test_wake_freed_in_its_callback_ends_the_loop),
        cmocka_unit_test(test_signal_runs_the_callback),
        cmocka_unit_test(test_watch_names_the_entry_that_changed),
        cmocka_unit_test(test_watch_of_a_folder_that_goes_reports_no_name),
        cmocka_unit_test(test_watch_of_no_folder_is_an_error),
        cmocka_unit_test(test_figures_longest_turn_counts_a_timer),
        cmocka_unit_test(test_figures_longest_turn_counts_a_descriptor),
        cmocka_unit_test(test_figures_longest_turn_counts_a_wake_and_a_signal),
        cmocka_unit_test(test_turn_end_runs_once_a_turn_and_counts_as_work),
        cmocka_unit_test(test_turn_end_comes_after_the_turns_callbacks),
        cmocka_unit_test(test_last_turn_stands_still_while_a_turn_is_stuck),
    };
    return cmocka_run_group_tests_name("loop", tests, run_setup, fds_teardown);
}
