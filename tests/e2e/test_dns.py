"""Names: real answers, missing ones, and servers that say nothing."""

import time

import pytest

from support.dnsmasq import Dnsmasq
from support.peers import SilentDns, answer, says
from support.raw import Connection, request

LONGEST_TURN = "health_responder_engine_longest_turn_seconds"


def tenant(name, host, port):
    return {"name": name, "backend": f"http://{host}:{port}/health"}


@pytest.fixture
def peer(lab):
    return lab.peer(says(answer()))


def test_a_silent_name_server_stops_nothing(lab):
    dns = lab.keep(SilentDns())
    server = lab.server(
        {
            "resolver": {"servers": [dns.address], "timeout": "5s"},
            "tenants": [tenant(f"t{i}", f"app{i}.nowhere.example.", 80) for i in range(20)],
        },
        ready=False,
    )
    server.wait_check("tenant/t0/direct", "failing", "DNS_TIMEOUT")
    server.wait_check("tenant/t19/direct", "failing", "DNS_TIMEOUT")
    slowest = 0
    with Connection(server.probe_port) as connection:
        for _ in range(200):
            began = time.monotonic()
            connection.send(request("/healthz"))
            assert connection.read().status == 200
            slowest = max(slowest, time.monotonic() - began)
    assert dns.questions >= 20
    longest = server.metric(LONGEST_TURN)
    print(f"DNS dead: longest turn {longest * 1000:.2f} ms, slowest probe {slowest * 1000:.2f} ms")
    assert longest < 0.25
    assert slowest < 0.25


def test_no_name_server_at_all(lab):
    dns = SilentDns()
    dns.close()
    server = lab.server(
        {
            "resolver": {"servers": [dns.address]},
            "tenants": [tenant("a", "app.nowhere.example.", 80)],
        }
    )
    server.wait_check("tenant/a/direct", "failing", "DNS_TIMEOUT")


def test_names_from_a_real_server(lab, peer):
    dns = lab.keep(
        Dnsmasq(
            lab.folder,
            [
                "host-record=app.ns.svc.test,127.0.0.1",
                "txt-record=empty.test,nothing",
                "cname=alias.test,app.ns.svc.test",
                "host-record=meta.test,169.254.169.254",
                "local=/ns/",  # another search domain's turn comes after "no such name"
            ],
        )
    )
    dns.start().wait_ready()
    server = lab.server(
        {
            "resolver": {"servers": [dns.address], "search": ["svc.test"]},
            "tenants": [
                tenant("good", "app.ns.svc.test.", peer.port),
                tenant("alias", "alias.test.", peer.port),
                tenant("short", "app.ns", peer.port),
                tenant("missing", "nobody.test.", peer.port),
                tenant("empty", "empty.test.", peer.port),
                tenant("metadata", "meta.test.", 80),
            ],
        }
    )
    for name in ("good", "alias", "short"):
        server.wait_check(f"tenant/{name}/direct", "passing")
    server.wait_check("tenant/missing/direct", "failing", "DNS_NXDOMAIN")
    server.wait_check("tenant/empty/direct", "failing", "DNS_NO_ADDRESS")
    server.wait_outcome("tenant/metadata/direct", "LOCAL_TARGET_REFUSED")


def test_a_trailing_dot_is_not_sent_in_host(lab):
    seen = []

    def behave(connection):
        seen.append(connection.recv(65536).decode())
        connection.sendall(answer())

    peer = lab.peer(behave)
    dns = lab.keep(Dnsmasq(lab.folder, ["host-record=app.test,127.0.0.1"]))
    dns.start().wait_ready()
    server = lab.server(
        {
            "resolver": {"servers": [dns.address]},
            "tenants": [tenant("a", "app.test.", peer.port)],
        }
    )
    server.wait_check("tenant/a/direct", "passing")
    assert f"\r\nHost: app.test:{peer.port}\r\n" in seen[0]


def test_one_of_two_addresses_is_down(lab):
    """`every_address`: one dead pod behind a headless name is seen."""
    import socket

    from stack.ports import free_port

    port = free_port()
    listener = socket.create_server(("127.0.0.1", port))
    dns = lab.keep(
        Dnsmasq(lab.folder, ["host-record=pods.test,127.0.0.1", "host-record=pods.test,127.0.0.2"])
    )
    dns.start().wait_ready()
    check = {"type": "tcp", "target": f"pods.test.:{port}", "severity": "warning"}
    server = lab.server(
        {
            "resolver": {"servers": [dns.address]},
            "checks": [
                {"name": "every", "every_address": True, **check},
                {"name": "other", **check, "target": f"nobody.test.:{port}"},
            ],
        }
    )
    failing = server.wait_check("every", "failing", "CONNECT_REFUSED")
    assert failing["last"]["addresses_total"] == 2
    assert failing["last"]["addresses_failed"] == 1
    assert "127.0.0.2" in failing["last"]["evidence"]
    listener.close()


def test_the_name_server_comes_back(lab, peer):
    dns = lab.keep(Dnsmasq(lab.folder, ["host-record=app.test,127.0.0.1"]))
    server = lab.server(
        {
            "resolver": {"servers": [dns.address], "timeout": "100ms"},
            "tenants": [tenant("a", "app.test.", peer.port)],
        }
    )
    server.wait_check("tenant/a/direct", "failing", "DNS_TIMEOUT")
    dns.start().wait_ready()
    server.wait_check("tenant/a/direct", "passing")
