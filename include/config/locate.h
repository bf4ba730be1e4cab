/* From a path such as checks[3].timeout to its place in the file's text. jansson keeps no
 * positions, so the text is scanned once more for each error. Pure. */
#ifndef CONFIG_LOCATE_H
#define CONFIG_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

/* Find the value at `path` (or, with `key`, the key that names it) in JSON text that
 * jansson has accepted. An empty path is the document. Where the path goes further than
 * the text, the deepest part that exists is given. Line and column are 1-based; columns
 * count bytes. False only if not even the document is there. Keys with characters outside
 * [A-Za-z0-9_-] are written in quotes in a path: headers["X-A.b"]. */
bool locate(const char *text, size_t len, const char *path, bool key, int *line,
            int *col);

#endif
