"""The table of a run, and its totals."""

import dataclasses
import json
import math


def _diagnosis(said, part):
    values = []
    for tenant in sorted(said):
        if said[tenant][part] not in values:
            values.append(said[tenant][part])
    return "+".join(values) or "-"


def _seconds(value):
    return f"{value:.1f} s" if value is not None else "-"


def _passing_span(finding):
    """How long it blamed somebody before its final verdict."""
    spans = [end - start for start, end in finding.passing.values()]
    return f"{max(spans):.2f} s" if spans else "-"


def row(finding):
    verdict = "right" if finding.is_right else "WRONG"
    if not finding.expected and finding.is_right:
        verdict = "right (silent)"
    if finding.tries > 1:
        verdict += f", try {finding.tries}"
    return [
        finding.fault,
        finding.stage,
        _seconds(finding.detected_s),
        _diagnosis(finding.said, 0),
        _diagnosis(finding.said, 1),
        _diagnosis(finding.said, 2),
        verdict,
        _seconds(finding.healed_s),
        _passing_span(finding),
    ]


HEAD = [
    "fault",
    "stage",
    "detected",
    "hop",
    "owner",
    "reason",
    "verdict",
    "healed",
    "passing blame",
]


def table(findings):
    head = list(HEAD)
    rows = [row(finding) for finding in findings]
    peers = sorted({name for finding in findings for name in finding.peers})
    for name in peers:
        head.append(name)
        for line, finding in zip(rows, findings, strict=True):
            line.append(finding.peers.get(name, "-"))
    widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)


def _passing(findings):
    """Blame that was gone after one round of checks."""
    spans = [end - start for finding in findings for start, end in finding.passing.values()]
    faults = sum(bool(finding.passing) for finding in findings)
    longest = f", longest {max(spans):.2f} s" if spans else ""
    return f"passing      {faults} (blame within the first round of checks{longest})"


def totals(findings):
    count = len(findings)
    times = sorted(one.detected_s for one in findings if one.detected_s is not None)
    lines = [
        f"right hop    {sum(one.right_hop for one in findings)} of {count}",
        f"right owner  {sum(one.right_owner for one in findings)} of {count}",
        f"right reason {sum(one.right_reason for one in findings)} of {count}",
        f"false blame  {sum(bool(one.blamed) for one in findings)}",
        _passing(findings),
        f"/healthz 503 {sum(one.sick for one in findings)}",
    ]
    if times:
        p99 = times[math.ceil(len(times) * 0.99) - 1]
        lines.append(
            f"detected     median {times[len(times) // 2]:.2f} s, p99 {p99:.2f} s, "
            f"longest {times[-1]:.2f} s"
        )
    return "\n".join(lines)


def explain(finding):
    """What was wrong with it."""
    lines = []
    if finding.said != finding.expected:
        lines.append(f"expected {finding.expected or 'silence'}")
        lines.append(f"said     {finding.said or 'nothing'} (rules {sorted(finding.rules)})")
    if finding.blamed:
        lines.append(f"blamed although it must not be: {sorted(finding.blamed)}")
    if finding.passing:
        lines.append(f"blamed in passing: {sorted(finding.passing)}")
    if finding.sick:
        lines.append(f"/healthz answered 503 {finding.sick} times")
    if finding.healed_s is None:
        lines.append("never silent again after the repair")
    if finding.first:
        lines.append(f"first said {finding.first}")
    return "\n".join([f"{finding.fault} ({finding.stage})", *lines, finding.seen])


def save(findings, file):
    """For whoever wants the figures."""
    data = []
    for finding in findings:
        one = dataclasses.asdict(finding)
        one["rules"] = sorted(finding.rules)
        one["blamed"] = sorted(finding.blamed)
        one["is_right"] = finding.is_right
        data.append(one)
    file.write_text(json.dumps(data, indent=1) + "\n")
