"""One pod: network, volumes, containers, status, and an orderly end."""

import json
import os
import re
import shutil
import threading
import time

from lab import network
from lab.kube import KubeError
from lab.node.container import Container, now
from lab.node.volumes import NotYet, Volumes, write_atomically
from lab.settings import CONTROL

REFRESH_S = 2  # how often changed ConfigMaps and Secrets are looked for


class Pod:
    def __init__(self, kube, settings, node, address, found):
        self.kube = kube
        self.settings = settings
        self.node = node
        self.address = address
        self.metadata = found["metadata"]
        self.spec = found["spec"]
        self.namespace = self.metadata["namespace"]
        self.name = self.metadata["name"]
        self.uid = self.metadata["uid"]
        self.netns = "pod-" + "-".join(address.split(".")[2:])
        self.folder = f"{settings.state}/pods/{self.uid}"
        self.began = now()
        self.is_ending = False
        self.is_gone = False
        self.sent = None
        self.containers = [Container(self, spec) for spec in self.spec["containers"]]
        self.hidden = []  # the stand-in for ztunnel: the API server does not know it
        self.volumes = Volumes(kube, self, f"{self.folder}/volumes")
        threading.Thread(target=self.run, daemon=True).start()

    def log(self, *words):
        print(time.strftime("%H:%M:%S"), f"{self.namespace}/{self.name}", *words, flush=True)

    def path(self, tail=""):
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}{tail}"

    def resolv_conf(self):
        own = f"{self.namespace}.svc.cluster.local"
        return (
            f"nameserver {CONTROL}\nsearch {own} svc.cluster.local cluster.local\noptions ndots:5\n"
        )

    def field(self, path):
        keyed = re.match(r"metadata\.(labels|annotations)\['(.+)'\]", path)
        if keyed:
            return (self.metadata.get(keyed.group(1)) or {}).get(keyed.group(2), "")
        return {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "metadata.uid": self.uid,
            "status.podIP": self.address,
            "status.podIPs": self.address,
            "status.hostIP": self.node.address,
            "spec.nodeName": self.node.name,
            "spec.serviceAccountName": self.spec.get("serviceAccountName", "default"),
        }.get(path, "")

    # --- its thread. Envoy asks the kernel to end it with the thread that started it, so this
    # one stays until the pod is gone.

    def run(self):
        try:
            self.prepare()
            refreshed = time.monotonic()
            while not self.is_ending:
                for container in self.containers:
                    container.keep_running()
                if time.monotonic() - refreshed > REFRESH_S:
                    refreshed = time.monotonic()
                    self.refresh()
                self.push("Running")
                time.sleep(0.1)
            self.end()
        except Exception as error:  # one pod's trouble must not end the node
            self.log("failed:", repr(error))
            if self.is_ending:
                self.finish()

    def prepare(self):
        while not self.is_ending:
            try:
                self.volumes.write()
                break
            except NotYet as reason:
                self.log("waits:", reason)
                self.push("Pending")
                time.sleep(0.3)
        security = self.spec.get("securityContext") or {}
        network.add_pod(self.node, self.netns, self.address, security.get("sysctls", []))
        self.log("starts on", self.node.name, self.address)
        if self.settings.ambient and self.is_ambient():
            threading.Thread(target=self.capture, daemon=True).start()

    def refresh(self):
        try:
            self.volumes.write()
        except (NotYet, KubeError, OSError) as reason:
            self.log("volumes stay as they are:", reason)

    def push(self, phase):
        """Its status, if it changed."""
        statuses = [container.status() for container in self.containers]
        if all("waiting" in status["state"] for status in statuses):
            phase = "Pending"
        key = json.dumps([phase, statuses])
        if key == self.sent:
            return
        is_ready = str(all(status["ready"] for status in statuses))
        true = ["PodScheduled", "PodReadyToStartContainers", "Initialized"]
        conditions = [{"type": t, "status": "True", "lastTransitionTime": self.began} for t in true]
        conditions += [
            {"type": kind, "status": is_ready, "lastTransitionTime": now()}
            for kind in ("ContainersReady", "Ready")
        ]
        status = {
            "phase": phase,
            "hostIP": self.node.address,
            "hostIPs": [{"ip": self.node.address}],
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "startTime": self.began,
            "conditions": conditions,
            "containerStatuses": statuses,
        }
        try:
            self.kube.patch(self.path("/status"), {"status": status})
            self.sent = key
        except KubeError as error:
            if error.status not in (404, 409):
                raise

    # --- its end

    def end(self):
        grace = self.metadata.get("deletionGracePeriodSeconds", 30)
        deadline = time.monotonic() + grace
        threads = [
            threading.Thread(target=end_container, args=(c, deadline)) for c in self.containers
        ]
        for thread in threads:
            thread.start()
        while time.monotonic() < deadline and (
            any(thread.is_alive() for thread in threads)
            or any(container.is_running for container in self.containers)
        ):
            self.push("Running")
            time.sleep(0.05)
        self.finish()

    def finish(self):
        self.is_gone = True
        for container in self.containers + self.hidden:
            container.kill_all()
        network.remove_pod(self.netns)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.kube.delete(
            self.path(),
            {
                "kind": "DeleteOptions",
                "apiVersion": "v1",
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": self.uid},
            },
        )
        self.log("gone")

    # --- ambient

    def is_ambient(self):
        mode = (self.metadata.get("labels") or {}).get("istio.io/dataplane-mode")
        if mode is None:
            namespace = self.kube.find(f"/api/v1/namespaces/{self.namespace}") or {}
            labels = namespace.get("metadata", {}).get("labels") or {}
            mode = labels.get("istio.io/dataplane-mode")
        return mode == "ambient"

    def capture(self):
        """istio-cni and ztunnel: an HBONE endpoint in the pod's network, then the annotation that
        istiod looks for."""
        try:
            stand_in = Container(self, self.ztunnel_spec())
            self.hidden.append(stand_in)
            stand_in.start()
            while not self.is_ending and not stand_in.ask({"tcpSocket": {"port": 15008}}):
                time.sleep(0.1)
            self.kube.patch(
                self.path(),
                {"metadata": {"annotations": {"ambient.istio.io/redirection": "enabled"}}},
            )
            while not self.is_gone:  # the thread that started Envoy must outlive it
                time.sleep(0.5)
        except (NotYet, KubeError, OSError) as error:
            self.log("capture:", repr(error))

    def ztunnel_spec(self):
        folder = f"{self.folder}/volumes"
        for name in ("ztunnel-token", "ztunnel-ca"):
            os.makedirs(f"{folder}/{name}", mode=0o755, exist_ok=True)
        while True:
            try:
                root = self.volumes.keyed("configmaps", {}, "istio-ca-root-cert")
                break
            except NotYet:
                time.sleep(0.3)
        write_atomically(f"{folder}/ztunnel-ca", root)
        token = self.volumes.token("istio-ca", 43200)
        write_atomically(f"{folder}/ztunnel-token", {"istio-token": token})
        env = {
            "PILOT_CERT_PROVIDER": "istiod",
            "CA_ADDR": "istiod.istio-system.svc:15012",
            "POD_NAME": self.name,
            "POD_NAMESPACE": self.namespace,
            "INSTANCE_IP": self.address,
            "SERVICE_ACCOUNT": self.spec.get("serviceAccountName", "default"),
            "ISTIO_META_CLUSTER_ID": "Kubernetes",
            "TRUST_DOMAIN": "cluster.local",
        }
        return {
            "name": "ztunnel",
            "env": [{"name": key, "value": value} for key, value in env.items()],
            "volumeMounts": [
                {"name": "ztunnel-token", "mountPath": "/var/run/secrets/tokens"},
                {"name": "ztunnel-ca", "mountPath": "/var/run/secrets/istio"},
            ],
        }


def end_container(container, deadline):
    """preStop, then the signal."""
    hook = (container.spec.get("lifecycle") or {}).get("preStop")
    left = max(1.0, deadline - time.monotonic())
    if hook and container.is_running:
        if "sleep" in hook:
            time.sleep(min(left, hook["sleep"]["seconds"]))
        else:
            container.ask({**hook, "timeoutSeconds": left})
    container.stop()
