"""A real name server for one made-up zone, `test.`"""

import getpass
import socket

from stack.ports import free_port
from stack.process import Process, find_program


class Dnsmasq(Process):
    def __init__(self, folder, records, port=None):
        super().__init__("dnsmasq", folder)
        self.port = port or free_port(socket.SOCK_DGRAM)
        self.records = records
        self.program = find_program(
            "dnsmasq", "on Debian and Ubuntu scripts/setup test installs it"
        )

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self):
        return [
            self.program,
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--local=/test/",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            f"--port={self.port}",
            f"--user={getpass.getuser()}",
            f"--pid-file={self.folder / 'dnsmasq.pid'}",
            *[f"--{record}" for record in self.records],
        ]

    def wait_ready(self):
        self.wait_for(self._answers, 10, "answers")
        return self

    def _answers(self):
        question = b"\0\1\1\0\0\1\0\0\0\0\0\0\4test\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.sendto(question, ("127.0.0.1", self.port))
            return client.recv(512)
