"""What blackbox_exporter and HAProxy's health checks say of the same fault, configured as
their users do: every app asked through the gateway and directly."""

import csv
import io
import os
import socket
import urllib.parse
import urllib.request

from stack.ports import free_port
from stack.process import Process, find_program
from stack.wait import wait_until
from stage.plan import HOST, NAMES, TENANTS

BLACKBOX = """\
modules:
  routed:
    prober: http
    timeout: 1s
    http:
      preferred_ip_protocol: ip4
      headers: {{Host: {host}}}
      fail_if_not_ssl: true
      tls_config: {{ca_file: {ca_file}, server_name: {host}}}
  direct:
    prober: http
    timeout: 1s
    http:
      preferred_ip_protocol: ip4
"""

HAPROXY = """\
global
  stats socket {socket} mode 600
  maxconn 200
  nbthread 1
resolvers cluster
  nameserver dns {dns}
  hold valid 1s
  hold nx 1s
  hold timeout 1s
  hold other 1s
  timeout resolve 500ms
  timeout retry 200ms
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 1s
  default-server inter 250ms fall 3 rise 2 resolvers cluster init-addr none resolve-prefer ipv4
"""
BACKEND = """\
backend {name}
  option httpchk
  http-check send meth GET uri {uri} ver HTTP/1.1 hdr Host {host}
  http-check expect status 200-299
  server s {server} check{tls}
"""


class Blackbox(Process):
    def __init__(self, folder, stage):
        super().__init__("blackbox", folder)
        self.program = find_program(
            "prometheus-blackbox-exporter", "apt-get install prometheus-blackbox-exporter"
        )
        self.plan, self.port = stage.plan, free_port()
        self.config = self.folder / "blackbox.yml"
        self.config.write_text(BLACKBOX.format(host=HOST, ca_file=stage.pki.ca_file))

    def command(self):
        return [
            self.program,
            f"--config.file={self.config}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=error",
        ]

    def _probe(self, module, target):
        query = urllib.parse.urlencode({"module": module, "target": target})
        url = f"http://127.0.0.1:{self.port}/probe?{query}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line and line[0] != "#")

    def wait_ready(self):
        self.wait_for(
            lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/healthy").status,
            10,
            "answers",
        )

    def ask(self):
        """Names it cannot be given a server for: it is asked by address."""
        plan, said = self.plan, []
        gateway = f"https://{plan.seen('pod1')}:{plan.https}"
        targets = [("healthz", "routed", f"{gateway}/healthz")]
        for app in TENANTS:
            targets.append((app, "routed", f"{gateway}/{app}"))
            targets.append((app, "direct", f"http://{plan.seen(app)}:{plan.app}/{app}/health"))
        for name, module, target in targets:
            metrics = self._probe(module, target)
            if metrics["probe_success"] != "1":
                status = metrics.get("probe_http_status_code", "0")
                said.append(f"{name}/{module} probe_success 0 http_status {status}")
        return said


class Haproxy(Process):
    def __init__(self, folder, stage):
        super().__init__("haproxy", folder)
        self.program = find_program("haproxy", "apt-get install haproxy")
        plan = stage.plan
        self.socket = f"{self.folder}/haproxy.sock"
        self.config = self.folder / "haproxy.cfg"
        text = HAPROXY.format(socket=self.socket, dns=f"{plan.own('dns')}:{plan.dns}")
        tls = f" ssl verify required ca-file {stage.pki.ca_file} check-sni {HOST} verifyhost {HOST}"
        for path in ("healthz", *TENANTS):
            text += BACKEND.format(
                name=f"{path}/routed",
                uri=f"/{path}",
                host=HOST,
                server=f"{NAMES['gateway']}:{plan.https}",
                tls=tls,
            )
        for app in TENANTS:
            text += BACKEND.format(
                name=f"{app}/direct",
                uri=f"/{app}/health",
                host=NAMES[app],
                server=f"{NAMES[app]}:{plan.app}",
                tls="",
            )
        self.config.write_text(self._plain(text))

    @staticmethod
    def _plain(text):
        """Backend names without the slash that HAProxy does not take."""
        lines = [
            line.replace("/", ".") if line.startswith("backend ") else line
            for line in text.splitlines()
        ]
        return "\n".join(lines) + "\n"

    def command(self):
        return [self.program, "-db", "-f", self.config]

    def _rows(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(self.socket)
            client.sendall(b"show stat\n")
            data = b""
            while block := client.recv(65536):
                data += block
        rows = csv.DictReader(io.StringIO(data.decode().removeprefix("# ")))
        return [row for row in rows if row["svname"] == "s"]

    def wait_ready(self):
        self.wait_for(lambda: os.path.exists(self.socket) and self._rows(), 10, "answers")

    def ask(self):
        said = []
        for row in self._rows():
            if row["status"].startswith("UP"):
                continue
            words = [row["status"], row["check_status"], row.get("check_code", "")]
            text = " ".join(word for word in words if word)
            last = row.get("last_chk", "")
            said.append(f"{row['pxname'].replace('.', '/')} {text} {last}".strip())
        return said


class Peers:
    def __init__(self, stage):
        self.stage = stage
        self.all = {
            "blackbox_exporter": Blackbox(stage.folder, stage),
            "HAProxy": Haproxy(stage.folder, stage),
        }

    def start(self):
        for peer in self.all.values():
            peer.start()
            peer.wait_ready()
        return self

    def stop(self):
        for peer in self.all.values():
            peer.stop()

    def settle(self):
        """Until both are content, so that what they say next is about the fault."""
        wait_until(lambda: not any(peer.ask() for peer in self.all.values()), 20, "peers are well")

    def ask(self):
        """By peer, one line of all that is not well; what repeats is said once."""
        return {name: short(peer.ask()) for name, peer in self.all.items()}


def short(said):
    """Of equal complaints only the first with its count."""
    by_text = {}
    for line in said:
        who, text = line.split(" ", 1)
        by_text.setdefault(text, []).append(who)
    parts = []
    for text, who in by_text.items():
        more = f" (+{len(who) - 1})" if len(who) > 1 else ""
        parts.append(f"{who[0]}{more}: {text}")
    return "; ".join(parts) or "all is well"
