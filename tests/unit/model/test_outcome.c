/* Filling in outcomes: what an empty one is, and what becomes of evidence that is too
 * long or not clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/outcome.h"

#include <string.h>

static void test_outcome_init_dirty_memory_everything_empty(void **state) {
    (void)state;
    struct outcome outcome;

    memset(&outcome, 0xff, sizeof(outcome));
    outcome_init(&outcome);
    assert_int_equal(outcome.kind, OUTCOME_PASS);
    assert_int_equal(outcome.reason, REASON_NONE);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_int_equal(outcome.phase_us[i], -1);
    assert_int_equal(outcome.http_status, 0);
    assert_int_equal(outcome.addresses_total, 0);
    assert_int_equal(outcome.addresses_failed, 0);
    assert_int_equal(outcome.answered, 0);
    assert_string_equal(outcome.remote, "");
    assert_string_equal(outcome.evidence, "");
}

static void test_outcome_set_leaves_measurements_alone(void **state) {
    (void)state;
    struct outcome outcome;

    outcome_init(&outcome);
    outcome.phase_us[PHASE_CONNECT] = 42;
    outcome.http_status = 503;
    outcome_set(&outcome, OUTCOME_FAIL, GW_NO_ENDPOINTS, "HTTP %d: %s", 503,
                "no upstream");
    assert_int_equal(outcome.kind, OUTCOME_FAIL);
    assert_int_equal(outcome.reason, GW_NO_ENDPOINTS);
    assert_string_equal(outcome.evidence, "HTTP 503: no upstream");
    assert_int_equal(outcome.phase_us[PHASE_CONNECT], 42);
    assert_int_equal(outcome.http_status, 503);

    outcome_set(&outcome, OUTCOME_PASS, REASON_NONE, "%s", "");
    assert_int_equal(outcome.kind, OUTCOME_PASS);
    assert_int_equal(outcome.reason, REASON_NONE);
    assert_string_equal(outcome.evidence, "");
}

static void test_outcome_set_long_evidence_cut_at_its_size(void **state) {
    (void)state;
    static const size_t lengths[] = {510, 511, 512, 513, 515, 516, 5000};
    struct outcome outcome;
    char text[5001];

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t kept =
            lengths[i] < OUTCOME_EVIDENCE_MAX ? lengths[i] : OUTCOME_EVIDENCE_MAX - 1;

        memset(text, 'x', lengths[i]);
        text[lengths[i]] = '\0';
        outcome_init(&outcome);
        outcome_set(&outcome, OUTCOME_WARN, BODY_MISMATCH, "%s", text);
        assert_int_equal(strlen(outcome.evidence), kept);
        assert_memory_equal(outcome.evidence, text, kept);
    }
}

/* A character of several bytes at the cut goes as a whole, wherever the cut falls in it.
 */
static void test_outcome_set_cut_inside_character_drops_it_whole(void **state) {
    (void)state;
    static const char *const characters[] = {"\xc3\xa4", "\xe2\x82\xac",
                                             "\xf0\x9f\x94\xa5"};
    struct outcome outcome;
    char text[OUTCOME_EVIDENCE_MAX + 8];

    for (size_t c = 0; c < sizeof(characters) / sizeof(characters[0]); c++) {
        size_t width = strlen(characters[c]);

        for (size_t before = 500; before < OUTCOME_EVIDENCE_MAX; before++) {
            bool does_fit = before + width < OUTCOME_EVIDENCE_MAX;
            size_t expected = does_fit ? before + width : before;

            memset(text, 'x', before);
            memcpy(text + before, characters[c], width + 1);
            outcome_init(&outcome);
            outcome_set(&outcome, OUTCOME_FAIL, BODY_MISMATCH, "%s", text);
            assert_int_equal(strlen(outcome.evidence), expected);
            assert_memory_equal(outcome.evidence, text, expected);
        }
    }
}

static void test_outcome_set_control_bytes_become_one_clean_line(void **state) {
    (void)state;
    struct outcome outcome;

    outcome_init(&outcome);
    outcome_set(&outcome, OUTCOME_FAIL, PROTOCOL, "%s",
                "SSH-2.0\r\n\x1b[31mred\x7f \xff!");
    assert_string_equal(outcome.evidence, "SSH-2.0   [31mred  ?!");
}

static void test_outcome_set_own_evidence_as_argument_is_kept(void **state) {
    (void)state;
    struct outcome outcome;

    outcome_init(&outcome);
    outcome_set(&outcome, OUTCOME_FAIL, TIMEOUT, "no answer");
    outcome_set(&outcome, OUTCOME_FAIL, TIMEOUT, "%s: %s", "10.0.0.1:80",
                outcome.evidence);
    assert_string_equal(outcome.evidence, "10.0.0.1:80: no answer");
}

static void test_names_of_kinds_and_phases_the_contract_words(void **state) {
    (void)state;
    static const char *const phases[] = {"name", "connect", "tls", "first_byte", "total"};

    assert_string_equal(outcome_kind_name(OUTCOME_PASS), "pass");
    assert_string_equal(outcome_kind_name(OUTCOME_WARN), "warn");
    assert_string_equal(outcome_kind_name(OUTCOME_FAIL), "fail");
    assert_string_equal(outcome_kind_name(OUTCOME_UNAVAILABLE), "unavailable");
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_string_equal(phase_name(i), phases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_init_dirty_memory_everything_empty),
        cmocka_unit_test(test_outcome_set_leaves_measurements_alone),
        cmocka_unit_test(test_outcome_set_long_evidence_cut_at_its_size),
        cmocka_unit_test(test_outcome_set_cut_inside_character_drops_it_whole),
        cmocka_unit_test(test_outcome_set_control_bytes_become_one_clean_line),
        cmocka_unit_test(test_outcome_set_own_evidence_as_argument_is_kept),
        cmocka_unit_test(test_names_of_kinds_and_phases_the_contract_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
