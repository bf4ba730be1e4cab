"""Section `checks`: what one check costs whoever makes it, how much memory the checks take,
whether the rate that was asked for is kept, and how evenly checks start."""

import contextlib
import http.client
import pathlib
import re
import statistics
import struct
import tempfile
import time

from harness import costs, load
from harness.checkers import FLOORS, Plan, make, make_certificate
from harness.servers import Built, Nginx
from stack.ports import free_port

WARM_S = 2.0

# name, targets, interval in ms, over TLS, connections reused
CASES = (
    ("http, 10 checks", 10, 50, False, False),
    ("http, 1000 checks", 1000, 1000, False, False),
    ("http, 10000 checks", 10000, 10000, False, False),
    ("http reused, 1000 checks", 1000, 1000, False, True),
    ("https, 100 checks", 100, 1000, True, False),
    ("https reused, 100 checks", 100, 1000, True, True),
)
QUICK = ("http, 1000 checks", "https, 100 checks")


def checkers_of(run, reuse):
    # HAProxy 2.6 opens a connection for every check, blackbox_exporter too.
    peers = ["envoy"] if reuse else ["haproxy", "envoy", "blackbox"]
    return [*run.binaries, *peers, *FLOORS]


class Targets:
    """The limit for plain HTTP (with a log of arrivals), nginx for TLS."""

    def __init__(self, folder, core, tls):
        folder = pathlib.Path(folder) / "targets"
        folder.mkdir()
        self.ca = None
        if tls:
            self.server = TlsTargets(folder)
            self.ca = self.server.chain
        else:
            self.log = folder / "arrivals"
            self.server = Built(folder, "limit", self.log)
        self.server.core = core

    def count(self):
        server = self.server
        port = getattr(server, "status_port", server.port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/count")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        if self.ca:  # stub_status: accepted, handled, requests; our own among them
            server.asked += 1
            return int(re.search(r"\n \d+ \d+ (\d+)", text)[1]) - server.asked
        return int(text)


TLS_SERVER = """\
  server {{
    listen 0.0.0.0:{port} ssl deferred backlog=4096;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    ssl_session_cache off;
    ssl_session_tickets off;
    location / {{ return 200 "healthy\\n"; }}
  }}
  server {{
    listen 127.0.0.1:{status};
    location / {{ stub_status; }}
  }}
}}
"""


class TlsTargets(Nginx):
    path = "/count"
    asked = 0

    def __init__(self, folder):
        super().__init__(folder)
        self.chain, key = make_certificate(folder)
        self.status_port = free_port()
        head = self.config.read_text().split("  server {")[0]
        self.config.write_text(
            head
            + TLS_SERVER.format(port=self.port, status=self.status_port, chain=self.chain, key=key)
        )

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=5)
        try:
            connection.request("GET", "/")
            self.asked += 1
            return connection.getresponse().status == 200
        finally:
            connection.close()


def start_jitter(log, begin_ns, interval_ms):
    """How far the time between two checks of one target is from what was asked, in percent of
    it: the median and the 99th percentile."""
    last, off = {}, []
    for at, where in struct.iter_unpack("qQ", log.read_bytes()):
        if where in last and at > begin_ns:
            off.append(abs((at - last[where]) / 1e6 - interval_ms) / interval_ms * 100)
        last[where] = at
    if len(off) < 10:
        return None
    return {
        "p50_percent": statistics.median(off),
        "p99_percent": statistics.quantiles(off, n=100)[98],
    }


@contextlib.contextmanager
def _checking(run, name, count, interval_ms, *, tls=False, reuse=False):
    """(checker, targets, plan): one checker that runs, and what it checks."""
    with tempfile.TemporaryDirectory() as folder:
        targets = Targets(folder, run.cores.load, tls)
        try:
            targets.server.start().wait_ready()
            plan = Plan(targets.server.port, count, interval_ms, tls=targets.ca, reuse=reuse)
            at = pathlib.Path(folder) / name
            at.mkdir()
            checker = make(name, at, run, plan)
            checker.core = run.cores.server
            try:
                checker.start().wait_ready()
                yield checker, targets, plan
            finally:
                checker.stop()
        finally:
            targets.server.stop()


def observe(run, name, checker, targets, plan):
    """One checker for one window."""
    window_s = max(
        2.0 if not run.full else 4.0,
        1.1 * plan.interval_ms / 1000 if plan.interval_ms > 4000 else 0,
    )
    warm_s = max(WARM_S, 2.1 * plan.interval_ms / 1000)
    driver = None
    try:
        if name == "blackbox":
            asked = int(plan.rate * (window_s + warm_s + 1))
            driver = load.start(run.cores.load, checker.port, path=checker.question,
                                connections=64, requests=asked, rate=plan.rate)  # fmt: skip
        # Until every check has passed twice: before that each of them changes its state.
        time.sleep(warm_s)
        begin_ns = time.monotonic_ns()
        counted, used = targets.count(), costs.cpu_us(checker.pid)
        time.sleep(window_s)
        took_s = (time.monotonic_ns() - begin_ns) / 1e9
        counted, used = targets.count() - counted, costs.cpu_us(checker.pid) - used
        result = {
            "cpu_us": used / max(counted, 1),
            "rate": counted / took_s,
            "rate_asked": plan.rate,
            "rss_kib": checker.memory_kib(),
        }
        if not plan.tls and not plan.reuse and name not in ("blackbox", *FLOORS):
            result["jitter"] = start_jitter(targets.log, begin_ns, plan.interval_ms)
        return result
    finally:
        if driver:
            driver.kill()
            driver.wait()


WAITS = ("epoll_wait", "epoll_pwait", "clock_nanosleep")


def syscalls_of(run, name, reuse):
    """System calls of one check, waits left out."""
    with _checking(run, name, 100, 500, reuse=reuse) as (checker, targets, _):
        tid = costs.busiest_thread(checker.pid, lambda: time.sleep(WARM_S))
        counts = []

        def work():
            counts.append(targets.count())
            time.sleep(4)
            counts.append(targets.count())

        total, calls = costs.count_syscalls(tid, work)
    total -= sum(calls.get(wait, 0) for wait in WAITS)
    return round(total / (counts[1] - counts[0]), 2)


def measure_syscalls(run, names=None):
    """{case: {checker: calls}}; blackbox_exporter's threads are not one to count."""
    found = {}
    for case, reuse in (("new connection", False), ("kept connection", True)):
        for name in names or checkers_of(run, reuse):
            if name != "blackbox":
                found.setdefault(case, {})[name] = syscalls_of(run, name, reuse)
    return found


def measure_cost(run):
    """{case: {checker: [result, one per round]}}"""
    found = {}
    for case, count, interval_ms, tls, reuse in CASES:
        if (not run.full and case not in QUICK) or not case.startswith(run.case or ""):
            continue
        rounds = run.rounds if count < 10000 else max(1, run.rounds // 2)
        for turn in range(rounds):
            for name in checkers_of(run, reuse):
                with _checking(run, name, count, interval_ms, tls=tls, reuse=reuse) as running:
                    result = observe(run, name, *running)
                found.setdefault(case, {}).setdefault(name, []).append(result)
            run.say(f"checks: {case}: round {turn + 1} of {rounds}")
    return found


def measure(run):
    found = {"cost": measure_cost(run)}
    if not run.case:
        found["syscalls"] = measure_syscalls(run)
    return found
