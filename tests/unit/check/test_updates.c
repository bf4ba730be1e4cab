/* What counters that rise say about a pod's configuration. */
#include "../../../server/check/updates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { NOTES_MAX = 6 };

/* "R" rejected, "L" lost, "RL" both, "" neither. */
static const char *note(const char *ip, double uptime_s, struct update_counts lds,
                        struct update_counts cds) {
    static const char *const texts[2][2] = {{"", "L"}, {"R", "RL"}};
    const struct update_counts counts[UPDATE_KINDS] = {lds, cds};
    struct addr addr;
    assert_true(addr_parse_ip(ip, 15090, &addr));
    struct update_state state = updates_note(&addr, uptime_s, counts);
    return texts[state.is_rejected][state.is_lost];
}

struct look {
    double uptime_s;
    struct update_counts counts; /* accepted, rejected, failed */
    const char *expect;
};

/* The figures are those of an Istio gateway whose control plane was ended, blocked or
 * given a broken EnvoyFilter. */
static void test_updates_note_what_rose_last_counts(void **state) {
    (void)state;
    static const struct look cases[][NOTES_MAX] = {
        /* nothing happens */
        {{40, {2, 0, 0}, ""}, {45, {2, 0, 0}, ""}, {50, {3, 0, 0}, ""}},
        /* old rejections and breaks, before anybody looked */
        {{40, {2, 7, 9}, ""}, {45, {2, 7, 9}, ""}},
        /* a rejection stands until an update is accepted */
        {{40, {4, 0, 0}, ""},
         {45, {4, 1, 0}, "R"},
         {50, {4, 1, 0}, "R"},
         {55, {4, 2, 0}, "R"},
         {60, {5, 2, 0}, ""},
         {65, {5, 2, 0}, ""}},
        /* both between two looks: nobody knows which came last */
        {{40, {4, 0, 0}, ""},
         {45, {5, 1, 0}, "R"},
         {50, {5, 1, 0}, "R"},
         {55, {6, 1, 0}, ""}},
        /* the stream breaks, and comes back */
        {{40, {3, 0, 12}, ""},
         {45, {3, 0, 13}, "L"},
         {50, {3, 0, 13}, "L"},
         {55, {3, 0, 14}, "L"},
         {60, {4, 0, 14}, ""}},
        /* it came back between two looks */
        {{40, {3, 0, 0}, ""}, {45, {4, 0, 1}, ""}, {50, {4, 0, 1}, ""}},
        /* it comes back with what was rejected before */
        {{40, {3, 0, 0}, ""},
         {45, {3, 1, 0}, "R"},
         {50, {3, 1, 1}, "RL"},
         {55, {3, 2, 2}, "R"}},
        /* from its start: never anything but rejections, never a stream */
        {{5, {0, 1, 0}, "R"}, {10, {0, 1, 0}, "R"}, {15, {1, 1, 0}, ""}},
        {{5, {0, 0, 1}, "L"}, {10, {0, 0, 4}, "L"}, {15, {1, 0, 4}, ""}},
        {{5, {0, 0, 0}, ""}, {10, {0, 0, 0}, ""}},
        /* a restart, told by its uptime or by a counter alone */
        {{40, {3, 0, 0}, ""},
         {45, {3, 1, 0}, "R"},
         {5, {3, 1, 0}, ""},
         {10, {3, 2, 0}, "R"}},
        {{40, {3, 0, 0}, ""}, {45, {3, 1, 1}, "R"}, {45, {2, 1, 1}, ""}},
        {{0, {3, 2, 2}, ""}, {0, {3, 1, 2}, ""}, {0, {3, 1, 1}, ""}, {0, {3, 1, 2}, "L"}},
    };
    const struct update_counts calm = {1, 0, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int kind = 0; kind < UPDATE_KINDS; kind++) {
            char ip[24];
            snprintf(ip, sizeof ip, "10.%d.0.%zu", kind, i + 1);
            for (int j = 0; j < NOTES_MAX && cases[i][j].expect; j++) {
                const struct look *look = &cases[i][j];
                const char *said = note(ip, look->uptime_s, kind ? calm : look->counts,
                                        kind ? look->counts : calm);
                if (strcmp(said, look->expect) != 0)
                    print_error("case %zu, look %d\n", i, j);
                assert_string_equal(said, look->expect);
            }
        }
    }
}

/* The kinds do not hide each other: clusters are accepted, listeners not. */
static void test_updates_note_one_kind_rejected_is_rejected(void **state) {
    (void)state;
    assert_string_equal(note("10.9.0.1", 40, (struct update_counts){4, 0, 0},
                             (struct update_counts){4, 0, 0}),
                        "");
    assert_string_equal(note("10.9.0.1", 45, (struct update_counts){4, 1, 0},
                             (struct update_counts){5, 0, 0}),
                        "R");
    assert_string_equal(note("10.9.0.1", 50, (struct update_counts){4, 1, 0},
                             (struct update_counts){6, 0, 0}),
                        "R");
    assert_string_equal(note("10.9.0.1", 55, (struct update_counts){5, 1, 0},
                             (struct update_counts){6, 0, 0}),
                        "");
}

/* More pods than are kept: one that was not asked for long is new again. */
static void test_updates_note_many_pods_are_bounded(void **state) {
    (void)state;
    const struct update_counts calm = {1, 0, 0};
    const struct update_counts rejected = {1, 1, 0};
    note("10.8.0.1", 40, calm, calm);
    note("10.8.0.2", 40, calm, calm);
    for (int i = 0; i < 1000; i++) {
        char ip[24];
        snprintf(ip, sizeof ip, "10.7.%d.%d", i / 250, i % 250 + 1);
        note(ip, 40, calm, calm);
        note("10.8.0.1", 40, calm, calm);
    }
    assert_string_equal(note("10.8.0.1", 45, rejected, calm), "R");
    assert_string_equal(note("10.8.0.2", 45, rejected, calm), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_updates_note_what_rose_last_counts),
        cmocka_unit_test(test_updates_note_one_kind_rejected_is_rejected),
        cmocka_unit_test(test_updates_note_many_pods_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
