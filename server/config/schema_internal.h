/* What the parts of the schema module share: slots, single values, wording. */
#ifndef CONFIG_SCHEMA_INTERNAL_H
#define CONFIG_SCHEMA_INTERNAL_H

#include "config/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What secrets are shown as. */
#define SCHEMA_REMOVED "(removed)"

static inline void *schema_slot(void *object, size_t offset) {
    return (char *)object + offset;
}
static inline const void *schema_const_slot(const void *object, size_t offset) {
    return (const char *)object + offset;
}

/* Store a value that is a string, an integer or a boolean in the file. False if the row's
 * kind is not written so, or the value is not allowed; `err` may then say why. */
bool schema_store_text(const struct schema_row *row, void *object, struct arena *arena,
                       const char *text, struct err *err);
bool schema_store_int(const struct schema_row *row, void *object, int64_t value);
bool schema_store_bool(const struct schema_row *row, void *object, bool value);

/* Append what a row takes: "a duration of 50ms to 1h". */
void schema_describe(const struct schema_row *row, struct buf *out);

/* Append sentences as lines of mdoc(7), the last one ended. */
void schema_put_mdoc_text(const char *text, struct buf *out);

/* "4KiB", or digits where no unit fits. Returns out. */
char *schema_format_size(int64_t bytes, char out[TEXT_DURATION_MAX]);

/* Append JSON as text, indented. False: out of memory. */
bool schema_dump(const struct json_t *json, struct buf *out);

#endif
