"""All parts together, and how one picture of the world becomes the next."""

import copy
import json
import os
import pathlib
import resource
import signal
import time

from stack.responder import Responder
from stack.wait import wait_until
from stage.apps import App, wait_event
from stage.cgroup import CpuLimit
from stage.istiod import Istiod
from stage.names import NameServer
from stage.pki import Pki
from stage.plan import HOST, NAMES, PODS, TENANTS, Plan
from stage.pods import CORE, Pod, clusters, virtual_hosts, write_resources
from stage.prober import Prober
from stage.relay import Relay
from stage.world import HEALTHY, merge_patch

TIMES = {
    "interval": "250ms",
    "fast_interval": "50ms",
    "down_interval": "150ms",
    "timeout": "250ms",
    "connect_timeout": "150ms",
    "rise": 2,
    "fall": 3,
}


APPS = (*TENANTS, "nobody")
PATIENCE_S = 37.0  # 30 s, and Envoy writes its uptime every 5 s


class Stage:
    def __init__(self, folder, binary, has_relay=False):
        self.folder = pathlib.Path(folder)
        self.plan = plan = Plan(has_relay)
        self.pki = Pki(folder)
        self.shared = self.folder / "xds"
        self.shared.mkdir()
        self.names = NameServer(folder, plan.own("dns"), plan.dns)
        self.istiod = Istiod(plan.own("istiod"), plan.xds)
        self.apps = {name: App(name, folder, plan.own(name), plan.app) for name in APPS}
        self.pods = {name: Pod(name, folder, plan, self.shared) for name in PODS}
        self.world = copy.deepcopy(HEALTHY)
        self.responder_config = self._responder_config()
        self.responder = Responder(folder, copy.deepcopy(self.responder_config), binary)
        self.responder.env = {
            "ASAN_OPTIONS": f"log_path={self.folder}/sanitizer:exitcode=98",
            "UBSAN_OPTIONS": f"log_path={self.folder}/sanitizer:print_stacktrace=1",
        }
        self.prober = Prober(plan, self.pki.ca_file, HOST)
        self.relay = None
        self.cpu_limit = CpuLimit()

    def _responder_config(self):
        plan = self.plan
        key = self.folder / "loop-key"
        key.write_text("0123456789abcdef0123456789abcdef\n")

        def name(key):
            return NAMES[key] + "."

        return {
            "listen": {
                "probe": f"{plan.own('us')}:{plan.probe}",
                "detail": f"{plan.own('us')}:{plan.detail}",
            },
            "gateway": {
                "host": HOST,
                "service": name("gateway"),
                "pods": name("pods"),
                "port": plan.https,
                "tls": {
                    "ca_file": str(self.pki.ca_file),
                    "root_fingerprint": self.pki.old_root_fingerprint,
                },
                "status_port": plan.status,
                "stats_port": plan.stats,
            },
            "tenants": [
                {
                    "name": app,
                    "route": f"/{app}",
                    "backend": f"http://{name(app)}:{plan.app}/{app}/health",
                    "identity": f"Hello from App {app[-1]}",
                }
                for app in TENANTS
            ],
            "defaults": TIMES,
            "resolver": {"servers": [f"{plan.own('dns')}:{plan.dns}"], "timeout": "100ms"},
            "auth": {"loop_key_file": str(key)},
            "clients": {"appgw_subnets": [plan.appgw_subnet]},
            "drain": {"delay": "0s", "timeout": "1s"},
        }

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self.plan.has_relay:
            self._start_relay()
        self.names.start().wait_ready()
        for name, app in self.apps.items():
            app.become(self.world["apps"][name])
        self.istiod.start()
        self._write_shared(self.world)
        for name, pod in self.pods.items():
            self._configure_pod(name, self.world)
            pod.start()
        for pod in self.pods.values():
            pod.wait_ready()
        self._tell_names(self.world)
        self.responder.start()
        self._wait_responder()
        self.prober.start()
        # So many that its interval is known.
        wait_until(
            lambda: self.prober.counts.get(200, 0) >= 12, 20, "Application Gateway is served"
        )
        return self

    def _start_relay(self):
        plan = self.plan
        self.relay = Relay()
        for pod in PODS:
            for port in (plan.https, plan.http, plan.status, plan.stats):
                self.relay.add(plan.seen(pod), plan.own(pod), port)
        for app in APPS:
            self.relay.add(plan.seen(app), plan.own(app), plan.app)

    def stop(self):
        if self.prober.thread.is_alive():
            self.prober.stop()
        self.cpu_limit.lift()
        if self.responder.is_running():
            self.responder.signal(signal.SIGCONT)
        self.responder.stop()
        for pod in self.pods.values():
            if pod.is_running():
                pod.signal(signal.SIGCONT)
            pod.stop()
        for app in self.apps.values():
            app.stop()
        self.names.stop()
        self.istiod.stop()
        if self.relay:
            self.relay.close()

    def _wait_responder(self):
        self.responder.wait_for(
            lambda: self.responder.get(self._url("probe", "/readyz"))[0] == 200, 20, "is ready"
        )

    def _url(self, port, path):
        return f"http://{self.plan.own('us')}:{getattr(self.plan, port)}{path}"

    def restart_responder(self):
        """Without a probe in between: there is no other replica to take it."""
        with self.prober.paused():
            self.responder.stop()
            self.responder.start()
            self._wait_responder()

    def wait_for_old_pods(self):
        """Until no pod is so young that its own figures are taken with patience."""
        started = max(pod.started_s for pod in self.pods.values())
        wait_until(lambda: time.monotonic() - started > PATIENCE_S, PATIENCE_S, "the pods are old")

    def paths(self):
        """What /path says now, by tenant; `shared` is what all of them share."""
        status, body = self.responder.get(self._url("detail", "/path?format=json"), 3)
        if status != 200:
            raise ConnectionError(f"{status} {body}")
        answer = json.loads(body)
        reports = {report["tenant"]: report for report in answer["paths"]}
        return {**reports, "shared": answer["shared"]}

    def path_text(self):
        return self.responder.get(self._url("detail", "/path?format=text"), 10)[1]

    # From here on: the next picture of the world.

    def _addresses(self, names):
        return {
            key: None if parts is None else [self.plan.seen(part) for part in parts]
            for key, parts in names.items()
        }

    def _tell_names(self, world):
        self.names.tell(self._addresses(world["names"]))
        gateways = world["names"].get("gateway") or []
        # The load balancer goes past the relay: it is outside the mesh.
        self.prober.aim(self.plan.own(pod) for pod in gateways if pod in self.pods)
        self.prober.is_silent = world["application_gateway"] == "silent"

    def _write_shared(self, world):
        write_resources(self.shared / "cds.json", clusters(world["clusters"], self.plan, self.pods))
        routes = {
            "@type": f"{CORE}.route.v3.RouteConfiguration",
            "name": "http.gateway",
            "validate_clusters": False,
            "virtual_hosts": virtual_hosts(world["routes"], self.plan.https),
        }
        write_resources(self.shared / "rds.json", [routes])

    def _configure_pod(self, name, world):
        wanted = world["pods"][name]
        self.pods[name].present(*self.pki.secret(wanted["certificate"]))
        self.pods[name].configure(wanted, world["denied"])

    def _run_pod(self, name, wanted, before):
        pod = self.pods[name]
        if wanted["process"] == "gone":
            pod.kill()
            return
        if not pod.is_running():
            pod.start().wait_ready()
        pod.signal(signal.SIGSTOP if wanted["process"] == "hangs" else signal.SIGCONT)
        if wanted["drains"] != before["drains"]:
            pod.admin("/healthcheck/" + ("fail" if wanted["drains"] else "ok"), "POST")

    def _configure_responder(self, overlay):
        """The overlay may say {pki} for the folder of the certificates, {nobody} for an
        address, "{http}" and "{app}" for ports."""
        text = json.dumps(overlay).replace("{pki}", str(self.pki.folder))
        text = text.replace("{nobody}", self.plan.seen("nobody"))
        for port in ("http", "app"):
            text = text.replace(f'"{{{port}}}"', str(getattr(self.plan, port)))
            text = text.replace(f"{{{port}}}", str(getattr(self.plan, port)))
        overlay = json.loads(text)
        if overlay.get("tenants") == "short names":
            overlay["tenants"] = json.loads(
                json.dumps(self.responder_config["tenants"]).replace(".svc.cluster.local.", "")
            )
        config = merge_patch(self.responder_config, overlay)
        if config != self.responder.config:
            self.responder.config = config
            self.responder.write_config()

    def _limit_files(self, limit):
        """`used`: it may open none beyond those it has."""
        most = len(self.responder.fds()) if limit == "used" else limit
        _, hard = resource.prlimit(self.responder.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.responder.pid, resource.RLIMIT_NOFILE, (most, hard))

    def apply(self, world):
        """Make it so. Returns when every part has been told."""
        before, self.world = self.world, world
        for name, app in self.apps.items():
            app.become(world["apps"][name])
        self._write_shared(world)
        for name, wanted in world["pods"].items():
            self._configure_pod(name, world)
            if wanted != before["pods"][name]:
                self._run_pod(name, wanted, before["pods"][name])
        if world["name_server"] != "answers":
            self.names.behave(world["name_server"])
        elif before["name_server"] != "answers":
            self.names.behave("answers")
        self._tell_names(world)
        if world["istiod"] != before["istiod"]:
            self.istiod.stop() if world["istiod"] == "gone" else self.istiod.start()
        self._configure_responder(world["responder"])
        if world["responder_files"] != before["responder_files"]:
            self._limit_files(world["responder_files"])
        if world["responder_cpu"] == "limited":
            self.cpu_limit.impose(self.responder.pid)
        else:
            self.cpu_limit.lift()
        if world["responder_pause_s"]:
            os.kill(self.responder.pid, signal.SIGSTOP)
            wait_event(world["responder_pause_s"])
            os.kill(self.responder.pid, signal.SIGCONT)
