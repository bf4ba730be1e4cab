"""What the stage looks like while all is well. A fault is a merge patch (RFC 7386) over this:
objects are merged, null removes, everything else replaces."""

import copy

from stage.plan import PODS, TENANTS

# The whole vocabulary of faults. What a value may be stands beside it.
HEALTHY = {
    # Addresses by name of the part: [] is a name without addresses, null no such name.
    "names": {"gateway": ["pod1"], "pods": list(PODS), **{name: [name] for name in TENANTS}},
    "name_server": "answers",  # silent, gone
    "pods": {
        pod: {
            "process": "runs",  # gone, hangs
            "https": "open",  # closed, plain
            "http": "open",  # closed
            "ready": "yes",  # no, closed
            "stats": "open",  # closed
            "drains": False,
            "listeners": "accepted",  # rejected
            "certificate": "good",  # a key of Pki.chains
        }
        for pod in PODS
    },
    # HTTPRoutes: prefix, and of backend, status, redirect one; hosts, timeout, rewrite, cluster.
    "routes": {
        "health": {"prefix": "/healthz", "backend": "us"},
        **{name: {"prefix": f"/{name}", "backend": name} for name in TENANTS},
    },
    "denied": [],  # path prefixes an AuthorizationPolicy denies
    "clusters": {name: {"endpoints": [name]} for name in TENANTS},  # connect_timeout
    "istiod": "answers",  # gone
    "apps": {**{name: "nginx" for name in TENANTS}, "nobody": "gone"},  # see App.become
    "application_gateway": "asks",  # silent
    "responder": {},  # a merge patch over its configuration
    "responder_files": 1024,  # descriptors it may have; "used": no more than now
    "responder_cpu": "free",  # "limited": to a sixteenth of a core, by a cgroup's limit
    "responder_pause_s": 0,  # how long it gets no CPU at all
}


def merge_patch(target, patch):
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None and isinstance(result.get(key), list):
            result[key] = None  # a name that does not exist
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def broken(patch):
    """The healthy world with the patch over it; an unknown key is a mistake in the fault."""
    for key in patch:
        if key not in HEALTHY:
            raise ValueError(f"break: unknown key {key}; there are {', '.join(HEALTHY)}")
    world = merge_patch(HEALTHY, patch)
    # This one is a patch itself, for later: null in it removes a key of the configuration.
    world["responder"] = copy.deepcopy(patch.get("responder", {}))
    return world
