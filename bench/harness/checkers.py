"""Who checks backends: ours and what people would use instead, at equal settings. Every
target has an address of its own, 127.x.y.z, and all of them are one cheap server."""

import json
import subprocess

from harness.servers import BUILT, Built, Envoy, Haproxy, Ours, Pinned
from stack.envoy import TYPES, address
from stack.process import find_program

HOST = "bench.test"
FLOORS = ("sockets", "libcurl")


def target(index):
    return f"127.{1 + index // 62500}.{index // 250 % 250}.{1 + index % 250}"


class Plan:
    """What is checked: `count` targets, each every `interval_ms`, on one port."""

    def __init__(self, port, count, interval_ms, *, tls=None, reuse=False, fall=3, fast_ms=None,
                 timeout_ms=None):  # fmt: skip
        self.port = port
        self.count = count
        self.interval_ms = interval_ms
        self.tls = tls  # the CA file
        self.reuse = reuse
        self.fall = fall
        self.fast_ms = fast_ms or interval_ms
        self.timeout_ms = timeout_ms or min(1000, interval_ms)

    @property
    def rate(self):
        return self.count * 1000 / self.interval_ms


def ours(folder, binary, plan):
    scheme = "https" if plan.tls else "http"
    checks = []
    for i in range(plan.count):
        check = {"name": f"c{i}", "type": "http"}
        if plan.tls:
            check |= {"url": f"{scheme}://{HOST}:{plan.port}/", "ca_file": str(plan.tls),
                      "connect": f"{target(i)}:{plan.port}"}  # fmt: skip
        else:
            check["url"] = f"{scheme}://{target(i)}:{plan.port}/"
        checks.append(check)
    config = {
        "checks": checks,
        "defaults": {
            "interval": f"{plan.interval_ms}ms",
            "fast_interval": f"{plan.fast_ms}ms",
            "timeout": f"{plan.timeout_ms}ms",
            "connect_timeout": f"{plan.timeout_ms}ms",
            "fall": plan.fall,
            "reuse": plan.reuse,
        },
        "log": {"level": "error"},
    }
    return Ours(folder, binary, config)


HAPROXY = """\
global
  nbthread 1
  maxconn 4096
  spread-checks 10
defaults
  mode http
  timeout client 5s
  timeout connect {timeout}ms
  timeout server 5s
  timeout check {timeout}ms
frontend probe
  bind 127.0.0.1:{{port}} defer-accept
  http-request return status 200 content-type text/plain string "healthy\\n"
backend targets
  option httpchk
  http-check send meth GET uri / ver HTTP/1.1 hdr Host {host} hdr Connection close
  http-check expect status 200-299
"""


def haproxy(folder, plan):
    text = HAPROXY.format(timeout=plan.timeout_ms, host=HOST)
    tls = f" check-ssl verify required ca-file {plan.tls} check-sni {HOST} verifyhost {HOST}"
    words = (
        f"check inter {plan.interval_ms}ms fastinter {plan.fast_ms}ms"
        f" downinter {plan.interval_ms}ms fall {plan.fall} rise 2{tls if plan.tls else ''}"
    )
    for i in range(plan.count):
        text += f"  server s{i} {target(i)}:{plan.port} {words}\n"
    return Haproxy(folder, text)


def _seconds(ms):
    return f"{ms / 1000:.3f}s"


def envoy(folder, plan):
    interval = _seconds(plan.interval_ms)
    check = {
        "timeout": _seconds(plan.timeout_ms),
        "interval": interval,
        "no_traffic_interval": interval,
        "unhealthy_edge_interval": _seconds(plan.fast_ms),
        "initial_jitter": interval,
        "interval_jitter_percent": 5,
        "unhealthy_threshold": plan.fall,
        "healthy_threshold": 2,
        "reuse_connection": plan.reuse,
        "http_health_check": {"path": "/", "host": HOST},
    }
    cluster = {
        "name": "targets",
        "type": "STATIC",
        "connect_timeout": _seconds(plan.timeout_ms),
        "health_checks": [check],
        "load_assignment": {
            "cluster_name": "targets",
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": address(plan.port, target(i))}}
                        for i in range(plan.count)
                    ]
                }
            ],
        },
    }
    if plan.tls:
        cluster["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": f"{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": HOST,
                "max_session_keys": 0,
                "common_tls_context": {
                    "validation_context": {
                        "trusted_ca": {"filename": str(plan.tls)},
                        "match_typed_subject_alt_names": [
                            {"san_type": "DNS", "matcher": {"exact": HOST}}
                        ],
                    }
                },
            },
        }

    def config(port):
        return {
            "admin": {"address": address(port)},
            "static_resources": {"clusters": [cluster]},
        }

    made = Envoy(folder, config)
    made.path = "/ready"
    return made


class Blackbox(Pinned):
    """Has no schedule of its own: whoever scrapes it asks for each check (bench/load)."""

    path = "/-/healthy"

    def __init__(self, folder, plan):
        super().__init__("blackbox", folder)
        self.program = find_program("prometheus-blackbox-exporter", "scripts/setup bench")
        self.config = self.folder / "blackbox.yml"
        tls = {"ca_file": str(plan.tls), "server_name": HOST} if plan.tls else {}
        http = {"preferred_ip_protocol": "ip4", "tls_config": tls}
        module = {"prober": "http", "timeout": f"{plan.timeout_ms}ms", "http": http}
        self.config.write_text(json.dumps({"modules": {"up": module}}))
        self.env = {"GOMAXPROCS": "1"}
        scheme = "https" if plan.tls else "http"
        self.question = f"/probe?module=up&target={scheme}://{target(0)}:{plan.port}/"

    def command(self):
        return [self.program, f"--config.file={self.config}", "--log.level=error",
                f"--web.listen-address=127.0.0.1:{self.port}"]  # fmt: skip


class Floor(Built):
    """A library with nothing around it (bench/floor_checks.c). It ends at the first failure,
    and has no port to ask."""

    def __init__(self, name, folder, plan):
        super().__init__(folder, "floor_checks")
        self.words = [name, plan.port, plan.count, plan.interval_ms,
                      "kept" if plan.reuse else "new", HOST, plan.tls or "-"]  # fmt: skip

    def command(self):
        return [BUILT / self.name, *self.words]

    def answers(self):
        return True


def make(name, folder, run, plan):
    if name in run.binaries:
        return ours(folder, run.binaries[name], plan)
    if name in FLOORS:
        return Floor(name, folder, plan)
    return {"haproxy": haproxy, "envoy": envoy, "blackbox": Blackbox}[name](folder, plan)


def make_certificate(folder):
    """(certificate, key): signed by itself, so it is also the CA file."""
    chain, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", key, "-out", chain],
        check=True, capture_output=True,
    )  # fmt: skip
    return chain, key
