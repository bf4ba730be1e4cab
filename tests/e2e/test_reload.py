"""The configuration changes under a running server."""

import json
import os
import re
import signal
import threading

import pytest

from stack.ports import free_port
from stack.wait import wait_until
from support import peers
from support.raw import Connection, request

FINE = peers.says(peers.answer())
LAST_OK = "health_responder_config_last_reload_successful"


def tcp(name, port, **keys):
    return {"name": name, "type": "tcp", "target": f"127.0.0.1:{port}", **keys}


def names(server):
    return {check["name"] for check in server.status()["checks"]}


@pytest.fixture
def peer(lab):
    return lab.peer(FINE)


@pytest.fixture
def server(lab, peer):
    server = lab.server({"checks": [tcp("one", peer.port), tcp("two", peer.port)]})
    server.wait_check("one", "passing")
    return server.wait_healthz("healthy")


def test_a_file_rewritten_in_place_is_taken(server, peer):
    server.config["checks"] = [tcp("one", peer.port), tcp("three", peer.port)]
    server.config_file.write_text(json.dumps(server.config))
    wait_until(lambda: names(server) == {"one", "three"}, 5, "two is gone, three is there")
    server.wait_check("three", "passing")
    assert server.get(server.detail_url + "/checks/two")[0] == 404
    loaded = server.wait_event("config_loaded")
    assert loaded[0]["checks"] == 2
    assert server.metric(LAST_OK) == 1


def test_an_equal_check_keeps_its_state(server, peer):
    before = server.check("one")
    server.reload({"checks": [tcp("one", peer.port), tcp("two", peer.port, rise=3)]})
    server.wait_event("config_loaded")
    after = server.check("one")
    assert after["since"] == before["since"]
    assert after["runs"] >= before["runs"]
    assert after["state"] == "passing"
    server.wait_check("two", "passing")
    changes = [one for one in server.events("check_state") if one["check"] == "one"]
    assert len(changes) == 1, "pending to passing, at the start"


def test_a_file_replaced_by_rename_is_taken(server, peer):
    server.reload({"checks": [tcp("renamed", peer.port)]})
    wait_until(lambda: names(server) == {"renamed"}, 5, "the new file is taken")


def test_the_swap_of_a_config_map(lab, peer):
    """kubelet: a folder with a new name, then `..data` is renamed to point at it."""
    mount = lab.folder / "mount"
    mount.mkdir()

    def swap(generation, config):
        folder = mount / f"..2026_{generation}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        (mount / "..data_tmp").symlink_to(folder.name)
        os.rename(mount / "..data_tmp", mount / "..data")

    listen = {"probe": f"127.0.0.1:{free_port()}", "detail": f"127.0.0.1:{free_port()}"}
    base = {"listen": listen, "drain": {"delay": "0s"}}
    swap(1, {**base, "checks": [tcp("one", peer.port)]})
    (mount / "config.json").symlink_to("..data/config.json")

    from support.lab import Server

    server = Server(lab.folder, {"listen": listen}, lab.binary, "mounted", lab.env)
    server.config_file = mount / "config.json"
    lab.servers.append(server)
    server.start().wait_ready()
    assert names(server) == {"one"}
    for generation in range(2, 5):
        swap(generation, {**base, "checks": [tcp(f"of-{generation}", peer.port)]})
        wait_until(lambda g=generation: names(server) == {f"of-{g}"}, 5, "the swap is seen")
    assert len(server.events("config_loaded")) == 3


def test_a_bad_file_changes_nothing(server):
    good = server.config_file.read_text()
    server.config_file.write_text('{"checks": [], "cheks": []}')
    server.wait_event("config_refused")
    assert server.healthz() == (200, "healthy\n")
    assert names(server) == {"one", "two"}
    assert server.metric(LAST_OK) == 0
    shown = json.loads(server.get(server.detail_url + "/config")[1])
    assert shown["reload"]["last_ok"] is False
    assert len(shown["reload"]["errors"]) == 1
    assert re.search(r":1:16: cheks: .*\"checks\"", shown["reload"]["errors"][0])
    assert [check["name"] for check in shown["config"]["checks"]] == ["one", "two"]
    # The file that runs is put back: nothing is loaded, the complaint ends.
    server.config_file.write_text(good)
    server.wait_event("config_restored")
    assert server.metric(LAST_OK) == 1
    assert server.events("config_loaded") == []


def test_a_file_that_vanishes_and_returns(server):
    text = server.config_file.read_text()
    server.config_file.unlink()
    server.signal(signal.SIGHUP)
    server.wait_event("config_refused")
    assert server.healthz() == (200, "healthy\n")
    server.config_file.write_text(text)
    server.wait_event("config_restored")


def test_a_changed_port_needs_a_restart(server):
    server.reload({"listen": {"probe": f"127.0.0.1:{free_port()}"}})
    refused = server.wait_event("config_error")
    assert "listen.probe" in refused[0]["error"] and "restart" in refused[0]["error"]
    assert server.metric(LAST_OK) == 0


def test_an_unchanged_file_says_nothing(server):
    before = len(server.events())
    for i in range(5):
        os.utime(server.config_file)
        same = server.config_file.with_suffix(f".{i}")
        same.write_text(server.config_file.read_text())
        os.rename(same, server.config_file)
        server.signal(signal.SIGHUP)
    # The next change is loaded after all that, and is the only thing that is said.
    server.reload({"log": {"level": "info"}, "engine": {"concurrency": 99}})
    server.wait_event("config_loaded")
    said = [line["event"] for line in server.events()[before:]]
    assert said == ["config_loaded"]


def test_a_storm_of_sighup_and_rewrites_fails_no_probe(server, peer):
    failures, probes, done = [], [0], threading.Event()

    def probe():
        with Connection(server.probe_port) as connection:
            while not done.is_set():
                connection.send(request("/healthz"))
                answer = connection.read()
                probes[0] += 1
                if (answer.status, answer.text) not in ((200, "healthy\n"), (200, "degraded\n")):
                    failures.append(answer)

    prober = threading.Thread(target=probe)
    prober.start()
    try:
        for round_ in range(200):
            if round_ % 10 == 0:
                server.reload({"checks": [tcp("one", peer.port), tcp(f"c{round_}", peer.port)]})
            server.signal(signal.SIGHUP)
            seen = probes[0]
            wait_until(lambda seen=seen: probes[0] > seen, 10, "a probe between two signals")
        wait_until(lambda: "c190" in names(server), 10, "the last one is taken")
    finally:
        done.set()
        prober.join()
    assert failures == []
    assert probes[0] >= 200


def test_settings_of_the_log_follow(server):
    server.reload({"log": {"level": "error"}})
    wait_until(
        lambda: (
            json.loads(server.get(server.detail_url + "/config")[1])["config"]["log"]["level"]
            == "error"
        ),
        5,
        "the level is taken",
    )


WAITS = ("--wait-for-config",)


def test_waiting_for_a_good_file_it_is_up_but_never_ready(lab, peer):
    server = lab.server({"chekcs": []}, ready=False, options=WAITS)
    server.wait_event("waiting_for_config")
    refused = server.wait_event("config_error")
    assert "chekcs" in refused[0]["error"]
    server.wait_for(lambda: server.healthz() == (200, "degraded\n"), 5, "/healthz answers")
    assert server.get(server.probe_url + "/livez") == (200, "live\n")
    assert server.get(server.probe_url + "/readyz") == (503, "starting\n")
    assert server.metric(LAST_OK) == 0
    assert "chekcs" in server.get(server.detail_url + "/config")[1]

    del server.config["chekcs"]
    server.reload({"checks": [tcp("one", peer.port)]})
    server.wait_ready()
    server.wait_check("one", "passing")
    server.wait_healthz("healthy")
    assert server.metric(LAST_OK) == 1
    assert "chekcs" not in server.get(server.detail_url + "/config")[1]


def test_a_good_file_is_taken_at_once_by_one_that_would_wait(lab, peer):
    server = lab.server({"checks": [tcp("one", peer.port)]}, options=WAITS)
    assert server.events("waiting_for_config") == []
    assert server.metric(LAST_OK) == 1


def test_without_the_option_a_bad_file_ends_it(lab):
    bad = lab.file("bad.json", '{"chekcs": []}')
    assert lab.cli("serve", "--config", bad).returncode == 2
