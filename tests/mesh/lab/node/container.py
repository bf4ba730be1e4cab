"""One container: a process on an overlay of this machine's files, with its probes."""

import base64
import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from lab.node import programs

BASE_ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/",
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SOON_S = 0.5  # until it is ready a container is asked more often than its manifest says


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def expand(text, env):
    return re.sub(r"\$\((\w+)\)", lambda m: env.get(m.group(1), m.group(0)), text)


class Container:
    def __init__(self, pod, spec):
        self.pod = pod
        self.spec = spec
        self.name = spec["name"]
        self.program = None
        self.proc = None
        self.restarts = 0
        self.started_at = None
        self.waits_for = None
        self.is_ready = False
        self.is_started = False
        self.next_start = 0.0

    @property
    def is_running(self):
        return self.proc is not None and self.proc.poll() is None

    # --- what it runs, and as whom

    def env(self):
        env = {**BASE_ENV, "HOSTNAME": self.pod.name}
        for item in self.spec.get("env", []):
            value = self.value_of(item)
            if value is not None:
                env[item["name"]] = expand(value, env)
        return env

    def value_of(self, item):
        source = item.get("valueFrom")
        if not source:
            return item.get("value", "")
        if "fieldRef" in source:
            return self.pod.field(source["fieldRef"]["fieldPath"])
        if "resourceFieldRef" in source:
            return self.resource(source["resourceFieldRef"]["resource"])
        wanted = source.get("configMapKeyRef") or source.get("secretKeyRef")
        kind = "configmaps" if "configMapKeyRef" in source else "secrets"
        path = f"/api/v1/namespaces/{self.pod.namespace}/{kind}/{wanted['name']}"
        value = ((self.pod.kube.find(path) or {}).get("data") or {}).get(wanted["key"])
        if value is not None and kind == "secrets":
            value = base64.b64decode(value).decode()
        return value

    def resource(self, name):
        kind = name.split(".")[-1]
        limit = (self.spec.get("resources", {}).get("limits") or {}).get(kind)
        if kind == "memory":
            number, unit = re.match(r"(\d+)(Ki|Mi|Gi)?", limit or "2Gi").groups()
            return str(int(number) << {"Ki": 10, "Mi": 20, "Gi": 30, None: 0}[unit])
        if kind == "cpu":
            limit = limit or "2"
            return str(-(-int(limit[:-1]) // 1000)) if limit.endswith("m") else limit
        return "0"

    def start(self):
        self.program = programs.find(self.pod.settings, self.name, self.spec.get("image", ""))
        if self.program is None:
            self.waits_for = "ErrImagePull"
            return
        env = {**self.env(), **self.program.env}
        command = self.program.command or [expand(w, env) for w in self.spec.get("command", [])]
        args = [expand(word, env) for word in self.spec.get("args", [])]
        if self.program.command and not self.program.keeps_args:
            args = []
        script = self.write_script(env, command + args)
        log = self.pod.settings.logs / f"{self.pod.namespace}_{self.pod.name}_{self.name}.log"
        with open(log, "ab") as out:
            os.chmod(log, 0o666)
            self.proc = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.pod.netns}", "--",
                 "unshare", "--mount", "--propagation", "private", "sh", script],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.started_at = now()
        self.waits_for = None
        self.is_started = "startupProbe" not in self.spec
        self.is_ready = self.is_started and "readinessProbe" not in self.spec

    def write_script(self, env, argv):
        """Mounts the container's root, then becomes the program in it. Returns its file."""
        folder = f"{self.pod.folder}/{self.name}"
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("up/etc", "work", "root"):
            os.makedirs(f"{folder}/{name}")
        os.chmod(f"{folder}/up", 0o755)
        with open(f"{folder}/up/etc/resolv.conf", "w") as out:
            out.write(self.pod.resolv_conf())
        with open(f"{folder}/up/etc/hosts", "w") as out:
            out.write(f"127.0.0.1 localhost\n{self.pod.address} {self.pod.name}\n")
        root = f"{folder}/root"
        lines = [
            f"mount -t overlay overlay -o lowerdir=/,upperdir={folder}/up,workdir={folder}/work"
            f" {root}",
            f"mount --rbind /dev {root}/dev",
            f"mount -t proc proc {root}/proc",
            f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp",
        ]
        for bind in self.program.binds:
            lines.append(f"mkdir -p {root}{bind}; mount --rbind {bind} {root}{bind}")
        for source, target in self.program.files.items():
            lines.append(f"touch {root}{target}; mount --bind {source} {root}{target}")
        lines += [self.mount_line(root, mount) for mount in self.spec.get("volumeMounts", [])]
        security = {
            **(self.pod.spec.get("securityContext") or {}),
            **(self.spec.get("securityContext") or {}),
        }
        if security.get("readOnlyRootFilesystem"):
            lines.append(f"mount -o remount,ro {root}")
        whole = ["chroot", root, "/usr/bin/env", "-i", "-C", self.spec.get("workingDir", "/")]
        whole += [f"{key}={value}" for key, value in env.items()]
        if security.get("runAsUser") and not self.program.as_root:
            whole += self.become(security)
        lines.append("exec " + shlex.join(whole + argv))
        with open(f"{folder}/run.sh", "w") as out:
            out.write("set -e\n" + "\n".join(lines) + "\n")
        return f"{folder}/run.sh"

    @staticmethod
    def become(security):
        group = security.get("runAsGroup", security["runAsUser"])
        groups = f"--groups={security['fsGroup']}" if "fsGroup" in security else "--clear-groups"
        return ["/usr/bin/setpriv", f"--reuid={security['runAsUser']}", f"--regid={group}", groups,
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]  # fmt: skip

    def mount_line(self, root, mount):
        source = f"{self.pod.folder}/volumes/{mount['name']}"
        # /var/run is a link to /run, which would lead out of the pod's root
        target = root + re.sub(r"^/var/run(?=/|$)", "/run", mount["mountPath"])
        if mount.get("subPath"):
            source += "/" + mount["subPath"]
        return (
            f"if [ -d {source} ]; then mkdir -p {target};"
            f" else mkdir -p $(dirname {target}); touch {target}; fi;"
            f" mount --bind {source} {target}"
        )

    # --- its life

    def keep_running(self):
        """Starts it, or starts it again after a pause, as kubelet does."""
        if self.is_running or time.monotonic() < self.next_start:
            return
        if self.proc is not None:
            self.restarts += 1
            self.pod.log(self.name, "exited", self.proc.returncode)
        self.next_start = time.monotonic() + min(10, 1 + self.restarts)
        first = self.proc is None
        self.start()
        if first and self.proc is not None:
            threading.Thread(target=self.probe_loop, daemon=True).start()

    def signal(self, number):
        if self.is_running:
            self.proc.send_signal(number)

    def stop(self):
        self.signal(self.program.stop_signal if self.program else signal.SIGTERM)

    def kill_all(self):
        """It and its children: nginx's workers, Envoy under the agent."""
        if self.proc is None:
            return
        self.signal(signal.SIGKILL)
        self.proc.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.proc.pid, signal.SIGKILL)

    def status(self):
        if self.is_running:
            state = {"running": {"startedAt": self.started_at}}
        else:
            reason = "CrashLoopBackOff" if self.proc is not None else "ContainerCreating"
            state = {"waiting": {"reason": self.waits_for or reason}}
        return {
            "name": self.name,
            "image": self.spec.get("image", ""),
            "imageID": "lab",
            "ready": self.is_running and self.is_ready,
            "started": self.is_running and self.is_started,
            "restartCount": self.restarts,
            "state": state,
        }

    # --- probes

    def ask(self, probe):
        """One try of a probe or hook."""
        timeout = probe.get("timeoutSeconds", 1)
        try:
            if "httpGet" in probe:
                return self.ask_http(probe["httpGet"], timeout)
            if "tcpSocket" in probe:
                address = (self.pod.address, self.port(probe["tcpSocket"]["port"]))
                socket.create_connection(address, timeout).close()
                return True
            if "exec" in probe:
                return self.execute(probe["exec"]["command"], timeout) == 0
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            return False
        return True

    def port(self, port):
        if isinstance(port, int):
            return port
        return next(p["containerPort"] for p in self.spec.get("ports", []) if p["name"] == port)

    def ask_http(self, action, timeout):
        address = (action.get("host", self.pod.address), self.port(action["port"]))
        if action.get("scheme") == "HTTPS":
            connection = http.client.HTTPSConnection(
                *address, timeout=timeout, context=ssl._create_unverified_context()
            )
        else:
            connection = http.client.HTTPConnection(*address, timeout=timeout)
        headers = {item["name"]: item["value"] for item in action.get("httpHeaders", [])}
        headers.setdefault("User-Agent", "kube-probe/1.36")
        connection.request("GET", action.get("path", "/"), headers=headers)
        status = connection.getresponse().status
        connection.close()
        return 200 <= status < 400

    def execute(self, command, timeout):
        if not self.is_running:
            return 1
        enter = ["nsenter", "-t", str(self.proc.pid), "-m", "-n", "-r", "-w"]
        return subprocess.run(
            enter + command, timeout=timeout, capture_output=True, check=False
        ).returncode

    def probe_loop(self):
        proc = None
        while not self.pod.is_gone:
            if self.proc is not proc:
                proc = self.proc
                fails = dict.fromkeys(PROBES, 0)
                due = {
                    kind: time.monotonic()
                    + (self.spec.get(kind) or {}).get("initialDelaySeconds", 0)
                    for kind in PROBES
                }
            if not self.is_running:
                self.is_ready = False
            else:
                for kind in PROBES:
                    probe = self.spec.get(kind)
                    # until it has started only the startup probe asks, and never again after
                    if (
                        probe
                        and time.monotonic() >= due[kind]
                        and ((kind == "startupProbe") != self.is_started)
                    ):
                        due[kind] = self.run_probe(kind, probe, fails)
            time.sleep(0.1)

    def run_probe(self, kind, probe, fails):
        """Counts one answer; returns when the next is due."""
        good = self.ask(probe)
        fails[kind] = 0 if good else fails[kind] + 1
        has_failed = fails[kind] >= probe.get("failureThreshold", 3)
        if kind == "startupProbe" and good:
            self.is_started = True
            self.is_ready = "readinessProbe" not in self.spec
        if kind == "readinessProbe":
            if good:
                self.is_ready = True
            elif has_failed:
                self.is_ready = False
        if kind != "readinessProbe" and has_failed and not self.pod.is_ending:
            self.pod.log(self.name, kind, "failed: restart")
            self.stop()
            fails[kind] = 0
        period = probe.get("periodSeconds", 10)
        if kind != "livenessProbe" and not self.is_ready:
            period = min(SOON_S, period)
        return time.monotonic() + period
