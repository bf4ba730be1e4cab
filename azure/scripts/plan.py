"""plan.py DEFINITION GATEWAY SETTINGS: the az commands that give GATEWAY (the output of
`az network application-gateway show`) the probe of DEFINITION. Words end with NUL, commands with
an empty word. Used by probe.sh."""

import json
import sys

# Our key, the service's default, az's option.
KEYS = (
    ("protocol", None, "--protocol"),
    ("host", None, "--host"),
    ("path", None, "--path"),
    ("interval", 30, "--interval"),
    ("timeout", 30, "--timeout"),
    ("unhealthyThreshold", 3, "--threshold"),
    ("pickHostNameFromBackendHttpSettings", False, "--host-name-from-http-settings"),
    ("minServers", 0, "--min-servers"),
    ("port", None, "--port"),
)


class Refused(Exception):
    pass


def properties(item):
    """az prints items flat, ARM's own form has `properties`."""
    return item.get("properties", item)


def wanted_probe(definition):
    probe = properties(definition["probe"])
    wanted = {key: probe.get(key, default) for key, default, _ in KEYS}
    match = probe.get("match") or {}
    wanted["statusCodes"] = match.get("statusCodes", ["200-399"])
    wanted["body"] = match.get("body") or ""
    if wanted["timeout"] > wanted["interval"]:
        raise Refused(
            f"probe.properties.timeout: expected at most the interval, {wanted['interval']}, "
            f"found {wanted['timeout']}"
        )
    if bool(wanted["host"]) == bool(wanted["pickHostNameFromBackendHttpSettings"]):
        raise Refused("probe.properties: expected exactly one of host and "
                      "pickHostNameFromBackendHttpSettings")  # fmt: skip
    return wanted


def present_probe(gateway, name):
    for probe in properties(gateway).get("probes") or []:
        if probe["name"].lower() == name.lower():
            found = properties(probe)
            present = {
                key: default if found.get(key) is None else found[key] for key, default, _ in KEYS
            }
            match = found.get("match") or {}
            present["statusCodes"] = match.get("statusCodes") or ["200-399"]
            present["body"] = match.get("body") or ""
            return present
    return None


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def probe_command(name, wanted, present):
    if wanted == present:
        return None
    words = ["probe", "update" if present else "create", "--name", name]
    for key, _, option in KEYS:
        if wanted[key] is not None:
            words += [option, text(wanted[key])]
        elif present and present[key] is not None:
            raise Refused(
                f"the gateway's probe {name} has {key} {present[key]}, the definition has none, "
                f"and az cannot take it away: name it in the definition, or delete the probe"
            )
    words += ["--match-status-codes", *wanted["statusCodes"]]
    if wanted["body"]:
        words += ["--match-body", wanted["body"]]
    elif present and present["body"]:
        raise Refused(
            f"the gateway's probe {name} has a match.body, the definition has none, and az "
            "cannot take it away: delete the probe first"
        )
    return words


def settings_command(gateway, name, wanted, probe):
    there = properties(gateway).get("backendHttpSettingsCollection") or []
    for item in there:
        if item["name"].lower() != name.lower():
            continue
        found = properties(item)
        if found.get("protocol") != wanted["protocol"]:
            raise Refused(
                f"backend settings {name} speak {found.get('protocol')}, the probe "
                f"{wanted['protocol']}: the service takes only a probe that speaks as they do"
            )
        used = ((found.get("probe") or {}).get("id") or "").rsplit("/", 1)[-1]
        if used.lower() == probe.lower():
            return None
        return ["http-settings", "update", "--name", item["name"], "--probe", probe]
    names = ", ".join(item["name"] for item in there) or "none"
    raise Refused(f"the gateway has no backend settings {name}; --settings takes one of: {names}")


def read(file, what):
    with open(file, encoding="utf-8") as stream:
        document = json.load(stream)
    if not isinstance(document, dict) or (what and what not in document):
        raise Refused(f"expected an object with {what}, as azure/probe.json")
    return document


def main(definition_file, gateway_file, settings):
    try:
        definition = read(definition_file, "probe")
        gateway = read(gateway_file, None)
        name = definition["probe"]["name"]
        settings = settings or (definition.get("backendHttpSettings") or {}).get("name")
        if not settings:
            raise Refused("no backendHttpSettings; say with --settings which ones shall use it")
        wanted = wanted_probe(definition)
        commands = [
            probe_command(name, wanted, present_probe(gateway, name)),
            settings_command(gateway, settings, wanted, name),
        ]
    except Refused as refused:
        print(f"{definition_file}: {refused}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"{definition_file}: not read: {error!r}; health-responder probe --definition "
              "names each mistake", file=sys.stderr)  # fmt: skip
        return 2
    for words in filter(None, commands):
        sys.stdout.write("".join(f"{word}\0" for word in (*words, "")))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
