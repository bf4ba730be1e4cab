"""Where things are, and the addresses of the lab. Nothing outside its namespaces sees these."""

import os
import pathlib
import sys
from dataclasses import dataclass, field

MESH = pathlib.Path(__file__).resolve().parent.parent
TREE = MESH.parent.parent
CACHE = pathlib.Path(os.environ.get("LAB_CACHE", "/var/cache/health-responder-lab"))

CONTROL = "10.240.0.1"  # API server, DNS, and the side clients stand on
API = f"{CONTROL}:6443"
VIP = "10.240.1.100"  # the internal load balancer's address
POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
HOST = "apps.example.com"


@dataclass(frozen=True)
class Node:
    name: str
    address: str
    pods: str  # the first three octets of its pods' addresses

    @property
    def netns(self):
        return f"node-{self.name}"


NODES = (Node("n1", "10.240.0.11", "10.244.1"), Node("n2", "10.240.0.12", "10.244.2"))


class LabError(Exception):
    """The lab cannot do what was asked; the text says what is wrong."""


def _only(pattern, root, hint):
    found = sorted(root.glob(pattern)) if root.is_dir() else []
    if not found:
        raise LabError(f"{root}/{pattern} is missing: {hint}")
    return found[-1]


@dataclass
class Settings:
    state: pathlib.Path
    responder: pathlib.Path
    ambient: bool = False
    cache: pathlib.Path = CACHE
    envoy: pathlib.Path = field(init=False)

    def __post_init__(self):
        hint = "run tests/mesh/build"
        self.envoy = _only("venv/lib/python3*/site-packages/envoy/_bin/envoy", self.cache, hint)
        for name in ("kube-apiserver", "pilot-discovery", "etcd"):
            _only(name, self.bin, hint)

    @property
    def bin(self):
        return self.cache / "bin"

    @property
    def share(self):
        return self.state / "share"

    @property
    def pki(self):
        return self.state / "pki"

    @property
    def logs(self):
        return self.state / "logs"

    @property
    def kubeconfig(self):
        return self.state / "admin.kubeconfig"

    @property
    def token(self):
        return (self.pki / "token").read_text().strip()


def say(text):
    print(text, file=sys.stderr, flush=True)
