/* Wrapping of text and commands for a terminal. Owns the width and what a column is;
 * never decides what is said. */
#include "wrap.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* The part of a command that goes on one line. */
struct cut {
    size_t len;
    bool is_quoted; /* it ends between apostrophes */
};

static bool starts_code_point(char c) {
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t width_of(const char *text, size_t len) {
    size_t width = 0;
    for (size_t i = 0; i < len; i++)
        width += starts_code_point(text[i]);
    return width;
}

/* Bytes of the first `columns` code points. */
static size_t bytes_of(const char *text, size_t len, size_t columns) {
    size_t i = 0;
    for (; i < len; i++) {
        if (starts_code_point(text[i]) && columns-- == 0)
            break;
    }
    return i;
}

static void append_spaces(struct buf *out, size_t count) {
    buf_printf(out, "%*s", (int)count, "");
}

static void new_line(struct buf *out, size_t indent, size_t *column) {
    buf_putc(out, '\n');
    append_spaces(out, indent);
    *column = indent;
}

/* One word that may be longer than a line. */
static void append_word(struct buf *out, const char *word, size_t len, size_t indent,
                        size_t *column) {
    while (width_of(word, len) > WRAP_COLUMNS - *column) {
        size_t part = bytes_of(word, len, WRAP_COLUMNS - *column);
        buf_append(out, word, part);
        word += part;
        len -= part;
        new_line(out, indent, column);
    }
    buf_append(out, word, len);
    *column += width_of(word, len);
}

static char *cleaned(const char *text) {
    size_t len = strlen(text);
    char *clean = mem_alloc(len + 1, 1);
    return text_clean(clean, len + 1, text, len);
}

/* Words up to the width. `text` starts with one. */
static void append_wrapped(struct buf *out, const char *text, size_t indent,
                           size_t column) {
    size_t spaces = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (spaces > 0 && column + spaces + width_of(text, len) > WRAP_COLUMNS) {
            new_line(out, indent, &column);
        } else {
            append_spaces(out, spaces);
            column += spaces;
        }
        append_word(out, text, len, indent, &column);
        text += len;
        spaces = strspn(text, " ");
        text += spaces;
    }
}

/* As much as fits into `columns`, up to the last space or comma that is not near its
 * start. */
static struct cut find_cut(const char *command, bool is_quoted, size_t columns) {
    struct cut cut = {.is_quoted = is_quoted};
    struct cut best = {0};
    while (cut.len < columns) {
        char c = command[cut.len++];
        if (c == '\'')
            cut.is_quoted = !cut.is_quoted;
        bool is_end = c == ',' || (c == ' ' && !cut.is_quoted);
        if (is_end && cut.len > columns / 3)
            best = cut;
    }
    /* Two backslashes would be a backslash. */
    while (!cut.is_quoted && cut.len > 1 && command[cut.len - 1] == '\\')
        cut.len--;
    return best.len > 0 ? best : cut;
}

size_t wrap_width(const char *text) {
    return width_of(text, strlen(text));
}

void wrap_line(struct buf *out, const char *label, size_t indent, const char *text) {
    MEM_AUTO char *clean_label = cleaned(label);
    MEM_AUTO char *clean_text = cleaned(text);
    size_t column = 0;
    append_word(out, clean_label, strlen(clean_label), indent, &column);
    const char *first = clean_text + strspn(clean_text, " ");
    if (*first != '\0') {
        size_t gap = column < indent ? indent - column : 1;
        if (column + gap < WRAP_COLUMNS) {
            append_spaces(out, gap);
            column += gap;
        } else {
            new_line(out, indent, &column);
        }
        append_wrapped(out, first, indent, column);
    }
    buf_putc(out, '\n');
}

void wrap_command(struct buf *out, const char *command) {
    MEM_AUTO char *clean = cleaned(command);
    const char *rest = clean;
    bool is_quoted = false;
    while (width_of(rest, strlen(rest)) + is_quoted > WRAP_COLUMNS) {
        /* Room for the apostrophes around a quoted part, and the backslash. */
        struct cut cut = find_cut(rest, is_quoted, WRAP_COLUMNS - 3);
        buf_puts(out, is_quoted ? "'" : "");
        buf_append(out, rest, cut.len);
        buf_puts(out, cut.is_quoted ? "'\\\n" : "\\\n");
        rest += cut.len;
        is_quoted = cut.is_quoted;
    }
    buf_printf(out, "%s%s\n", is_quoted ? "'" : "", rest);
}

void wrap_printf(struct buf *out, const char *label, size_t indent, const char *fmt,
                 ...) {
    BUF_AUTO struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    wrap_line(out, label, indent, text.data);
}
