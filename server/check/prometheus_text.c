/* Reader of Prometheus' text format. Owns its grammar; keeps nothing of a text but the
 * numbers that were asked for. */
#include "check/prometheus_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Longer ones are no number that anybody wants. */
enum { NUMBER_MAX = 64 };

/* What is left of one line. */
struct line {
    const char *at;
    const char *end;
};

struct span {
    const char *at;
    size_t len;
};

static bool is_word_byte(char c, bool is_first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (!is_first && c >= '0' && c <= '9');
}

static void skip_blanks(struct line *line) {
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
        line->at++;
}

static bool skip_byte(struct line *line, char c) {
    if (line->at == line->end || *line->at != c)
        return false;
    line->at++;
    return true;
}

/* A metric's or a label's name. */
static bool read_word(struct line *line, struct span *word) {
    word->at = line->at;
    while (line->at < line->end && is_word_byte(*line->at, line->at == word->at))
        line->at++;
    word->len = (size_t)(line->at - word->at);
    return word->len > 0;
}

/* A label's value, compared while it is unescaped. */
static bool read_quoted(struct line *line, const char *label, bool *is_equal) {
    const char *left = label ? label : "";
    bool fits = true;
    if (!skip_byte(line, '"'))
        return false;
    while (line->at < line->end && *line->at != '"') {
        char c = *line->at++;
        if (c == '\\') {
            if (line->at == line->end)
                return false;
            c = *line->at++;
            if (c == 'n')
                c = '\n';
        }
        fits = fits && c != '\0' && *left == c;
        left += fits;
    }
    *is_equal = fits && *left == '\0';
    return skip_byte(line, '"');
}

/* {a="x",b="y",}; nothing is fine as well. `has_label`: one of them has the value. */
static bool read_labels(struct line *line, const char *label, bool *has_label) {
    *has_label = false;
    if (!skip_byte(line, '{'))
        return true;
    for (;;) {
        struct span name;
        bool is_equal;
        skip_blanks(line);
        if (skip_byte(line, '}'))
            return true;
        if (!read_word(line, &name))
            return false;
        skip_blanks(line);
        if (!skip_byte(line, '='))
            return false;
        skip_blanks(line);
        if (!read_quoted(line, label, &is_equal))
            return false;
        *has_label = *has_label || is_equal;
        skip_blanks(line);
        if (skip_byte(line, '}'))
            return true;
        if (!skip_byte(line, ','))
            return false;
    }
}

/* Everything up to a blank or the end, as one number. */
static bool read_number(struct line *line, double *value) {
    char text[NUMBER_MAX];
    const char *start = line->at;
    while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
        line->at++;
    size_t len = (size_t)(line->at - start);
    if (len == 0 || len >= sizeof text || memchr(start, '\0', len))
        return false;
    memcpy(text, start, len);
    text[len] = '\0';
    char *rest;
    *value = strtod(text, &rest);
    return *rest == '\0';
}

/* The wanted sample of that name; several may differ by their label. */
static bool is_named(const struct prometheus_wanted *wanted, const struct span *name) {
    return strlen(wanted->name) == name->len &&
           memcmp(wanted->name, name->at, name->len) == 0;
}

/* The line once more, for one that is wanted: its labels are compared as they are read.
 */
static void take(const struct line *behind_name, struct prometheus_wanted *wanted) {
    struct line line = *behind_name;
    bool has_label;
    double value;
    if (!read_labels(&line, wanted->label, &has_label) || (wanted->label && !has_label))
        return;
    skip_blanks(&line);
    if (!read_number(&line, &value) || isnan(value))
        return;
    wanted->is_found = true;
    wanted->value = value;
}

/* True if the line is a sample. */
static bool read_line(struct line line, struct prometheus_wanted *wanted, size_t count) {
    struct span name;
    bool has_label;
    double value;
    skip_blanks(&line);
    if (!read_word(&line, &name))
        return false;
    skip_blanks(&line);
    const struct line behind_name = line;
    if (!read_labels(&line, NULL, &has_label))
        return false;
    skip_blanks(&line);
    if (!read_number(&line, &value))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!wanted[i].is_found && is_named(&wanted[i], &name))
            take(&behind_name, &wanted[i]);
    }
    return true;
}

size_t prometheus_read(const char *text, size_t len, struct prometheus_wanted *wanted,
                       size_t count) {
    const char *end = text + len;
    size_t samples = 0;
    for (size_t i = 0; i < count; i++)
        wanted[i].is_found = false;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        struct line line = {text, stop > text && stop[-1] == '\r' ? stop - 1 : stop};
        samples += read_line(line, wanted, count);
        text = newline ? newline + 1 : end;
    }
    return samples;
}
