/* Writing samples in the Prometheus text format 0.0.4 and in OpenMetrics 1.0. */
#ifndef VIEW_EXPOSE_H
#define VIEW_EXPOSE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum expose_type { EXPOSE_GAUGE, EXPOSE_COUNTER, EXPOSE_INFO };

/* One metric family. The name is without "_total" and "_info". */
struct expose_family {
    const char *name;
    enum expose_type type;
    const char *unit; /* "seconds", "bytes"; the name ends with it. NULL: none */
    const char *help; /* one sentence, plain ASCII */
};

struct expose {
    struct buf *out;
    bool openmetrics;
    const struct expose_family *family; /* whose samples are being written */
    bool has_started;                   /* its metadata is written */
};

/* The labels of one sample: names and values in turn, then NULL. A label without a value
 * (an empty text) is the same as no label, and is left out. */
#define EXPOSE_LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The samples that follow belong to this family. TYPE, UNIT and HELP are written with the
 * first of them: a family without samples leaves no trace. */
void expose_start(struct expose *expose, const struct expose_family *family);

/* One sample. `labels` may be NULL. */
void expose_int(struct expose *expose, const char *const *labels, int64_t value);
void expose_count(struct expose *expose, const char *const *labels, uint64_t value);
/* A time in seconds, exact and as short as it can be: 1500 ms are 1.5. */
void expose_ms(struct expose *expose, const char *const *labels, int64_t ms);
void expose_us(struct expose *expose, const char *const *labels, int64_t us);

/* The end of the text. */
void expose_end(struct expose *expose);

#endif
