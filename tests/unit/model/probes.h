/* Arrivals for the tests of the census. Include after cmocka.h. */
#ifndef TESTS_UNIT_MODEL_PROBES_H
#define TESTS_UNIT_MODEL_PROBES_H

#include "base/text.h"
#include "model/census.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* An hour after the machine's start. */
enum { START_MS = 3600 * 1000 };

static const char gateway_pod[] = "10.244.1.7";
static const char gateway_pod6[] = "fd00::7";
static const char instance[] = "10.0.1.5"; /* of Application Gateway */
static const char our_host[] = "apps.example.com";

static inline struct addr parse(const char *text) {
    struct addr addr;

    assert_true(addr_parse_ip(text, 0, &addr));
    return addr;
}

/* "": none; "unix": a unix socket. */
static inline int parse_bytes(const char *text, uint8_t bytes[16]) {
    if (text[0] == '\0')
        return 0;
    if (strcmp(text, "unix") == 0)
        return AF_UNIX;

    struct addr addr = parse(text);

    if (addr.u.sa.sa_family == AF_INET)
        memcpy(bytes, &addr.u.in.sin_addr, 4);
    else
        memcpy(bytes, &addr.u.in6.sin6_addr, 16);
    return addr.u.sa.sa_family;
}

static inline struct arrival make_arrival(const char *peer, const char *forwarded,
                                          const char *agent, const char *host) {
    struct arrival arrival = {.path = PROBE_HEALTHZ, .answer = ANSWER_HEALTHY};

    /* Bytes behind an address mean nothing. */
    memset(arrival.peer, 0xa5, sizeof(arrival.peer));
    memset(arrival.forwarded, 0x5a, sizeof(arrival.forwarded));
    arrival.mono_us = (int64_t)START_MS * 1000;
    arrival.peer_family = parse_bytes(peer, arrival.peer);
    arrival.forwarded_family = parse_bytes(forwarded, arrival.forwarded);
    text_copy(arrival.agent, sizeof(arrival.agent), agent);
    text_copy(arrival.host, sizeof(arrival.host), host);
    return arrival;
}

/* One of each class. */
static inline struct arrival make_probe(enum prober prober) {
    switch (prober) {
        case PROBER_APPGW:
            return make_arrival(gateway_pod, instance, "", our_host);
        case PROBER_KUBELET:
            return make_arrival("10.244.1.1", "", "kube-probe/1.31", "10.244.1.9:8080");
        case PROBER_LOAD_BALANCER:
            return make_arrival("168.63.129.16", "", "", "10.244.1.9:8080");
        case PROBER_SELF:
            return make_arrival("127.0.0.1", "", "health-responder/1", "127.0.0.1:8080");
        case PROBER_OPERATOR:
            return make_arrival("10.9.9.9", "", "curl/8.5.0", our_host);
        case PROBER_UNKNOWN:
            return make_arrival("10.9.9.9", "", "", our_host);
    }
    return make_arrival("", "", "", "");
}

static inline void configure(struct census *census, const char *host,
                             const char *subnet) {
    struct config *config = config_new();
    struct cidr blocks[2];

    assert_true(cidr_parse("192.0.2.0/24", &blocks[0], NULL));
    assert_true(cidr_parse(subnet == NULL ? "::/0" : subnet, &blocks[1], NULL));
    config->gateway.host = host;
    config->clients.appgw_subnets =
        (struct cidr_list){.items = blocks, .count = subnet == NULL ? 0 : 2};
    census_set_config(census, config);
    config_unref(config);
    memset(blocks, 0, sizeof(blocks)); /* all was copied */
}

static inline void set_gateway(struct census *census) {
    struct addr pods[2] = {parse(gateway_pod6), parse(gateway_pod)};

    addr_set_port(&pods[1], 15021);
    census_set_gateway(census, pods, LENGTH(pods));
    memset(pods, 0, sizeof(pods));
}

static inline int start(void **state) {
    struct census *census = census_new();

    configure(census, our_host, "10.0.1.0/24");
    set_gateway(census);
    *state = census;
    return 0;
}

static inline int stop(void **state) {
    census_free(*state);
    return 0;
}

static inline void add_at(struct census *census, struct arrival arrival,
                          int64_t after_ms) {
    arrival.mono_us = (START_MS + after_ms) * 1000;
    census_add(census, &arrival);
}

static inline struct census_view fill_at(const struct census *census, int64_t after_ms) {
    struct census_view view;

    memset(&view, 0xee, sizeof(view));
    census_fill(census, START_MS + after_ms, &view);
    return view;
}

#define PROBES_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

#endif
