"""Who answers probes: ours, what people would use instead, and the floors. Each at its best:
one worker, no log, a deferred listener, the answer from memory."""

import http.client
import json
import pathlib

from stack.envoy import TYPES, address, envoy_program
from stack.ports import free_port
from stack.process import Process, find_program
from stack.responder import Responder

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "bench"


class Pinned(Process):
    """Runs on one core; `prefix` goes before the command (valgrind)."""

    core = None
    prefix = ()
    path = "/healthz"

    def __init__(self, name, folder):
        super().__init__(name, folder)
        self.port = free_port()

    def argv(self):
        argv = super().argv()
        at = argv.index("--") + 1 if "--" in argv else 0
        pin = ["taskset", "-c", str(self.core)] if self.core is not None else []
        return argv[:at] + [*pin, *[str(word) for word in self.prefix]] + argv[at:]

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.path)
            return connection.getresponse().read() is not None
        finally:
            connection.close()

    def wait_ready(self, deadline_s=60.0):
        self.wait_for(self.answers, deadline_s, "answers")
        return self


class Ours(Pinned, Responder):
    def __init__(self, folder, binary, config=None, name="ours"):
        # Nobody has to notice that it goes, so it goes at once.
        config = {"drain": {"delay": "0s", "timeout": "1s"}, **(config or {})}
        Responder.__init__(self, folder, config, binary, name)
        self.port = self.probe_port
        self.path = "/livez"

    def write_config(self):
        """Without blanks: 10,000 checks must fit into the 1 MiB a file may have."""
        fresh = self.config_file.with_suffix(".fresh")
        fresh.write_text(json.dumps(self.config, separators=(",", ":")))
        fresh.replace(self.config_file)


class Built(Pinned):
    """One of our own C programs."""

    def __init__(self, folder, program, *words):
        super().__init__(program, folder)
        self.words = words

    def command(self):
        return [BUILT / self.name, self.port, *self.words]


NGINX = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  server_tokens off;
  keepalive_requests 100000000;
  keepalive_timeout 75s;
  default_type text/plain;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} deferred backlog=4096;
    location = /healthz {{ return 200 "healthy\\n"; }}
    location / {{ return 404 "not found\\n"; }}
  }}
}}
"""


class Nginx(Pinned):
    def __init__(self, folder):
        super().__init__("nginx", folder)
        self.program = find_program("nginx", "scripts/setup run")
        self.config = self.folder / "nginx.conf"
        self.config.write_text(NGINX.format(folder=self.folder, port=self.port))

    def command(self):
        return [self.program, "-e", "stderr", "-p", self.folder, "-c", self.config]


HAPROXY = """\
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 75s
  timeout http-keep-alive 75s
  timeout connect 1s
  timeout server 5s
frontend probe
  bind 127.0.0.1:{port} defer-accept backlog 4096
  monitor-uri /monitor
  http-request return status 200 content-type text/plain string "healthy\\n" if {{ path /healthz }}
  http-request return status 404 content-type text/plain string "not found\\n"
"""


class Haproxy(Pinned):
    def __init__(self, folder, text=HAPROXY):
        super().__init__("haproxy", folder)
        self.program = find_program("haproxy", "scripts/setup bench")
        self.config = self.folder / "haproxy.cfg"
        self.config.write_text(text.format(port=self.port))

    def command(self):
        return [self.program, "-db", "-f", self.config]


def _direct(path, status, text):
    return {
        "match": {"path": path} if path else {"prefix": "/"},
        "direct_response": {"status": status, "body": {"inline_string": text}},
    }


def _health_filter():
    return {
        "name": "envoy.filters.http.health_check",
        "typed_config": {
            "@type": f"{TYPES}.filters.http.health_check.v3.HealthCheck",
            "pass_through_mode": False,
            "headers": [{"name": ":path", "string_match": {"exact": "/filter"}}],
        },
    }


class Envoy(Pinned):
    def __init__(self, folder, config=None):
        super().__init__("envoy", folder)
        self.program = envoy_program()
        self.config = self.folder / "envoy.json"
        self.config.write_text(json.dumps(config(self.port) if config else self._front()))

    def _front(self):
        manager = {
            "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "probe",
            "delayed_close_timeout": "0s",  # else a closing connection stays for 1 s
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [
                            _direct("/healthz", 200, "healthy\n"),
                            _direct(None, 404, "not found\n"),
                        ],
                    }
                ]
            },
            "http_filters": [
                _health_filter(),
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"},
                },
            ],
        }
        chain = {
            "filters": [
                {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
            ]
        }
        # 6, 9: TCP_DEFER_ACCEPT, before listen().
        defer = {"level": 6, "name": 9, "int_value": 5, "state": "STATE_LISTENING"}
        one = {
            "name": "probe",
            "address": address(self.port),
            "filter_chains": [chain],
            "socket_options": [defer],
        }
        return {"static_resources": {"listeners": [one]}}

    def command(self):
        return [self.program, "-c", self.config, "--concurrency", "1", "--disable-hot-restart",
                "--log-level", "error"]  # fmt: skip
