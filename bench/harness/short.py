"""The short form: instructions and system calls of a probe, as ratios to a bare libmicrohttpd
of the same run, and system calls of a check, as ratios to bare sockets. All are counts, not
times, so that a busy machine does not change them; what is worse must be worse twice."""

import json
import pathlib

from harness import checks, probe

RECORDED = pathlib.Path(__file__).resolve().parents[1] / "recorded.json"
# No recorded spread is smaller: libraries are updated. One more system call is beyond it.
LEAST_SPREAD = 0.12


def _without_waits(calls):
    """How often a server sleeps depends on who is faster, it or its client."""
    return calls["all"] - calls.get("epoll_wait", 0)


def ratios(run):
    names = ("ours", "floor_front")
    instructions = probe.measure_instructions(run, names, (1000,))
    syscalls = probe.measure_syscalls(run, names)
    found = {}
    for case, by in instructions.items():
        found[f"instructions, {case}, to bare libmicrohttpd"] = by["ours"] / by["floor_front"]
        found[f"instructions, {case}, 1,000 checks to none"] = (
            by["ours with 1,000 checks"] / by["ours"]
        )
    for case, by in syscalls.items():
        ours, floor = (_without_waits(by[name]) for name in names)
        found[f"system calls, {case}, to bare libmicrohttpd"] = ours / floor
    for case, by in checks.measure_syscalls(run, ("ours", "sockets")).items():
        found[f"system calls of a check, {case}, to bare sockets"] = by["ours"] / by["sockets"]
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


def _worse(run):
    recorded = json.loads(RECORDED.read_text())
    worse = set()
    for name, value in ratios(run).items():
        known = recorded[name]
        limit = known["ratio"] * (1 + max(known["spread"], LEAST_SPREAD))
        run.say(f"{name}: {value}, recorded {known['ratio']}, at most {limit:.3f}")
        if value > limit:
            worse.add(name)
    return worse


def check(run):
    """Names of the ratios that are worse than recorded by more than their spread."""
    worse = _worse(run)
    return sorted(worse & _worse(run)) if worse else []
