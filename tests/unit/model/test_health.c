/* Rise and fall over sequences of outcomes, one letter each:
 * P pass, W warn, F fail, U unavailable, p starved pass, f starved fail, u starved U.
 * States: . pending, + passing, - failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/health.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

static struct outcome make_outcome(char letter) {
    struct outcome outcome;

    outcome_init(&outcome);
    switch (toupper(letter)) {
        case 'P':
            break;
        case 'W':
            outcome_set(&outcome, OUTCOME_WARN, TLS_EXPIRED, "soon");
            break;
        case 'F':
            outcome_set(&outcome, OUTCOME_FAIL, HTTP_STATUS, "500");
            break;
        case 'U':
            outcome_set(&outcome, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, "port closed");
            break;
        default:
            fail_msg("unknown letter %c", letter);
    }
    return outcome;
}

static bool feed(struct health *health, char letter, int rise, int fall, int64_t now_ms) {
    const struct outcome outcome = make_outcome(letter);

    return health_count(health, &outcome, rise, fall, islower(letter) != 0, now_ms);
}

static char state_letter(enum check_state state) {
    static const char letters[STATE_COUNT] = {
        [STATE_PENDING] = '.', [STATE_PASSING] = '+', [STATE_FAILING] = '-',
        [STATE_STALE] = 's',   [STATE_SUSPECT] = '~', [STATE_BLOCKED] = 'b',
    };

    return letters[state];
}

static void test_health_count_sequences_reach_the_states(void **state) {
    (void)state;
    static const struct {
        int rise, fall;
        const char *outcomes;
        const char *states; /* after each outcome */
    } rows[] = {
        {2, 3, "PPFFF", ".+++-"},
        {2, 3, "FFFPP", "..--+"},
        {2, 3, "FFF", "..-"},
        {2, 3, "FFFP", "..--"},
        {2, 3, "PP", ".+"},
        {2, 3, "PFPFPFPF", "........"}, /* neither ever reached */
        {2, 3, "FFPFFPFFP", "........."},
        {2, 3, "PPFFPFFPFFF", ".+++++++++-"}, /* a pass starts the count again */
        {2, 3, "FFFPFPFPP", "..------+"},     /* a failure too */
        {1, 1, "PFPF", "+-+-"},
        {1, 1, "FP", "-+"},
        {1, 3, "P", "+"},
        {3, 1, "PPPF", "..+-"},
        {3, 1, "PPPFPPP", "..+---+"},
        {0, 0, "PF", "+-"}, /* below one means one */
        {-1, -1, "FP", "-+"},
        {INT_MAX, INT_MAX, "PPPFFF", "......"},
        {2, 3, "WW", ".+"}, /* warn counts as a pass */
        {2, 3, "PW", ".+"},
        {2, 3, "FFFWP", "..--+"},
        {2, 2, "PPFWF", ".++++"}, /* and ends a row of failures */
        {2, 3, "UUUUUU", "......"},
        {2, 3, "PUP", "..+"}, /* unavailable does not end a row */
        {2, 3, "PPFUFUF", ".+++++-"},
        {2, 3, "PPUUUUU", ".++++++"},
        {1, 2, "PffffF", "++++++"}, /* starved failures move nothing */
        {1, 2, "PFfF", "+++-"},
        {2, 2, "FFppppP", ".------"}, /* starved passes neither */
        {2, 2, "FFPpP", ".---+"},
        {2, 1, "pp", ".."},
        {1, 1, "puf", "..."},
        {2, 3, "", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct health health = {.counted = STATE_PENDING};
        char before = '.';

        assert_int_equal(strlen(rows[i].outcomes), strlen(rows[i].states));
        for (size_t k = 0; rows[i].outcomes[k] != '\0'; k++) {
            char expected = rows[i].states[k];
            bool has_changed = feed(&health, rows[i].outcomes[k], rows[i].rise,
                                    rows[i].fall, (int64_t)k + 1);

            if (state_letter(health.counted) != expected)
                fail_msg("rise %d fall %d %s: after outcome %zu expected %c, got %c",
                         rows[i].rise, rows[i].fall, rows[i].outcomes, k + 1, expected,
                         state_letter(health.counted));
            if (has_changed != (before != expected))
                fail_msg("%s: outcome %zu: wrong return value", rows[i].outcomes, k + 1);
            before = expected;
        }
    }
}

/* An independent rule: the kind of the last run of equal letters that was long enough. */
static char naive_state(const char *outcomes, int rise, int fall) {
    char state = '.';

    for (int end = 0; outcomes[end] != '\0'; end++) {
        int run = 1;

        while (run <= end && outcomes[end - run] == outcomes[end])
            run++;
        if (outcomes[end] == 'P' && run >= rise)
            state = '+';
        if (outcomes[end] == 'F' && run >= fall)
            state = '-';
    }
    return state;
}

static void compare_sequence(unsigned bits, int rise, int fall) {
    struct health health = {.counted = STATE_PENDING};
    char outcomes[10] = "";

    for (int i = 0; i < 9; i++) {
        outcomes[i] = bits & 1u << i ? 'P' : 'F';
        feed(&health, outcomes[i], rise, fall, i + 1);
    }
    if (state_letter(health.counted) != naive_state(outcomes, rise, fall))
        fail_msg("rise %d fall %d %s: got %c", rise, fall, outcomes,
                 state_letter(health.counted));
}

static void test_health_count_all_short_sequences_match_naive_rule(void **state) {
    (void)state;
    for (int rise = 1; rise <= 4; rise++) {
        for (int fall = 1; fall <= 4; fall++) {
            for (unsigned bits = 0; bits < 1u << 9; bits++)
                compare_sequence(bits, rise, fall);
        }
    }
}

static void test_health_count_streak_and_marks_follow_outcomes(void **state) {
    (void)state;
    static const struct {
        char outcome;
        unsigned streak;
        bool is_streak_pass;
        bool is_suspect;
        bool is_moving;
    } steps[] = {
        {'P', 1, true, false, true},   {'P', 2, true, false, false},
        {'P', 3, true, false, false},  {'F', 1, false, false, true},
        {'U', 1, false, false, true},  {'f', 1, false, true, true},
        {'u', 1, false, true, true},   {'U', 1, false, false, true},
        {'F', 2, false, false, true},  {'F', 3, false, false, false},
        {'p', 3, false, true, false},  {'W', 1, true, false, true},
        {'F', 1, false, false, false},
    };
    struct health health = {.counted = STATE_PENDING};

    assert_true(health_is_moving(&health));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t now_ms = 1000 + (int64_t)i;

        feed(&health, steps[i].outcome, 2, 3, now_ms);
        if (health.streak != steps[i].streak ||
            health.is_streak_pass != steps[i].is_streak_pass ||
            health.is_suspect != steps[i].is_suspect ||
            health_is_moving(&health) != steps[i].is_moving || health.last_ms != now_ms)
            fail_msg("step %zu (%c) left streak %u, pass %d, suspect %d, moving %d", i,
                     steps[i].outcome, health.streak, health.is_streak_pass,
                     health.is_suspect, health_is_moving(&health));
    }
}

static void test_health_count_streak_at_its_limit_stays_there(void **state) {
    (void)state;
    struct health health = {
        .counted = STATE_PASSING, .is_streak_pass = true, .streak = UINT_MAX};

    assert_false(feed(&health, 'P', 2, 3, 1));
    assert_int_equal(health.streak, UINT_MAX);
    assert_int_equal(health.counted, STATE_PASSING);
}

/* A reload may lower rise while the passes are already there. */
static void test_health_count_lower_rise_counts_earlier_passes(void **state) {
    (void)state;
    struct health health = {.counted = STATE_PENDING};

    assert_false(feed(&health, 'P', 5, 3, 1));
    assert_false(feed(&health, 'P', 5, 3, 2));
    assert_true(feed(&health, 'P', 2, 3, 3));
    assert_int_equal(health.counted, STATE_PASSING);
}

static void test_health_shown_precedence_and_age_limits(void **state) {
    (void)state;
    const int64_t started = 1000;
    const int64_t stale = 300;
    static const struct {
        enum check_state counted;
        int64_t last_ms;
        int64_t now_ms;
        bool is_suspect;
        bool is_blocked;
        enum check_state shown;
    } rows[] = {
        {STATE_PENDING, 0, 1000, false, false, STATE_PENDING},
        {STATE_PENDING, 0, 1299, false, false, STATE_PENDING},
        {STATE_PENDING, 0, 1300, false, false, STATE_STALE},
        {STATE_PENDING, 1200, 1300, false, false, STATE_PENDING},
        {STATE_PASSING, 2000, 2000, false, false, STATE_PASSING},
        {STATE_PASSING, 2000, 2299, false, false, STATE_PASSING},
        {STATE_PASSING, 2000, 2300, false, false, STATE_STALE},
        {STATE_PASSING, 2000, 1990, false, false, STATE_PASSING},
        {STATE_FAILING, 2000, 2001, false, false, STATE_FAILING},
        {STATE_FAILING, 2000, 9000, false, false, STATE_STALE},
        {STATE_PASSING, 2000, 2001, true, false, STATE_SUSPECT},
        {STATE_FAILING, 2000, 2001, true, false, STATE_SUSPECT},
        {STATE_PENDING, 2000, 2001, true, false, STATE_SUSPECT},
        {STATE_PASSING, 2000, 2001, false, true, STATE_BLOCKED},
        {STATE_FAILING, 2000, 2001, false, true, STATE_BLOCKED},
        {STATE_PENDING, 0, 1001, false, true, STATE_BLOCKED},
        {STATE_FAILING, 2000, 2001, true, true, STATE_SUSPECT},
        {STATE_FAILING, 2000, 2300, true, true, STATE_STALE},
        {STATE_PENDING, 0, 1300, false, true, STATE_STALE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct health health = {.counted = rows[i].counted,
                                      .last_ms = rows[i].last_ms,
                                      .is_suspect = rows[i].is_suspect};
        enum check_state shown =
            health_shown(&health, rows[i].now_ms, started, stale, rows[i].is_blocked);

        if (shown != rows[i].shown)
            fail_msg("row %zu: expected %s, got %s", i, check_state_name(rows[i].shown),
                     check_state_name(shown));
    }
}

static void test_check_state_name_every_state_the_contract_word(void **state) {
    (void)state;
    static const char *const words[] = {"pending", "passing", "failing",
                                        "stale",   "suspect", "blocked"};

    for (int i = 0; i < STATE_COUNT; i++)
        assert_string_equal(check_state_name(i), words[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_count_sequences_reach_the_states),
        cmocka_unit_test(test_health_count_all_short_sequences_match_naive_rule),
        cmocka_unit_test(test_health_count_streak_and_marks_follow_outcomes),
        cmocka_unit_test(test_health_count_streak_at_its_limit_stays_there),
        cmocka_unit_test(test_health_count_lower_rise_counts_earlier_passes),
        cmocka_unit_test(test_health_shown_precedence_and_age_limits),
        cmocka_unit_test(test_check_state_name_every_state_the_contract_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
