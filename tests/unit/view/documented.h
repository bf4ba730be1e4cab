/* The text of a file of docs/, to see that a word is explained there. */
#ifndef TESTS_UNIT_VIEW_DOCUMENTED_H
#define TESTS_UNIT_VIEW_DOCUMENTED_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* Fills `out`; false where there is no such file. */
static inline bool documented_read(const char *path, struct buf *out) {
    char part[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    for (size_t len; (len = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(out, part, len);
    fclose(file);
    return out->len > 0;
}

/* The word stands there as `word`. */
static inline bool documented_has(const struct buf *text, const char *word, size_t len) {
    BUF_AUTO struct buf quoted = {0};
    buf_printf(&quoted, "`%.*s`", (int)len, word);
    return strstr(text->data, quoted.data);
}

#endif
