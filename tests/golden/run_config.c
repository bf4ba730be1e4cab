/* Golden test of configuration files: reads CASE/input.json and compares what comes of it
 * with CASE/expect. Under valid/ that is the effective configuration, under invalid/ the
 * error lines. With UPDATE_GOLDEN=1 the expectation is rewritten instead. */
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "check/dns.h"
#include "check/envoy_admin.h"
#include "check/gateway_stats.h"
#include "check/gateway_status.h"
#include "check/http.h"
#include "check/loopback.h"
#include "check/tcp.h"
#include "check/tls.h"
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPECT_MAX = 4 * 1024 * 1024, LINE_MAX_BYTES = 1024 };

static const struct config_type type_items[] = {
    {"http", &http_options_schema},
    {"tcp", &tcp_options_schema},
    {"tls", &tls_options_schema},
    {"dns", &dns_options_schema},
    {"loopback", &loopback_options_schema},
    {"gateway_status", &gateway_status_options_schema},
    {"gateway_stats", &gateway_stats_options_schema},
    {"envoy_admin", &envoy_admin_options_schema},
};
static const struct config_types types = {type_items,
                                          sizeof(type_items) / sizeof(type_items[0])};

static void put_errors(const struct err_list *errors, struct buf *out) {
    for (size_t i = 0; i < errors->len; i++) {
        char line[LINE_MAX_BYTES];
        err_format(&errors->items[i], "input.json", line, sizeof(line));
        buf_printf(out, "%s\n", line);
    }
    if (errors->dropped > 0)
        buf_printf(out, "%zu more\n", errors->dropped);
}

/* The effective configuration says the same again when it is read, unless secrets have
 * been removed: then it is refused. */
static bool reads_again(const struct config *config) {
    struct err_list errors = {0};
    struct config *again = config_parse(config->effective, strlen(config->effective),
                                        "effective", &types, &errors);
    bool ok = strstr(config->effective, "(removed)")
                  ? !again
                  : again && strcmp(again->effective, config->effective) == 0;

    if (!ok)
        fprintf(stderr, "read again, it differs: %s\n",
                again ? again->effective : errors.items[0].text);
    config_unref(again);
    return ok;
}

/* What comes of the input. False if it is valid and should not be, or the other way
 * round. */
static bool run(const struct buf *input, bool want_valid, struct buf *actual) {
    struct err_list errors = {0};
    struct config *config = config_parse(input->data ? input->data : "", input->len,
                                         "input.json", &types, &errors);
    bool is_valid = config;
    bool is_stable = !config || reads_again(config);

    if (is_valid)
        buf_printf(actual, "%s\n", config->effective);
    else
        put_errors(&errors, actual);
    config_unref(config);
    if (is_valid != (errors.len == 0) || is_valid != want_valid) {
        fprintf(stderr, "expected %s file, found:\n%s",
                want_valid ? "a valid" : "an invalid", actual->data);
        return false;
    }
    return is_stable;
}

static bool write_file(const char *path, const struct buf *text) {
    FILE *file = fopen(path, "w");
    bool ok = file && fwrite(text->data, 1, text->len, file) == text->len;

    return file && fclose(file) == 0 && ok;
}

static bool compare(const char *path, const struct buf *actual) {
    BUF_AUTO struct buf expect = {0};
    struct err err = {0};

    if (!file_read(path, EXPECT_MAX, &expect, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    if (expect.len == actual->len && memcmp(expect.data, actual->data, actual->len) == 0)
        return true;
    fprintf(stderr, "--- expected\n%s--- found\n%s", expect.data ? expect.data : "",
            actual->data);
    return false;
}

int main(int argc, char **argv) {
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf input = {0};
    BUF_AUTO struct buf actual = {0};
    struct err err = {0};

    if (argc != 3) {
        fprintf(stderr, "usage: run_config valid|invalid CASE\n");
        return 2;
    }
    buf_printf(&path, "%s/input.json", argv[2]);
    if (!file_read(path.data, EXPECT_MAX, &input, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    if (!run(&input, strcmp(argv[1], "valid") == 0, &actual))
        return 1;
    buf_clear(&path);
    buf_printf(&path, "%s/expect", argv[2]);
    if (getenv("UPDATE_GOLDEN"))
        return write_file(path.data, &actual) ? 0 : 2;
    return compare(path.data, &actual) ? 0 : 1;
}
