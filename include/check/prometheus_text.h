/* A few samples out of Prometheus' text format (0.0.4). Pure; any thread. */
#ifndef CHECK_PROMETHEUS_TEXT_H
#define CHECK_PROMETHEUS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct prometheus_wanted {
    const char *name;  /* of the sample */
    const char *label; /* the value that one of its labels has; NULL: whatever it has */
    bool is_found;
    double value; /* of the first sample that fits and is a number */
};

/* Fill in what `text` holds. Returns how many samples there are, wanted or not: 0 means
 * that the text is something else. Lines that are no sample are passed over. */
size_t prometheus_read(const char *text, size_t len, struct prometheus_wanted *wanted,
                       size_t count);

#endif
