"""The control plane's end of the connection that every gateway pod holds: accepts the stream
and never has news. What the pods serve comes from files; this is for "connected" or not."""

import contextlib
import socket
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, PING = 4, 6
ACK = 1


def frame(kind, flags, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + bytes(4) + payload


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        block = connection.recv(count - len(data))
        if not block:
            raise ConnectionError("closed")
        data += block
    return data


class Istiod:
    def __init__(self, host, port):
        self.host, self.port = host, port
        self.listener = None
        self.open = set()
        self.lock = threading.Lock()

    def start(self):
        self.listener = socket.create_server((self.host, self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            read_exactly(connection, len(PREFACE))
            connection.sendall(frame(SETTINGS, 0))
            while True:
                head = read_exactly(connection, 9)
                kind, flags = head[3], head[4]
                payload = read_exactly(connection, int.from_bytes(head[:3], "big"))
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, ACK))
                elif kind == PING and not flags & ACK:
                    connection.sendall(frame(PING, ACK, payload))
        with self.lock:
            self.open.discard(connection)

    def stop(self):
        if self.listener is None:
            return
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
