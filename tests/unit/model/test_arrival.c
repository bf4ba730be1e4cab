/* The words and statuses of the probe port: monitors match these bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/arrival.h"

static void test_answer_every_one_its_word_and_status(void **state) {
    (void)state;
    static const struct {
        enum answer answer;
        const char *word;
        int status;
    } rows[] = {
        {ANSWER_HEALTHY, "healthy", 200},
        {ANSWER_DEGRADED, "degraded", 200},
        {ANSWER_UNHEALTHY, "unhealthy", 503},
        {ANSWER_READY, "ready", 200},
        {ANSWER_STARTING, "starting", 503},
        {ANSWER_DRAINING, "draining", 503},
        {ANSWER_LIVE, "live", 200},
        {ANSWER_STUCK, "stuck", 503},
        {ANSWER_PROOF, "proof", 200},
        {ANSWER_NOT_FOUND, "not found", 404},
        {ANSWER_METHOD, "method not allowed", 405},
        {ANSWER_BAD_REQUEST, "bad request", 400},
    };

    assert_int_equal(sizeof(rows) / sizeof(rows[0]), ANSWER_COUNT);
    for (int i = 0; i < ANSWER_COUNT; i++) {
        assert_int_equal(rows[i].answer, i);
        assert_string_equal(answer_word(i), rows[i].word);
        assert_int_equal(answer_status(i), rows[i].status);
    }
}

static void test_probe_path_name_every_one_its_word(void **state) {
    (void)state;
    static const char *const words[PROBE_PATH_COUNT] = {
        "healthz", "ready",  "live", "serve", "quorum",
        "strict",  "tenant", "loop", "other",
    };

    for (int i = 0; i < PROBE_PATH_COUNT; i++)
        assert_string_equal(probe_path_name(i), words[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_every_one_its_word_and_status),
        cmocka_unit_test(test_probe_path_name_every_one_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
