"""Configurations that cannot be used: every error at once, each with its place, exit status
2, nothing started. `check-config` and `serve` say the same."""

import json
import os
import re

import pytest

from stack.ports import free_port, is_free

TENANT = '{"name": "a", "backend": "http://h/"}'
CHECK = '{"name": "a", "type": "tcp", "target": "127.0.0.1:1"'

# name: (content, line and column of the first error, what it says)
BAD = {
    "empty": ("", None, ""),
    "blank": (" \n\n", None, ""),
    "not-json": ("hello", "1:1", ""),
    "cut": ('{"log": {', "1:", ""),
    "trailing-comma": ('{"log": {"format": "json",}}', "1:", ""),
    "two-documents": ("{} {}", "1:4", ""),
    "not-utf-8": (b'{"log": "\xff"}', "1:", ""),
    "nul-byte": (b'{"log":\0 {}}', "1:", ""),
    "array": ("[]", "1:1", "object"),
    "null": ("null", "1:1", "object"),
    "duplicate-key": ('{\n  "log": {},\n  "log": {}\n}', "3:3", "log"),
    "deep-duplicate": ('{"log": {"level": "info", "level": "warn"}}', "1:27", "level"),
    "unknown-key": ('{"tenant": []}', "1:2", '"tenants"'),
    "unknown-nested": ('{"log": {"fromat": "json"}}', "1:10", '"format"'),
    "wrong-type": ('{"engine": {"concurrency": "many"}}', "1:28", "integer"),
    "float-for-integer": ('{"engine": {"concurrency": 2.5}}', "1:28", "integer"),
    "too-small": ('{"engine": {"concurrency": 0}}', "1:28", "1"),
    "too-large": ('{"engine": {"concurrency": 999999999999}}', "1:28", "10000"),
    "no-unit": ('{"defaults": {"interval": 5}}', "1:27", ""),
    "unknown-unit": ('{"defaults": {"interval": "5 parsecs"}}', "1:27", ""),
    "interval-too-short": ('{"defaults": {"interval": "1ms"}}', "1:27", "50ms"),
    "timeout-over-interval": (
        '{"defaults": {"interval": "1s", "timeout": "2s"}}', "1:44", "interval"),
    "bad-enum": ('{"log": {"format": "yaml"}}', "1:20", '"text"'),
    "bad-listen": ('{"listen": {"probe": "localhost:8080"}}', "1:22", ""),
    "port-over-65535": ('{"listen": {"probe": "127.0.0.1:65536"}}', "1:22", ""),
    "same-listen": (
        '{"listen": {"probe": "127.0.0.1:7", "detail": "127.0.0.1:7"}}', "1:47", ""),
    "url-without-host": ('{"tenants": [{"name": "a", "backend": "http:///x"}]}', "1:39", "host"),
    "url-with-user": (
        '{"tenants": [{"name": "a", "backend": "http://u:p@h/"}]}', "1:39", ""),
    "url-of-another-scheme": ('{"tenants": [{"name": "a", "backend": "ftp://h/"}]}', "1:39", ""),
    "tenant-name": ('{"tenants": [{"name": "App_1", "backend": "http://h/"}]}', "1:23", ""),
    "two-tenants": (f'{{"tenants": [\n{TENANT},\n{TENANT}]}}', "3:10", "a"),
    "tenant-without-a-way": ('{"tenants": [\n{"name": "a"}]}', "2:1", "backend"),
    "two-checks": (f'{{"checks": [\n{CHECK}}},\n{CHECK}}}]}}', "3:10", "a"),
    "name-of-a-derived-check": (
        '{"tenants": [{"name": "a", "backend": "http://h/"}], "checks": ['
        '{"name": "tenant/a/direct", "type": "tcp", "target": "h:1"}]}', "1:", "tenant/a/direct"),
    "reserved-name": (
        '{"checks": [{"name": "a/run", "type": "tcp", "target": "h:1"}]}', "1:22", "run"),
    "unknown-type": ('{"checks": [{"name": "a", "type": "ping"}]}', "1:35", '"tcp"'),
    "no-type": ('{"checks": [{"name": "a"}]}', "1:", "type"),
    "missing-target": ('{"checks": [{"name": "a", "type": "tcp"}]}', "1:", "target"),
    "bad-target": ('{"checks": [{"name": "a", "type": "tcp", "target": "h"}]}', "1:", ""),
    "unknown-parent": (f'{{"checks": [{CHECK}, "depends_on": ["b"]}}]}}', "1:", '"b"'),
    "own-parent": (f'{{"checks": [{CHECK}, "depends_on": ["a"]}}]}}', "1:", "a"),
    "cycle": (
        f'{{"checks": [{CHECK}, "depends_on": ["b"]}},'
        '{"name": "b", "type": "tcp", "target": "h:1", "depends_on": ["a"]}]}', "1:", "a"),
    "unknown-tenant": (f'{{"checks": [{CHECK}, "scope": "tenant:none"}}]}}', "1:", "tenant:none"),
    "bad-scope": (f'{{"checks": [{CHECK}, "scope": "global"}}]}}', "1:", '"shared"'),
    "strict-with-one-member": ('{"verdict": {"policy": "strict"}}', "1:24", "pool_members"),
    "quorum-with-one-member": ('{"verdict": {"policy": "quorum"}}', "1:24", "pool_members"),
    "override-without-end": (
        '{"verdict": {"override": {"verdict": "healthy", "reason": "x"}}}', "1:", "until"),
    "override-with-a-bad-end": (
        '{"verdict": {"override": {"verdict": "healthy", "reason": "x", "until": "soon"}}}',
        "1:73", ""),
    "cidr-with-host-bits": ('{"engine": {"allow_targets": ["10.0.0.1/8"]}}', "1:", "10.0.0.0/8"),
    "over-1-mib": ('{"log": {}}' + " " * 1024 * 1024, None, ""),
}  # fmt: skip


def complaints(done):
    """The error lines, without what else a subcommand may say."""
    return [line for line in done.stderr.splitlines() if re.match(r".*\.json:", line)]


@pytest.mark.parametrize("command", ["check-config", "serve"])
@pytest.mark.parametrize("name", BAD)
def test_bad_file(lab, command, name):
    content, place, says = BAD[name]
    file = lab.file(f"{name}.json", content)
    words = [command, file] if command == "check-config" else [command, "--config", file]
    done = lab.cli(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = complaints(done)
    assert lines, done.stderr
    assert len(lines[0]) < 800
    if place:
        assert lines[0].startswith(f"{file}:{place}"), lines[0]
    assert says in lines[0]


def test_all_errors_at_once_up_to_twenty(lab):
    checks = [{"name": f"c{i}", "type": "tcp", "target": "h:1", "rise": 0} for i in range(30)]
    file = lab.file("many.json", json.dumps({"checks": checks}, indent=1))
    done = lab.cli("check-config", file)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    places = [re.match(rf"{re.escape(str(file))}:(\d+):\d+: checks\[(\d+)\]\.rise: ", line)
              for line in lines[:20]]  # fmt: skip
    assert [int(place[2]) for place in places] == list(range(20))
    assert any("10" in line and "more" in line for line in lines[20:]), lines[20:]


def test_different_errors_are_told_together(lab):
    file = lab.file(
        "mixed.json",
        json.dumps({
            "lisen": {}, "log": {"level": 3}, "tenants": [{"name": "a", "backend": "http://"}],
            "checks": [{"name": "x", "type": "tcp", "target": "h:1", "depends_on": ["y"]}],
        }, indent=2),
    )  # fmt: skip
    done = lab.cli("check-config", file)
    for where in ("lisen", "log.level", "tenants[0].backend", "checks[0].depends_on[0]"):
        assert f": {where}: " in done.stderr, done.stderr


def test_places_that_are_no_file(lab):
    unreadable = lab.file("unreadable.json", "{}")
    unreadable.chmod(0)
    cases = [lab.folder / "nowhere.json", lab.folder, "/dev/null", "/proc/self/mem"]
    if os.getuid() != 0:  # root reads everything
        cases.append(unreadable)
    fifo = lab.folder / "fifo.json"
    os.mkfifo(fifo)
    for case in [*cases, fifo]:
        for words in (["check-config", case], ["serve", "--config", case]):
            done = lab.cli(*words, deadline_s=10)
            assert done.returncode == 2, (case, done)
            assert str(case) in done.stderr, (case, done)


def test_a_good_file(lab):
    port = free_port()
    file = lab.file("good.json", json.dumps({"listen": {"probe": f"127.0.0.1:{port}"}}))
    done = lab.cli("check-config", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(file) in done.stdout
    assert is_free(port), "check-config starts nothing"


def test_the_smallest_file(lab):
    assert lab.cli("check-config", lab.file("empty-object.json", "{}")).returncode == 0


def test_effective_shows_defaults_and_hides_secrets(lab):
    secret = "a-very-secret-value"
    config = {
        "checks": [
            {"name": "a", "type": "http", "url": "http://h/", "headers": {"X-Key": secret}},
            {"name": "b", "type": "tcp", "target": "h:1", "send": secret},
        ]
    }
    done = lab.cli("check-config", "--effective", lab.file("c.json", json.dumps(config)))
    assert done.returncode == 0
    assert secret not in done.stdout
    effective = json.loads(done.stdout)
    assert effective["defaults"]["interval"] == "5s"
    assert effective["listen"]["probe"] == "[::]:8080"


def test_effective_is_a_configuration_itself(lab):
    config = {"tenants": [{"name": "a", "backend": "http://h/"}], "defaults": {"interval": "7s"}}
    first = lab.cli("check-config", "--effective", lab.file("c.json", json.dumps(config)))
    again = lab.cli("check-config", "--effective", lab.file("d.json", first.stdout))
    assert (again.returncode, again.stdout) == (0, first.stdout)


def test_the_schema_is_json(lab):
    schema = json.loads(lab.cli("check-config", "--schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert "tenants" in schema["properties"]


@pytest.mark.parametrize("part", ["probe", "detail"])
def test_an_address_in_use(lab, part):
    peer = lab.peer(lambda connection: None)
    listen = {"probe": f"127.0.0.1:{free_port()}", "detail": f"127.0.0.1:{free_port()}"}
    listen[part] = f"127.0.0.1:{peer.port}"
    done = lab.cli("serve", "--config", lab.file("c.json", json.dumps({"listen": listen})))
    assert done.returncode == 2
    assert f"listen.{part}" in done.stderr
    assert "in use" in done.stderr


def test_a_missing_token_file(lab):
    config = {
        "listen": {"probe": f"127.0.0.1:{free_port()}", "detail": f"127.0.0.1:{free_port()}"},
        "auth": {"token_file": str(lab.folder / "no-token")},
    }
    done = lab.cli("serve", "--config", lab.file("c.json", json.dumps(config)))
    assert done.returncode == 2
    assert "auth.token_file" in done.stderr
