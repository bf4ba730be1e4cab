"""Application Gateway's part: asks /healthz through the gateway over TLS, with the
configured host, without a User-Agent, from an address of its own subnet."""

import contextlib
import socket
import ssl
import threading

EVERY_S = 0.2


class Prober:
    def __init__(self, plan, ca_file, host):
        self.plan, self.host = plan, host
        self.context = ssl.create_default_context(cafile=ca_file)
        self.targets = []
        self.is_silent = False
        self.turn = threading.Lock()  # held while a probe is under way
        self.counts = {}  # by status; "failed" where there is no answer
        self.sick = []  # answers 503, as they came
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def aim(self, addresses):
        self.targets = list(addresses)

    def paused(self):
        """No probe while this is held."""
        return self.turn

    def _run(self):
        turn = 0
        while not self.ended.wait(EVERY_S):
            targets = self.targets
            if self.is_silent or not targets:
                continue
            turn += 1
            with self.turn:
                try:
                    result, text = self._ask(targets[turn % len(targets)])
                except OSError:
                    result, text = "failed", ""
            self.counts[result] = self.counts.get(result, 0) + 1
            if result == 503:
                self.sick.append(text)

    def _ask(self, target):
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(
                socket.create_connection(
                    (target, self.plan.https), 1, source_address=(self.plan.own("appgw"), 0)
                )
            )
            secure = stack.enter_context(self.context.wrap_socket(plain, server_hostname=self.host))
            secure.sendall(
                f"GET /healthz HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode()
            )
            data = b""
            while block := secure.recv(4096):
                data += block
        return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/1.1 ") else "failed", (
            data.decode(errors="replace")
        )

    def stop(self):
        self.ended.set()
        self.thread.join(5)
