/* Log lines. Owns the two formats and the descriptor; never allocates (it reports memory
 * running out) and never waits: a line that cannot be written at once is counted instead.
 */
#include "base/log.h"

#include "base/clock.h"
#include "text_internal.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char cut_json[] = ",\"cut\":true";
static const char cut_text[] = " cut=true";
static const char null_text[] = "null";

enum { TAIL_ROOM = sizeof cut_json + 2 }; /* the cut mark, "}" and a newline */

struct line {
    size_t len;
    bool full; /* something did not fit: the field is taken back */
    char text[LOG_LINE_MAX];
};

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};
static const char *const level_labels[] = {
    [LOG_LEVEL_DEBUG] = "DEBUG",
    [LOG_LEVEL_INFO] = "INFO ",
    [LOG_LEVEL_WARN] = "WARN ",
    [LOG_LEVEL_ERROR] = "ERROR",
};

static atomic_int current_format = LOG_FORMAT_JSON;
static atomic_int least_level = LOG_LEVEL_INFO;
static atomic_int descriptor = STDERR_FILENO;
static atomic_uint_fast64_t dropped;

/* Between poll() and write() no other thread may take the room that was seen. */
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

static void add(struct line *line, const char *bytes, size_t len) {
    if (line->full || len > sizeof line->text - TAIL_ROOM - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void add_text(struct line *line, const char *text) {
    add(line, text, strlen(text));
}

/* The characters of a JSON string, without its quotes. */
static void add_escaped(struct line *line, const char *text) {
    size_t len = strlen(text);
    for (size_t used; len > 0 && !line->full; text += used, len -= used) {
        char escaped[TEXT_ESCAPED_MAX];
        size_t size = text_escape_json(text, len, &used, escaped);
        add(line, escaped, size);
    }
}

static void add_quoted(struct line *line, const char *text) {
    add(line, "\"", 1);
    add_escaped(line, text);
    add(line, "\"", 1);
}

/* For people: bare words, and quotes only where words would run together. */
static void add_readable(struct line *line, const char *text) {
    size_t len = strlen(text);
    bool quoted = len == 0;
    for (size_t i = 0; i < len && !quoted; i++) {
        size_t size = text_utf8_size(text + i, len - i);
        quoted = text[i] == ' ' || text[i] == '"' || text_is_control(text + i, size);
    }
    if (quoted) {
        add_quoted(line, text);
        return;
    }
    for (size_t size; len > 0; text += size, len -= size) {
        size = text_utf8_size(text, len);
        if (size > 0) {
            add(line, text, size);
        } else {
            add_text(line, "\xef\xbf\xbd");
            size = 1;
        }
    }
}

static void add_value(struct line *line, const struct log_field *field,
                      enum log_format format) {
    char number[24];
    switch (field->kind) {
        case LOG_KIND_TEXT:
            if (!field->text)
                add_text(line, null_text);
            else if (format == LOG_FORMAT_JSON)
                add_quoted(line, field->text);
            else
                add_readable(line, field->text);
            break;
        case LOG_KIND_INT:
            snprintf(number, sizeof number, "%" PRId64, field->number);
            add_text(line, number);
            break;
        case LOG_KIND_BOOL:
            add_text(line, field->number ? "true" : "false");
            break;
    }
}

static void add_head(struct line *line, enum log_format format, enum log_level level,
                     const char *event) {
    char time[CLOCK_TEXT_MAX];
    clock_format_rfc3339(clock_wall_ms(), time);
    if (format == LOG_FORMAT_JSON) {
        add_text(line, "{\"time\":");
        add_quoted(line, time);
        add_text(line, ",\"level\":");
        add_quoted(line, level_names[level]);
        add_text(line, ",\"event\":");
        add_quoted(line, event);
    } else {
        add_text(line, time);
        add(line, " ", 1);
        add_text(line, level_labels[level]);
        add(line, " ", 1);
        add_escaped(line, event);
    }
}

static void add_field(struct line *line, enum log_format format,
                      const struct log_field *field) {
    if (format == LOG_FORMAT_JSON) {
        add(line, ",", 1);
        add_quoted(line, field->key);
        add(line, ":", 1);
    } else {
        add(line, " ", 1);
        add_escaped(line, field->key);
        add(line, "=", 1);
    }
    add_value(line, field, format);
}

/* The line's end; TAIL_ROOM was kept free for it. */
static void add_tail(struct line *line, enum log_format format) {
    const char *mark = format == LOG_FORMAT_JSON ? cut_json : cut_text;
    if (line->full) {
        size_t len = strlen(mark);
        memcpy(line->text + line->len, mark, len);
        line->len += len;
    }
    if (format == LOG_FORMAT_JSON)
        line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
}

static bool write_line(const struct line *line) {
    int fd = atomic_load(&descriptor);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    pthread_mutex_lock(&write_lock);
    /* A pipe without a reader reports POLLERR too, and would raise SIGPIPE. */
    bool written = poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT &&
                   write(fd, line->text, line->len) == (ssize_t)line->len;
    pthread_mutex_unlock(&write_lock);
    return written;
}

void log_configure(enum log_format format, enum log_level least) {
    atomic_store(&current_format, (int)format);
    atomic_store(&least_level, (int)least);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields) {
    if ((int)level < atomic_load(&least_level))
        return;
    enum log_format format = (enum log_format)atomic_load(&current_format);
    struct line line;
    line.len = 0;
    line.full = false;
    add_head(&line, format, level, event);
    for (const struct log_field *field = fields; field->key && !line.full; field++) {
        size_t before = line.len;
        add_field(&line, format, field);
        if (line.full)
            line.len = before;
    }
    add_tail(&line, format);
    if (!write_line(&line))
        atomic_fetch_add(&dropped, 1);
}

void log_redirect(int fd) {
    atomic_store(&descriptor, fd == -1 ? STDERR_FILENO : fd);
}

uint64_t log_dropped(void) {
    return atomic_load(&dropped);
}
