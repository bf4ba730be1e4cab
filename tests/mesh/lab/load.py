"""Constant load on the load balancer's address, and what became of every request."""

import collections
import threading
import time

from lab.web import get


class Load:
    """`with Load(["/healthz", "/app1"]) as load:` one request after the other per path, each on a
    connection of its own, about `rate` a second."""

    def __init__(self, paths, rate=20, timeout=5, ca_file=None):
        self.paths = paths
        self.pause = 1 / rate
        self.timeout = timeout
        self.ca_file = ca_file
        self.sent = collections.Counter()
        self.failed = collections.defaultdict(list)  # path: [(seconds since start, what)]
        self.slowest = collections.Counter()
        self.longest_row = collections.Counter()  # of failures
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(path,)) for path in paths]

    def run(self, path):
        row = 0
        while not self.stop.wait(self.pause):
            began = time.monotonic()
            try:
                answer = get(path, timeout=self.timeout, ca_file=self.ca_file)
                what = None if answer.status == 200 else f"{answer.status} {answer.body.strip()}"
            except OSError as error:
                what = repr(error)
            took = time.monotonic() - began
            self.sent[path] += 1
            self.slowest[path] = max(self.slowest[path], took)
            row = row + 1 if what else 0
            self.longest_row[path] = max(self.longest_row[path], row)
            if what:
                self.failed[path].append((round(began - self.began, 2), what))

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def report(self):
        return ", ".join(
            f"{path}: {self.sent[path]} sent, {len(self.failed[path])} failed,"
            f" slowest {self.slowest[path] * 1000:.0f} ms"
            for path in self.paths
        )
