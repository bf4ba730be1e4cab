"""The tenants' applications: a real nginx, or in its place a peer that misbehaves."""

import contextlib
import http.client
import socket
import threading

from stack.process import Process, find_program
from support.peers import answer, read_head, reset, until_gone

CONFIG = """\
daemon off;
master_process off;
pid {folder}/{name}.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  server_tokens off;
  default_type text/plain;
  keepalive_timeout 60s;
  client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi;
  scgi_temp_path {folder}/{name}-scgi;
  server {{
    listen {host}:{port};
    location = /{name} {{ return {page}; }}
    location = /{name}/health {{ return {health}; }}
    location / {{ return 404 "not found\\n"; }}
  }}
}}
"""


def page_of(name):
    return f'200 "Hello from App {name[-1]}\\n"'


class Nginx(Process):
    def __init__(self, name, folder, host, port):
        super().__init__(name, folder)
        self.host, self.port = host, port
        self.program = find_program("nginx", "on Debian and Ubuntu scripts/setup run installs it")
        self.config = self.folder / f"{name}.conf"

    def serve(self, page=None, health=None):
        """What follows nginx' `return` for the page and for the health path."""
        self.config.write_text(
            CONFIG.format(
                folder=self.folder,
                name=self.name,
                host=self.host,
                port=self.port,
                page=page or page_of(self.name),
                health=health or '200 "healthy\\n"',
            )
        )
        self.start()
        self.wait_for(self._answers, 10, "answers")

    def command(self):
        return [self.program, "-e", "stderr", "-p", self.folder, "-c", self.config]

    def _answers(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=1)
        try:
            connection.request("GET", f"/{self.name}/health")
            return connection.getresponse().status > 0
        finally:
            connection.close()


class Listener:
    """A peer in this process: `behave(connection)` in a thread per connection."""

    def __init__(self, host, port, behave):
        self.behave = behave
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            self.behave(connection)
        with self.lock:
            self.open.discard(connection)
        connection.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Full:
    """A port whose connections never complete: its backlog is full and nobody accepts."""

    def __init__(self, host, port):
        self.listener = socket.create_server((host, port), backlog=0)
        self.fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((host, port))
            self.fillers.append(filler)

    def stop(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()


def wait_event(seconds):
    """A pause that a peer makes on purpose."""
    threading.Event().wait(seconds)


def behaviours(name):
    hello = f"Hello from App {name[-1]}\n".encode()

    def slow(page_s, health_s):
        def behave(connection):
            head = read_head(connection)
            is_health = head.split(b" ")[1].endswith(b"/health") if head else False
            wait_event(health_s if is_health else page_s)
            connection.sendall(answer(b"healthy\n" if is_health else hello))

        return behave

    def only_health(otherwise):
        """The health path is fine, everything else is not."""

        def behave(connection):
            head = read_head(connection)
            if head and head.split(b" ")[1].endswith(b"/health"):
                connection.sendall(answer(b"healthy\n"))
            elif head:
                otherwise(connection)

        return behave

    def closes(connection):
        read_head(connection)

    def resets(connection):
        read_head(connection)
        reset(connection)

    def hangs(connection):
        read_head(connection)
        until_gone(connection)

    def garbage(connection):
        read_head(connection)
        connection.sendall(b"\0\1\2 this is not HTTP at all\r\n\r\n")

    def cuts(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHello")

    def long_head_health(connection):
        head = read_head(connection)
        if head and head.split(b" ")[1].endswith(b"/health"):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for number in range(4096):
                connection.sendall(b"X-Field-%d: %s\r\n" % (number, b"x" * 64))
        elif head:
            connection.sendall(answer(hello))

    return {
        "slow": slow(2, 2),
        "slow-page": slow(2, 0),
        "closes": closes,
        "closes-page": only_health(lambda connection: None),
        "resets": resets,
        "resets-page": only_health(reset),
        "hangs": hangs,
        "hangs-page": only_health(until_gone),
        "garbage": garbage,
        "garbage-page": only_health(
            lambda connection: connection.sendall(b"\0\1\2 not HTTP at all\r\n\r\n")
        ),
        "cuts-body": cuts,
        "long-head-health": long_head_health,
    }


class Flapping:
    """nginx that comes and goes."""

    def __init__(self, nginx, up_s, down_s):
        self.nginx, self.up_s, self.down_s = nginx, up_s, down_s
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        # nginx ends when the thread that started it does: start it from this one only.
        while True:
            self.nginx.kill()
            if self.ended.wait(self.down_s):
                return
            self.nginx.serve()
            if self.ended.wait(self.up_s):
                break
        self.nginx.kill()

    def stop(self):
        self.ended.set()
        self.thread.join(15)


class App:
    """One tenant's application: `become` replaces whatever is there."""

    def __init__(self, name, folder, host, port):
        self.name, self.host, self.port = name, host, port
        self.nginx = Nginx(name, folder, host, port)
        self.kind = None
        self.peer = None

    def become(self, kind):
        """`kind`: `nginx`, {"page": ..., "health": ...}, {"up_s": ..., "down_s": ...},
        `gone`, `full`, or one of behaviours()."""
        if kind == self.kind:
            return
        self.stop()
        self.kind = kind
        if kind == "nginx":
            self.nginx.serve()
        elif isinstance(kind, dict) and "up_s" in kind:
            self.peer = Flapping(self.nginx, kind["up_s"], kind["down_s"])
        elif isinstance(kind, dict):
            self.nginx.serve(**kind)
        elif kind == "full":
            self.peer = Full(self.host, self.port)
        elif kind != "gone":
            self.peer = Listener(self.host, self.port, behaviours(self.name)[kind])

    def stop(self):
        if self.peer:
            self.peer.stop()
            self.peer = None
        self.nginx.kill()
        self.kind = None
