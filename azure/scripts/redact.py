"""redact.py FOLDER: takes the values of environment variables out of Kubernetes' JSON files, also
where an annotation repeats the object as it was applied. Used by collect.sh."""

import json
import pathlib
import sys

REMOVED = "(removed)"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def redact(node):
    if isinstance(node, list):
        for item in node:
            redact(item)
    elif isinstance(node, dict):
        for variable in node.get("env") or []:
            if isinstance(variable, dict) and "value" in variable:
                variable["value"] = REMOVED
        if APPLIED in node:
            node[APPLIED] = REMOVED
        for item in node.values():
            redact(item)


def main(folder):
    for file in pathlib.Path(folder).glob("kubernetes-*.json"):
        try:
            document = json.loads(file.read_text())
        except ValueError:
            file.unlink()  # cut off: it might hold what we would have removed
            continue
        redact(document)
        file.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
