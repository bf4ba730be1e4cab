"""The main job, over a real gateway: two apps, one is killed, named, survived, restored."""

import json

from stack.wait import wait_until
from support.raw import get


def tenant(status, name):
    return next(one for one in status["tenants"] if one["name"] == name)


def test_an_app_is_killed_named_survived_and_restored(lab):
    path = lab.path()
    server = path.responder
    wait_until(lambda: path.healthz() == (200, "healthy\n"), 20, "healthy through the gateway")
    answer = get(path.gateway.port, "/healthz")
    assert answer.header("server") == "istio-envoy"
    assert answer.header("x-envoy-upstream-service-time") is not None
    assert answer.header("cache-control") == "no-store"
    assert server.why().startswith("nothing is wrong")

    path.apps["app2"].kill()
    wait_until(lambda: path.healthz() == (200, "degraded\n"), 10, "degraded, and still 200")
    server.wait_check("tenant/app2/routed", "failing", "GW_UPSTREAM_CONNECT")
    server.wait_check("tenant/app2/direct", "failing", "CONNECT_REFUSED")
    assert server.check("tenant/app1/routed")["state"] == "passing"
    status = server.status()
    assert status["verdict"] == "degraded"
    assert tenant(status, "app2")["state"] == "unhealthy"
    assert tenant(status, "app2")["decided_by"] == "tenant/app2/routed"
    assert tenant(status, "app1")["state"] == "healthy"
    assert status["root_cause"]["tenant"] == "app2"
    why = server.why()
    assert "app2" in why and "app1" not in why
    assert get(server.probe_port, "/healthz/t/app2").status == 503
    assert get(path.gateway.port, "/healthz/t/app2").text == "unhealthy\n"
    assert get(path.gateway.port, "/app1").text == "Hello from App 1\n"
    assert get(path.gateway.port, "/app2").status == 503

    path.apps["app2"].start().wait_ready()
    wait_until(lambda: path.healthz() == (200, "healthy\n"), 10, "healthy again")
    changes = server.events("check_state")
    routed = [(one["old"], one["new"]) for one in changes if one["check"] == "tenant/app2/routed"]
    assert routed == [("pending", "passing"), ("passing", "failing"), ("failing", "passing")]
    failed = server.check("tenant/app2/routed")["failure"]
    assert failed["reason"] == "GW_UPSTREAM_CONNECT", "a pass does not push a failure out"


def test_only_the_direct_way_is_broken(lab):
    """Users are fine: a warning, not an outage."""
    path = lab.path()
    broken = json.loads(path.responder.config_file.read_text())["tenants"]
    broken[0]["backend"] = "http://127.0.0.1:1/health"
    path.responder.reload({"tenants": broken})
    path.responder.wait_check("tenant/app1/direct", "failing", "CONNECT_REFUSED")
    path.responder.wait_check("tenant/app1/routed", "passing")
    wait_until(lambda: path.healthz() == (200, "degraded\n"), 10, "degraded")
    assert tenant(path.responder.status(), "app1")["state"] == "degraded"
    assert get(path.responder.probe_port, "/healthz/t/app1").text == "degraded\n"
    assert get(path.responder.probe_port, "/healthz/strict").status == 200


def test_the_gateway_is_gone(lab):
    path = lab.path()
    path.responder.wait_check("tenant/app1/routed", "passing")
    path.gateway.kill()
    path.responder.wait_check("tenant/app1/routed", "failing", "CONNECT_REFUSED")
    path.responder.wait_check("tenant/app2/routed", "failing", "CONNECT_REFUSED")
    assert path.responder.check("tenant/app1/direct")["state"] == "passing"
    assert path.responder.healthz() == (200, "degraded\n")
    assert get(path.responder.probe_port, "/healthz/strict").status == 503
    path.gateway.start().wait_ready()
    path.responder.wait_healthz("healthy")
