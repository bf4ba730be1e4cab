"""Requests as a client of the load balancer sends them."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass

from lab.settings import HOST, VIP


@dataclass
class Answer:
    status: int
    body: str
    headers: dict

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def by_backend(self):
        """Envoy adds this header where an upstream answered, and leaves it out of its own."""
        return "x-envoy-upstream-service-time" in self.headers


class NamedConnection(http.client.HTTPSConnection):
    """TLS to one address, under another name."""

    def __init__(self, address, name, port, context, timeout):
        super().__init__(name, port, context=context, timeout=timeout)
        self.address = address

    def connect(self):
        plain = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def get(path, address=VIP, port=None, host=HOST, ca_file=None, timeout=3, headers=None):
    """One request on a connection of its own. OSError where nobody answers."""
    if ca_file:
        context = ssl.create_default_context(cafile=str(ca_file))
        connection = NamedConnection(address, host, port or 443, context, timeout)
    else:
        connection = http.client.HTTPConnection(address, port or 80, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        response = connection.getresponse()
        names = {key.lower(): value for key, value in response.getheaders()}
        return Answer(response.status, response.read().decode(errors="replace"), names)
    except http.client.HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def detail(pod, path, port=9090, timeout=5):
    """The detail port of one health-responder pod."""
    return get(path, address=pod["status"]["podIP"], port=port, host="detail", timeout=timeout)
