"""Sections `detection` and `life`: from a backend's death to the verdict, from start to the
first answer, memory, reload, size."""

import http.client
import json
import pathlib
import statistics
import tempfile
import threading
import time

from harness import checkers
from harness.servers import Built
from stack.responder import Responder
from stack.wait import wait_until

FALL, INTERVAL_MS, FAST_MS, TIMEOUT_MS = 3, 500, 100, 100


def _get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _is_down(name, server):
    if name == "ours":
        return json.loads(_get(server.detail_port, "/checks/c0"))["state"] == "failing"
    if name == "envoy":
        return "failed_active_hc" in _get(server.port, "/clusters")
    row = next(r for r in _get(server.port, "/stats;csv").splitlines() if ",s0," in r)
    return row.split(",")[17].startswith("DOWN")


def _watch(server, name, what, deadline_s=20):
    wait_until(lambda: _is_down(name, server) == what, deadline_s, f"{name}: down is {what}")
    return time.monotonic()


def detection_times(run, name, deaths):
    """ms from the kill of the target to the verdict, each."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        backend = Built(folder, "limit")
        backend.core = run.cores.load
        backend.start().wait_ready()
        plan = checkers.Plan(backend.port, 1, INTERVAL_MS, fall=FALL, fast_ms=FAST_MS,
                             timeout_ms=TIMEOUT_MS)  # fmt: skip
        at = folder / name
        at.mkdir()
        checker = checkers.make(name, at, run, plan)
        if name == "haproxy":
            text = checker.config.read_text()
            stats = "  stats enable\n  stats uri /stats\n  http-request return"
            rule = "if !{ path_beg /stats }"
            text = text.replace("  http-request return", stats).replace(
                'string "healthy\\n"', f'string "healthy\\n" {rule}'
            )
            checker.config.write_text(text)
        checker.core = run.cores.server
        try:
            checker.start().wait_ready()
            for turn in range(deaths):
                _watch(checker, name, False)
                # Anywhere within the interval, the same places for everybody.
                threading.Event().wait(0.3 + (turn * 0.618 % 1) * INTERVAL_MS / 1000)
                backend.kill()
                died = time.monotonic()
                times.append((_watch(checker, name, True) - died) * 1000)
                backend.start().wait_ready()
        finally:
            checker.stop()
            backend.stop()
    return times


def measure_detection(run):
    deaths = run.deaths
    limit = 1.1 * INTERVAL_MS + (FALL - 1) * max(FAST_MS, TIMEOUT_MS) + TIMEOUT_MS
    found = {"deaths": deaths, "promised_ms": limit, "times_ms": {}}
    for name in ("ours", "haproxy", "envoy"):
        found["times_ms"][name] = detection_times(run, name, deaths)
        run.say(f"detection: {name}: {deaths} deaths")
    return found


def _first_answer_ms(binary):
    with tempfile.TemporaryDirectory() as folder:
        server = Responder(folder, {"log": {"level": "error"}}, binary)
        began = time.monotonic()
        try:
            server.start()
            wait_until(lambda: server.get(server.probe_url + "/healthz")[0] == 200, 10, "a 200")
            return (time.monotonic() - began) * 1000
        finally:
            server.stop()


def _memory_and_reload(run, binary, count):
    """Resident KiB after a round of checks, and again after 5 reloads; ms of one reload."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        targets = Built(folder, "limit")
        targets.core = run.cores.load
        server = checkers.ours(folder, binary, checkers.Plan(targets.port, count, 5000))
        server.core = run.cores.server
        try:
            targets.start().wait_ready()
            server.start().wait_ready()
            wait_until(lambda: int(_get(targets.port, "/count")) >= 2 * count, 60, "two rounds")
            before = server.memory_kib()
            times = []
            for turn in range(5):
                server.config["checks"][0]["timeout"] = f"{900 + turn}ms"
                began = time.monotonic()
                server.write_config()
                wait_until(
                    lambda turn=turn: (
                        f"{900 + turn}ms" in _get(server.detail_port, "/config")[:4000]
                        or _generation(server) > turn + 1
                    ),
                    30,
                    "the new configuration",
                )
                times.append((time.monotonic() - began) * 1000)
            return {"rss_kib": before, "rss_after_reloads_kib": server.memory_kib(),
                    "reload_ms": statistics.median(times)}  # fmt: skip
        finally:
            server.stop()
            targets.stop()


def _generation(server):
    return json.loads(_get(server.detail_port, "/config")).get("generation", 0)


def measure(run):
    """{name of the binary: figures}"""
    found = {}
    for name, binary in run.binaries.items():
        found[name] = {
            "start_ms": [_first_answer_ms(binary) for _ in range(max(5, run.rounds))],
            "binary_bytes": pathlib.Path(binary).stat().st_size,
            "checks": {},
        }
        for count in (10, 1000, 10000) if run.full else (10, 1000):
            found[name]["checks"][str(count)] = _memory_and_reload(run, binary, count)
            run.say(f"life: {name}: {count} checks")
    return found
