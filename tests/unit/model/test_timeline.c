/* Events and views: what is kept, and who may hold it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "happen.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_timeline_view_get_nothing_happened_empty(void **state) {
    struct timeline_view *view = timeline_view_get(*state);

    assert_int_equal(view->total, 0);
    assert_int_equal(view->event_count, 0);
    assert_int_equal(view->incident_total, 0);
    assert_int_equal(view->incident_count, 0);
    timeline_view_unref(view);
    timeline_view_unref(NULL);
    timeline_free(NULL);
}

static void test_timeline_add_copies_every_field(void **state) {
    struct timeline *timeline = *state;
    struct event event = {
        .id = 77,
        .kind = EVENT_CHECK,
        .wall_ms = 1700000000123,
        .mono_ms = 4711,
        .reason = GW_NO_ROUTE,
        .subject = "tenant/app2/routed",
        .old = "passing",
        .new = "failing",
        .text = "404, empty",
    };

    atomic_init(&event.refs, 99);
    timeline_add(timeline, &event);
    memset(event.subject, 'x', sizeof(event.subject));

    struct timeline_view *view = timeline_view_get(timeline);
    const struct event *got = view->events[0];

    assert_int_equal(view->event_count, 1);
    assert_int_equal(view->total, 1);
    assert_int_equal(got->id, 1);
    assert_int_equal(got->kind, EVENT_CHECK);
    assert_int_equal(got->wall_ms, 1700000000123);
    assert_int_equal(got->mono_ms, 4711);
    assert_int_equal(got->reason, GW_NO_ROUTE);
    assert_string_equal(got->subject, "tenant/app2/routed");
    assert_string_equal(got->old, "passing");
    assert_string_equal(got->new, "failing");
    assert_string_equal(got->text, "404, empty");
    timeline_view_unref(view);
}

static void test_timeline_add_control_bytes_become_one_clean_line(void **state) {
    struct event event = {.kind = EVENT_CERTIFICATE,
                          .subject = "a\nb",
                          .old = "\x1b[31mred",
                          .new = "\xff\xfe",
                          .text = "one\r\ntwo \xc2\x9b gr\xc3\xbcn"};

    timeline_add(*state, &event);

    struct timeline_view *view = timeline_view_get(*state);

    assert_string_equal(view->events[0]->subject, "a b");
    assert_string_equal(view->events[0]->old, " [31mred");
    assert_string_equal(view->events[0]->new, "??");
    assert_string_equal(view->events[0]->text, "one  two   gr\xc3\xbcn");
    timeline_view_unref(view);
}

static void test_timeline_add_texts_of_full_length_are_kept(void **state) {
    struct event event = {.kind = EVENT_CONFIG};

    memset(event.subject, 's', sizeof(event.subject) - 1);
    memset(event.old, 'o', sizeof(event.old) - 1);
    memset(event.new, 'n', sizeof(event.new) - 1);
    memset(event.text, 't', sizeof(event.text) - 1);
    timeline_add(*state, &event);

    struct timeline_view *view = timeline_view_get(*state);

    assert_string_equal(view->events[0]->subject, event.subject);
    assert_string_equal(view->events[0]->old, event.old);
    assert_string_equal(view->events[0]->new, event.new);
    assert_string_equal(view->events[0]->text, event.text);
    timeline_view_unref(view);
}

static void test_timeline_add_ring_is_full_oldest_is_pushed_out(void **state) {
    static const uint64_t totals[] = {TIMELINE_EVENTS - 1, TIMELINE_EVENTS,
                                      TIMELINE_EVENTS + 1, 3 * TIMELINE_EVENTS + 7};
    uint64_t added = 0;

    for (size_t i = 0; i < LENGTH(totals); i++) {
        for (; added < totals[i]; added++)
            add(*state, EVENT_TENANT, "app1");

        struct timeline_view *view = timeline_view_get(*state);
        size_t expected = added < TIMELINE_EVENTS ? added : TIMELINE_EVENTS;

        assert_int_equal(view->total, added);
        assert_int_equal(view->event_count, expected);
        for (size_t at = 0; at < expected; at++)
            assert_int_equal(view->events[at]->id, added - at);
        timeline_view_unref(view);
    }
}

static void test_timeline_view_get_same_view_until_something_changes(void **state) {
    struct timeline *timeline = *state;
    struct timeline_view *views[5];

    for (size_t i = 0; i < LENGTH(views); i++) {
        views[i] = timeline_view_get(timeline);

        struct timeline_view *again = timeline_view_get(timeline);

        assert_ptr_equal(again, views[i]);
        timeline_view_unref(again);
        switch (i) {
            case 0:
                add(timeline, EVENT_CHECK, "a");
                break;
            case 1:
                open_incident(timeline, "a");
                break;
            case 2: /* nothing changes: it is open already; another is not */
                open_incident(timeline, "a");
                timeline_end_incident(timeline, "b", now_ms);
                break;
            case 3:
                timeline_end_incident(timeline, "a", now_ms);
                break;
        }
    }
    assert_ptr_not_equal(views[0], views[1]);
    assert_ptr_not_equal(views[1], views[2]);
    assert_ptr_equal(views[2], views[3]);
    assert_ptr_not_equal(views[3], views[4]);
    for (size_t i = 0; i < LENGTH(views); i++)
        timeline_view_unref(views[i]);
}

/* A later view shares what it has in common with an earlier one, and neither changes. */
static void test_timeline_view_shares_events_and_never_changes(void **state) {
    struct timeline *timeline = *state;

    add(timeline, EVENT_CONFIG, "1");
    fail_check(timeline, "a");

    struct timeline_view *before = timeline_view_get(timeline);

    timeline_end_incident(timeline, "a", 5000);
    add(timeline, EVENT_CHECK, "a");

    struct timeline_view *after = timeline_view_get(timeline);

    assert_int_equal(before->event_count, 2);
    assert_int_equal(before->incidents[0]->ended_wall_ms, 0);
    assert_int_equal(after->event_count, 3);
    assert_int_equal(after->incident_count, 1);
    assert_int_equal(after->incidents[0]->ended_wall_ms, 5000);
    assert_ptr_equal(before->events[0], after->events[1]);
    assert_ptr_equal(before->events[1], after->events[2]);
    assert_ptr_equal(before->incidents[0]->before[0], before->events[1]);
    assert_ptr_equal(after->incidents[0]->before[0], before->events[1]);
    timeline_view_unref(before);
    assert_string_equal(after->incidents[0]->before[0]->subject, "1");
    timeline_view_unref(after);
}

static void test_timeline_free_views_live_on(void **state) {
    (void)state;
    struct timeline *timeline = timeline_new();

    add(timeline, EVENT_LIFE, "");
    fail_check(timeline, "a");

    struct timeline_view *view = timeline_view_get(timeline);

    assert_ptr_equal(timeline_view_ref(view), view);
    timeline_view_unref(view);
    timeline_free(timeline);
    assert_int_equal(view->events[1]->kind, EVENT_LIFE);
    assert_string_equal(view->incidents[0]->check, "a");
    timeline_view_unref(view);
}

/* Where the engine puts a view for its readers, as the publisher does. */
struct mailbox {
    pthread_mutex_t lock;
    struct timeline_view *view; /* counted; NULL: the end */
};

static bool is_sound(const struct timeline_view *view) {
    for (size_t i = 0; i < view->event_count; i++) {
        if (view->events[i]->id != view->total - i)
            return false;
    }
    for (size_t i = 0; i < view->incident_count; i++) {
        const struct incident *incident = view->incidents[i];

        if (strcmp(incident->check, "a") != 0 && strcmp(incident->check, "b") != 0)
            return false;
        for (size_t at = 0; at < incident->before_count; at++) {
            if (incident->before[at]->id >= incident->id)
                return false;
        }
    }
    return true;
}

static void *read_views(void *user) {
    struct mailbox *mailbox = user;
    void *wrong = NULL;

    for (;;) {
        pthread_mutex_lock(&mailbox->lock);

        struct timeline_view *view =
            mailbox->view == NULL ? NULL : timeline_view_ref(mailbox->view);

        pthread_mutex_unlock(&mailbox->lock);
        if (view == NULL)
            return wrong;
        if (!is_sound(view))
            wrong = mailbox;
        timeline_view_unref(view);
    }
}

static void publish(struct mailbox *mailbox, struct timeline_view *view) {
    pthread_mutex_lock(&mailbox->lock);

    struct timeline_view *old = mailbox->view;

    mailbox->view = view;
    pthread_mutex_unlock(&mailbox->lock);
    timeline_view_unref(old);
}

static void test_timeline_view_unref_several_threads_while_it_changes(void **state) {
    (void)state;
    enum { THREADS = 3, ROUNDS = 1500 };
    struct timeline *timeline = timeline_new();
    struct mailbox mailbox = {.view = timeline_view_get(timeline)};
    pthread_t threads[THREADS];

    pthread_mutex_init(&mailbox.lock, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_views, &mailbox), 0);
    for (int i = 0; i < ROUNDS; i++) {
        now_ms += 10;
        add(timeline, EVENT_ADDRESSES, "gw");
        fail_check(timeline, "a");
        publish(&mailbox, timeline_view_get(timeline));
        timeline_end_incident(timeline, i % 2 == 0 ? "a" : "b", now_ms);
        fail_check(timeline, "b");
        publish(&mailbox, timeline_view_get(timeline));
    }
    timeline_free(timeline);
    publish(&mailbox, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    pthread_mutex_destroy(&mailbox.lock);
}

static void *release_view(void *user) {
    struct timeline_view *view = user;
    bool sound = is_sound(view);

    timeline_view_unref(view);
    return sound ? NULL : user;
}

/* Nobody else holds the view any more: the last of the threads frees all of it. */
static void test_timeline_view_unref_last_one_in_another_thread_frees(void **state) {
    (void)state;
    enum { THREADS = 4 };
    struct timeline *timeline = timeline_new();
    pthread_t threads[THREADS];

    flap(timeline, "a");
    fail_check(timeline, "b");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, release_view, timeline_view_get(timeline)),
            0);
    timeline_free(timeline);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void test_event_kind_name_every_kind_its_word(void **state) {
    (void)state;
    static const char *const words[EVENT_KIND_COUNT] = {
        "check",  "tenant",    "verdict",     "override", "life",
        "config", "addresses", "certificate", "self",     "prober"};

    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        assert_string_equal(event_kind_name((enum event_kind)i), words[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HAPPEN_TEST(test_timeline_view_get_nothing_happened_empty),
        HAPPEN_TEST(test_timeline_add_copies_every_field),
        HAPPEN_TEST(test_timeline_add_control_bytes_become_one_clean_line),
        HAPPEN_TEST(test_timeline_add_texts_of_full_length_are_kept),
        HAPPEN_TEST(test_timeline_add_ring_is_full_oldest_is_pushed_out),
        HAPPEN_TEST(test_timeline_view_get_same_view_until_something_changes),
        HAPPEN_TEST(test_timeline_view_shares_events_and_never_changes),
        HAPPEN_TEST(test_timeline_free_views_live_on),
        HAPPEN_TEST(test_timeline_view_unref_several_threads_while_it_changes),
        HAPPEN_TEST(test_timeline_view_unref_last_one_in_another_thread_frees),
        HAPPEN_TEST(test_event_kind_name_every_kind_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
