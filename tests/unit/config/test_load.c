/* Loading: files of every kind, what ends in struct config, derived checks, names and
 * parents, many checks. What is refused, and how it is told, is in tests/golden/config.
 */
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mac.h"
#include "fds.h"
#include "types.h"

static char folder[64];
static char path[128];

static int make_folder(void **state) {
    const char *temporary = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%.40s/test_load.XXXXXX",
             temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/config.json", folder);
    return fds_setup(state);
}

static int remove_folder(void **state) {
    unlink(path);
    rmdir(folder);
    return fds_teardown(state);
}

static void write_file(const char *text, size_t len) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void assert_load_fails(const char *file, const char *hint, int line) {
    struct err_list errors = {0};

    assert_null(config_load(file, &types, &errors));
    assert_int_equal(errors.len, 1);
    assert_int_equal(errors.items[0].line, line);
    if (!strstr(errors.items[0].text, hint))
        fail_msg("%s: no \"%s\" in: %s", file, hint, errors.items[0].text);
}

static void test_config_load_valid_file_named_and_hashed(void **state) {
    static const char text[] = "{\"log\": {\"level\": \"warn\"}}";
    struct err_list errors = {0};
    char hash[MAC_HEX_MAX];
    struct err err = {0};

    (void)state;
    write_file(text, strlen(text));
    struct config *config = config_load(path, &types, &errors);
    assert_non_null(config);
    assert_string_equal(config->file, path);
    assert_int_equal(config->log.level, LOG_LEVEL_WARN);
    assert_true(config_hash_file(path, hash, &err));
    assert_string_equal(config->hash, hash);
    assert_string_equal(mac_sha256(text, strlen(text), hash), config->hash);
    config_unref(config);
}

static void test_config_hash_file_follows_the_bytes(void **state) {
    char before[MAC_HEX_MAX];
    char after[MAC_HEX_MAX];
    struct err err = {0};

    (void)state;
    write_file("{}", 2);
    assert_true(config_hash_file(path, before, &err));
    write_file("{} ", 3);
    assert_true(config_hash_file(path, after, &err));
    assert_string_not_equal(before, after);
    write_file("", 0);
    assert_true(config_hash_file(path, after, &err));
    unlink(path);
    assert_false(config_hash_file(path, after, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void test_config_load_what_is_no_file_refused(void **state) {
    char nested[160];

    (void)state;
    unlink(path);
    assert_load_fails(path, "does not exist", 0);
    assert_load_fails(folder, "a directory", 0);
    assert_load_fails("/dev/null", "regular file", 0);
    write_file("{}", 2);
    snprintf(nested, sizeof(nested), "%s/inner", path);
    assert_load_fails(nested, "cannot open", 0);
    if (geteuid() != 0) { /* root reads everything */
        assert_int_equal(chmod(path, 0), 0);
        assert_load_fails(path, "cannot open", 0);
    }
    unlink(path);
    write_file("", 0);
    assert_load_fails(path, "empty file", 1);
}

static void assert_stand_in(const char *text, const char *probe) {
    write_file(text, strlen(text));
    struct config *config = config_stand_in(path, &types);
    char hash[MAC_HEX_MAX];
    struct err err = {0};

    assert_true(config->is_stand_in);
    assert_string_equal(config->file, path);
    assert_string_equal(config->listen.probe, probe);
    assert_int_equal(config->check_count, 0);
    assert_true(config_hash_file(path, hash, &err));
    assert_string_not_equal(config->hash, hash);
    config_unref(config);
}

static void test_config_stand_in_listens_where_the_file_says(void **state) {
    static const char usual[] = "[::]:8080";

    (void)state;
    assert_stand_in("{\"gatewy\": {}, \"listen\": {\"probe\": \"127.0.0.1:7\"}}",
                    "127.0.0.1:7");
    assert_stand_in("{\"gatewy\": {}}", usual);
    assert_stand_in("{\"listen\": {\"probe\": \"nowhere\"}}", usual);
    assert_stand_in("{\"listen\": 5}", usual);
    assert_stand_in("[{\"listen\": {\"probe\": \"127.0.0.1:7\"}}]", usual);
    assert_stand_in("{\"listen\": {\"probe\": \"127.0.0.1:7\"}", usual);
    assert_stand_in("", usual);
    assert_stand_in("{}", usual);
    unlink(path);
    struct config *config = config_stand_in(path, &types);
    assert_string_equal(config->listen.probe, usual);
    config_unref(config);
}

static void test_config_load_one_byte_over_the_limit_refused(void **state) {
    BUF_AUTO struct buf text = {0};
    struct err_list errors = {0};

    (void)state;
    buf_puts(&text, "{}");
    while (text.len < CONFIG_FILE_MAX)
        buf_putc(&text, ' ');
    write_file(text.data, text.len);
    struct config *config = config_load(path, &types, &errors);
    assert_non_null(config);
    config_unref(config);
    buf_putc(&text, ' ');
    write_file(text.data, text.len);
    assert_load_fails(path, "1048576", 0);
}

static void test_config_parse_empty_object_has_the_defaults(void **state) {
    struct config *config = parse_valid("{}");

    (void)state;
    assert_string_equal(config->listen.probe, "[::]:8080");
    assert_string_equal(config->listen.detail, "[::]:9090");
    assert_false(config->gateway.is_set);
    assert_int_equal(config->tenant_count, 0);
    assert_int_equal(config->check_count, 0);
    assert_int_equal(config->defaults.interval_ms, 5000);
    assert_int_equal(config->defaults.fast_interval_ms, 1000);
    assert_int_equal(config->defaults.down_interval_ms, 5000);
    assert_int_equal(config->defaults.timeout_ms, 2000);
    assert_int_equal(config->defaults.connect_timeout_ms, 1000);
    assert_int_equal(config->defaults.rise, 2);
    assert_int_equal(config->defaults.fall, 3);
    assert_int_equal(config->defaults.jitter_percent, 10);
    assert_false(config->defaults.reuse);
    assert_int_equal(config->defaults.max_body_bytes, 4096);
    assert_int_equal(config->verdict.policy, POLICY_SERVE);
    assert_int_equal(config->verdict.min_healthy_percent, 50);
    assert_int_equal(config->verdict.pool_members, 1);
    assert_int_equal(config->verdict.start_grace_ms, 10000);
    assert_false(config->verdict.override.is_set);
    assert_int_equal(config->engine.concurrency, 256);
    assert_int_equal(config->engine.stale_after, 3);
    assert_int_equal(config->engine.allow_targets.count, 0);
    assert_int_equal(config->resolver.timeout_ms, 0);
    assert_int_equal(config->auth.read, AUTH_READ_OPEN);
    assert_null(config->auth.token_file);
    assert_int_equal(config->drain.delay_ms, 15000);
    assert_int_equal(config->drain.timeout_ms, 10000);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    config_unref(config);
}

/* Words in files and words of the model are the same, in the same order. */
static void test_config_parse_words_mean_what_the_model_says(void **state) {
    BUF_AUTO struct buf text = {0};

    (void)state;
    for (int i = 0; i < POLICY_COUNT; i++) {
        buf_clear(&text);
        buf_printf(&text, "{\"verdict\": {\"policy\": \"%s\", \"pool_members\": 2}}",
                   policy_name((enum policy)i));
        struct config *config = parse_valid(text.data);
        assert_int_equal(config->verdict.policy, i);
        config_unref(config);
    }
    for (int i = 0; i < VERDICT_COUNT; i++) {
        buf_clear(&text);
        buf_printf(
            &text,
            "{\"verdict\": {\"override\": {\"verdict\": \"%s\", \"reason\": \"x\", "
            "\"until\": \"1970-01-01T00:00:02Z\"}}}",
            verdict_name((enum verdict)i));
        struct config *config = parse_valid(text.data);
        assert_true(config->verdict.override.is_set);
        assert_int_equal(config->verdict.override.verdict, i);
        assert_int_equal(config->verdict.override.until_wall_ms, 2000);
        config_unref(config);
    }
    for (int i = SEVERITY_CRITICAL; i <= SEVERITY_INFO; i++) {
        buf_clear(&text);
        buf_printf(&text,
                   "{\"checks\": [{\"name\": \"a\", \"type\": \"tcp\", \"target\": "
                   "\"h:1\", \"severity\": \"%s\"}]}",
                   severity_name((enum severity)i));
        struct config *config = parse_valid(text.data);
        assert_int_equal(config->checks[0].severity, i);
        config_unref(config);
    }
}

static void test_config_parse_gateway_port_follows_tls(void **state) {
    static const struct {
        const char *text;
        int port;
        bool tls;
    } cases[] = {
        {"{\"gateway\": {\"host\": \"h\", \"service\": \"s\"}}", 80, false},
        {"{\"gateway\": {\"host\": \"h\", \"service\": \"s\", \"tls\": {}}}", 443, true},
        {"{\"gateway\": {\"host\": \"h\", \"service\": \"s\", \"tls\": {}, \"port\": "
         "80}}",
         80, true},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct config *config = parse_valid(cases[i].text);
        assert_true(config->gateway.is_set);
        assert_int_equal(config->gateway.port, cases[i].port);
        assert_int_equal(config->gateway.has_tls, cases[i].tls);
        assert_int_equal(config->gateway.status_port, 15021);
        assert_int_equal(config->gateway.stats_port, 15090);
        config_unref(config);
    }
}

static const char path_text[] =
    "{\"gateway\": {\"host\": \"apps.example.com\", \"service\": \"gw.svc.\", "
    "\"tls\": {\"ca_file\": \"/ca.crt\"}, \"port\": 8443},"
    " \"tenants\": ["
    "{\"name\": \"one\", \"route\": \"/one\", \"backend\": \"http://one:8080/h\", "
    "\"identity\": \"I am one\", \"expect\": \"200\"},"
    "{\"name\": \"two\", \"route\": \"/two\"},"
    "{\"name\": \"three\", \"backend\": \"http://three/\", \"critical\": false}],"
    " \"checks\": [{\"name\": \"own\", \"type\": \"tcp\", \"target\": \"h:1\","
    " \"scope\": \"tenant:two\", \"depends_on\": [\"tenant/two/routed\"]}]}";

static void test_config_parse_tenants_derive_their_checks(void **state) {
    static const struct {
        const char *name;
        enum check_role role;
        enum severity severity;
        uint32_t tenant;
    } expected[] = {
        {"gateway/status", ROLE_GATEWAY_STATUS, SEVERITY_CRITICAL, CONFIG_NO_TENANT},
        {"gateway/tls", ROLE_GATEWAY_TLS, SEVERITY_WARNING, CONFIG_NO_TENANT},
        {"tenant/one/direct", ROLE_TENANT_DIRECT, SEVERITY_WARNING, 0},
        {"tenant/one/routed", ROLE_TENANT_ROUTED, SEVERITY_CRITICAL, 0},
        {"tenant/two/routed", ROLE_TENANT_ROUTED, SEVERITY_CRITICAL, 1},
        {"tenant/three/direct", ROLE_TENANT_DIRECT, SEVERITY_CRITICAL, 2},
        {"own", ROLE_NONE, SEVERITY_CRITICAL, 1},
    };
    struct config *config = parse_valid(path_text);

    (void)state;
    assert_int_equal(config->check_count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        const struct check_config *check = &config->checks[i];
        assert_string_equal(check->name, expected[i].name);
        assert_int_equal(check->role, expected[i].role);
        assert_int_equal(check->severity, expected[i].severity);
        assert_int_equal(check->scope, i < 2 ? SCOPE_SHARED : SCOPE_TENANT);
        assert_int_equal(check->tenant, expected[i].tenant);
    }
    assert_int_equal(config->checks[6].parent_count, 1);
    assert_int_equal(config->checks[6].parents[0], 4);
    assert_false(config->tenants[2].critical);
    config_unref(config);
}

static void test_config_parse_derived_checks_have_their_options(void **state) {
    struct config *config = parse_valid(path_text);
    const struct tls_options *tls = config->checks[1].options;
    const struct http_options *direct = config->checks[2].options;
    const struct http_options *routed = config->checks[3].options;

    (void)state;
    assert_string_equal(tls->target, "gw.svc.:8443");
    assert_string_equal(tls->server_name, "apps.example.com");
    assert_string_equal(tls->ca_file, "/ca.crt");
    assert_null(tls->root_fingerprint);
    assert_int_equal(tls->warn_days, 14);
    assert_string_equal(direct->url, "http://one:8080/h");
    assert_null(direct->connect);
    assert_null(direct->contains);
    assert_null(direct->ca_file);
    assert_false(direct->through_gateway);
    assert_true(ranges_contain(&direct->expect, 200));
    assert_false(ranges_contain(&direct->expect, 201));
    assert_string_equal(routed->url, "https://apps.example.com/one");
    assert_string_equal(routed->connect, "gw.svc.:8443");
    assert_string_equal(routed->contains, "I am one");
    assert_string_equal(routed->ca_file, "/ca.crt");
    assert_true(routed->through_gateway);
    assert_false(ranges_contain(&routed->expect, 201));
    config_unref(config);
}

static void test_config_parse_loop_key_derives_the_loopback(void **state) {
    static const struct {
        const char *gateway;
        const char *url; /* NULL: not derived */
        const char *connect;
        const char *ca_file;
    } cases[] = {
        {"{\"host\": \"a.example\", \"service\": \"gw\"}", "http://a.example", "gw:80",
         NULL},
        {"{\"host\": \"a.example.\", \"service\": \"fd00::2\", \"tls\": {\"ca_file\": "
         "\"/c\"}}",
         "https://a.example.", "[fd00::2]:443", "/c"},
        {NULL, NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "{\"auth\": {\"loop_key_file\": \"/key\"}%s%s}",
                 cases[i].gateway ? ", \"gateway\": " : "",
                 cases[i].gateway ? cases[i].gateway : "");
        struct config *config = parse_valid(text);
        uint32_t check = config_find_check(config, "gateway/loopback");
        assert_true((check == UINT32_MAX) == (cases[i].url == NULL));
        if (cases[i].url) {
            const struct loopback_options *options = config->checks[check].options;
            assert_int_equal(config->checks[check].role, ROLE_GATEWAY_LOOPBACK);
            assert_int_equal(config->checks[check].severity, SEVERITY_WARNING);
            assert_string_equal(options->url, cases[i].url);
            assert_string_equal(options->connect, cases[i].connect);
            if (cases[i].ca_file)
                assert_string_equal(options->ca_file, cases[i].ca_file);
            else
                assert_null(options->ca_file);
        }
        config_unref(config);
    }
}

/* Where nothing names the pods, the Service stands for any of them, and has no port of
 * statistics. */
static void test_config_parse_gateway_derives_its_checks(void **state) {
    static const struct {
        const char *keys;
        const char *status;
        bool is_balanced;
        const char *stats; /* NULL: not derived */
        const char *admin;
    } cases[] = {
        {"", "gw.svc.:15021", true, NULL, NULL},
        {", \"pods\": \"pods.svc.\"", "pods.svc.:15021", false, "pods.svc.:15090", NULL},
        {", \"pods\": \"fd00::7\", \"status_port\": 1, \"stats_port\": 2", "[fd00::7]:1",
         false, "[fd00::7]:2", NULL},
        {", \"admin\": \"http://127.0.0.1:15000\"", "gw.svc.:15021", true, NULL,
         "http://127.0.0.1:15000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "{\"gateway\": {\"host\": \"a.example\", \"service\": \"gw.svc.\"%s}}",
                 cases[i].keys);
        struct config *config = parse_valid(text);
        uint32_t status = config_find_check(config, "gateway/status");
        uint32_t stats = config_find_check(config, "gateway/stats");
        uint32_t admin = config_find_check(config, "gateway/admin");
        const struct gateway_status_options *options = config->checks[status].options;
        assert_int_equal(config->checks[status].severity, SEVERITY_CRITICAL);
        assert_int_equal(config->checks[status].scope, SCOPE_SHARED);
        assert_string_equal(options->target, cases[i].status);
        assert_int_equal(options->is_balanced, cases[i].is_balanced);
        assert_true((stats == UINT32_MAX) == (cases[i].stats == NULL));
        if (cases[i].stats) {
            const struct gateway_stats_options *more = config->checks[stats].options;
            assert_int_equal(config->checks[stats].role, ROLE_GATEWAY_STATS);
            assert_int_equal(config->checks[stats].severity, SEVERITY_WARNING);
            assert_string_equal(more->target, cases[i].stats);
        }
        assert_true((admin == UINT32_MAX) == (cases[i].admin == NULL));
        if (cases[i].admin) {
            const struct envoy_admin_options *more = config->checks[admin].options;
            assert_int_equal(config->checks[admin].role, ROLE_GATEWAY_ADMIN);
            assert_int_equal(config->checks[admin].severity, SEVERITY_WARNING);
            assert_string_equal(more->url, cases[i].admin);
            assert_int_equal(more->clusters.count, 0);
            assert_int_equal(more->warn_days, 14);
        }
        config_unref(config);
    }
}

static void test_config_parse_routed_depends_on_status(void **state) {
    static const struct config_types without_status = {&type_items[0], 1};
    struct config *config = parse_valid(path_text);
    uint32_t status = config_find_check(config, "gateway/status");
    uint32_t routed = config_find_check(config, "tenant/two/routed");
    uint32_t direct = config_find_check(config, "tenant/one/direct");
    struct err_list errors = {0};
    static const char text[] = "{\"gateway\": {\"host\": \"a\", \"service\": \"b\"}, "
                               "\"tenants\": [{\"name\": \"t\", \"route\": \"/t\"}]}";

    (void)state;
    assert_int_equal(config->checks[routed].parent_count, 1);
    assert_int_equal(config->checks[routed].parents[0], status);
    assert_int_equal(config->checks[direct].parent_count, 0);
    config_unref(config);
    config = config_parse(text, strlen(text), "x.json", &without_status, &errors);
    assert_non_null(config);
    assert_int_equal(config->check_count, 1);
    assert_int_equal(config->checks[0].parent_count, 0);
    config_unref(config);
}

static void test_config_parse_unknown_type_nothing_derived(void **state) {
    static const struct config_types only_tcp = {&type_items[1], 1};
    static const char text[] =
        "{\"tenants\": [{\"name\": \"a\", \"backend\": \"http://a/\"}]}";
    struct err_list errors = {0};
    struct config *config = config_parse(text, strlen(text), "x", &only_tcp, &errors);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->check_count, 0);
    config_unref(config);
}

/* What a derived check lacks is told at what it follows from. */
static void test_config_parse_derived_check_refused_error_at_its_tenant(void **state) {
    static const struct config_type odd_items[] = {{"http", &tcp_options_schema}};
    static const struct config_types odd = {odd_items, 1};
    static const char text[] = "{\n\"tenants\": [{\"name\": \"b\", \"backend\": "
                               "\"http://b/\"}]}";
    struct err_list errors = {0};

    (void)state;
    assert_null(config_parse(text, strlen(text), "x", &odd, &errors));
    assert_int_equal(errors.items[0].line, 2);
    assert_string_equal(errors.items[0].where, "tenants[0]");
    assert_non_null(strstr(errors.items[0].text, "url of its check tenant/b/direct: "));
}

static void test_config_parse_text_need_not_end_with_nul(void **state) {
    struct err_list errors = {0};
    char *text = malloc(2);

    (void)state;
    assert_non_null(text);
    text[0] = '{';
    text[1] = '}';
    struct config *config = config_parse(text, 2, "x", &types, &errors);
    assert_non_null(config);
    config_unref(config);
    free(text);
}

/* A list that already holds errors of something else keeps them. */
static void test_config_parse_errors_are_added(void **state) {
    struct err_list errors = {0};
    struct err earlier = {.kind = ERR_SYSTEM, .text = "earlier"};

    (void)state;
    err_list_add(&errors, &earlier);
    assert_null(config_parse("[]", 2, "x", &types, &errors));
    assert_int_equal(errors.len, 2);
    assert_string_equal(errors.items[0].text, "earlier");
    assert_non_null(strstr(errors.items[1].text, "expected an object"));
}

static void put_chain(struct buf *text, int count) {
    buf_puts(text, "{\"checks\": [");
    for (int i = 0; i < count; i++)
        buf_printf(text,
                   "%s{\"name\":\"c%d\",\"type\":\"tcp\",\"target\":\"h:1\","
                   "\"depends_on\":[\"c%d\"]}",
                   i ? "," : "", i, i + 1);
    buf_printf(text, ",{\"name\":\"c%d\",\"type\":\"tcp\",\"target\":\"h:1\"}]}", count);
}

/* As long a chain as a file can hold: nothing recursive, nothing quadratic. */
static void test_config_parse_long_chain_of_parents_resolved(void **state) {
    enum { COUNT = 12000 };
    BUF_AUTO struct buf text = {0};

    (void)state;
    put_chain(&text, COUNT);
    assert_true(text.len <= CONFIG_FILE_MAX);
    struct config *config = parse_valid(text.data);
    assert_int_equal(config->check_count, COUNT + 1);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(config->checks[i].parents[0], i + 1);
    config_unref(config);
}

static void test_config_parse_thousands_of_errors_counted(void **state) {
    enum { COUNT = 12000 };
    BUF_AUTO struct buf text = {0};
    struct err_list errors = {0};

    (void)state;
    buf_puts(&text, "{\"checks\": [");
    for (int i = 0; i < COUNT; i++)
        buf_printf(&text,
                   "%s{\"name\":\"c\",\"type\":\"tcp\",\"target\":\"h:1\","
                   "\"depends_on\":[\"d%d\"]}",
                   i ? "," : "", i);
    buf_puts(&text, "]}");
    assert_null(config_parse(text.data, text.len, "x", &types, &errors));
    assert_int_equal(errors.len, ERR_LIST_MAX);
    assert_int_equal(errors.len + errors.dropped, COUNT + COUNT - 1);
}

static void test_config_parse_many_repeated_keys_counted(void **state) {
    enum { COUNT = 100000 };
    BUF_AUTO struct buf text = {0};
    struct err_list errors = {0};

    (void)state;
    buf_puts(&text, "{\"log\": {}");
    for (int i = 0; i < COUNT; i++)
        buf_puts(&text, ",\"l\":0");
    buf_puts(&text, "}");
    assert_null(config_parse(text.data, text.len, "x", &types, &errors));
    assert_int_equal(errors.len, ERR_LIST_MAX);
    assert_int_equal(errors.len + errors.dropped,
                     COUNT - 1 + 1); /* and one unknown key */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_load_valid_file_named_and_hashed),
        cmocka_unit_test(test_config_hash_file_follows_the_bytes),
        cmocka_unit_test(test_config_load_what_is_no_file_refused),
        cmocka_unit_test(test_config_stand_in_listens_where_the_file_says),
        cmocka_unit_test(test_config_load_one_byte_over_the_limit_refused),
        cmocka_unit_test(test_config_parse_empty_object_has_the_defaults),
        cmocka_unit_test(test_config_parse_words_mean_what_the_model_says),
        cmocka_unit_test(test_config_parse_gateway_port_follows_tls),
        cmocka_unit_test(test_config_parse_tenants_derive_their_checks),
        cmocka_unit_test(test_config_parse_derived_checks_have_their_options),
        cmocka_unit_test(test_config_parse_loop_key_derives_the_loopback),
        cmocka_unit_test(test_config_parse_gateway_derives_its_checks),
        cmocka_unit_test(test_config_parse_routed_depends_on_status),
        cmocka_unit_test(test_config_parse_unknown_type_nothing_derived),
        cmocka_unit_test(test_config_parse_derived_check_refused_error_at_its_tenant),
        cmocka_unit_test(test_config_parse_text_need_not_end_with_nul),
        cmocka_unit_test(test_config_parse_errors_are_added),
        cmocka_unit_test(test_config_parse_long_chain_of_parents_resolved),
        cmocka_unit_test(test_config_parse_thousands_of_errors_counted),
        cmocka_unit_test(test_config_parse_many_repeated_keys_counted),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
