"""k8s/overlays/lab on the lab: keys, manifests, and waiting until it answers."""

import os
import tempfile

from lab.azure_lb import describe, probe_of
from lab.control import condition
from lab.settings import HOST, TREE, VIP, say
from lab.shell import run
from lab.wait import wait_for
from lab.web import get

OVERLAY = TREE / "k8s" / "overlays" / "lab"
SERVICE = "/api/v1/namespaces/istio-ingress/services/shared-gateway-istio"
GATEWAY = "/apis/gateway.networking.k8s.io/v1/namespaces/istio-ingress/gateways/shared-gateway"


def make_certs(lab):
    folder = lab.settings.state / "certs"
    wrapper = lab.settings.state / "kubectl"
    if not wrapper.exists():
        write_wrapper(lab, wrapper)
    script = TREE / "k8s" / "scripts" / "make-certs.sh"
    run([script, "--host", HOST, "--folder", folder], env={"KUBECTL": str(wrapper)})
    return folder


def write_wrapper(lab, path):
    """A kubectl that works from anywhere on this machine while the lab is up."""
    kubectl = f"{lab.settings.bin}/kubectl --kubeconfig {lab.settings.kubeconfig}"
    outer = os.environ.get("LAB_OUTER_PID", "")
    path.write_text(f"""#!/bin/sh
# Inside the lab as it is; from outside through the namespaces of its first process.
if ip link show br0 >/dev/null 2>&1 && [ -e /run/netns/lab ]; then exec {kubectl} "$@"; fi
exec nsenter --target {outer} --mount --pid --wdns="$PWD" -- \\
  nsenter --net=/run/netns/lab -- {kubectl} "$@"
""")
    path.chmod(0o755)


def apply(lab, overlay=OVERLAY):
    """`kubectl apply -k`, by the server and with its validation. Returns what it said."""
    return lab.kubectl(
        "apply", "--server-side", "--force-conflicts", "--validate=strict", "-k", overlay
    )


def with_components(lab, *names):
    """An overlay on top of the lab's, with components switched on. Its folder."""
    folder = tempfile.mkdtemp(prefix="overlay-", dir=lab.settings.state)
    lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
    lines += [f"- {os.path.relpath(OVERLAY, folder)}", "components:"]
    parts = TREE / "k8s" / "components"
    lines += [f"- {os.path.relpath(parts / name, folder)}" for name in names]
    with open(f"{folder}/kustomization.yaml", "w") as out:
        out.write("\n".join(lines) + "\n")
    return folder


def up(lab, overlay=OVERLAY):
    make_certs(lab)
    said = apply(lab, overlay)
    say(f"lab: {overlay.relative_to(TREE)} applied after {lab.since()}")
    wait_ready(lab)
    say(f"lab: /healthz and both apps answer at {VIP} after {lab.since()}")
    return said


def wait_ready(lab, timeout=150):
    wait_for(
        "Gateway programmed",
        lambda: lab.check() and condition(lab.kube.get(GATEWAY)["status"], "Programmed") == "True",
        timeout,
    )
    for namespace, name in (
        ("istio-ingress", "shared-gateway-istio"),
        ("gateway-health", "health-responder"),
        ("tenant-1", "sample-app-1"),
        ("tenant-2", "sample-app-2"),
    ):
        wait_for(
            f"two pods of {name}",
            lambda where=(namespace, name): lab.check() and lab.ready_replicas(*where) >= 2,
            timeout,
        )
    wait_balanced(lab, timeout)
    for path in ("/healthz", "/app1", "/app2"):
        wait_for(f"200 for {path} at the load balancer", lambda p=path: get(p).status == 200)


def wait_balanced(lab, timeout=60):
    """Both nodes are up for both ports, by the probes that the Service asks for now."""

    def both_up():
        service = lab.kube.get(SERVICE)
        view = lab.load_balancer()
        for port in service["spec"]["ports"]:
            probe = probe_of(service, port)
            rule = view.get(str(port["port"]))
            if probe and not (
                rule
                and rule["probe"] == describe(probe)
                and all(node["up"] for node in rule["nodes"].values())
            ):
                return False
        return True

    wait_for("both nodes up at the load balancer", both_up, timeout)
