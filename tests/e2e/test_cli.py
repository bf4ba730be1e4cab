"""The command line: help of everything, exit statuses, and the subcommands that read."""

import json
import re

import pytest

from stack.ports import free_port
from support import peers

COMMANDS = ["serve", "check-config", "live", "status", "why", "probe", "timing", "version"]


@pytest.fixture(scope="module")
def healthy(module_lab):
    return module_lab.server({})


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_the_overview_names_every_command(lab, word):
    done = lab.cli(word)
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(lab, command):
    for word in ("--help", "-h"):
        done = lab.cli(command, word)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: health-responder {command}")
        assert "--help" in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Usage"),
        (["stauts"], '"status"'),
        (["nothing-like-it"], "no command"),
        (["serve", "--confg", "x"], "--config"),
        (["serve", "--config"], "--config"),
        (["serve", "x"], "--config"),
        (["check-config"], "FILE"),
        (["check-config", "a", "b"], "FILE"),
        (["live", "--url"], "--url"),
        (["live", "extra"], "argument"),
        (["status", "--format", "yaml"], "yaml"),
        (["status", "extra"], "argument"),
        (["why", "--format", "json"], "--format"),
        (["version", "extra"], "argument"),
    ],
)
def test_wrong_use(lab, words, says):
    done = lab.cli(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(lab, words):
    done = lab.cli(*words)
    assert done.returncode == 0
    assert re.match(r"health-responder \d+\.\d+\.\d+\n", done.stdout)
    assert "libmicrohttpd" in done.stdout


def test_live(lab, healthy):
    done = lab.cli("live", "--url", healthy.probe_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert lab.cli("live", "--url", healthy.probe_url + "/").returncode == 0


def test_live_ignores_proxies(lab, healthy):
    url = "http://127.0.0.1:1"
    done = lab.cli("live", "--url", healthy.probe_url, http_proxy=url, all_proxy=url)
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["live", "status", "why"])
def test_nobody_answers(lab, command):
    done = lab.cli(command, "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "--url" in done.stderr


@pytest.mark.parametrize("body", [b"no", b""])
def test_live_against_something_else(lab, body):
    other = lab.peer(peers.says(peers.answer(body, "500 No")))
    done = lab.cli("live", "--url", other.url().rstrip("/"))
    assert done.returncode == 1
    assert "500" in done.stderr


def test_url_with_a_name(lab, healthy):
    port = healthy.probe_url.rpartition(":")[2]
    assert lab.cli("live", "--url", f"http://localhost:{port}").returncode == 0
    done = lab.cli("live", "--url", f"http://no-such-host.invalid:{port}")
    assert done.returncode == 1
    assert "no-such-host.invalid" in done.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a b"])
def test_url_that_is_none(lab, url):
    done = lab.cli("status", "--url", url)
    assert done.returncode == 1
    assert f"{url} is no address of a server: " in done.stderr


def test_status_and_why_of_a_healthy_server(lab, healthy):
    done = lab.cli("status", "--url", healthy.detail_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "healthy" in done.stdout
    done = lab.cli("why", "--url", healthy.detail_url)
    assert done.returncode == 0
    assert done.stdout.startswith("nothing is wrong")
    form = lab.cli("status", "--format", "json", "--url", healthy.detail_url)
    assert json.loads(form.stdout)["verdict"] == "healthy"
    form = lab.cli("status", "--format", "health", "--url", healthy.detail_url)
    assert json.loads(form.stdout)["status"] == "pass"


def test_status_and_why_of_a_degraded_server(lab):
    down = peers.Peer(peers.closes_at_once)
    down.close()
    server = lab.server({"tenants": [{"name": "bad", "backend": down.url()}]})
    server.wait_check("tenant/bad/direct", "failing", "CONNECT_REFUSED")
    for words in (["status"], ["why"], ["status", "--format", "json"]):
        done = lab.cli(*words, "--url", server.detail_url)
        assert done.returncode == 1
        assert "CONNECT_REFUSED" in done.stdout


def test_logs_are_one_json_object_per_line(lab):
    server = lab.server({})
    started = server.events("started")[0]
    assert started["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", started["time"])
    assert started["probe"] == f"127.0.0.1:{server.probe_port}"
    before = len(server.events())
    for _ in range(50):
        server.healthz()
    assert len(server.events()) == before, "nothing per probe"


def test_logs_as_text(lab):
    server = lab.server({"log": {"format": "text"}})
    lines = server.stderr.read_text().splitlines()
    assert any(" started " in line for line in lines)
    assert not any(line.startswith("{") for line in lines)


def test_the_pod_is_named(lab):
    lab.env["POD_NAME"] = "health-responder-7d4b9-x2x1z"
    server = lab.server({})
    assert "health-responder-7d4b9-x2x1z" in server.why()
