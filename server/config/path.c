/* Building the paths that errors name. Reads no text. */
#include "path_internal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const char bare[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

const char *path_add(struct arena *arena, const char *path, const char *rest) {
    if (rest[0] == '\0')
        return path;
    if (path[0] == '\0' || rest[0] == '[')
        return arena_printf(arena, "%s%s", path, rest);
    return arena_printf(arena, "%s.%s", path, rest);
}

const char *path_add_raw_key(struct arena *arena, const char *path, const char *raw,
                             size_t len) {
    if (len > 0 && strspn(raw, bare) >= len)
        return path_add(arena, path, arena_printf(arena, "%.*s", (int)len, raw));
    return arena_printf(arena, "%s[\"%.*s\"]", path, (int)len, raw);
}

const char *path_add_key(struct arena *arena, const char *path, const char *key) {
    BUF_AUTO struct buf json = {0};

    text_append_json(&json, key, strlen(key));
    return path_add_raw_key(arena, path, json.data + 1, json.len - 2);
}

const char *path_add_index(struct arena *arena, const char *path, size_t index) {
    return arena_printf(arena, "%s[%zu]", path, index);
}
