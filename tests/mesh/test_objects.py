"""What the API server, istiod and the admission policy say to our manifests, and what istiod makes
of the Gateway."""

import copy
import json

import pytest
from lab import stack
from lab.control import condition
from lab.kube import KubeError
from lab.settings import TREE, LabError
from lab.wait import wait_for

ROUTES = (
    ("gateway-health", "health-route"),
    ("tenant-1", "app1-route"),
    ("tenant-2", "app2-route"),
)
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
MADE = "/apis/apps/v1/namespaces/istio-ingress/deployments/shared-gateway-istio"


def test_overlay_lab_every_object_is_accepted(lab):
    said = lab.first_apply.splitlines()
    assert len(said) >= 40
    assert all(line.endswith("serverside-applied") for line in said), said


@pytest.mark.parametrize("component", ["cluster-traffic-policy", "gateway-sidecar", "aks-addon"])
def test_component_every_object_is_accepted(lab, component):
    folder = stack.with_components(lab, component)
    lab.kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts",
                "--validate=strict", "-k", folder)  # fmt: skip


def test_overlay_aks_is_accepted_and_takes_its_settings_from_one_place(lab):
    folder = TREE / "k8s/overlays/aks"
    lab.kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts",
                "--validate=strict", "-k", folder)  # fmt: skip
    rendered = lab.kubectl("kustomize", folder)
    assert "name: site" not in rendered
    assert "azure-load-balancer-ipv4: 10.0.1.200" in rendered
    assert "azure-load-balancer-internal-subnet: aks-subnet" in rendered


def test_istiods_webhook_refuses_what_is_wrong(lab):
    broken = {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "broken", "namespace": "gateway-health"},
        "spec": {"portLevelMtls": {"8080": {"mode": "STRICT"}}},  # not without a selector
    }
    with pytest.raises(LabError, match="portLevelMtls requires selector"):
        lab.kubectl("apply", "--dry-run=server", "-f", "-", input=json.dumps(broken))


def test_pod_security_takes_the_gateways_pods_only_with_our_option(lab):
    template = lab.kube.get(MADE)["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "as-made-", "labels": {"app": "x"}},
        "spec": copy.deepcopy(template["spec"]),
    }
    path = "/api/v1/namespaces/istio-ingress/pods?dryRun=All"
    lab.kube.post(path, pod)
    del pod["spec"]["securityContext"]["seccompProfile"]
    with pytest.raises(KubeError, match="violates PodSecurity.*seccompProfile"):
        lab.kube.post(path, pod)


# --- the admission policy


def route(namespace="tenant-2", name="tried", **spec):
    spec = {
        "parentRefs": [{"name": "shared-gateway", "namespace": "istio-ingress"}],
        "hostnames": ["apps.example.com"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/app2/x"}}],
                "backendRefs": [{"name": "sample-app-2", "port": 8080}],
            }
        ],
        **spec,
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def matching(kind, value):
    return [{"matches": [{"path": {"type": "PathPrefix", "value": "/app2"}},
                         {"path": {"type": kind, "value": value}}]}]  # fmt: skip


OWN_GATEWAY = [{"name": "own-gateway"}]


@pytest.mark.parametrize(
    ("wanted", "spec"),
    [
        (None, {}),
        (None, {"rules": matching("PathPrefix", "/healthzfoo")}),
        (None, {"rules": matching("Exact", "/app2/healthz")}),
        (None, {"rules": matching("RegularExpression", "/app2/.*")}),
        (None, {"rules": [{"backendRefs": [{"name": "sample-app-2", "port": 8080}]}]}),
        (None, {"hostnames": None, "parentRefs": OWN_GATEWAY}),
        ("must name its hostnames", {"hostnames": None}),
        ("must name its hostnames", {"hostnames": []}),
        ("belong to health-responder", {"rules": matching("PathPrefix", "/healthz")}),
        ("belong to health-responder", {"rules": matching("PathPrefix", "/healthz/")}),
        ("belong to health-responder", {"rules": matching("Exact", "/healthz")}),
        ("belong to health-responder", {"rules": matching("Exact", "/healthz/ready")}),
        ("belong to health-responder", {"rules": matching("RegularExpression", "/heal.*")}),
        ("belong to health-responder", {"rules": matching("RegularExpression", "/.*")}),
        ("belong to health-responder", {"rules": matching("RegularExpression", "/healthz/l.*")}),
    ],
)
def test_admission_tenant_route(lab, wanted, spec):
    path = f"{GATEWAY_API}/namespaces/tenant-2/httproutes?dryRun=All"
    if wanted is None:
        lab.kube.post(path, route(**spec))
    else:
        with pytest.raises(KubeError, match=wanted):
            lab.kube.post(path, route(**spec))


def test_admission_leaves_our_own_route_alone(lab):
    spec = {"rules": matching("PathPrefix", "/healthz/x")}
    path = f"{GATEWAY_API}/namespaces/gateway-health/httproutes?dryRun=All"
    lab.kube.post(path, route(namespace="gateway-health", **spec))


# --- what istiod says and makes


def test_gateway_is_programmed_with_every_listener(lab):
    status = lab.kube.get(stack.GATEWAY)["status"]
    assert condition(status, "Accepted") == "True"
    assert condition(status, "Programmed") == "True"
    assert status["addresses"] == [{"type": "IPAddress", "value": lab.vip}]
    attached = {item["name"]: item["attachedRoutes"] for item in status["listeners"]}
    assert attached == {"http": 3, "https": 3}
    for listener in status["listeners"]:
        assert condition(listener, "Programmed") == "True"
        assert condition(listener, "ResolvedRefs") == "True"


@pytest.mark.parametrize(("namespace", "name"), ROUTES)
def test_route_is_accepted_and_resolved(lab, namespace, name):
    found = lab.kube.get(f"{GATEWAY_API}/namespaces/{namespace}/httproutes/{name}")
    assert len(found["status"]["parents"]) == 1
    for parent in found["status"]["parents"]:
        assert condition(parent, "Accepted") == "True"
        assert condition(parent, "ResolvedRefs") == "True"
        for item in parent["conditions"]:
            assert item["observedGeneration"] == found["metadata"]["generation"]


def test_service_that_istiod_makes_carries_our_options(lab):
    found = lab.kube.get(stack.SERVICE)
    notes = found["metadata"]["annotations"]
    assert notes["service.beta.kubernetes.io/azure-load-balancer-internal"] == "true"
    assert notes["service.beta.kubernetes.io/port_15021_no_lb_rule"] == "true"
    assert found["spec"]["externalTrafficPolicy"] == "Local"
    assert found["spec"]["healthCheckNodePort"] > 0
    # what makes Azure ask "/" under Cluster
    assert {p["port"]: p["appProtocol"] for p in found["spec"]["ports"]} == {
        15021: "tcp",
        80: "http",
        443: "https",
    }


def test_deployment_that_istiod_makes_carries_our_options(lab):
    spec = lab.kube.get(MADE)["spec"]
    pod = spec["template"]["spec"]
    assert spec["minReadySeconds"] == 10
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert pod["terminationGracePeriodSeconds"] == 45
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    spread = [item["topologyKey"] for item in pod["topologySpreadConstraints"]]
    assert "kubernetes.io/hostname" in spread
    note = spec["template"]["metadata"]["annotations"]["proxy.istio.io/config"]
    assert note.strip() == "terminationDrainDuration: 25s"


def test_autoscaler_and_budget_that_istiod_makes_carry_our_options(lab):
    folder = "namespaces/istio-ingress"
    scaler = lab.kube.get(
        f"/apis/autoscaling/v2/{folder}/horizontalpodautoscalers/shared-gateway-istio"
    )
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 5)
    budget = lab.kube.get(f"/apis/policy/v1/{folder}/poddisruptionbudgets/shared-gateway-istio")
    assert budget["spec"]["minAvailable"] == 1
    assert budget["status"]["disruptionsAllowed"] == 1


def test_replicas_are_on_different_nodes(lab):
    for namespace, selector in (
        ("istio-ingress", "gateway.networking.k8s.io/gateway-name=shared-gateway"),
        ("gateway-health", "app=health-responder"),
    ):
        nodes = {pod["spec"]["nodeName"] for pod in lab.pods(namespace, selector)}
        assert nodes == {"n1", "n2"}


def test_a_traffic_policy_changed_by_hand_is_put_back(lab):
    lab.kube.patch(stack.SERVICE, {"spec": {"externalTrafficPolicy": "Cluster"}})
    wait_for(
        "istiod puts Local back",
        lambda: lab.kube.get(stack.SERVICE)["spec"]["externalTrafficPolicy"] == "Local",
        timeout=30,
    )
    stack.wait_ready(lab)  # with another healthCheckNodePort than before


def test_responder_has_no_token_and_runs_as_the_manifest_says(lab):
    pod = lab.pods("gateway-health", "app=health-responder")[0]
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert all("kube-api-access" not in v["name"] for v in pod["spec"]["volumes"])
    assert [c["restartCount"] for c in pod["status"]["containerStatuses"]] == [0]
