"""Application Gateway's place in front of the gateway: `health-responder probe --watch`."""

import json

from stack.process import Process
from stack.responder import ROOT

DEFINITION = ROOT / "azure/probe-http.json"


class Simulator(Process):
    """Probes until it is stopped; then its report is in `stdout`, a line per probe in
    `stderr`. SIGTERM is an orderly end."""

    def __init__(self, folder, binary, target, instances=2, interval=None, definition=DEFINITION):
        super().__init__("appgw", folder)
        self.words = [
            binary,
            *("probe", "--definition", definition, "--target", target),
            *("--instances", instances, "--watch"),
            *(("--interval", interval) if interval else ()),
        ]

    def command(self):
        return self.words

    def lines(self):
        return self.stderr.read_text().splitlines()

    def wait_ready(self, deadline_s=20.0):
        """Until every instance has found it healthy."""
        instances = int(self.words[self.words.index("--instances") + 1])
        self.wait_for(
            lambda: sum("Healthy now" in line for line in self.lines()) >= instances,
            deadline_s,
            "finds it healthy",
        )
        return self

    def report(self):
        """What it printed at its end."""
        return json.loads(self.stdout.read_text())
