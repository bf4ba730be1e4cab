/* The check types that the tests of this layer know. */
#ifndef TESTS_UNIT_CONFIG_TYPES_H
#define TESTS_UNIT_CONFIG_TYPES_H

#include "check/dns.h"
#include "check/envoy_admin.h"
#include "check/gateway_stats.h"
#include "check/gateway_status.h"
#include "check/http.h"
#include "check/loopback.h"
#include "check/tcp.h"
#include "check/tls.h"
#include "config/load.h"

#include <stdio.h>
#include <string.h>

static const struct config_type type_items[] = {
    {"http", &http_options_schema},
    {"tcp", &tcp_options_schema},
    {"tls", &tls_options_schema},
    {"dns", &dns_options_schema},
    {"loopback", &loopback_options_schema},
    {"gateway_status", &gateway_status_options_schema},
    {"gateway_stats", &gateway_stats_options_schema},
    {"envoy_admin", &envoy_admin_options_schema},
};
static const struct config_types types = {type_items,
                                          sizeof(type_items) / sizeof(type_items[0])};

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
