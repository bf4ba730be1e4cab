"""`health-responder probe` against a real Envoy with real certificates: each way a probe can
end, and the words Application Gateway has for it."""

import copy
import json
import re
import subprocess
import time

import pytest

from stack.envoy import cluster, route
from stack.ports import free_port
from stack.responder import ROOT
from stack.simulator import Simulator
from stage.pki import Pki
from support import peers
from support.peers import read_head

SHIPPED = json.loads((ROOT / "azure/probe.json").read_text())

SUCCESS = "Success. Received 200 status code"
COMPLETE = "Ensure the certificate chain is complete and correctly ordered on the backend server."
MISSING = (
    "The Intermediate certificate is missing from the certificate chain presented by the "
    f"backend server. {COMPLETE}"
)
NOT_IN_DATES = (
    'Backend certificate is invalid. Current date is not within the "Valid from" and "Valid to" '
    "date range on the certificate."
)
NOT_VERIFIED = (
    "The validity of the backend certificate could not be verified. To find out the reason, check "
    "OpenSSL diagnostics for the message associated with error code 1"
)
TOO_SLOW = (
    "Time taken by the backend to respond to application gateway's health probe is more than the "
    "time-out threshold in the probe configuration. Either increase the time-out threshold in the "
    "probe configuration or resolve the backend issues. Note: for default probe, the http timeout "
    "is 30s. To learn more visit - https://aka.ms/ProbeTimeOut."
)
NO_CONNECTION = (
    "Cannot connect to backend server. Check whether any NSG/UDR/Firewall is blocking access to "
    "the server. Check if application is running on correct port. To learn more visit - "
    "https://aka.ms/servernotreachable."
)
NO_NAME = (
    "Application Gateway could not create a probe for this backend. This usually happens when the "
    "FQDN of the backend has not been entered correctly."
)


def invalid_status(status, accepted="200"):
    return (
        f"Received invalid status code: {status} in the backend server's HTTP response. As per "
        f"the health probe configuration, {accepted} is the acceptable status code. Either modify "
        "probe configuration or resolve backend issues."
    )


CERTIFICATES = [
    ("good", SUCCESS),
    (
        "wrong-name",
        "The Common Name of the leaf certificate presented by the backend server does not match "
        "the Probe or Backend Setting hostname of the application gateway.",
    ),
    ("expired", NOT_IN_DATES),
    ("not-yet-valid", NOT_IN_DATES),
    (
        "unknown-ca",
        "The Intermediate certificate not signed by any Root certificates uploaded to the "
        f"application gateway. {COMPLETE}",
    ),
    (
        "root-sent",
        "The root certificate of the server certificate used by the backend doesn't match the "
        "trusted root certificate added to the application gateway. Ensure that you add the "
        "correct root certificate to allowlist the backend.",
    ),
    ("no-intermediate", MISSING),
    ("no-intermediate-aia", MISSING),
    ("self-signed", MISSING),
    ("wrong-order", NOT_VERIFIED),
]

PATHS = [
    # path, words
    ("/healthz", SUCCESS),
    ("/healthz/deeper", SUCCESS),
    ("/nothing-here", invalid_status(404)),
    ("/redirect", invalid_status(302)),
    ("/broken", invalid_status(503)),
    ("/no-content", invalid_status(204)),
    ("/slow", TOO_SLOW),
]


def definition(lab, protocol="Https", name="probe", **properties):
    """azure/probe.json with a timeout for tests; returns its file."""
    document = copy.deepcopy(SHIPPED)
    document["probe"]["properties"].update({"interval": 1, "timeout": 1, "protocol": protocol})
    document["probe"]["properties"].update(properties)
    document["backendHttpSettings"]["properties"]["protocol"] = protocol
    return lab.file(f"{name}.json", json.dumps(document))


def server(done, place=0, settings=0):
    """One server of a run's report, which must be the whole of stdout."""
    report = json.loads(done.stdout)
    return report["backendAddressPools"][0]["backendHttpSettingsCollection"][settings]["servers"][
        place
    ]


def records_and_answers(requests):
    def behave(connection):
        requests.append(read_head(connection))
        connection.sendall(peers.answer(b"healthy\n"))

    return behave


def write_chains(folder, pki):
    """Every chain as files Envoy reads, and one with its root. (No server shows another's
    certificate before its own: it lacks the key.)"""
    stranger_root = (pki.folder / "stranger-root.pem").read_text()
    chains = {name: pki.secret(name) for name in pki.chains}
    chains["root-sent"] = (chains["unknown-ca"][0] + stranger_root, chains["unknown-ca"][1])
    files = {}
    for name, texts in chains.items():
        files[name] = (folder / f"{name}.chain.pem", folder / f"{name}.key.pem")
        for file, text in zip(files[name], texts, strict=True):
            file.write_text(text)
    return files


class Switch:
    """A server that can be turned off and on."""

    def __init__(self):
        self.mode = "ok"

    def __call__(self, connection):
        read_head(connection)
        if self.mode == "hang":
            peers.until_gone(connection)
        elif self.mode == "ok":
            connection.sendall(peers.answer(b"healthy\n"))
        else:
            connection.sendall(peers.answer(b"", "503 No"))


class Stage:
    def __init__(self, lab):
        self.pki = Pki(lab.folder)
        files = write_chains(lab.folder, self.pki)
        self.ports = {name: free_port() for name in files}
        self.requests = []
        self.switch = Switch()
        healthy = lab.peer(records_and_answers(self.requests))
        status = {
            name: lab.peer(peers.says(peers.answer(b"", line, headers)))
            for name, line, headers in (
                ("redirect", "302 Found", ["Location: /login"]),
                ("no-content", "204 No Content", []),
            )
        }
        clusters = [
            cluster("healthy", healthy.port),
            cluster("slow", lab.peer(peers.until_gone).port),
            cluster("broken"),
            cluster("switch", lab.peer(self.switch).port),
            *[cluster(name, peer.port) for name, peer in status.items()],
        ]
        routes = [route("/healthz", "healthy")]
        routes += [route(f"/{name}", name) for name in ("slow", "broken", "switch", *status)]
        self.gateway = lab.gateway(
            routes, clusters, secrets={self.ports[name]: files[name] for name in files}
        )

    def https(self, certificate="good"):
        return f"https://127.0.0.1:{self.ports[certificate]}"

    def http(self):
        return f"http://127.0.0.1:{self.gateway.port}"


@pytest.fixture(scope="module")
def stage(module_lab):
    return Stage(module_lab)


def probe(lab, stage, target, file, *words):
    return lab.cli(
        *("probe", "--definition", file, "--target", target, "--root", stage.pki.ca_file), *words
    )


@pytest.mark.parametrize(("certificate", "words"), CERTIFICATES)
def test_each_certificate_has_its_words(lab, stage, certificate, words):
    done = probe(lab, stage, stage.https(certificate), definition(lab))
    found = server(done)
    assert found["healthProbeLog"] == words, done.stderr
    healthy = words == SUCCESS
    assert found["health"] == ("Healthy" if healthy else "Unhealthy")
    assert done.returncode == (0 if healthy else 1)


def test_without_a_root_only_well_known_cas_are_trusted(lab, stage):
    done = lab.cli("probe", "--definition", definition(lab), "--target", stage.https())
    assert server(done)["healthProbeLog"].startswith(
        "The Intermediate certificate is not signed by a well-known Certificate Authority (CA). "
    )


@pytest.mark.parametrize(("path", "words"), PATHS)
@pytest.mark.parametrize("protocol", ["Http", "Https"])
def test_each_answer_has_its_words(lab, stage, protocol, path, words):
    target = stage.https() if protocol == "Https" else stage.http()
    done = probe(lab, stage, target, definition(lab, protocol, path=path))
    assert server(done)["healthProbeLog"] == words, done.stderr
    assert done.returncode == (0 if words == SUCCESS else 1)


def test_statuses_and_body_are_the_definitions(lab, stage):
    def words(**match):
        return server(probe(lab, stage, stage.https(), definition(lab, match=match)))[
            "healthProbeLog"
        ]

    assert words(statusCodes=["200-399"]) == SUCCESS
    assert words(statusCodes=["204", "301-302"]) == invalid_status(200, "204,301-302")
    assert words(statusCodes=["200"], body="healthy") == SUCCESS
    assert words(statusCodes=["200"], body="welcome") == (
        "Body of the backend's HTTP response did not match the probe setting. Received response "
        "body doesn't contain welcome."
    )
    done = probe(
        lab, stage, stage.https(), definition(lab, path="/redirect", match={"statusCodes": ["302"]})
    )
    assert server(done)["healthProbeLog"] == "Success. Received 302 status code", "not followed"


def test_nobody_there(lab, stage):
    for protocol in ("Http", "Https"):
        target = f"{protocol.lower()}://127.0.0.1:{free_port()}"
        done = probe(lab, stage, target, definition(lab, protocol))
        assert server(done)["healthProbeLog"] == NO_CONNECTION
    done = probe(lab, stage, f"https://[::1]:{free_port()}", definition(lab))
    assert server(done)["address"].startswith("[::1]:")
    assert server(done)["healthProbeLog"] == NO_CONNECTION
    done = probe(lab, stage, "https://no-such-name.invalid", definition(lab))
    assert server(done)["healthProbeLog"] in (NO_NAME, TOO_SLOW)


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (peers.closes_at_once, NO_CONNECTION),
        (peers.resets_at_once, NO_CONNECTION),
        (peers.until_gone, TOO_SLOW),
        (peers.says(b"SSH-2.0-not-http\r\n\r\n"), NO_CONNECTION),
        (peers.says_and_hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nheal"), TOO_SLOW),
    ],
)
def test_peers_that_misbehave(lab, stage, behave, words):
    peer = lab.peer(behave)
    done = probe(lab, stage, peer.url().rstrip("/"), definition(lab, "Http"))
    assert server(done)["healthProbeLog"] == words


def test_plain_http_where_tls_is_expected(lab, stage):
    done = probe(lab, stage, f"https://127.0.0.1:{stage.gateway.port}", definition(lab))
    assert server(done)["healthProbeLog"] in (NOT_VERIFIED, NO_CONNECTION)


def test_the_request_is_application_gateways(lab):
    requests = []
    peer = lab.peer(records_and_answers(requests))
    done = lab.cli(
        *("probe", "--definition", definition(lab, "Http")),
        *("--target", peer.url().rstrip("/"), "--count", 2, "--interval", "100ms"),
    )
    assert done.returncode == 0
    assert requests == [b"GET /healthz HTTP/1.1\r\nHost: apps.example.com\r\n\r\n"] * 2
    assert peer.connections == 2, "a connection for each probe, and no other"


def test_one_connection_of_tls_for_each_probe(lab, stage):
    def connections():
        name = f"listener.127.0.0.1_{stage.ports['good']}.downstream_cx_total"
        return stage.gateway.admin(f"/stats?filter=^{name}$")[1]

    before = int(connections().split(":")[1])
    probe(lab, stage, stage.https(), definition(lab), "--count", 3, "--interval", "100ms")
    assert int(connections().split(":")[1]) == before + 3


def test_instances_and_settings_probe_independently(lab, stage):
    """A whole gateway's export with two backend settings for one probe, three instances."""
    requests = []
    peer = lab.peer(records_and_answers(requests))
    properties = {**SHIPPED["probe"]["properties"], "protocol": "Http", "interval": 1, "timeout": 1}
    gateway = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/x/gw"
    settings = [
        {
            "name": name,
            "properties": {
                "port": peer.port,
                "protocol": "Http",
                "probe": {"id": f"{gateway}/probes/{used}"},
            },
        }
        for name, used in (("one", "mine"), ("two", "mine"), ("three", "other"))
    ]
    export = lab.file(
        "gateway.json",
        json.dumps(
            {
                "name": "gw",
                "id": gateway,
                "properties": {
                    "probes": [
                        {"name": "mine", "properties": properties},
                        {"name": "other", "properties": properties},
                    ],
                    "backendHttpSettingsCollection": settings,
                    "backendAddressPools": [
                        {
                            "name": "pool",
                            "properties": {"backendAddresses": [{"ipAddress": "127.0.0.1"}]},
                        }
                    ],
                },
            }
        ),
    )
    words = ("probe", "--definition", export, "--count", 2, "--instances", 3, "--interval", "200ms")
    done = lab.cli(*words)
    assert done.returncode == 2
    assert 'choose one with --probe: "mine", "other"' in done.stderr
    done = lab.cli(*words, "--probe", "mine")
    assert done.returncode == 0, done.stderr
    assert len(requests) == 2 * 2 * 3
    report = json.loads(done.stdout)["backendAddressPools"]
    assert [pool["backendAddressPool"]["id"] for pool in report] == ["/backendAddressPools/pool"]
    assert [
        (part["backendHttpSettings"]["id"], [s["address"] for s in part["servers"]])
        for part in report[0]["backendHttpSettingsCollection"]
    ] == [
        ("/backendHttpSettingsCollection/one", ["127.0.0.1"]),
        ("/backendHttpSettingsCollection/two", ["127.0.0.1"]),
    ]


def test_several_targets_fail_together(lab, stage):
    file = definition(lab)
    done = lab.cli(
        *("probe", "--definition", file, "--root", stage.pki.ca_file),
        *("--target", stage.https(), "--target", stage.https("expired")),
    )
    assert done.returncode == 1
    assert [server(done, place)["health"] for place in (0, 1)] == ["Healthy", "Unhealthy"]


class Watching:
    """`probe --watch`, read line by line."""

    def __init__(self, lab, *words):
        self.popen = subprocess.Popen(
            [str(word) for word in (lab.binary, "probe", *words, "--watch")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", **lab.env},
        )
        lab.keep(self)

    def until(self, pattern):
        """The time at which a line came that matches."""
        for line in self.popen.stderr:
            if re.search(pattern, line):
                return time.monotonic()
        raise AssertionError(f"ended without {pattern}")

    def end(self):
        self.popen.terminate()
        out, _ = self.popen.communicate(timeout=20)
        return self.popen.returncode, json.loads(out)

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.communicate(timeout=20)


@pytest.mark.parametrize("protocol", ["Http", "Https"])
@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_time_to_unhealthy_and_back_is_within_timings_bounds(lab, stage, protocol, fault):
    """Through Envoy, with the shortest interval the service takes, and what `timing` says of it."""
    switch = stage.switch
    switch.mode = "ok"
    file = definition(lab, protocol, path="/switch", interval=1, timeout=1, unhealthyThreshold=2)
    done = lab.cli("timing", "--definition", file, "--instances", 1, "--format", "json")
    row = next(x for x in json.loads(done.stdout)["layers"] if x["layer"] == "appgw")
    early, late = 0.05, 0.5  # of a busy machine
    target = stage.https() if protocol == "Https" else stage.http()
    watching = Watching(
        lab, *("--definition", file, "--target", target, "--root", stage.pki.ca_file)
    )
    watching.until("Healthy now")
    for _ in range(2):
        for mode, line, span in (
            (fault, ": Unhealthy now", row["detect_ms"]),
            ("ok", ": Healthy now", row["recover_ms"]),
        ):
            began = time.monotonic()
            switch.mode = mode
            took = watching.until(line) - began
            assert span["best"] / 1000 - early <= took <= span["worst"] / 1000 + late
    status, report = watching.end()
    assert status == 0
    collection = report["backendAddressPools"][0]["backendHttpSettingsCollection"]
    assert collection[0]["servers"][0]["health"] == "Healthy"


def test_healthy_until_the_threshold_while_the_log_tells_the_failure(lab):
    switch = Switch()
    peer = lab.peer(switch)
    watching = Watching(
        lab,
        *("--definition", definition(lab, "Http", unhealthyThreshold=20)),
        *("--target", peer.url().rstrip("/"), "--interval", "100ms"),
    )
    watching.until("Healthy now")
    switch.mode = "refuse"
    watching.until(": Healthy, .*invalid status code: 503")
    status, report = watching.end()
    found = report["backendAddressPools"][0]["backendHttpSettingsCollection"][0]["servers"][0]
    assert found["health"] == "Healthy"
    assert found["healthProbeLog"] == invalid_status(503)
    assert status == 0


def test_until_healthy_waits_and_gives_up(lab):
    switch = Switch()
    switch.mode = "refuse"
    peer = lab.peer(switch)
    words = (
        *("probe", "--definition", definition(lab, "Http")),
        *("--target", peer.url().rstrip("/"), "--interval", "100ms", "--until", "healthy"),
    )
    began = time.monotonic()
    done = lab.cli(*words, "--timeout", "1s")
    assert done.returncode == 1
    assert 0.9 <= time.monotonic() - began < 10
    assert server(done)["health"] == "Unhealthy"
    assert done.stderr.count("invalid status code: 503") >= 5
    switch.mode = "ok"
    done = lab.cli(*words, "--timeout", "10s")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1, "ends with the first success"


def test_the_whole_path_with_application_gateway_in_front(lab):
    """A dead tenant takes nobody else down; an operator's override does, and gives back."""
    path = lab.path()
    appgw = Simulator(lab.folder, lab.binary, path.gateway.url(), interval="200ms")
    appgw.env = lab.env
    lab.keep(appgw)
    appgw.start().wait_ready()
    path.apps["app2"].kill()
    path.responder.wait_healthz("degraded")
    seen = len(appgw.lines())
    appgw.wait_for(lambda: len(appgw.lines()) >= seen + 10, 20, "probes on")
    assert not any("Unhealthy" in line for line in appgw.lines()[1:])
    override = {"verdict": "unhealthy", "reason": "moving", "until": "2099-01-01T00:00:00Z"}
    path.responder.reload({"verdict": {"override": override}})
    path.responder.wait_healthz("unhealthy", 503)

    def said(words):
        return sum(words in line for line in appgw.lines())

    appgw.wait_for(lambda: said(": Unhealthy now") == 2, 20, "both instances gave it up")
    assert said(invalid_status(503)) >= 6
    del path.responder.config["verdict"]["override"]
    path.responder.reload({})
    appgw.wait_for(lambda: said("Healthy now") >= 4, 20, "both instances took it back")
    assert appgw.stop() == 0
    found = appgw.report()["backendAddressPools"][0]["backendHttpSettingsCollection"][0]["servers"]
    assert [(s["health"], s["healthProbeLog"]) for s in found] == [("Healthy", SUCCESS)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--definition is needed"),
        (["--definition", "FILE", "--target", "127.0.0.1:443"], "--target 127.0.0.1:443"),
        (["--definition", "FILE", "--target", "https://"], "host is missing"),
        (["--definition", "FILE", "--target", "ftp://x"], "--target ftp://x"),
        (["--definition", "FILE", "--target", "https://x:0"], "--target https://x:0"),
        (["--definition", "FILE", "--target", "http://x"], "expected https://"),
        (["--definition", "FILE", "--target", "https://x/healthz"], "expected no path"),
        (["--definition", "FILE", "--target", "https://x", "--root", "nowhere.pem"], "nowhere.pem"),
        (["--definition", "FILE", "--target", "https://x", "--root", "."], "--root"),
        (["--definition", "FILE", "--target", "https://x", "--root", "FILE"], "PEM form"),
        (["--definition", "FILE", "--target", "https://x", "--root", "BROKEN"], "PEM form"),
        (["--definition", "FILE", "--count", "0"], "--count: expected 1 to"),
        (["--definition", "FILE", "--count", "x"], "--count: expected 1 to"),
        (["--definition", "FILE", "--instances", "126"], "--instances: expected 1 to 125"),
        (["--definition", "FILE", "--interval", "5"], "--interval: expected a duration"),
        (["--definition", "FILE", "--interval", "0s"], "--interval: expected a duration"),
        (["--definition", "FILE", "--timeout", "soon"], "--timeout: expected a duration"),
        (["--definition", "FILE", "--until", "unhealthy"], "--until: expected healthy"),
        (["--definition", "FILE", "--until", "healthy", "--count", "2"], "exclude each other"),
        (["--definition", "FILE", "--watch", "--count", "2"], "exclude each other"),
        (["--definition", "FILE", *["--target", "https://x"] * 17], "at most 16"),
        (["--definition", "FILE", "--probe", "other"], 'expected the probe "other"'),
        (["--definition", "nowhere.json"], "nowhere.json does not exist"),
        (["--definition", "."], "."),
        (["--definition", "FILE", "extra"], "takes no arguments"),
        (["--defnition", "FILE"], "--definition"),
    ],
)
def test_wrong_use(lab, words, says):
    files = {
        "FILE": definition(lab),
        "BROKEN": lab.file(
            "broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        ),
    }
    done = lab.cli("probe", *[files.get(word, word) for word in words])
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr


def test_every_error_of_a_definition_at_once(lab):
    file = definition(lab, interval=5, timeout=60, unhealthyThreshold=21, path="healthz")
    done = lab.cli("probe", "--definition", file, "--target", "https://x")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(re.match(rf"{re.escape(str(file))}:\d+:\d+: probe\.properties\.", x) for x in lines)


def test_what_is_unwise_is_said(lab):
    peer = lab.peer(peers.says(peers.answer(b"healthy\n")))
    file = definition(lab, "Http", minServers=1)
    done = lab.cli("probe", "--definition", file, "--target", peer.url().rstrip("/"))
    assert done.returncode == 0
    assert "warning: minServers is above 0" in done.stderr


def test_the_shipped_schema_is_the_programs_own(lab):
    done = lab.cli("probe", "--schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "azure/probe.schema.json").read_text()


@pytest.mark.parametrize("name", ["probe.json", "probe-http.json"])
def test_the_shipped_definitions_are_read(lab, name):
    done = lab.cli("probe", "--definition", ROOT / "azure" / name, "--count", "0")
    assert "expected 1 to" in done.stderr, "the definition itself is fine"
