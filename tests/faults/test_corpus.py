"""Every fault of the corpus, on a plain stage and behind a relay that accepts every
connection before it dials."""

import pytest
from conftest import STAGES

from stage import report
from stage.fault import load

CASES = [
    pytest.param(label, fault, id=f"{label}-{fault.name}")
    for label, has_relay in STAGES.items()
    for fault in load(has_relay)
]


@pytest.mark.parametrize(("label", "fault"), CASES)
def test_fault(judges, record, label, fault):
    finding = judges(label).play(fault)
    record(finding)
    assert finding.is_right, report.explain(finding)
