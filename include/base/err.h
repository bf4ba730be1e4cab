/* Error values: what went wrong, where, and what to do.
 *
 * A function that can fail takes `struct err *err` last and returns false (or NULL). The
 * value belongs to the caller, needs no clean-up, stays untouched on success, and keeps
 * the first error set on it. A NULL err is accepted everywhere: the caller only wants the
 * bool. A target that is down is not an error but an outcome (model/outcome.h). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ERR_WHERE_MAX = 160, /* bytes of a place, the NUL included; longer ones are cut */
    ERR_TEXT_MAX = 320,
    ERR_LIST_MAX = 20 /* errors that one configuration file reports at once */
};

enum err_kind {
    ERR_NONE = 0,
    ERR_SYSTEM,      /* a system call failed; `sys` holds errno */
    ERR_SYNTAX,      /* text that cannot be read at all */
    ERR_INVALID,     /* readable, but not allowed there */
    ERR_LIMIT,       /* beyond a stated limit */
    ERR_UNAVAILABLE, /* a file, peer or feature that should be there is not */
};

struct err {
    enum err_kind kind;
    int sys;  /* errno, or 0 */
    int line; /* 1-based place in a file; 0 where there is none */
    int col;
    char where[ERR_WHERE_MAX]; /* a path such as "checks[3].timeout"; may be empty */
    char text[ERR_TEXT_MAX];   /* one sentence, no newline */
};

/* Errors of one input, in the order they were found. Zero-initialise; no clean-up. */
struct err_list {
    size_t len;
    size_t dropped; /* found beyond ERR_LIST_MAX and only counted */
    struct err items[ERR_LIST_MAX];
};

/* Set `err` unless it already holds an error. Always returns false, so that a caller can
 * write `return err_set(err, ...)`. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with kind ERR_SYSTEM; ": " and the text of errno value `sys` are appended.
 */
bool err_set_sys(struct err *err, int sys, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put a path segment before err->where: "tenants[1]" and "name" give "tenants[1].name";
 * a where that starts with "[" is joined without a dot. Does nothing without an error. */
void err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Write "FILE:LINE:COL: WHERE: TEXT" into out, leaving out what is unknown (`file` may be
 * NULL). Cut to `size`, always terminated. Returns out. */
char *err_format(const struct err *err, const char *file, char *out, size_t size);

/* Append a copy of `err`; counts it in `dropped` when the list is full. NULL list:
 * nothing. */
void err_list_add(struct err_list *list, const struct err *err);

#endif
