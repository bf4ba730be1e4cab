/* Any bytes as a configuration file: errors or a configuration, whose effective form is
 * valid again unless secrets were removed from it. */
#include "base/err.h"
#include "check/dns.h"
#include "check/envoy_admin.h"
#include "check/gateway_stats.h"
#include "check/gateway_status.h"
#include "check/http.h"
#include "check/loopback.h"
#include "check/tcp.h"
#include "check/tls.h"
#include "config/load.h"
#include "fuzz.h"

#include <stdlib.h>
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

/* An error says something, and its place is in the text. */
static void require_errors(const struct err_list *errors) {
    if (errors->len == 0)
        abort();
    for (size_t i = 0; i < errors->len; i++) {
        const struct err *err = &errors->items[i];
        if (err->kind == ERR_NONE || err->text[0] == '\0' || err->line < 1 ||
            err->col < 1)
            abort();
    }
}

static void require_effective(const struct config *config) {
    struct err_list errors = {0};
    struct config *again =
        config_parse(config->effective, strlen(config->effective), "", &types, &errors);

    if (strstr(config->effective, "(removed)") == NULL &&
        (!again || strcmp(again->effective, config->effective) != 0))
        abort();
    for (uint32_t i = 0; again && i < config->check_count; i++) {
        if (!config_checks_equal(config, i, again, i, &types))
            abort();
    }
    config_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err_list errors = {0};
    char *text = malloc(size + (size == 0));

    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    struct config *config = config_parse(text, size, "x.json", &types, &errors);
    if (config)
        require_effective(config);
    else
        require_errors(&errors);
    config_unref(config);
    free(text);
    return 0;
}
