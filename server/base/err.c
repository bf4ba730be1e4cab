/* Error values. Owns how an error's text and place are put together and cut; never
 * prints, logs or allocates for an error itself. Text comes from files and peers, so
 * control characters are taken out here, once. */
#include "base/err.h"

#include "base/buf.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formats into out, cut on a character boundary. */
__attribute__((format(printf, 3, 0))) static void
format_clean(char *out, size_t size, const char *fmt, va_list args) {
    char raw[2 * ERR_TEXT_MAX];
    if (vsnprintf(raw, sizeof raw, fmt, args) < 0)
        raw[0] = '\0';
    text_clean(out, size, raw, strlen(raw));
}

bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) {
    if (!err || err->kind != ERR_NONE)
        return false;
    va_list args;
    va_start(args, fmt);
    format_clean(err->text, sizeof err->text, fmt, args);
    va_end(args);
    err->kind = kind;
    return false;
}

bool err_set_sys(struct err *err, int sys, const char *fmt, ...) {
    if (!err || err->kind != ERR_NONE)
        return false;
    /* %m is strerror() without its shared memory. */
    char tail[ERR_TEXT_MAX / 2];
    int saved = errno;
    errno = sys;
    if (snprintf(tail, sizeof tail, ": %m") < 0)
        tail[0] = '\0';
    errno = saved;

    /* A long message is cut before its reason is. */
    va_list args;
    va_start(args, fmt);
    format_clean(err->text, sizeof err->text - strlen(tail), fmt, args);
    va_end(args);
    size_t len = strlen(err->text);
    text_copy(err->text + len, sizeof err->text - len, tail);
    err->kind = ERR_SYSTEM;
    err->sys = sys;
    return false;
}

void err_wrap(struct err *err, const char *fmt, ...) {
    if (!err || err->kind == ERR_NONE)
        return;
    char segment[ERR_WHERE_MAX];
    va_list args;
    va_start(args, fmt);
    format_clean(segment, sizeof segment, fmt, args);
    va_end(args);

    char joined[2 * ERR_WHERE_MAX + 1];
    bool dot = segment[0] != '\0' && err->where[0] != '\0' && err->where[0] != '[';
    snprintf(joined, sizeof joined, "%s%s%s", segment, dot ? "." : "", err->where);
    text_copy(err->where, sizeof err->where, joined);
}

char *err_format(const struct err *err, const char *file, char *out, size_t size) {
    BUF_AUTO struct buf line = {0};
    if (file)
        buf_puts(&line, file);
    if (err->line > 0)
        buf_printf(&line, "%s%d", line.len > 0 ? ":" : "", err->line);
    if (err->line > 0 && err->col > 0)
        buf_printf(&line, ":%d", err->col);
    if (err->where[0] != '\0')
        buf_printf(&line, "%s%s", line.len > 0 ? ": " : "", err->where);
    buf_printf(&line, "%s%s", line.len > 0 ? ": " : "", err->text);
    text_copy(out, size, line.data);
    return out;
}

void err_list_add(struct err_list *list, const struct err *err) {
    if (!list)
        return;
    if (list->len == ERR_LIST_MAX)
        list->dropped++;
    else
        list->items[list->len++] = *err;
}
