import pathlib

import pytest

from stack.responder import binary_path
from stage import report
from stage.judge import Judge
from stage.peers import Peers
from stage.stage import Stage

# By name of the stage: does it stand behind the relay?
STAGES = {"direct": False, "relay": True}
FINDINGS = []


def pytest_addoption(parser):
    parser.addoption("--binary", help="the health-responder to test (preset dev)")
    parser.addoption("--peers", action="store_true", help="ask blackbox_exporter and HAProxy too")
    parser.addoption("--findings", help="write all figures to this file, as JSON")


@pytest.fixture(scope="session")
def judges(request, tmp_path_factory):
    """One stage of each kind, started when it is first needed."""
    binary = pathlib.Path(request.config.getoption("binary") or binary_path("dev"))
    made = {}

    def judge(label):
        if label not in made:
            folder = tmp_path_factory.mktemp(label)
            stage = Stage(folder, binary, STAGES[label])
            request.addfinalizer(stage.stop)
            stage.start()
            peers = None
            if request.config.getoption("peers"):
                peers = Peers(stage)
                request.addfinalizer(peers.stop)
                peers.start()
            made[label] = Judge(stage, label, peers)
        return made[label]

    yield judge
    reports = [file for one in made.values() for file in one.stage.folder.glob("sanitizer.*")]
    assert not reports, reports[0].read_text(errors="replace")[:6000]


@pytest.fixture
def record():
    return FINDINGS.append


def pytest_terminal_summary(terminalreporter, config):
    if not FINDINGS:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line(report.table(FINDINGS))
    terminalreporter.write_line("")
    terminalreporter.write_line(report.totals(FINDINGS))
    if config.getoption("findings"):
        report.save(FINDINGS, pathlib.Path(config.getoption("findings")))
