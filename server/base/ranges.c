/* Sets of HTTP status codes. Keeps the items as they were written: never sorts or merges,
 * so that what is shown is what was configured. */
#include "base/ranges.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

enum { CODE_MIN = 100, CODE_MAX = 599 };

static const char *skip_spaces(const char *pos) {
    while (*pos == ' ')
        pos++;
    return pos;
}

/* Exactly three digits, 100..599. */
static bool take_code(const char **pos, uint16_t *code) {
    const char *p = *pos;
    int number = 0;
    for (int i = 0; i < 3; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        number = number * 10 + (p[i] - '0');
    }
    *pos = p + 3;
    *code = (uint16_t)number;
    return number >= CODE_MIN && number <= CODE_MAX;
}

static bool take_item(const char **pos, uint16_t *low, uint16_t *high) {
    *pos = skip_spaces(*pos);
    if (!take_code(pos, low))
        return false;
    *high = *low;
    if (**pos == '-') {
        (*pos)++;
        if (!take_code(pos, high))
            return false;
    }
    *pos = skip_spaces(*pos);
    return **pos == ',' || **pos == '\0';
}

bool ranges_add(struct ranges *ranges, const char *text, struct err *err) {
    struct ranges result = *ranges;
    const char *pos = text;
    for (;;) {
        uint16_t low;
        uint16_t high;
        const char *item = skip_spaces(pos);
        if (!take_item(&pos, &low, &high))
            return err_set(
                err, ERR_INVALID,
                "expected status codes from 100 to 599 such as \"200-299,304\", "
                "got \"%.*s\"",
                (int)strcspn(item, ","), item);
        if (low > high)
            return err_set(err, ERR_INVALID,
                           "the range %d-%d is upside down, expected %d-%d", low, high,
                           high, low);
        if (result.count == RANGES_MAX)
            return err_set(err, ERR_LIMIT, "expected at most %d status codes or ranges",
                           RANGES_MAX);
        result.items[result.count].low = low;
        result.items[result.count].high = high;
        result.count++;
        if (*pos == '\0')
            break;
        pos++;
    }
    *ranges = result;
    return true;
}

bool ranges_contain(const struct ranges *ranges, int code) {
    for (size_t i = 0; i < ranges->count; i++) {
        if (code >= ranges->items[i].low && code <= ranges->items[i].high)
            return true;
    }
    return false;
}

char *ranges_format(const struct ranges *ranges, char out[RANGES_TEXT_MAX]) {
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ranges->count; i++) {
        int low = ranges->items[i].low;
        int high = ranges->items[i].high;
        const char *comma = i > 0 ? "," : "";
        int added =
            low == high
                ? snprintf(out + len, RANGES_TEXT_MAX - len, "%s%d", comma, low)
                : snprintf(out + len, RANGES_TEXT_MAX - len, "%s%d-%d", comma, low, high);
        len += (size_t)added;
    }
    return out;
}
