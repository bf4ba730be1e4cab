#include "front/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "pictures.h"

static const char key[] = "a loop key";

/* Answers of a snapshot that a test has changed; the snapshot goes. */
static struct answers *answers_of(struct snapshot *snapshot, const char *loop_key) {
    struct answers *answers =
        answers_new(snapshot, loop_key, loop_key ? strlen(loop_key) : 0);
    snapshot_unref(snapshot);
    return answers;
}

static struct snapshot *picture(uint32_t tenants) {
    struct config *config = picture_config(tenants);
    struct snapshot *snapshot = picture_new(config);
    config_unref(config); /* the answers must keep it alive */
    return snapshot;
}

static void test_answers_find_verdicts_gives_words(void **state) {
    (void)state;
    static const struct {
        enum verdict verdict;
        enum answer answer;
    } rows[] = {
        {VERDICT_HEALTHY, ANSWER_HEALTHY},
        {VERDICT_DEGRADED, ANSWER_DEGRADED},
        {VERDICT_UNHEALTHY, ANSWER_UNHEALTHY},
    };
    static const struct {
        enum policy policy;
        enum probe_path path;
    } policies[] = {
        {POLICY_SERVE, PROBE_SERVE},
        {POLICY_QUORUM, PROBE_QUORUM},
        {POLICY_STRICT, PROBE_STRICT},
    };
    for (size_t i = 0; i < 3; i++) {
        struct snapshot *snapshot = picture(0);
        snapshot->verdicts.answer = rows[i].verdict;
        struct answers *answers = answers_of(snapshot, NULL);
        assert_int_equal(answers_find(answers, PROBE_HEALTHZ, NULL), rows[i].answer);
        assert_int_equal(answers_find(answers, PROBE_STRICT, NULL), ANSWER_HEALTHY);
        answers_free(answers);
        for (size_t j = 0; j < 3; j++) {
            snapshot = picture(0);
            snapshot->verdicts.by_policy[policies[j].policy] = rows[i].verdict;
            answers = answers_of(snapshot, NULL);
            assert_int_equal(answers_find(answers, policies[j].path, NULL),
                             rows[i].answer);
            assert_int_equal(answers_find(answers, PROBE_HEALTHZ, NULL), ANSWER_HEALTHY);
            answers_free(answers);
        }
    }
}

static void test_answers_find_override_holds_serve_only(void **state) {
    (void)state;
    struct snapshot *snapshot = picture(0);
    snapshot->verdicts.answer = VERDICT_UNHEALTHY;
    snapshot->verdicts.override_active = true;
    snapshot->verdicts.by_policy[POLICY_QUORUM] = VERDICT_DEGRADED;
    struct answers *answers = answers_of(snapshot, NULL);
    assert_int_equal(answers_find(answers, PROBE_HEALTHZ, NULL), ANSWER_UNHEALTHY);
    assert_int_equal(answers_find(answers, PROBE_SERVE, NULL), ANSWER_UNHEALTHY);
    assert_int_equal(answers_find(answers, PROBE_QUORUM, NULL), ANSWER_DEGRADED);
    assert_int_equal(answers_find(answers, PROBE_STRICT, NULL), ANSWER_HEALTHY);
    answers_free(answers);
}

static void test_answers_find_life_gives_readiness(void **state) {
    (void)state;
    static const struct {
        enum life life;
        enum answer answer;
        bool draining;
    } rows[] = {
        {LIFE_STARTING, ANSWER_STARTING, false},
        {LIFE_READY, ANSWER_READY, false},
        {LIFE_DRAINING, ANSWER_DRAINING, true},
    };
    for (size_t i = 0; i < 3; i++) {
        struct snapshot *snapshot = picture(0);
        snapshot->life = rows[i].life;
        struct answers *answers = answers_of(snapshot, NULL);
        assert_int_equal(answers_find(answers, PROBE_READY, NULL), rows[i].answer);
        assert_int_equal(answers_draining(answers), rows[i].draining);
        /* /healthz stays as it was while draining. */
        assert_int_equal(answers_find(answers, PROBE_HEALTHZ, NULL), ANSWER_HEALTHY);
        answers_free(answers);
    }
}

static void test_answers_find_tenants_gives_their_own_state(void **state) {
    (void)state;
    enum { TENANTS = 1000 };
    static const enum answer words[TENANT_STATE_COUNT] = {
        [TENANT_HEALTHY] = ANSWER_HEALTHY,
        [TENANT_DEGRADED] = ANSWER_DEGRADED,
        [TENANT_UNHEALTHY] = ANSWER_UNHEALTHY,
    };
    struct snapshot *snapshot = picture(TENANTS);
    for (uint32_t i = 0; i < TENANTS; i++)
        snapshot->tenants[i].status.state = (enum tenant_state)(i % TENANT_STATE_COUNT);
    struct answers *answers = answers_of(snapshot, NULL);
    for (unsigned i = 0; i < TENANTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(answers_find(answers, PROBE_TENANT, name),
                         words[i % TENANT_STATE_COUNT]);
    }
    static const char *const unknown[] = {"t1000", "t", "t0/", "T0", "t0%00", "/t0"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(answers_find(answers, PROBE_TENANT, unknown[i]),
                         ANSWER_NOT_FOUND);
    answers_free(answers);
}

static void test_answers_find_no_tenants_finds_none(void **state) {
    (void)state;
    struct answers *answers = answers_of(picture(0), NULL);
    assert_int_equal(answers_find(answers, PROBE_TENANT, "t0"), ANSWER_NOT_FOUND);
    assert_int_equal(answers_find(answers, PROBE_OTHER, NULL), ANSWER_NOT_FOUND);
    answers_free(answers);
}

static void test_answers_find_nonces_table(void **state) {
    (void)state;
    char longest[129 + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[128] = '\0';
    struct answers *answers = answers_of(picture(0), key);
    assert_int_equal(answers_find(answers, PROBE_LOOP, longest), ANSWER_PROOF);
    assert_int_equal(answers_find(answers, PROBE_LOOP, "aZ09_.-"), ANSWER_PROOF);
    longest[128] = 'x';
    longest[129] = '\0';
    assert_int_equal(answers_find(answers, PROBE_LOOP, longest), ANSWER_NOT_FOUND);
    static const char *const bad[] = {"a/b", "a%20", "a b", "\xc3\xa9", "a=", "a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(answers_find(answers, PROBE_LOOP, bad[i]), ANSWER_NOT_FOUND);
    answers_free(answers);

    answers = answers_of(picture(0), NULL);
    assert_int_equal(answers_find(answers, PROBE_LOOP, "abc"), ANSWER_NOT_FOUND);
    answers_free(answers);
}

static void test_answers_prove_is_hmac_of_nonce(void **state) {
    (void)state;
    char own_key[sizeof key];
    memcpy(own_key, key, sizeof key);
    struct snapshot *snapshot = picture(0);
    struct answers *answers = answers_new(snapshot, own_key, strlen(own_key));
    snapshot_unref(snapshot);
    memset(own_key, 0, sizeof own_key); /* it was copied */
    char proof[MAC_HEX_MAX];
    answers_prove(answers, "nonce-1", proof);
    /* printf nonce-1 | openssl dgst -sha256 -hmac 'a loop key' */
    assert_string_equal(
        proof, "acf904f72e7763ef131ee226c9df7efeb1f3fb95092f3c2e84a3ba002a953f44");
    answers_free(answers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_find_verdicts_gives_words),
        cmocka_unit_test(test_answers_find_override_holds_serve_only),
        cmocka_unit_test(test_answers_find_life_gives_readiness),
        cmocka_unit_test(test_answers_find_tenants_gives_their_own_state),
        cmocka_unit_test(test_answers_find_no_tenants_finds_none),
        cmocka_unit_test(test_answers_find_nonces_table),
        cmocka_unit_test(test_answers_prove_is_hmac_of_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
