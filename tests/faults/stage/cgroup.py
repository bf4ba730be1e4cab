"""A CPU limit as Kubernetes sets it: a cgroup whose processes wait when they have used up their
share of a period. Needs root and a cgroup file system that may be written to."""

import os
import pathlib
import tempfile

ROOT = pathlib.Path("/sys/fs/cgroup")
PERIOD_US = 500_000  # long, so that what remains of it is a pause that nobody overlooks
QUOTA_US = 30_000


class CpuLimit:
    def __init__(self):
        self.group = None

    @staticmethod
    def _home():
        """Where groups are made: version 1 has a folder of its own for the CPU."""
        return ROOT / "cpu" if (ROOT / "cpu/cgroup.procs").exists() else ROOT

    @classmethod
    def is_possible(cls):
        home = cls._home()
        if os.geteuid() != 0 or not os.access(home / "cgroup.procs", os.W_OK):
            return False
        children = home / "cgroup.subtree_control"  # version 2: the CPU must be handed on
        return home != ROOT or (children.exists() and "cpu" in children.read_text().split())

    def impose(self, pid):
        self.group = pathlib.Path(tempfile.mkdtemp(prefix="health-responder-", dir=self._home()))
        if (self.group / "cpu.max").exists():
            (self.group / "cpu.max").write_text(f"{QUOTA_US} {PERIOD_US}")
        else:
            (self.group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.group / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
        (self.group / "cgroup.procs").write_text(str(pid))

    def lift(self):
        if self.group is None:
            return
        for pid in (self.group / "cgroup.procs").read_text().split():
            (self._home() / "cgroup.procs").write_text(pid)
        self.group.rmdir()
        self.group = None
