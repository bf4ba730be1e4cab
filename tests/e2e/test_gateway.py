"""What a real Envoy answers by itself, and the reason each answer is given."""

import pytest

from stack.envoy import TYPES, cluster, route
from stack.ports import free_port
from support import peers


def redirect(prefix):
    return {
        "match": {"path_separated_prefix": prefix},
        "redirect": {"path_redirect": "/elsewhere", "response_code": "MOVED_PERMANENTLY"},
    }


def deny(prefix):
    """An AuthorizationPolicy with action DENY."""
    policy = {
        "permissions": [{"url_path": {"path": {"prefix": prefix}}}],
        "principals": [{"any": True}],
    }
    return {
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": f"{TYPES}.filters.http.rbac.v3.RBAC",
            "rules": {"action": "DENY", "policies": {"ns[ingress]-policy[deny]-rule[0]": policy}},
        },
    }


ROWS = [
    # tenant, state of its routed check, reason
    ("fine", "passing", None),
    ("no-route", "failing", "GW_NO_ROUTE"),
    ("no-cluster", "failing", "GW_BACKENDREF_INVALID"),
    ("redirected", "failing", "GW_REDIRECT"),
    ("denied", "failing", "GW_DENIED"),
    ("no-endpoints", "failing", "GW_NO_ENDPOINTS"),
    ("refused", "failing", "GW_UPSTREAM_CONNECT"),
    ("closed", "failing", "GW_UPSTREAM_RESET"),
    ("reset", "failing", "GW_UPSTREAM_RESET"),
    ("garbage", "failing", "GW_UPSTREAM_PROTOCOL"),
    ("slow", "failing", "GW_UPSTREAM_TIMEOUT"),
    ("hangs", "failing", "TIMEOUT"),
    ("own-500", "failing", "HTTP_STATUS"),
    ("own-404", "failing", "HTTP_STATUS"),
    ("own-503", "failing", "HTTP_STATUS"),
    ("own-redirect", "failing", "HTTP_STATUS"),
    ("stranger", "failing", "IDENTITY_MISMATCH"),
]


@pytest.fixture(scope="module")
def server(module_lab):
    lab = module_lab
    upstreams = {
        "fine": lab.app(1).port,
        "refused": free_port(),
        "closed": lab.peer(peers.closes_at_once).port,
        "reset": lab.peer(peers.resets_at_once).port,
        "garbage": lab.peer(peers.says(b"SSH-2.0-not-http\r\n\r\n")).port,
        "slow": lab.peer(peers.until_gone).port,
        "own-500": lab.peer(peers.says(peers.answer(b"", "500 Oops"))).port,
        "own-404": lab.peer(peers.says(peers.answer(b"", "404 Not Found"))).port,
        "own-503": lab.peer(peers.says(peers.answer(b"no healthy upstream", "503 No"))).port,
        "own-redirect": lab.peer(peers.says(peers.answer(b"", "302 Found", ["Location: /x"]))).port,
        "stranger": lab.peer(peers.says(peers.answer(b"Hello from App 7\n"))).port,
    }
    upstreams["hangs"] = upstreams["slow"]
    clusters = [cluster(name, port) for name, port in upstreams.items()]
    clusters.append(cluster("no-endpoints"))
    routes = [redirect("/redirected"), route("/denied", "fine")]
    routes += [
        route("/" + name, name, **({"timeout": "0.1s"} if name == "slow" else {}))
        for name in [*upstreams, "no-endpoints", "no-cluster"]
        if name != "fine"
    ]
    routes.append(route("/app1", "fine"))
    gateway = lab.gateway(routes, clusters, filters=[deny("/denied")])
    tenants = [{"name": name, "route": "/" + name} for name, _, _ in ROWS]
    tenants[0]["route"] = "/app1"
    tenants[-1]["identity"] = "Hello from App 1"
    gateway_config = {
        "host": "apps.example.com",
        "service": "127.0.0.1",
        "port": gateway.port,
        "status_port": gateway.status_port,
        "stats_port": gateway.stats_port,
    }
    return lab.server({"gateway": gateway_config, "tenants": tenants})


@pytest.mark.parametrize(("tenant", "state", "reason"), ROWS)
def test_reason(server, tenant, state, reason):
    check = server.wait_check(f"tenant/{tenant}/routed", state, reason)
    assert check["last"]["evidence"]


def test_owner(server):
    server.wait_check("tenant/no-endpoints/routed", "failing", "GW_NO_ENDPOINTS")
    server.wait_check("tenant/denied/routed", "failing", "GW_DENIED")
    owners = {tenant["name"]: tenant["owner"] for tenant in server.status()["tenants"]}
    assert owners["no-endpoints"] == "tenant:no-endpoints"
    assert owners["denied"] == "gateway"
    assert owners["fine"] is None


def test_a_route_that_holds_what_identifies_it_is_fine(server):
    tenants = [*server.config["tenants"][:-1], {**server.config["tenants"][-1]}]
    tenants[-1]["identity"] = "Hello from App 7"
    before = server.config["tenants"]
    server.reload({"tenants": tenants})
    server.wait_check("tenant/stranger/routed", "passing")
    server.reload({"tenants": before})
    server.wait_check("tenant/stranger/routed", "failing", "IDENTITY_MISMATCH")
