"""One test's programs and folder. Everything started through it is ended by it, and every
health-responder must have ended well: exit status 0, no sanitizer report, readable logs."""

import copy
import json
import pathlib
import signal
import subprocess

from stack.envoy import Gateway
from stack.nginx import App
from stack.path import Path
from stack.responder import Responder
from support.peers import Peer

# Fast enough for a test, slow enough for a busy machine: between states a check runs every
# 50 ms, so a change is counted after about 100 ms; a timeout counts only for what hangs.
FAST = {
    "interval": "400ms",
    "fast_interval": "50ms",
    "down_interval": "100ms",
    "timeout": "400ms",
    "connect_timeout": "200ms",
    "rise": 2,
    "fall": 2,
}
DRAIN = {"delay": "0s", "timeout": "2s"}


def merge(base, over):
    """`over` laid over `base`, object by object; neither changes."""
    result = copy.deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def metric_value(text, name, **labels):
    """The value of the one sample of that name that has these labels."""
    found = []
    for line in text.splitlines():
        head, _, value = line.rpartition(" ")
        sample, _, inner = head.partition("{")
        if sample == name and all(f'{key}="{want}"' in inner for key, want in labels.items()):
            found.append(float(value))
    assert len(found) == 1, f"{name} {labels}: {len(found)} samples"
    return found[0]


class Server(Responder):
    """health-responder with questions a test asks."""

    def __init__(self, folder, config, binary, name, env):
        super().__init__(folder, merge({"defaults": FAST, "drain": DRAIN}, config), binary, name)
        self.env = env
        self.expected_exit = 0

    def healthz(self):
        return self.get(self.probe_url + "/healthz")

    def check(self, name):
        """One check as JSON."""
        code, body = self.get(f"{self.detail_url}/checks/{name}?format=json")
        if (code, body) == (503, "starting\n"):
            raise ConnectionError(body)  # not yet, for whoever waits
        assert code == 200, (code, body)
        return json.loads(body)

    def why(self):
        return self.get(self.detail_url + "/why")[1]

    def metrics(self):
        return self.get(self.detail_url + "/metrics")[1]

    def metric(self, name, **labels):
        return metric_value(self.metrics(), name, **labels)

    def wait_healthz(self, body, status=200, deadline_s=20):
        self.wait_for(
            lambda: self.healthz() == (status, body + "\n"), deadline_s, f"/healthz says {body}"
        )
        return self

    def wait_check(self, name, state, reason=None, deadline_s=20):
        """Until the check shows this state, for this reason; returns it."""
        seen = {}

        def condition():
            seen.update(self.check(name))
            return seen["state"] == state and seen["reason"] == reason

        try:
            self.wait_for(condition, deadline_s, f"{name} is {state}")
        except TimeoutError:
            raise AssertionError(
                f"{name}: wanted {state} {reason}, is {seen.get('state')} {seen.get('reason')}, "
                f"last {seen.get('last')}"
            ) from None
        return seen

    def wait_outcome(self, name, reason, deadline_s=20):
        """Until the newest run ended with this reason, whatever state the check shows."""

        def condition():
            last = self.check(name)["last"]
            return last if last and last["reason"] == reason else None

        return self.wait_for(condition, deadline_s, f"{name} ends with {reason}")

    def events(self, event=None):
        """The log lines so far, or those of one event."""
        lines = [json.loads(line) for line in self.stderr.read_text().splitlines()]
        return [line for line in lines if event is None or line["event"] == event]

    def wait_event(self, event, count=1, **fields):
        def matching():
            return [
                line
                for line in self.events(event)
                if all(line.get(key) == value for key, value in fields.items())
            ]

        self.wait_for(lambda: len(matching()) >= count, 10, f"log event {event} {fields}")
        return matching()

    def reload(self, over):
        """Replace the configuration by itself with `over` laid over it."""
        self.config = merge(self.config, over)
        self.write_config()


class Lab:
    def __init__(self, folder, binary):
        self.folder = pathlib.Path(folder)
        self.binary = pathlib.Path(binary)
        self.servers = []
        self.others = []  # stopped after the servers, newest first
        # A report goes to a file of its own, and ends the program with a status of its own.
        common = f"log_path={self.folder}/sanitizer:"
        self.env = {
            "ASAN_OPTIONS": common + "exitcode=98:detect_leaks=1",
            "UBSAN_OPTIONS": common + "print_stacktrace=1",
            "TSAN_OPTIONS": common + "exitcode=97:second_deadlock_stack=1",
        }

    def measure_memory(self):
        """Servers started from now on free what they free: the sanitizer keeps none of it."""
        self.env["ASAN_OPTIONS"] += ":quarantine_size_mb=0:malloc_context_size=5"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close(quiet=kind is not None)

    def _keep(self, other):
        self.others.append(other)
        return other

    def server(self, config=None, ready=True, options=()):
        """health-responder, started with `options`; `ready` waits until it says so."""
        name = f"health-responder-{len(self.servers)}" if self.servers else "health-responder"
        server = Server(self.folder, config or {}, self.binary, name, self.env)
        server.options = options
        self.servers.append(server)
        server.start()
        # From here on signals mean what they should.
        server.wait_for(lambda: "started" in server.stderr.read_text(), 10, "has started")
        if ready:
            server.wait_ready()
        return server

    def app(self, number=1):
        return self._keep(App(number, self.folder)).start().wait_ready()

    def gateway(self, routes, clusters, **options):
        return self._keep(Gateway(self.folder, routes, clusters, **options)).start().wait_ready()

    def peer(self, behave, path=None):
        return self._keep(Peer(behave, path))

    def keep(self, other):
        """Something with close() or stop() that ends with the lab."""
        return self._keep(other)

    def path(self, **config):
        """Gateway, two apps and health-responder, all ready."""
        config = merge({"defaults": FAST, "drain": DRAIN}, config)
        path = Path(self.folder, self.binary, responder=self._path_server, **config)
        self.others += [*path.apps.values(), path.gateway]
        return path.start()

    def _path_server(self, folder, config, binary):
        server = Server(folder, config, binary, "health-responder", self.env)
        self.servers.append(server)
        return server

    def cli(self, *words, deadline_s=30, **env):
        """Run a subcommand to its end."""
        return subprocess.run(
            [self.binary, *map(str, words)],
            env={"PATH": "/usr/bin:/bin", **self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
            cwd=self.folder,
        )

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def close(self, quiet=False):
        """End everything. `quiet`: the test has failed already, say no more than that."""
        complaints = []
        for server in self.servers:
            if server.is_running():
                server.signal(signal.SIGINT)
                if server.wait(15) is None:
                    complaints.append(f"{server.name} did not end within 15 s of SIGINT")
                    server.kill()
            if server.popen and server.popen.returncode != server.expected_exit:
                complaints.append(
                    f"{server.name} ended with status {server.popen.returncode}, "
                    f"expected {server.expected_exit}:\n{server.last_words()}"
                )
        for other in reversed(self.others):
            other.stop() if hasattr(other, "stop") else other.close()
        for report in sorted(self.folder.glob("sanitizer.*")):
            complaints.append(f"{report.name}:\n{report.read_text(errors='replace')[:6000]}")
        if complaints and not quiet:
            raise AssertionError("\n".join(complaints))
        for complaint in complaints:
            print(complaint)
