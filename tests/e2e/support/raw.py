"""HTTP over a plain socket: requests that no client library would send, answers byte by byte."""

import contextlib
import socket


class Answer:
    def __init__(self, version, status, headers, body):
        self.version = version
        self.status = status
        self.headers = headers  # list of (name in lower case, value)
        self.body = body

    def header(self, name):
        """The value of a header that is there exactly once, else None."""
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if len(values) == 1 else None

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:60]!r}>"


class Connection:
    """`where` is a port of 127.0.0.1, or a path or abstract name ("\\0...") of a unix socket."""

    def __init__(self, where, timeout_s=5.0):
        if isinstance(where, int):
            self.socket = socket.create_connection(("127.0.0.1", where), timeout_s)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout_s)
            self.socket.connect(where)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def _fill(self):
        """More bytes; False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.rest += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.rest:
            if not self._fill():
                raise ConnectionError(f"closed; so far {self.rest!r}")
        part, self.rest = self.rest.split(mark, 1)
        return part

    def _take(self, count):
        while len(self.rest) < count:
            if not self._fill():
                raise ConnectionError(f"closed after {len(self.rest)} of {count} bytes of a body")
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def read(self, to_head=False):
        """One answer. `to_head`: it answers a HEAD request, so no body follows."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ")
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        answer = Answer(version, int(status), headers, b"")
        if to_head or answer.status in (204, 304):
            return answer
        length = answer.header("content-length")
        if length is not None:
            answer.body = self._take(int(length))
        elif answer.header("transfer-encoding") == "chunked":
            answer.body = self._chunks()
        else:
            while self._fill():
                pass
            answer.body, self.rest = self.rest, b""
        return answer

    def _chunks(self):
        body = b""
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            body += self._take(size)
            self._take(2)
        self._until(b"\r\n")
        return body

    def ends(self, within_s=5.0):
        """The peer ends the stream, whatever it says before."""
        self.socket.settimeout(within_s)
        with contextlib.suppress(TimeoutError):
            while self._fill():
                pass
            return True
        return False

    def is_closed(self, within_s=5.0):
        """The peer ends the stream, and nothing comes behind what was read."""
        return self.ends(within_s) and not self.rest


def request(path, method="GET", version="1.1", headers=(), host="test"):
    lines = [f"{method} {path} HTTP/{version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines) + "\r\n\r\n"


def get(where, path, method="GET", headers=(), timeout_s=5.0):
    """One request on a connection of its own."""
    with Connection(where, timeout_s) as connection:
        connection.send(request(path, method, headers=[*headers, ("Connection", "close")]))
        return connection.read(to_head=method == "HEAD")
