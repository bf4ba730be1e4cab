/* Walking over JSON text that jansson has accepted, where places in it are looked for.
 * Never leaves the text, whatever it holds. */
#ifndef CONFIG_SCAN_INTERNAL_H
#define CONFIG_SCAN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct scan {
    const char *at;
    const char *end;
};

/* The characters between the quotes of a JSON string, escapes and all. */
struct scan_text {
    const char *at;
    size_t len;
};

/* Skip white space. The character that follows; '\0' at the end. */
char scan_peek(struct scan *scan);

/* Skip a character that follows white space if it is `c`. */
bool scan_take(struct scan *scan, char c);

/* At the opening quote: skip the string. */
struct scan_text scan_string(struct scan *scan);

/* Skip one value of any kind. */
void scan_value(struct scan *scan);

/* Inside an object, behind its '{' or a member: skip to and over the next key and its
 * colon. False at the end of the object, which is skipped. `key_at` is the key's opening
 * quote. */
bool scan_next_key(struct scan *scan, struct scan_text *key, const char **key_at);

/* Inside an array, behind its '[' or an item: skip to the next item. False at the end of
 * the array, which is skipped. */
bool scan_next_item(struct scan *scan);

/* Order of two strings by their characters after escapes are resolved; 0: the same. */
int scan_compare(struct scan_text a, struct scan_text b);

/* Line and column of a place in `text`, both from 1; columns count bytes. */
void scan_place(const char *text, const char *at, int *line, int *col);

#endif
