/* What the census tells about the hop that cannot be tested from inside. Owns the guess
 * which of the unknown probers Application Gateway is where its address is lost. */
#include "path_internal.h"

#include "model/census.h"

#include <strings.h>

/* The way Application Gateway asks, from an address that is not its own. */
static bool is_like_appgw(const struct census_source *source,
                          const struct gateway_config *gateway) {
    return source->prober == PROBER_UNKNOWN && source->path == PROBE_HEALTHZ &&
           source->via[0] != '\0' && source->agent[0] == '\0' && gateway->host != NULL &&
           strcasecmp(source->host, gateway->host) == 0;
}

/* The newest source that is Application Gateway, or seems to be; NULL: none. */
static const struct census_source *newest_source(const struct census_view *census,
                                                 const struct gateway_config *gateway,
                                                 bool has_class) {
    for (size_t i = 0; i < census->source_count; i++) {
        const struct census_source *source = &census->sources[i];

        if (has_class ? source->prober == PROBER_APPGW : is_like_appgw(source, gateway))
            return source;
    }
    return NULL;
}

static int64_t silence_limit(int64_t median_ms) {
    int64_t limit_ms = median_ms * CENSUS_SILENT_FACTOR;

    if (median_ms == 0)
        return 0;
    return limit_ms > CENSUS_SILENT_LEAST_MS ? limit_ms : CENSUS_SILENT_LEAST_MS;
}

struct path_inbound path_inbound(const struct snapshot *snapshot) {
    const struct census_view *census = snapshot->census;
    const struct config *config = snapshot->config;
    struct path_inbound inbound = {.is_known = census != NULL};

    if (census == NULL)
        return inbound;

    const struct census_class *class = &census->classes[PROBER_APPGW];
    const struct census_source *source =
        newest_source(census, &config->gateway, class->count > 0);
    int64_t seen_mono_ms = 0;

    if (class->count > 0) {
        inbound.client = PATH_CLIENT_KEPT;
        inbound.count = class->count;
        inbound.interval_ms = class->median_ms;
        inbound.overdue_ms = class->silent_after_ms;
        seen_mono_ms = class->last_mono_ms;
    } else if (source != NULL) {
        bool is_node = config->clients.appgw_subnets.count > 0;

        inbound.client = is_node ? PATH_CLIENT_NODE : PATH_CLIENT_UNKNOWN;
        inbound.count = source->count;
        inbound.interval_ms = source->median_ms;
        inbound.overdue_ms = is_node ? silence_limit(source->median_ms) : 0;
        seen_mono_ms = source->last_mono_ms;
    }
    inbound.is_seen = inbound.count > 0;
    inbound.attempt = source != NULL ? source->last_attempt : 0;
    if (inbound.is_seen && snapshot->taken_mono_ms > seen_mono_ms)
        inbound.age_ms = snapshot->taken_mono_ms - seen_mono_ms;
    return inbound;
}
