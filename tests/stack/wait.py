"""Waiting for a condition, never for time."""

import threading
import time

POLL_S = 0.005
_never = threading.Event()


def wait_until(condition, deadline_s=10.0, what="the condition"):
    """Ask `condition` again and again until it gives something true, and return that.

    Raises TimeoutError that names `what`, and the last exception `condition` raised, if any:
    an OSError (nobody listens yet) counts as "not yet", anything else is the caller's bug.
    """
    end = time.monotonic() + deadline_s
    while True:
        last = None
        try:
            value = condition()
            if value:
                return value
            last = value
        except OSError as error:
            last = error
        if time.monotonic() >= end:
            raise TimeoutError(f"after {deadline_s} s still not: {what} (last: {last!r})")
        _never.wait(POLL_S)
