#!/usr/bin/env -S python3 -I -S
"""`az` and `kubectl` for the tests of azure/scripts. Notes each call, keeps a gateway in a file,
and refuses options that the real az does not have. STAND_IN is its folder; `refuse.json` there
maps the beginning of a call to what the real one would say on stderr."""

import json
import os
import pathlib
import sys

FOLDER = pathlib.Path(os.environ["STAND_IN"])
COMMON = {"--subscription", "--only-show-errors", "--output", "--resource-group", "--name"}
PROBE = COMMON | {
    *("--gateway-name", "--protocol", "--host", "--path", "--interval", "--timeout"),
    *("--threshold", "--host-name-from-http-settings", "--min-servers", "--port"),
    *("--match-body", "--match-status-codes"),
}
OPTIONS = {
    "account show": COMMON,
    "network application-gateway show": COMMON,
    "network application-gateway show-backend-health": COMMON,
    "network application-gateway probe create": PROBE,
    "network application-gateway probe update": PROBE,
    "network application-gateway http-settings update": COMMON | {"--gateway-name", "--probe"},
    "network nsg list": COMMON,
    "network vnet list": COMMON,
    "network route-table list": COMMON,
    "network lb list": COMMON,
    "aks show": COMMON | {"--query"},
}
NUMBERS = {"interval", "timeout", "unhealthyThreshold", "minServers", "port"}
KEYS = {
    "--protocol": "protocol",
    "--host": "host",
    "--path": "path",
    "--interval": "interval",
    "--timeout": "timeout",
    "--threshold": "unhealthyThreshold",
    "--host-name-from-http-settings": "pickHostNameFromBackendHttpSettings",
    "--min-servers": "minServers",
    "--port": "port",
}


def refused(call):
    file = FOLDER / "refuse.json"
    for begin, text in json.loads(file.read_text()).items() if file.exists() else ():
        if call.startswith(begin):
            sys.exit(f"ERROR: {text}")


def options(command, words):
    found = {}
    for word in words:
        if word.startswith("--"):
            if word not in OPTIONS[command]:
                sys.exit(f"ERROR: unrecognized arguments: {word}")
            found[word] = []
            name = word
        else:
            found[name].append(word)
    return found


def set_probe(gateway, command, given):
    name = given["--name"][0]
    probes = [probe for probe in gateway["probes"] if probe["name"] == name]
    if command.endswith("create"):
        assert not probes, "it is there already"
        probes = [{"name": name}]
        gateway["probes"] += probes
    for option, key in KEYS.items():
        if option in given:
            value = given[option][0]
            probes[0][key] = int(value) if key in NUMBERS else value
            if key.startswith("pick"):
                probes[0][key] = value == "true"
    probes[0]["match"] = {
        "statusCodes": given.get("--match-status-codes", []),
        "body": given.get("--match-body", [""])[0],
    }


def az(words):
    command = next(
        (c for c in sorted(OPTIONS, key=len, reverse=True) if " ".join(words).startswith(c)), None
    )
    if command is None:
        sys.exit(f"ERROR: '{' '.join(words)}' is misspelled or not recognized by the system.")
    given = options(command, words[len(command.split()) :])
    file = FOLDER / "gateway.json"
    if command == "aks show":
        return "MC_group" if "--query" in given else {"name": "aks"}
    if command.endswith("show-backend-health"):
        return json.loads((FOLDER / "health.json").read_text())
    if not command.startswith("network application-gateway"):
        return [] if command.endswith("list") else {}
    gateway = json.loads(file.read_text())
    if " probe " in command:
        set_probe(gateway, command, given)
    elif "http-settings" in command:
        for item in gateway["backendHttpSettingsCollection"]:
            if item["name"] == given["--name"][0]:
                item["probe"] = {"id": f"{gateway['id']}/probes/{given['--probe'][0]}"}
    file.write_text(json.dumps(gateway))
    return gateway


def kubectl(words):
    if words[0] == "--context":
        words = words[2:]
    if "get" in words and "pods" in words:
        env = [{"name": "PASSWORD", "value": "geheim"}]
        return {"items": [{"spec": {"containers": [{"name": "c", "env": env}]}}]}
    return {} if "get" in words or "version" in words else None


def main():
    name = pathlib.Path(sys.argv[0]).name
    words = sys.argv[1:]
    with (FOLDER / "calls").open("a") as calls:
        calls.write(json.dumps([name, *words]) + "\n")
    refused(f"{name} {' '.join(words)}")
    answer = az(words) if name == "az" else kubectl(words)
    print(json.dumps(answer) if answer is not None else "a line of a log")


if __name__ == "__main__":
    main()
