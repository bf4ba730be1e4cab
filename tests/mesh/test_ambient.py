"""The same over HBONE: pods of ambient namespaces are reached through mutual TLS on 15008. What
stands for ztunnel knows no policies, so the L4 rules of AuthorizationPolicies are not tested."""

import re

import pytest
from lab import stack
from lab.load import Load
from lab.settings import HOST
from lab.shell import run
from lab.wait import wait_for
from lab.web import detail, get

pytestmark = pytest.mark.ambient
RESPONDERS = "app=health-responder"
SERVICE = "/api/v1/namespaces/tenant-2/services/sample-app-2"


@pytest.fixture(scope="module", autouse=True)
def captured(lab):
    def all_captured():
        pods = [p for n in ("gateway-health", "tenant-1", "tenant-2") for p in lab.pods(n)]
        notes = [pod["metadata"].get("annotations", {}) for pod in pods]
        return len(pods) == 6 and all(
            note.get("ambient.istio.io/redirection") == "enabled" for note in notes
        )

    wait_for("every pod is captured", all_captured)


def hbone_streams(lab, namespace):
    """Identities that ztunnel's stand-in has seen, with what they asked for."""
    text = "".join(
        log.read_text(errors="replace")
        for log in lab.settings.logs.glob(f"{namespace}_*_ztunnel.log")
    )
    return set(re.findall(r"HBONE CONNECT \S+:(\d+) peer (\S+)", text))


def test_the_way_goes_over_hbone_with_the_gateways_identity(lab, ca_file):
    gateway = "spiffe://cluster.local/ns/istio-ingress/sa/shared-gateway-istio"
    for namespace, path in (
        ("gateway-health", "/healthz"),
        ("tenant-1", "/app1"),
        ("tenant-2", "/app2"),
    ):

        def over_hbone(namespace=namespace, path=path):
            assert get(path).status == 200
            assert get(path, ca_file=ca_file).status == 200
            return ("8080", gateway) in hbone_streams(lab, namespace)

        wait_for(f"{path} over HBONE", over_hbone, timeout=30)


def test_healthz_is_healthy_and_nothing_is_wrong(lab):
    pod = lab.pods("gateway-health", RESPONDERS)[0]
    wait_for("healthy", lambda: get("/healthz").body == "healthy\n", timeout=30)
    for tenant in ("app1", "app2"):
        assert detail(pod, f"/path/{tenant}?format=json").json["broken_hop"] is None


def test_istioctl_analyze_is_clean(lab):
    words = ["analyze", "--kubeconfig", lab.settings.kubeconfig, "--failure-threshold", "Warning"]
    for namespace in ("istio-ingress", "gateway-health", "tenant-1", "tenant-2"):
        said = run([lab.settings.bin / "istioctl", *words, "-n", namespace])
        assert not re.search(r"^(Error|Warning) ", said, re.MULTILINE), said


def test_policies_let_in_what_the_way_needs(lab):
    """As istiod sees them; what they mean to ztunnel needs a ztunnel."""
    for namespace, name, wanted in (
        ("gateway-health", "health-responder", {"shared-gateway-istio"}),
        ("tenant-1", "sample-app-1", {"shared-gateway-istio", "health-responder"}),
        ("tenant-2", "sample-app-2", {"shared-gateway-istio", "health-responder"}),
    ):
        path = f"/apis/security.istio.io/v1/namespaces/{namespace}/authorizationpolicies/{name}"
        rules = lab.kube.get(path)["spec"]["rules"]
        allowed = {
            principal.rsplit("/", 1)[1]
            for item in rules
            for source in item["from"]
            for principal in source["source"]["principals"]
        }
        assert allowed == wanted


def test_refused_reads_as_a_closed_connection(lab):
    """Nothing listens behind HBONE: ztunnel has accepted the connection all the same."""
    pod = lab.pods("gateway-health", RESPONDERS)[0]
    ports = [{"name": "http", "port": 8080, "targetPort": 9, "appProtocol": "http"}]
    lab.kube.patch(SERVICE, {"spec": {"ports": ports}})
    last = {}
    try:

        def is_named():
            last.update(detail(pod, "/path/app2?format=json").json)
            assert last["owner"] == "tenant:app2", last
            return last["reason"] in ("GW_UPSTREAM_RESET", "GW_UPSTREAM_CONNECT")

        wait_for("/path names the tenant", is_named, timeout=30)
        answer = get("/app2", host=HOST)
        assert answer.status == 503
        assert "connection termination" in answer.body
        assert last["reason"] == "GW_UPSTREAM_RESET"
        assert get("/healthz").status == 200
    finally:
        stack.apply(lab)
        wait_for("mended", lambda: get("/app2").status == 200, timeout=30)


def test_rolling_update_of_the_responder_loses_nothing(lab, mesh_notes):
    with Load(["/healthz"]) as load:
        lab.kubectl("-n", "gateway-health", "rollout", "restart", "deployment/health-responder")
        lab.kubectl("-n", "gateway-health", "rollout", "status", "deployment/health-responder",
                    "--timeout=120s")  # fmt: skip
        sent = load.sent["/healthz"]
        wait_for("the old pods are gone", lambda: len(lab.kube.items(
            "/api/v1/namespaces/gateway-health/pods")) == 2, timeout=60)  # fmt: skip
        assert load.sent["/healthz"] > sent
    mesh_notes.append(f"rolling update of health-responder over HBONE: {load.report()}")
    assert load.failed["/healthz"] == []
