/* Any bytes as Prometheus' text: never more samples than lines, and what is found stands
 * in the text. */
#include "check/prometheus_text.h"
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_lines(const char *text, size_t size) {
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct prometheus_wanted wanted[] = {
        {.name = "envoy_server_state"},
        {.name = "envoy_cluster_upstream_cx_active", .label = "xds-grpc"},
        {.name = "a"},
        {.name = "a", .label = "\"\\\n"},
        {.name = "a", .label = ""},
    };
    size_t count = sizeof(wanted) / sizeof(wanted[0]);
    char *text = calloc(1, size + (size == 0)); /* no NUL behind it */

    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    size_t samples = prometheus_read(text, size, wanted, count);
    if (samples > count_lines(text, size))
        abort();
    for (size_t i = 0; i < count; i++) {
        if (!wanted[i].is_found)
            continue;
        if (samples == 0 || isnan(wanted[i].value) ||
            !memmem(text, size, wanted[i].name, strlen(wanted[i].name)))
            abort();
    }
    /* What a label narrows down is also found without it. */
    if ((wanted[3].is_found || wanted[4].is_found) && !wanted[2].is_found)
        abort();
    free(text);
    return 0;
}
