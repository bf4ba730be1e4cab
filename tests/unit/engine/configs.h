/* Small configurations made by hand, without files. */
#ifndef TESTS_ENGINE_CONFIGS_H
#define TESTS_ENGINE_CONFIGS_H

#include "model/config.h"

struct check_spec {
    const char *name;
    const char *type;
    const char *tenant; /* NULL: scope shared */
    enum severity severity;
    const char *parent; /* NULL: none; a check before this one */
    enum check_role role;
    int64_t interval_ms; /* failing or not; 0: as below */
};

/* A configuration with one reference. Timing: 60 ms, fast 20 ms, down 70 ms, timeout 50
 * ms, rise 2, fall 3, no jitter; serve; grace 10 s; concurrency 8. Tenants are those
 * named, in order.
 */
struct config *configs_make(const struct check_spec *specs, uint32_t count);

#endif
