/* Descriptors on the loop: what is reported, and freeing inside callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "run.h"

static void socket_pair(int fds[2]) {
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

struct poll_notes {
    struct loop *loop;
    struct loop_poll *poll;
    struct loop_poll *other;
    void (*end)(struct loop_poll *poll);
    int fd;
    int calls;
    int events;
};

static void on_poll(void *user, int events) {
    struct poll_notes *notes = user;
    notes->calls++;
    notes->events = events;
    loop_stop(notes->loop);
}

static void test_poll_reports_what_is_wanted(void **state) {
    (void)state;
    int fds[2];
    socket_pair(fds);
    struct poll_notes notes = {.loop = run_loop_new()};
    notes.poll = loop_poll_new(notes.loop, fds[0], on_poll, &notes);

    loop_poll_set(notes.poll, LOOP_READABLE);
    assert_false(run_for(notes.loop, 20));
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events, LOOP_READABLE);
    assert_true(run(notes.loop)); /* still unread: reported again */
    assert_int_equal(notes.calls, 2);

    loop_poll_set(notes.poll, LOOP_READABLE | LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events, LOOP_READABLE | LOOP_WRITABLE);
    loop_poll_set(notes.poll, LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events, LOOP_WRITABLE);

    loop_poll_set(notes.poll, 0);
    assert_false(run_for(notes.loop, 20));
    loop_poll_set(notes.poll, LOOP_READABLE);
    close(fds[1]);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events, LOOP_READABLE | LOOP_HANGUP);

    loop_poll_free(notes.poll);
    close(fds[0]);
    loop_free(notes.loop);
}

static void test_poll_error_reads_as_what_is_wanted(void **state) {
    (void)state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    struct poll_notes notes = {.loop = run_loop_new()};
    notes.poll = loop_poll_new(notes.loop, fds[1], on_poll, &notes);
    close(fds[0]); /* a pipe nobody reads: EPOLLERR */
    loop_poll_set(notes.poll, LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events, LOOP_WRITABLE);
    loop_poll_set(notes.poll, LOOP_READABLE | LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.events & ~LOOP_HANGUP, LOOP_READABLE | LOOP_WRITABLE);
    loop_poll_set(notes.poll, 0); /* an error is not reported to one who paused */
    assert_false(run_for(notes.loop, 20));
    loop_poll_free(notes.poll);
    close(fds[1]);
    loop_free(notes.loop);
}

static void on_poll_ends_both(void *user, int events) {
    (void)events;
    struct poll_notes *notes = user;
    notes->calls++;
    notes->end(notes->poll);
    notes->end(notes->other);
}

/* Both are ready in the same round; the second must not run when the first ends it. */
static void test_poll_ended_in_a_callback_does_not_run(void **state) {
    (void)state;
    for (int closes = 0; closes < 2; closes++) {
        int fds[2];
        socket_pair(fds);
        struct poll_notes notes = {.loop = run_loop_new(),
                                   .end = closes ? loop_poll_close : loop_poll_free};
        notes.poll = loop_poll_new(notes.loop, fds[0], on_poll_ends_both, &notes);
        notes.other = loop_poll_new(notes.loop, fds[1], on_poll_ends_both, &notes);
        loop_poll_set(notes.poll, LOOP_WRITABLE);
        loop_poll_set(notes.other, LOOP_WRITABLE);
        loop_run(notes.loop); /* ends by itself: no handle is left */
        assert_int_equal(notes.calls, 1);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(fcntl(fds[i], F_GETFD), closes ? -1 : FD_CLOEXEC);
            if (!closes)
                close(fds[i]);
        }
        loop_free(notes.loop);
    }
}

static void on_poll_replaces(void *user, int events) {
    (void)events;
    struct poll_notes *notes = user;
    loop_poll_free(notes->poll);
    notes->poll = loop_poll_new(notes->loop, notes->fd, on_poll, notes);
    loop_poll_set(notes->poll, LOOP_WRITABLE);
}

static void test_poll_of_the_same_descriptor_may_follow_at_once(void **state) {
    (void)state;
    int fds[2];
    socket_pair(fds);
    struct poll_notes notes = {.loop = run_loop_new(), .fd = fds[0]};
    notes.poll = loop_poll_new(notes.loop, fds[0], on_poll_replaces, &notes);
    loop_poll_set(notes.poll, LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.calls, 1);
    loop_poll_free(notes.poll);
    close(fds[0]);
    close(fds[1]);
    loop_free(notes.loop);
}

static void on_poll_directs_the_other(void *user, int events) {
    (void)events;
    struct poll_notes *notes = user;
    loop_poll_direct(notes->poll, on_poll, notes);
    loop_poll_direct(notes->other, on_poll, notes);
}

/* Both are ready: the second hears of it under its new callback already. */
static void test_poll_directed_in_a_callback_tells_the_new_one(void **state) {
    (void)state;
    int fds[2];
    socket_pair(fds);
    struct poll_notes notes = {.loop = run_loop_new()};
    notes.poll = loop_poll_new(notes.loop, fds[0], on_poll_directs_the_other, &notes);
    notes.other = loop_poll_new(notes.loop, fds[1], on_poll_directs_the_other, &notes);
    loop_poll_set(notes.poll, LOOP_WRITABLE);
    loop_poll_set(notes.other, LOOP_WRITABLE);
    assert_true(run(notes.loop));
    assert_int_equal(notes.calls, 1);
    loop_poll_close(notes.poll);
    loop_poll_close(notes.other);
    loop_free(notes.loop);
}

/* More descriptors than one wait takes in. */
static void test_poll_of_many_descriptors_runs_each(void **state) {
    (void)state;
    enum { PAIRS = 100 };
    struct loop *loop = run_loop_new();
    static int fds[PAIRS][2];
    static struct poll_notes notes[PAIRS];
    for (size_t i = 0; i < PAIRS; i++) {
        socket_pair(fds[i]);
        notes[i] = (struct poll_notes){.loop = loop};
        notes[i].poll = loop_poll_new(loop, fds[i][0], on_poll, &notes[i]);
        loop_poll_set(notes[i].poll, LOOP_WRITABLE);
    }
    assert_true(run(loop));
    for (size_t i = 0; i < PAIRS; i++) {
        assert_int_equal(notes[i].calls, 1);
        loop_poll_free(notes[i].poll);
        close(fds[i][0]);
        close(fds[i][1]);
    }
    loop_free(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poll_reports_what_is_wanted),
        cmocka_unit_test(test_poll_error_reads_as_what_is_wanted),
        cmocka_unit_test(test_poll_ended_in_a_callback_does_not_run),
        cmocka_unit_test(test_poll_of_the_same_descriptor_may_follow_at_once),
        cmocka_unit_test(test_poll_directed_in_a_callback_tells_the_new_one),
        cmocka_unit_test(test_poll_of_many_descriptors_runs_each),
    };
    return cmocka_run_group_tests_name("loop_poll", tests, run_setup, fds_teardown);
}
