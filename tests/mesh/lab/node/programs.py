"""Which program stands for which container."""

import re
import signal
from dataclasses import dataclass, field

from lab.settings import MESH


@dataclass
class Program:
    """`command` empty: the manifest's own. `binds` are folders of this machine that stay visible
    and writable as they are; `files` puts a file of this machine where the image would have it."""

    command: list = field(default_factory=list)
    keeps_args: bool = False
    binds: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)
    as_root: bool = False
    stop_signal: int = signal.SIGTERM  # an image's STOPSIGNAL


def find(settings, container, image):
    """The program for a container, or None: its image cannot be pulled."""
    # By files and not by binds: a volume of a pod hides the tree where it lies below its place.
    stand_ins = MESH / "stand-ins"
    if container == "discovery":
        return Program(
            [str(settings.bin / "pilot-discovery")],
            keeps_args=True,
            binds=[settings.bin],
            env={"KUBECONFIG": ""},
        )
    if container == "istio-proxy":
        return Program(
            [str(settings.bin / "pilot-agent")],
            keeps_args=True,
            binds=[settings.bin, settings.envoy.parent, settings.share],
        )
    if container == "health-responder":
        return Program(files={settings.responder: "/health-responder"})
    if container == "ztunnel":
        return Program(
            ["/bin/sh", "/ztunnel.sh"],
            binds=[settings.bin, settings.envoy.parent],
            files={stand_ins / name: f"/{name}" for name in ("ztunnel.sh", "ztunnel.yaml")},
            env={"BIN": str(settings.bin), "ENVOY": str(settings.envoy)},
            as_root=True,
        )
    if re.search(r"(^|/)nginx", image):
        return Program(
            ["/usr/sbin/nginx", "-e", "/dev/stderr", "-c", "/nginx.conf", "-g", "daemon off;"],
            files={stand_ins / "nginx.conf": "/nginx.conf"},
            stop_signal=signal.SIGQUIT,
        )
    if image.startswith("lab/faulty"):
        return Program(
            ["/usr/bin/python3", "/faulty.py"], files={stand_ins / "faulty.py": "/faulty.py"}
        )
    return None
