"""Unix sockets: to listen on, and to check."""

import os
import socket
import stat

import pytest

from stack.ports import free_port
from stack.wait import wait_until
from support import peers
from support.raw import get


@pytest.fixture
def folder(tmp_path_factory):
    """Short enough for sun_path, which holds 107 bytes."""
    return tmp_path_factory.mktemp("s")


def start(lab, probe, **config):
    listen = {"probe": f"unix:{probe}", "detail": f"127.0.0.1:{free_port()}"}
    server = lab.server({"listen": listen, **config}, ready=False)
    where = probe if not str(probe).startswith("@") else "\0" + probe[1:]
    wait_until(lambda: get(str(where), "/livez").status == 200, 10, "live over its socket")
    return server, str(where)


def test_listen_on_a_path(lab, folder):
    server, where = start(lab, folder / "probe.sock")
    assert stat.S_ISSOCK(os.stat(where).st_mode)
    wait_until(lambda: get(where, "/healthz").text == "healthy\n", 10, "healthy")
    assert get(where, "/healthz", "POST").status == 405
    server.stop()
    assert not os.path.exists(where), "the file goes with the server"


def test_listen_on_an_abstract_name(lab):
    start(lab, f"@health-responder-test-{free_port()}")


def test_the_detail_port_on_a_path(lab, folder):
    where = str(folder / "detail.sock")
    lab.server({"listen": {"detail": f"unix:{where}"}})
    assert get(where, "/status").status == 200


def test_a_stale_socket_file_is_replaced(lab, folder):
    where = folder / "probe.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(where))
    stale.close()
    start(lab, where)


def test_a_live_socket_file_is_an_error(lab, folder):
    where = folder / "probe.sock"
    lab.peer(peers.until_gone, path=str(where))
    file = lab.file("c.json", f'{{"listen": {{"probe": "unix:{where}", "detail": "none"}}}}')
    done = lab.cli("serve", "--config", file)
    assert done.returncode == 2
    assert "listen.probe" in done.stderr
    assert where.exists(), "the other's socket stays"


def test_a_plain_file_is_not_removed(lab, folder):
    where = folder / "precious"
    where.write_text("data")
    file = lab.file("c.json", f'{{"listen": {{"probe": "unix:{where}", "detail": "none"}}}}')
    assert lab.cli("serve", "--config", file).returncode == 2
    assert where.read_text() == "data"


def test_checks_over_unix_sockets(lab, folder):
    path = str(folder / "app.sock")
    lab.peer(peers.says(peers.answer(b"over unix\n")), path=path)
    abstract = f"health-responder-test-{free_port()}"
    lab.peer(lambda c: c.sendall(b"220 hi\r\n"), path="\0" + abstract)
    http = {"type": "http", "url": "http://app/health", "severity": "warning"}
    tcp = {"type": "tcp", "severity": "warning"}
    server = lab.server({"checks": [
        {"name": "http", **http, "connect": f"unix:{path}", "contains": "over unix"},
        {"name": "tcp", **tcp, "target": f"unix:{path}"},
        {"name": "tcp-abstract", **tcp, "target": f"unix:@{abstract}", "expect": "220"},
        {"name": "nobody", **http, "connect": f"unix:{folder}/nobody.sock"},
        {"name": "tcp-nobody", **tcp, "target": f"unix:{folder}/nobody.sock"},
    ]})  # fmt: skip
    for name in ("http", "tcp", "tcp-abstract"):
        server.wait_check(name, "passing")
    for name in ("nobody", "tcp-nobody"):
        server.wait_check(name, "failing", "CONNECT_REFUSED")
