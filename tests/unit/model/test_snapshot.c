/* The life of snapshots and records, and which check is called the root cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/snapshot.h"

#include <pthread.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int index_of(char letter, const char *letters) {
    const char *found = strchr(letters, letter);

    assert_non_null(found);
    return (int)(found - letters);
}

/* One check from text such as "tc-5<13!1": scope (s self, h shared, t tenant), severity
 * (c critical, w warning, i info), state (. pending, + passing, - failing, s stale, ~
 * suspect, b blocked), when that began; then the parents and the blocker, counted from 1.
 */
static void parse_check(const char *text, struct arena *arena,
                        struct check_config *config, struct check_record *record) {
    uint32_t *parents = arena_alloc(arena, strlen(text), sizeof(*parents));

    config->scope = (enum scope_kind)index_of(text[0], "sht");
    config->severity = (enum severity)index_of(text[1], "cwi");
    config->parents = parents;
    record->config = config;
    record->state = (enum check_state)index_of(text[2], ".+-s~b");
    record->since_wall_ms = text[3] - '0';
    text += 4;
    if (*text == '<') {
        for (text++; *text >= '1' && *text <= '9'; text++)
            parents[config->parent_count++] = (uint32_t)(*text - '1');
    }
    if (*text == '!')
        record->blocked_by = (uint32_t)(text[1] - '1');
}

/* A snapshot of the checks described one after the other, ended by NULL. */
static struct snapshot *make_snapshot(const char *const *texts) {
    struct config *config = config_new();
    uint32_t count = 0;

    while (texts[count] != NULL)
        count++;

    struct check_config *checks = arena_alloc(config->arena, count, sizeof(*checks));

    config->checks = checks;
    config->check_count = count;

    struct snapshot *snapshot = snapshot_new(config);

    for (uint32_t i = 0; i < count; i++) {
        snapshot->checks[i] = check_record_new();
        parse_check(texts[i], config->arena, &checks[i], snapshot->checks[i]);
    }
    config_unref(config);
    return snapshot;
}

static void test_snapshot_root_cause_order_as_documented(void **state) {
    (void)state;
    static const struct {
        const char *what;
        uint32_t expected; /* counted from 1; 0: none */
        const char *checks[5];
    } rows[] = {
        {"no checks", 0, {NULL}},
        {"all pass", 0, {"sc+1", "tw+1"}},
        {"the only one", 2, {"sc+1", "tw-1"}},
        {"self before shared", 2, {"hc-1", "sw-9"}},
        {"shared before tenant", 2, {"tc-1", "hw-9"}},
        {"critical before warning", 2, {"hw-1", "hc-9"}},
        {"the oldest", 2, {"tc-5", "tc-4", "tc-6"}},
        {"of equals the first", 1, {"tc-5", "tc-5"}},
        {"failing before all else", 4, {"sc.1", "scs1", "sc~1", "tw-9"}},
        {"then stale", 3, {"sc.1", "sc~1", "tws9"}},
        {"then suspect", 2, {"sc.1", "tw~9"}},
        {"then pending", 1, {"tw.9"}},
        {"stale ones by scope", 2, {"tcs1", "hcs2"}},
        {"info never explains", 0, {"si-1", "tis1"}},
        {"info does not hide others", 2, {"si-1", "tw.1"}},
        {"a dependent is no root", 2, {"sc-1<2", "tw-9"}},
        {"its passing parent is no cause", 1, {"sc-1<2", "tw+9"}},
        {"its stale parent neither", 1, {"tc-1<2", "scs1"}},
        {"the second parent fails", 3, {"sc-1<23", "sc+1", "tw-9"}},
        {"a chain ends at its root", 3, {"hc-1<2", "hc-1<3", "hc-9"}},
        {"blocked points at its blocker", 1, {"hc-9", "tcb1<1!1"}},
        {"even at an info check", 2, {"tcb1<2!2", "hi-9"}},
        {"a blocker has a blocker", 3, {"tcb1<2!2", "hi-5<3", "hi-9"}},
        {"blocked by the parent's blocker", 1, {"hi-9", "hib5<1!1", "tcb1<2!1"}},
        {"fails below an info check", 2, {"tc-1<2", "hi-9"}},
        {"equals found by their blockers", 1, {"hi-9", "hi-9", "tcb1<2!2", "tcb1<1!1"}},
        {"blocked by nobody comes last", 2, {"scb1", "tw.9"}},
        {"but is something", 1, {"twb9"}},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct snapshot *snapshot = make_snapshot(rows[i].checks);
        uint32_t got = snapshot_root_cause(snapshot);

        snapshot_unref(snapshot);
        if (got != rows[i].expected - 1)
            fail_msg("%s: expected check %u, got %u", rows[i].what, rows[i].expected,
                     got + 1);
    }
}

static void test_snapshot_new_is_empty_and_holds_the_config(void **state) {
    (void)state;
    struct config *config = config_new();

    config->check_count = 3;
    config->tenant_count = 2;

    struct snapshot *snapshot = snapshot_new(config);

    config_unref(config);
    assert_ptr_equal(snapshot->config, config);
    for (uint32_t i = 0; i < 3; i++)
        assert_null(snapshot->checks[i]);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(snapshot->tenants[i].status.state, TENANT_HEALTHY);
        assert_int_equal(snapshot->tenants[i].status.decided_by, UINT32_MAX);
    }
    assert_int_equal(snapshot->life, LIFE_STARTING);
    assert_int_equal(snapshot->reload.errors.count, 0);
    assert_ptr_equal(snapshot_ref(snapshot), snapshot);
    snapshot_unref(snapshot);
    assert_int_equal(snapshot->config->check_count, 3);
    snapshot_unref(snapshot);
    snapshot_unref(NULL);
}

static void test_check_record_new_is_empty(void **state) {
    (void)state;
    struct check_record *record = check_record_new();

    assert_int_equal(record->state, STATE_PENDING);
    assert_int_equal(record->blocked_by, UINT32_MAX);
    assert_int_equal(record->last.phase_us[PHASE_TOTAL], -1);
    assert_int_equal(record->failure.phase_us[PHASE_NAME], -1);
    assert_false(record->has_failure);
    check_record_unref(record);
    check_record_unref(NULL);
}

static void test_check_record_copy_all_but_the_count(void **state) {
    (void)state;
    static const struct check_config config = {.name = "a"};
    struct check_record *record = check_record_ref(check_record_new());

    record->config = &config;
    record->state = STATE_BLOCKED;
    record->blocked_by = 3;
    record->skipped = 9;
    outcome_set(&record->failure, OUTCOME_FAIL, TIMEOUT, "late");

    struct check_record *copy = check_record_copy(record);

    check_record_unref(record);
    check_record_unref(record);
    assert_int_equal(atomic_load(&copy->refs), 1);
    assert_ptr_equal(copy->config, &config);
    assert_int_equal(copy->state, STATE_BLOCKED);
    assert_int_equal(copy->blocked_by, 3);
    assert_int_equal(copy->skipped, 9);
    assert_int_equal(copy->failure.reason, TIMEOUT);
    assert_string_equal(copy->failure.evidence, "late");
    check_record_unref(copy);
}

/* Two snapshots share a record; it goes with the last of them, and not before. */
static void test_check_record_shared_lives_as_long_as_a_snapshot(void **state) {
    (void)state;
    struct config *config = config_new();

    config->check_count = 1;

    struct snapshot *first = snapshot_new(config);
    struct snapshot *second = snapshot_new(config);
    struct check_record *record = check_record_new();

    record->runs = 7;
    first->checks[0] = check_record_ref(record);
    second->checks[0] = check_record_ref(record);
    check_record_unref(record);
    config_unref(config);
    snapshot_unref(first);
    assert_int_equal(second->checks[0]->runs, 7);
    snapshot_unref(second);
}

static void test_snapshot_set_errors_copies_the_messages(void **state) {
    (void)state;
    struct config *config = config_new();
    struct snapshot *snapshot = snapshot_new(config);
    char message[] = "a.json:1:2: listen: expected an object";
    const char *const errors[] = {message, "", "third"};

    snapshot_set_errors(snapshot, errors, LENGTH(errors));
    memset(message, 'x', sizeof(message) - 1);
    assert_int_equal(snapshot->reload.errors.count, 3);
    assert_string_equal(snapshot->reload.errors.items[0],
                        "a.json:1:2: listen: expected an object");
    assert_string_equal(snapshot->reload.errors.items[1], "");
    assert_string_equal(snapshot->reload.errors.items[2], "third");
    snapshot_unref(snapshot);

    snapshot = snapshot_new(config);
    snapshot_set_errors(snapshot, NULL, 0);
    assert_int_equal(snapshot->reload.errors.count, 0);
    snapshot_unref(snapshot);
    config_unref(config);
}

static void *read_snapshot(void *user) {
    struct snapshot *snapshot = user;

    for (int i = 0; i < 5000; i++) {
        struct snapshot *mine = snapshot_ref(snapshot);
        struct check_record *record = check_record_ref(mine->checks[0]);

        if (snapshot_root_cause(mine) != 0)
            return mine;
        check_record_unref(record);
        snapshot_unref(mine);
    }
    snapshot_unref(snapshot);
    return NULL;
}

/* The engine copies a record to change it while readers count the published one. The
 * thread that took the snapshot lets go before they do, so that a reader frees it. */
static void test_snapshot_ref_several_threads_last_one_frees(void **state) {
    (void)state;
    enum { THREADS = 4 };
    static const char *const checks[] = {"tw-1", NULL};
    struct snapshot *snapshot = make_snapshot(checks);
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, read_snapshot, snapshot_ref(snapshot)), 0);
    for (int i = 0; i < 1000; i++)
        check_record_unref(check_record_copy(snapshot->checks[0]));
    snapshot_unref(snapshot);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void test_life_name_every_value_the_contract_word(void **state) {
    (void)state;
    assert_string_equal(life_name(LIFE_STARTING), "starting");
    assert_string_equal(life_name(LIFE_READY), "ready");
    assert_string_equal(life_name(LIFE_DRAINING), "draining");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot_root_cause_order_as_documented),
        cmocka_unit_test(test_snapshot_new_is_empty_and_holds_the_config),
        cmocka_unit_test(test_check_record_new_is_empty),
        cmocka_unit_test(test_check_record_copy_all_but_the_count),
        cmocka_unit_test(test_check_record_shared_lives_as_long_as_a_snapshot),
        cmocka_unit_test(test_snapshot_set_errors_copies_the_messages),
        cmocka_unit_test(test_snapshot_ref_several_threads_last_one_frees),
        cmocka_unit_test(test_life_name_every_value_the_contract_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
