"""Answers are replaced many times a second while they are being given. Nothing fails, and
ThreadSanitizer sees the swaps of answers and snapshots (make test-tsan)."""

import itertools
import json
import threading

import pytest

from stack.wait import wait_until
from support import peers
from support.raw import Connection, get, request

pytestmark = pytest.mark.publication


def flapping():
    """A peer that answers 200 and 500 in turns."""
    turn = itertools.count()

    def behave(connection):
        peers.read_head(connection)
        status = "200 OK" if next(turn) % 2 else "500 No"
        connection.sendall(peers.answer(status=status))

    return behave


class Hammer(threading.Thread):
    """Asks one path over and over; keeps what it was told."""

    def __init__(self, port, path, stop, keep_alive):
        super().__init__()
        self.port, self.path, self.stop, self.keep_alive = port, path, stop, keep_alive
        self.count, self.bad, self.bodies = 0, [], set()

    def run(self):
        try:
            while not self.stop.is_set():
                self._some()
        except Exception as error:
            self.bad.append(repr(error))

    def _some(self):
        with Connection(self.port) as connection:
            for _ in range(50 if self.keep_alive else 1):
                connection.send(request(self.path))
                answer = connection.read()
                self.count += 1
                self.bodies.add(answer.text)
                if answer.status not in (200, 503):
                    self.bad.append(answer)


def test_many_transitions_under_load_fail_no_request(lab):
    fast = {"interval": "50ms", "fast_interval": "50ms", "down_interval": "50ms",
            "timeout": "50ms", "connect_timeout": "50ms", "rise": 1, "fall": 1}  # fmt: skip
    names = [f"t{i}" for i in range(20)]
    server = lab.server({
        "defaults": fast,
        "tenants": [{"name": name, "backend": lab.peer(flapping()).url()} for name in names],
    })  # fmt: skip
    stop = threading.Event()
    hammers = [Hammer(server.probe_port, path, stop, keep_alive) for path, keep_alive in (
        ("/healthz", True), ("/healthz", False), ("/healthz/strict", True),
        ("/healthz/t/t3", True), ("/readyz", False))]  # fmt: skip
    hammers += [Hammer(server.detail_port, path, stop, keep_alive) for path, keep_alive in (
        ("/status", True), ("/metrics", False), ("/checks/tenant/t1/direct", True),
        ("/", True))]  # fmt: skip
    for hammer in hammers:
        hammer.start()
    try:
        wait_until(lambda: server.status()["engine"]["transitions"] > 400, 60, "400 transitions")
        wait_until(lambda: all(hammer.count > 100 for hammer in hammers), 60, "100 asks of each")
    finally:
        stop.set()
        for hammer in hammers:
            hammer.join()
    assert [hammer.bad for hammer in hammers] == [[] for _ in hammers]
    assert hammers[0].bodies <= {"healthy\n", "degraded\n"}
    assert hammers[2].bodies == {"unhealthy\n"} | (hammers[2].bodies - {"unhealthy\n"})
    assert hammers[3].bodies >= {"healthy\n", "unhealthy\n"}, "the tenant was seen in both states"
    assert hammers[4].bodies == {"ready\n"}


def test_reloads_runs_and_the_drain_under_load(lab):
    token = lab.file("token", "t")
    token.chmod(0o600)
    peer = lab.peer(flapping())
    check = {"type": "http", "url": peer.url(), "interval": "50ms", "timeout": "50ms",
             "fast_interval": "50ms", "rise": 1, "fall": 1}  # fmt: skip
    server = lab.server({
        "auth": {"token_file": str(token)},
        "drain": {"delay": "300ms", "timeout": "1s"},
        "checks": [{"name": "c0", **check}],
    })  # fmt: skip
    stop = threading.Event()
    hammers = [
        Hammer(server.probe_port, "/healthz", stop, True),
        Hammer(server.probe_port, "/healthz", stop, False),
        Hammer(server.detail_port, "/status", stop, True),
        Hammer(server.detail_port, "/config", stop, False),
    ]
    for hammer in hammers:
        hammer.start()
    try:
        for i in range(1, 15):
            server.reload({"checks": [{"name": f"c{i}", **check}, {"name": "kept", **check}]})
            wait_until(
                lambda i=i: get(server.detail_port, f"/checks/c{i}").status == 200, 10, "taken"
            )
            get(server.detail_port, "/checks/kept/run", "POST", [("Authorization", "Bearer t")])
        status = json.loads(get(server.detail_port, "/status").text)
        assert status["reload"]["loaded"] == 15
    finally:
        stop.set()
        for hammer in hammers:
            hammer.join()
    assert [hammer.bad for hammer in hammers] == [[] for _ in hammers]
    assert server.stop(10) == 0
