"""Backends that behave badly, each in one way."""

import contextlib
import socket
import struct
import threading


def read_head(connection):
    """The request's head; b"" if the client goes before it ends."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return b""
        head += data
    return head


def until_gone(connection):
    """Hold the connection until the client ends it."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def reset(connection):
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(body=b"ok\n", status="200 OK", headers=(), close=True):
    """An ordinary, complete answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(data):
    """Answer with these bytes, whatever they are, and close."""

    def behave(connection):
        read_head(connection)
        connection.sendall(data)

    return behave


def says_and_hangs(data):
    def behave(connection):
        read_head(connection)
        connection.sendall(data)
        until_gone(connection)

    return behave


def says_and_resets(data):
    def behave(connection):
        read_head(connection)
        connection.sendall(data)
        reset(connection)

    return behave


def never_ends(start, again):
    def behave(connection):
        read_head(connection)
        connection.sendall(start)
        while True:
            connection.sendall(again)

    return behave


def babbles(connection):
    """Never reads, never stops."""
    while True:
        connection.sendall(b"x" * 65536)


def closes_at_once(connection):
    del connection


def resets_at_once(connection):
    read_head(connection)
    reset(connection)


class Peer:
    """A TCP (or unix) server; `behave(connection)` runs in a thread per connection, and the
    connection is closed when it returns."""

    def __init__(self, behave, path=None):
        self.behave = behave
        self.connections = 0
        self._open = set()
        self._lock = threading.Lock()
        if path is None:
            from stack.ports import free_port

            self.listener = socket.create_server(("127.0.0.1", free_port()), backlog=128)
            self.port = self.listener.getsockname()[1]
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen(128)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.behave(connection)
        except OSError:
            pass  # the client gave up, which is what some of these are for
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(5)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Unreachable:
    """A port whose connections never complete: its backlog is full and nobody accepts."""

    def __init__(self):
        from stack.ports import free_port

        self.listener = socket.create_server(("127.0.0.1", free_port()), backlog=0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(filler)

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()


class SilentDns:
    """A name server that reads every question and answers none."""

    def __init__(self):
        from stack.ports import free_port

        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", free_port(socket.SOCK_DGRAM)))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.questions = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while self.socket.recv(4096):
                self.questions += 1

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
