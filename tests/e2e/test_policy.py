"""Verdicts: the policies side by side, and the override."""

import datetime

import pytest

from stack.wait import wait_until
from support import peers
from support.raw import get


def soon(**delta):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)).isoformat()


@pytest.fixture
def down():
    peer = peers.Peer(peers.closes_at_once)
    peer.close()
    return peer


def says(server, path):
    answer = get(server.probe_port, path)
    return answer.status, answer.text.strip()


def tenants(good, bad, app, down):
    return [{"name": f"good{i}", "backend": app.url("/health")} for i in range(good)] + [
        {"name": f"bad{i}", "backend": down.url()} for i in range(bad)
    ]


@pytest.mark.parametrize(
    ("good", "bad", "min_healthy", "quorum"),
    [
        (2, 1, "50%", (200, "degraded")),
        (1, 1, "50%", (200, "degraded")),
        (1, 2, "50%", (503, "unhealthy")),
        (0, 2, "1%", (503, "unhealthy")),
        (2, 1, "100%", (503, "unhealthy")),
    ],
)
def test_quorum(lab, down, good, bad, min_healthy, quorum):
    app = lab.app(1)
    server = lab.server({
        "tenants": tenants(good, bad, app, down),
        "verdict": {"policy": "quorum", "pool_members": 3, "min_healthy": min_healthy},
    })  # fmt: skip
    for i in range(bad):
        server.wait_check(f"tenant/bad{i}/direct", "failing", "CONNECT_REFUSED")
    for i in range(good):
        server.wait_check(f"tenant/good{i}/direct", "passing")
    assert says(server, "/healthz") == quorum
    assert says(server, "/healthz/quorum") == quorum
    assert says(server, "/healthz/serve") == (200, "degraded")
    assert says(server, "/healthz/strict") == (503, "unhealthy")


def test_strict_and_back(lab):
    app = lab.app(1)
    server = lab.server({
        "tenants": [{"name": "a", "backend": app.url("/health")}],
        "verdict": {"policy": "strict", "pool_members": 2},
    }).wait_healthz("healthy")  # fmt: skip
    app.kill()
    server.wait_healthz("unhealthy", 503)
    assert says(server, "/healthz/serve") == (200, "degraded")
    assert says(server, "/readyz") == (200, "ready"), "never depends on a backend"
    app.start().wait_ready()
    server.wait_healthz("healthy")


def test_a_tenant_that_is_not_critical(lab, down):
    server = lab.server(
        {"tenants": [{"name": "side", "critical": False, "backend": down.url()}]}
    ).wait_healthz("degraded")
    server.wait_check("tenant/side/direct", "failing", "CONNECT_REFUSED")
    assert says(server, "/healthz/strict") == (200, "degraded")
    assert says(server, "/healthz/quorum") == (200, "degraded")
    assert says(server, "/healthz/t/side") == (503, "unhealthy")


@pytest.mark.parametrize(
    ("severity", "strict", "serve"),
    [
        ("critical", (503, "unhealthy"), (200, "degraded")),
        ("warning", (200, "degraded"), (200, "degraded")),
        ("info", (200, "healthy"), (200, "healthy")),
    ],
)
def test_severity_of_a_shared_check(lab, down, severity, strict, serve):
    check = {"name": "db", "type": "tcp", "target": f"127.0.0.1:{down.port}",
             "severity": severity}  # fmt: skip
    server = lab.server({"checks": [check]})
    server.wait_check("db", "failing", "CONNECT_REFUSED")
    assert says(server, "/healthz/strict") == strict
    assert says(server, "/healthz/serve") == serve


def test_an_override_ends_by_itself(lab):
    override = {"verdict": "unhealthy", "reason": "move users away", "until": soon(seconds=3)}
    server = lab.server({"verdict": {"override": override}})
    assert says(server, "/healthz") == (503, "unhealthy")
    assert server.metric("health_responder_override_active") == 1
    assert "move users away" in server.why()
    assert "move users away" in get(server.detail_port, "/status?format=text").text
    assert "move users away" in get(server.detail_port, "/").text
    assert server.status()["override"]["active"] is True
    server.wait_healthz("healthy")
    assert server.metric("health_responder_override_active") == 0
    assert server.why().startswith("nothing is wrong")


def test_an_expired_override_does_nothing(lab):
    override = {"verdict": "unhealthy", "reason": "long ago", "until": soon(days=-1)}
    server = lab.server({"verdict": {"override": override}})
    assert says(server, "/healthz") == (200, "healthy")
    assert server.status()["override"]["active"] is False


def test_an_override_holds_a_failing_server_green(lab, down):
    server = lab.server({
        "tenants": tenants(0, 1, None, down),
        "verdict": {
            "policy": "strict", "pool_members": 2,
            "override": {"verdict": "healthy", "reason": "known", "until": soon(hours=1)}},
    })  # fmt: skip
    server.wait_check("tenant/bad0/direct", "failing", "CONNECT_REFUSED")
    assert says(server, "/healthz") == (200, "healthy")
    assert says(server, "/healthz/strict") == (503, "unhealthy"), "goes on measuring"
    server.reload({"verdict": {"override": {"until": soon(days=-1)}}})
    server.wait_healthz("unhealthy", 503)


def test_every_policy_is_a_metric(lab, down):
    server = lab.server({"tenants": tenants(0, 1, None, down)})
    server.wait_check("tenant/bad0/direct", "failing", "CONNECT_REFUSED")
    for policy, verdict in (
        ("serve", "degraded"),
        ("quorum", "unhealthy"),
        ("strict", "unhealthy"),
    ):
        assert server.metric("health_responder_verdict", policy=policy, verdict=verdict) == 1
    assert server.metric("health_responder_policy", policy="serve") == 1
    assert server.metric("health_responder_answer", verdict="degraded") == 1


def test_a_stale_check_degrades(lab):
    """Its runs wait behind one that holds the only place."""
    hang, app = lab.peer(peers.until_gone), lab.app(1)
    check = {"type": "http", "severity": "critical"}
    server = lab.server({
        "engine": {"concurrency": 1, "stale_after": 1},
        "checks": [
            {"name": "quick", "url": app.url("/health"), **check, "interval": "100ms",
             "timeout": "100ms", "fast_interval": "50ms"},
            {"name": "slow", "url": hang.url(), **check, "interval": "3s", "timeout": "3s",
             "fast_interval": "50ms", "severity": "info"},
        ],
    })  # fmt: skip
    wait_until(lambda: server.check("quick")["state"] == "stale", 20, "quick is stale")
    assert says(server, "/healthz") == (200, "degraded")
    assert says(server, "/healthz/strict") == (200, "degraded"), "not knowing is not failing"
