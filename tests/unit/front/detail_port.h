/* A real detail port on a free port, for tests. One at a time. */
#ifndef TESTS_UNIT_FRONT_DETAIL_PORT_H
#define TESTS_UNIT_FRONT_DETAIL_PORT_H

#include <stdatomic.h>

#include "front/detail.h"
#include "raw.h"

struct detail_port {
    int listen_fd;
    struct addr addr;
    struct arrivals *arrivals;
    struct config *config; /* two tenants: t0, t1 */
    struct detail_front *front;
    atomic_int_fast64_t last_turn_us; /* what the front is told; set to now at start */
    atomic_bool run_allowed;          /* what POST .../run is told; set at start */
    char ran[64]; /* the check that was asked to run; the front's thread writes it */
};

extern struct detail_port detail_port;

/* cmocka setups: nothing published and no auth set; or a healthy snapshot, open to read.
 */
int detail_port_start_bare(void **state);
int detail_port_start(void **state);
int detail_port_stop(void **state);
#define DETAIL_TEST(name)                                                                \
    cmocka_unit_test_setup_teardown(name, detail_port_start, detail_port_stop)

void detail_port_publish(enum verdict verdict);
void detail_port_set_auth(enum auth_read read, const char *token);

/* `more`: further header lines, each with its CRLF. */
struct raw_reply detail_port_ask(const char *method, const char *target,
                                 const char *more);

/* What every answer carries after the first snapshot. */
void detail_assert_headers(const struct raw_reply *reply, const char *media_type);

#define DETAIL_TEXT "text/plain; charset=utf-8"

/* A question and what comes back; `part` is in the body. */
struct detail_row {
    const char *method;
    const char *target;
    const char *more;
    int status;
    const char *media_type;
    const char *part;
};

void detail_assert_rows(const struct detail_row *rows, size_t count);
#define ASSERT_ROWS(rows) detail_assert_rows(rows, sizeof(rows) / sizeof(rows)[0])

#endif
