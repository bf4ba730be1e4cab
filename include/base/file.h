/* Reading small regular files whole: configuration, tokens, keys. Blocks; never call it
 * in the loop thread outside a reload. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/* Append the file's bytes to `out`. Errors: not there, not readable, a directory or
 * another kind of file, more than `max` bytes. Nothing is appended on error. */
bool file_read(const char *path, size_t max, struct buf *out, struct err *err);

/* A secret: file_read with one trailing newline (LF or CRLF) removed; empty is an error.
 */
bool file_read_secret(const char *path, size_t max, struct buf *out, struct err *err);

#endif
