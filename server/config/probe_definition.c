/* A probe definition out of whatever file it stands in: our own document, a bare probe, a
 * gateway as ARM, a template or `az` writes it. Owns the choice; rules between keys are
 * azure/definition's. */
#include "config/probe_definition.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "document_internal.h"
#include "path_internal.h"
#include "schema_internal.h"
#include "tables_probe_internal.h"

#include <jansson.h>
#include <string.h>

enum { NAMES_SHOWN_MAX = 160 };

/* Keys that Azure adds to what it gives out. */
static const char *const read_only_keys[] = {"id", "etag", "type", "resourceGroup",
                                             "provisioningState"};

/* A probe found in the file, and the gateway it is part of, if it is. */
struct found {
    json_t *json;
    const char *path;
    json_t *gateway;
    const char *gateway_path;
};

struct finder {
    struct schema_reader reader;
    struct probe_definition *definition;
    const char *wanted; /* a name, or NULL */
    struct found *items;
    size_t count;
};

static const char *name_of(const json_t *json) {
    const char *name = json_string_value(json_object_get(json, "name"));
    return name ? name : "";
}

/* What Azure gives out is full of nulls, of empty lists that stand for a default, and of
 * keys that are nobody's to write. */
static void prune(json_t *json) {
    const char *key;
    json_t *value;
    void *next;

    for (size_t i = 0; i < sizeof read_only_keys / sizeof *read_only_keys; i++)
        json_object_del(json, read_only_keys[i]);
    json_object_foreach_safe(json, next, key, value) {
        bool is_empty = json_is_array(value) && json_array_size(value) == 0;
        if (json_is_null(value) || is_empty)
            json_object_del(json, key);
        else if (json_is_object(value) && strcmp(key, "probe") != 0)
            prune(value);
    }
}

/* Where a resource's properties stand: `az` puts them beside its name. */
static bool is_flat(const json_t *item) {
    return !json_is_object(json_object_get(item, "properties"));
}

static void find_gateway(struct finder *finder, json_t *gateway, const char *path) {
    struct arena *arena = finder->reader.arena;
    json_t *probes = json_object_get(gateway, "probes");
    const char *list = path_add_key(arena, path, "probes");

    for (size_t i = 0; i < json_array_size(probes); i++) {
        json_t *probe = json_array_get(probes, i);
        if (json_is_object(probe))
            finder->items[finder->count++] =
                (struct found){probe, path_add_index(arena, list, i), gateway, path};
    }
}

/* A list of probes or gateways, the resources of a template, a gateway, a bare probe. */
static void find(struct finder *finder, json_t *json, const char *path) {
    struct arena *arena = finder->reader.arena;
    json_t *properties = json_object_get(json, "properties");
    json_t *resources = json_object_get(json, "resources");
    json_t *list = json_is_array(json) ? json : resources;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *at =
            list == resources ? path_add_key(arena, path, "resources") : path;
        if (json_is_object(json_array_get(list, i)))
            find(finder, json_array_get(list, i), path_add_index(arena, at, i));
    }
    if (json_is_array(json_object_get(json, "probes")))
        find_gateway(finder, json, path);
    else if (json_is_array(json_object_get(properties, "probes")))
        find_gateway(finder, properties, path_add_key(arena, path, "properties"));
    else if (json_object_get(json, "protocol") || json_object_get(properties, "protocol"))
        finder->items[finder->count++] = (struct found){json, path, NULL, NULL};
}

/* How many probes there can be at most: objects anywhere in the document. */
static size_t count_objects(json_t *json) {
    const char *key;
    json_t *value;
    size_t count = json_is_object(json);

    json_object_foreach(json, key, value) {
        count += count_objects(value);
    }
    for (size_t i = 0; i < json_array_size(json); i++)
        count += count_objects(json_array_get(json, i));
    return count;
}

static void put_names(const struct finder *finder, struct buf *out) {
    for (size_t i = 0; i < finder->count; i++) {
        if (out->len > NAMES_SHOWN_MAX) {
            buf_printf(out, " and %zu more", finder->count - i);
            return;
        }
        buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", name_of(finder->items[i].json));
    }
}

/* The one that is wanted. NULL with an error that tells what there is. */
static const struct found *choose(struct finder *finder) {
    BUF_AUTO struct buf names = {0};
    const struct found *chosen = NULL;
    size_t matches = 0;

    if (finder->count == 0) {
        schema_report(
            &finder->reader, "", false,
            "expected a probe: this project's definition (\"probe\"), a probe of "
            "ARM (\"name\", \"properties\") or of az, or a gateway that has "
            "\"probes\", found none of them");
        return NULL;
    }
    for (size_t i = 0; i < finder->count; i++) {
        if (finder->wanted && strcmp(finder->wanted, name_of(finder->items[i].json)) != 0)
            continue;
        chosen = &finder->items[i];
        matches++;
    }
    if (matches == 1)
        return chosen;
    put_names(finder, &names);
    if (!finder->wanted)
        schema_report(&finder->reader, "", false,
                      "expected one probe, found %zu: choose one with --probe: %s",
                      finder->count, names.data);
    else
        schema_report(&finder->reader, "", false,
                      "expected one probe named \"%s\", found %s: %s", finder->wanted,
                      matches > 1 ? "several" : "others", names.data);
    return NULL;
}

/* Read a resource, whichever way it is written. Its path, or that of its properties, is
 * given back for what is said about them. */
static bool read_item(struct finder *finder, json_t *json, const char *path,
                      const struct schema *schema, void *object, const char **name,
                      const char **properties_path) {
    struct schema_reader *reader = &finder->reader;
    struct name_input named = {0};
    const struct schema_target targets[] = {{schema, object}, {&name_schema, &named}};
    bool ok;

    prune(json);
    schema_set_defaults(schema, object, reader->arena);
    if (is_flat(json)) {
        *properties_path = path;
        ok = schema_read(reader, targets, 2, json, path);
    } else {
        json_t *properties = json_incref(json_object_get(json, "properties"));
        *properties_path = path_add_key(reader->arena, path, "properties");
        json_object_del(json, "properties");
        bool is_named = schema_read(reader, &targets[1], 1, json, path);
        ok = schema_read(reader, targets, 1, properties, *properties_path) && is_named;
        json_decref(properties);
    }
    *name = named.name;
    return ok;
}

/* The name a reference ends with: an id, or an expression of a template around one. */
static const char *last_name(struct arena *arena, const char *id) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t end = strlen(id);
    while (end > 0 && !strchr(letters, id[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && strchr(letters, id[start - 1]))
        start--;
    return arena_printf(arena, "%.*s", (int)(end - start), id + start);
}

/* Every error between a probe and its settings stands at the probe. */
static bool check_pair(struct finder *finder, const char *probe_path,
                       const struct appgw_settings *settings) {
    struct err err = {0};

    if (appgw_pair_check(&finder->definition->data.probe, settings, &err))
        return true;
    schema_report(&finder->reader,
                  path_add_key(finder->reader.arena, probe_path, err.where), false, "%s",
                  err.text);
    return false;
}

/* Those of the gateway's backend settings that name the probe. */
static void read_settings(struct finder *finder, const struct found *found,
                          const char *probe_path) {
    static const char key[] = "backendHttpSettingsCollection";
    struct arena *arena = finder->reader.arena;
    struct appgw_definition *data = &finder->definition->data;
    json_t *list = json_object_get(found->gateway, key);
    const char *list_path = path_add_key(arena, found->gateway_path, key);
    struct appgw_settings *settings =
        arena_alloc(arena, json_array_size(list), sizeof *settings);

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        json_t *holder = is_flat(item) ? item : json_object_get(item, "properties");
        json_t *probe = json_object_get(holder, "probe");
        const char *id = json_string_value(json_object_get(probe, "id"));
        struct settings_input input = {.ignored = NULL};
        const char *path;
        if (!id || strcmp(last_name(arena, id), data->name) != 0)
            continue;
        if (!read_item(finder, item, path_add_index(arena, list_path, i),
                       &settings_schema, &input, &input.settings.name, &path))
            continue;
        if (check_pair(finder, probe_path, &input.settings))
            settings[data->settings_count++] = input.settings;
    }
    data->settings = settings;
}

static void read_addresses(struct finder *finder, const json_t *list, const char *path) {
    struct arena *arena = finder->reader.arena;
    size_t count = json_array_size(list);
    const char **items = arena_alloc(arena, count, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct address_input address = {0};
        const struct schema_target target = {&address_schema, &address};
        json_t *item = json_array_get(list, i);
        schema_read(&finder->reader, &target, 1, item, path_add_index(arena, path, i));
        items[i] = address.ip ? address.ip : address.name;
    }
    finder->definition->data.addresses = (struct text_list){items, count};
}

/* Only an only pool: which one belongs to which settings is a matter of rules. */
static void read_pool(struct finder *finder, const struct found *found) {
    static const char key[] = "backendAddressPools";
    struct arena *arena = finder->reader.arena;
    json_t *list = json_object_get(found->gateway, key);
    struct pool_input input = {0};
    const char *path;

    if (json_array_size(list) != 1)
        return;
    json_t *item = json_array_get(list, 0);
    json_t *holder = is_flat(item) ? item : json_object_get(item, "properties");
    json_t *addresses = json_incref(json_object_get(holder, "backendAddresses"));
    path = path_add_index(arena, path_add_key(arena, found->gateway_path, key), 0);
    read_item(finder, item, path, &pool_schema, &input, &finder->definition->data.pool,
              &path);
    for (size_t i = 0; i < json_array_size(addresses); i++)
        prune(json_array_get(addresses, i));
    read_addresses(finder, addresses, path_add_key(arena, path, "backendAddresses"));
    json_decref(addresses);
}

static void read_found(struct finder *finder, const struct found *found) {
    struct appgw_definition *data = &finder->definition->data;
    const char *path;

    finder->reader.ignore_unknown = found->gateway || is_flat(found->json);
    if (!read_item(finder, found->json, found->path, &probe_schema, &data->probe,
                   &data->name, &path) ||
        !found->gateway)
        return;
    read_settings(finder, found, path);
    read_pool(finder, found);
}

static void read_own(struct finder *finder, json_t *json) {
    struct definition_input input = {.ignored = NULL};
    const struct schema_target target = {&definition_schema, &input};
    struct appgw_definition *data = &finder->definition->data;
    struct arena *arena = finder->reader.arena;
    const json_t *pool = json_object_get(json, "backendAddressPool");

    schema_set_defaults(&definition_schema, &input, arena);
    bool ok = schema_read(&finder->reader, &target, 1, json, "");
    data->name = input.probe.name;
    data->probe = input.probe.probe;
    if (input.has_settings) {
        struct appgw_settings *settings = arena_alloc(arena, 1, sizeof *settings);
        *settings = input.settings.input.settings;
        settings->name = input.settings.name;
        data->settings = settings;
        data->settings_count = 1;
        if (ok)
            check_pair(finder, "probe.properties", settings);
    }
    if (input.has_pool) {
        data->pool = input.pool.name;
        read_addresses(
            finder,
            json_object_get(json_object_get(pool, "properties"), "backendAddresses"),
            "backendAddressPool.properties.backendAddresses");
    }
    if (ok && finder->wanted && strcmp(finder->wanted, data->name) != 0)
        schema_report(&finder->reader, "probe.name", false,
                      "expected the probe \"%s\", found \"%s\"", finder->wanted,
                      data->name);
}

/* ARM takes a list only. */
static void check_status_codes(struct finder *finder, const json_t *probe,
                               const char *path) {
    struct arena *arena = finder->reader.arena;
    const json_t *holder = is_flat(probe) ? probe : json_object_get(probe, "properties");
    const json_t *codes =
        json_object_get(json_object_get(holder, "match"), "statusCodes");

    if (!json_is_string(codes))
        return;
    if (!is_flat(probe))
        path = path_add_key(arena, path, "properties");
    path = path_add_key(arena, path_add_key(arena, path, "match"), "statusCodes");
    schema_report(&finder->reader, path, false,
                  "expected a list such as [\"200\", \"301-302\"], found a string");
}

static void read_document(struct finder *finder, json_t *json) {
    if (json_is_object(json_object_get(json, "probe"))) {
        check_status_codes(finder, json_object_get(json, "probe"), "probe");
        read_own(finder, json);
        return;
    }
    finder->items =
        arena_alloc(finder->reader.arena, count_objects(json), sizeof *finder->items);
    find(finder, json, "");
    const struct found *found = choose(finder);
    if (found) {
        check_status_codes(finder, found->json, found->path);
        read_found(finder, found);
    }
}

struct probe_definition *probe_definition_parse(const char *text, size_t len,
                                                const char *name,
                                                struct err_list *errors) {
    struct arena *arena = arena_new();
    struct probe_definition *definition = arena_alloc(arena, 1, sizeof *definition);
    struct err_list found = {0};
    struct finder finder = {
        .reader = {.arena = arena, .errors = &found, .text = text, .len = len},
        .definition = definition,
        .wanted = name,
    };

    definition->arena = arena;
    json_t *json = document_parse(&finder.reader);
    if (json)
        read_document(&finder, json);
    json_decref(json);
    if (found.len == 0)
        return definition;
    document_give_errors(&found, errors);
    probe_definition_free(definition);
    return NULL;
}

struct probe_definition *probe_definition_load(const char *file, const char *name,
                                               struct err_list *errors) {
    BUF_AUTO struct buf text = {0};
    struct err err = {0};

    if (!file_read(file, PROBE_DEFINITION_FILE_MAX, &text, &err)) {
        err_list_add(errors, &err);
        return NULL;
    }
    return probe_definition_parse(text.data ? text.data : "", text.len, name, errors);
}

void probe_definition_free(struct probe_definition *definition) {
    if (definition)
        arena_free(definition->arena);
}
