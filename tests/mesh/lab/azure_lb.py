"""What cloud-provider-azure and an internal Standard Load Balancer make of a Service.

Gives it an address, derives each rule's health probe as the provider does
(externalTrafficPolicy, healthCheckNodePort, appProtocol, port_N_* annotations), probes every
node, accepts exactly 200 (HTTP) or a connection (TCP), and sends connections for VIP:port, address
unchanged (floating IP), to a node that is up. No node up: packets vanish. It is a model: the rules
follow the provider's source, the data path below it is the kernel's and kube-proxy's own."""

import argparse
import http.client
import json
import pathlib
import socket
import ssl
import time

from lab.kube import Kube, KubeError
from lab.settings import API, NODES, VIP
from lab.shell import run, script

PREFIX = "service.beta.kubernetes.io/"
INTERVAL_S = 0.5
AZURE_INTERVAL_S = 5
# Connections are given to the nodes that are up in turn and stay where they are, whatever a probe
# says later. With no node up packets vanish.
TABLE = """
table ip azure_lb {{ }}
delete table ip azure_lb
table ip azure_lb {{
  chain out {{
    type route hook output priority mangle;
    ip daddr {vip} ct mark != 0 meta mark set ct mark return
    {rules}
  }}
}}
"""
THRESHOLD = 2  # as Azure: two answers in a row change a state
TIMEOUT_S = 2


def probe_of(service, port):
    """(protocol, node port, path) of the rule for one port; None: no rule."""
    notes = service["metadata"].get("annotations") or {}
    spec = service["spec"]

    def note(key):
        return notes.get(f"{PREFIX}port_{port['port']}_{key}")

    if (note("no_lb_rule") or "").lower() == "true":
        return None
    wanted = note("health-probe_port")
    if spec.get("externalTrafficPolicy") == "Local" and not wanted:
        return "Http", spec["healthCheckNodePort"], "/healthz"
    word = (
        note("health-probe_protocol")
        or port.get("appProtocol")
        or notes.get(PREFIX + "azure-load-balancer-health-probe-protocol")
        or "tcp"
    )
    protocol = {"http": "Http", "https": "Https"}.get(word.lower(), "Tcp")
    number = port["nodePort"]
    if wanted:
        same = [p for p in spec["ports"] if wanted in (str(p["port"]), p.get("name"))]
        number = same[0]["nodePort"] if same else int(wanted)
    path = (
        note("health-probe_request-path")
        or notes.get(PREFIX + "azure-load-balancer-health-probe-request-path")
        or "/"
    )
    return protocol, number, path


def ask(address, probe):
    """(what was answered, whether Azure counts it as up)"""
    protocol, port, path = probe
    try:
        if protocol == "Tcp":
            socket.create_connection((address, port), TIMEOUT_S).close()
            return "connected", True
        if protocol == "Https":
            unverified = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(
                address, port, timeout=TIMEOUT_S, context=unverified
            )
        else:
            connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT_S)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status, status == 200
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__, False


def describe(probe):
    protocol, port, path = probe
    return f"{protocol} :{port}" + (f" {path}" if protocol != "Tcp" else "")


class LoadBalancer:
    def __init__(self, kube, state):
        self.kube = kube
        self.file = state / "azure-lb.json"
        self.streaks = {}  # (port, probe, node): [successes, failures] in a row
        self.up = {}
        self.choices = {}  # port: addresses of the nodes that are up
        self.shown = None
        self.marks = {}
        for number, node in enumerate(NODES, start=1):
            self.marks[node.address] = number
            script(f"""
                ip rule add to {VIP} fwmark {number} table {1000 + number}
                ip route add {VIP}/32 via {node.address} table {1000 + number}
            """)
        # Only so that there is a route at all before the packet is marked.
        script(f"ip route add {VIP}/32 via {NODES[0].address}")

    def judge(self, key, answer_is_good):
        streak = self.streaks.setdefault(key, [0, 0])
        streak[0 if answer_is_good else 1] += 1
        streak[1 if answer_is_good else 0] = 0
        if key not in self.up or max(streak) >= THRESHOLD:
            self.up[key] = answer_is_good
        return self.up[key]

    def route(self, port, addresses):
        if self.choices.get(port) == addresses:
            return
        self.choices[port] = addresses
        rules = "".join(f"{self.rule(*item)}\n" for item in sorted(self.choices.items()))
        run(["nft", "-f", "-"], input=TABLE.format(vip=VIP, rules=rules))

    def rule(self, port, addresses):
        """For the first packet of a connection; the others follow it."""
        packet = f"ip daddr {VIP} tcp dport {port}"
        if not addresses:
            return f"{packet} drop"
        marks = ", ".join(f"{i} : {self.marks[a]}" for i, a in enumerate(addresses))
        choice = f"numgen inc mod {len(addresses)} map {{ {marks} }}"
        return f"{packet} meta mark set {choice} ct mark set meta mark"

    def turn(self):
        services = self.kube.items("/api/v1/services")
        found = [s for s in services if s["spec"]["type"] == "LoadBalancer"]
        nodes = {
            node["metadata"]["name"]: next(
                a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"
            )
            for node in self.kube.items("/api/v1/nodes")
        }
        view = {}
        for service in found[:1]:
            self.give_address(service)
            for port in service["spec"]["ports"]:
                probe = probe_of(service, port)
                if probe:
                    view[str(port["port"])] = self.look(port["port"], probe, nodes)
        if view != self.shown:
            self.show(view)

    def give_address(self, service):
        if (service["status"].get("loadBalancer") or {}).get("ingress"):
            return
        meta = service["metadata"]
        self.kube.patch(
            f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}/status",
            {"status": {"loadBalancer": {"ingress": [{"ip": VIP, "ipMode": "VIP"}]}}},
        )

    def look(self, port, probe, nodes):
        row = {"probe": describe(probe), "nodes": {}}
        alive = []
        for name, address in sorted(nodes.items()):
            answer, good = ask(address, probe)
            is_up = self.judge((port, probe, name), good)
            row["nodes"][name] = {"answer": answer, "up": is_up}
            if is_up:
                alive.append(address)
        self.route(port, alive)
        return row

    def show(self, view):
        self.shown = view
        print(time.strftime("%H:%M:%S"), json.dumps(view), flush=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(view, indent=1))
        fresh.rename(self.file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=pathlib.Path, required=True)
    state = parser.parse_args().state
    token = (state / "pki/token").read_text().strip()
    balancer = LoadBalancer(Kube(API, state / "pki/ca.crt", token), state)
    while True:
        try:
            balancer.turn()
        except (OSError, KubeError, KeyError, http.client.HTTPException) as error:
            print("not this time:", repr(error), flush=True)
        # A test that measures how long the load balancer needs asks for Azure's own pace.
        is_slow = (state / "azure-lb.slow").exists()
        time.sleep(AZURE_INTERVAL_S if is_slow else INTERVAL_S)


if __name__ == "__main__":
    main()
