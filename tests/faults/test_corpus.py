"""Every fault of the corpus, on a plain stage and behind a relay that accepts every
connection before it dials."""

import pathlib
import re

import pytest
from conftest import STAGES

from stage import report
from stage.cgroup import CpuLimit
from stage.fault import load

CASES = [
    pytest.param(label, fault, id=f"{label}-{fault.name}")
    for label, has_relay in STAGES.items()
    for fault in load(has_relay)
]


@pytest.mark.parametrize(("label", "fault"), CASES)
def test_fault(judges, record, label, fault):
    if fault.world["responder_cpu"] == "limited" and not CpuLimit.is_possible():
        pytest.skip("a CPU limit needs root and a cgroup file system that may be written to")
    finding = judges(label).play(fault)
    record(finding)
    assert finding.is_right, report.explain(finding)


REASON_CODES = pathlib.Path(__file__).resolve().parents[2] / "docs/reason-codes.md"
NOT_PLAYED = {
    "LOCAL_MEMORY": "an allocation in a library or the kernel fails; its rule has a unit test",
    "BLOCKED_BY": "never the name of a fault: the root cause is told in its place",
}


def test_every_reason_code_has_a_fault():
    codes = set(re.findall(r"^\| \[`([A-Z_]+)`\]", REASON_CODES.read_text(), re.MULTILINE))
    played = {reason for fault in load(False) for _, _, reason in fault.expect.values()}
    assert len(codes) > 30
    assert codes - played == set(NOT_PLAYED)
