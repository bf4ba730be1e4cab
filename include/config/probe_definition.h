/* Application Gateway's probe from a file: our own small document (azure/probe.json), a
 * bare probe as ARM or `az` writes it, or one of a whole gateway's export. Blocks on the
 * file. */
#ifndef CONFIG_PROBE_DEFINITION_H
#define CONFIG_PROBE_DEFINITION_H

#include "azure/definition.h"
#include "base/err.h"

#include <stddef.h>

struct arena;
struct buf;

enum { PROBE_DEFINITION_FILE_MAX = 8 * 1024 * 1024 }; /* exports are large */

struct probe_definition {
    struct arena *arena; /* owns all that `data` points to, and this struct */
    struct appgw_definition data;
};

/* Read, choose, validate. `name`: the probe to take where the file holds several; NULL:
 * there must be just one. NULL with at least one error added, each with line and column
 * where there is a place. */
struct probe_definition *probe_definition_load(const char *file, const char *name,
                                               struct err_list *errors);

/* The same from text. */
struct probe_definition *probe_definition_parse(const char *text, size_t len,
                                                const char *name,
                                                struct err_list *errors);
void probe_definition_free(struct probe_definition *definition); /* NULL is fine */

/* The JSON Schema (draft 2020-12) of our own document, for editors. */
void probe_definition_write_json_schema(struct buf *out);

#endif
