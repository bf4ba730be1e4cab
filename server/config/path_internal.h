/* Paths such as tenants[1].headers["X-A"], as config/locate.h reads them. All are made in
 * an arena, except where nothing is to be added. */
#ifndef CONFIG_PATH_INTERNAL_H
#define CONFIG_PATH_INTERNAL_H

#include <stddef.h>

struct arena;

const char *path_add_key(struct arena *arena, const char *path, const char *key);

/* The same with a key as it stands between the quotes of a JSON string. */
const char *path_add_raw_key(struct arena *arena, const char *path, const char *raw,
                             size_t len);

const char *path_add_index(struct arena *arena, const char *path, size_t index);

/* Add a whole path; "" adds nothing. */
const char *path_add(struct arena *arena, const char *path, const char *rest);

#endif
