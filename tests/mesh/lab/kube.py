"""The few calls to the API server that the lab needs, with nothing but the standard library."""

import http.client
import json
import ssl
import threading
import time

MERGE = "application/merge-patch+json"


class KubeError(Exception):
    def __init__(self, call, status, message):
        super().__init__(f"{call}: {status} {message}")
        self.status = status
        self.message = message


class Kube(threading.local):
    """One connection per thread."""

    def __init__(self, server, ca_file, token):
        self.server = server
        self.context = ssl.create_default_context(cafile=str(ca_file))
        self.token = token
        self.connection = None

    def _send(self, method, path, data, headers):
        for attempt in range(3):
            try:
                if self.connection is None:
                    host, port = self.server.rsplit(":", 1)
                    self.connection = http.client.HTTPSConnection(
                        host, int(port), context=self.context, timeout=15
                    )
                self.connection.request(method, path, data, headers)
                response = self.connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 2:
                    raise
                time.sleep(0.1)
        raise AssertionError("unreachable")

    def call(self, method, path, body=None, content_type="application/json"):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        status, raw = self._send(method, path, data, headers)
        if status >= 400:
            try:
                message = json.loads(raw).get("message", "")
            except ValueError:
                message = raw[:300].decode(errors="replace")
            raise KubeError(f"{method} {path}", status, message)
        return json.loads(raw) if raw else {}

    def get(self, path):
        return self.call("GET", path)

    def find(self, path):
        """The object, or None where there is none."""
        try:
            return self.get(path)
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path):
        return self.get(path)["items"]

    def post(self, path, body):
        return self.call("POST", path, body)

    def patch(self, path, body):
        return self.call("PATCH", path, body, MERGE)

    def ensure(self, path, body):
        """post that does not mind if it is there already."""
        try:
            self.post(path, body)
        except KubeError as error:
            if error.status != 409:
                raise

    def delete(self, path, body=None):
        """False where there was nothing to delete."""
        try:
            self.call("DELETE", path, body)
        except KubeError as error:
            if error.status in (404, 409):
                return False
            raise
        return True
