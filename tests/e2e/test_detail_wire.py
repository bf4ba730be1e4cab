"""The detail port: every row of its table, in every form."""

import json
import re
import time

import pytest

from stack.wait import wait_until
from support import peers
from support.lab import metric_value
from support.raw import Connection, get, request


@pytest.fixture(scope="module")
def server(module_lab):
    """One healthy tenant, one broken one, a broken shared check and one that waits for it."""
    app = module_lab.app(1)
    down = peers.Peer(peers.closes_at_once)
    down.close()
    server = module_lab.server(
        {
            "tenants": [
                {"name": "good", "backend": app.url("/health")},
                {"name": "bad", "backend": down.url()},
            ],
            "checks": [
                {"name": "shared/db", "type": "tcp", "target": f"127.0.0.1:{down.port}",
                 "severity": "info"},
                {"name": "shared/table", "type": "tcp", "target": f"127.0.0.1:{app.port}",
                 "severity": "warning", "depends_on": ["shared/db"]},
            ],
        }
    )  # fmt: skip
    server.wait_check("tenant/good/direct", "passing")
    server.wait_check("tenant/bad/direct", "failing", "CONNECT_REFUSED")
    server.wait_check("shared/db", "failing", "CONNECT_REFUSED")
    server.wait_check("shared/table", "blocked", "BLOCKED_BY")
    return server


@pytest.fixture(scope="module")
def port(server):
    return server.detail_port


def body(port, path, status=200, **options):
    answer = get(port, path, **options)
    assert answer.status == status, (path, answer)
    return answer.text


ROWS = [
    ("/", 200, "text/html; charset=utf-8"),
    ("/status", 200, "application/json"),
    ("/status?format=json", 200, "application/json"),
    ("/status?format=health", 200, "application/health+json"),
    ("/status?format=text", 200, "text/plain; charset=utf-8"),
    ("/healthz", 200, "text/plain; charset=utf-8"),
    ("/healthz?verbose", 200, "text/plain; charset=utf-8"),
    ("/readyz", 200, "text/plain; charset=utf-8"),
    ("/readyz?verbose", 200, "text/plain; charset=utf-8"),
    ("/livez", 200, "text/plain; charset=utf-8"),
    ("/livez?verbose", 200, "text/plain; charset=utf-8"),
    ("/why", 200, "text/plain; charset=utf-8"),
    ("/path", 200, "application/json"),
    ("/path?format=text", 200, "text/plain; charset=utf-8"),
    ("/path/bad", 200, "application/json"),
    ("/path/nothing", 404, "text/plain; charset=utf-8"),
    ("/timeline", 200, "application/json"),
    ("/census", 200, "application/json"),
    ("/timing", 200, "application/json"),
    ("/timing?format=text", 200, "text/plain; charset=utf-8"),
    ("/timing?format=svg", 200, "image/svg+xml"),
    ("/checks/tenant/bad/direct", 200, "application/json"),
    ("/checks/tenant/bad/direct?format=text", 200, "text/plain; charset=utf-8"),
    ("/config", 200, "application/json"),
    ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
    ("/nothing", 404, "text/plain; charset=utf-8"),
    ("/checks/nothing", 404, "text/plain; charset=utf-8"),
    ("/status?check=nothing", 404, "text/plain; charset=utf-8"),
    ("/status?tenant=nothing", 404, "text/plain; charset=utf-8"),
    ("/status?format=yaml", 400, "text/plain; charset=utf-8"),
    ("/status%00", 404, "text/plain; charset=utf-8"),
]


@pytest.mark.parametrize(("path", "status", "media_type"), ROWS)
def test_row(port, path, status, media_type):
    answer = get(port, path)
    assert (answer.status, answer.header("content-type")) == (status, media_type)
    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-responder"), "every answer names the pod"
    assert int(answer.header("content-length")) == len(answer.body) > 0
    head = get(port, path, "HEAD")
    assert (head.status, head.body) == (status, b"")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json"),
        ("application/health+json", "application/health+json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain;q=0.5, application/json", "application/json"),
        ("application/json;q=0, text/plain", "text/plain; charset=utf-8"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        (";;;,,=q", "application/json"),
    ],
)
def test_accept_chooses_the_form(port, accept, media_type):
    assert get(port, "/status", headers=[("Accept", accept)]).header("content-type") == media_type


def test_status_json(server):
    status = server.status()
    assert status["verdict"] == "degraded"
    assert status["policies"] == {"serve": "degraded", "quorum": "degraded", "strict": "unhealthy"}
    assert {t["name"]: t["state"] for t in status["tenants"]} == {
        "good": "healthy",
        "bad": "unhealthy",
    }
    assert {c["name"] for c in status["checks"]} == {
        "tenant/good/direct",
        "tenant/bad/direct",
        "shared/db",
        "shared/table",
    }
    assert status["life"] == "ready"
    bad = next(tenant for tenant in status["tenants"] if tenant["name"] == "bad")
    assert (bad["reason"], bad["owner"]) == ("CONNECT_REFUSED", "tenant:bad")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("check=tenant/bad/direct", {"tenant/bad/direct"}),
        ("check=tenant", {"tenant/good/direct", "tenant/bad/direct"}),
        ("check=tenant/bad", {"tenant/bad/direct"}),
        ("tenant=good", {"tenant/good/direct"}),
        ("state=failing", {"tenant/bad/direct", "shared/db"}),
        ("state=blocked", {"shared/table"}),
        ("state=failing&tenant=bad", {"tenant/bad/direct"}),
        ("state=stale", set()),
        ("tenant=g%6Fod", {"tenant/good/direct"}),
    ],
)
def test_filters(port, query, expected):
    status = json.loads(body(port, f"/status?format=json&{query}"))
    assert {check["name"] for check in status["checks"]} == expected


def test_text_fits_a_terminal(port):
    text = body(port, "/status?format=text")
    assert max(map(len, text.splitlines())) <= 80
    assert "tenant/bad/direct" in text and "CONNECT_REFUSED" in text


def test_health_json(port):
    health = json.loads(body(port, "/status?format=health"))
    assert health["status"] == "warn"
    assert any("tenant/bad/direct" in key for key in health["checks"])


def test_verbose(port):
    lines = body(port, "/healthz?verbose").splitlines()
    assert "[+]tenant/good/direct ok" in lines
    assert any(line.startswith("[-]tenant/bad/direct failed: CONNECT_REFUSED") for line in lines)
    without = body(port, "/healthz?verbose&exclude=tenant/bad/direct&exclude=none")
    assert "[-]tenant/bad/direct" not in without
    assert '"none"' in without, "an exclusion that matches nothing is named"
    assert body(port, "/healthz") == "degraded\n"
    assert body(port, "/readyz") == "ready\n"
    assert body(port, "/livez") == "live\n"


def test_why_is_one_line_with_the_reason(port):
    why = body(port, "/why")
    assert why.count("\n") == 1
    assert "CONNECT_REFUSED" in why


def test_one_check_with_its_evidence(server):
    check = server.check("tenant/bad/direct")
    assert check["last"]["kind"] == "fail"
    assert check["last"]["reason"] == "CONNECT_REFUSED"
    assert "refused" in check["last"]["evidence"]
    assert check["last"]["remote"].startswith("127.0.0.1:")
    assert check["last"]["phases_us"]["total"] >= 0
    assert server.check("shared/table")["blocked_by"] == "shared/db"


def test_config_shows_what_runs(server):
    shown = json.loads(body(server.detail_port, "/config"))
    assert shown["file"] == str(server.config_file)
    assert re.fullmatch(r"[0-9a-f]{64}", shown["hash"])
    assert shown["reload"]["errors"] == []
    assert shown["config"]["defaults"]["interval"] == "400ms"


def sample_names(text):
    return {re.match(r"[a-zA-Z_:][\w:]*", line)[0]
            for line in text.splitlines() if not line.startswith("#")}  # fmt: skip


def test_metrics(port):
    get(port, "/status")
    text = body(port, "/metrics")
    families = sample_names(text)
    for name in ("check_state", "verdict", "tenant_state", "engine_lag_seconds",
                 "engine_longest_turn_seconds", "config_last_reload_successful",
                 "probes_total", "check_runs_total", "override_active"):  # fmt: skip
        assert "health_responder_" + name in families
    state = "health_responder_check_state"
    assert metric_value(text, state, check="tenant/bad/direct", state="failing") == 1
    assert metric_value(text, state, check="tenant/bad/direct", state="passing") == 0
    assert metric_value(text, "health_responder_verdict", policy="strict", verdict="unhealthy") == 1
    assert metric_value(text, "health_responder_verdict", policy="serve", verdict="degraded") == 1


def test_metrics_are_well_formed(port):
    """Each family: HELP and TYPE once, then its samples together, each series once."""
    for accept, end in (
        ("text/plain", ""),
        ("application/openmetrics-text; version=1.0.0", "# EOF"),
    ):
        text = body(port, "/metrics", headers=[("Accept", accept)])
        assert text.endswith(end + "\n")
        described, series, current = [], set(), None
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                current = line.split()[2]
                assert current not in described, f"{current} comes twice"
                described.append(current)
            elif not line.startswith("#"):
                head, value = line.rsplit(" ", 1)
                float(value)
                assert head not in series, f"{head} comes twice"
                series.add(head)
                assert head.startswith(current), f"{head} below {current}"
    assert text.splitlines()[-1] == "# EOF"


def test_openmetrics_by_accept(port):
    accept = "application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4;q=0.5"
    answer = get(port, "/metrics", headers=[("Accept", accept)])
    assert answer.header("content-type") == (
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )


def test_probes_are_counted_exactly(server):
    labels = {"path": "strict", "answer": "unhealthy"}
    before = server.metric("health_responder_probes_total", **labels)
    for _ in range(25):
        assert get(server.probe_port, "/healthz/strict").status == 503
    assert server.metric("health_responder_probes_total", **labels) == before + 25


def test_the_page(port):
    answer = get(port, "/")
    assert "default-src 'none'" in answer.header("content-security-policy")
    assert "tenant/bad/direct" in answer.text
    assert "<script" not in answer.text
    assert not re.search(r'(src|href)="(https?:)?//', answer.text), "nothing external"


def test_bad_framing_is_refused(port):
    with Connection(port) as connection:
        connection.send(request("/status", host=None))
        assert connection.read().status == 400
        assert connection.is_closed()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_without_a_token(port, method):
    for path in ("/status", "/checks/tenant/bad/direct/run", "/nothing"):
        assert get(port, path, method).status == 403


def test_a_slow_dashboard_does_not_delay_a_probe(server):
    """Clients that ask for everything and read nothing."""
    slow = []
    for _ in range(20):
        connection = Connection(server.detail_port)
        connection.send(request("/status") * 20)
        slow.append(connection)
    worst = 0
    for _ in range(50):
        began = time.monotonic()
        assert get(server.probe_port, "/healthz").status == 200
        worst = max(worst, time.monotonic() - began)
    assert worst < 0.25, f"{worst:.3f} s"
    for connection in slow:
        connection.close()
    wait_until(lambda: get(server.detail_port, "/why").status == 200, 10, "the port goes on")


def test_no_detail_port(lab):
    server = lab.server({"listen": {"detail": "none"}})
    assert server.healthz() == (200, "healthy\n")
