/* Which class an arrival belongs to, what a source shows, and the bound of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes.h"

#include <stdio.h>

/* The class of the only arrival, or PROBER_COUNT if it was not counted once. */
static enum prober class_of(const struct census *census) {
    struct census_view view = fill_at(census, 0);
    int found = PROBER_COUNT;
    uint64_t count = 0;

    for (int i = 0; i < PROBER_COUNT; i++) {
        count += view.classes[i].count;
        if (view.classes[i].count == 1)
            found = i;
    }
    if (count != 1 || view.source_count != 1 || (int)view.sources[0].prober != found)
        return (enum prober)PROBER_COUNT;
    return (enum prober)found;
}

struct class_row {
    const char *what;
    const char *peer;
    const char *forwarded;
    const char *agent;
    const char *host;
    enum prober expected;
    const char *address; /* NULL: the peer's */
};

static void assert_classes(const char *host, const char *subnet,
                           const struct class_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct class_row *row = &rows[i];
        struct arrival arrival =
            make_arrival(row->peer, row->forwarded, row->agent, row->host);
        struct census *census = census_new();

        configure(census, host, subnet);
        set_gateway(census);
        census_add(census, &arrival);

        enum prober got = class_of(census);
        struct census_view view = fill_at(census, 0);

        census_free(census);
        if (got != row->expected)
            fail_msg("%s: expected %s, got %s", row->what, prober_name(row->expected),
                     (int)got == PROBER_COUNT ? "nothing" : prober_name(got));
        if (row->address == NULL)
            assert_string_equal(view.sources[0].via, "");
        else
            assert_string_equal(view.sources[0].via, row->peer);
        assert_string_equal(view.sources[0].address,
                            row->address == NULL ? row->peer : row->address);
    }
}

static void test_census_add_classes_as_documented(void **state) {
    (void)state;
    static const struct class_row rows[] = {
        {"appgw", "10.244.1.7", "10.0.1.5", "", "apps.example.com", PROBER_APPGW,
         "10.0.1.5"},
        {"appgw, IPv6 pod", "fd00::7", "10.0.1.5", "", "apps.example.com", PROBER_APPGW,
         "10.0.1.5"},
        {"appgw, other subnet", "10.244.1.7", "192.0.2.1", "", "apps.example.com",
         PROBER_APPGW, "192.0.2.1"},
        {"host in capitals", "10.244.1.7", "10.0.1.5", "", "APPS.Example.com",
         PROBER_APPGW, "10.0.1.5"},
        {"host with port", "10.244.1.7", "10.0.1.5", "", "apps.example.com:443",
         PROBER_APPGW, "10.0.1.5"},
        {"host with dot and port", "10.244.1.7", "10.0.1.5", "", "apps.example.com.:443",
         PROBER_APPGW, "10.0.1.5"},
        {"another host", "10.244.1.7", "10.0.1.5", "", "shop.example.com", PROBER_UNKNOWN,
         "10.0.1.5"},
        {"a longer host", "10.244.1.7", "10.0.1.5", "", "apps.example.com.evil",
         PROBER_UNKNOWN, "10.0.1.5"},
        {"a longer label", "10.244.1.7", "10.0.1.5", "", "apps.example.com2",
         PROBER_UNKNOWN, "10.0.1.5"},
        {"a shorter host", "10.244.1.7", "10.0.1.5", "", "apps.example", PROBER_UNKNOWN,
         "10.0.1.5"},
        {"no host", "10.244.1.7", "10.0.1.5", "", "", PROBER_UNKNOWN, "10.0.1.5"},
        {"a user's address", "10.244.1.7", "203.0.113.9", "", "apps.example.com",
         PROBER_UNKNOWN, "203.0.113.9"},
        {"a user through appgw", "10.244.1.7", "10.0.1.5", "Mozilla/5.0",
         "apps.example.com", PROBER_OPERATOR, "10.0.1.5"},
        {"no forwarding", "10.244.1.7", "", "", "apps.example.com", PROBER_UNKNOWN, NULL},
        {"a forged forwarding", "10.9.9.9", "10.0.1.5", "", "apps.example.com",
         PROBER_UNKNOWN, NULL},
        {"appgw past the gateway", "10.0.1.5", "", "", "apps.example.com", PROBER_UNKNOWN,
         NULL},

        {"kubelet", "10.244.1.1", "", "kube-probe/1.31", "10.244.1.9:8080",
         PROBER_KUBELET, NULL},
        {"kubelet, IPv6", "fd00::1", "", "kube-probe/1.31", "[fd00::9]:8080",
         PROBER_KUBELET, NULL},
        {"kubelet, ambient", "169.254.7.127", "", "kube-probe/1.31", "x", PROBER_KUBELET,
         NULL},
        {"ambient, no agent", "169.254.7.127", "", "", "x", PROBER_KUBELET, NULL},
        {"ambient, another agent", "169.254.7.127", "", "probe/2", "x", PROBER_KUBELET,
         NULL},
        {"ambient, IPv6", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff", "", "", "x",
         PROBER_KUBELET, NULL},
        {"its neighbour, IPv4", "169.254.7.126", "", "", "x", PROBER_UNKNOWN, NULL},
        {"its neighbour, IPv6", "fd16:9254:7127:1337:ffff:ffff:ffff:fffe", "", "", "x",
         PROBER_UNKNOWN, NULL},
        {"ambient address, forged", "10.9.9.9", "169.254.7.127", "", "x", PROBER_UNKNOWN,
         NULL},
        {"kube-probe through the gateway", "10.244.1.7", "203.0.113.9", "kube-probe/1.31",
         "x", PROBER_OPERATOR, "203.0.113.9"},
        {"kube-probe from the gateway", "10.244.1.7", "", "kube-probe/1.31", "x",
         PROBER_OPERATOR, NULL},
        {"kube-probe, forwarded", "10.9.9.9", "203.0.113.9", "kube-probe/1.31", "x",
         PROBER_OPERATOR, NULL},
        {"kube-probe without a version", "10.244.1.1", "", "kube-probe", "x",
         PROBER_OPERATOR, NULL},

        {"load balancer", "168.63.129.16", "", "", "10.244.1.9:8080",
         PROBER_LOAD_BALANCER, NULL},
        {"load balancer, agent", "168.63.129.16", "", "probe/1", "x",
         PROBER_LOAD_BALANCER, NULL},
        {"load balancer through the gateway", "10.244.1.7", "168.63.129.16", "",
         "10.0.2.4:30080", PROBER_LOAD_BALANCER, "168.63.129.16"},
        {"load balancer, forged", "10.9.9.9", "168.63.129.16", "", "x", PROBER_UNKNOWN,
         NULL},
        {"its neighbour", "168.63.129.17", "", "", "x", PROBER_UNKNOWN, NULL},

        {"canary", "127.0.0.1", "", "health-responder/0.1.0", "x", PROBER_SELF, NULL},
        {"loopback", "10.244.1.7", "10.244.1.9", "health-responder/0.1.0",
         "apps.example.com", PROBER_SELF, "10.244.1.9"},
        {"unix socket", "unix", "", "health-responder/0.1.0", "x", PROBER_SELF, NULL},
        {"self, no slash", "127.0.0.1", "", "health-responder", "x", PROBER_OPERATOR,
         NULL},

        {"curl", "10.9.9.9", "", "curl/8.5.0", "x", PROBER_OPERATOR, NULL},
        {"Wget through the gateway", "10.244.1.7", "203.0.113.9", "Wget/1.21",
         "apps.example.com", PROBER_OPERATOR, "203.0.113.9"},
        {"browser, IPv6", "10.244.1.7", "2001:db8::9", "Mozilla/5.0", "apps.example.com",
         PROBER_OPERATOR, "2001:db8::9"},
        {"a monitor", "10.9.9.9", "", "Prometheus/2.50", "x", PROBER_OPERATOR, NULL},

        {"nobody knows", "10.9.9.9", "", "", "x", PROBER_UNKNOWN, NULL},
        {"unix socket, nothing else", "unix", "", "", "", PROBER_UNKNOWN, NULL},
    };

    assert_classes(our_host, "10.0.1.0/24", rows, LENGTH(rows));
}

static void test_census_add_no_subnets_no_appgw(void **state) {
    (void)state;
    static const struct class_row rows[] = {
        {"looks like appgw", "10.244.1.7", "10.0.1.5", "", "apps.example.com",
         PROBER_UNKNOWN, "10.0.1.5"},
    };

    assert_classes(our_host, NULL, rows, LENGTH(rows));
}

static void test_census_add_no_host_configured_any_host_is_appgw(void **state) {
    (void)state;
    static const struct class_row rows[] = {
        {"some host", "10.244.1.7", "10.0.1.5", "", "x", PROBER_APPGW, "10.0.1.5"},
        {"the default probe's", "10.244.1.7", "10.0.1.5", "", "127.0.0.1", PROBER_APPGW,
         "10.0.1.5"},
        {"none", "10.244.1.7", "10.0.1.5", "", "", PROBER_APPGW, "10.0.1.5"},
    };

    assert_classes(NULL, "10.0.1.0/24", rows, LENGTH(rows));
}

static void test_census_add_configured_host_ends_with_a_dot(void **state) {
    (void)state;
    static const struct class_row rows[] = {
        {"without", "10.244.1.7", "10.0.1.5", "", "apps.example.com", PROBER_APPGW,
         "10.0.1.5"},
        {"with", "10.244.1.7", "10.0.1.5", "", "apps.example.com.", PROBER_APPGW,
         "10.0.1.5"},
    };

    assert_classes("apps.example.com.", "10.0.1.0/24", rows, LENGTH(rows));
}

/* Both are cut at the same place. */
static void test_census_add_host_longer_than_an_arrival_holds(void **state) {
    (void)state;
    static const char host[] = "a-very-long-name-of-a-host-that-is-not-yet-at-its-end"
                               ".in-a-rather-deep-zone.example.com";
    static const char other[] = "a-very-long-name-of-a-host-that-is-not-yet-at-its-end"
                                ".in-another-zone.example.com";
    const struct class_row rows[] = {
        {"it", gateway_pod, instance, "", host, PROBER_APPGW, instance},
        {"another", gateway_pod, instance, "", other, PROBER_UNKNOWN, instance},
    };

    assert_classes(host, "10.0.1.0/24", rows, LENGTH(rows));
}

static void test_census_set_gateway_replaces_the_pods(void **state) {
    struct census *census = *state;
    struct arrival probe = make_probe(PROBER_APPGW);
    struct addr moved = parse("10.244.3.3");

    census_set_gateway(census, &moved, 1);
    census_add(census, &probe);
    assert_int_equal(class_of(census), PROBER_UNKNOWN);
    census_set_gateway(census, NULL, 0);
    census_add(census, &probe);
    set_gateway(census);
    census_add(census, &probe);

    struct census_view view = fill_at(census, 0);

    assert_int_equal(view.classes[PROBER_UNKNOWN].count, 2);
    assert_int_equal(view.classes[PROBER_APPGW].count, 1);
    assert_int_equal(view.source_count, 2);
    assert_string_equal(view.sources[1].address, gateway_pod);
}

static void test_census_fill_nothing_came_empty(void **state) {
    struct census_view view = fill_at(*state, 3600 * 1000);

    assert_int_equal(view.source_count, 0);
    assert_int_equal(view.taken_mono_ms, START_MS + 3600 * 1000);
    for (int i = 0; i < PROBER_COUNT; i++) {
        assert_int_equal(view.classes[i].count, 0);
        assert_int_equal(view.classes[i].last_mono_ms, 0);
        assert_int_equal(view.classes[i].median_ms, 0);
        assert_int_equal(view.classes[i].silent_after_ms, 0);
        assert_false(view.classes[i].is_silent);
    }
    census_free(NULL);
}

static void test_census_add_source_shows_its_newest_arrival(void **state) {
    struct census *census = *state;
    struct arrival probe = make_probe(PROBER_APPGW);

    probe.attempt = 1;
    add_at(census, probe, 0);
    probe = make_arrival(gateway_pod6, instance, "", "APPS.example.com:80");
    probe.answer = ANSWER_DEGRADED;
    probe.attempt = 2;
    add_at(census, probe, 10000);
    probe.attempt = 3;
    probe.answer = ANSWER_UNHEALTHY;
    add_at(census, probe, 20000);

    struct census_view view = fill_at(census, 20000);
    const struct census_source *source = &view.sources[0];

    assert_int_equal(view.source_count, 1);
    assert_int_equal(source->prober, PROBER_APPGW);
    assert_string_equal(source->address, instance);
    assert_string_equal(source->via, gateway_pod6);
    assert_string_equal(source->host, "APPS.example.com:80");
    assert_int_equal(source->path, PROBE_HEALTHZ);
    assert_int_equal(source->count, 3);
    assert_int_equal(source->first_mono_ms, START_MS);
    assert_int_equal(source->last_mono_ms, START_MS + 20000);
    assert_int_equal(source->last_answer, ANSWER_UNHEALTHY);
    assert_int_equal(source->last_attempt, 3);
    assert_int_equal(source->retried, 2);
    assert_int_equal(source->median_ms, 10000);
    assert_int_equal(source->jitter_ms, 0);

    probe.attempt = 0;
    add_at(census, probe, 30000);
    view = fill_at(census, 30000);
    assert_int_equal(view.sources[0].last_attempt, 0);
    assert_int_equal(view.sources[0].retried, 2);
}

static void test_census_add_texts_of_a_peer_are_cleaned(void **state) {
    struct census *census = *state;
    struct arrival probe = make_arrival("10.9.9.9", "", "\x1b[2Jcurl", "a\tb\xff");

    census_add(census, &probe);

    struct census_view view = fill_at(census, 0);

    assert_string_equal(view.sources[0].agent, " [2Jcurl");
    assert_string_equal(view.sources[0].host, "a b?");
}

/* Class, address and question make a source; agent, host and gateway pod do not. */
static void test_census_add_sources_told_apart(void **state) {
    struct census *census = *state;
    struct arrival probes[] = {
        make_arrival("10.9.9.9", "", "curl/8.5.0", "x"),
        make_arrival("10.9.9.9", "", "Mozilla/5.0", "y"), /* the same */
        make_arrival("10.9.9.9", "", "", "x"),            /* class */
        make_arrival("10.9.9.8", "", "curl/8.5.0", "x"),  /* address */
        make_arrival("0a09:0909::", "", "curl/8.5.0", "x"),
        make_arrival("unix", "", "curl/8.5.0", "x"),
        make_arrival("10.9.9.9", "", "curl/8.5.0", "x"),          /* question, below */
        make_arrival(gateway_pod, "10.9.9.9", "curl/8.5.0", "x"), /* the same */
    };

    probes[6].path = PROBE_READY;
    for (size_t i = 0; i < LENGTH(probes); i++)
        add_at(census, probes[i], (int64_t)i);

    struct census_view view = fill_at(census, 10);

    assert_int_equal(view.source_count, 6);
    assert_int_equal(view.sources[0].count, 3);
    assert_string_equal(view.sources[0].via, gateway_pod);
    add_at(census, probes[0], 20);
    assert_string_equal(fill_at(census, 20).sources[0].via, "");
    for (size_t i = 1; i < view.source_count; i++)
        assert_int_equal(view.sources[i].count, 1);
    assert_int_equal(view.sources[1].path, PROBE_READY);
    assert_string_equal(view.sources[2].address, "unix");
    assert_string_equal(view.sources[3].address, "a09:909::");
    assert_string_equal(view.sources[4].address, "10.9.9.8");
    assert_int_equal(view.sources[5].prober, PROBER_UNKNOWN);
}

static void add_numbered(struct census *census, int number, int64_t after_ms) {
    char text[24];

    snprintf(text, sizeof(text), "10.50.%d.%d", number / 256, number % 256);
    add_at(census, make_arrival(text, "", "curl/8.5.0", "x"), after_ms);
}

static void test_census_add_table_full_least_recently_seen_goes(void **state) {
    struct census *census = *state;

    for (int i = 0; i < CENSUS_SOURCES; i++)
        add_numbered(census, i, i);
    add_numbered(census, 0, 100); /* seen again: number 1 is the oldest now */
    add_numbered(census, 1000, 200);

    struct census_view view = fill_at(census, 300);

    assert_int_equal(view.source_count, CENSUS_SOURCES);
    assert_int_equal(view.classes[PROBER_OPERATOR].count, CENSUS_SOURCES + 2);
    assert_string_equal(view.sources[0].address, "10.50.3.232");
    assert_int_equal(view.sources[0].count, 1);
    assert_int_equal(view.sources[0].first_mono_ms, START_MS + 200);
    assert_int_equal(view.sources[0].median_ms, 0);
    assert_string_equal(view.sources[1].address, "10.50.0.0");
    assert_int_equal(view.sources[1].count, 2);
    assert_string_equal(view.sources[2].address, "10.50.0.63");
    assert_string_equal(view.sources[CENSUS_SOURCES - 1].address, "10.50.0.2");

    for (int i = 0; i < 100 * CENSUS_SOURCES; i++)
        add_numbered(census, i, 1000 + i);
    view = fill_at(census, 10000);
    assert_int_equal(view.source_count, CENSUS_SOURCES);
    for (size_t i = 0; i < view.source_count; i++)
        assert_int_equal(view.sources[i].count, 1);
}

static void test_prober_name_every_class_its_word(void **state) {
    (void)state;
    static const char *const words[PROBER_COUNT] = {"appgw", "kubelet",  "load_balancer",
                                                    "self",  "operator", "unknown"};

    for (int i = 0; i < PROBER_COUNT; i++)
        assert_string_equal(prober_name((enum prober)i), words[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        PROBES_TEST(test_census_add_classes_as_documented),
        PROBES_TEST(test_census_add_no_subnets_no_appgw),
        PROBES_TEST(test_census_add_no_host_configured_any_host_is_appgw),
        PROBES_TEST(test_census_add_configured_host_ends_with_a_dot),
        PROBES_TEST(test_census_add_host_longer_than_an_arrival_holds),
        PROBES_TEST(test_census_set_gateway_replaces_the_pods),
        PROBES_TEST(test_census_fill_nothing_came_empty),
        PROBES_TEST(test_census_add_source_shows_its_newest_arrival),
        PROBES_TEST(test_census_add_texts_of_a_peer_are_cleaned),
        PROBES_TEST(test_census_add_sources_told_apart),
        PROBES_TEST(test_census_add_table_full_least_recently_seen_goes),
        PROBES_TEST(test_prober_name_every_class_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
