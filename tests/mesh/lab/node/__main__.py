"""Both nodes of the lab: takes pods from the API server, binds them, runs them."""

import argparse
import http.client
import os
import pathlib
import platform
import threading
import time

from lab.kube import Kube, KubeError
from lab.node.container import now
from lab.node.names import Names
from lab.node.pod import Pod
from lab.settings import API, NODES, Settings

GONE = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}


def register(kube, node):
    cidr = f"{node.pods}.0/24"
    labels = {
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": "zone-1",
    }
    kube.ensure(
        "/api/v1/nodes",
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": node.name, "labels": labels},
            "spec": {"podCIDR": cidr, "podCIDRs": [cidr]},
        },
    )
    room = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    kube.patch(
        f"/api/v1/nodes/{node.name}/status",
        {
            "status": {
                "addresses": [
                    {"type": "InternalIP", "address": node.address},
                    {"type": "Hostname", "address": node.name},
                ],
                "capacity": room,
                "allocatable": room,
                "conditions": [
                    {
                        "type": "Ready",
                        "status": "True",
                        "reason": "KubeletReady",
                        "lastHeartbeatTime": now(),
                        "lastTransitionTime": now(),
                    }
                ],
                "nodeInfo": {
                    **dict.fromkeys(["machineID", "systemUUID", "bootID", "kubeProxyVersion"], ""),
                    "kernelVersion": platform.release(),
                    "osImage": "lab",
                    "containerRuntimeVersion": "lab://1",
                    "kubeletVersion": "v1.36.3",
                    "operatingSystem": "linux",
                    "architecture": "amd64",
                },
            }
        },
    )


class Agent:
    def __init__(self, kube, settings):
        self.kube = kube
        self.settings = settings
        self.running = {}
        self.taken = set()  # addresses are never used twice: nobody may mistake one pod for another

    def address(self, node):
        for last in range(10, 250):
            address = f"{node.pods}.{last}"
            if address not in self.taken:
                self.taken.add(address)
                return address
        raise RuntimeError(f"no pod address is left on {node.name}")

    def bind(self, pods, pod):
        """To the node with the fewest pods of the same owner, which spreads replicas."""
        wanted = (pod["spec"].get("nodeSelector") or {}).get("kubernetes.io/hostname")

        def load(node):
            here = [p for p in pods if p["spec"].get("nodeName") == node.name]
            return sum(owner(p) == owner(pod) for p in here), len(here)

        node = next((n for n in NODES if n.name == wanted), None) or min(NODES, key=load)
        meta = pod["metadata"]
        self.kube.ensure(
            f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/binding",
            {
                "apiVersion": "v1",
                "kind": "Binding",
                "metadata": {"name": meta["name"]},
                "target": {"apiVersion": "v1", "kind": "Node", "name": node.name},
            },
        )
        pod["spec"]["nodeName"] = node.name

    def take(self, found):
        meta = found["metadata"]
        if meta.get("deletionTimestamp"):
            self.kube.delete(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}", GONE)
            return
        node = next((n for n in NODES if n.name == found["spec"].get("nodeName")), None)
        if node:
            self.running[meta["uid"]] = Pod(
                self.kube, self.settings, node, self.address(node), found
            )

    def turn(self):
        pods = self.kube.items("/api/v1/pods")
        seen = set()
        for found in pods:
            meta = found["metadata"]
            seen.add(meta["uid"])
            if not found["spec"].get("nodeName") and not meta.get("deletionTimestamp"):
                self.bind(pods, found)
            pod = self.running.get(meta["uid"])
            if pod is None:
                self.take(found)
            else:
                pod.metadata = meta
                pod.is_ending = pod.is_ending or bool(meta.get("deletionTimestamp"))
        for uid, pod in list(self.running.items()):
            if uid not in seen:
                pod.is_ending = True
                if pod.is_gone:
                    del self.running[uid]


def owner(pod):
    owners = pod["metadata"].get("ownerReferences") or [{"uid": pod["metadata"]["uid"]}]
    return owners[0]["uid"]


def main():
    parser = argparse.ArgumentParser(prog="lab.node", description=__doc__)
    parser.add_argument("--state", type=pathlib.Path, required=True)
    parser.add_argument("--responder", type=pathlib.Path, required=True)
    parser.add_argument("--ambient", action="store_true")
    options = parser.parse_args()
    os.umask(0o022)
    settings = Settings(options.state, options.responder, options.ambient)
    kube = Kube(API, settings.pki / "ca.crt", settings.token)
    for node in NODES:
        register(kube, node)
    names = Names(kube)
    threading.Thread(target=names.serve, daemon=True).start()
    agent = Agent(kube, settings)
    turns = 0
    while True:
        try:
            agent.turn()
            turns += 1
            if turns % 3 == 0:
                names.refresh()
        except (KubeError, OSError, http.client.HTTPException) as error:
            print(time.strftime("%H:%M:%S"), "not this time:", repr(error), flush=True)
        time.sleep(0.2)


main()
