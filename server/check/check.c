/* The list of check types. A new type is one file, one option table and one line here;
 * never anything else in this layer or above. */
#include "check/check.h"

#include <string.h>

#include "check/http.h"
#include "check/tcp.h"

const struct check_type *const check_types[] = {&check_http, &check_tcp};
const size_t check_type_count = sizeof check_types / sizeof *check_types;

const struct check_type *check_type_find(const char *name) {
    for (size_t i = 0; i < check_type_count; i++) {
        if (strcmp(check_types[i]->name, name) == 0)
            return check_types[i];
    }
    return NULL;
}
