"""The machine and the versions a report belongs to, and the small programs of bench/."""

import os
import pathlib
import platform
import re
import subprocess

from harness.servers import BUILT, ROOT
from stack.envoy import envoy_program
from stack.process import find_program

LIBRARIES = {
    "limit": [],
    "load": [],
    "floor_front": ["-lmicrohttpd"],
    "floor_checks": ["-lcurl", "-lssl", "-lcrypto"],
}


def build_programs():
    BUILT.mkdir(parents=True, exist_ok=True)
    for name, libraries in LIBRARIES.items():
        subprocess.run(
            ["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o",
             BUILT / name, ROOT / "bench" / f"{name}.c", *libraries],
            check=True,
        )  # fmt: skip


def _version(*command):
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.stdout + done.stderr else "?"


def facts(binary):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "cpu": cpu[1] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
        "load_before": os.getloadavg(),
        "versions": {
            "ours": _version(binary, "version"),
            "nginx": _version(find_program("nginx", "scripts/setup run"), "-v"),
            "haproxy": _version(find_program("haproxy", "scripts/setup bench"), "-v"),
            "envoy": _version(envoy_program(), "--version"),
            "blackbox_exporter": _version(
                find_program("prometheus-blackbox-exporter", "scripts/setup bench"), "--version"
            ),
        },
    }
