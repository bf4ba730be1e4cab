/* Words about what happened and about who asks. Never escapes: each form of the view
 * does. */
#include "describe_history.h"

#include "base/buf.h"
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>

static const char *prober_title(enum prober prober) {
    switch (prober) {
        case PROBER_APPGW:
            return "Application Gateway";
        case PROBER_KUBELET:
            return "kubelet";
        case PROBER_LOAD_BALANCER:
            return "the load balancer";
        case PROBER_SELF:
            return "our own requests";
        case PROBER_OPERATOR:
            return "operators";
        case PROBER_UNKNOWN:
            return "unknown probers";
    }
    return "";
}

static const char *age_since(const struct snapshot *snapshot, int64_t mono_ms,
                             char out[DESCRIBE_AGE_MAX]) {
    return describe_age(snapshot->taken_mono_ms - mono_ms, out);
}

static void append_part(struct buf *out, const char *before, const char *text) {
    if (text[0] != '\0')
        buf_printf(out, "%s%s", out->len > 0 ? before : "", text);
}

static void append_times(struct buf *out, uint64_t count, const char *age) {
    if (count == 1)
        buf_printf(out, "once, %s ago", age);
    else
        buf_printf(out, "%" PRIu64 " times, newest %s ago", count, age);
}

/* An interval, rounded: 4990 ms are 5.0 s. */
static const char *interval(int64_t ms, char out[DESCRIBE_AGE_MAX]) {
    if (ms < 1000 || ms >= 120000)
        return describe_age(ms, out);
    int64_t tenths = (ms + 50) / 100;
    snprintf(out, DESCRIBE_AGE_MAX, "%" PRId64 ".%d s", tenths / 10, (int)(tenths % 10));
    return out;
}

void describe_event(const struct event *event, struct buf *out) {
    buf_puts(out, event->subject);
    append_part(out, ": ", event->old);
    if (event->old[0] != '\0' && event->new[0] != '\0')
        buf_printf(out, " -> %s", event->new);
    else
        append_part(out, ": ", event->new);
    if (event->reason != REASON_NONE)
        append_part(out, ", ", reason_name(event->reason));
    append_part(out, ", ", event->text);
}

void describe_first(const struct incident *incident, struct buf *out) {
    const struct outcome *first = &incident->first;
    buf_printf(out, "%s, %s", reason_name(first->reason), reason_text(first->reason));
    append_part(out, ": ", first->evidence);
    append_part(out, ", from ", first->remote);
}

bool describe_silence(const struct snapshot *snapshot, enum prober prober,
                      struct buf *out) {
    const struct census_class *class = &snapshot->census->classes[prober];
    char age[DESCRIBE_AGE_MAX];
    char usual[DESCRIBE_AGE_MAX];
    if (!class->is_silent)
        return false;
    buf_printf(out, "%s has not asked for %s, usually every %s", prober_title(prober),
               age_since(snapshot, class->last_mono_ms, age),
               interval(class->median_ms, usual));
    return true;
}

void describe_class(const struct snapshot *snapshot, enum prober prober,
                    struct buf *out) {
    const struct census_class *class = &snapshot->census->classes[prober];
    char text[DESCRIBE_AGE_MAX];
    if (class->count == 0) {
        bool is_hidden =
            prober == PROBER_APPGW && snapshot->config->clients.appgw_subnets.count == 0;
        buf_puts(out, is_hidden ? "not told from others: clients.appgw_subnets is empty"
                                : "never");
        return;
    }
    buf_puts(out, class->is_silent ? "SILENT: " : "");
    append_times(out, class->count, age_since(snapshot, class->last_mono_ms, text));
    if (class->median_ms > 0)
        buf_printf(out, ", one every %s", interval(class->median_ms, text));
    if (class->silent_after_ms > 0)
        buf_printf(out, ", silent after %s", describe_age(class->silent_after_ms, text));
}

void describe_source(const struct snapshot *snapshot, const struct census_source *source,
                     struct buf *out) {
    char text[DESCRIBE_AGE_MAX];
    buf_puts(out, source->address);
    append_part(out, " via ", source->via);
    buf_printf(out, " asks %s", probe_path_name(source->path));
    append_part(out, " of ", source->host);
    append_part(out, " as ", source->agent);
    buf_puts(out, ": ");
    append_times(out, source->count, age_since(snapshot, source->last_mono_ms, text));
    if (source->median_ms > 0) {
        buf_printf(out, ", every %s", interval(source->median_ms, text));
        buf_printf(out, ", give or take %s", interval(source->jitter_ms, text));
    }
    buf_printf(out, "; told \"%s\"", answer_word(source->last_answer));
    if (source->last_attempt > 0)
        buf_printf(out, ", attempt %" PRIu32, source->last_attempt);
    if (source->retried > 0)
        buf_printf(out, ", %" PRIu64 " retried", source->retried);
}
