"""Section `latency`: how long a probe takes at a fixed rate, when all is quiet and when
much is going on. The probe thread has a core of its own, the rest of the server the other."""

import contextlib
import pathlib
import socket
import subprocess
import tempfile
import threading

from harness import costs, load
from harness.checkers import Plan, ours, target
from harness.servers import Built, Ours
from stack.process import find_program

RATE = 500
STORM = 10000


@contextlib.contextmanager
def _server(run, make):
    """Started, and its probe thread moved to the server's core."""
    with tempfile.TemporaryDirectory() as folder:
        server = make(pathlib.Path(folder))
        server.core = run.cores.load
        try:
            server.start().wait_ready()
            tid = costs.busiest_thread(
                server.pid, lambda: load.ask(run.cores.load, server.port, requests=2000)
            )
            subprocess.run(["taskset", "-cp", str(run.cores.server), str(tid)],
                           check=True, capture_output=True)  # fmt: skip
            yield server
        finally:
            server.stop()


def _quiet(run):
    return _server(run, lambda folder: Ours(folder, run.binaries["ours"]))


@contextlib.contextmanager
def _checks_run(run):
    with tempfile.TemporaryDirectory() as folder:
        targets = Built(pathlib.Path(folder), "limit")
        targets.core = run.cores.load
        try:
            targets.start().wait_ready()
            plan = Plan(targets.port, STORM, 10000)
            with _server(run, lambda at: ours(at, run.binaries["ours"], plan)) as server:
                yield server
        finally:
            targets.stop()


@contextlib.contextmanager
def _backends_hang(run):
    """They accept and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as hanging:
        plan = Plan(hanging.getsockname()[1], 1000, 2000, timeout_ms=1000)

        def make(at):
            made = ours(at, run.binaries["ours"], plan)
            for check in made.config["checks"]:
                check["url"] = f"http://127.0.0.1:{plan.port}/"
            made.write_config()
            return made

        with _server(run, make) as server:
            yield server


@contextlib.contextmanager
def _dns_dead(run):
    checks = [
        {"name": f"c{i}", "type": "http", "url": f"http://app-{i}.example.test:80/"}
        for i in range(1000)
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        config = {
            "checks": checks,
            "resolver": {"servers": [f"127.0.0.1:{silent.getsockname()[1]}"]},
            "defaults": {"interval": "2s", "timeout": "1s", "connect_timeout": "500ms"},
            "log": {"level": "error"},
        }
        with _server(run, lambda at: Ours(at, run.binaries["ours"], config)) as server:
            yield server


@contextlib.contextmanager
def _reloads(run):
    checks = [
        {"name": f"c{i}", "type": "http", "url": f"http://{target(i)}:9/"}
        for i in range(1000)
    ]  # fmt: skip
    config = {"checks": checks, "defaults": {"interval": "1h"}, "log": {"level": "error"}}
    with _server(run, lambda at: Ours(at, run.binaries["ours"], config)) as server:
        done = threading.Event()

        def reload():
            turn = 0
            while not done.wait(1):
                turn += 1
                server.config["checks"][0]["timeout"] = f"{1000 + turn}ms"
                server.write_config()

        thread = threading.Thread(target=reload)
        thread.start()
        try:
            yield server
        finally:
            done.set()
            thread.join()


@contextlib.contextmanager
def _attack(run, port):
    program = find_program("slowhttptest", "scripts/setup bench")
    attack = subprocess.Popen(
        ["taskset", "-c", str(run.cores.load), program,
         "-c", "600", "-H", "-i", "2", "-r", "200", "-l", "60",
         "-u", f"http://127.0.0.1:{port}/healthz"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        attack.terminate()
        attack.wait()


@contextlib.contextmanager
def _slow_clients(run):
    with _quiet(run) as server, _attack(run, server.port):
        yield server


@contextlib.contextmanager
def _slow_clients_elsewhere(run):
    """Another server on the same cores is attacked: what the attackers cost whoever measures."""
    with _quiet(run) as other, _quiet(run) as server, _attack(run, other.port):
        yield server


CASES = {
    "idle": _quiet,
    "10,000 checks run": _checks_run,
    "backends hang": _backends_hang,
    "DNS is dead": _dns_dead,
    "reload every second": _reloads,
    "slow clients": _slow_clients,
    "slow clients of another server": _slow_clients_elsewhere,
}


def measure(run):
    """{case: [what bench/load says, one per round]}"""
    found = {}
    seconds = 5 if run.full else 3
    for turn in range(min(run.rounds, 3)):
        for case, start in CASES.items():
            with start(run) as server:
                load.ask(
                    run.cores.load, server.port, rate=RATE, requests=RATE, connections=16, new=True
                )
                answer = load.ask(run.cores.load, server.port, rate=RATE, requests=RATE * seconds,
                                  connections=16, new=True)  # fmt: skip
            found.setdefault(case, []).append(answer)
        run.say(f"latency: round {turn + 1} of {min(run.rounds, 3)}")
    return found
