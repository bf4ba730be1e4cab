/* Lines of at most 80 columns: a label, then text that is wrapped and indented below
 * itself. */
#ifndef VIEW_WRAP_H
#define VIEW_WRAP_H

#include <stddef.h>

struct buf;

enum { WRAP_COLUMNS = 80 };

/* Append "LABEL  TEXT\n", the text starting at column `indent` (a longer label pushes it
 * on) and continuing there. Runs of spaces inside a line are kept; control characters and
 * bytes that are not UTF-8 are replaced; words too long for a line are cut. A code point
 * counts as one column. Both texts may hold anything. */
void wrap_line(struct buf *out, const char *label, size_t indent, const char *text);

/* The same with a format. */
void wrap_printf(struct buf *out, const char *label, size_t indent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Append a shell command that goes on in the next line behind a backslash, so that it is
 * the same command when its lines are copied into a POSIX shell. An apostrophe in it must
 * be a quote. */
void wrap_command(struct buf *out, const char *command);

/* Columns that a text takes. */
size_t wrap_width(const char *text);

#endif
