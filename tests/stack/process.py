"""One program that we started, and only that one: it is ended by its pid."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

from stack.errors import StackError
from stack.wait import wait_until


def find_program(name, hint):
    """Full path of a program; system folders count, as they are not in everybody's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise StackError(f"the program {name} is missing: {hint}")
    return path


class Process:
    """A program in the foreground, its output in files of `folder`."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.stdout = self.folder / f"{name}.out"
        self.stderr = self.folder / f"{name}.log"
        self.env = {}
        self.popen = None

    def command(self):
        raise NotImplementedError

    def argv(self):
        """The command as it is started: it also ends when this process is killed."""
        setpriv = shutil.which("setpriv")
        prefix = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
        return prefix + [str(word) for word in self.command()]

    def start(self):
        """Start it. A session of its own keeps the terminal's Ctrl-C away from it, so that
        whoever started it decides when it ends."""
        with open(self.stdout, "ab") as out, open(self.stderr, "ab") as err:
            self.popen = subprocess.Popen(
                self.argv(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, **self.env},
                start_new_session=True,
            )
        return self

    @property
    def pid(self):
        return self.popen.pid if self.popen else None

    def is_running(self):
        return self.popen is not None and self.popen.poll() is None

    def wait_for(self, condition, deadline_s, what):
        """wait_until that gives up as soon as the program has ended."""

        def check():
            if not self.is_running():
                raise StackError(
                    f"{self.name} ended by itself (status {self.popen.poll()}); its last words:\n"
                    + self.last_words()
                )
            return condition()

        return wait_until(check, deadline_s, f"{self.name}: {what}")

    def last_words(self, lines=12):
        text = self.stderr.read_text(errors="replace") if self.stderr.exists() else ""
        return "\n".join("  " + line for line in text.splitlines()[-lines:])

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, deadline_s):
        """Exit status; negative for a signal. None when it still runs then."""
        try:
            return self.popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """End it at once, as a crash would."""
        if self.is_running():
            self.signal(signal.SIGKILL)
            self.popen.wait()

    def stop(self, grace_s=5.0):
        """SIGTERM, then SIGKILL. Returns the exit status, None if it was never started."""
        if self.popen is None:
            return None
        if self.is_running():
            self.signal(signal.SIGTERM)
            if self.wait(grace_s) is None:
                self.kill()
        return self.popen.returncode

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def fds(self):
        """What its descriptors point to."""
        folder = f"/proc/{self.pid}/fd"
        found = []
        for fd in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                found.append(os.readlink(f"{folder}/{fd}"))
        return found

    def memory_kib(self, field="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)
