/* What happens in the tests of timelines. Include after cmocka.h. */
#ifndef TESTS_UNIT_MODEL_HAPPEN_H
#define TESTS_UNIT_MODEL_HAPPEN_H

#include "base/text.h"
#include "model/timeline.h"

/* The time of all that happens in a test, in both clocks. */
static int64_t now_ms = 1000;

static inline struct event make_event(enum event_kind kind, const char *subject) {
    struct event event = {.kind = kind, .wall_ms = now_ms, .mono_ms = now_ms};

    text_copy(event.subject, sizeof(event.subject), subject);
    return event;
}

static inline void add(struct timeline *timeline, enum event_kind kind,
                       const char *subject) {
    struct event event = make_event(kind, subject);

    timeline_add(timeline, &event);
}

static inline void open_incident(struct timeline *timeline, const char *check) {
    struct outcome first;

    outcome_init(&first);
    outcome_set(&first, OUTCOME_FAIL, TIMEOUT, "%s hung", check);
    timeline_open_incident(timeline, check, &first, now_ms, now_ms);
}

/* The event of a check that turns to failing, and its incident. */
static inline void fail_check(struct timeline *timeline, const char *check) {
    add(timeline, EVENT_CHECK, check);
    open_incident(timeline, check);
}

static inline void flap(struct timeline *timeline, const char *check) {
    fail_check(timeline, check);
    timeline_end_incident(timeline, check, now_ms + 1);
}

static inline int start(void **state) {
    now_ms = 1000;
    *state = timeline_new();
    return 0;
}

static inline int stop(void **state) {
    timeline_free(*state);
    return 0;
}

#define HAPPEN_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

#endif
