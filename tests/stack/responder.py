"""health-responder itself, with a configuration written from a dict."""

import http.client
import json
import pathlib
import urllib.parse

from stack.errors import StackError
from stack.ports import free_port
from stack.process import Process

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary_path(preset):
    return ROOT / "build" / preset / "server" / "health-responder"


class Responder(Process):
    """`health-responder serve`. Ports that the configuration leaves out are chosen here."""

    options = ()  # further words behind `serve --config FILE`

    def __init__(self, folder, config, binary, name="health-responder"):
        super().__init__(name, folder)
        self.binary = pathlib.Path(binary)
        if not self.binary.exists():
            raise StackError(f"{self.binary} is not there: build it with make build")
        self.config_file = self.folder / f"{name}.json"
        listen = config.setdefault("listen", {})
        listen.setdefault("probe", f"127.0.0.1:{free_port()}")
        listen.setdefault("detail", f"127.0.0.1:{free_port()}")
        self.config = config
        self.write_config()

    def write_config(self):
        """By rename, so that a running server never reads half of it."""
        fresh = self.config_file.with_suffix(".fresh")
        fresh.write_text(json.dumps(self.config, indent=2) + "\n")
        fresh.replace(self.config_file)

    @staticmethod
    def _port(text):
        return int(text.rpartition(":")[2]) if not text.startswith("unix:") else None

    @property
    def probe_port(self):
        return self._port(self.config["listen"]["probe"])

    @property
    def detail_port(self):
        return self._port(self.config["listen"]["detail"])

    @property
    def probe_url(self):
        return f"http://127.0.0.1:{self.probe_port}"

    @property
    def detail_url(self):
        return f"http://127.0.0.1:{self.detail_port}"

    def command(self):
        return [self.binary, "serve", "--config", self.config_file, *self.options]

    def get(self, url, timeout_s=5.0):
        """(status, body) of one request to either port."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
        try:
            connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def status(self):
        code, body = self.get(self.detail_url + "/status?format=json")
        assert code == 200, (code, body)
        return json.loads(body)

    def wait_ready(self, deadline_s=20.0):
        self.wait_for(
            lambda: self.get(self.probe_url + "/readyz")[0] == 200, deadline_s, "is ready"
        )
        return self
