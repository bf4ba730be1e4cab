"""Waiting for a condition of the cluster, never for time."""

import time

from lab.kube import KubeError
from lab.settings import LabError


def wait_for(what, condition, timeout=60, every=0.2):
    """The first true value of condition(). Errors of the API or of a connection count as not
    yet; LabError does not. Raises TimeoutError that names `what` and the last value."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except LabError:
            raise
        except (KubeError, OSError, LookupError, AssertionError) as error:
            last = error
        if time.monotonic() >= end:
            raise TimeoutError(f"after {timeout} s still not: {what} (last: {last!r})")
        time.sleep(every)
