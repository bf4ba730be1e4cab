"""`health-responder timing` and `/timing`: one set of figures, from the definition, the
configuration and what is measured; and they are the figures of what ships."""

import copy
import json
import re
import time
import xml.etree.ElementTree

import pytest

from stack.responder import ROOT
from support import peers
from support.raw import get

DEFINITION = ROOT / "azure/probe.json"
LAYERS = ["appgw", "load_balancer", "gateway_pod", "envoy", "responder_pod", "checks"]
EVENTS = ["path_down", "gateway_pod_hangs", "tenant_seen", "tenant_out"]


def timing(lab, *words, definition=DEFINITION):
    done = lab.cli("timing", "--definition", definition, "--format", "json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def layer(report, name):
    return next(row for row in report["layers"] if row["layer"] == name)


def changed(lab, **properties):
    document = copy.deepcopy(json.loads(DEFINITION.read_text()))
    document["probe"]["properties"].update(properties)
    return lab.file("changed.json", json.dumps(document))


def test_all_layers_and_events_and_no_warning(lab):
    report = timing(lab)
    assert [row["layer"] for row in report["layers"]] == LAYERS
    assert [way["event"] for way in report["end_to_end"]] == EVENTS
    assert report["warnings"] == []
    for row in (*report["layers"], *report["end_to_end"]):
        for span in (row["detect_ms"], row["recover_ms"]):
            assert 0 <= span["best"] <= span["typical"] <= span["worst"]


def test_the_definition_decides(lab):
    before = layer(timing(lab), "appgw")
    assert before["detect_ms"] == {"best": 20000, "typical": 26666, "worst": 45000}
    slow = layer(
        timing(lab, definition=changed(lab, interval=30, timeout=30, unhealthyThreshold=3)), "appgw"
    )
    assert slow["detect_ms"]["best"] == 60000
    assert slow["detect_ms"]["worst"] == 180000
    many = layer(timing(lab, "--instances", 9), "appgw")
    assert many["probe"]["probers"] == 9
    assert many["detect_ms"]["typical"] == 20000 + 9000


def test_the_configuration_decides(lab):
    config = lab.file(
        "config.json",
        json.dumps(
            {
                "defaults": {"interval": "30s"},
                "drain": {"delay": "3s"},
                "tenants": [{"name": "app1", "backend": "http://127.0.0.1:1/"}],
            }
        ),
    )
    report = timing(lab, "--config", config)
    assert report["slowest_check"] == "tenant/app1/direct"
    assert layer(report, "checks")["probe"]["interval_ms"] == 30000
    assert len(report["warnings"]) == 2
    assert "a drain of 3s is shorter than 10s" in report["warnings"][0]
    assert "(stale_after)" in report["warnings"][1]


def test_text_says_the_same_and_fits(lab):
    done = lab.cli("timing", "--definition", changed(lab, minServers=1))
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert re.search(
        r"^Application Gateway +10\.0 +5\.0 +3 +20\.0 +26\.7 +45\.0 ", done.stdout, re.M
    )
    assert "warning   minServers is above 0" in done.stdout


def test_the_picture_in_the_documentation_is_this_one(lab):
    done = lab.cli("timing", "--definition", DEFINITION, "--format", "svg")
    assert done.stdout == (ROOT / "docs/timing.svg").read_text(), (
        "health-responder timing --definition azure/probe.json --format svg > docs/timing.svg"
    )


def test_the_picture_is_svg(lab):
    done = lab.cli("timing", "--definition", DEFINITION, "--format", "svg")
    root = xml.etree.ElementTree.fromstring(done.stdout)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = "".join(root.itertext())
    assert "Application Gateway" in text
    assert "a tenant is down: pool out (strict)" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--definition is needed"),
        (["--definition", "nowhere.json"], "nowhere.json does not exist"),
        (["--definition", "FILE", "--format", "xml"], "--format is text, json or svg"),
        (["--definition", "FILE", "--instances", "0"], "--instances"),
        (["--definition", "FILE", "--answer-p99", "5"], "--answer-p99"),
        (["--definition", "FILE", "--config", "nowhere.json"], "nowhere.json does not exist"),
        (["--definition", "FILE", "--config", "FILE"], 'found "probe"'),
        (["--definition", "FILE", "extra"], "takes no arguments"),
    ],
)
def test_wrong_use(lab, words, says):
    done = lab.cli("timing", *[DEFINITION if word == "FILE" else word for word in words])
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr


def test_a_slow_answer_is_warned_of(lab):
    warnings = timing(lab, "--answer-p99", "3s")["warnings"]
    assert len(warnings) == 1
    assert "shorter than the 99th percentile of our answers, 3000 ms" in warnings[0]


def test_a_running_server_uses_what_it_measures(lab):
    server = lab.server({"clients": {"appgw_subnets": ["10.0.2.0/24"]}})

    def measured():
        get(server.probe_port, "/readyz", headers=[("User-Agent", "kube-probe/1.32")])
        report = json.loads(get(server.detail_port, "/timing").text)
        return report if layer(report, "responder_pod")["measured_interval_ms"] else None

    report = server.wait_for(measured, 10, "the census has measured kubelet's interval")
    row = layer(report, "responder_pod")
    assert row["probe"]["interval_ms"] == row["measured_interval_ms"] < 2000
    assert layer(report, "appgw")["measured_interval_ms"] is None
    assert layer(report, "appgw")["probe"]["interval_ms"] == 10000
    assert report["instance"] == get(server.detail_port, "/timing").header("x-responder")
    assert " *" in get(server.detail_port, "/timing?format=text").text


def test_our_checks_detect_and_recover_within_the_bounds(lab):
    """The checks of a real server against a backend that goes and comes back."""
    peer = lab.peer(peers.says(peers.answer(b"ok")))
    server = lab.server({"tenants": [{"name": "app", "backend": peer.url()}]})
    name = "tenant/app/direct"
    server.wait_check(name, "passing")
    row = layer(json.loads(get(server.detail_port, "/timing").text), "checks")
    slack = 0.5  # how late a busy machine may be, and how often we look
    good = peer.behave
    for _ in range(3):
        for behave, state, reason, span in (
            (peers.closes_at_once, "failing", "PEER_CLOSED", row["detect_ms"]),
            (good, "passing", None, row["recover_ms"]),
        ):
            began = time.monotonic()
            peer.behave = behave
            server.wait_check(name, state, reason)
            took = time.monotonic() - began
            assert span["best"] / 1000 - 0.05 <= took <= span["worst"] / 1000 + slack


# What is assumed of the platform is what k8s/base asks of it.


def manifest(name):
    file = ROOT / "k8s/base" / name
    if not file.exists():
        pytest.skip(f"{file} is not there")
    return file.read_text()


def seconds(text, key):
    return int(re.search(rf"{key}: (\d+)s?\b", text).group(1))


def test_kubelet_is_as_our_deployment_has_it(lab):
    text = manifest("health-responder/deployment.yaml")
    probe = re.search(r"readinessProbe:\n((?: {10}.*\n)+)", text).group(1)
    assert layer(timing(lab), "responder_pod")["probe"] | {"probers": 1} == {
        "interval_ms": seconds(probe, "periodSeconds") * 1000,
        "fast_interval_ms": seconds(probe, "periodSeconds") * 1000,
        "down_interval_ms": seconds(probe, "periodSeconds") * 1000,
        "timeout_ms": seconds(probe, "timeoutSeconds") * 1000,
        "fall": seconds(probe, "failureThreshold"),
        "rise": 1,
        "probers": 1,
    }


def test_the_gateway_is_as_its_options_have_it(lab):
    report = timing(lab)
    options = manifest("gateway/options.yaml")
    drain = layer(report, "gateway_pod")["drain_ms"]
    assert drain["configured"] == seconds(options, "terminationDrainDuration") * 1000
    traffic = manifest("health-responder/traffic.yaml")
    envoy = layer(report, "envoy")
    assert envoy["detect_ms"]["worst"] == seconds(traffic, "connectTimeout") * 1000
    assert envoy["recover_ms"]["best"] == seconds(traffic, "baseEjectionTime") * 1000
