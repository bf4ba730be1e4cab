"""The control plane: etcd, API server, controllers, kube-proxy, then Gateway API and Istio."""

import json
import pathlib
import shutil
import sys
import time

from lab import network, pki
from lab.kube import Kube
from lab.settings import (
    API,
    CONTROL,
    MESH,
    NODES,
    POD_NETWORK,
    SERVICE_NETWORK,
    VIP,
    LabError,
    say,
)
from lab.shell import Daemon, run
from lab.wait import wait_for

CONTROLLERS = (
    "deployment-controller replicaset-controller endpointslice-controller "
    "serviceaccount-controller root-ca-certificate-publisher-controller "
    "namespace-controller garbage-collector-controller "
    "horizontal-pod-autoscaler-controller disruption-controller"
)


class Lab:
    """Everything that runs. Made once per namespace (tests/mesh/enter), so never taken apart."""

    def __init__(self, settings):
        self.settings = settings
        self.daemons = {}
        self.kube = None
        self.began = time.monotonic()

    def since(self):
        return f"{time.monotonic() - self.began:.1f} s"

    def kubectl(self, *words, check=True, input=None, timeout=120):
        return run(
            [self.settings.bin / "kubectl", "--kubeconfig", self.settings.kubeconfig, *words],
            check=check,
            input=input,
            timeout=timeout,
        )

    def start(self, name, argv, netns="lab", env=None):
        log = self.settings.logs / f"{name}.log"
        self.daemons[name] = Daemon(name, argv, log, netns, env).start()

    def check(self):
        for daemon in self.daemons.values():
            daemon.check()
        return True

    def up(self):
        """From nothing to a cluster with Istio in it."""
        settings = self.settings
        for folder in (settings.state, settings.share, settings.logs):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        (settings.state / "pods").mkdir(exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", settings.state / "pods"])
        network.build()
        pki.make(settings)
        self._api_server()
        say(f"lab: kube-apiserver ready after {self.since()}")
        self._nodes()
        self._istio()
        say(f"lab: istiod ready, GatewayClass istio accepted after {self.since()}")

    def forget(self):
        """Puts the folder away. Processes and other mounts end with the namespace."""
        for daemon in reversed(list(self.daemons.values())):
            daemon.stop(timeout=3)
        run(["umount", "--lazy", self.settings.state / "pods"], check=False)
        shutil.rmtree(self.settings.state, ignore_errors=True)

    def _api_server(self):
        bin, pki_folder = self.settings.bin, self.settings.pki
        self.start("etcd", [
            bin / "etcd", "--name", "lab", "--data-dir", self.settings.state / "etcd",
            "--listen-client-urls", "http://127.0.0.1:2379",
            "--advertise-client-urls", "http://127.0.0.1:2379",
            "--listen-peer-urls", "http://127.0.0.1:2380",
            "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
            "--initial-cluster", "lab=http://127.0.0.1:2380",
            "--unsafe-no-fsync", "--log-level", "warn",
        ])  # fmt: skip
        self.start("kube-apiserver", [
            bin / "kube-apiserver", "--etcd-servers=http://127.0.0.1:2379",
            f"--secure-port={API.split(':')[1]}", f"--advertise-address={CONTROL}",
            f"--tls-cert-file={pki_folder}/apiserver.crt",
            f"--tls-private-key-file={pki_folder}/apiserver.key",
            f"--client-ca-file={pki_folder}/ca.crt",
            f"--token-auth-file={pki_folder}/tokens.csv",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki_folder}/sa.pub",
            f"--service-account-signing-key-file={pki_folder}/sa.key",
            f"--service-cluster-ip-range={SERVICE_NETWORK}", "--authorization-mode=RBAC",
            # webhooks are called at their pods' addresses: no kube-proxy is needed in `lab`
            "--enable-aggregator-routing=true",
            "--allow-privileged=true", "--profiling=false",
        ])  # fmt: skip
        self.kube = Kube(API, pki_folder / "ca.crt", self.settings.token)
        wait_for(
            "kube-apiserver ready",
            lambda: self.check() and self.kubectl("get", "--raw", "/readyz", check=False) == "ok",
            timeout=120,
        )

    def _nodes(self):
        bin, settings = self.settings.bin, self.settings
        config = f"--kubeconfig={settings.kubeconfig}"
        self.start("kube-controller-manager", [
            bin / "kube-controller-manager", config, "--leader-elect=false",
            "--bind-address=127.0.0.1", "--profiling=false",
            f"--service-account-private-key-file={settings.pki}/sa.key",
            f"--root-ca-file={settings.pki}/ca.crt",
            f"--controllers={CONTROLLERS.replace(' ', ',')}",
        ])  # fmt: skip
        self.start(
            "node",
            [sys.executable, "-m", "lab.node", "--state", settings.state,
             "--responder", settings.responder, *(["--ambient"] if settings.ambient else [])],
            env={"PYTHONPATH": str(MESH)},
        )  # fmt: skip
        for node in NODES:
            wait_for(
                f"node {node.name}",
                lambda name=node.name: self.check() and self.kube.find(f"/api/v1/nodes/{name}"),
            )
            self.start(f"kube-proxy-{node.name}", [
                bin / "kube-proxy", config, f"--hostname-override={node.name}",
                "--proxy-mode=nftables", f"--cluster-cidr={POD_NETWORK}",
                "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0",
                "--conntrack-tcp-timeout-close-wait=0", "--metrics-bind-address=127.0.0.1:10249",
            ], netns=node.netns)  # fmt: skip
        self.start(
            "azure-lb",
            [sys.executable, "-m", "lab.azure_lb", "--state", settings.state],
            env={"PYTHONPATH": str(MESH)},
        )

    def _istio(self):
        settings = self.settings
        crds = module_folder(settings, "sigs.k8s.io/gateway-api") / "config/crd/standard"
        template = module_folder(settings, "istio.io/istio") / (
            "tools/packaging/common/envoy_bootstrap.json"
        )
        bootstrap = settings.share / "envoy_bootstrap_tmpl.json"
        bootstrap.write_bytes(template.read_bytes())
        bootstrap.chmod(0o644)
        # Too big for client-side apply: kubectl would write each into an annotation as well.
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", crds)
        manifest = run([
            settings.bin / "istioctl", "manifest", "generate", "--set", "profile=ambient",
            # Upstream Envoy has none of the extensions of Istio's own build: they are left out.
            "--set", "values.telemetry.enabled=false",
            "--set", "values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false",
            "--set", "values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false",
            "--set", "meshConfig.defaultConfig.proxyMetadata.PEER_METADATA_DISCOVERY=false",
            "--set", f"meshConfig.defaultConfig.binaryPath={settings.envoy}",
            "--set", f"meshConfig.defaultConfig.proxyBootstrapTemplatePath={bootstrap}",
            "--set", "meshConfig.accessLogFile=/dev/stdout",
            "--set", "meshConfig.accessLogEncoding=JSON",
        ])  # fmt: skip
        self.kube.ensure("/api/v1/namespaces", {"metadata": {"name": "istio-system"}})
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=manifest)
        say(f"lab: Gateway API and Istio applied after {self.since()}")
        wait_for(
            "istiod ready",
            lambda: self.check() and self.ready_replicas("istio-system", "istiod") >= 1,
            timeout=120,
        )
        wait_for(
            "GatewayClass istio accepted",
            lambda: (
                condition(
                    self.kube.get("/apis/gateway.networking.k8s.io/v1/gatewayclasses/istio")[
                        "status"
                    ],
                    "Accepted",
                )
                == "True"
            ),
        )

    def ready_replicas(self, namespace, name):
        found = self.kube.find(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
        return (found or {}).get("status", {}).get("readyReplicas", 0)

    def load_balancer(self):
        """What the model of Azure's load balancer sees, by port."""
        try:
            return json.loads((self.settings.state / "azure-lb.json").read_text())
        except FileNotFoundError:
            return {}

    def pods(self, namespace, selector=None):
        query = f"?labelSelector={selector}" if selector else ""
        found = self.kube.items(f"/api/v1/namespaces/{namespace}/pods{query}")
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    @property
    def vip(self):
        return VIP


def condition(status, kind):
    """The status of one condition: "True", "False", "Unknown", or None."""
    for item in status.get("conditions", []):
        if item["type"] == kind:
            return item["status"]
    return None


def module_folder(settings, module):
    """A Go module's source, where tests/mesh/build noted it."""
    note = settings.cache / "modules.json"
    if note.exists():
        folder = json.loads(note.read_text()).get(module)
        if folder and pathlib.Path(folder).is_dir():
            return pathlib.Path(folder)
    raise LabError(f"the source of {module} is missing: run tests/mesh/build")
