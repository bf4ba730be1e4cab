"""Requests on the whole way: load balancer's address, node, kube-proxy, Envoy, route, pod."""

import hashlib
import hmac
import json

import pytest
from lab.settings import HOST
from lab.wait import wait_for
from lab.web import detail, get


@pytest.fixture(params=["http", "https"])
def ask(request, ca_file):
    def send(path, **words):
        return get(path, ca_file=ca_file if request.param == "https" else None, **words)

    return send


def test_healthz_is_healthy(lab, ask):
    wait_for("healthy", lambda: ask("/healthz").body == "healthy\n")
    answer = ask("/healthz")
    assert answer.status == 200
    assert answer.by_backend
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("number", [1, 2])
def test_apps_answer(lab, ask, number):
    assert ask(f"/app{number}").body == f"Hello from App {number}\n"
    assert ask(f"/app{number}/info").json == {
        "app": f"sample-app-{number}",
        "version": "1.0",
        "namespace": f"tenant-{number}",
    }
    assert ask(f"/app{number}/health").body == "healthy\n"
    missing = ask(f"/app{number}/none")
    assert (missing.status, missing.by_backend) == (404, True)


def test_what_no_route_matches_is_envoys_404(lab):
    for path, host in (("/", HOST), ("/healthzfoo", HOST), ("/healthz", "127.0.0.1")):
        answer = get(path, host=host)
        assert (answer.status, answer.body, answer.by_backend) == (404, "", False)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/healthz/ready", "ready\n"),
        ("/healthz/live", "live\n"),
        ("/healthz/serve", "healthy\n"),
        ("/healthz/quorum", "healthy\n"),
        ("/healthz/strict", "healthy\n"),
        ("/healthz/t/app1", "healthy\n"),
    ],
)
def test_paths_below_healthz_are_routed(lab, path, body):
    answer = get(path)
    assert (answer.status, answer.body) == (200, body)


def test_details_are_not_routed(lab):
    for path in ("/status", "/healthz/../status", "/path", "/metrics"):
        assert get(path).status == 404


def test_loop_proves_that_it_is_us(lab):
    key = (lab.settings.state / "certs/loop-key").read_text().strip().encode()
    for nonce in ("one", "0123456789abcdef"):
        proof = hmac.new(key, nonce.encode(), hashlib.sha256).hexdigest()
        assert get(f"/healthz/loop/{nonce}").body == proof + "\n"


def test_both_replicas_answer_and_name_themselves(lab):
    names = set()
    for pod in lab.pods("gateway-health", "app=health-responder"):
        answer = detail(pod, "/status")
        assert answer.headers["x-responder"] == pod["metadata"]["name"]
        names.add(answer.json["instance"])
    assert len(names) == 2


GATEWAY_PODS = "gateway.networking.k8s.io/gateway-name=shared-gateway"
DEEP = {
    "gateway/status": "gateway_status",
    "gateway/stats": "gateway_stats",
    "gateway/tls": "tls",
    "gateway/loopback": "loopback",
    "tenant/app1/direct": "http",
    "tenant/app1/routed": "http",
    "tenant/app2/direct": "http",
    "tenant/app2/routed": "http",
}


@pytest.mark.parametrize(("name", "kind"), DEEP.items())
def test_check_against_the_real_gateway_passes(lab, name, kind):
    pod = lab.pods("gateway-health", "app=health-responder")[0]

    def passing():
        check = detail(pod, f"/checks/{name}").json
        assert check["type"] == kind
        assert check["state"] == "passing", json.dumps(check)
        return True

    wait_for(f"{name} passes", passing, timeout=15)


def test_every_gateway_pod_is_asked(lab):
    """15021 and 15090 of both, by the headless Service."""
    pod = lab.pods("gateway-health", "app=health-responder")[0]
    pods = lab.pods("istio-ingress", GATEWAY_PODS)
    for name in ("gateway/status", "gateway/stats"):

        def all_asked(name=name):
            last = detail(pod, f"/checks/{name}").json["last"]
            return (last["addresses_total"], last["answered"]) == (len(pods), len(pods))

        wait_for(f"{name} of {len(pods)} pods", all_asked, timeout=60)


def test_path_of_a_healthy_tenant_says_that_nothing_is_wrong(lab):
    pod = lab.pods("gateway-health", "app=health-responder")[0]

    def fine():
        paths = {item["tenant"]: item for item in detail(pod, "/path?format=json").json["paths"]}
        for tenant in ("app1", "app2"):
            assert paths[tenant]["state"] == "healthy", paths[tenant]
            assert paths[tenant]["broken_hop"] is None
            assert paths[tenant]["owner"] is None
            assert paths[tenant]["reason"] is None
        return True

    wait_for("nothing is wrong", fine, timeout=15)


def test_every_hop_that_can_be_tested_from_inside_passes(lab):
    pod = lab.pods("gateway-health", "app=health-responder")[0]
    for _ in range(12):  # so that both replicas have been asked from the load balancer's side
        get("/healthz")
    hops = {item["hop"]: item for item in detail(pod, "/path/app1?format=json").json["hops"]}
    assert list(hops) == [
        "self",
        "names",
        "gateway_pods",
        "gateway_ready",
        "gateway_tls",
        "route",
        "identity",
        "backend_direct",
        "backend_routed",
        "inbound",
    ]
    for name, hop in hops.items():
        if name != "inbound":
            assert hop["state"] == "pass", hop
