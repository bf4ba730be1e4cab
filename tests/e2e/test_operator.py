"""What an operator reads: path, why, timeline and census, at a terminal and as JSON."""

import datetime
import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

from stack.wait import wait_until
from support import peers
from support.raw import get

VIEWS = ["path", "timeline", "census"]
HOPS = [
    "self",
    "names",
    "gateway_pods",
    "gateway_ready",
    "gateway_tls",
    "route",
    "identity",
    "backend_direct",
    "backend_routed",
    "inbound",
]


def read(server, path):
    return json.loads(get(server.detail_port, path + "?format=json").text)


@pytest.fixture(scope="module")
def broken(module_lab):
    """One tenant is fine, the other one refuses connections."""
    down = peers.Peer(peers.closes_at_once)
    down.close()
    up = module_lab.peer(peers.says(peers.answer(b"ok")))
    server = module_lab.server(
        {
            "tenants": [
                {"name": "good", "backend": up.url()},
                {"name": "bad", "backend": down.url()},
            ]
        }
    )
    server.wait_check("tenant/good/direct", "passing")
    server.wait_check("tenant/bad/direct", "failing", "CONNECT_REFUSED")
    return server


def test_an_app_is_killed_and_every_view_tells_the_same(lab):
    path = lab.path()
    server = path.responder
    for app in path.apps:
        server.wait_check(f"tenant/{app}/routed", "passing")
        server.wait_check(f"tenant/{app}/direct", "passing")
    wait_until(lambda: server.why().startswith("nothing is wrong"), 10, "nothing is wrong")
    assert lab.cli("path", "--url", server.detail_url).returncode == 0

    path.apps["app2"].kill()
    server.wait_check("tenant/app2/routed", "failing", "GW_UPSTREAM_CONNECT")
    server.wait_check("tenant/app2/direct", "failing", "CONNECT_REFUSED")
    told = read(server, "/path/app2")
    assert [hop["hop"] for hop in told["hops"]] == HOPS
    assert (told["tenant"], told["state"]) == ("app2", "unhealthy")
    assert told["broken_hop"] == "backend_direct"
    assert told["owner"] == "tenant:app2"
    assert {hop["hop"]: hop["state"] for hop in told["hops"]}["inbound"] == "unknown"
    assert read(server, "/path")["paths"][1]["summary"] == told["summary"]
    for view in ("/why", "/status?format=text", "/path?format=text", "/"):
        text = " ".join(get(server.detail_port, view).text.split())
        assert "app2: backend_direct is broken" in text, view
    status = server.status()
    for key in ("broken_hop", "owner", "reason", "summary", "next_step", "rule"):
        assert status["root_cause"][key] == told[key]
        assert read(server, "/why")["root_cause"][key] == told[key]
    assert server.metric("health_responder_path_broken", tenant="app2", owner="tenant:app2") == 1
    assert 'path_broken{tenant="app1"' not in server.metrics()

    done = lab.cli("path", "--url", server.detail_url, "app2")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^  \[FAIL\] backend_direct ", done.stdout, re.M)
    assert re.search(r"^  \[ \? \]  inbound ", done.stdout, re.M)
    assert lab.cli("path", "--url", server.detail_url, "app1").returncode == 0
    assert lab.cli("path", "--url", server.detail_url).returncode == 1

    incidents = read(server, "/timeline")["incidents"]
    assert {one["check"] for one in incidents if one["ended"] is None} == {
        "tenant/app2/routed",
        "tenant/app2/direct",
    }
    path.apps["app2"].start().wait_ready()
    wait_until(lambda: server.why().startswith("nothing is wrong"), 10, "repaired")
    incidents = read(server, "/timeline")["incidents"]
    assert incidents and all(one["ended"] for one in incidents)
    assert {one["first"]["reason"] for one in incidents} == {
        "GW_UPSTREAM_CONNECT",
        "CONNECT_REFUSED",
    }


@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_of_80_columns(lab, broken, view):
    done = lab.cli(view, "--url", broken.detail_url)
    assert (done.returncode, done.stderr) == (1, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\033" not in done.stdout


@pytest.mark.parametrize("view", VIEWS)
def test_json_for_programs(lab, broken, view):
    done = lab.cli(view, "--format", "json", "--url", broken.detail_url)
    assert done.returncode == 1
    assert json.loads(done.stdout)["instance"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["path", "good", "bad"], "one TENANT"),
        (["path", "../status"], "cannot be the name"),
        (["path", ""], "cannot be the name"),
        (["path", "--format", "health"], "health"),
        (["timeline", "bad"], "no arguments"),
        (["census", "--format", "yaml"], "yaml"),
    ],
)
def test_wrong_use(lab, words, says):
    done = lab.cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_one_tenant_decides_its_own_exit_status(lab, broken):
    assert lab.cli("path", "--url", broken.detail_url, "good").returncode == 0
    assert lab.cli("path", "--url", broken.detail_url, "bad").returncode == 1


def test_an_unknown_tenant_is_told_the_known_ones(lab, broken):
    done = lab.cli("path", "--url", broken.detail_url, "gone")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'no tenant is named "gone"; known: good, bad' in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_census_counts_what_was_asked(lab, broken):
    def operators():
        return next(c for c in read(broken, "/census")["classes"] if c["class"] == "operator")

    before = operators()["count"]
    for _ in range(5):
        get(broken.probe_port, "/healthz", headers=[("User-Agent", "curl/8")])
    wait_until(lambda: operators()["count"] == before + 5, 10, "five more")
    sources = read(broken, "/census")["sources"]
    curl = next(one for one in sources if one["agent"] == "curl/8")
    assert (curl["address"], curl["path"]) == ("127.0.0.1", "healthz")
    assert curl["last_answer"] == "degraded"
    assert broken.metric("health_responder_prober_arrivals_total", **{"class": "operator"}) >= 5
    assert broken.metric("health_responder_prober_silent", **{"class": "appgw"}) == 0


def test_an_override_is_shown_in_every_view(lab):
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    override = {
        "verdict": "degraded",
        "reason": "move users away",
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    server = lab.server({"verdict": {"override": override}})
    for view in ("path", "timeline", "census", "status", "why"):
        text = " ".join(get(server.detail_port, f"/{view}?format=text").text.split())
        assert "/healthz is held at degraded by hand" in text, view
        assert "over policy serve, which measures healthy: move users away" in text, view
        told = read(server, f"/{view}")["override"]
        assert (told["active"], told["reason"]) == (True, "move users away"), view
        assert (told["over_policy"], told["measured"]) == ("serve", "healthy"), view
    assert "move users away" in get(server.detail_port, "/").text
    assert server.why().startswith("override: ")
    assert lab.cli("why", "--url", server.detail_url).returncode == 1


def on_terminal(lab, *words, **env):
    """What a subcommand writes where its output is a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [lab.binary, *words],
        env={"PATH": "/usr/bin:/bin", **lab.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    ) as popen:
        os.close(theirs)
        written = b""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            written += part
        os.close(ours)
        popen.wait(10)
    return written.decode().replace("\r\n", "\n")


def test_colours_are_for_terminals(lab, broken):
    words = ["path", "--url", broken.detail_url]
    painted = on_terminal(lab, *words, TERM="xterm")
    assert "\033[31m[FAIL]\033[0m backend_direct" in painted
    assert "\033[31munhealthy\033[0m bad: " in painted
    assert "\033[32mhealthy\033[0m   good: " in painted
    assert re.sub(r"\033\[[\d;]*m", "", painted).startswith("pod ")
    for env in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        assert "\033" not in on_terminal(lab, *words, **env)
    assert "\033" not in on_terminal(lab, *words, "--format", "json", TERM="xterm")
    status = on_terminal(lab, "status", "--url", broken.detail_url, TERM="xterm")
    assert "verdict   \033[33mdegraded\033[0m for " in status
