"""The gateway's pods: one real Envoy each. Listeners, routes, clusters and certificates come
from files that Envoy watches, in the shape istiod gives them; a fault replaces a file."""

import http.client
import json
import os
import time

from stack.envoy import RETRIES, TYPES, address, envoy_program
from stack.process import Process

CORE = "type.googleapis.com/envoy.config"
MANAGER = f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"
TENANT_SERVICES = {f"app{n}": f"sample-app-{n}.tenant-{n}" for n in (1, 2, 3)}


def cluster_name(backend):
    service = TENANT_SERVICES.get(backend, "health-responder.gateway-health")
    return f"outbound|8080||{service}.svc.cluster.local"


def write_resources(file, resources):
    """By rename: that is what Envoy watches for."""
    text = json.dumps({"version_info": "1", "resources": resources}, indent=1)
    if file.exists() and file.read_text() == text:
        return
    write_text(file, text)


def write_text(file, text):
    fresh = file.with_suffix(".fresh")
    fresh.write_text(text)
    os.replace(fresh, file)


def from_file(file):
    return {"path_config_source": {"path": str(file)}, "resource_api_version": "V3"}


def route(rule):
    """An HTTPRoute's rule; what it does is the first of: status, redirect, backend."""
    match = {"path_separated_prefix": rule["prefix"]}
    if "status" in rule:
        return {"match": match, "direct_response": {"status": rule["status"]}}
    if "redirect" in rule:
        return {"match": match, "redirect": {"path_redirect": rule["redirect"]}}
    action = {
        "cluster": rule.get("cluster") or cluster_name(rule["backend"]),
        "timeout": rule.get("timeout", "0s"),
        "retry_policy": RETRIES,
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
    }
    if "rewrite" in rule:
        action["prefix_rewrite"] = rule["rewrite"]
    return {"match": match, "route": action}


def virtual_hosts(routes, port):
    """As Istio builds them: one per host that a route names, and one for all others. Within a
    host the longest path goes first."""
    by_host = {}
    for rule in routes.values():
        for host in rule.get("hosts", ["*"]):
            by_host.setdefault(host, []).append(rule)
    return [
        {
            "name": f"{host}:{port}",
            "domains": [host] if host == "*" else [host, f"{host}:*"],
            "routes": [
                route(rule) for rule in sorted(rules, key=lambda rule: -len(rule["prefix"]))
            ],
        }
        for host, rules in by_host.items()
    ]


def http_filters(denied):
    filters = []
    if denied:
        filters.append(
            {
                "name": "envoy.filters.http.rbac",
                "typed_config": {
                    "@type": f"{TYPES}.filters.http.rbac.v3.RBAC",
                    "rules": {
                        "action": "DENY",
                        "policies": {
                            "ns[istio-ingress]-policy[deny]-rule[0]": {
                                "permissions": [
                                    {"url_path": {"path": {"prefix": prefix}}} for prefix in denied
                                ],
                                "principals": [{"any": True}],
                            }
                        },
                    },
                },
            }
        )
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"},
    }
    return [*filters, router]


def listener(name, host, port, manager, tls=None):
    chain = {
        "filters": [
            {
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {"@type": MANAGER, "stat_prefix": f"outbound_{name}", **manager},
            }
        ]
    }
    if tls:
        chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": tls}
    return {
        "@type": f"{CORE}.listener.v3.Listener",
        "name": name,
        "address": address(port, host),
        "filter_chains": [chain],
    }


def own_routes(name, routes):
    return {
        "route_config": {
            "name": name,
            "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}],
        },
        "http_filters": http_filters(()),
    }


class Pod(Process):
    def __init__(self, name, folder, plan, shared):
        """`shared`: the folder of routes, clusters and secrets that all pods read."""
        super().__init__(name, folder)
        self.plan = plan
        self.host = plan.own(name)
        self.program = envoy_program()
        self.shared = shared
        self.listeners_file = self.folder / f"{name}-lds.json"
        self.secret_file = self.folder / f"{name}-sds.json"
        self.started_s = 0.0
        self.config = self.folder / f"{name}-bootstrap.json"
        self.config.write_text(json.dumps(self._bootstrap(), indent=1))

    def _bootstrap(self):
        return {
            "node": {
                "id": f"router~{self.host}~{self.name}.istio-ingress",
                "cluster": "shared-gateway-istio.istio-ingress",
            },
            "admin": {"address": address(self.plan.admin, self.host)},
            "overload_manager": {
                "resource_monitors": [
                    {
                        "name": "envoy.resource_monitors.global_downstream_max_connections",
                        "typed_config": {
                            "@type": f"{TYPES}.resource_monitors.downstream_connections.v3."
                            "DownstreamConnectionsConfig",
                            "max_active_downstream_connections": "10000",
                        },
                    }
                ]
            },
            # The responder believes X-Forwarded-For from a pod's own address only.
            "cluster_manager": {
                "upstream_bind_config": {
                    "source_address": {"address": self.plan.seen(self.name), "port_value": 0}
                }
            },
            "static_resources": {"clusters": [self._istiod()]},
            "dynamic_resources": {
                "ads_config": {
                    "api_type": "GRPC",
                    "transport_api_version": "V3",
                    "grpc_services": [
                        {
                            "envoy_grpc": {
                                "cluster_name": "xds-grpc",
                                "retry_policy": {
                                    "retry_back_off": {
                                        "base_interval": "0.1s",
                                        "max_interval": "0.5s",
                                    }
                                },
                            }
                        }
                    ],
                },
                "lds_config": from_file(self.listeners_file),
                "cds_config": from_file(self.shared / "cds.json"),
            },
        }

    def _istiod(self):
        return {
            "name": "xds-grpc",
            "type": "STATIC",
            "connect_timeout": "1s",
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }
            },
            "load_assignment": {
                "cluster_name": "xds-grpc",
                "endpoints": [
                    {
                        "lb_endpoints": [
                            {
                                "endpoint": {
                                    "address": address(self.plan.xds, self.plan.own("istiod"))
                                }
                            }
                        ]
                    }
                ],
            },
        }

    def configure(self, wanted, denied):
        """`wanted`: this pod's part of the world."""
        plan, shown = self.plan, []
        for name, port, is_tls in (("https", plan.https, True), ("http", plan.http, False)):
            kind = wanted[name]
            if kind == "closed":
                continue
            manager = {
                "server_name": "istio-envoy",
                "use_remote_address": True,
                "normalize_path": True,
                "rds": {
                    "route_config_name": "http.gateway",
                    "config_source": from_file(self.shared / "rds.json"),
                },
                "http_filters": http_filters(denied),
            }
            tls = {
                "@type": f"{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": ["h2", "http/1.1"],
                    "tls_certificate_sds_secret_configs": [
                        {"name": "gateway", "sds_config": from_file(self.secret_file)}
                    ],
                },
            }
            shown.append(
                listener(f"0.0.0.0_{name}", self.host, port, manager, tls if is_tls else None)
            )
            if kind == "plain":  # the port is there and speaks no TLS
                shown[-1]["filter_chains"][0].pop("transport_socket", None)
        if wanted["ready"] != "closed":
            answer = {
                "match": {"path": "/healthz/ready"},
                "direct_response": {"status": 200 if wanted["ready"] == "yes" else 503},
            }
            shown.append(listener("ready", self.host, plan.status, own_routes("ready", [answer])))
        if wanted["stats"] == "open":
            metrics = {
                "match": {"prefix": "/stats/prometheus"},
                "route": {"cluster": f"admin_{self.name}"},
            }
            shown.append(listener("stats", self.host, plan.stats, own_routes("stats", [metrics])))
        if wanted["listeners"] == "rejected":
            shown.append({**shown[0], "name": "odd", "address": {}})
        write_resources(self.listeners_file, shown)

    def present(self, chain, key):
        """The certificate it shows."""
        secret = {
            "@type": f"{TYPES}.transport_sockets.tls.v3.Secret",
            "name": "gateway",
            "tls_certificate": {
                "certificate_chain": {"inline_string": chain},
                "private_key": {"inline_string": key},
            },
        }
        write_resources(self.secret_file, [secret])

    def start(self):
        self.started_s = time.monotonic()
        return super().start()

    def command(self):
        return [
            *(self.program, "-c", self.config, "--concurrency", "1", "--disable-hot-restart"),
            *("--log-level", "warning", "--drain-time-s", "1", "--parent-shutdown-time-s", "2"),
        ]

    def admin(self, path, method="GET"):
        connection = http.client.HTTPConnection(self.host, self.plan.admin, timeout=2)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_ready(self, deadline_s=20.0):
        self.wait_for(lambda: self.admin("/ready")[0] == 200, deadline_s, "is live")
        return self


def clusters(wanted, plan, pods):
    """All clusters: tenants', ours, and each pod's own admin port."""

    def cluster(name, addresses, connect_timeout="10s"):
        endpoints = [{"endpoint": {"address": address(port, host)}} for host, port in addresses]
        return {
            "@type": f"{CORE}.cluster.v3.Cluster",
            "name": name,
            "type": "STATIC",
            "connect_timeout": connect_timeout,
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": endpoints}],
            },
        }

    made = [
        cluster(
            cluster_name(name),
            [(plan.seen(host), plan.app) for host in one["endpoints"]],
            one.get("connect_timeout", "10s"),
        )
        for name, one in wanted.items()
    ]
    made.append(cluster(cluster_name("us"), [(plan.own("us"), plan.probe)]))
    for pod in pods:
        admin = cluster(f"admin_{pod}", [(plan.own(pod), plan.admin)])
        # A pod asks its own admin port, and nobody else's.
        made.append(admin)
    return made
