/* From a file to a struct config, with every error at once.
 *
 * The option tables of check types come in from outside (the composition root hands them
 * in): this layer does not know which types exist. Blocks on the file; runs before the
 * loop starts or during a reload. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/err.h"
#include "model/config.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct schema;

enum { CONFIG_FILE_MAX = 1024 * 1024 }; /* bytes of a configuration file */

struct config_type {
    const char *name;
    const struct schema *options;
};
struct config_types {
    const struct config_type *items;
    size_t count;
};

/* Read, parse, validate, derive. NULL with at least one error added, each with line and
 * column where there is a place. A config with one reference otherwise. */
struct config *config_load(const char *file, const struct config_types *types,
                           struct err_list *errors);

/* The same from text; `file` is only named. */
struct config *config_parse(const char *text, size_t len, const char *file,
                            const struct config_types *types, struct err_list *errors);

/* An empty configuration that stands in for `file` until there is a good one: its
 * `listen` where that can be read, every other default, no checks, a hash that no file
 * has. One reference; never NULL. */
struct config *config_stand_in(const char *file, const struct config_types *types);

/* SHA-256 of the file now, to tell whether a reload has anything to do. */
bool config_hash_file(const char *file, char out[MAC_HEX_MAX], struct err *err);

/* Both checks run the same way against the same target, so state may be kept over a
 * reload. Parents are compared by name. */
bool config_checks_equal(const struct config *a, uint32_t a_index, const struct config *b,
                         uint32_t b_index, const struct config_types *types);

/* What cannot change while running (the listening addresses) is the same in both.
 * Otherwise false, with an error that says: needs a restart. */
bool config_can_replace(const struct config *running, const struct config *next,
                        struct err *err);

/* The JSON Schema (draft 2020-12) of the whole file, for editors and for CI. */
void config_write_json_schema(const struct config_types *types, struct buf *out);

/* The man page's section on keys, as mdoc(7). */
void config_write_mdoc(const struct config_types *types, struct buf *out);

#endif
