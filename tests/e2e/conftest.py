import pathlib

import pytest

from stack.responder import ROOT, binary_path
from support.lab import Lab


def pytest_addoption(parser):
    parser.addoption(
        "--binary", default=str(binary_path("dev")), help="the health-responder to test"
    )


@pytest.fixture(scope="session")
def binary(request):
    path = pathlib.Path(request.config.getoption("--binary"))
    path = path if path.is_absolute() else ROOT / path
    if not path.exists():
        pytest.exit(f"{path} is not there: run make test, or give --binary", returncode=2)
    return path


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture
def lab(tmp_path, binary, request):
    """Programs for one test."""
    lab = Lab(tmp_path, binary)
    yield lab
    report = getattr(request.node, "report_call", None)
    lab.close(quiet=report is not None and report.failed)


@pytest.fixture(scope="module")
def module_lab(tmp_path_factory, binary):
    """Programs that the tests of one file share; they must leave them as they were."""
    with Lab(tmp_path_factory.mktemp("lab"), binary) as lab:
        yield lab
