"""Section `probe`: what one probe costs whoever answers it."""

import pathlib
import tempfile

from harness import costs, load
from harness.servers import Built, Envoy, Haproxy, Nginx, Ours

# name, what bench/load is told, requests of one round
CASES = (
    ("keep-alive x1", {"connections": 1}, 8000),
    ("keep-alive x64", {"connections": 64}, 20000),
    ("keep-alive x1000", {"connections": 1000}, 20000),
    ("new connection x1", {"connections": 1, "new": True}, 5000),
    ("new connection x64", {"connections": 64, "new": True}, 10000),
    ("HEAD x64", {"connections": 64, "method": "HEAD"}, 20000),
    ("404 x64", {"connections": 64, "path": "/none", "status": 404}, 20000),
)
# A peer's second way to answer: peer, path, whether it closes every connection.
OTHER_WAYS = (
    ("haproxy monitor-uri", "haproxy", "/monitor", True),
    ("envoy filter", "envoy", "/filter", False),
)
FLOORS = ("limit", "floor_front")


def make_servers(folder, run):
    made = {
        **{name: lambda at, file=file: Ours(at, file) for name, file in run.binaries.items()},
        "nginx": Nginx,
        "haproxy": Haproxy,
        "envoy": Envoy,
        "limit": lambda at: Built(at, "limit"),
        "floor_front": lambda at: Built(at, "floor_front"),
    }
    servers = {}
    for name, make in made.items():
        at = pathlib.Path(folder) / name
        at.mkdir()
        servers[name] = make(at)
    return servers


def cost_of(server, cores, words, requests):
    """µs of CPU per request."""
    before = costs.cpu_us(server.pid)
    answer = load.ask(cores.load, server.port, requests=requests, **words)
    after = costs.cpu_us(server.pid)
    if answer["failed"]:
        raise RuntimeError(f"{server.name}: {answer['failed']} of {requests} requests failed")
    return (after - before) / requests


def measure_cpu(run):
    """{case: {server: [µs, one per round]}}"""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        servers = make_servers(folder, run)
        try:
            for server in servers.values():
                server.core = run.cores.server
                server.start().wait_ready()
            for turn in range(run.rounds + 1):  # the first one only warms up
                for case, words, requests in CASES:
                    requests = requests if run.full else requests // 4
                    for name, server in _ways(servers, case, words):
                        use = {**words, "path": server[1]} if server[1] else words
                        value = cost_of(server[0], run.cores, use, requests)
                        if turn:
                            found.setdefault(case, {}).setdefault(name, []).append(value)
                run.say(f"probe: round {turn} of {run.rounds}")
        finally:
            for server in servers.values():
                server.stop()
    return found


def _ways(servers, case, words):
    for name, server in servers.items():
        if not (name in FLOORS and words.get("status") == 404):
            yield name, (server, None)
    if words.get("status") or words.get("method"):
        return
    for name, peer, path, closes in OTHER_WAYS:
        if words.get("new") or not closes:
            yield name, (servers[peer], path)


EXACT = (
    ("keep-alive x1", {"connections": 1}),
    ("new connection x1", {"connections": 1, "new": True}),
)


def measure_syscalls(run, names=None):
    """{case: {server: {"all": calls per request, name: ...}}}, of the thread that answers."""
    found = {}
    requests = 500
    with tempfile.TemporaryDirectory() as folder:
        servers = make_servers(folder, run)
        for name, server in servers.items():
            if names and name not in names:
                continue
            server.core = run.cores.server
            try:
                server.start().wait_ready()
                for case, words in EXACT:

                    def work(words=words, server=server):
                        load.ask(run.cores.load, server.port, requests=requests, **words)

                    tid = costs.busiest_thread(server.pid, work)
                    _, calls = costs.count_syscalls(tid, work)
                    per = {call: round(n / requests, 3) for call, n in calls.items()}
                    per = {call: n for call, n in per.items() if n >= 0.01}
                    found.setdefault(case, {})[name] = {"all": round(sum(per.values()), 2), **per}
            finally:
                server.stop()
    return found


def instructions_per_request(run, make, words, thread=None, few=200, many=1200):
    """(instructions, thread), from two runs of different length: what start and stop cost
    falls out. Without `thread` the one whose work grew most."""
    totals = []
    for requests in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            server = make(pathlib.Path(folder))
            server.core = run.cores.server
            server.prefix = costs.callgrind_prefix(folder)
            try:
                server.start().wait_ready()
                load.ask(run.cores.load, server.port, requests=requests, **words)
            finally:
                server.stop(30)
            totals.append(costs.callgrind_instructions(folder))
    grown = {key: totals[1][key] - totals[0].get(key, 0) for key in totals[1]}
    thread = thread or max(grown, key=grown.get)
    return round(grown[thread] / (many - few), 1), thread


def _with_checks(folder, binary, count):
    checks = [
        {"name": f"c{i}", "type": "http", "url": f"http://127.0.0.1:{1 + i % 9}/"}
        for i in range(count)
    ]
    return Ours(
        folder,
        binary,
        {"checks": checks, "defaults": {"interval": "1h"}, "log": {"level": "error"}},
    )


def measure_instructions(
    run, names=("ours", "nginx", "haproxy", "limit", "floor_front"), counts=(1000, 10000)
):
    """Envoy is left out: it takes valgrind minutes to start. `counts`: how many checks ours
    has meanwhile."""
    found = {}
    for case, words in EXACT:
        for name in names:

            def make(folder, name=name):
                return make_servers(folder, run)[name]

            value, thread = instructions_per_request(run, make, words)
            found.setdefault(case, {})[name] = value
            for count in counts if name == "ours" else ():

                def many(folder, count=count):
                    return _with_checks(folder, run.binaries["ours"], count)

                value, _ = instructions_per_request(run, many, words, thread)
                found[case][f"ours with {count:,} checks"] = value
    return found


def measure(run):
    return {
        "cpu_us": measure_cpu(run),
        "syscalls": measure_syscalls(run),
        "instructions": measure_instructions(run),
    }
