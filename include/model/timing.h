/* How long each layer in front of the tenants takes to notice and to forgive, what that
 * adds up to, and what does not fit together. Pure; any thread.
 *
 * What no configuration of ours says (kubelet's probes, Istio's gateway, Azure's load
 * balancer) is taken as k8s/base and the platform's documentation have it. */
#ifndef MODEL_TIMING_H
#define MODEL_TIMING_H

#include "azure/definition.h"
#include "model/cadence.h"
#include "model/census.h"
#include "model/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum timing_layer {
    TIMING_APPGW,         /* Application Gateway, probing the internal load balancer */
    TIMING_LOAD_BALANCER, /* the internal load balancer, probing nodes */
    TIMING_GATEWAY_POD,   /* kubelet, probing the gateway's pods */
    TIMING_ENVOY,         /* the gateway, meeting a dead replica of ours */
    TIMING_RESPONDER_POD, /* kubelet, probing our pods */
    TIMING_CHECKS,        /* our own checks; the slowest of them */
};
enum { TIMING_LAYER_COUNT = 6 };

/* Chains of layers. */
enum timing_way {
    TIMING_PATH_DOWN,   /* nothing behind Application Gateway answers any more */
    TIMING_GATEWAY_ONE, /* one of several gateway pods hangs */
    TIMING_TENANT_SEEN, /* a tenant's backend is down: until we show it */
    TIMING_TENANT_OUT,  /* the same: until Application Gateway takes the pool out, which
                           only strict and quorum make it do */
};
enum { TIMING_WAY_COUNT = 4 };

enum { TIMING_WARNINGS_MAX = 24, TIMING_TEXT_MAX = 256 };

struct timing_input {
    const struct appgw_definition *definition; /* NULL: as azure/probe.json has it */
    const struct config *config;
    const struct census_view *census; /* NULL: nobody was counted */
    int instances;                    /* of Application Gateway; 0: 2 */
    int64_t answer_p99_us;            /* ours, measured; 0: unknown */
};

struct timing_row {
    enum timing_layer layer;
    bool has_cadence; /* Envoy has none: it learns from requests */
    struct cadence cadence;
    int64_t measured_ms; /* interval by the census; 0: not measured, cadence is
                            configured; else cadence has it */
    struct span detect;
    struct span recover;
    int64_t drain_need_ms; /* to go on serving after it was told to end; 0: nothing */
    int64_t drain_has_ms;
};

struct timing_report {
    struct timing_row rows[TIMING_LAYER_COUNT];
    struct {
        struct span detect;
        struct span recover;
    } ways[TIMING_WAY_COUNT];
    int instances;
    int settings;           /* sets of backend settings that probe */
    uint32_t slowest_check; /* UINT32_MAX: there are none, the defaults stand for one */
    int64_t stale_ms;       /* age at which one of our states says nothing any more */
    bool is_measured;       /* at least one row is */
    size_t warning_count;
    char warnings[TIMING_WARNINGS_MAX][TIMING_TEXT_MAX];
};

void timing_fill(struct timing_report *report, const struct timing_input *input);

const char *timing_layer_id(enum timing_layer layer);   /* "appgw", ...: static */
const char *timing_layer_text(enum timing_layer layer); /* "Application Gateway", ... */
const char *timing_way_id(enum timing_way way);
const char *timing_way_text(enum timing_way way);
/* The layers that one after the other make up a way, in order; how many. */
size_t timing_way_layers(enum timing_way way, enum timing_layer layers[2]);

#endif
