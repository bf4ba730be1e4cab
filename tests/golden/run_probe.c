/* Golden test of probe definitions: reads CASE/input.json (CASE/probe, where it is there,
 * names the probe to take) and compares with CASE/expect: under valid/ what the
 * definition means, under invalid/ the error lines. `schema FILE` compares FILE with the
 * JSON Schema. With UPDATE_GOLDEN=1 the expectation is rewritten instead. */
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "config/probe_definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPECT_MAX = 1024 * 1024, LINE_MAX_BYTES = 1024 };

static void put_advice(void *user, const char *sentence) {
    buf_printf(user, "warning: %s\n", sentence);
}

static void put_definition(const struct appgw_definition *data, struct buf *out) {
    appgw_describe(data, out);
    for (size_t i = 0; i < data->settings_count; i++) {
        const struct appgw_settings *settings = &data->settings[i];
        const char *name = appgw_server_name(&data->probe, settings, "ADDRESS");
        buf_printf(out, "%s: Host %s, certificate %s, draining %d s\n", settings->name,
                   appgw_host(&data->probe, settings, "ADDRESS"), name,
                   settings->draining.enabled ? settings->draining.timeout_s
                                              : APPGW_DRAIN_DEFAULT_S);
    }
    if (data->probe.match.body)
        buf_printf(out, "body: %s\n", data->probe.match.body);
    appgw_advise(data, put_advice, out);
}

static void put_errors(const struct err_list *errors, struct buf *out) {
    for (size_t i = 0; i < errors->len; i++) {
        char line[LINE_MAX_BYTES];
        err_format(&errors->items[i], "input.json", line, sizeof(line));
        buf_printf(out, "%s\n", line);
    }
    if (errors->dropped > 0)
        buf_printf(out, "%zu more\n", errors->dropped);
}

/* False if it is valid and should not be, or the other way round. */
static bool run(const char *folder, bool want_valid, struct buf *actual) {
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf input = {0};
    BUF_AUTO struct buf name = {0};
    struct err err = {0};
    struct err_list errors = {0};
    buf_printf(&path, "%s/input.json", folder);
    if (!file_read(path.data, EXPECT_MAX, &input, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    buf_clear(&path);
    buf_printf(&path, "%s/probe", folder);
    bool has_name = file_read_secret(path.data, LINE_MAX_BYTES, &name, NULL);
    struct probe_definition *definition = probe_definition_parse(
        input.data ? input.data : "", input.len, has_name ? name.data : NULL, &errors);
    bool is_valid = definition;
    if (is_valid)
        put_definition(&definition->data, actual);
    else
        put_errors(&errors, actual);
    probe_definition_free(definition);
    if (is_valid == want_valid && is_valid == (errors.len == 0))
        return true;
    fprintf(stderr, "expected %s definition, found:\n%s",
            want_valid ? "a valid" : "an invalid", actual->data);
    return false;
}

static int compare(const char *path, const struct buf *actual) {
    BUF_AUTO struct buf expect = {0};
    struct err err = {0};
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "w");
        bool ok = file && fwrite(actual->data, 1, actual->len, file) == actual->len;
        return file && fclose(file) == 0 && ok ? 0 : 2;
    }
    if (!file_read(path, EXPECT_MAX, &expect, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (expect.len == actual->len && memcmp(expect.data, actual->data, actual->len) == 0)
        return 0;
    fprintf(stderr, "--- expected\n%s--- found\n%s", expect.data ? expect.data : "",
            actual->data);
    return 1;
}

int main(int argc, char **argv) {
    BUF_AUTO struct buf actual = {0};
    BUF_AUTO struct buf path = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: run_probe valid|invalid CASE, run_probe schema FILE\n");
        return 2;
    }
    if (strcmp(argv[1], "schema") == 0) {
        probe_definition_write_json_schema(&actual);
        return compare(argv[2], &actual);
    }
    if (!run(argv[2], strcmp(argv[1], "valid") == 0, &actual))
        return 1;
    buf_printf(&path, "%s/expect", argv[2]);
    return compare(path.data, &actual);
}
