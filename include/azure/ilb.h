/* The mind of the internal load balancer: which probe Azure's cloud provider makes for
 * each rule of a Kubernetes Service. Follows the code of kubernetes-sigs/
 * cloud-provider-azure for LoadBalancer Services, not its documentation. Pure. */
#ifndef AZURE_ILB_H
#define AZURE_ILB_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum { ILB_PORTS_MAX = 32, ILB_INTERVAL_S = 5, ILB_THRESHOLD = 2 };

struct ilb_port {
    const char *name;         /* NULL: none */
    const char *protocol;     /* "TCP" (or NULL), "UDP", "SCTP" */
    const char *app_protocol; /* NULL: not set */
    int port;
    int node_port;
};

struct ilb_annotation {
    const char *key; /* whole: "service.beta.kubernetes.io/..." */
    const char *value;
};

struct ilb_service {
    bool is_local; /* externalTrafficPolicy: Local */
    bool is_ipv6;
    int health_check_node_port;
    const struct ilb_port *ports;
    size_t port_count; /* at most ILB_PORTS_MAX */
    const struct ilb_annotation *annotations;
    size_t annotation_count;
};

/* What is decided for the whole cluster. */
struct ilb_cloud {
    bool is_basic;           /* SKU; Standard otherwise */
    bool is_shared;          /* clusterServiceLoadBalancerHealthProbeMode: shared */
    int shared_port;         /* 0: 10256 */
    const char *shared_path; /* NULL: /healthz */
};

enum ilb_protocol { ILB_NO_PROBE, ILB_TCP, ILB_HTTP, ILB_HTTPS };

struct ilb_probe {
    enum ilb_protocol protocol;
    int port;         /* on the node */
    const char *path; /* HTTP and HTTPS only, else NULL; borrowed from the Service */
    int interval_s;
    int threshold; /* failures in a row */
};

struct ilb_rule {
    bool exists; /* the port has a rule of its own, or is in the one for all ports */
    bool floating_ip;
    int backend_port; /* 0: the rule for all ports */
    struct ilb_probe probe;
};

struct ilb_plan {
    bool is_for_all_ports;                /* one rule, given for every port here */
    size_t probe_count;                   /* that are made; several rules may share one */
    struct ilb_rule rules[ILB_PORTS_MAX]; /* by port of the Service */
};

/* False where the cloud provider gives up on the Service: its own words in `err`. */
bool ilb_plan(const struct ilb_service *service, const struct ilb_cloud *cloud,
              struct ilb_plan *plan, struct err *err);

const char *ilb_protocol_name(enum ilb_protocol protocol); /* "none", "TCP", ... */

#endif
