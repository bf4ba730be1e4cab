"""Breaks the stage, watches /path, and compares what it says with the fault's file."""

import dataclasses
import time

from stack.wait import wait_until
from stage.apps import wait_event
from stage.plan import TENANTS
from stage.world import HEALTHY

POLL_S = 0.04
TRIES = 3
HOLD_S = 0.7
HEAL_S = 40.0
# Until every check has been asked since the break: (interval + jitter) + (fall - 1) times
# (fast interval or timeout) + timeout. Before that nobody can compare one with another.
ROUND_S = 1.05
PEERS_S = 3.0  # HAProxy: three checks of one second each, where they time out
NAMES_S = 1.1  # an answer is kept for a second


@dataclasses.dataclass
class Finding:
    """What became of one fault."""

    fault: str
    stage: str
    expected: dict
    said: dict = dataclasses.field(default_factory=dict)  # in the end, by tenant
    rules: set = dataclasses.field(default_factory=set)
    detected_s: float | None = None
    first: list = dataclasses.field(default_factory=list)  # what it said before that
    blamed: set = dataclasses.field(default_factory=set)  # who must not have been
    passing: dict = dataclasses.field(default_factory=dict)  # the same within one round
    healed_s: float | None = None
    sick: int = 0  # answers 503 of /healthz
    tries: int = 1
    peers: dict = dataclasses.field(default_factory=dict)
    seen: str = ""  # the whole /path, kept where something was wrong

    @property
    def right_hop(self):
        return self._same(0)

    @property
    def right_owner(self):
        return self._same(1)

    @property
    def right_reason(self):
        return self._same(2)

    def _same(self, part):
        if set(self.said) != set(self.expected):
            return False
        return all(self.said[key][part] == self.expected[key][part] for key in self.expected)

    @property
    def is_right(self):
        return (
            self.right_hop
            and self.right_owner
            and self.right_reason
            and not self.blamed
            and not self.sick
            and self.healed_s is not None
        )


def diagnoses(paths):
    """By tenant what is broken; tenants without are left out."""
    return {
        tenant: (report["broken_hop"], report["owner"], report["reason"])
        for tenant, report in paths.items()
        if report["broken_hop"] is not None
    }


class Judge:
    def __init__(self, stage, label, peers=None):
        """`peers`: asked about each fault as well."""
        self.stage = stage
        self.peers = peers
        self.label = label

    def _begin(self, fault, phase):
        self.phase = phase
        self.grace_s = ROUND_S
        if fault.world["names"] != HEALTHY["names"] or fault.world["name_server"] != "answers":
            self.grace_s += NAMES_S
        self.first_word = None

    def _look(self, fault, finding):
        """One look at /path; notes whoever is blamed and must not be."""
        asked = time.monotonic()
        paths = self.stage.paths()
        said = diagnoses(paths)
        if said and self.first_word is None:
            self.first_word = asked
        since = self.first_word or asked
        for tenant, (hop, owner, reason) in said.items():
            if owner not in fault.must_not_blame:
                continue
            if asked - since > self.grace_s:
                finding.blamed.add(f"{owner} ({tenant}: {hop} {reason})")
            else:
                key = f"{self.phase}: {owner} {hop} {reason}"
                finding.passing.setdefault(key, [asked, asked])[1] = asked
        finding.rules |= {paths[tenant]["rule"] for tenant in said}
        asked_for = {*TENANTS, *fault.expect}
        return {tenant: one for tenant, one in said.items() if tenant in asked_for}

    def _wait_for_break(self, fault, finding):
        began = time.monotonic()
        right_since = None
        while True:
            try:
                said = self._look(fault, finding)
            except OSError:
                if not fault.flaps:  # /path itself is part of what comes and goes
                    raise
                said = {}
            now = time.monotonic() - began
            if said == fault.expect:
                if right_since is None:
                    right_since = now
                if finding.detected_s is None:
                    finding.detected_s = now
                if fault.flaps or now - right_since >= HOLD_S:
                    return said
            else:
                right_since = None
                if said and finding.detected_s is None and said not in finding.first:
                    finding.first.append(said)
            if now >= fault.deadline_s:
                return said
            wait_event(POLL_S)

    def _watch_silence(self, fault, finding):
        end = time.monotonic() + fault.watch_s
        said = {}
        while time.monotonic() < end:
            said |= self._look(fault, finding)
            wait_event(POLL_S)
        return said

    def _is_silent(self, fault, finding):
        try:
            return not self._look(fault, finding) and not diagnoses(self.stage.paths())
        except (OSError, ConnectionError):
            return False

    def settle(self):
        """Until nothing is wrong, and stays so for a moment."""
        calm = [None]

        def is_calm():
            now = time.monotonic()
            if diagnoses(self.stage.paths()):
                calm[0] = None
            elif calm[0] is None:
                calm[0] = now
            return calm[0] is not None and now - calm[0] >= 0.3

        wait_until(is_calm, HEAL_S, "nothing is wrong")

    def _starved(self):
        """How often the loop of health-responder came late: this machine was too busy."""
        return self.stage.responder.stderr.read_text(errors="replace").count('"new":"loop_lag"')

    def play(self, fault):
        """Once more where this machine starved us and the finding is not right: it is about
        the machine then."""
        for tries in range(1, TRIES + 1):
            starved = self._starved()
            finding = self._play(fault)
            finding.tries = tries
            if finding.is_right or self._starved() == starved or fault.starves_us:
                break
        return finding

    def _play(self, fault):
        finding = Finding(fault.name, self.label, fault.expect)
        sick = len(self.stage.prober.sick)
        if fault.needs_old_pods:
            self.stage.wait_for_old_pods()
        self.settle()
        if self.peers:
            self.peers.settle()
        try:
            self.stage.apply(fault.world)
            self._begin(fault, "fault")
            if fault.expect:
                finding.said = self._wait_for_break(fault, finding)
            else:
                finding.said = self._watch_silence(fault, finding)
            if finding.said != fault.expect:
                finding.seen = self.stage.path_text()
            if self.peers:
                wait_event(PEERS_S)
                finding.peers = self.peers.ask()
        finally:
            self.stage.apply(HEALTHY)
        self._heal(fault, finding)
        finding.sick = len(self.stage.prober.sick) - sick
        return finding

    def _heal(self, fault, finding):
        self._begin(fault, "repair")
        began = time.monotonic()
        try:
            wait_until(lambda: self._is_silent(fault, finding), HEAL_S, "it is silent again")
            finding.healed_s = time.monotonic() - began
        except TimeoutError:
            finding.seen += "\nafter the repair:\n" + self.stage.path_text()
        # A pod that is back is young for half a minute to whoever saw it go.
        if fault.world["names"]["pods"] != HEALTHY["names"]["pods"]:
            self.stage.restart_responder()
