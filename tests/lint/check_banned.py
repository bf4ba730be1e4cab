#!/usr/bin/env python3
"""Functions that this code does not call, with what to use instead."""

import re
import sys

from source import ROOT, c_files, report, without_comments

INSTEAD = {
    "strcpy": "snprintf, or base/text.h",
    "strcat": "base/buf.h",
    "strncpy": "snprintf: strncpy may leave out the NUL",
    "strncat": "base/buf.h",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strtok": "strcspn and strspn",
    "atoi": "base/text.h: errors are seen there",
    "atol": "base/text.h",
    "atoll": "base/text.h",
    "atof": "base/text.h",
    "sscanf": "base/text.h: overflow is undefined in sscanf",
    "gets": "fgets",
    "alloca": "the heap, or a fixed array",
}
INSTEAD_IN_SERVER = {
    "system": "nothing: the server runs no program",
    "popen": "nothing: the server runs no program",
    "getaddrinfo": "net/resolver.h: it blocks",
    "gethostbyname": "net/resolver.h: it blocks",
}


def banned_in(path):
    return INSTEAD | (INSTEAD_IN_SERVER if path.parts[0] == "server" else {})


def main():
    findings = []
    paths = c_files("server", "include", "tests", "bench")
    for path in paths:
        banned = banned_in(path)
        call = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
        code = without_comments((ROOT / path).read_text())
        for match in call.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            findings.append(f"{path}:{line}: {match[1]} is banned here; use {banned[match[1]]}")
    return report(findings, len(paths))


if __name__ == "__main__":
    sys.exit(main())
