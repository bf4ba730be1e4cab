"""Faults of the real thing, each with what /path must say: hop, owner, reason. Whatever it is,
/healthz stays 200, and the other tenant is not accused."""

import json
from dataclasses import dataclass

import pytest
from lab import stack
from lab.settings import HOST
from lab.shell import run
from lab.wait import wait_for
from lab.web import detail, get

ROUTE = "/apis/gateway.networking.k8s.io/v1/namespaces/tenant-2/httproutes/app2-route"
APP = "/apis/apps/v1/namespaces/tenant-2/deployments/sample-app-2"
SERVICE = "/api/v1/namespaces/tenant-2/services/sample-app-2"
POLICIES = "/apis/security.istio.io/v1/namespaces/istio-ingress/authorizationpolicies"
SECRET = "/api/v1/namespaces/istio-ingress/secrets/shared-gateway-tls"
TENANT = "tenant:app2"


@dataclass
class Fault:
    name: str
    do: callable
    reason: str
    hop: str
    owner: str = TENANT
    undo: callable = None
    everybody: bool = False  # the gateway's: both tenants' way is broken
    healthz_tls: bool = True  # 443 still answers


def rule(**words):
    """app2-route's one rule, changed."""

    def do(lab):
        found = lab.kube.get(ROUTE)["spec"]["rules"][0]
        lab.kube.patch(ROUTE, {"spec": {"rules": [{**found, **words}]}})

    return do


def backend(name, port, **words):
    return rule(backendRefs=[{"name": name, "port": port, **words}])


def delete(path):
    return lambda lab: lab.kube.delete(path)


def patch(path, body):
    return lambda lab: lab.kube.patch(path, body)


def deny(lab):
    lab.kube.ensure(
        POLICIES,
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "deny-app2"},
            "spec": {
                "targetRefs": [
                    {
                        "group": "gateway.networking.k8s.io",
                        "kind": "Gateway",
                        "name": "shared-gateway",
                    }
                ],
                "action": "DENY",
                "rules": [{"to": [{"operation": {"paths": ["/app2*"]}}]}],
            },
        },
    )


def other_certificate(*words):
    """The gateway shows a leaf made with other words of make-certs.sh."""

    def do(lab):
        folder = lab.settings.state / "other-certs"
        run(["rm", "-rf", folder])
        if "same-ca" in words:
            run(["cp", "-r", lab.settings.state / "certs", folder])
            run(["rm", folder / "leaf.crt"])
        host = "other.example.com" if "other-host" in words else HOST
        script = stack.TREE / "k8s/scripts/make-certs.sh"
        run([script, "--only-files", "--host", host, "--folder", folder])
        made = lab.kubectl("-n", "istio-ingress", "create", "secret", "tls", "shared-gateway-tls",
                           f"--cert={folder}/leaf.crt", f"--key={folder}/leaf.key",
                           "--dry-run=client", "-o", "json")  # fmt: skip
        lab.kube.patch(SECRET, {"data": json.loads(made)["data"]})

    return do


def scale_istiod(count):
    path = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"
    scaler = "/apis/autoscaling/v2/namespaces/istio-system/horizontalpodautoscalers/istiod"

    def do(lab):
        lab.kube.delete(scaler)  # or it would bring it back
        lab.kube.patch(path, {"spec": {"replicas": count}})
        wait_for("istiod", lambda: lab.ready_replicas("istio-system", "istiod") == count, 60)

    return do


def label(value):
    body = {"metadata": {"labels": {"shared-gateway-access": value}}}
    return patch("/api/v1/namespaces/tenant-2", body)


REDIRECT = [{"type": "RequestRedirect", "requestRedirect": {"hostname": "x.example.com"}}]
TO_NONE = {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/none"}}
REWRITE = [{"type": "URLRewrite", "urlRewrite": TO_NONE}]
FAULTS = [
    Fault("route deleted", delete(ROUTE), "GW_NO_ROUTE", "route"),
    Fault("namespace label removed", label(None), "GW_NO_ROUTE", "route"),
    Fault("route for another host", patch(ROUTE, {"spec": {"hostnames": ["x.example.com"]}}),
          "GW_NO_ROUTE", "route"),
    Fault("backend port wrong", backend("sample-app-2", 8081), "GW_BACKENDREF_INVALID", "route"),
    Fault("Service missing", backend("nobody", 8080), "GW_BACKENDREF_INVALID", "route"),
    Fault("grant missing", backend("sample-app-1", 8080, namespace="tenant-1"),
          "GW_BACKENDREF_INVALID", "route"),
    Fault("redirect", rule(filters=REDIRECT, backendRefs=[]), "GW_REDIRECT", "route"),
    Fault("denied by a policy", deny, "GW_DENIED", "route", "gateway",
          undo=delete(POLICIES + "/deny-app2")),
    Fault("another app answers", backend("faulty", 8080), "IDENTITY_MISMATCH", "identity",
          "gateway"),
    Fault("no endpoints", patch(APP, {"spec": {"replicas": 0}}), "GW_NO_ENDPOINTS",
          "backend_routed"),
    # The app itself is fine, as its direct check says: the way to it is the gateway's.
    Fault("refused on the way", backend("faulty", 8085), "GW_UPSTREAM_CONNECT", "backend_routed",
          "gateway"),
    Fault("refused everywhere", patch(SERVICE, {"spec": {"ports": [
          {"name": "http", "port": 8080, "targetPort": 9, "appProtocol": "http"}]}}),
          "GW_UPSTREAM_CONNECT", "backend_direct"),
    Fault("not HTTP", backend("faulty", 8081), "GW_UPSTREAM_PROTOCOL", "backend_routed"),
    Fault("closes unanswered", backend("faulty", 8082), "GW_UPSTREAM_RESET", "backend_routed"),
    Fault("slower than the route allows",
          rule(backendRefs=[{"name": "faulty", "port": 8083}], timeouts={"request": "300ms"}),
          "GW_UPSTREAM_TIMEOUT", "backend_routed"),
    Fault("the app's own 404", rule(filters=REWRITE), "HTTP_STATUS", "backend_routed"),
    Fault("certificate for another name", other_certificate("same-ca", "other-host"),
          "TLS_SAN_MISMATCH", "gateway_tls", "gateway", everybody=True),
    Fault("certificate of another CA", other_certificate(), "TLS_UNKNOWN_CA", "gateway_tls",
          "gateway", everybody=True),
    Fault("certificate Secret deleted", delete(SECRET), "CONNECT_REFUSED", "gateway_pods",
          "gateway", everybody=True, healthz_tls=False),
    Fault("istiod stopped", scale_istiod(0), "GW_XDS_LOST", "gateway_ready", "gateway",
          undo=scale_istiod(1), everybody=True),
]  # fmt: skip


@pytest.fixture(scope="module")
def faulty(lab, manifests):
    lab.kubectl("apply", "-f", manifests / "faulty.yaml")
    wait_for("the faulty app", lambda: lab.ready_replicas("tenant-2", "faulty") == 1)
    yield
    lab.kubectl("delete", "-f", manifests / "faulty.yaml", "--wait=false")


def path_of(pod, tenant):
    return detail(pod, f"/path/{tenant}?format=json").json


def is_mended(pod):
    return all(path_of(pod, tenant)["broken_hop"] is None for tenant in ("app1", "app2"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_path_names_hop_owner_and_reason(lab, ca_file, faulty, fault):
    pod = lab.pods("gateway-health", "app=health-responder")[0]
    wait_for("nothing is wrong before", lambda: is_mended(pod), timeout=30)
    fault.do(lab)
    last = {}
    wanted = {"broken_hop": fault.hop, "owner": fault.owner, "reason": fault.reason}

    def is_named():
        report = path_of(pod, "app2")
        last.clear()
        last.update(report)
        return {key: report[key] for key in wanted} == wanted

    try:
        try:
            wait_for(f"/path names {wanted}", is_named, timeout=15)
        except TimeoutError:
            pytest.fail(f"wanted {wanted}, got {json.dumps(last, indent=1)}")
        assert last["summary"] and last["next_step"]
        if not fault.everybody:
            assert path_of(pod, "app1")["broken_hop"] is None
        assert get("/healthz").status == 200
        if fault.healthz_tls and not fault.reason.startswith("TLS_"):
            assert get("/healthz", ca_file=ca_file).status == 200
    finally:
        if fault.undo:
            fault.undo(lab)
        stack.make_certs(lab)
        stack.apply(lab)
        wait_for("mended", lambda: is_mended(pod), timeout=60)


def test_one_tenants_hostname_takes_hostless_routes_down(lab):
    """The hole of routes without a host, shown on routes of our own namespace, which the admission
    policy leaves alone: ours name it, and stay."""
    base = "/apis/gateway.networking.k8s.io/v1/namespaces/gateway-health/httproutes"

    def route(name, path, **spec):
        return {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": name},
            "spec": {
                "parentRefs": [{"name": "shared-gateway", "namespace": "istio-ingress"}],
                "rules": [
                    {
                        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                        "backendRefs": [{"name": "health-responder", "port": 8080}],
                    }
                ],
                **spec,
            },
        }

    other = "hole.example.com"
    lab.kube.post(base, route("hostless", "/healthz"))
    try:
        wait_for("the hostless route", lambda: get("/healthz", host=other).status == 200)
        lab.kube.post(base, route("names-the-host", "/other", hostnames=[other]))
        wait_for("the hostless route is gone", lambda: get("/healthz", host=other).status == 404)
        assert get("/healthz").status == 200
    finally:
        for name in ("hostless", "names-the-host"):
            lab.kube.delete(f"{base}/{name}")
