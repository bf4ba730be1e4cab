"""The load generator bench/load, as a function."""

import json
import subprocess

from harness.servers import BUILT


def start(core, port, *, path="/healthz", method="GET", connections=1, requests=1000, new=False,
          status=200, rate=0, address="127.0.0.1"):  # fmt: skip
    words = ["taskset", "-c", str(core), str(BUILT / "load"), "--path", path, "--method", method,
             "--connections", str(connections), "--requests", str(requests), "--rate", str(rate),
             "--status", str(status), *(["--new"] if new else []), address, str(port)]  # fmt: skip
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def finish(process, deadline_s=300):
    try:
        out, _ = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"bench/load ended with status {process.returncode}")
    return json.loads(out)


def ask(core, port, **what):
    return finish(start(core, port, **what))
