"""The cluster's name server: a real dnsmasq for the zone cluster.local."""

import getpass
import signal
import socket

from stack.process import Process, find_program
from stage.plan import NAMES


class NameServer(Process):
    """`records`: by key of NAMES the addresses; none at all: the name exists without any;
    None: no such name."""

    def __init__(self, folder, address, port):
        super().__init__("dnsmasq", folder)
        self.address, self.port = address, port
        self.hosts = self.folder / "cluster-hosts"
        self.bare = ()
        self.hosts.write_text("")
        self.program = find_program(
            "dnsmasq", "on Debian and Ubuntu scripts/setup test installs it"
        )
        self.is_stopped = False

    def command(self):
        return [
            self.program,
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--local=/#/",  # it knows of everything that does not exist
            f"--addn-hosts={self.hosts}",
            f"--listen-address={self.address}",
            "--bind-interfaces",
            f"--port={self.port}",
            f"--user={getpass.getuser()}",
            f"--pid-file={self.folder / 'dnsmasq.pid'}",
            *[f"--txt-record={NAMES[key]},none" for key in self.bare],
        ]

    def tell(self, records):
        bare = tuple(key for key, addresses in records.items() if addresses == [])
        lines = [
            f"{address} {NAMES[key]}\n"
            for key, addresses in records.items()
            for address in addresses or ()
        ]
        text = "".join(lines)
        has_changed = text != self.hosts.read_text()
        if has_changed:
            self.hosts.write_text(text)
        if bare != self.bare:
            self.bare = bare
            if self.is_running():
                self.stop()
                self.start().wait_ready()
        elif has_changed and self.is_running():
            self.signal(signal.SIGHUP)

    def behave(self, how):
        """`answers`, `silent` (questions are read by nobody), `gone`."""
        if how == "answers":
            if not self.is_running():
                self.start().wait_ready()
            self.signal(signal.SIGCONT)
        elif how == "silent":
            self.signal(signal.SIGSTOP)
        elif how == "gone":
            self.kill()
        else:
            raise ValueError(how)

    def stop(self, grace_s=5.0):
        if self.is_running():
            self.signal(signal.SIGCONT)
        return super().stop(grace_s)

    def wait_ready(self):
        self.wait_for(self._answers, 10, "answers")
        return self

    def _answers(self):
        question = b"\0\1\1\0\0\1\0\0\0\0\0\0\5local\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.sendto(question, (self.address, self.port))
            return client.recv(512)
