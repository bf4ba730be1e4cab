"""A tenant's application: one nginx that says hello, describes itself and has a health page."""

import http.client

from stack.ports import free_port
from stack.process import Process, find_program

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
  client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi;
  scgi_temp_path {folder}/{name}-scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /{name} {{ return 200 "Hello from App {number}\\n"; }}
    location = /{name}/health {{ return 200 "healthy\\n"; }}
    location = /{name}/info {{
      default_type application/json;
      return 200
        '{{"app": "sample-app-{number}", "version": "1.0", "namespace": "tenant-{number}"}}\\n';
    }}
    location / {{ return 404 "not found\\n"; }}
  }}
}}
"""


class App(Process):
    """One process only (no master), so that a kill of its pid is the end of the app."""

    def __init__(self, number, folder, port=None):
        super().__init__(f"app{number}", folder)
        self.port = port or free_port()
        self.program = find_program("nginx", "on Debian and Ubuntu scripts/setup run installs it")
        self.config = self.folder / f"{self.name}.conf"
        self.config.write_text(
            CONFIG.format(folder=self.folder, name=self.name, number=number, port=self.port)
        )

    def command(self):
        return [self.program, "-e", "stderr", "-p", self.folder, "-c", self.config]

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{self.name}{path}"

    def _answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", f"/{self.name}/health")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def wait_ready(self, deadline_s=10.0):
        self.wait_for(self._answers, deadline_s, "answers")
        return self
