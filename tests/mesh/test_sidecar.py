"""health-responder in every gateway pod: it reaches Envoy's admin port, and takes no pod out."""

import pytest
from lab import stack
from lab.wait import wait_for
from lab.web import detail, get

GATEWAY_PODS = "gateway.networking.k8s.io/gateway-name=shared-gateway"
CONFIG = "/api/v1/namespaces/istio-ingress/configmaps/health-responder-sidecar"


def with_sidecar(lab):
    """The gateway pods, once all have it and all are ready."""
    pods = lab.kube.items(f"/api/v1/namespaces/istio-ingress/pods?labelSelector={GATEWAY_PODS}")
    for pod in pods:
        ready = {c["name"]: c["ready"] for c in pod["status"].get("containerStatuses", [])}
        if ready != {"health-responder": True, "istio-proxy": True}:
            return None
    return pods if len(pods) == 2 else None


@pytest.fixture(scope="module")
def sidecar(lab):
    stack.apply(lab, stack.with_components(lab, "gateway-sidecar"))
    pods = wait_for("gateway pods with a second container", lambda: with_sidecar(lab), timeout=180)
    yield pods
    stack.apply(lab)
    lab.kube.delete(CONFIG)
    wait_for(
        "gateway pods without it",
        lambda: all(
            len(pod["spec"]["containers"]) == 1
            for pod in lab.kube.items(
                f"/api/v1/namespaces/istio-ingress/pods?labelSelector={GATEWAY_PODS}"
            )
        ),
        timeout=180,
    )
    stack.wait_ready(lab)


def test_admin_port_is_really_reached(lab, sidecar):
    for pod in sidecar:

        def passes(pod=pod):
            check = detail(pod, "/checks/gateway/admin").json
            assert check["type"] == "envoy_admin"
            return check["state"] == "passing"

        wait_for("gateway/admin passes", passes, timeout=20)


def test_admin_port_is_reached_from_nowhere_else(lab, sidecar):
    for pod in sidecar:
        with pytest.raises(OSError):
            get("/ready", address=pod["status"]["podIP"], port=15000, timeout=2)


def test_it_has_no_probe_and_a_cpu_request(sidecar):
    for pod in sidecar:
        found = next(c for c in pod["spec"]["containers"] if c["name"] == "health-responder")
        assert not {"readinessProbe", "livenessProbe", "startupProbe"} & found.keys()
        assert found["resources"]["requests"]["cpu"]


def test_a_broken_configuration_leaves_every_gateway_pod_ready(lab, sidecar):
    original = lab.kube.get(CONFIG)["data"]
    lab.kube.patch(CONFIG, {"data": {"config.json": '{"gatewy": {}}'}})
    try:
        for pod in sidecar:
            wait_for(
                "it shows the refused file",
                lambda p=pod: not detail(p, "/status").json["reload"]["last_ok"],
                timeout=20,
            )
        assert with_sidecar(lab)
        assert get("/healthz").status == 200
    finally:
        lab.kube.patch(CONFIG, {"data": original})


def test_a_new_gateway_pod_gets_ready_with_a_broken_configuration(lab, sidecar):
    """It starts with a file that it cannot use, stays up, and shows it."""
    original = lab.kube.get(CONFIG)["data"]
    lab.kube.patch(CONFIG, {"data": {"config.json": '{"gatewy": {}}'}})
    gone = sidecar[0]["metadata"]
    lab.kube.delete(f"/api/v1/namespaces/istio-ingress/pods/{gone['name']}")

    def shown_by_all():
        pods = with_sidecar(lab) or []
        uids = {pod["metadata"]["uid"] for pod in pods}
        refused = [not detail(pod, "/status").json["reload"]["last_ok"] for pod in pods]
        return refused == [True, True] and gone["uid"] not in uids

    try:
        wait_for("a new pod, ready, that shows the refused file", shown_by_all, timeout=75)
    finally:
        lab.kube.patch(CONFIG, {"data": original})
