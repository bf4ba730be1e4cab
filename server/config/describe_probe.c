/* The JSON Schema of a probe definition: the tables, and those rules between keys that a
 * schema can say. */
#include "config/probe_definition.h"

#include "base/buf.h"
#include "schema_internal.h"
#include "tables_probe_internal.h"

#include <jansson.h>

static const char host_rule[] =
    "[{\"required\": [\"host\"], \"properties\": "
    "{\"pickHostNameFromBackendHttpSettings\": {\"const\": false}}}, "
    "{\"required\": [\"pickHostNameFromBackendHttpSettings\"], \"properties\": "
    "{\"pickHostNameFromBackendHttpSettings\": {\"const\": true}, \"host\": false}}]";

static const char code_items[] =
    "{\"type\": \"string\", \"pattern\": \"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$\"}";

static const char address_rule[] =
    "[{\"required\": [\"ipAddress\"]}, {\"required\": [\"fqdn\"]}]";

/* Not both ways to name a host. */
static const char settings_rule[] =
    "{\"required\": [\"hostName\", \"pickHostNameFromBackendAddress\"], \"properties\": "
    "{\"pickHostNameFromBackendAddress\": {\"const\": true}}}";

/* "%s" twice: one of the protocols. */
static const char protocol_rule[] =
    "{\"if\": {\"properties\": {\"probe\": {\"properties\": {\"properties\": "
    "{\"properties\": {\"protocol\": {\"const\": \"%s\"}}}}}}}, "
    "\"then\": {\"properties\": {\"backendHttpSettings\": {\"properties\": "
    "{\"properties\": {\"properties\": {\"protocol\": {\"const\": \"%s\"}}}}}}}}";

static json_t *member(json_t *json, const char *const *keys) {
    for (; *keys; keys++)
        json = json_object_get(json, *keys);
    return json;
}

static json_t *rule(const char *word) {
    BUF_AUTO struct buf text = {0};

    buf_printf(&text, protocol_rule, word, word);
    return json_loads(text.data, 0, NULL);
}

static bool add_rules(json_t *json) {
    static const char *const probe_keys[] = {"properties", "probe", "properties",
                                             "properties", NULL};
    static const char *const codes_keys[] = {"properties", "match", "properties",
                                             "statusCodes", NULL};
    static const char *const settings_keys[] = {"properties", "backendHttpSettings",
                                                "properties", "properties", NULL};
    static const char *const addresses_keys[] = {
        "properties", "backendAddressPool", "properties", "properties",
        "properties", "backendAddresses",   "items",      NULL};
    json_t *probe = member(json, probe_keys);
    json_t *codes = member(probe, codes_keys);
    json_t *rules = json_array();

    return json_array_append_new(rules, rule("Http")) == 0 &&
           json_array_append_new(rules, rule("Https")) == 0 &&
           json_object_set_new(json, "allOf", rules) == 0 &&
           json_object_set_new(probe, "oneOf", json_loads(host_rule, 0, NULL)) == 0 &&
           json_object_set_new(member(json, settings_keys), "not",
                               json_loads(settings_rule, 0, NULL)) == 0 &&
           json_object_set_new(codes, "type", json_string("array")) == 0 &&
           json_object_set_new(codes, "items", json_loads(code_items, 0, NULL)) == 0 &&
           json_object_set_new(codes, "default", json_pack("[s]", "200-399")) == 0 &&
           json_object_set_new(
               codes, "description",
               json_string("Statuses that are healthy. Takes an array of statuses or "
                           "ranges such as \"200\" or \"301-302\".")) == 0 &&
           json_object_set_new(member(json, addresses_keys), "oneOf",
                               json_loads(address_rule, 0, NULL)) == 0;
}

void probe_definition_write_json_schema(struct buf *out) {
    json_t *json = json_pack(
        "{s:s, s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
        "title", "Application Gateway probe definition", "description",
        "What health-responder probe and timing, Terraform and the az scripts read. Made "
        "by `health-responder probe --schema`. A schema cannot say that timeout is at "
        "most interval; the program does.");

    if (json_object_update_new(json, schema_to_json_schema(&definition_schema)) == 0 &&
        add_rules(json))
        schema_dump(json, out);
    buf_putc(out, '\n');
    json_decref(json);
}
