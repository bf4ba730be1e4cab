/* Secrets in files (the detail port's token, the loopback key), read again when they
 * change. Blocks on the file; loop thread, at start and on a look. */
#ifndef APP_SECRETS_H
#define APP_SECRETS_H

#include "base/buf.h"

#include <stdbool.h>

struct err;

struct secret {
    const char *path; /* borrowed from the running configuration; NULL: none configured */
    struct buf value;
    bool failed; /* the last read did; said once */
};

enum { SECRET_MAX = 4096 };

/* Read the file at `path` (NULL empties the secret). `changed` tells whether the value is
 * another one now. On error the old value stays. */
bool secret_read(struct secret *secret, const char *path, bool *changed, struct err *err);
void secret_fini(struct secret *secret);

#endif
