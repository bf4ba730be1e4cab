/* Time. The monotonic clock decides everything; the wall clock is only shown to people.
 * Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_MAX = 32 }; /* "2026-11-23T20:49:40.123Z" and its NUL */

int64_t clock_mono_us(void); /* CLOCK_MONOTONIC */
int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void); /* milliseconds since 1970-01-01T00:00:00Z */

/* "2026-11-23T20:49:40.123Z" for milliseconds since the epoch. Returns out. */
char *clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);

/* RFC 3339 date-time with "Z" or an offset, fraction optional. False if it is not one. */
bool clock_parse_rfc3339(const char *text, int64_t *wall_ms);

/* Replace the sources in a test; NULL restores the real ones. Not thread-safe. */
void clock_override(int64_t (*mono_us)(void), int64_t (*wall_ms)(void));

#endif
