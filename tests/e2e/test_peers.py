"""Backends that refuse, hang, lie and babble: one reason each, bounded memory, and a probe
is answered all the while."""

import time

import pytest

from stack.ports import free_port
from support import peers
from support.raw import Connection, request

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Refused:
    def __init__(self):
        self.port = free_port()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        pass


# name: (the peer, state, reason, keys of the check)
HTTP = {
    "refuses": (Refused, "CONNECT_REFUSED"),
    "never-accepts": (peers.Unreachable, "CONNECT_TIMEOUT"),
    "closes-at-once": (peers.closes_at_once, "PEER_CLOSED"),
    "resets-at-once": (peers.resets_at_once, "PEER_CLOSED"),
    "hangs-at-once": (peers.until_gone, "TIMEOUT"),
    "hangs-in-status-line": (peers.says_and_hangs(b"HTTP/1.1 2"), "TIMEOUT"),
    "hangs-in-head": (peers.says_and_hangs(OK + b"X-A: b\r\n"), "TIMEOUT"),
    "hangs-before-body": (peers.says_and_hangs(OK + b"Content-Length: 10\r\n\r\n"), "TIMEOUT"),
    "hangs-in-body": (peers.says_and_hangs(OK + b"Content-Length: 10\r\n\r\nabc"), "TIMEOUT"),
    "hangs-in-chunk": (peers.says_and_hangs(CHUNKED + b"a\r\nabc"), "TIMEOUT"),
    "half-a-status-line": (peers.says(b"HTTP/1.1 2"), "PROTOCOL"),
    "half-a-head": (peers.says(OK + b"Content-Le"), "PROTOCOL"),
    "resets-in-head": (peers.says_and_resets(OK + b"X-A: b\r\n"), "PROTOCOL"),
    "length-too-long": (peers.says(OK + b"Content-Length: 100\r\n\r\nshort"), "PROTOCOL"),
    "length-is-no-number": (peers.says(OK + b"Content-Length: ten\r\n\r\nx"), "PROTOCOL"),
    "two-lengths": (
        peers.says(OK + b"Content-Length: 1\r\nContent-Length: 9\r\n\r\nx"),
        "PROTOCOL",
    ),
    "resets-in-body": (peers.says_and_resets(OK + b"Content-Length: 9\r\n\r\nabc"), "PROTOCOL"),
    "bad-chunk": (peers.says(CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"), "PROTOCOL"),
    "cut-chunk": (peers.says(CHUNKED + b"a\r\nabc"), "PROTOCOL"),
    "garbage": (peers.says(bytes(range(256)) * 8), "PROTOCOL"),
    "speaks-ssh": (peers.says(b"SSH-2.0-OpenSSH_9\r\n"), "PROTOCOL"),
    "http-0-9": (peers.says(b"<html>hello</html>"), "PROTOCOL"),
    "http-9": (peers.says(b"HTTP/9.9 200 OK\r\n\r\n"), "PROTOCOL"),
    "endless-head": (
        peers.never_ends(OK, b"X-Fill: " + b"x" * 1000 + b"\r\n"),
        "TOO_LARGE",
    ),
    "endless-line": (peers.never_ends(OK + b"X-Fill: ", b"x" * 65536), "TOO_LARGE"),
    "endless-body": (peers.never_ends(OK + b"\r\n", b"x" * 65536), None),
    "endless-chunks": (peers.never_ends(CHUNKED, b"8\r\nabcdefgh\r\n" * 500), None),
    "endless-body-of-another": (peers.never_ends(OK + b"\r\n", b"x" * 65536), "BODY_MISMATCH"),
    "another-body": (peers.says(peers.answer(b"Hello\n")), "BODY_MISMATCH"),
    "empty-body": (peers.says(peers.answer(b"")), "BODY_MISMATCH"),
    "status-500": (peers.says(peers.answer(b"broken", "500 Broken")), "HTTP_STATUS"),
    "status-204": (peers.says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), None),
    "redirect": (
        peers.says(peers.answer(b"", "302 Found", ["Location: http://127.0.0.1:1/"])),
        "HTTP_STATUS",
    ),
    "compressed": (
        peers.says(peers.answer(b"\x1f\x8b\x08\0garbage", headers=["Content-Encoding: gzip"])),
        None,
    ),
    "control-bytes": (
        peers.says(peers.answer(b"\0\x1b[31m\r\n<script>\xff\xfe", "500 \x1b[2J")),
        "HTTP_STATUS",
    ),
    "continue-first": (peers.says(b"HTTP/1.1 100 Continue\r\n\r\n" + peers.answer()), None),
    "continue-for-ever": (peers.never_ends(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "TOO_LARGE"),
    "fine": (peers.says(peers.answer()), None),
}  # fmt: skip
CONTAINS = {"endless-body-of-another", "another-body", "empty-body"}

TCP = {
    "refuses": (Refused, {}, "CONNECT_REFUSED"),
    "never-accepts": (peers.Unreachable, {}, "CONNECT_TIMEOUT"),
    "connection-is-enough": (peers.until_gone, {}, None),
    "greets": (lambda c: c.sendall(b"220 hi\r\n"), {"expect": "220 "}, None),
    "another-greeting": (lambda c: c.sendall(b"554 no\r\n"), {"expect": "220 "}, "BODY_MISMATCH"),
    "closes": (peers.closes_at_once, {"expect": "220 "}, "PEER_CLOSED"),
    "silent": (peers.until_gone, {"expect": "220 "}, "TIMEOUT"),
    "babbles": (peers.babbles, {"expect": "no"}, "BODY_MISMATCH"),
    "asked": (peers.says(b"PONG\r\n"), {"send": "PING\r\n\r\n", "expect": "PONG"}, None),
}  # fmt: skip


def start_peer(lab, behave):
    return lab.keep(behave()) if isinstance(behave, type) else lab.peer(behave)


@pytest.fixture(scope="module")
def server(module_lab):
    module_lab.measure_memory()
    checks = []
    for name, (behave, _) in HTTP.items():
        check = {"name": f"http/{name}", "type": "http", "scope": "shared", "severity": "warning"}
        check["url"] = start_peer(module_lab, behave).url("/health")
        if name in CONTAINS:
            check["contains"] = "never there"
        checks.append(check)
    for name, (behave, keys, _) in TCP.items():
        target = f"127.0.0.1:{start_peer(module_lab, behave).port}"
        checks.append({"name": f"tcp/{name}", "type": "tcp", "scope": "shared",
                       "severity": "warning", "target": target, **keys})  # fmt: skip
    return module_lab.server({"checks": checks}, ready=False)


def expect(server, name, reason):
    check = server.wait_check(name, "failing" if reason else "passing", reason, deadline_s=40)
    evidence = check["last"]["evidence"]
    assert len(evidence) < 512
    assert all(ch.isprintable() for ch in evidence), evidence


@pytest.mark.parametrize("name", HTTP)
def test_http(server, name):
    expect(server, f"http/{name}", HTTP[name][1])


@pytest.mark.parametrize("name", TCP)
def test_tcp(server, name):
    expect(server, f"tcp/{name}", TCP[name][2])


def test_probes_are_answered_at_once_all_the_while(server):
    """All peers misbehave now; the fastest of three bad peers' timeouts is 400 ms."""
    slowest = 0
    with Connection(server.probe_port) as connection:
        for _ in range(300):
            began = time.monotonic()
            connection.send(request("/healthz"))
            assert connection.read().text == "degraded\n"
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < 0.25, f"{slowest:.3f} s"


def test_memory_stays_bounded(server):
    """Endless peers are read to a limit and let go: a hundred runs more cost nothing."""

    def runs():
        return server.check("http/endless-body")["runs"]

    assert runs() >= 2
    before, start = server.memory_kib(), runs()
    server.wait_for(lambda: runs() >= start + 20, 60, "20 more runs of an endless body")
    assert server.memory_kib() - before < 16 * 1024
