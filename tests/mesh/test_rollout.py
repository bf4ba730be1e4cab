"""Rolling updates under constant load, with a load balancer that probes at Azure's pace."""

import time

import pytest
from lab.load import Load
from lab.wait import wait_for

PATHS = ["/healthz", "/app1", "/app2"]


@pytest.fixture
def azure_pace(lab):
    flag = lab.settings.state / "azure-lb.slow"
    flag.touch()
    yield
    flag.unlink()


def restart(lab, namespace, name, timeout=180):
    """kubectl rollout restart, until the last of the pods before it is gone."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    pods = lab.kube.items(f"/api/v1/namespaces/{namespace}/pods")
    before = {p["metadata"]["uid"] for p in pods if p["metadata"]["name"].startswith(name + "-")}
    stamp = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": str(time.time())}}}
    lab.kube.patch(path, {"spec": {"template": stamp}})

    def is_done():
        status = lab.kube.get(path)["status"]
        now = {p["metadata"]["uid"] for p in lab.kube.items(f"/api/v1/namespaces/{namespace}/pods")}
        return not before & now and status.get("readyReplicas") == status.get("replicas") == 2

    wait_for(f"rollout of {name}", is_done, timeout)


@pytest.mark.parametrize(
    ("namespace", "name", "lossless"),
    [
        ("gateway-health", "health-responder", ["/healthz"]),
        ("tenant-1", "sample-app-1", ["/healthz"]),
        ("istio-ingress", "shared-gateway-istio", PATHS),
    ],
)
def test_rolling_update_under_load(lab, azure_pace, mesh_notes, namespace, name, lossless):
    with Load(PATHS) as load:
        wait_for("load", lambda: all(load.sent[path] >= 5 for path in PATHS))
        restart(lab, namespace, name)
    mesh_notes.append(f"rolling update of {name}: {load.report()}")
    for path in lossless:
        assert load.sent[path] > 50
        assert load.failed[path] == []
    for path in PATHS:  # what is not promised is counted, and little
        assert len(load.failed[path]) <= 3, load.failed[path]
