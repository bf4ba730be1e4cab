#!/usr/bin/env python3
"""What no file of the tree should hold: paths of one person's machine, notes to oneself, a
package registry's address; and no source file longer than one can read in a sitting."""

import re
import sys

from source import ROOT, report, tree_files

# Aim for 400. A table of cases may go on a little longer than code.
LINES_MAX = 600
TEST_LINES_MAX = 700
SOURCES = {".c", ".h", ".py", ".sh"}
TEXT_MAX = 2 * 1024 * 1024
PATTERNS = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:root|work|farm|home/\w+)/"),
    "left over": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"),
}


def main():
    findings, checked = [], 0
    for path in tree_files():
        if (ROOT / path).stat().st_size > TEXT_MAX:
            continue
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        checked += 1
        lines = text.count("\n")
        lines_max = TEST_LINES_MAX if path.parts[0] == "tests" else LINES_MAX
        if path.suffix in SOURCES and lines > lines_max:
            findings.append(f"{path}: {lines} lines, more than {lines_max}: is it one thing?")
        for what, pattern in PATTERNS.items():
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {what}: {match.group()}")
    return report(findings, checked)


if __name__ == "__main__":
    sys.exit(main())
