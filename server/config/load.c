/* From a file to a configuration: the text, the document, its objects in the order in
 * which they need each other. All errors of one file are collected and put in the file's
 * order. */
#include "load_internal.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "checks_internal.h"
#include "document_internal.h"
#include "effective_internal.h"
#include "names_internal.h"
#include "path_internal.h"
#include "tables_internal.h"
#include "timing_internal.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

static bool has_errors(const struct loader *loader) {
    return loader->reader.errors->len > 0;
}

static void read_document(struct loader *loader) {
    struct config *config = loader->config;
    struct check_timing builtin = {0};
    const struct schema_target target = {&config_schema, config};

    schema_set_defaults(&timing_schema, &builtin, config->arena);
    schema_set_defaults(&config_schema, config, config->arena);
    timing_begin(&config->defaults, &builtin);
    bool ok = schema_read(&loader->reader, &target, 1, loader->document, "");
    timing_finish(&config->defaults, &builtin);
    if (ok)
        timing_check(&loader->reader, &config->defaults, "defaults");
    if (config->gateway.port == 0)
        config->gateway.port = config->gateway.has_tls ? HTTPS_PORT : HTTP_PORT;
}

/* Without a way to ask it, a tenant would be healthy for ever. */
static void check_way(struct loader *loader, const struct tenant_config *tenant,
                      const char *path) {
    if (tenant->backend || (tenant->route && loader->config->gateway.is_set))
        return;
    schema_report(&loader->reader, path, false,
                  "expected backend, or route and a gateway, found %s",
                  tenant->route ? "route without a gateway" : "none of them");
}

static void check_tenant_names(struct loader *loader) {
    const struct config *config = loader->config;
    struct names names;

    names_init(&names, config->tenant_count);
    for (uint32_t i = 0; i < config->tenant_count; i++)
        names_add(&names, config->tenants[i].name, i);
    names_sort(&names);
    for (size_t i = 1; i < names.count; i++) {
        const struct name *again = &names.items[i];
        if (strcmp(names.items[i - 1].text, again->text) != 0)
            continue;
        const char *path = path_add_index(config->arena, "tenants", again->index);
        schema_report(&loader->reader, path_add(config->arena, path, "name"), false,
                      "expected a name of its own, found \"%s\", the name of tenants[%u]",
                      again->text, names_find(&names, again->text));
    }
    names_fini(&names);
}

static void read_tenants(struct loader *loader) {
    struct config *config = loader->config;
    const json_t *array = json_object_get(loader->document, "tenants");
    size_t count = json_is_array(array) ? json_array_size(array) : 0;
    struct tenant_config *tenants = arena_alloc(config->arena, count, sizeof(*tenants));

    for (size_t i = 0; i < count; i++) {
        const struct schema_target target = {&tenant_schema, &tenants[i]};
        const char *path = path_add_index(config->arena, "tenants", i);
        schema_set_defaults(&tenant_schema, &tenants[i], config->arena);
        if (schema_read(&loader->reader, &target, 1, json_array_get(array, i), path))
            check_way(loader, &tenants[i], path);
    }
    config->tenants = tenants;
    config->tenant_count = (uint32_t)count;
    check_tenant_names(loader);
}

static void read_all(struct loader *loader) {
    struct config *config = loader->config;

    loader->document = document_parse(&loader->reader);
    if (!loader->document)
        return;
    read_document(loader);
    read_tenants(loader);
    loader->is_path_known = !has_errors(loader);
    checks_read(loader);
    json_decref(loader->document);
    if (has_errors(loader))
        return;
    config->effective = effective_write(config, loader->types);
    if (!config->effective)
        document_report_memory(&loader->reader);
}

const struct config_type *load_find_type(const struct config_types *types,
                                         const char *name) {
    for (size_t i = 0; i < types->count; i++) {
        if (strcmp(types->items[i].name, name) == 0)
            return &types->items[i];
    }
    return NULL;
}

struct config *config_parse(const char *text, size_t len, const char *file,
                            const struct config_types *types, struct err_list *errors) {
    struct config *config = config_new();
    struct err_list found = {0};
    struct loader loader = {
        .config = config,
        .types = types,
        .reader = {.arena = config->arena, .errors = &found, .text = text, .len = len},
    };

    config->file = arena_copy_text(config->arena, file);
    mac_sha256(text, len, config->hash);
    read_all(&loader);
    if (found.len == 0)
        return config;
    document_give_errors(&found, errors);
    config_unref(config);
    return NULL;
}

struct config *config_load(const char *file, const struct config_types *types,
                           struct err_list *errors) {
    BUF_AUTO struct buf text = {0};
    struct err err = {0};

    if (!file_read(file, CONFIG_FILE_MAX, &text, &err)) {
        err_list_add(errors, &err);
        return NULL;
    }
    return config_parse(text.data ? text.data : "", text.len, file, types, errors);
}

/* {"listen": ...} as the file has it, or {}; free(). */
static char *only_listen(const char *file) {
    BUF_AUTO struct buf text = {0};
    struct err ignored = {0};
    json_t *whole = NULL;

    if (file_read(file, CONFIG_FILE_MAX, &text, &ignored) && text.data)
        whole = json_loadb(text.data, text.len, 0, NULL);
    json_t *part = json_object();
    json_object_set(part, "listen", json_object_get(whole, "listen"));
    char *json = json_dumps(part, JSON_COMPACT);
    json_decref(part);
    json_decref(whole);
    return json ? json : mem_copy_text("{}");
}

struct config *config_stand_in(const char *file, const struct config_types *types) {
    struct err_list ignored = {0};
    char *json = only_listen(file);
    struct config *config = config_parse(json, strlen(json), file, types, &ignored);

    free(json);
    if (!config)
        config = config_parse("{}", 2, file, types, &ignored);
    assert(config); /* the empty object is a valid configuration */
    config->is_stand_in = true;
    text_copy(config->hash, sizeof config->hash, "none");
    return config;
}

bool config_hash_file(const char *file, char out[MAC_HEX_MAX], struct err *err) {
    BUF_AUTO struct buf text = {0};

    if (!file_read(file, CONFIG_FILE_MAX, &text, err))
        return false;
    mac_sha256(text.data, text.len, out);
    return true;
}
