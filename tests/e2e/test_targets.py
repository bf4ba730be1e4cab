"""Targets that no check may reach, and the list that permits them."""

import socket

import pytest

from stack.ports import free_port
from support import peers

REFUSED = "LOCAL_TARGET_REFUSED"


def http(name, url, **keys):
    return {"name": name, "type": "http", "url": url, "severity": "warning", **keys}


def tcp(name, target, **keys):
    return {"name": name, "type": "tcp", "target": target, "severity": "warning", **keys}


def test_link_local_metadata_and_own_ports_are_refused(lab):
    probe, detail = free_port(), free_port()
    fine = lab.peer(peers.says(peers.answer()))
    checks = [
        http("metadata", "http://169.254.169.254/metadata/instance"),
        http("metadata-mapped", "http://[::ffff:169.254.169.254]/"),
        http("link-local", "http://169.254.1.1:80/"),
        http("link-local-6", "http://[fe80::1]:80/"),
        http("metadata-name", "http://metadata.google.internal/"),
        tcp("metadata-tcp", "169.254.169.254:80"),
        http("behind-a-url", "http://example.com/", connect="169.254.169.254:80"),
        http("own-probe", f"http://127.0.0.1:{probe}/healthz"),
        http("own-probe-6", f"http://[::1]:{probe}/healthz"),
        http("own-probe-other", f"http://127.9.9.9:{probe}/healthz"),
        http("own-probe-any", f"http://0.0.0.0:{probe}/healthz"),
        tcp("own-detail", f"127.0.0.1:{detail}"),
    ]
    server = lab.server(
        {
            "listen": {"probe": f"[::]:{probe}", "detail": f"127.0.0.1:{detail}"},
            "checks": [*checks, http("fine", fine.url())],
        }
    )
    server.wait_check("fine", "passing")
    for check in checks:
        last = server.wait_outcome(check["name"], REFUSED)
        assert last["evidence"].startswith("refused: ")
        assert server.check(check["name"])["state"] != "passing"
    assert server.metric("health_responder_probes_total", path="healthz", answer="healthy") == 0


def test_allow_targets_permits(lab):
    probe = free_port()
    server = lab.server(
        {
            "listen": {"probe": f"127.0.0.1:{probe}"},
            "engine": {"allow_targets": ["127.0.0.1", "169.254.77.0/24"]},
            "checks": [
                tcp("own-probe", f"127.0.0.1:{probe}"),
                http("allowed", "http://169.254.77.1:1/", connect_timeout="100ms"),
                http("not-allowed", "http://169.254.78.1:1/"),
            ],
        }
    )
    server.wait_check("own-probe", "passing")
    server.wait_outcome("not-allowed", REFUSED)
    server.wait_for(lambda: server.check("allowed")["last"], 10, "an outcome")
    assert server.check("allowed")["last"]["reason"] != REFUSED


def test_an_abstract_own_socket_is_refused(lab):
    name = f"@health-responder-test-{free_port()}"
    server = lab.server({
        "listen": {"probe": f"unix:{name}", "detail": f"127.0.0.1:{free_port()}"},
        "checks": [tcp("own", f"unix:{name}")],
    }, ready=False)  # fmt: skip
    server.wait_outcome("own", REFUSED)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6_targets_work(lab):
    try:
        listener = socket.create_server(("::1", free_port()), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback address")
    with listener:
        server = lab.server({"checks": [tcp("six", f"[::1]:{listener.getsockname()[1]}")]})
        server.wait_check("six", "passing")


def test_proxies_of_the_environment_are_ignored(lab):
    fine = lab.peer(peers.says(peers.answer()))
    proxy = lab.peer(peers.says(peers.answer(b"proxy", "500 Proxy")))
    url = f"http://127.0.0.1:{proxy.port}"
    lab.env |= {"http_proxy": url, "HTTP_PROXY": url, "ALL_PROXY": url, "all_proxy": url}
    server = lab.server({"checks": [http("fine", fine.url())]})
    server.wait_check("fine", "passing")
    assert proxy.connections == 0


def test_redirects_are_not_followed(lab):
    goal = lab.peer(peers.says(peers.answer()))
    moved = lab.peer(peers.says(peers.answer(b"", "302 Found", [f"Location: {goal.url()}"])))
    server = lab.server(
        {"checks": [http("moved", moved.url()), http("permitted", moved.url(), expect="302")]}
    )
    server.wait_check("moved", "failing", "HTTP_STATUS")
    server.wait_check("permitted", "passing")
    assert goal.connections == 0
