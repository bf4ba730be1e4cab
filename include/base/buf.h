/* A growable byte buffer, always NUL-terminated behind its last byte. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* never NULL after the first append; owned */
    size_t len; /* bytes without the NUL */
    size_t cap;
};

#define BUF_AUTO __attribute__((cleanup(buf_fini)))

/* A zeroed struct buf is an empty buffer. buf_fini frees and zeroes it, so it may be
 * reused. */
void buf_fini(struct buf *buf);

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Empty it and keep the memory. */
void buf_clear(struct buf *buf);

/* The bytes as a heap string the caller frees; the buffer is empty afterwards. Never
 * NULL. */
char *buf_take(struct buf *buf);

#endif
