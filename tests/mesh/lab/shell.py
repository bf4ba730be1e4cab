"""Running a command to its end, and starting one that stays."""

import os
import signal
import subprocess

from lab.settings import LabError


def run(argv, check=True, input=None, timeout=120, env=None):
    """Its output. Raises LabError with what it said if it fails."""
    done = subprocess.run(
        [str(word) for word in argv],
        check=False,
        input=input,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **env} if env else None,
    )
    if check and done.returncode:
        words = " ".join(str(word) for word in argv)
        raise LabError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}".strip())
    return done.stdout


def script(text, check=True):
    return run(["sh", "-ec", text], check=check)


class Daemon:
    """A program that stays, in a network namespace, its output in one log file."""

    def __init__(self, name, argv, log, netns="lab", env=None):
        self.name = name
        self.argv = ["nsenter", f"--net=/run/netns/{netns}", "--", *(str(word) for word in argv)]
        self.log = log
        self.env = env
        self.popen = None

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env={**os.environ, **self.env} if self.env else None,
            )
        return self

    def check(self):
        """Raises LabError if it has ended."""
        if self.popen.poll() is not None:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise LabError(f"{self.name} ended (status {self.popen.returncode}):\n{last}")

    def stop(self, number=signal.SIGTERM, timeout=10):
        if self.popen and self.popen.poll() is None:
            self.popen.send_signal(number)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
