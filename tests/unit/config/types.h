/* The check types that the tests of this layer know. */
#ifndef TESTS_UNIT_CONFIG_TYPES_H
#define TESTS_UNIT_CONFIG_TYPES_H

#include "check/http.h"
#include "check/tcp.h"
#include "config/load.h"

#include <stdio.h>
#include <string.h>

static const struct config_type type_items[] = {
    {"http", &http_options_schema},
    {"tcp", &tcp_options_schema},
};
static const struct config_types types = {type_items, 2};

/* A configuration that must be valid. */
static inline struct config *parse_valid(const char *text) {
    struct err_list errors = {0};
    struct config *config = config_parse(text, strlen(text), "x.json", &types, &errors);

    if (!config)
        print_error("%s: %s: %s\n", text, errors.items[0].where, errors.items[0].text);
    assert_non_null(config);
    assert_int_equal(errors.len, 0);
    return config;
}

#endif
