/* What all text views say in the same way. The words come from describe.c. */
#include "text_out.h"

#include "base/buf.h"
#include "wrap.h"

const char *text_when(int64_t wall_ms, char out[CLOCK_TEXT_MAX]) {
    return wall_ms > 0 ? clock_format_rfc3339(wall_ms, out) : "never";
}

const char *text_ago(const struct snapshot *snapshot, int64_t wall_ms,
                     char out[DESCRIBE_AGE_MAX]) {
    return describe_age(snapshot->taken_wall_ms - wall_ms, out);
}

void text_out_override(const struct snapshot *snapshot, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    if (describe_override(snapshot, &text))
        wrap_line(out, "OVERRIDE", TEXT_LABELS, text.data);
}

void text_out_head(const struct snapshot *snapshot, struct buf *out) {
    char clock[CLOCK_TEXT_MAX];
    text_out_override(snapshot, out);
    wrap_printf(out, "pod", TEXT_LABELS, "%s, %s", snapshot->instance,
                text_when(snapshot->taken_wall_ms, clock));
}

void text_out_commands(const char *next_step, struct buf *out) {
    BUF_AUTO struct buf command = {0};
    if (*next_step != '\0')
        buf_puts(out, "do\n");
    while (describe_command(&next_step, &command))
        wrap_command(out, command.data);
}
