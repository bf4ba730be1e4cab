/* Writing a loaded configuration back as the file that would say the same in full.
 * Derived checks stand among the others, each with its role. The text is put together
 * item by item: a JSON tree of thousands of checks would take several times the memory of
 * all the rest. */
#include "effective_internal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "load_internal.h"
#include "schema_internal.h"
#include "tables_internal.h"

#include <jansson.h>
#include <string.h>

enum { INDENT = 2 };

static struct check_input to_input(const struct config *config,
                                   const struct check_config *check,
                                   char scope[SCOPE_TEXT_MAX], const char **parents) {
    for (uint32_t i = 0; i < check->parent_count; i++)
        parents[i] = config->checks[check->parents[i]].name;
    return (struct check_input){
        .config = *check,
        .has_role = check->role != ROLE_NONE,
        .scope = check_scope_format(config, check, scope),
        .depends_on = {parents, check->parent_count},
    };
}

static json_t *check_to_json(const struct config *config,
                             const struct check_config *check,
                             const struct config_types *types) {
    char scope[SCOPE_TEXT_MAX];
    MEM_AUTO const char **parents = mem_alloc(check->parent_count, sizeof(*parents));
    const struct check_input input = to_input(config, check, scope, parents);
    const struct config_type *type = load_find_type(types, check->type);
    json_t *json = schema_to_json(&check_input_schema, &input);

    if (json_object_update_new(json, schema_to_json(&timing_schema, &check->timing)) !=
            0 ||
        json_object_update_new(json, schema_to_json(type->options, check->options)) !=
            0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* Append a value as it stands `depth` levels deep, and drop it. NULL: out of memory. */
static bool put_json(json_t *json, int depth, struct buf *out) {
    BUF_AUTO struct buf text = {0};
    bool ok = json && schema_dump(json, &text);

    json_decref(json);
    for (size_t i = 0; i < text.len; i++) {
        buf_putc(out, text.data[i]);
        if (text.data[i] == '\n')
            buf_printf(out, "%*s", depth * INDENT, "");
    }
    return ok;
}

static void put_item_start(bool is_first, int depth, struct buf *out) {
    buf_printf(out, "%s\n%*s", is_first ? "" : ",", depth * INDENT, "");
}

static bool put_tenants(const struct config *config, struct buf *out) {
    bool ok = true;

    buf_putc(out, '[');
    for (uint32_t i = 0; i < config->tenant_count && ok; i++) {
        put_item_start(i == 0, 2, out);
        ok = put_json(schema_to_json(&tenant_schema, &config->tenants[i]), 2, out);
    }
    buf_puts(out, config->tenant_count > 0 ? "\n  ]" : "]");
    return ok;
}

static bool put_checks(const struct config *config, const struct config_types *types,
                       struct buf *out) {
    bool ok = true;

    buf_putc(out, '[');
    for (uint32_t i = 0; i < config->check_count && ok; i++) {
        put_item_start(i == 0, 2, out);
        ok = put_json(check_to_json(config, &config->checks[i], types), 2, out);
    }
    buf_puts(out, config->check_count > 0 ? "\n  ]" : "]");
    return ok;
}

const char *effective_write(const struct config *config,
                            const struct config_types *types) {
    BUF_AUTO struct buf text = {0};
    json_t *json = schema_to_json(&config_schema, config);
    bool ok = json;
    const char *key;
    json_t *value;

    buf_putc(&text, '{');
    json_object_foreach(json, key, value) {
        put_item_start(text.len == 1, 1, &text);
        buf_printf(&text, "\"%s\": ", key);
        if (strcmp(key, "tenants") == 0)
            ok = ok && put_tenants(config, &text);
        else if (strcmp(key, "checks") == 0)
            ok = ok && put_checks(config, types, &text);
        else
            ok = ok && put_json(json_incref(value), 1, &text);
    }
    buf_puts(&text, "\n}");
    json_decref(json);
    return ok ? arena_copy_text(config->arena, text.data) : NULL;
}
