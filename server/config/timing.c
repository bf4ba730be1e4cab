/* Inheriting the timing of checks. No key that shortens others is in the file with a
 * zero: their least value is above it, so zero stands for unset while a file is read. */
#include "timing_internal.h"

#include "path_internal.h"

static int64_t or_at_most(int64_t set, int64_t inherited, int64_t limit) {
    if (set != 0)
        return set;
    return inherited < limit ? inherited : limit;
}

void timing_begin(struct check_timing *timing, const struct check_timing *inherited) {
    *timing = *inherited;
    timing->fast_interval_ms = 0;
    timing->down_interval_ms = 0;
    timing->timeout_ms = 0;
    timing->connect_timeout_ms = 0;
}

void timing_finish(struct check_timing *timing, const struct check_timing *inherited) {
    bool has_down = inherited->down_interval_ms != 0 &&
                    inherited->down_interval_ms != inherited->interval_ms;

    timing->fast_interval_ms = or_at_most(
        timing->fast_interval_ms, inherited->fast_interval_ms, timing->interval_ms);
    timing->timeout_ms =
        or_at_most(timing->timeout_ms, inherited->timeout_ms, timing->interval_ms);
    timing->connect_timeout_ms = or_at_most(
        timing->connect_timeout_ms, inherited->connect_timeout_ms, timing->timeout_ms);
    if (timing->down_interval_ms == 0)
        timing->down_interval_ms =
            has_down ? inherited->down_interval_ms : timing->interval_ms;
}

void timing_check(struct schema_reader *reader, const struct check_timing *timing,
                  const char *path) {
    char timeout[TEXT_DURATION_MAX];
    char interval[TEXT_DURATION_MAX];

    if (timing->timeout_ms <= timing->interval_ms)
        return;
    schema_report(reader, path_add(reader->arena, path, "timeout"), false,
                  "expected at most the interval, %s, found \"%s\"",
                  text_format_duration(timing->interval_ms, interval),
                  text_format_duration(timing->timeout_ms, timeout));
}
