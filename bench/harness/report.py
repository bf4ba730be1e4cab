"""From raw figures to a table: medians, their spread, and ratios within one run."""

import statistics

PEERS = ("nginx", "haproxy", "haproxy monitor-uri", "envoy", "envoy filter", "blackbox")


def middle(values):
    return statistics.median(values)


def spread(values):
    """Half of the distance between the extremes, as a share of the median."""
    return (max(values) - min(values)) / 2 / middle(values) if len(values) > 1 else 0.0


def shown(values, digits=1):
    return f"{middle(values):.{digits}f} ± {spread(values) * 100:.0f} %"


def _ratio(ours, theirs):
    """Median of the ratios of each round: what slows a whole round down falls out."""
    return middle([a / b for a, b in zip(ours, theirs, strict=False)])


def _best_peer(by):
    peers = {name: middle(values) for name, values in by.items() if name in PEERS}
    return min(peers, key=peers.get)


def _row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(head, rows):
    return "\n".join([_row(head), _row(["---"] * len(head)), *[_row(row) for row in rows], ""])


def probe_table(section):
    names = ["ours", "ours static", "nginx", "haproxy", "haproxy monitor-uri", "envoy",
             "envoy filter", "floor_front", "limit"]  # fmt: skip
    rows = []
    for case, by in section["cpu_us"].items():
        best = _best_peer(by)
        rows.append([
            case, *[shown(by[name]) if name in by else "" for name in names],
            f"{_ratio(by['ours'], by[best]):.2f} ({best})",
            f"{_ratio(by['ours'], by['limit']):.2f}" if "limit" in by else "",
        ])  # fmt: skip
    shown_names = ["bare libmicrohttpd" if n == "floor_front" else n for n in names]
    text = "µs of CPU per probe\n\n" + _table(
        ["", *shown_names, "ours to best peer",
         "ours to limit"], rows)  # fmt: skip
    for what in ("instructions", "syscalls"):
        cases = section[what]
        known = list(dict.fromkeys(name for by in cases.values() for name in by))
        rows = [
            [
                case,
                *[
                    (by[n]["all"] if what == "syscalls" else by[n]) if n in by else ""
                    for n in known
                ],
            ]
            for case, by in cases.items()
        ]
        title = (
            "System calls per probe" if what == "syscalls" else "Instructions per probe, user space"
        )
        text += f"\n{title}\n\n" + _table(["", *known], rows)
    return text


FLOORS = {"sockets": "bare sockets, OpenSSL", "libcurl": "libcurl alone"}


def _cost_of_checks(cases):
    rows = []
    for case, by in cases.items():
        cpu = {name: [r["cpu_us"] for r in results] for name, results in by.items()}
        best = _best_peer(cpu)
        for name, results in by.items():
            jitter = results[-1].get("jitter")
            rows.append([
                case if name == "ours" else "", FLOORS.get(name, name), shown(cpu[name]),
                f"{_ratio(cpu['ours'], cpu[name]):.2f}" + (" (best peer)" if name == best else ""),
                f"{middle([r['rate'] / r['rate_asked'] for r in results]) * 100:.1f} %",
                f"{middle([r['rss_kib'] for r in results]) / 1024:.1f}",
                f"{jitter['p50_percent']:.1f} / {jitter['p99_percent']:.1f} %" if jitter else "",
            ])  # fmt: skip
    return _table(
        ["", "", "µs of CPU per check", "ours to it", "rate kept", "MiB resident",
         "start off by, p50 / p99 of interval"], rows)  # fmt: skip


def checks_table(section):
    text = _cost_of_checks(section["cost"])
    if "syscalls" in section:
        names = list(next(iter(section["syscalls"].values())))
        rows = [
            [case, *[by.get(name, "") for name in names]]
            for case, by in section["syscalls"].items()
        ]
        head = ["", *[FLOORS.get(name, name) for name in names]]
        text += "\nSystem calls per plain check, waits left out\n\n" + _table(head, rows)
    return text


def latency_table(section):
    rows = []
    idle = [r["p99_us"] for r in section["idle"]]
    for case, results in section.items():
        p99 = [r["p99_us"] for r in results]
        rows.append([
            case, *[shown([r[f"{p}_us"] for r in results], 0) for p in ("p50", "p99", "p999")],
            f"{_ratio(p99, idle):.2f}", sum(r["failed"] for r in results),
        ])  # fmt: skip
    return _table(["", "p50 µs", "p99 µs", "p99.9 µs", "p99 to idle", "failed"], rows)


def detection_table(section):
    rows = []
    for name, times in section["times_ms"].items():
        p99 = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
        rows.append([name, f"{middle(times):.0f}", f"{p99:.0f}", len(times)])
    return f"Promised: at most {section['promised_ms']:.0f} ms.\n\n" + _table(
        ["", "p50 ms", "p99 ms", "deaths"], rows
    )


def life_table(section):
    by = list(section.values())
    rows = [
        ["start to first 200, ms", *[shown(found["start_ms"]) for found in by]],
        ["binary, MiB", *[f"{found['binary_bytes'] / 2**20:.2f}" for found in by]],
    ]
    for count in by[0]["checks"]:
        checks = [found["checks"][count] for found in by]
        rows += [
            [f"resident with {count} checks, MiB",
             *[f"{found['rss_kib'] / 1024:.1f}" for found in checks]],
            ["after five reloads, MiB",
             *[f"{found['rss_after_reloads_kib'] / 1024:.1f}" for found in checks]],
            ["one reload, ms (100 of them waiting for more changes)",
             *[f"{found['reload_ms']:.0f}" for found in checks]],
        ]  # fmt: skip
    return _table(["", *section], rows)


TABLES = {
    "probe": ("Probes answered", probe_table),
    "checks": ("Checks made", checks_table),
    "latency": ("A probe's time at a fixed rate", latency_table),
    "detection": ("From a backend's death to the verdict", detection_table),
    "life": ("Start, memory, reload, size", life_table),
}


def markdown(report):
    machine = report["machine"]
    load = " → ".join(
        "/".join(f"{x:.1f}" for x in machine[key])
        for key in ("load_before", "load_after")
        if key in machine
    )
    text = (
        f"{report['began']}; {machine['cpu']}, {machine['cores']} cores, "
        f"kernel {machine['kernel']}, {machine['system']}; load {load}; "
        f"{report['rounds']} rounds, median ± half the distance of the extremes.\n\n"
    )
    text += "".join(f"- {name}: {version}\n" for name, version in machine["versions"].items())
    for name, (title, table) in TABLES.items():
        if name in report["sections"]:
            text += f"\n### {title}\n\n{table(report['sections'][name])}"
    return text
