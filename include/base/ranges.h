/* Sets of HTTP status codes as people write them: "200-299", "200,204", ["200-399"]. */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum { RANGES_MAX = 8, RANGES_TEXT_MAX = 80 };

struct ranges {
    uint8_t count;
    struct {
        uint16_t low;
        uint16_t high; /* inclusive; equal to low for a single code */
    } items[RANGES_MAX];
};

/* Add what `text` says (items separated by commas, codes 100..599) to `ranges`. */
bool ranges_add(struct ranges *ranges, const char *text, struct err *err);
bool ranges_contain(const struct ranges *ranges, int code);
/* "200-299,304". Returns out. */
char *ranges_format(const struct ranges *ranges, char out[RANGES_TEXT_MAX]);

#endif
