"""Health-responder's replicas: one whose node is dead, a bad configuration, broken tenants."""

import json

import pytest
from lab import network, stack
from lab.load import Load
from lab.settings import POD_NETWORK
from lab.wait import wait_for
from lab.web import detail, get

RESPONDERS = "app=health-responder"
DEPLOYMENT = "/apis/apps/v1/namespaces/gateway-health/deployments/health-responder"


def netns_of(pod):
    return "pod-" + "-".join(pod["status"]["podIP"].split(".")[2:])


@pytest.fixture
def silent_replica(lab):
    """One replica answers nobody but its kubelet, as on a node that died a moment ago: Kubernetes
    does not know yet."""
    pod = lab.pods("gateway-health", RESPONDERS)[0]
    assert pod["status"]["podIP"].startswith(POD_NETWORK.split(".0.0/")[0])
    network.silence(netns_of(pod), [POD_NETWORK, "10.240.0.8/29"])
    yield pod
    network.silence(netns_of(pod), [])


def test_a_dead_replica_never_costs_three_probes_in_a_row(lab, request, mesh_notes):
    """Application Gateway: timeout 5 s, unhealthy after three failures in a row. Each gateway pod
    may lose the one request that was on its way to the dead replica; then it is set aside."""
    with Load(["/healthz"], rate=10, timeout=5) as load:
        wait_for("load", lambda: load.sent["/healthz"] >= 10)
        before = load.sent["/healthz"]
        request.getfixturevalue("silent_replica")
        wait_for("probes", lambda: load.sent["/healthz"] >= before + 60, timeout=60)
    mesh_notes.append(f"one replica silent: {load.report()}")
    assert load.longest_row["/healthz"] < 3
    assert len(load.failed["/healthz"]) <= 4, load.failed["/healthz"]


def test_a_bad_configuration_fails_the_rollout_and_nothing_else(mended):
    lab = mended
    settings = lab.kube.get(DEPLOYMENT)["spec"]["template"]["spec"]["volumes"][0]
    name = settings["projected"]["sources"][0]["configMap"]["name"]
    found = lab.kube.get(f"/api/v1/namespaces/gateway-health/configmaps/{name}")
    lab.kube.post(
        "/api/v1/namespaces/gateway-health/configmaps",
        {
            "metadata": {"name": "health-responder-bad"},
            "data": {"config.json": found["data"]["config.json"].replace('"tenants"', '"tenant"')},
        },
    )
    settings["projected"]["sources"][0]["configMap"]["name"] = "health-responder-bad"
    lab.kube.patch(DEPLOYMENT, {"spec": {"template": {"spec": {"volumes": [settings]}}}})

    def crashes():
        pods = lab.pods("gateway-health", RESPONDERS)
        new = [p for p in pods if p["status"]["containerStatuses"][0]["restartCount"] >= 1]
        return len(pods) == 3 and new

    try:
        wait_for("the new pod restarts", crashes, timeout=30)
        assert lab.ready_replicas("gateway-health", "health-responder") == 2
        assert get("/healthz").status == 200
    finally:
        settings["projected"]["sources"][0]["configMap"]["name"] = name
        lab.kube.patch(DEPLOYMENT, {"spec": {"template": {"spec": {"volumes": [settings]}}}})
        lab.kube.delete("/api/v1/namespaces/gateway-health/configmaps/health-responder-bad")


def test_a_configuration_edited_in_place_is_taken_and_a_bad_one_refused(mended):
    lab = mended
    volume = lab.kube.get(DEPLOYMENT)["spec"]["template"]["spec"]["volumes"][0]
    name = volume["projected"]["sources"][0]["configMap"]["name"]
    path = f"/api/v1/namespaces/gateway-health/configmaps/{name}"
    original = lab.kube.get(path)["data"]["config.json"]
    pods = lab.pods("gateway-health", RESPONDERS)

    def reload_of(pod):
        return detail(pod, "/status").json["reload"]

    changed = json.loads(original)
    changed["tenants"][1]["critical"] = False
    lab.kube.patch(path, {"data": {"config.json": json.dumps(changed)}})
    for pod in pods:
        wait_for(
            "app2 is not critical any more",
            lambda p=pod: detail(p, "/status").json["critical_tenants"] == 1,
            timeout=20,
        )
    lab.kube.patch(path, {"data": {"config.json": "{"}})
    for pod in pods:
        wait_for("refused", lambda p=pod: not reload_of(p)["last_ok"], timeout=20)
        assert detail(pod, "/status").json["critical_tenants"] == 1
        assert reload_of(pod)["errors"]
    assert lab.ready_replicas("gateway-health", "health-responder") == 2
    lab.kube.patch(path, {"data": {"config.json": original}})
    for pod in pods:
        wait_for(
            "back",
            lambda p=pod: (
                reload_of(p)["last_ok"] and detail(p, "/status").json["critical_tenants"] == 2
            ),
            timeout=20,
        )


def test_kubelets_probes_do_not_ask_for_backends(mended):
    """Every tenant broken: the responder is ready, /healthz stays 200 and says degraded."""
    lab = mended
    for number in (1, 2):
        lab.kube.delete(
            f"/apis/gateway.networking.k8s.io/v1/namespaces/tenant-{number}/httproutes/app{number}-route"
        )
    # Each replica judges for itself, and Envoy asks any of them.
    for pod in lab.pods("gateway-health", RESPONDERS):
        wait_for(
            "degraded",
            lambda p=pod: detail(p, "/status").json["verdict"] == "degraded",
            timeout=20,
        )
    answer = get("/healthz")
    assert (answer.status, answer.body) == (200, "degraded\n")
    assert get("/healthz/strict").status == 503
    assert lab.ready_replicas("gateway-health", "health-responder") == 2
    stack.apply(lab)
    wait_for("healthy", lambda: get("/healthz").body == "healthy\n", timeout=20)
