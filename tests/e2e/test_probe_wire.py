"""The probe port, byte by byte: every row of the wire table, and every refusal."""

import pytest

from stack.wait import wait_until
from support import peers
from support.raw import Connection, get, request

TEXT = "text/plain; charset=utf-8"
OVERRIDE = {"verdict": "unhealthy", "reason": "a test", "until": "2099-01-01T00:00:00Z"}

HEALTHY_ROWS = [
    ("/healthz", 200, "healthy"),
    ("/healthz?any=query", 200, "healthy"),
    ("/healthz/ready", 200, "ready"),
    ("/readyz", 200, "ready"),
    ("/healthz/live", 200, "live"),
    ("/livez", 200, "live"),
    ("/livez?verbose", 200, "live"),
    ("/healthz/serve", 200, "healthy"),
    ("/healthz/quorum", 200, "healthy"),
    ("/healthz/strict", 200, "healthy"),
    ("/healthz/t/good", 200, "healthy"),
    ("/healthz/t/good?x", 200, "healthy"),
]
NOT_FOUND = [
    "/",
    "/healthz/",
    "/Healthz",
    "//healthz",
    "/healthz%00",
    "/healthz%2Fready",
    "/%68ealthz",
    "/healthz/ready/",
    "/healthzz",
    "/healthz/t/",
    "/healthz/t/nobody",
    "/healthz/t/good/",
    "/healthz/t/goo",
    "/healthz/t/GOOD",
    "/healthz/loop/abc",
    "/status",
    "/metrics",
    "/config",
]


def assert_contract(answer, status, body, method="GET"):
    """Status, one word and a newline, and the headers every answer has."""
    assert (answer.status, answer.version) == (status, "HTTP/1.1")
    assert answer.header("content-type") == TEXT
    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("content-length") == str(len(body) + 1)
    assert answer.header("location") is None
    assert answer.header("server") is None
    assert answer.text == ("" if method == "HEAD" else body + "\n")


@pytest.fixture(scope="module")
def server(module_lab):
    """One healthy tenant: everything is well."""
    app = module_lab.app(1)
    server = module_lab.server({"tenants": [{"name": "good", "backend": app.url("/health")}]})
    return server.wait_healthz("healthy")


@pytest.fixture(scope="module")
def port(server):
    return server.probe_port


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status", "body"), HEALTHY_ROWS)
def test_healthy_row(port, method, path, status, body):
    assert_contract(get(port, path, method), status, body, method)


@pytest.mark.parametrize("path", NOT_FOUND)
def test_any_other_path_is_not_found(port, path):
    assert_contract(get(port, path), 404, "not found")
    assert_contract(get(port, path, "HEAD"), 404, "not found", "HEAD")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get"])
@pytest.mark.parametrize("path", ["/healthz", "/livez", "/nothing"])
def test_another_method_is_refused(port, method, path):
    answer = get(port, path, method)
    assert_contract(answer, 405, "method not allowed")
    assert {word.strip() for word in answer.header("allow").split(",")} == {"GET", "HEAD"}


def test_post_with_a_body_is_refused(port):
    with Connection(port) as connection:
        connection.send(request("/healthz", "POST", headers=[("Content-Length", "5")]) + "hello")
        assert connection.read().status == 405


BAD_FRAMING = {
    "no host": request("/healthz", host=None),
    "two hosts": request("/healthz", headers=[("Host", "other")]),
    "two equal hosts": request("/healthz", headers=[("host", "test")]),
    "length and coding": request(
        "/healthz", headers=[("Content-Length", "0"), ("Transfer-Encoding", "chunked")]
    )
    + "0\r\n\r\n",
    "coding and length": request(
        "/healthz", headers=[("Transfer-Encoding", "chunked"), ("Content-Length", "5")]
    )
    + "0\r\n\r\n",
    "two lengths": request("/healthz", headers=[("Content-Length", "0"), ("Content-Length", "5")]),
    "two equal lengths": request(
        "/healthz", headers=[("Content-Length", "0"), ("content-length", "0")]
    ),
    "gzip coding": request("/healthz", headers=[("Transfer-Encoding", "gzip")]),
    "two codings": request("/healthz", headers=[("Transfer-Encoding", "gzip, chunked")]),
    "coding twice": request(
        "/healthz", headers=[("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")]
    ),
}


@pytest.mark.parametrize("name", BAD_FRAMING)
def test_bad_framing_is_refused_once_and_closed(port, name):
    with Connection(port) as connection:
        connection.send(BAD_FRAMING[name])
        answer = connection.read()
        if answer.text.startswith("<html>"):  # libmicrohttpd 1.0 refuses some in its own words
            assert answer.status == 400
        else:
            assert_contract(answer, 400, "bad request")
        assert connection.is_closed(), "nothing follows, not even the same head again"


UNREADABLE = {
    "a word": b"hello\r\n\r\n",
    "bytes": bytes(range(256)) * 4,
    "a length that is no number": request("/healthz", headers=[("Content-Length", "x")]).encode(),
    "a negative length": request("/healthz", headers=[("Content-Length", "-1")]).encode(),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "a head of 40 KiB": request("/healthz", headers=[("Cookie", "x" * 40960)]).encode(),
    "1000 headers": request(
        "/healthz", headers=[(f"X-{i}", "y" * 40) for i in range(1000)]
    ).encode(),
    "a path of 30 KiB": request("/" + "p" * 30000).encode(),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_a_request_ends_the_connection_and_nothing_else(port, name):
    with Connection(port) as connection:
        try:
            connection.send(UNREADABLE[name])
            answer = connection.read()
        except (ConnectionError, OSError):
            answer = None  # closed without a word, which is fine too
        assert answer is None or 400 <= answer.status < 600
        assert connection.ends()
    assert get(port, "/healthz").status == 200


def test_http_1_0_needs_no_host_and_closes(port):
    with Connection(port) as connection:
        connection.send(request("/healthz", version="1.0", host=None))
        answer = connection.read()
        assert (answer.status, answer.text) == (200, "healthy\n")
        assert connection.is_closed()


def test_http_1_0_keeps_the_connection_where_asked(port):
    with Connection(port) as connection:
        for _ in range(3):
            connection.send(
                request("/healthz", version="1.0", headers=[("Connection", "keep-alive")])
            )
            answer = connection.read()
            assert (answer.status, answer.header("connection").lower()) == (200, "keep-alive")


def test_connections_are_kept(port):
    with Connection(port) as connection:
        for _ in range(50):
            connection.send(request("/healthz"))
            answer = connection.read()
            assert (answer.status, answer.header("connection")) == (200, None)


def test_close_closes(port):
    with Connection(port) as connection:
        connection.send(request("/healthz", headers=[("Connection", "close")]))
        assert connection.read().header("connection") == "close"
        assert connection.is_closed()


def test_pipelined_requests_are_answered_in_order(port):
    with Connection(port) as connection:
        connection.send(
            request("/livez") + request("/healthz") + request("/no") + request("/readyz")
        )
        assert [connection.read().text for _ in range(4)] == [
            "live\n",
            "healthy\n",
            "not found\n",
            "ready\n",
        ]


def test_head_then_get_on_one_connection(port):
    with Connection(port) as connection:
        connection.send(request("/healthz", "HEAD"))
        assert connection.read(to_head=True).header("content-length") == "8"
        connection.send(request("/healthz"))
        assert connection.read().text == "healthy\n"


def test_a_head_of_8_kib_is_served(port):
    headers = [(f"X-Fill-{i}", "y" * 1000) for i in range(7)]
    headers.append(("Cookie", "c" * (8192 - len(request("/healthz", headers=headers)) - 10)))
    data = request("/healthz", headers=headers)
    assert 8150 < len(data) <= 8192
    with Connection(port) as connection:
        for _ in range(2):
            connection.send(data)
            assert connection.read().text == "healthy\n"


def test_a_body_of_a_get_is_read_and_ignored(port):
    with Connection(port) as connection:
        connection.send(request("/healthz", headers=[("Content-Length", "4")]) + "body")
        assert connection.read().text == "healthy\n"
        connection.send(
            request("/healthz", headers=[("Transfer-Encoding", "chunked")])
            + "4\r\nbody\r\n0\r\n\r\n"
        )
        assert connection.read().text == "healthy\n"
        connection.send(request("/livez"))
        assert connection.read().text == "live\n"


def test_a_request_in_single_bytes(port):
    with Connection(port) as connection:
        for byte in request("/healthz"):
            connection.send(byte)
        assert connection.read().text == "healthy\n"


def test_silent_connections_do_not_keep_others_out(port):
    idle = [Connection(port) for _ in range(100)]
    for connection in idle[:50]:
        connection.send("GET /healthz HTTP/1.1\r\nHo")
    assert get(port, "/healthz", timeout_s=2).status == 200
    for connection in idle:
        connection.close()


def test_degraded_and_unhealthy_tenants(lab):
    app, down = lab.app(1), peers.Peer(peers.closes_at_once)
    down.close()
    server = lab.server(
        {
            "tenants": [
                {"name": "good", "backend": app.url("/health")},
                {"name": "bad", "backend": down.url()},
            ],
        }
    ).wait_healthz("degraded")
    wait_until(lambda: get(server.probe_port, "/healthz/t/bad").status == 503, 10, "bad is bad")
    rows = [
        ("/healthz", 200, "degraded"),
        ("/healthz/serve", 200, "degraded"),
        ("/healthz/quorum", 200, "degraded"),  # one of two is 50 %, which is enough
        ("/healthz/strict", 503, "unhealthy"),
        ("/healthz/t/good", 200, "healthy"),
        ("/healthz/t/bad", 503, "unhealthy"),
        ("/readyz", 200, "ready"),
        ("/healthz/ready", 200, "ready"),
        ("/livez", 200, "live"),
    ]
    for method in ("GET", "HEAD"):
        for path, status, body in rows:
            assert_contract(get(server.probe_port, path, method), status, body, method)


def test_a_tenant_that_is_only_pending_is_degraded(lab):
    hang = lab.peer(peers.until_gone)
    slow = {"interval": "30s", "timeout": "30s"}
    server = lab.server(
        {
            "defaults": slow,
            "verdict": {"start_grace": "20s"},
            "tenants": [{"name": "slow", "backend": hang.url()}],
        },
        ready=False,
    )
    wait_until(lambda: get(server.probe_port, "/livez").status == 200, 10, "live")
    rows = [
        ("/healthz", 200, "degraded"),
        ("/healthz/serve", 200, "degraded"),
        ("/healthz/quorum", 200, "degraded"),
        ("/healthz/strict", 200, "degraded"),
        ("/healthz/t/slow", 200, "degraded"),
        ("/readyz", 503, "starting"),
        ("/healthz/ready", 503, "starting"),
        ("/livez", 200, "live"),
    ]
    for path, status, body in rows:
        assert_contract(get(server.probe_port, path), status, body)


def test_the_grace_ends_by_itself(lab):
    hang = lab.peer(peers.until_gone)
    server = lab.server(
        {
            "defaults": {"interval": "30s", "timeout": "30s"},
            "verdict": {"start_grace": "300ms"},
            "tenants": [{"name": "slow", "backend": hang.url()}],
        }
    )
    assert_contract(get(server.probe_port, "/readyz"), 200, "ready")
    assert server.healthz() == (200, "degraded\n")


def test_an_override_turns_healthz_red(lab):
    server = lab.server({"verdict": {"override": OVERRIDE}}).wait_healthz("unhealthy", 503)
    rows = [
        ("/healthz", 503, "unhealthy"),
        ("/healthz/serve", 503, "unhealthy"),
        ("/healthz/quorum", 200, "healthy"),
        ("/healthz/strict", 200, "healthy"),
        ("/readyz", 200, "ready"),
        ("/livez", 200, "live"),
    ]
    for method in ("GET", "HEAD"):
        for path, status, body in rows:
            assert_contract(get(server.probe_port, path, method), status, body, method)


def test_nothing_to_check_is_healthy(lab):
    server = lab.server({})
    assert_contract(get(server.probe_port, "/healthz"), 200, "healthy")
