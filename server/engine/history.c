/* The engine's memory of events and probers. Owns both and their views; decides nothing.
 */
#include "engine/history.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_MAX = 64 };

struct history {
    struct timeline *timeline;
    struct census *census;
    struct census_view *census_view;
    struct addr gateway[ADDRESSES_MAX]; /* sorted */
    size_t gateway_count;
};

struct history *history_new(void) {
    struct history *history = MEM_NEW(struct history);
    history->timeline = timeline_new();
    history->census = census_new();
    history->census_view = census_view_new();
    return history;
}

void history_free(struct history *history) {
    timeline_free(history->timeline);
    census_free(history->census);
    census_view_unref(history->census_view);
    free(history);
}

void history_note(struct history *history, const struct happening *happening) {
    struct event event = {.kind = happening->kind,
                          .wall_ms = clock_wall_ms(),
                          .mono_ms = clock_mono_ms(),
                          .reason = happening->reason};
    text_copy(event.subject, sizeof event.subject,
              happening->subject ? happening->subject : "");
    text_copy(event.old, sizeof event.old, happening->old ? happening->old : "");
    text_copy(event.new, sizeof event.new, happening->new ? happening->new : "");
    text_copy(event.text, sizeof event.text, happening->text ? happening->text : "");
    timeline_add(history->timeline, &event);
}

void history_open_incident(struct history *history, const char *check,
                           const struct outcome *first) {
    timeline_open_incident(history->timeline, check, first, clock_wall_ms(),
                           clock_mono_ms());
}

void history_end_incident(struct history *history, const char *check) {
    timeline_end_incident(history->timeline, check, clock_wall_ms());
}

void history_set_config(struct history *history, const struct config *config) {
    census_set_config(history->census, config);
}

static int compare_addrs(const void *a, const void *b) {
    char left[ADDR_TEXT_MAX];
    char right[ADDR_TEXT_MAX];
    return strcmp(addr_format_ip(a, left), addr_format_ip(b, right));
}

static void append_addrs(struct buf *out, const struct addr *addrs, size_t count) {
    char text[ADDR_TEXT_MAX];
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i ? " " : "", addr_format_ip(&addrs[i], text));
    if (count == 0)
        buf_puts(out, "none");
}

static bool is_same_set(const struct history *history, const struct addr *addrs,
                        size_t count) {
    if (count != history->gateway_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!addr_equal_ip(&addrs[i], &history->gateway[i]))
            return false;
    return true;
}

void history_set_gateway(struct history *history, const char *name,
                         const struct addr *addrs, size_t count) {
    struct addr sorted[ADDRESSES_MAX];
    count = count < ADDRESSES_MAX ? count : ADDRESSES_MAX;
    if (count > 0)
        memcpy(sorted, addrs, count * sizeof *addrs);
    qsort(sorted, count, sizeof *sorted, compare_addrs);
    if (is_same_set(history, sorted, count))
        return;
    BUF_AUTO struct buf old = {0};
    BUF_AUTO struct buf new = {0};
    append_addrs(&old, history->gateway, history->gateway_count);
    append_addrs(&new, sorted, count);
    log_event(LOG_LEVEL_INFO, "addresses", LOG_TEXT("name", name),
              LOG_TEXT("old", old.data), LOG_TEXT("new", new.data));
    const struct happening happening = {
        .kind = EVENT_ADDRESSES, .subject = name, .old = old.data, .new = new.data};
    history_note(history, &happening);
    memcpy(history->gateway, sorted, sizeof sorted);
    history->gateway_count = count;
    census_set_gateway(history->census, sorted, count);
}

void history_count(struct history *history, const struct arrival *arrivals,
                   size_t count) {
    for (size_t i = 0; i < count; i++)
        census_add(history->census, &arrivals[i]);
}

static void on_silence(void *user, enum prober prober, bool is_silent,
                       int64_t silent_ms) {
    char text[128];
    snprintf(text, sizeof text, "%s %" PRId64 " s (this replica's share)",
             is_silent ? "no probe for" : "silent for", silent_ms / 1000);
    log_event(is_silent ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "prober",
              LOG_TEXT("class", prober_name(prober)), LOG_BOOL("silent", is_silent),
              LOG_INT("silent_ms", silent_ms));
    const struct happening happening = {.kind = EVENT_PROBER,
                                        .subject = prober_name(prober),
                                        .old = is_silent ? "probing" : "silent",
                                        .new = is_silent ? "silent" : "probing",
                                        .text = text};
    history_note(user, &happening);
}

void history_look(struct history *history) {
    int64_t now_ms = clock_mono_ms();
    census_watch(history->census, now_ms, on_silence, history);
    census_view_unref(history->census_view);
    history->census_view = census_view_new();
    census_fill(history->census, now_ms, history->census_view);
}

struct timeline_view *history_timeline(struct history *history) {
    return timeline_view_get(history->timeline);
}

struct census_view *history_census(struct history *history) {
    return census_view_ref(history->census_view);
}
