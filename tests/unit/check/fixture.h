/* What a check needs to run in a test: a loop, a name server of our own, an HTTP client,
 * and the outcome. */
#ifndef TESTS_UNIT_CHECK_FIXTURE_H
#define TESTS_UNIT_CHECK_FIXTURE_H

#include <stdbool.h>

#include "base/addr.h"
#include "check/check.h"
#include "model/config.h"
#include "model/outcome.h"
#include "name_server.h"

struct loop_timer;

struct fixture {
    struct check_env env;
    struct config *config; /* env.config, to be changed */
    struct check_timing timing;
    struct dns *dns;
    struct loop_timer *timer;
    const struct check_type *type;
    struct check_run *run; /* in flight, or NULL */
    struct outcome outcome;
    int done_count;
    bool is_starting;
    bool (*until)(const struct fixture *fixture);
    const void *watched; /* for `until` */
    int ticks;           /* milliseconds, about, that fixture_wait has waited */
    int ticks_max;
};

/* `records` as for dns_start. Timeout 5 s, connect timeout 2 s, body 4 KiB. */
void fixture_init(struct fixture *fixture, const struct dns_record *records);
void fixture_fini(struct fixture *fixture);

/* Before descriptors are counted: makes the libraries open what they keep for the life of
 * the process. */
void fixture_warm_up(void);

/* Start, and wait for the outcome, which is in fixture->outcome and returned. */
const struct outcome *fixture_run(struct fixture *fixture, const struct check_type *type,
                                  const void *options);
void fixture_start(struct fixture *fixture, const struct check_type *type,
                   const void *options);
/* Wait for the outcome; false after some seconds without it. */
bool fixture_wait_done(struct fixture *fixture);
/* Run the loop until the condition holds; false after some seconds without it. */
bool fixture_wait(struct fixture *fixture, bool (*until)(const struct fixture *fixture));
/* Cancel the run in flight, then turn the loop for a while: the outcome must not come. */
void fixture_cancel(struct fixture *fixture);

#endif
