/* A file's text as a JSON document, with errors that name their place. Shared by all that
 * is read from files. */
#ifndef CONFIG_DOCUMENT_INTERNAL_H
#define CONFIG_DOCUMENT_INTERNAL_H

#include "config/schema.h"

/* The document in reader->text; a new reference. NULL with an error. A key that stands
 * twice is an error too, but the document is given. */
struct json_t *document_parse(struct schema_reader *reader);

/* Add "out of memory": only jansson's allocations end up here. */
void document_report_memory(struct schema_reader *reader);

/* Append what was found in one file, in the order of its places. */
void document_give_errors(struct err_list *found, struct err_list *errors);

#endif
