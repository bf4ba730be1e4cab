"""Descriptors, threads and memory: the same before and after."""

from stack.wait import wait_until
from support import peers
from support.raw import Connection, get, request


def test_nothing_leaks(lab):
    lab.measure_memory()
    fine = lab.peer(peers.says(peers.answer()))
    hang = lab.peer(peers.until_gone)
    rst = lab.peer(peers.resets_at_once)
    http = {"type": "http", "severity": "warning"}
    checks = [
        {"name": "fine", **http, "url": fine.url()},
        {"name": "hang", **http, "url": hang.url()},
        {"name": "reset", **http, "url": rst.url()},
        {"name": "refused", "type": "tcp", "target": "127.0.0.1:1", "severity": "warning"},
    ]
    quiet = {"name": "quiet", "type": "tcp", "target": f"127.0.0.1:{fine.port}",
             "interval": "1h", "timeout": "1s"}  # fmt: skip
    server = lab.server({"checks": [quiet], "verdict": {"start_grace": "0s"}})

    def settled(count):
        """The descriptors once nothing is under way; what is kept for reuse counts."""
        wait_until(lambda: len(server.fds()) <= count, 15, f"at most {count} descriptors")
        return len(server.fds())

    # Everything that is allocated once, and what an allocator keeps.
    def round_of_everything():
        server.reload({"checks": [quiet, *checks]})
        wait_until(lambda: get(server.detail_port, "/checks/reset").status == 200, 10, "taken")
        server.wait_check("fine", "passing")
        server.wait_check("hang", "failing", "TIMEOUT")
        server.wait_check("reset", "failing", "PEER_CLOSED")
        with Connection(server.probe_port) as connection:
            for _ in range(100):
                connection.send(request("/healthz"))
                assert connection.read().status == 200
        for path in ("/", "/status", "/metrics", "/config", "/nothing"):
            get(server.detail_port, path)
        server.reload({"checks": [quiet]})
        wait_until(lambda: get(server.detail_port, "/checks/reset").status == 404, 10, "gone")

    for _ in range(2):
        round_of_everything()
    fds = settled(64)
    threads, memory = server.threads(), server.memory_kib()
    for _ in range(5):
        round_of_everything()
    settled(fds)
    assert server.threads() == threads
    assert server.memory_kib() < memory + 16 * 1024


def test_three_threads(lab):
    """Engine, probe front, detail front; a sanitizer may add one of its own."""
    server = lab.server({})
    assert 3 <= server.threads() <= 4
