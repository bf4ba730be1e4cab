/* Strings: bounded copies, numbers and durations with ranges, escaping, nearest word. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct text_list {
    const char *const *items; /* borrowed; usually from an arena */
    size_t count;
};

/* Copy at most size-1 bytes, cut on a UTF-8 boundary, always terminated. False if cut. */
bool text_copy(char *dst, size_t size, const char *src);

bool text_has_prefix(const char *text, const char *prefix);
bool text_has_suffix(const char *text, const char *suffix);

/* Equality in a time that depends only on the lengths: for tokens. */
bool text_equal_secret(const char *a, size_t a_len, const char *b, size_t b_len);

/* Decimal digits with an optional '-', the whole string, within [min, max]. */
bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *value);

/* A duration with its unit: "250ms", "5s", "1.5s", "10m", "1h". False for anything else,
 * a bare number included. */
bool text_parse_duration(const char *text, int64_t *ms);

/* The shortest exact form: 250 -> "250ms", 5000 -> "5s", 90000 -> "90s", 3600000 -> "1h".
 */
enum { TEXT_DURATION_MAX = 24 };
char *text_format_duration(int64_t ms, char out[TEXT_DURATION_MAX]);

/* The candidate a typist most likely meant (edit distance, at most a third of the word,
 * at least 1), or NULL. The first of equals wins. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Append a JSON string with its quotes (RFC 8259). Bytes that are not UTF-8 become
 * U+FFFD. */
void text_append_json(struct buf *out, const char *text, size_t len);

/* Append text with & < > " ' replaced for HTML text and attribute values. Bytes that are
 * not UTF-8 and control characters become U+FFFD. */
void text_append_html(struct buf *out, const char *text);

/* Make a peer's bytes fit for one line of evidence: control characters become spaces,
 * bytes that are not UTF-8 become '?'. At most size-1 bytes are written. Returns dst. */
char *text_clean(char *dst, size_t size, const char *bytes, size_t len);

#endif
