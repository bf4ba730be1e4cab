"""What a running process costs: time from the kernel's accounting, instructions from
callgrind, system calls from strace. Wall time is never used for a cost."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile

from stack.process import find_program
from stack.wait import wait_until


def threads(pid):
    return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]


def thread_cpu_us(pid):
    """CPU time of each thread since it began, in µs."""
    found = {}
    for tid in threads(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            text = pathlib.Path(f"/proc/{pid}/task/{tid}/schedstat").read_text()
            found[tid] = int(text.split()[0]) / 1000
    return found


def cpu_us(pid):
    return sum(thread_cpu_us(pid).values())


def busiest_thread(pid, work):
    """The thread that used most CPU while `work` ran."""
    before = thread_cpu_us(pid)
    work()
    after = thread_cpu_us(pid)
    return max(after, key=lambda tid: after[tid] - before.get(tid, 0))


def count_syscalls(tid, work):
    """(all, by name): system calls of one thread while `work` ran."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "strace"
        err = pathlib.Path(folder) / "stderr"
        with open(err, "wb") as log:
            strace = subprocess.Popen(
                [find_program("strace", "scripts/setup bench"), "-c", "-o", out, "-p", str(tid)],
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            wait_until(lambda: "attached" in err.read_text(), 10, "strace is attached")
            work()
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait(10)
        return _parse_strace(out.read_text())


def _parse_strace(text):
    calls = {}
    for line in text.splitlines():
        match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if match and match[2] != "total":
            calls[match[2]] = int(match[1])
    return sum(calls.values()), calls


def callgrind_prefix(folder):
    return [
        find_program("valgrind", "scripts/setup bench"),
        "--tool=callgrind",
        "--separate-threads=yes",
        f"--callgrind-out-file={folder}/callgrind.out",
    ]


def callgrind_instructions(folder):
    """Instructions of each thread of a process that has ended, by callgrind's number of it."""
    totals = {}
    for file in pathlib.Path(folder).glob("callgrind.out*"):
        thread = file.name.rpartition("-")[2] if "-" in file.name else "01"
        for line in file.read_text().splitlines():
            if line.startswith(("summary:", "totals:")):
                totals[thread] = max(totals.get(thread, 0), int(line.split()[1]))
    return totals
