/* Time sources and RFC 3339. The calendar is computed here and not by gmtime_r(), which
 * takes a lock and may read the time zone file on its first call. */
#include "base/clock.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { DAY_MS = 86400000, DAYS_PER_ERA = 146097 }; /* an era: 400 years */

static int64_t (*mono_source)(void);
static int64_t (*wall_source)(void);

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap
 * day comes last. */
static int64_t days_from_date(int64_t year, int month, int day) {
    if (month <= 2)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / (DAYS_PER_ERA - 1)) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * day_of_year + 2) / 153); /* 0 is March */
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `count` digits, a number within [min, max], then moves *pos behind them. */
static bool take_number(const char **pos, int count, int min, int max, int *value) {
    int number = 0;
    for (int i = 0; i < count; i++) {
        char c = (*pos)[i];
        if (c < '0' || c > '9')
            return false;
        number = number * 10 + (c - '0');
    }
    *pos += count;
    *value = number;
    return number >= min && number <= max;
}

/* `c`, or its lower case where it is a letter. */
static bool take_char(const char **pos, char c) {
    if (**pos != c && **pos != (c | 0x20))
        return false;
    (*pos)++;
    return true;
}

/* An optional fraction of a second, in whole milliseconds. */
static bool take_fraction(const char **pos, int *ms) {
    *ms = 0;
    if (!take_char(pos, '.'))
        return true;
    int weight = 100;
    const char *start = *pos;
    for (; **pos >= '0' && **pos <= '9'; (*pos)++) {
        *ms += (**pos - '0') * weight;
        weight /= 10;
    }
    return *pos > start;
}

static bool take_offset(const char **pos, int *minutes) {
    *minutes = 0;
    if (take_char(pos, 'Z'))
        return true;
    int sign = **pos == '-' ? -1 : 1;
    if (!take_char(pos, '+') && !take_char(pos, '-'))
        return false;
    int hour;
    int minute;
    if (!take_number(pos, 2, 0, 23, &hour) || !take_char(pos, ':') ||
        !take_number(pos, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

int64_t clock_mono_us(void) {
    if (mono_source)
        return mono_source();
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void) {
    return clock_mono_us() / 1000;
}

int64_t clock_wall_ms(void) {
    if (wall_source)
        return wall_source();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_TEXT_MAX]) {
    int64_t days = wall_ms / DAY_MS;
    int ms = (int)(wall_ms % DAY_MS);
    if (ms < 0) {
        ms += DAY_MS;
        days--;
    }
    int64_t year;
    int month;
    int day;
    date_from_days(days, &year, &month, &day);
    char
        text[2 * CLOCK_TEXT_MAX]; /* the compiler thinks of wider months than there are */
    snprintf(text, sizeof text, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", year,
             month, day, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    text_copy(out, CLOCK_TEXT_MAX, text);
    return out;
}

bool clock_parse_rfc3339(const char *text, int64_t *wall_ms) {
    int year;
    int month;
    int day;
    if (!take_number(&text, 4, 0, 9999, &year) || !take_char(&text, '-') ||
        !take_number(&text, 2, 1, 12, &month) || !take_char(&text, '-') ||
        !take_number(&text, 2, 1, days_in_month(year, month), &day))
        return false;
    int hour;
    int minute;
    int second;
    if (!take_char(&text, 'T') || !take_number(&text, 2, 0, 23, &hour) ||
        !take_char(&text, ':') || !take_number(&text, 2, 0, 59, &minute) ||
        !take_char(&text, ':') || !take_number(&text, 2, 0, 60, &second))
        return false;
    int ms;
    int offset_min;
    if (!take_fraction(&text, &ms) || !take_offset(&text, &offset_min) || *text != '\0')
        return false;

    int64_t seconds = days_from_date(year, month, day) * (DAY_MS / 1000) +
                      ((int64_t)hour * 60 + minute - offset_min) * 60 + second;
    /* A leap second exists only as the last second of a UTC day. */
    if (second == 60 && seconds % (DAY_MS / 1000) != 0)
        return false;
    *wall_ms = seconds * 1000 + ms;
    return true;
}

void clock_override(int64_t (*mono_us)(void), int64_t (*wall_ms)(void)) {
    mono_source = mono_us;
    wall_source = wall_ms;
}
