/* Walking over JSON text: white space, strings, values, members. Checks no syntax:
 * jansson has accepted the text. Allocates nothing. */
#include "scan_internal.h"

#include <stdint.h>
#include <string.h>

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static uint32_t hex_value(char c) {
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (uint32_t)(c - 'A') + 10;
    return 0;
}

static bool take_byte(struct scan_text *text, unsigned char *byte) {
    if (text->len == 0)
        return false;
    *byte = (unsigned char)*text->at;
    text->at++;
    text->len--;
    return true;
}

/* The four digits behind "\u". */
static uint32_t take_hex(struct scan_text *text) {
    uint32_t value = 0;
    unsigned char byte;

    for (int i = 0; i < 4 && take_byte(text, &byte); i++)
        value = value * 16 + hex_value((char)byte);
    return value;
}

static uint32_t take_escape(struct scan_text *text) {
    unsigned char byte;

    if (!take_byte(text, &byte))
        return 0;
    switch (byte) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'u':
            break;
        default:
            return byte;
    }
    uint32_t high = take_hex(text);
    if (high < 0xD800 || high > 0xDBFF || text->len < 6 || text->at[0] != '\\')
        return high;
    text->at += 2;
    text->len -= 2;
    return 0x10000 + ((high - 0xD800) << 10) + (take_hex(text) - 0xDC00);
}

/* The next character of a string, escapes resolved. The text must not be empty. */
static uint32_t take_char(struct scan_text *text) {
    unsigned char byte = 0;

    take_byte(text, &byte);
    if (byte == '\\')
        return take_escape(text);
    if (byte < 0xC0)
        return byte;
    int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    uint32_t value = byte & (0x3Fu >> more);
    while (more-- > 0 && take_byte(text, &byte))
        value = (value << 6) | (byte & 0x3F);
    return value;
}

char scan_peek(struct scan *scan) {
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
    if (scan->at == scan->end)
        return '\0';
    return *scan->at;
}

bool scan_take(struct scan *scan, char c) {
    if (scan_peek(scan) != c || scan->at == scan->end)
        return false;
    scan->at++;
    return true;
}

struct scan_text scan_string(struct scan *scan) {
    struct scan_text text = {scan->at + 1, 0};

    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
    }
    text.len = (size_t)(scan->at - text.at);
    if (scan->at < scan->end)
        scan->at++;
    return text;
}

void scan_value(struct scan *scan) {
    size_t depth = 0;

    do {
        char c = scan_peek(scan);
        if (scan->at == scan->end)
            return;
        if (c == '"') {
            scan_string(scan);
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
            scan->at++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            scan->at++;
        } else {
            /* A number or a word, or between members a comma or a colon. */
            scan->at++;
            while (scan->at < scan->end && !is_space(*scan->at) &&
                   !strchr(",:{}[]\"", *scan->at))
                scan->at++;
        }
    } while (depth > 0);
}

bool scan_next_key(struct scan *scan, struct scan_text *key, const char **key_at) {
    scan_take(scan, ',');
    if (scan_peek(scan) != '"') {
        scan_take(scan, '}');
        return false;
    }
    *key_at = scan->at;
    *key = scan_string(scan);
    return scan_take(scan, ':');
}

bool scan_next_item(struct scan *scan) {
    scan_take(scan, ',');
    return !scan_take(scan, ']') && scan_peek(scan) != '\0';
}

int scan_compare(struct scan_text a, struct scan_text b) {
    while (a.len > 0 && b.len > 0) {
        uint32_t left = take_char(&a);
        uint32_t right = take_char(&b);
        if (left != right)
            return left < right ? -1 : 1;
    }
    return (a.len > 0) - (b.len > 0);
}

void scan_place(const char *text, const char *at, int *line, int *col) {
    const char *start = text;

    *line = 1;
    for (const char *p = text; p < at; p++) {
        if (*p == '\n') {
            (*line)++;
            start = p + 1;
        }
    }
    *col = (int)(at - start) + 1;
}
