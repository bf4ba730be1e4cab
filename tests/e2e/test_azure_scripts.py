"""azure/scripts with a stand-in for az and kubectl: which calls they make, that a second run makes
none, and what they say where Azure refuses."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tarfile

import pytest

from stack.responder import ROOT

SCRIPTS = ROOT / "azure/scripts"
STAND_IN = ROOT / "tests/e2e/support/azure_stand_in.py"
SHIPPED = json.loads((ROOT / "azure/probe.json").read_text())
WHERE = ("--resource-group", "rg", "--gateway", "agw")
CHANGES = re.compile(r" (create|update|delete) ")
GATEWAY = {
    "id": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/agw",
    "name": "agw",
    "probes": [],
    "backendHttpSettingsCollection": [
        {"name": "istio-gateway-https", "protocol": "Https", "port": 443, "probe": None},
        {"name": "plain", "protocol": "Http", "port": 80},
    ],
}
CREATE = (
    "az network application-gateway probe create --name healthz-https --protocol Https "
    "--host apps.example.com --path /healthz --interval 10 --timeout 5 --threshold 3 "
    "--host-name-from-http-settings false --min-servers 0 --match-status-codes 200 "
    "--resource-group rg --gateway-name agw --only-show-errors --output json"
)
ATTACH = (
    "az network application-gateway http-settings update --name istio-gateway-https "
    "--probe healthz-https --resource-group rg --gateway-name agw --only-show-errors --output json"
)


class Azure:
    def __init__(self, folder, binary):
        self.folder = folder
        self.binary = binary
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("az", "kubectl"):
            (self.bin / name).symlink_to(STAND_IN)
        self.set_gateway(GATEWAY)

    def set_gateway(self, gateway):
        (self.folder / "gateway.json").write_text(json.dumps(gateway))

    def gateway(self):
        return json.loads((self.folder / "gateway.json").read_text())

    def refuse(self, begin, text):
        (self.folder / "refuse.json").write_text(json.dumps({begin: text}))

    def run(self, script, *words, **env):
        (self.folder / "calls").write_text("")
        return subprocess.run(
            [SCRIPTS / script, *map(str, words)],
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "STAND_IN": str(self.folder),
                "HEALTH_RESPONDER": str(self.binary),
                "TMPDIR": str(self.folder),
                **env,
            },
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self):
        lines = (self.folder / "calls").read_text().splitlines()
        return [shlex.join(json.loads(line)) for line in lines]

    def changes(self):
        return [call for call in self.calls() if CHANGES.search(call)]

    def definition(self, **properties):
        document = json.loads(json.dumps(SHIPPED))
        document["probe"]["properties"].update(properties)
        file = self.folder / "definition.json"
        file.write_text(json.dumps(document))
        return file


@pytest.fixture
def azure(tmp_path, binary):
    return Azure(tmp_path, binary)


def test_a_gateway_without_the_probe_gets_it_once(azure):
    done = azure.run("probe.sh", *WHERE)
    assert done.returncode == 0, done.stderr
    assert azure.changes() == [CREATE, ATTACH]
    assert "backend-health.sh --resource-group rg --gateway agw" in done.stderr
    done = azure.run("probe.sh", *WHERE)
    assert (done.returncode, azure.changes()) == (0, [])
    assert "nothing to change" in done.stderr


def test_what_differs_is_updated_and_nothing_else(azure):
    azure.run("probe.sh", *WHERE)
    done = azure.run("probe.sh", *WHERE, "--definition", azure.definition(interval=20))
    assert done.returncode == 0, done.stderr
    changes = azure.changes()
    assert len(changes) == 1
    assert " probe update --name healthz-https " in changes[0]
    assert " --interval 20 " in changes[0]
    assert azure.gateway()["probes"][0]["interval"] == 20


def test_a_gateway_in_arms_own_spelling_is_read_as_well(azure):
    azure.run("probe.sh", *WHERE)
    flat = azure.gateway()

    def nested(item):
        name = item.pop("name")
        return {"name": name, "properties": item}

    keys = ("probes", "backendHttpSettingsCollection")
    azure.set_gateway(
        {"name": "agw", "properties": {key: [nested(item) for item in flat[key]] for key in keys}}
    )
    done = azure.run("probe.sh", *WHERE)
    assert (done.returncode, azure.changes()) == (0, []), done.stderr


def test_a_dry_run_changes_nothing_and_prints_what_would(azure):
    done = azure.run("probe.sh", *WHERE, "--subscription", "my own", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert azure.changes() == []
    assert all("--subscription 'my own'" in call for call in azure.calls())
    printed = [shlex.split(line.removeprefix("would run: ")) for line in done.stdout.splitlines()]
    tail = ["--subscription", "my own"]
    assert printed == [
        [*shlex.split(call.split(" --only-show-errors")[0]), *tail] for call in (CREATE, ATTACH)
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--settings", "plain"], "backend settings plain speak Http, the probe Https"),
        (["--settings", "nothing"], "--settings takes one of: istio-gateway-https, plain"),
    ],
)
def test_settings_that_do_not_fit(azure, words, says):
    done = azure.run("probe.sh", *WHERE, *words)
    assert (done.returncode, azure.changes()) == (2, [])
    assert says in done.stderr


@pytest.mark.parametrize("program", ["with", "without"])
@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"timeout": 60}, "expected at most the interval"),
        ({"pickHostNameFromBackendHttpSettings": True}, "exactly one of"),
    ],
)
def test_a_definition_the_service_would_refuse(azure, program, properties, says):
    """By our own program, with the place, and by the script where the program is missing."""
    env = {} if program == "with" else {"HEALTH_RESPONDER": "not-there"}
    done = azure.run("probe.sh", *WHERE, "--definition", azure.definition(**properties), **env)
    assert (done.returncode, azure.changes()) == (2, [])
    assert says in done.stderr
    assert bool(re.search(r":\d+:\d+: ", done.stderr)) == (program == "with")


def test_what_az_cannot_take_away_is_said(azure):
    azure.run("probe.sh", *WHERE, "--definition", azure.definition(port=8443))
    done = azure.run("probe.sh", *WHERE)
    assert (done.returncode, azure.changes()) == (2, [])
    assert "has port 8443, the definition has none" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{", '{"probe": 1}', '{"probe": {"name": "x"}}'])
def test_a_definition_that_is_none(azure, text):
    file = azure.folder / "definition.json"
    file.write_text(text)
    done = azure.run("probe.sh", *WHERE, "--definition", file, HEALTH_RESPONDER="not-there")
    assert (done.returncode, azure.changes()) == (2, [])
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("begin", "text", "says"),
    [
        ("az account", "Please run 'az login' to setup account.", "not logged in"),
        ("az network application-gateway show", "AADSTS700082: The refresh token has expired",
         "not logged in, or the login has expired: az login"),
        ("az network application-gateway show", "(ResourceGroupNotFound) 'rg' could not be found.",
         "there is no resource group rg"),
        ("az network application-gateway show", "(ResourceNotFound) The Resource was not found.",
         "az network application-gateway list --resource-group rg"),
        ("az network application-gateway show", "(AuthorizationFailed) The client does not have",
         "have no right to do this; ask for the role Reader on resource group rg"),
        ("az network application-gateway probe", "(AuthorizationFailed) The client does not have",
         "ask for the role Network Contributor on resource group rg"),
        ("az network application-gateway probe", "(AnotherOperationInProgress) Another operation",
         "try again in a few minutes"),
    ],
)  # fmt: skip
def test_what_azure_refuses_is_said_plainly(azure, begin, text, says):
    azure.refuse(begin, text)
    done = azure.run("probe.sh", *WHERE)
    assert done.returncode == 2
    assert says in done.stderr
    assert f"az: ERROR: {text}" in done.stderr, "its own words, too"
    assert ATTACH not in azure.calls(), "nothing goes on after it"


HEALTHY = ("Healthy", "Success. Received 200 status code")


def health(*servers):
    return {
        "backendAddressPools": [
            {
                "backendAddressPool": {"id": "/x/backendAddressPools/istio-gateway"},
                "backendHttpSettingsCollection": [
                    {
                        "backendHttpSettings": {"id": "/x/istio-gateway-https"},
                        "servers": [
                            {"address": f"10.0.1.{at}", "health": state, "healthProbeLog": log}
                            for at, (state, log) in enumerate(servers)
                        ],
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    ("servers", "status", "lines"),
    [
        ([HEALTHY], 0, ["istio-gateway-https 10.0.1.0 Healthy: " + HEALTHY[1]]),
        ([("Up", None)], 0, ["istio-gateway-https 10.0.1.0 Up: "]),
        (
            [HEALTHY, ("Unhealthy", "Received invalid status code: 404")],
            1,
            [
                "istio-gateway-https 10.0.1.0 Healthy: " + HEALTHY[1],
                "istio-gateway-https 10.0.1.1 Unhealthy: Received invalid status code: 404",
            ],
        ),
        ([("Unknown", "")], 1, ["istio-gateway-https 10.0.1.0 Unknown: "]),
        ([], 1, ["no server: no rule ties a listener, these settings and a pool with members "
                 "together"]),
    ],
)  # fmt: skip
def test_backend_health(azure, servers, status, lines):
    answer = health(*servers)
    (azure.folder / "health.json").write_text(json.dumps(answer))
    done = azure.run("backend-health.sh", *WHERE)
    assert (done.returncode, done.stdout.splitlines()) == (status, lines), done.stderr
    assert azure.calls()[-1] == (
        "az network application-gateway show-backend-health --resource-group rg --name agw "
        "--only-show-errors --output json"
    )
    done = azure.run("backend-health.sh", *WHERE, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (status, answer)


def test_backend_health_of_something_else(azure):
    (azure.folder / "health.json").write_text('"no"')
    done = azure.run("backend-health.sh", *WHERE)
    assert done.returncode == 2
    assert "az answered something else" in done.stderr


def files_of(archive):
    with tarfile.open(archive) as tar:
        return {
            member.name.removeprefix("./"): tar.extractfile(member).read().decode()
            for member in tar.getmembers()
            if member.isfile()
        }


def test_what_support_needs_is_collected_and_no_secret(azure):
    (azure.folder / "health.json").write_text(json.dumps(health(HEALTHY)))
    done = azure.run(
        "collect.sh", *WHERE, "--cluster", "aks", "--context", "ctx", "--output", "x.tar.gz"
    )
    assert done.returncode == 0, done.stderr
    files = files_of(azure.folder / "x.tar.gz")
    assert json.loads(files["azure-backend-health.json"]) == health(HEALTHY)
    assert {
        *("azure-gateway.json", "azure-security-groups.json", "azure-load-balancers.json"),
        *("kubernetes-gateways.json", "kubernetes-httproutes.json", "kubernetes-services.json"),
        *("kubernetes-istio-ingress.log", "kubernetes-gateway-health.log"),
        *("kubernetes-health-responder-why.txt", "kubernetes-gateway-health-pods.json"),
    } <= files.keys()
    assert files["errors.txt"] == ""
    assert not any("geheim" in text for text in files.values())
    assert "(removed)" in files["kubernetes-gateway-health-pods.json"]
    calls = azure.calls()
    assert not any(re.search(r"\bsecrets?\b", call) for call in calls)
    assert not any(CHANGES.search(call) for call in calls)
    assert all("--context ctx" in call for call in calls if call.startswith("kubectl"))
    assert any("network lb list --resource-group MC_group" in call for call in calls)
    assert (azure.folder / "x.tar.gz").stat().st_mode & 0o077 == 0
    done = azure.run("collect.sh", "--output", "x.tar.gz")
    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_what_cannot_be_collected_is_named_and_the_rest_is_there(azure):
    azure.refuse("kubectl --request-timeout=30s get nodes", "nodes is forbidden")
    done = azure.run("collect.sh", "--output", "x.tar.gz")
    assert done.returncode == 1
    assert "nodes is forbidden" in done.stderr
    files = files_of(azure.folder / "x.tar.gz")
    assert "nodes is forbidden" in files["errors.txt"]
    assert "kubernetes-nodes.json" not in files
    assert "kubernetes-services.json" in files
    assert not any(call.startswith("az") for call in azure.calls())


@pytest.mark.parametrize("script", ["backend-health.sh", "collect.sh"])
def test_a_dry_run_asks_nobody(azure, script):
    done = azure.run(script, *WHERE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert azure.calls() == []
    assert "would run: az network application-gateway show-backend-health" in done.stdout
    assert not list(azure.folder.glob("support-*"))


@pytest.mark.parametrize("script", ["probe.sh", "backend-health.sh", "collect.sh"])
def test_help_and_wrong_use(azure, script):
    done = azure.run(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{script} " in done.stdout
    assert "--dry-run" in done.stdout
    assert "Exit status" in done.stdout
    for words, says in (
        (["--nonsense"], "unknown option --nonsense"),
        (["--gateway"], "--gateway needs a value"),
        (["--subscription", "--dry-run"], "--subscription needs a value"),
        (["--gateway", "agw"], "--resource-group"),
        (["--resource-group", "rg"], "--gateway"),
    ):
        done = azure.run(script, *words)
        assert done.returncode == 2, words
        assert says in done.stderr
        assert azure.calls() == []


def test_a_missing_az_is_said(azure):
    (azure.bin / "az").unlink()
    if shutil.which("az"):
        pytest.skip("this machine has a real one")
    done = azure.run("probe.sh", *WHERE)
    assert done.returncode == 2
    assert "the program az is missing" in done.stderr
