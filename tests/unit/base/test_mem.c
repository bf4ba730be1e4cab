/* Memory: zeroing, overflow, the arena; running out writes one log line and aborts. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"
#include "fds.h"

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool out_of_memory;

void *__wrap_calloc(size_t n, size_t size) {
    return out_of_memory ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size) {
    return out_of_memory ? NULL : __real_realloc(p, size);
}

/* Run `job` in a child that must abort; its log lines go to out. */
static void run_to_abort(void (*job)(void), char *out, size_t size) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const struct rlimit no_core;
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        log_redirect(ends[1]);
        job();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(ends[0], out + len, size - 1 - len)) > 0;)
        len += (size_t)got;
    out[len] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void fail_alloc(void) {
    out_of_memory = true;
    free(mem_alloc(3, 100));
}

static void fail_resize(void) {
    void *p = mem_alloc(1, 1);
    out_of_memory = true;
    free(mem_resize(p, 3, 100));
}

static void fail_copy(void) {
    out_of_memory = true;
    free(mem_copy_text("0123456789"));
}

static void fail_arena(void) {
    struct arena *arena = arena_new();
    out_of_memory = true;
    arena_alloc(arena, 1, 100000);
}

static void fail_buf(void) {
    struct buf buf = {0};
    out_of_memory = true;
    buf_putc(&buf, 'x');
}

static void fail_alloc_overflow(void) {
    free(mem_alloc(SIZE_MAX / 2, 3));
}

static void fail_resize_overflow(void) {
    free(mem_resize(NULL, SIZE_MAX / 2, 3));
}

static void fail_arena_overflow(void) {
    arena_alloc(arena_new(), SIZE_MAX / 2, 3);
}

static void fail_arena_near_overflow(void) {
    arena_alloc(arena_new(), SIZE_MAX - 3, 1);
}

static void test_mem_out_of_memory_logs_once_and_aborts(void **state) {
    (void)state;
    static const struct {
        void (*job)(void);
        const char *bytes;
    } cases[] = {
        {fail_alloc, ",\"bytes\":300}\n"},
        {fail_resize, ",\"bytes\":300}\n"},
        {fail_copy, ",\"bytes\":11}\n"},
        {fail_arena, "}\n"},
        {fail_buf, "}\n"},
        {fail_alloc_overflow, ",\"bytes\":9223372036854775807}\n"},
        {fail_resize_overflow, ",\"bytes\":9223372036854775807}\n"},
        {fail_arena_overflow, ",\"bytes\":9223372036854775807}\n"},
        {fail_arena_near_overflow, ",\"bytes\":9223372036854775807}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[2 * LOG_LINE_MAX];
        run_to_abort(cases[i].job, out, sizeof out);
        assert_non_null(strstr(out, "\"level\":\"error\",\"event\":\"out_of_memory\","));
        const char *end = strstr(out, cases[i].bytes);
        assert_non_null(end);
        assert_ptr_equal(end + strlen(cases[i].bytes), out + strlen(out));
        assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
    }
}

static void test_mem_alloc_is_zeroed(void **state) {
    (void)state;
    MEM_AUTO unsigned char *p = mem_alloc(50, 20);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
}

static void test_mem_alloc_zero_bytes_gives_one(void **state) {
    (void)state;
    char *p = mem_alloc(0, 8);
    char *q = mem_alloc(8, 0);
    assert_non_null(p);
    assert_ptr_not_equal(p, q);
    *p = *q = 'x';
    p = mem_resize(p, 0, 0);
    *p = 'y';
    free(p);
    free(q);
}

static void test_mem_resize_keeps_bytes(void **state) {
    (void)state;
    char *p = mem_resize(NULL, 4, 1);
    memcpy(p, "abc", 4);
    p = mem_resize(p, 1000, 100);
    assert_string_equal(p, "abc");
    p[99999] = 'x';
    free(p);
}

static void test_mem_copy_text_null_gives_null(void **state) {
    (void)state;
    assert_null(mem_copy_text(NULL));
    MEM_AUTO char *copy = mem_copy_text("hello");
    assert_string_equal(copy, "hello");
}

static void test_arena_alloc_is_aligned_zeroed_and_apart(void **state) {
    (void)state;
    enum { COUNT = 400 };
    struct arena *arena = arena_new();
    unsigned char *items[COUNT];
    /* Sizes around a chunk's room and the limit for a chunk of its own. */
    size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i < 200 ? 1 + i : i < 300 ? 1000 + i % 50 : 4000 + i;
        items[i] = arena_alloc(arena, sizes[i], 1);
        assert_int_equal((uintptr_t)items[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(items[i][j], 0);
        memset(items[i], (int)(i % 255 + 1), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(items[i][j], i % 255 + 1);
    }
    arena_free(arena);
}

static void test_arena_alloc_large_first_then_small(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char *large = arena_alloc(arena, 1, 1000000);
    char *small = arena_alloc(arena, 1, 1);
    large[999999] = 'x';
    *small = 'y';
    assert_int_equal(large[999999], 'x');
    arena_free(arena);
}

static void test_arena_alloc_large_leaves_current_chunk_in_use(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char *one = arena_alloc(arena, 1, 16);
    arena_alloc(arena, 1, 2000);
    char *two = arena_alloc(arena, 1, 16);
    assert_ptr_equal(two, one + 16);
    arena_free(arena);
}

static void test_arena_used_counts_bytes_handed_out(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    assert_int_equal(arena_used(arena), 0);
    arena_alloc(arena, 3, 7);
    assert_int_equal(arena_used(arena), 21);
    arena_copy_text(arena, "abc");
    assert_int_equal(arena_used(arena), 25);
    arena_alloc(arena, 1, 100000);
    assert_int_equal(arena_used(arena), 100025);
    arena_free(arena);
    arena_free(NULL);
}

static void test_arena_text_is_copied_and_printed(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char text[] = "hello";
    const char *copy = arena_copy_text(arena, text);
    text[0] = 'j';
    assert_string_equal(copy, "hello");
    assert_null(arena_copy_text(arena, NULL));
    assert_string_equal(arena_printf(arena, "%s-%d", copy, 42), "hello-42");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    const char *wide = arena_printf(arena, "%*d", 5000, 1);
    assert_int_equal(strlen(wide), 5000);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem_out_of_memory_logs_once_and_aborts),
        cmocka_unit_test(test_mem_alloc_is_zeroed),
        cmocka_unit_test(test_mem_alloc_zero_bytes_gives_one),
        cmocka_unit_test(test_mem_resize_keeps_bytes),
        cmocka_unit_test(test_mem_copy_text_null_gives_null),
        cmocka_unit_test(test_arena_alloc_is_aligned_zeroed_and_apart),
        cmocka_unit_test(test_arena_alloc_large_first_then_small),
        cmocka_unit_test(test_arena_alloc_large_leaves_current_chunk_in_use),
        cmocka_unit_test(test_arena_used_counts_bytes_handed_out),
        cmocka_unit_test(test_arena_text_is_copied_and_printed),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
