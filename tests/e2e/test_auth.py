"""Who may read, who may run: `auth.read` × token × method."""

import signal

import pytest

from stack.wait import wait_until
from support import peers
from support.raw import get

RUN = "/checks/one/run"
RIGHT = [("Authorization", "Bearer s3cret")]
WRONG = [
    [],
    [("Authorization", "Bearer wrong")],
    [("Authorization", "Bearer s3cre")],
    [("Authorization", "Bearer s3cretx")],
    [("Authorization", "Bearer")],
    [("Authorization", "Basic czNjcmV0")],
    [("Authorization", "s3cret")],
]


@pytest.fixture
def start(lab):
    peer = lab.peer(peers.says(peers.answer()))

    def start(**auth):
        if auth.pop("token", None):
            token = lab.file("token", "s3cret\n")
            token.chmod(0o600)
            auth["token_file"] = str(token)
        check = {"name": "one", "type": "http", "url": peer.url(), "interval": "1h",
                 "timeout": "1s"}  # fmt: skip
        return lab.server({"auth": auth, "checks": [check], "verdict": {"start_grace": "0s"}})

    return start


def code(server, path, method="GET", headers=()):
    return get(server.detail_port, path, method, headers).status


def test_open_without_a_token(start):
    server = start()
    assert code(server, "/status") == 200
    assert code(server, "/status", "HEAD") == 200
    for headers in (*WRONG, RIGHT):
        assert code(server, RUN, "POST", headers) == 403
    assert get(server.probe_port, "/healthz").status == 200


def test_open_with_a_token(start):
    server = start(token=True)
    for headers in (*WRONG, RIGHT):
        assert code(server, "/status", "GET", headers) == 200
    for headers in WRONG:
        answer = get(server.detail_port, RUN, "POST", headers)
        assert answer.status == 401
        assert answer.header("www-authenticate").startswith("Bearer")
    assert code(server, RUN, "POST", RIGHT) == 202
    assert code(server, "/checks/none/run", "POST", RIGHT) == 404
    assert code(server, "/checks/none/run", "POST") == 401, "nothing is told without the token"
    assert code(server, "/status", "POST", RIGHT) == 405
    assert code(server, RUN, "GET") == 405
    assert code(server, RUN, "DELETE", RIGHT) == 405


def test_token_for_reading(start):
    server = start(token=True, read="token")
    for path in ("/", "/status", "/metrics", "/config", "/why", "/nothing", "/checks/one"):
        for headers in WRONG:
            assert code(server, path, "GET", headers) == 401
        assert code(server, path, "HEAD") == 401
    assert code(server, "/status", "GET", RIGHT) == 200
    assert code(server, "/nothing", "GET", RIGHT) == 404
    assert get(server.probe_port, "/healthz").status == 200, "probes need no token"


def test_a_run_now_runs(start):
    server = start(token=True)
    before = server.check("one")["runs"]
    assert code(server, RUN, "POST", RIGHT) == 202
    wait_until(lambda: server.check("one")["runs"] > before, 5, "an hour is not waited for")


def test_runs_are_limited(start):
    server = start(token=True)
    codes = [code(server, RUN, "POST", RIGHT) for _ in range(50)]
    assert codes[0] == 202
    assert 429 in codes
    assert set(codes) == {202, 429}
    wait_until(lambda: server.status()["engine"]["commands_refused"] > 0, 5, "they are counted")


def test_a_changed_token_is_read_again(lab, start):
    server = start(token=True, read="token")
    assert code(server, "/status", "GET", RIGHT) == 200
    lab.file("token", "other\n")
    server.signal(signal.SIGHUP)
    wait_until(lambda: code(server, "/status", "GET", RIGHT) == 401, 5, "the old one is void")
    assert code(server, "/status", "GET", [("Authorization", "Bearer other")]) == 200


def test_the_token_is_in_no_output(lab, start):
    server = start(token=True)
    for path in ("/config", "/status", "/metrics", "/"):
        assert "s3cret" not in get(server.detail_port, path).text
    assert "s3cret" not in server.stderr.read_text()


def test_the_client_sends_the_token(lab, start):
    server = start(token=True, read="token")
    denied = lab.cli("status", "--url", server.detail_url)
    assert denied.returncode == 1
    assert "--token-file" in denied.stderr
    token = lab.folder / "token"
    done = lab.cli("why", "--url", server.detail_url, "--token-file", token)
    assert done.returncode in (0, 1)
    assert done.stderr == ""
