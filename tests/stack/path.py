"""The whole path on one machine: gateway, two apps, health-responder between them."""

import pathlib

from stack.envoy import Gateway, cluster, route, service_cluster
from stack.nginx import App
from stack.ports import claim_port
from stack.responder import Responder

HOST = "apps.example.com"
APPS = (1, 2)


class Path:
    """Parts in the order they start; they end in the opposite order. A part that comes in
    front of the gateway later joins `parts` at the end."""

    def __init__(self, folder, binary, ports=None, responder=Responder, **responder_config):
        """`ports`: wished ones by name (gateway, gateway_admin, gateway_status,
        gateway_stats, probe, detail, app1, app2); the others are free ones. `responder` makes
        health-responder; the rest goes into its configuration as it is."""
        wished = dict(ports or {})

        def port(name):
            return claim_port(wished.get(name), name)

        self.folder = pathlib.Path(folder)
        self.apps = {f"app{n}": App(n, folder, port(f"app{n}")) for n in APPS}
        gateway_ports = {
            name: port("gateway" + (f"_{name}" if name else ""))
            for name in ("", "admin", "status", "stats")
        }
        listen = {part: f"127.0.0.1:{port(part)}" for part in ("probe", "detail")}
        config = {
            "listen": listen,
            "gateway": {
                "host": HOST,
                "service": "127.0.0.1",
                "port": gateway_ports[""],
                "status_port": gateway_ports["status"],
                "stats_port": gateway_ports["stats"],
                "admin": f"http://127.0.0.1:{gateway_ports['admin']}",
            },
            "tenants": [
                {"name": name, "route": f"/{name}", "backend": app.url("/health")}
                for name, app in self.apps.items()
            ],
            **responder_config,
        }
        self.responder = responder(folder, config, binary)
        self.gateway = self._gateway(gateway_ports)
        self.parts = [*self.apps.values(), self.gateway, self.responder]

    def _gateway(self, ports):
        health = service_cluster("health-responder", "gateway-health")
        routes = [route("/healthz", health)]
        clusters = [cluster(health, self.responder.probe_port)]
        for number, app in zip(APPS, self.apps.values(), strict=True):
            name = service_cluster(f"sample-app-{number}", f"tenant-{number}")
            routes.append(route(f"/{app.name}", name))
            clusters.append(cluster(name, app.port))
        return Gateway(
            self.folder,
            routes,
            clusters,
            ports[""],
            ports["admin"],
            ports["status"],
            ports["stats"],
        )

    def launch(self):
        """Start every part, without a wait for what it says."""
        for part in self.parts:
            part.start()

    def wait_ready(self):
        for part in self.parts:
            part.wait_ready()

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def healthz(self):
        """(status, body) of /healthz as a prober sees it: through the gateway."""
        return self.responder.get(self.gateway.url("/healthz"))
