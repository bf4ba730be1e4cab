"""The ways Azure's load balancer can be told to probe: docs/why-it-fails.md, on a real kube-proxy.
The model of the load balancer delivers packets to a node with their addresses unchanged (floating
IP), as Azure does; what becomes of them there is the kernel's and kube-proxy's doing."""

import contextlib
import json
import uuid

import pytest
from lab import stack
from lab.azure_lb import describe, probe_of
from lab.settings import NODES
from lab.wait import wait_for
from lab.web import get

PREFIX = "service.beta.kubernetes.io/"
OPTIONS = "/api/v1/namespaces/istio-ingress/configmaps/shared-gateway-options"
MADE = "/apis/apps/v1/namespaces/istio-ingress/deployments/shared-gateway-istio"


def set_service_option(lab, policy, notes):
    """As a user would: in the ConfigMap, from where istiod takes it to the Service."""
    notes = {f"{PREFIX}port_15021_no_lb_rule": "true", **{PREFIX + k: v for k, v in notes.items()}}
    text = json.dumps(
        {"metadata": {"annotations": notes}, "spec": {"externalTrafficPolicy": policy}}
    )
    lab.kube.patch(OPTIONS, {"data": {"service": text}})

    def is_taken():
        service = lab.kube.get(stack.SERVICE)
        found = service["metadata"]["annotations"]
        ours = {k: v for k, v in found.items() if "/port_" in k}
        return service["spec"]["externalTrafficPolicy"] == policy and ours == notes and service

    service = wait_for("istiod applies the option", is_taken, timeout=30)
    wanted = {
        str(port["port"]): describe(probe_of(service, port))
        for port in service["spec"]["ports"]
        if probe_of(service, port)
    }
    seen = []

    def is_judged():
        view = lab.load_balancer()
        seen.append(view)
        # two turns with the new probes: every node has been judged by them
        return {p: r["probe"] for p, r in view.items()} == wanted and len(seen) > 10

    wait_for("the load balancer probes so", is_judged, timeout=30)
    return service


def answers(count=10):
    """How many of `count` connections for the load balancer's address were answered."""
    good = 0
    for _ in range(count):
        with contextlib.suppress(OSError):
            good += get("/healthz", timeout=1).status == 200
    return good


def ups(lab, port="80"):
    return {name: node["up"] for name, node in lab.load_balancer()[port]["nodes"].items()}


def echo_peer(lab):
    """As which address the gateway sees a client: its own access log says it."""
    mark = f"/app1?{uuid.uuid4()}"
    assert get(mark).status == 200

    def found():
        for log in lab.settings.logs.glob("istio-ingress_*_istio-proxy.log"):
            for line in log.read_text(errors="replace").splitlines():
                if mark in line:
                    return json.loads(line)["downstream_remote_address"].rsplit(":", 1)[0]
        return None

    return wait_for("the access log", found, timeout=15)


def test_local_probes_kube_proxys_health_port(lab):
    service = lab.kube.get(stack.SERVICE)
    port = service["spec"]["healthCheckNodePort"]
    view = lab.load_balancer()
    assert {rule["probe"] for rule in view.values()} == {f"Http :{port} /healthz"}
    assert set(view) == {"80", "443"}
    assert ups(lab) == {"n1": True, "n2": True}
    assert answers() == 10
    assert echo_peer(lab) == "10.240.0.1"


def test_cluster_alone_takes_every_node_out_by_envoys_404(mended):
    lab = mended
    service = set_service_option(lab, "Cluster", {})
    node_port = next(p["nodePort"] for p in service["spec"]["ports"] if p["port"] == 80)
    for node in NODES:  # the way itself is fine on every node
        wait_for(
            f"/healthz at {node.name}",
            lambda a=node.address: get("/healthz", address=a, port=node_port).status == 200,
        )
        assert get("/", address=node.address, port=node_port).status == 404
    wait_for("all nodes down", lambda: not any(ups(lab).values()), timeout=15)
    assert lab.load_balancer()["80"]["nodes"]["n1"]["answer"] == 404
    assert answers(4) == 0


def test_cluster_with_tcp_probes_works_and_loses_only_the_clients_address(mended):
    lab = mended
    notes = {f"port_{port}_health-probe_protocol": "tcp" for port in (80, 443)}
    set_service_option(lab, "Cluster", notes)
    wait_for("all nodes up", lambda: all(ups(lab).values()), timeout=15)
    assert answers(20) == 20
    # an address of the node: of its network card or of its bridge to the pods
    of_nodes = {node.address for node in NODES} | {f"{node.pods}.1" for node in NODES}
    assert echo_peer(lab) in of_nodes


def test_component_cluster_traffic_policy_does_the_same(mended):
    lab = mended
    stack.apply(lab, stack.with_components(lab, "cluster-traffic-policy"))
    wait_for(
        "Cluster",
        lambda: lab.kube.get(stack.SERVICE)["spec"]["externalTrafficPolicy"] == "Cluster",
    )
    stack.wait_balanced(lab)
    assert {rule["probe"].split()[0] for rule in lab.load_balancer().values()} == {"Tcp"}
    assert answers() == 10


@pytest.fixture
def one_node(lab):
    """Gateway pods on n1 only."""
    original = lab.kube.get(OPTIONS)["data"]
    selector = "gateway.networking.k8s.io/gateway-name=shared-gateway"
    patch = {
        "spec": {
            "minReadySeconds": 0,
            "template": {
                "metadata": {
                    "annotations": {"proxy.istio.io/config": "terminationDrainDuration: 1s\n"}
                },
                "spec": {
                    "nodeSelector": {"kubernetes.io/hostname": "n1"},
                    "terminationGracePeriodSeconds": 3,
                    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                },
            },
        }
    }
    lab.kube.patch(OPTIONS, {"data": {"deployment": json.dumps(patch)}})
    wait_for(
        "two gateway pods, on n1",
        lambda: [p["spec"]["nodeName"] for p in lab.kube.items(
            f"/api/v1/namespaces/istio-ingress/pods?labelSelector={selector}")] == ["n1", "n1"]
        and lab.ready_replicas("istio-ingress", "shared-gateway-istio") == 2,
        timeout=120,
    )  # fmt: skip
    yield lab
    lab.kube.patch(OPTIONS, {"data": original})
    wait_for(
        "gateway pods on both nodes",
        lambda: (
            {p["spec"]["nodeName"] for p in lab.pods("istio-ingress", selector)} == {"n1", "n2"}
            and lab.kube.get(MADE)["status"].get("updatedReplicas") == 2
            and len(lab.pods("istio-ingress", selector)) == 2
        ),
        timeout=150,
    )


def test_local_with_pods_on_one_node_uses_that_node(one_node, mended):
    lab = one_node
    wait_for("n2 down", lambda: ups(lab) == {"n1": True, "n2": False}, timeout=15)
    assert lab.load_balancer()["80"]["nodes"]["n2"]["answer"] == 503
    assert answers(6) == 6
    # The trap: a probe port left over from Cluster takes the rule away from the health port.
    set_service_option(lab, "Local", {"port_80_health-probe_port": "10256",
                                      "port_80_health-probe_protocol": "http",
                                      "port_80_health-probe_request-path": "/healthz"})  # fmt: skip
    wait_for("both nodes up", lambda: all(ups(lab).values()), timeout=15)
    assert ups(lab, "443") == {"n1": True, "n2": False}
    good = answers(8)
    assert 0 < good < 8, "part of the connections is lost at the node without a gateway pod"
