/* Character by character escaping into fixed memory: shared by text.c and log.c, because
 * a log line about memory that ran out must not allocate any. */
#ifndef BASE_TEXT_INTERNAL_H
#define BASE_TEXT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_ESCAPED_MAX = 6 }; /* "\u001f" */

/* Bytes of the UTF-8 character at text (len > 0), 0 where there is none. */
size_t text_utf8_size(const char *text, size_t len);

/* Is the character of `size` bytes at text a control character (C0, DEL or C1)? */
bool text_is_control(const char *text, size_t size);

/* Write the next character of text (len > 0) as a JSON string holds it; one byte that is
 * not UTF-8 becomes U+FFFD. Sets *used to the bytes read, returns the bytes written. */
size_t text_escape_json(const char *text, size_t len, size_t *used,
                        char out[TEXT_ESCAPED_MAX]);

#endif
