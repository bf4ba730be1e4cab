/* show-backend-health as JSON. Ids have the shape of Azure's, from the gateway on. */
#include "view/backend_health.h"

#include "base/buf.h"
#include "json_out.h"

#include <jansson.h>
#include <string.h>

static int append(const char *bytes, size_t len, void *user) {
    buf_append(user, bytes, len);
    return 0;
}

static json_t *reference(const char *list, const char *name) {
    BUF_AUTO struct buf id = {0};
    buf_printf(&id, "/%s/%s", list, name);
    return json_pack("{s:o}", "id", json_out_text(id.data));
}

static json_t *server_json(const struct backend_health *server) {
    return json_pack("{s:o, s:s, s:o, s:n}", "address", json_out_text(server->address),
                     "health", appgw_health_name(server->health), "healthProbeLog",
                     json_out_text(server->log), "ipConfiguration");
}

void view_backend_health(const char *pool, const struct backend_health *servers,
                         size_t count, struct buf *out) {
    json_t *collection = json_array();
    for (size_t i = 0; i < count;) {
        const char *settings = servers[i].settings;
        json_t *list = json_array();
        for (; i < count && strcmp(servers[i].settings, settings) == 0; i++)
            json_array_append_new(list, server_json(&servers[i]));
        json_array_append_new(
            collection, json_pack("{s:o, s:o}", "backendHttpSettings",
                                  reference("backendHttpSettingsCollection", settings),
                                  "servers", list));
    }
    json_t *json = json_pack("{s:[{s:o, s:o}]}", "backendAddressPools",
                             "backendAddressPool", reference("backendAddressPools", pool),
                             "backendHttpSettingsCollection", collection);
    json_dump_callback(json, append, out, JSON_INDENT(2));
    buf_putc(out, '\n');
    json_decref(json);
}
