"""The short form: instructions and system calls of a probe, as ratios to a bare libmicrohttpd
and to the limit. Both are counts, not times, so that a busy machine does not change them."""

import json
import pathlib

from harness import probe

RECORDED = pathlib.Path(__file__).resolve().parents[1] / "recorded.json"
# No recorded spread is smaller: libraries are updated, and epoll_wait is not quite constant.
LEAST_SPREAD = 0.05


def ratios(run):
    names = ("ours", "floor_front", "limit")
    instructions = probe.measure_instructions(run, names[:2])
    syscalls = probe.measure_syscalls(run, names)
    found = {}
    for case, by in instructions.items():
        found[f"instructions, {case}, to bare libmicrohttpd"] = by["ours"] / by["floor_front"]
        found[f"instructions, {case}, 1,000 checks to none"] = (
            by["ours with 1,000 checks"] / by["ours"]
        )
    for case, by in syscalls.items():
        found[f"system calls, {case}, to the limit"] = by["ours"]["all"] / by["limit"]["all"]
    return {name: round(value, 3) for name, value in found.items()}


def record(run):
    turns = [ratios(run) for _ in range(max(2, run.rounds))]
    recorded = {}
    for name in turns[0]:
        values = sorted(turn[name] for turn in turns)
        middle = values[len(values) // 2]
        recorded[name] = {"ratio": middle, "spread": round((values[-1] - values[0]) / middle, 3)}
    RECORDED.write_text(json.dumps(recorded, indent=2) + "\n")
    return recorded


def check(run):
    """Names of the ratios that are worse than recorded by more than their spread."""
    recorded = json.loads(RECORDED.read_text())
    worse = []
    for name, value in ratios(run).items():
        known = recorded[name]
        limit = known["ratio"] * (1 + max(known["spread"], LEAST_SPREAD))
        run.say(f"{name}: {value}, recorded {known['ratio']}, at most {limit:.3f}")
        if value > limit:
            worse.append(name)
    return worse
