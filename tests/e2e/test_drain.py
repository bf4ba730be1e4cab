"""The orderly end: Kubernetes moves traffic away while Application Gateway sees no failure."""

import signal
import socket

from stack.wait import wait_until
from support.raw import Connection, get, request

# A request whose body has not come yet.
HALF = request("/healthz", headers=[("Content-Length", "4")])


def readyz(server):
    answer = get(server.probe_port, "/readyz")
    return answer.status, answer.text


def refuses(server):
    try:
        socket.create_connection(("127.0.0.1", server.probe_port), 1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_sigterm_drains(lab):
    app = lab.app(1)
    server = lab.server(
        {
            "drain": {"delay": "1500ms", "timeout": "5s"},
            "tenants": [{"name": "a", "backend": app.url("/health")}],
        }
    ).wait_healthz("healthy")
    kept = Connection(server.probe_port)
    kept.send(request("/healthz"))
    assert kept.read().header("connection") is None

    server.signal(signal.SIGTERM)
    wait_until(lambda: readyz(server) == (503, "draining\n"), 1, "not ready at once")
    answer = get(server.probe_port, "/healthz", headers=[("X-Fresh", "1")])
    assert (answer.status, answer.text) == (200, "healthy\n")
    kept.send(request("/healthz"))
    answer = kept.read()
    assert (answer.status, answer.text) == (200, "healthy\n")
    assert answer.header("connection") == "close"
    assert kept.is_closed()
    for path, status in (("/livez", 200), ("/healthz/strict", 200), ("/healthz/t/a", 200),
                         ("/healthz/ready", 503), ("/nothing", 404)):  # fmt: skip
        with Connection(server.probe_port) as connection:
            connection.send(request(path))
            answer = connection.read()
            assert (answer.status, answer.header("connection")) == (status, "close"), path
            assert connection.is_closed()
    assert server.is_running()

    half = Connection(server.probe_port)
    half.send(HALF)
    wait_until(lambda: refuses(server), 5, "the listener closes after the delay")
    assert server.is_running(), "a request is still in flight"
    half.send("rest")
    assert half.read().status == 200
    assert half.is_closed()
    assert server.wait(10) == 0
    assert [line["new"] for line in server.events("drain")] == ["draining", "closing", "ended"]


def test_a_request_that_never_ends_is_given_up(lab):
    server = lab.server({"drain": {"delay": "0s", "timeout": "500ms"}})
    half = Connection(server.probe_port)
    half.send(HALF)
    wait_until(lambda: get(server.probe_port, "/livez").status == 200, 5, "half is accepted first")
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0
    assert half.is_closed()


def test_idle_connections_do_not_hold_the_end_up(lab):
    server = lab.server({"drain": {"delay": "0s", "timeout": "60s"}})
    idle = []
    for _ in range(10):
        connection = Connection(server.probe_port)
        connection.send(request("/healthz"))
        assert connection.read().status == 200
        idle.append(connection)
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0, "well before the timeout"
    assert all(connection.is_closed() for connection in idle)


def test_a_second_sigterm_ends_it_now(lab):
    server = lab.server({"drain": {"delay": "5m", "timeout": "5m"}})
    server.signal(signal.SIGTERM)
    wait_until(lambda: readyz(server) == (503, "draining\n"), 5, "draining")
    server.signal(signal.SIGTERM)
    assert server.wait(5) == 0


def test_sigint_does_not_wait_for_the_delay(lab):
    server = lab.server({"drain": {"delay": "5m", "timeout": "1s"}})
    server.signal(signal.SIGINT)
    assert server.wait(5) == 0


def test_checks_go_on_while_draining(lab):
    app = lab.app(1)
    server = lab.server(
        {
            "drain": {"delay": "5m", "timeout": "1s"},
            "tenants": [{"name": "a", "backend": app.url("/health")}],
        }
    ).wait_healthz("healthy")
    server.signal(signal.SIGTERM)
    wait_until(lambda: readyz(server) == (503, "draining\n"), 5, "draining")
    app.kill()
    server.wait_healthz("degraded")
    assert readyz(server) == (503, "draining\n"), "and it stays so"


def test_sigterm_before_the_first_round(lab):
    server = lab.server({"verdict": {"start_grace": "1m"}}, ready=False)
    wait_until(lambda: get(server.probe_port, "/livez").status == 200, 10, "live")
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0
