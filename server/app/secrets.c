/* One secret and its file. Never logs a value. */
#include "app/secrets.h"

#include "base/err.h"
#include "base/file.h"

#include <openssl/crypto.h>
#include <string.h>

static void wipe(struct buf *value) {
    if (value->data)
        OPENSSL_cleanse(value->data, value->len);
    buf_fini(value);
}

bool secret_read(struct secret *secret, const char *path, bool *changed,
                 struct err *err) {
    struct buf fresh = {0};
    if (path && !file_read_secret(path, SECRET_MAX, &fresh, err)) {
        wipe(&fresh);
        return false;
    }
    *changed = fresh.len != secret->value.len ||
               (fresh.len > 0 && memcmp(fresh.data, secret->value.data, fresh.len) != 0);
    wipe(&secret->value);
    secret->value = fresh;
    return true;
}

void secret_fini(struct secret *secret) {
    wipe(&secret->value);
}
