/* Structured log lines on stderr: one JSON object, or one readable line, per event.
 *
 * Written for life-cycle events and state transitions, never once per probe. Any thread
 * may log; a line is one write(2) of at most LOG_LINE_MAX bytes, so lines never
 * interleave. When stderr cannot take a line at once (a full pipe) the line is dropped
 * and counted: logging never blocks the event loop. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINE_MAX = 4096 }; /* PIPE_BUF: a pipe takes it whole or not at all */

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_BOOL };

struct log_field {
    const char *key; /* NULL ends a list of fields */
    enum log_kind kind;
    const char *text; /* LOG_KIND_TEXT; NULL is written as JSON null */
    int64_t number;   /* LOG_KIND_INT and LOG_KIND_BOOL */
};

#define LOG_TEXT(k, v)                                                                   \
    { .key = (k), .kind = LOG_KIND_TEXT, .text = (v) }
#define LOG_INT(k, v)                                                                    \
    { .key = (k), .kind = LOG_KIND_INT, .number = (v) }
#define LOG_BOOL(k, v)                                                                   \
    { .key = (k), .kind = LOG_KIND_BOOL, .number = (v) }

/* log_event(LOG_LEVEL_INFO, "check_state", LOG_TEXT("check", name), LOG_INT("fall", 3)):
 * at least one field. `event` is a fixed snake_case word, the key people filter by. */
#define log_event(level, event, ...)                                                     \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__, {.key = NULL}})

/* Choose format and least level. Call before threads start, or again on reload (atomic).
 */
void log_configure(enum log_format format, enum log_level least);

/* Write one line: time (RFC 3339, UTC, milliseconds), level, event, then the fields in
 * order. Strings are escaped; bytes that are not UTF-8 become U+FFFD. Keep calls behind
 * log_event. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* Send lines to another descriptor (tests). -1 restores stderr. */
void log_redirect(int fd);

/* Lines dropped because the descriptor could not take them, since start. Any thread. */
uint64_t log_dropped(void);

#endif
