#!/usr/bin/env python3
"""Every #include line of server/ and include/ against the layer table, and no cycle of
headers. A header in include/ names no library, so that a library stays behind one layer."""

import re
import sys

from source import ROOT, c_files, report

# What a layer may include besides itself (docs/architecture.md).
LAYERS = {
    "base": set(),
    "azure": {"base"},
    "model": {"base", "azure"},
    "config": {"base", "azure", "model"},
    "net": {"base"},
    "check": {"base", "azure", "model", "config", "net"},
    "engine": {"base", "model", "net", "check"},
    "view": {"base", "azure", "model"},
    "front": {"base", "model", "view"},
    "app": {"base", "azure", "model", "config", "net", "check", "engine", "view", "front"},
    "main": {"app"},
}
LIBRARIES = {
    "openssl": {"base", "net", "app"},
    "jansson": {"config", "check", "view", "app"},
    "uv": {"net", "app"},
    "ares": {"net", "app"},
    "microhttpd": {"front", "app"},
}
ONLY_FILES = {("openssl", "base"): {"server/base/mac.c"}}
SYSTEM_FOLDERS = {"sys", "net", "netinet", "arpa", "linux"}
SYSTEM = set(
    """
    assert ctype errno fcntl float getopt ifaddrs inttypes limits locale malloc math netdb poll
    pthread sched libgen signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
    stdnoreturn string strings syslog time unistd dirent execinfo""".split()
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def layer_of(path):
    return path.parts[1] if len(path.parts) > 2 else path.stem


def library_of(header):
    """The library of <header>; None for the system's own."""
    first = header.split("/")[0].removesuffix(".h")
    if "/" in header and first in SYSTEM_FOLDERS or "/" not in header and first in SYSTEM:
        return None
    return first.split("_")[0]


def check_own(path, name):
    """`name` is in quotes. Returns the file it means and a complaint, each may be None."""
    if "/" not in name:
        private = path.parent / name
        if path.parts[0] == "include":
            return None, f'"{name}" has no layer: write "LAYER/{name}"'
        return (private, None) if (ROOT / private).is_file() else (None, f'no "{name}" beside it')
    header = path.__class__("include") / name
    if not (ROOT / header).is_file():
        return None, f'"{name}" is not in include/'
    own, other = layer_of(path), name.split("/")[0]
    if other != own and other not in LAYERS[own]:
        return header, f'layer {own} may not include layer {other} ("{name}")'
    return header, None


def check_library(path, header):
    library = library_of(header)
    if library is None:
        return None
    if path.parts[0] == "include":
        return f"a header in include/ may not include a library's (<{header}>)"
    if library not in LIBRARIES:
        return f"<{header}> belongs to no library of this project"
    own = layer_of(path)
    allowed = ONLY_FILES.get((library, own))
    if own not in LIBRARIES[library] or allowed is not None and str(path) not in allowed:
        return f"layer {own} may not include <{header}>"
    return None


def find_cycle(graph):
    done = set()

    def visit(node, trail):
        if node in trail:
            return trail[trail.index(node) :] + [node]
        if node in done:
            return None
        for target in graph.get(node, ()):
            cycle = visit(target, trail + [node])
            if cycle:
                return cycle
        done.add(node)
        return None

    for node in sorted(graph):
        cycle = visit(node, [])
        if cycle:
            return cycle
    return None


def main():
    findings, graph = [], {}
    paths = c_files("server", "include")
    for path in paths:
        if layer_of(path) not in LAYERS:
            findings.append(f"{path}: no layer of this name: {layer_of(path)}")
            continue
        text = (ROOT / path).read_text()
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start(1 if match[1] else 2)) + 1
            if match[1]:
                target, complaint = check_own(path, match[1])
                graph.setdefault(path, []).extend([target] if target else [])
            else:
                complaint = check_library(path, match[2])
            if complaint:
                findings.append(f"{path}:{line}: {complaint}")
    cycle = find_cycle(graph)
    if cycle:
        findings.append("headers include each other: " + " -> ".join(map(str, cycle)))
    return report(findings, len(paths))


if __name__ == "__main__":
    sys.exit(main())
