/* Any bytes as each of the answers of Envoy's admin port: an error that says something,
 * or figures that fit each other and texts that may be shown. */
#include "base/err.h"
#include "base/text.h"
#include "check/envoy_json.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

static void require_shown(const char text[ENVOY_TEXT_MAX]) {
    size_t len = strnlen(text, ENVOY_TEXT_MAX);

    require(len < ENVOY_TEXT_MAX);
    for (size_t i = 0; i < len; i++)
        require((unsigned char)text[i] >= ' ' && text[i] != 127);
}

static void require_error(bool ok, const struct err *err) {
    require(ok == (err->kind == ERR_NONE));
    require(ok || err->text[0] != '\0');
}

static void try_info(const char *text, size_t size) {
    struct envoy_info info;
    struct err err = {0};
    bool ok = envoy_read_info(text, size, &info, &err);

    require_error(ok, &err);
    if (!ok)
        return;
    require_shown(info.state);
    require(info.uptime_s >= -1);
}

static void try_clusters(const char *text, size_t size) {
    static const char *const items[] = {"outbound|8080||", "a", "xds-grpc"};
    const struct text_list names = {items, sizeof(items) / sizeof(items[0])};
    struct envoy_clusters clusters;
    struct err err = {0};
    bool ok = envoy_read_clusters(text, size, &names, &clusters, &err);

    require_error(ok, &err);
    if (!ok)
        return;
    require_shown(clusters.worst.name);
    require_shown(clusters.worst.sick);
    require_shown(clusters.worst.why);
    require(clusters.sick <= clusters.matched);
    require(clusters.matched > 0 || clusters.missing == items[0]);
    require(clusters.worst.healthy >= 0 &&
            clusters.worst.healthy <= clusters.worst.hosts);
    require((clusters.worst.healthy < clusters.worst.hosts) ==
            (clusters.worst.sick[0] != '\0'));
}

static void try_certs(const char *text, size_t size) {
    struct envoy_certs certs;
    struct err err = {0};
    bool ok = envoy_read_certs(text, size, INT64_C(1795471849825), &certs, &err);

    require_error(ok, &err);
    if (!ok)
        return;
    require_shown(certs.name);
    require(certs.count > 0 || (certs.left_ms == 0 && certs.name[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = calloc(1, size + (size == 0)); /* no NUL behind it */

    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    try_info(text, size);
    try_clusters(text, size);
    try_certs(text, size);
    free(text);
    return 0;
}
