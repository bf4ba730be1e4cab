/* Signs of our own starvation, with a control group's files made by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/log.h"
#include "engine/guard.h"
#include "net/http_client.h"
#include "net/loop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, LOOK_MS = 5 };

struct stage {
    char folder[64];
    struct loop *loop;
    struct http_client *http;
    struct guard *guard;
    struct loop_timer *look;
    int64_t give_up_ms;
    bool (*until)(struct stage *stage);
    bool timed_out;
};

static void write_file(const struct stage *stage, const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", stage->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void on_look(void *user) {
    struct stage *stage = user;
    if (stage->until(stage)) {
        loop_stop(stage->loop);
        return;
    }
    if (loop_now_ms(stage->loop) > stage->give_up_ms) {
        stage->timed_out = true;
        loop_stop(stage->loop);
        return;
    }
    loop_timer_set(stage->look, LOOK_MS);
}

static void run_until(struct stage *stage, bool (*until)(struct stage *stage)) {
    stage->until = until;
    stage->give_up_ms = loop_now_ms(stage->loop) + DEADLINE_MS;
    loop_timer_set(stage->look, 0);
    loop_run(stage->loop);
    assert_false(stage->timed_out);
}

static void open_stage(struct stage *stage, const struct addr *canary) {
    *stage = (struct stage){.folder = "/tmp/test-guard-XXXXXX"};
    assert_non_null(mkdtemp(stage->folder));
    write_file(stage, "cpu.stat", "usage_usec 5\nthrottled_usec 0\n");
    write_file(stage, "memory.max", "max\n");
    stage->loop = loop_new(NULL);
    stage->http = http_client_new(stage->loop);
    const struct guard_options options = {.loop = stage->loop,
                                          .http = stage->http,
                                          .canary = canary,
                                          .cgroup_folder = stage->folder};
    stage->guard = guard_new(&options);
    stage->look = loop_timer_new(stage->loop, on_look, stage);
}

static void close_stage(struct stage *stage) {
    static const char *const names[] = {"cpu.stat", "memory.max"};
    guard_free(stage->guard);
    loop_timer_free(stage->look);
    http_client_free(stage->http);
    loop_free(stage->loop);
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", stage->folder, names[i]);
        unlink(path);
    }
    rmdir(stage->folder);
}

static bool is_starved(struct stage *stage) {
    return guard_is_starved(stage->guard);
}

static bool is_fine(struct stage *stage) {
    return !guard_is_starved(stage->guard);
}

static void test_note_lag_starves_and_recovers(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage, NULL);
    guard_note_lag(stage.guard, (int64_t)GUARD_LAG_LIMIT_MS * 1000);
    assert_false(guard_is_starved(stage.guard));
    guard_note_lag(stage.guard, (int64_t)GUARD_LAG_LIMIT_MS * 1000 + 1);
    assert_true(guard_is_starved(stage.guard));
    assert_int_equal(guard_sign(stage.guard), GUARD_LAG);
    assert_non_null(strstr(guard_text(stage.guard), "100 ms late"));
    assert_false(guard_is_degraded(stage.guard));
    run_until(&stage, is_fine);
    assert_string_equal(guard_text(stage.guard), "");
    close_stage(&stage);
}

static int64_t throttled_us;

/* The group is throttled all the time from now on. */
static bool is_starved_by_throttling(struct stage *stage) {
    char text[64];
    throttled_us += LOOK_MS * 1000;
    snprintf(text, sizeof text, "usage_usec 5\nthrottled_usec %lld\n",
             (long long)throttled_us);
    write_file(stage, "cpu.stat", text);
    return guard_sign(stage->guard) == GUARD_THROTTLED;
}

static void test_tick_throttled_group_starves(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage, NULL);
    run_until(&stage, is_starved_by_throttling);
    assert_non_null(strstr(guard_text(stage.guard), "raise the CPU limit"));
    close_stage(&stage);
}

static void test_tick_little_memory_starves(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage, NULL);
    write_file(&stage, "memory.max", "4096\n");
    run_until(&stage, is_starved);
    assert_int_equal(guard_sign(stage.guard), GUARD_MEMORY);
    close_stage(&stage);
}

static void test_tick_no_descriptors_left_starves(void **state) {
    (void)state;
    struct stage stage;
    struct rlimit before;
    open_stage(&stage, NULL);
    getrlimit(RLIMIT_NOFILE, &before);
    int next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    close(next);
    struct rlimit tight = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    run_until(&stage, is_starved);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(guard_sign(stage.guard), GUARD_FDS);
    close_stage(&stage);
}

/* A listener on loopback that never answers: the kernel accepts, nobody reads. */
static int open_silent_listener(struct addr *addr) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(addr_parse_ip("127.0.0.1", 0, addr));
    assert_int_equal(bind(fd, &addr->u.sa, addr->len), 0);
    assert_int_equal(listen(fd, 16), 0);
    socklen_t len = addr->len;
    assert_int_equal(getsockname(fd, &addr->u.sa, &len), 0);
    return fd;
}

static void test_canary_unanswered_starves(void **state) {
    (void)state;
    struct stage stage;
    struct addr addr;
    int fd = open_silent_listener(&addr);
    open_stage(&stage, &addr);
    run_until(&stage, is_starved);
    assert_int_equal(guard_sign(stage.guard), GUARD_CANARY);
    close_stage(&stage);
    close(fd);
}

static void test_note_all_failing_is_suspect_until_the_canary_answers(void **state) {
    (void)state;
    struct stage stage;
    struct addr addr;
    int fd = open_silent_listener(&addr);
    open_stage(&stage, &addr);
    guard_note_all_failing(stage.guard, true);
    assert_true(guard_is_starved(stage.guard)); /* the canary is on its way */
    int peer = accept(fd, NULL, NULL);
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlive\n";
    assert_int_equal(send(peer, answer, sizeof answer - 1, MSG_NOSIGNAL),
                     sizeof answer - 1);
    run_until(&stage, is_fine);
    guard_note_all_failing(stage.guard, true);
    assert_false(guard_is_starved(stage.guard)); /* cleared until one passes again */
    close_stage(&stage);
    close(peer);
    close(fd);
}

static int prepare(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    log_redirect(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note_lag_starves_and_recovers),
        cmocka_unit_test(test_tick_throttled_group_starves),
        cmocka_unit_test(test_tick_little_memory_starves),
        cmocka_unit_test(test_tick_no_descriptors_left_starves),
        cmocka_unit_test(test_canary_unanswered_starves),
        cmocka_unit_test(test_note_all_failing_is_suspect_until_the_canary_answers),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
