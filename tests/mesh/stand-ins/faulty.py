#!/usr/bin/env python3
"""An application with every fault a port can have. 8080 tells who asked, slowly under /slow."""

import http.server
import json
import os
import socket
import threading
import time

RAW = {
    8081: b"SSH-2.0-OpenSSH_9.2p1\r\n",  # not HTTP
    8082: b"",  # closes without an answer
    8083: None,  # never answers
    8084: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",  # stops half-way
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if "/slow" in self.path:
            time.sleep(5)
        seen = {
            "path": self.path,
            "peer": self.client_address[0],
            "headers": dict(self.headers),
            "pod": os.environ.get("HOSTNAME"),
        }
        body = json.dumps(seen).encode()
        self.send_response(404 if "/404" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def raw(port, reply):
    server = socket.create_server(("0.0.0.0", port))
    kept = []
    while True:
        connection, _ = server.accept()
        if reply is None:
            kept.append(connection)
            continue
        connection.recv(4096)
        connection.sendall(reply)
        connection.close()


for item in RAW.items():
    threading.Thread(target=raw, args=item, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
