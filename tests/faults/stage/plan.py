"""Who is where: each part of the stage has a loopback address of its own, as pods have."""

import random
import socket

from stack.ports import free_port

HOST = "apps.example.com"
TENANTS = ("app1", "app2", "app3")
PODS = ("pod1", "pod2")

# DNS names by what they stand for.
NAMES = {
    "gateway": "shared-gateway-istio.istio-ingress.svc.cluster.local",
    "pods": "shared-gateway-pods.istio-ingress.svc.cluster.local",
    **{f"app{n}": f"sample-app-{n}.tenant-{n}.svc.cluster.local" for n in (1, 2, 3)},
}


class Plan:
    """Addresses and ports of one stage; several stages do not meet."""

    def __init__(self, has_relay=False):
        self.net = random.randint(32, 220)
        self.has_relay = has_relay
        self.hosts = {
            "pod1": self._at(1, 1),
            "pod2": self._at(1, 2),
            "app1": self._at(3, 1),
            "app2": self._at(3, 2),
            "app3": self._at(3, 3),
            "nobody": self._at(3, 99),  # an address that no pod has
            "us": self._at(4, 1),
            "dns": self._at(5, 1),
            "appgw": self._at(9, 4),
            "istiod": self._at(6, 1),
            "metadata": "169.254.169.254",
        }
        self.https = free_port()
        self.http = free_port()
        self.status = free_port()
        self.stats = free_port()
        self.admin = free_port()
        self.app = free_port()
        self.probe = free_port()
        self.detail = free_port()
        self.xds = free_port()
        self.dns = free_port(socket.SOCK_DGRAM)

    def _at(self, group, number):
        return f"127.{self.net}.{group}.{number}"

    def own(self, name):
        """The address a part itself listens at."""
        return self.hosts[name]

    def seen(self, name):
        """The address others dial: the relay's, where there is one."""
        if name == "metadata":
            return self.hosts[name]
        group, number = (int(part) for part in self.hosts[name].split(".")[2:])
        return self._at(group + 100, number) if self.has_relay else self.hosts[name]

    @property
    def appgw_subnet(self):
        return f"127.{self.net}.9.0/24"
