/* The list of check types. A new type is one file, one option table and one line here;
 * never anything else in this layer or above. */
#include "check/check.h"

#include <string.h>

#include "check/dns.h"
#include "check/envoy_admin.h"
#include "check/gateway_stats.h"
#include "check/gateway_status.h"
#include "check/http.h"
#include "check/loopback.h"
#include "check/tcp.h"
#include "check/tls.h"

const struct check_type *const check_types[] = {
    &check_http,          &check_tcp,         &check_tls,
    &check_dns,           &check_loopback,    &check_gateway_status,
    &check_gateway_stats, &check_envoy_admin,
};
const size_t check_type_count = sizeof check_types / sizeof *check_types;

const struct check_type *check_type_find(const char *name) {
    for (size_t i = 0; i < check_type_count; i++) {
        if (strcmp(check_types[i]->name, name) == 0)
            return check_types[i];
    }
    return NULL;
}
