/* What several pods said becomes one outcome. */
#include "../../../server/check/pods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PODS_MAX = 6 };

/* One letter to a pod: p passes, w warns, f fails, s silent, l our own fault; a capital
 * one has gone, and a digit behind it makes it young. */
static size_t make_pods(const char *letters, struct pod *pods) {
    size_t count = 0;
    for (const char *c = letters; *c; c++) {
        if (isdigit((unsigned char)*c)) {
            pods[count - 1].is_young = true;
            continue;
        }
        struct pod *pod = &pods[count++];
        struct outcome *outcome = &pod->outcome;
        *pod = (struct pod){.is_gone = isupper((unsigned char)*c) != 0};
        outcome_init(outcome);
        switch (tolower((unsigned char)*c)) {
            case 'p':
                outcome_set(outcome, OUTCOME_PASS, REASON_NONE, "fine");
                break;
            case 'w':
                outcome_set(outcome, OUTCOME_WARN, TLS_EXPIRED, "fine, but");
                break;
            case 'f':
                outcome_set(outcome, OUTCOME_FAIL, GW_NOT_LIVE, "not ready");
                break;
            case 's':
                outcome_set(outcome, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, "refused");
                break;
            case 'l':
                outcome_set(outcome, OUTCOME_UNAVAILABLE, LOCAL_FDS, "no descriptor");
                break;
        }
        outcome->answered = strchr("slSL", *c) == NULL;
        snprintf(outcome->remote, sizeof outcome->remote, "10.0.0.%zu:1", count);
    }
    return count;
}

static void test_pods_merge_table(void **state) {
    (void)state;
    static const struct pods_facts none = {false, false};
    static const struct pods_facts more = {false, true};
    static const struct pods_facts balanced = {true, false};
    static const struct {
        const char *pods;
        const struct pods_facts *facts;
        enum outcome_kind kind;
        enum reason reason;
        int failed;
        int total;
        int answered;
        const char *evidence;
    } cases[] = {
        {"p", &none, OUTCOME_PASS, REASON_NONE, 0, 1, 1, "fine"},
        {"f", &none, OUTCOME_FAIL, GW_NOT_LIVE, 1, 1, 1, "not ready"},
        {"s", &none, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, 1, 1, 0, "refused"},
        {"w", &none, OUTCOME_WARN, TLS_EXPIRED, 0, 1, 1, "fine, but"},
        {"f1", &none, OUTCOME_WARN, GW_NOT_LIVE, 1, 1, 1,
         "a pod that has just come: not ready"},
        {"s1", &none, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, 1, 1, 0, "refused"},
        {"p1", &none, OUTCOME_PASS, REASON_NONE, 0, 1, 1, "fine"},
        {"f", &balanced, OUTCOME_WARN, GW_NOT_LIVE, 1, 1, 1,
         "one of the pods behind the Service: not ready"},
        {"s", &balanced, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, 1, 1, 0, "refused"},
        {"ff", &balanced, OUTCOME_WARN, GW_NOT_LIVE, 2, 2, 2,
         "2 of 2 pods; 10.0.0.1:1: one of the pods behind the Service: not ready"},
        {"ppp", &none, OUTCOME_PASS, REASON_NONE, 0, 3, 3, "3 pods; 10.0.0.1:1: fine"},
        {"pfp", &none, OUTCOME_WARN, GW_NOT_LIVE, 1, 3, 3,
         "1 of 3 pods; 10.0.0.2:1: not ready"},
        {"psp", &none, OUTCOME_WARN, CONNECT_REFUSED, 1, 3, 2,
         "1 of 3 pods; 10.0.0.2:1: refused"},
        {"spff", &none, OUTCOME_WARN, GW_NOT_LIVE, 3, 4, 3,
         "3 of 4 pods, 1 of them silent; 10.0.0.3:1: not ready"},
        {"pf1", &none, OUTCOME_WARN, GW_NOT_LIVE, 1, 2, 2,
         "1 of 2 pods; 10.0.0.2:1: a pod that has just come: not ready"},
        {"pw", &none, OUTCOME_WARN, TLS_EXPIRED, 0, 2, 2,
         "2 pods; 10.0.0.2:1: fine, but"},
        {"wf", &none, OUTCOME_WARN, GW_NOT_LIVE, 1, 2, 2,
         "1 of 2 pods; 10.0.0.2:1: not ready"},
        {"pl", &none, OUTCOME_WARN, LOCAL_FDS, 1, 2, 1,
         "1 of 2 pods; 10.0.0.2:1: no descriptor"},
        {"ff", &none, OUTCOME_FAIL, GW_NOT_LIVE, 2, 2, 2,
         "2 of 2 pods; 10.0.0.1:1: not ready"},
        {"f1f", &none, OUTCOME_FAIL, GW_NOT_LIVE, 2, 2, 2,
         "2 of 2 pods; 10.0.0.2:1: not ready"},
        {"f1f1", &none, OUTCOME_WARN, GW_NOT_LIVE, 2, 2, 2,
         "2 of 2 pods; 10.0.0.1:1: a pod that has just come: not ready"},
        {"ss", &none, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, 2, 2, 0,
         "2 of 2 pods; 10.0.0.1:1: refused"},
        {"sf", &none, OUTCOME_UNAVAILABLE, GW_NOT_LIVE, 2, 2, 1,
         "2 of 2 pods, 1 of them silent; 10.0.0.2:1: not ready"},
        {"sf1", &none, OUTCOME_UNAVAILABLE, GW_NOT_LIVE, 2, 2, 1,
         "2 of 2 pods, 1 of them silent; 10.0.0.2:1: a pod that has just come: not "
         "ready"},
        /* who has gone does not count */
        {"pF", &none, OUTCOME_PASS, REASON_NONE, 0, 1, 1,
         "1 pod, 1 more just went; 10.0.0.1:1: fine"},
        {"pSfS", &none, OUTCOME_WARN, GW_NOT_LIVE, 1, 2, 2,
         "1 of 2 pods, 2 more just went; 10.0.0.3:1: not ready"},
        {"fP", &none, OUTCOME_FAIL, GW_NOT_LIVE, 1, 1, 1,
         "1 of 1 pod, 1 more just went; 10.0.0.1:1: not ready"},
        {"F", &more, OUTCOME_UNAVAILABLE, GW_NOT_LIVE, 0, 0, 0,
         "every pod that was asked (1) just went"},
        {"PSF", &more, OUTCOME_UNAVAILABLE, CONNECT_REFUSED, 0, 0, 0,
         "every pod that was asked (3) just went"},
        /* who was not asked may be fine */
        {"f", &more, OUTCOME_UNAVAILABLE, GW_NOT_LIVE, 1, 1, 1, "not ready"},
        {"p", &more, OUTCOME_PASS, REASON_NONE, 0, 1, 1, "fine"},
        {"pf", &more, OUTCOME_WARN, GW_NOT_LIVE, 1, 2, 2,
         "1 of 2 pods; 10.0.0.2:1: not ready"},
        {"f1", &more, OUTCOME_WARN, GW_NOT_LIVE, 1, 1, 1,
         "a pod that has just come: not ready"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pod pods[PODS_MAX];
        struct outcome outcome;
        size_t count = make_pods(cases[i].pods, pods);
        pods_merge(pods, count, cases[i].facts, &outcome);
        if (outcome.kind != cases[i].kind ||
            strcmp(outcome.evidence, cases[i].evidence) != 0)
            print_error("%s: %s: %s\n", cases[i].pods, outcome_kind_name(outcome.kind),
                        outcome.evidence);
        assert_int_equal(outcome.kind, cases[i].kind);
        assert_int_equal(outcome.reason, cases[i].reason);
        assert_int_equal(outcome.addresses_failed, cases[i].failed);
        assert_int_equal(outcome.addresses_total, cases[i].total);
        assert_int_equal(outcome.answered, cases[i].answered);
        assert_string_equal(outcome.evidence, cases[i].evidence);
    }
}

/* The longest texts there can be are cut, not overrun. */
static void test_pods_merge_long_evidence_is_cut(void **state) {
    (void)state;
    static const struct pods_facts facts = {true, false};
    struct pod pods[PODS_MAX];
    struct outcome outcome;
    size_t count = make_pods("sfSF", pods);
    for (size_t i = 0; i < count; i++) {
        memset(pods[i].outcome.evidence, 'e', OUTCOME_EVIDENCE_MAX - 1);
        pods[i].outcome.evidence[OUTCOME_EVIDENCE_MAX - 1] = '\0';
        memset(pods[i].outcome.remote, 'r', OUTCOME_REMOTE_MAX - 1);
        pods[i].outcome.remote[OUTCOME_REMOTE_MAX - 1] = '\0';
    }
    pods_merge(pods, count, &facts, &outcome);
    assert_int_equal(strlen(outcome.evidence), OUTCOME_EVIDENCE_MAX - 1);
    assert_int_equal(
        strncmp(outcome.evidence, "2 of 2 pods, 1 of them silent, 2 more", 37), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pods_merge_table),
        cmocka_unit_test(test_pods_merge_long_evidence_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
