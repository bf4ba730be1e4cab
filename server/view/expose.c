/* The two text formats of Prometheus. Owns suffixes, escaping and numbers; never knows
 * what is measured. */
#include "expose.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { US_PER_SECOND = 1000000 };

/* The suffix that the samples of a type carry. OpenMetrics leaves it out of the metadata.
 */
static const char *suffix_of(enum expose_type type) {
    static const char *const suffixes[] = {
        [EXPOSE_GAUGE] = "",
        [EXPOSE_COUNTER] = "_total",
        [EXPOSE_INFO] = "_info",
    };

    return suffixes[type];
}

/* Format 0.0.4 knows no info; a gauge that is always 1 is its custom. */
static const char *word_of(enum expose_type type, bool openmetrics) {
    switch (type) {
        case EXPOSE_COUNTER:
            return "counter";
        case EXPOSE_INFO:
            return openmetrics ? "info" : "gauge";
        case EXPOSE_GAUGE:
            break;
    }
    return "gauge";
}

static void append_label_value(struct buf *out, const char *value) {
    size_t len = strlen(value);
    MEM_AUTO char *clean = mem_alloc(len + 1, 1);
    text_clean(clean, len + 1, value, len);
    for (const char *rest = clean; *rest != '\0';) {
        size_t plain = strcspn(rest, "\\\"");
        buf_append(out, rest, plain);
        rest += plain;
        if (*rest != '\0') {
            buf_putc(out, '\\');
            buf_putc(out, *rest++);
        }
    }
}

static void write_metadata(struct expose *expose, const char *key, const char *value) {
    const struct expose_family *family = expose->family;
    buf_printf(expose->out, "# %s %s%s %s\n", key, family->name,
               expose->openmetrics ? "" : suffix_of(family->type), value);
}

static void write_all_metadata(struct expose *expose) {
    const struct expose_family *family = expose->family;
    write_metadata(expose, "TYPE", word_of(family->type, expose->openmetrics));
    if (family->unit && expose->openmetrics)
        write_metadata(expose, "UNIT", family->unit);
    write_metadata(expose, "HELP", family->help);
    expose->has_started = true;
}

/* The sample up to its value. */
static void start_sample(struct expose *expose, const char *const *labels) {
    struct buf *out = expose->out;
    char before = '{';
    if (!expose->has_started)
        write_all_metadata(expose);
    buf_puts(out, expose->family->name);
    buf_puts(out, suffix_of(expose->family->type));
    for (; labels && labels[0]; labels += 2) {
        if (labels[1][0] == '\0')
            continue;
        buf_putc(out, before);
        buf_puts(out, labels[0]);
        buf_puts(out, "=\"");
        append_label_value(out, labels[1]);
        buf_putc(out, '"');
        before = ',';
    }
    buf_puts(out, before == ',' ? "} " : " ");
}

void expose_start(struct expose *expose, const struct expose_family *family) {
    expose->family = family;
    expose->has_started = false;
}

void expose_int(struct expose *expose, const char *const *labels, int64_t value) {
    start_sample(expose, labels);
    buf_printf(expose->out, "%" PRId64 "\n", value);
}

void expose_count(struct expose *expose, const char *const *labels, uint64_t value) {
    start_sample(expose, labels);
    buf_printf(expose->out, "%" PRIu64 "\n", value);
}

void expose_ms(struct expose *expose, const char *const *labels, int64_t ms) {
    expose_us(expose, labels, ms * 1000);
}

void expose_us(struct expose *expose, const char *const *labels, int64_t us) {
    uint64_t positive = us < 0 ? -(uint64_t)us : (uint64_t)us;
    uint64_t fraction = positive % US_PER_SECOND;
    int digits = 6;
    start_sample(expose, labels);
    buf_printf(expose->out, "%s%" PRIu64, us < 0 ? "-" : "", positive / US_PER_SECOND);
    for (; digits > 0 && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (digits > 0)
        buf_printf(expose->out, ".%0*" PRIu64, digits, fraction);
    buf_putc(expose->out, '\n');
}

void expose_end(struct expose *expose) {
    if (expose->openmetrics)
        buf_puts(expose->out, "# EOF\n");
}
