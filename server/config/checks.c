/* Reading checks: the keys of their type, their scope, their names and what they depend
 * on. Which types there are comes from outside. */
#include "checks_internal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "cycles_internal.h"
#include "derive_internal.h"
#include "document_internal.h"
#include "load_internal.h"
#include "names_internal.h"
#include "path_internal.h"
#include "tables_internal.h"
#include "timing_internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A check and where it comes from, until all are known. */
struct draft {
    struct check_input input;
    const char *path;
};

struct drafts {
    struct loader *loader;
    struct draft *items;
    size_t count;
    struct names tenants;
    struct names checks;
    bool has_all_tenants; /* no tenant's name is wrong */
};

/* JSON text of a string, for an error. */
static const char *quoted(struct arena *arena, const char *text) {
    BUF_AUTO struct buf json = {0};

    text_append_json(&json, text, strlen(text));
    return arena_copy_text(arena, json.data);
}

static void report_type(struct loader *loader, const char *path, const char *found) {
    struct arena *arena = loader->config->arena;
    const struct config_types *types = loader->types;
    BUF_AUTO struct buf known = {0};

    for (size_t i = 0; i < types->count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == types->count ? " or " : ", ";
        buf_printf(&known, "%s\"%s\"", joint, types->items[i].name);
    }
    schema_report(&loader->reader, path_add(arena, path, "type"), false,
                  "expected %s, found %s", known.data,
                  found ? quoted(arena, found) : "nothing");
}

/* Read one check with its type's own keys. True without an error. */
static bool read_draft(struct loader *loader, struct schema_reader *reader, json_t *json,
                       struct draft *draft) {
    struct arena *arena = loader->config->arena;
    struct check_config *config = &draft->input.config;
    const struct check_timing *defaults = &loader->config->defaults;
    const json_t *type_json = json_object_get(json, "type");
    const char *type_text = json_string_value(type_json);
    const struct config_type *type =
        type_text ? load_find_type(loader->types, type_text) : NULL;
    void *options = type ? arena_alloc(arena, 1, type->options->size) : NULL;
    const struct schema_target targets[] = {
        {&check_input_schema, &draft->input},
        {&timing_schema, &config->timing},
        {type ? type->options : NULL, options},
    };

    schema_set_defaults(&check_input_schema, &draft->input, arena);
    timing_begin(&config->timing, defaults);
    if (type)
        schema_set_defaults(type->options, options, arena);
    reader->ignore_unknown = !type;
    bool ok = schema_read(reader, targets, type ? 3 : 2, json, draft->path);
    reader->ignore_unknown = false;
    timing_finish(&config->timing, defaults);
    config->options = options;
    if (ok)
        timing_check(reader, &config->timing, draft->path);
    if (!type && json_is_object(json) && (!type_json || config->type))
        report_type(loader, draft->path, type_text);
    return ok && type;
}

/* What a check reports that nobody wrote belongs to what it follows from. */
static void read_derived(struct loader *loader, json_t *json, struct draft *draft) {
    struct err_list found = {0};
    struct schema_reader reader = {.arena = loader->config->arena, .errors = &found};
    const char *path = draft->path;

    draft->path = "";
    read_draft(loader, &reader, json, draft);
    draft->path = path;
    for (size_t i = 0; i < found.len; i++)
        schema_report(&loader->reader, path, false, "%s of its check %s: %s",
                      found.items[i].where, draft->input.config.name,
                      found.items[i].text);
}

static void read_all_derived(struct drafts *drafts, const struct derived_check *derived,
                             size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!derived[i].json) {
            document_report_memory(&drafts->loader->reader);
            continue;
        }
        struct draft *draft = &drafts->items[drafts->count++];
        draft->path = derived[i].path;
        draft->input.has_role = true;
        draft->input.config.role = derived[i].role;
        read_derived(drafts->loader, derived[i].json, draft);
        json_decref(derived[i].json);
    }
}

static bool is_same(const struct loader *loader, const struct draft *a,
                    const struct draft *b) {
    const struct config_type *type = load_find_type(loader->types, a->input.config.type);

    return schema_equal(&check_input_schema, &a->input, &b->input) &&
           schema_equal(&timing_schema, &a->input.config.timing,
                        &b->input.config.timing) &&
           schema_equal(type->options, a->input.config.options, b->input.config.options);
}

/* The effective configuration shows derived checks with their role. Read again, they
 * follow again; but one that was changed would be lost, so that is an error. */
static bool is_derived_again(const struct drafts *drafts, const struct names *derived,
                             const struct draft *draft) {
    uint32_t i = names_find(derived, draft->input.config.name);

    return i != UINT32_MAX && is_same(drafts->loader, &drafts->items[i], draft);
}

static void read_all_written(struct drafts *drafts, const json_t *array, size_t count) {
    struct loader *loader = drafts->loader;
    struct arena *arena = loader->config->arena;
    struct names derived;

    names_init(&derived, drafts->count);
    for (size_t i = 0; i < drafts->count; i++)
        names_add(&derived, drafts->items[i].input.config.name, (uint32_t)i);
    names_sort(&derived);
    for (size_t i = 0; i < count; i++) {
        struct draft draft = {.path = path_add_index(arena, "checks", i)};
        bool ok = read_draft(loader, &loader->reader, json_array_get(array, i), &draft);
        if (draft.input.config.role == ROLE_NONE)
            drafts->items[drafts->count++] = draft;
        else if (ok && loader->is_path_known &&
                 !is_derived_again(drafts, &derived, &draft))
            schema_report(&loader->reader, path_add(arena, draft.path, "role"), false,
                          "expected no role, or a check just as it follows from gateway "
                          "or tenants, found another");
    }
    names_fini(&derived);
}

static void read_all(struct drafts *drafts) {
    struct loader *loader = drafts->loader;
    const json_t *array = json_object_get(loader->document, "checks");
    size_t written = json_is_array(array) ? json_array_size(array) : 0;
    struct derived_check *derived = NULL;
    size_t count = 0;

    if (loader->is_path_known)
        derived = derive_checks(loader->config, loader->types, &count);
    drafts->items = mem_alloc(count + written, sizeof(*drafts->items));
    read_all_derived(drafts, derived, count);
    read_all_written(drafts, array, written);
}

/* Twice the same name: told where the second stands. */
static void check_names(struct drafts *drafts) {
    struct schema_reader *reader = &drafts->loader->reader;
    const struct names *names = &drafts->checks;

    for (size_t i = 1; i < names->count; i++) {
        const struct name *again = &names->items[i];
        if (strcmp(names->items[i - 1].text, again->text) != 0)
            continue;
        const struct draft *first = &drafts->items[names_find(names, again->text)];
        const char *path = drafts->items[again->index].path;
        schema_report(reader, path_add(reader->arena, path, "name"), false,
                      "expected a name of its own, found \"%s\", the name of %s%s",
                      again->text, first->input.has_role ? "a check of " : "",
                      first->path);
    }
}

/* For an error that somebody will read. */
static const char *nearest_name(const struct schema_reader *reader,
                                const struct names *names, const char *text) {
    return reader->errors->len < ERR_LIST_MAX ? names_nearest(names, text) : NULL;
}

static void report_scope(struct drafts *drafts, const struct draft *draft,
                         const char *tenant) {
    struct schema_reader *reader = &drafts->loader->reader;
    const char *path = path_add(reader->arena, draft->path, "scope");
    const char *found = quoted(reader->arena, draft->input.scope);

    if (!tenant) {
        schema_report(reader, path, false,
                      "expected \"self\", \"shared\" or \"tenant:NAME\", found %s",
                      found);
        return;
    }
    const char *nearest = nearest_name(reader, &drafts->tenants, tenant);
    if (nearest)
        schema_report(reader, path, false,
                      "expected the name of a tenant such as \"tenant:%s\", found %s",
                      nearest, found);
    else
        schema_report(reader, path, false, "expected the name of a tenant, found %s",
                      found);
}

static void resolve_scope(struct drafts *drafts, struct draft *draft) {
    struct check_config *config = &draft->input.config;
    const char *scope = draft->input.scope;

    config->tenant = CONFIG_NO_TENANT;
    if (strcmp(scope, "self") == 0) {
        config->scope = SCOPE_SELF;
    } else if (strcmp(scope, "shared") == 0) {
        config->scope = SCOPE_SHARED;
    } else if (!text_has_prefix(scope, "tenant:")) {
        report_scope(drafts, draft, NULL);
    } else {
        const char *tenant = strchr(scope, ':') + 1;
        config->scope = SCOPE_TENANT;
        config->tenant = names_find(&drafts->tenants, tenant);
        if (config->tenant == CONFIG_NO_TENANT && drafts->has_all_tenants)
            report_scope(drafts, draft, tenant);
    }
}

static void report_parent(struct drafts *drafts, const struct draft *draft, size_t i) {
    struct schema_reader *reader = &drafts->loader->reader;
    const char *name = draft->input.depends_on.items[i];
    const char *path = path_add_index(
        reader->arena, path_add(reader->arena, draft->path, "depends_on"), i);
    const char *found = quoted(reader->arena, name);

    const char *nearest = nearest_name(reader, &drafts->checks, name);
    if (nearest)
        schema_report(reader, path, false,
                      "expected the name of a check such as \"%s\", found %s", nearest,
                      found);
    else
        schema_report(reader, path, false, "expected the name of a check, found %s",
                      found);
}

static bool is_derived_name(const char *name) {
    return text_has_prefix(name, "tenant/") || text_has_prefix(name, "gateway/");
}

static void resolve_parents(struct drafts *drafts, struct draft *draft) {
    struct check_config *config = &draft->input.config;
    const struct text_list *names = &draft->input.depends_on;
    uint32_t *parents =
        arena_alloc(drafts->loader->config->arena, names->count, sizeof(*parents));

    for (size_t i = 0; i < names->count; i++) {
        if (!names->items[i])
            continue;
        uint32_t parent = names_find(&drafts->checks, names->items[i]);
        if (parent != UINT32_MAX)
            parents[config->parent_count++] = parent;
        else if (drafts->loader->is_path_known || !is_derived_name(names->items[i]))
            report_parent(drafts, draft, i);
    }
    config->parents = parents;
}

static void index_names(struct drafts *drafts) {
    const struct config *config = drafts->loader->config;

    names_init(&drafts->tenants, config->tenant_count);
    for (uint32_t i = 0; i < config->tenant_count; i++)
        names_add(&drafts->tenants, config->tenants[i].name, i);
    names_sort(&drafts->tenants);
    drafts->has_all_tenants = drafts->tenants.count == config->tenant_count;
    names_init(&drafts->checks, drafts->count);
    for (size_t i = 0; i < drafts->count; i++)
        names_add(&drafts->checks, drafts->items[i].input.config.name, (uint32_t)i);
    names_sort(&drafts->checks);
}

static void report_cycle(struct drafts *drafts) {
    struct schema_reader *reader = &drafts->loader->reader;
    const struct config *config = drafts->loader->config;
    BUF_AUTO struct buf cycle = {0};
    uint32_t check = cycles_find(config->checks, config->check_count, &cycle);

    if (check != UINT32_MAX)
        schema_report(reader,
                      path_add(reader->arena, drafts->items[check].path, "depends_on"),
                      false, "expected no cycle, found %s", cycle.data);
}

void checks_read(struct loader *loader) {
    struct config *config = loader->config;
    struct drafts drafts = {.loader = loader};

    read_all(&drafts);
    index_names(&drafts);
    check_names(&drafts);
    struct check_config *checks =
        arena_alloc(config->arena, drafts.count, sizeof(*checks));
    for (size_t i = 0; i < drafts.count; i++) {
        resolve_scope(&drafts, &drafts.items[i]);
        resolve_parents(&drafts, &drafts.items[i]);
        checks[i] = drafts.items[i].input.config;
    }
    config->checks = checks;
    config->check_count = (uint32_t)drafts.count;
    report_cycle(&drafts);
    names_fini(&drafts.tenants);
    names_fini(&drafts.checks);
    free(drafts.items);
}
