/* Any bytes as a probe definition or an export: errors with their places, or a definition
 * that keeps to the service's limits. */
#include "base/buf.h"
#include "config/probe_definition.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

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

static void count_sentence(void *user, const char *sentence) {
    size_t *count = user;
    *count += sentence[0] != '\0';
}

static void require_limits(const struct appgw_definition *data) {
    const struct appgw_probe *probe = &data->probe;
    BUF_AUTO struct buf text = {0};
    size_t advice = 0;

    if (!data->name || !probe->path || probe->path[0] != '/' || probe->timeout_s < 1 ||
        probe->timeout_s > probe->interval_s || probe->interval_s > APPGW_SECONDS_MAX ||
        probe->unhealthy_threshold < 1 ||
        probe->unhealthy_threshold > APPGW_THRESHOLD_MAX ||
        !probe->host != probe->pick_host)
        abort();
    for (size_t i = 0; i < data->settings_count; i++) {
        const struct appgw_settings *settings = &data->settings[i];
        if (settings->protocol != probe->protocol || !settings->name ||
            appgw_port(probe, settings) < 1 || !appgw_host(probe, settings, "x"))
            abort();
    }
    for (size_t i = 0; i < data->addresses.count; i++) {
        if (!data->addresses.items[i])
            abort();
    }
    appgw_describe(data, &text);
    appgw_advise(data, count_sentence, &advice);
    if (text.len == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err_list errors = {0};
    char *text = malloc(size + (size == 0));

    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    struct probe_definition *definition =
        probe_definition_parse(text, size, size % 2 ? "healthz" : NULL, &errors);
    if (definition)
        require_limits(&definition->data);
    else
        require_errors(&errors);
    probe_definition_free(definition);
    free(text);
    return 0;
}
