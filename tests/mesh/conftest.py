"""One lab for the whole run. A test leaves it as it found it: fixtures put things back."""

import pathlib
import signal
import tempfile

import pytest
from lab import stack
from lab.control import Lab
from lab.settings import MESH, Settings, say


def pytest_addoption(parser):
    parser.addoption("--responder", type=pathlib.Path, required=True)
    parser.addoption("--ambient", action="store_true", help="pods are reached over HBONE")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed:
        item.session.config.mesh_failed = True
    return report


def pytest_configure(config):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests/mesh/enter ignores it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.mesh_failed = False
    config.mesh_notes = []


def pytest_terminal_summary(terminalreporter, config):
    for note in config.mesh_notes:
        terminalreporter.write_line(note)


@pytest.fixture
def mesh_notes(request):
    """Figures to be printed at the end."""
    return request.config.mesh_notes


@pytest.fixture(scope="session")
def lab(request):
    """Up, with k8s/overlays/lab applied and answering."""
    state = pathlib.Path(tempfile.mkdtemp(prefix="health-responder-mesh-", dir="/tmp"))
    state.chmod(0o755)
    responder = request.config.getoption("--responder").resolve()
    lab = Lab(Settings(state, responder, request.config.getoption("--ambient")))
    try:
        lab.up()
        lab.first_apply = stack.up(lab)
        yield lab
    except BaseException:
        request.config.mesh_failed = True
        raise
    finally:
        if request.config.mesh_failed:
            say(f"\nmesh: something failed; logs stay in {state}/logs")
        else:
            lab.forget()


@pytest.fixture
def mended(lab):
    """Applies the overlay again after the test, and waits until all answers as before."""
    yield lab
    stack.apply(lab)
    stack.wait_ready(lab)


@pytest.fixture(scope="session")
def ca_file(lab):
    return lab.settings.state / "certs" / "ca.crt"


@pytest.fixture(scope="session")
def manifests():
    return MESH / "manifests"
