"""One file of the corpus: what to break, and what /path must say about it."""

import json
import pathlib

from stage.plan import TENANTS
from stage.world import broken

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
KEYS = {
    "what",
    "break",
    "expect",
    "must_not_blame",
    "behind_relay",
    "deadline_s",
    "watch_s",
    "flaps",
    "note",
}
OWNERS = {"us", "platform", "gateway", *(f"tenant:{name}" for name in TENANTS)}
HOPS = (
    "self names gateway_pods gateway_ready gateway_tls route identity backend_direct "
    "backend_routed inbound"
).split()


class Fault:
    """`expect` by tenant, or `shared`: (hop, owner, reason). Empty: /path must stay silent."""

    def __init__(self, file, has_relay):
        self.name = file.stem
        self.data = data = json.loads(file.read_text())
        relay = data.get("behind_relay", {})
        if unknown := set(data) - KEYS:
            raise ValueError(f"{file.name}: unknown keys {sorted(unknown)}")
        self.what = data["what"]
        self.world = broken(data["break"])
        self.must_not_blame = set(data["must_not_blame"])
        self.deadline_s = data.get("deadline_s", 8)
        self.watch_s = data.get("watch_s", 3)
        self.flaps = data.get("flaps", False)
        expected = relay.get("expect", data["expect"]) if has_relay else data["expect"]
        if has_relay:
            self.must_not_blame = set(relay.get("must_not_blame", self.must_not_blame))
        self.expect = {}
        for one in expected:
            if one["hop"] not in HOPS or one["owner"] not in OWNERS:
                raise ValueError(f"{file.name}: no such hop or owner: {one}")
            for tenant in one.get("tenants", TENANTS):
                self.expect[tenant] = (one["hop"], one["owner"], one["reason"])
        if unknown := self.must_not_blame - OWNERS:
            raise ValueError(f"{file.name}: no such owners: {sorted(unknown)}")
        expected_owners = {owner for _, owner, _ in self.expect.values()}
        if guilty := self.must_not_blame & expected_owners:
            raise ValueError(f"{file.name}: {sorted(guilty)} is expected and must not be blamed")
        left = OWNERS - self.must_not_blame - expected_owners
        if left and "note" not in data:
            raise ValueError(f"{file.name}: may {sorted(left)} be blamed? say why in a note")

    @property
    def needs_old_pods(self):
        """What a pod says of itself is taken with patience while it is young."""
        pods = self.world["pods"].values()
        return self.world["istiod"] == "gone" or any(
            pod["ready"] == "no" or pod["listeners"] == "rejected" or pod["drains"] for pod in pods
        )

    @property
    def starves_us(self):
        return bool(self.world["responder_pause_s"]) or self.world["responder_cpu"] != "free"

    @property
    def ends_pods(self):
        return any(pod["process"] == "gone" for pod in self.world["pods"].values())


def load(has_relay):
    """Those that need pods of some age first, those that end pods last."""
    faults = [Fault(file, has_relay) for file in sorted(CORPUS.glob("*.json"))]
    return sorted(faults, key=lambda fault: (fault.ends_pods, fault.needs_old_pods, fault.name))
