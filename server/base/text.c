/* Strings: copies, numbers, durations, escaping. Owns what counts as UTF-8 (Unicode table
 * 3-7: no surrogates, no overlong forms) and as a control character (C0, DEL, C1). */
#include "base/text.h"

#include "base/buf.h"
#include "text_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NEAREST_WORD_MAX = 64 };

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits between two words of at most NEAREST_WORD_MAX bytes; two neighbours swapped are
 * one edit. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][NEAREST_WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = min_size(above[j - 1] + cost, min_size(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_size(row[j], before[j - 2] + 1);
        }
    }
    return row[b_len];
}

size_t text_utf8_size(const char *text, size_t len) {
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (len < size)
        return 0;
    unsigned char second = (unsigned char)text[1];
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

bool text_is_control(const char *text, size_t size) {
    unsigned char first = (unsigned char)text[0];
    if (size == 2)
        return first == 0xc2 && (unsigned char)text[1] < 0xa0;
    return size == 1 && (first < 0x20 || first == 0x7f);
}

size_t text_escape_json(const char *text, size_t len, size_t *used,
                        char out[TEXT_ESCAPED_MAX]) {
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    static const char escape[] = {'\\', 'u', '0', '0'};
    size_t size = text_utf8_size(text, len);
    if (size == 0) {
        *used = 1;
        memcpy(out, replacement, sizeof replacement - 1);
        return sizeof replacement - 1;
    }
    *used = size;
    const char *found = memchr(plain, text[0], sizeof plain - 1);
    if (found) {
        out[0] = '\\';
        out[1] = letters[found - plain];
        return 2;
    }
    /* DEL and C1 need no escape in JSON, but a terminal that shows the line obeys them.
     */
    if (text_is_control(text, size)) {
        unsigned char code = (unsigned char)text[size - 1];
        memcpy(out, escape, sizeof escape);
        out[4] = hex[code >> 4];
        out[5] = hex[code & 15];
        return 6;
    }
    memcpy(out, text, size);
    return size;
}

bool text_copy(char *dst, size_t size, const char *src) {
    if (size == 0)
        return false;
    size_t len = strlen(src);
    bool whole = len < size;
    if (!whole) {
        len = size - 1;
        for (int back = 0; back < 3 && len > 0 && (src[len] & 0xc0) == 0x80; back++)
            len--;
    }
    memcpy(dst, src, len);
    dst[len] = '\0';
    return whole;
}

bool text_has_prefix(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *text, const char *suffix) {
    size_t len = strlen(text);
    size_t suffix_len = strlen(suffix);
    return suffix_len <= len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool text_equal_secret(const char *a, size_t a_len, const char *b, size_t b_len) {
    if (a_len != b_len)
        return false;
    /* volatile: the compiler may not stop at the first difference. */
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a_len; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *value) {
    bool negative = *text == '-';
    if (negative)
        text++;
    if (*text == '\0')
        return false;
    int64_t number = 0;
    for (; *text != '\0'; text++) {
        if (!is_digit(*text))
            return false;
        int digit = *text - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, negative ? -digit : digit, &number))
            return false;
    }
    if (number < min || number > max)
        return false;
    *value = number;
    return true;
}

bool text_parse_duration(const char *text, int64_t *ms) {
    if (!is_digit(*text))
        return false;
    int64_t whole = 0;
    for (; is_digit(*text); text++) {
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, *text - '0', &whole))
            return false;
    }
    /* The fraction as part / scale. No unit makes whole milliseconds of a tenth digit. */
    int64_t part = 0;
    int64_t scale = 1;
    if (*text == '.') {
        text++;
        if (!is_digit(*text))
            return false;
        for (; is_digit(*text); text++) {
            if (scale < 1000000000) {
                part = part * 10 + (*text - '0');
                scale *= 10;
            } else if (*text != '0') {
                return false;
            }
        }
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        int64_t total;
        if (part * units[i].ms % scale != 0 ||
            __builtin_mul_overflow(whole, units[i].ms, &total) ||
            __builtin_add_overflow(total, part * units[i].ms / scale, &total))
            return false;
        *ms = total;
        return true;
    }
    return false;
}

char *text_format_duration(int64_t ms, char out[TEXT_DURATION_MAX]) {
    size_t i = 0;
    if (ms == 0)
        i = 2; /* "0s" */
    while (ms % units[i].ms != 0)
        i++;
    /* Decimals are shorter only where seconds leave trailing zeros off. */
    if (units[i].ms == 1 && ms > 1000 && ms % 100 == 0)
        snprintf(out, TEXT_DURATION_MAX, "%" PRId64 ".%ds", ms / 1000,
                 (int)(ms % 1000 / 100));
    else if (units[i].ms == 1 && ms > 1000 && ms % 10 == 0)
        snprintf(out, TEXT_DURATION_MAX, "%" PRId64 ".%02ds", ms / 1000,
                 (int)(ms % 1000 / 10));
    else
        snprintf(out, TEXT_DURATION_MAX, "%" PRId64 "%s", ms / units[i].ms,
                 units[i].name);
    return out;
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t len = strlen(word);
    if (len > NEAREST_WORD_MAX)
        return NULL;
    const char *best = NULL;
    size_t limit = len / 3 > 0 ? len / 3 : 1;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_len = strlen(candidates[i]);
        if (candidate_len > NEAREST_WORD_MAX)
            continue;
        size_t distance = edit_distance(word, len, candidates[i], candidate_len);
        if (distance < limit || (!best && distance == limit)) {
            best = candidates[i];
            limit = distance;
        }
    }
    return best;
}

void text_append_json(struct buf *out, const char *text, size_t len) {
    buf_putc(out, '"');
    for (size_t used; len > 0; text += used, len -= used) {
        char escaped[TEXT_ESCAPED_MAX];
        size_t size = text_escape_json(text, len, &used, escaped);
        buf_append(out, escaped, size);
    }
    buf_putc(out, '"');
}

void text_append_html(struct buf *out, const char *text) {
    static const char plain[] = "&<>\"'";
    static const char *const escaped[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t len = strlen(text);
    while (len > 0) {
        size_t size = text_utf8_size(text, len);
        const char *found = memchr(plain, text[0], sizeof plain - 1);
        if (size == 0 || text_is_control(text, size))
            buf_puts(out, replacement);
        else if (found)
            buf_puts(out, escaped[found - plain]);
        else
            buf_append(out, text, size);
        size_t used = size > 0 ? size : 1;
        text += used;
        len -= used;
    }
}

char *text_clean(char *dst, size_t size, const char *bytes, size_t len) {
    if (size == 0)
        return dst;
    size_t out = 0;
    while (len > 0) {
        size_t used = text_utf8_size(bytes, len);
        const char *from = bytes;
        size_t width = used;
        if (used == 0 || text_is_control(bytes, used)) {
            from = used == 0 ? "?" : " ";
            width = 1;
        }
        if (width > size - 1 - out)
            break;
        memcpy(dst + out, from, width);
        out += width;
        if (used == 0)
            used = 1;
        bytes += used;
        len -= used;
    }
    dst[out] = '\0';
    return dst;
}
