"""Two plots as SVG: cost against the number of checks, and the distribution of latency."""

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from harness.report import middle  # noqa: E402


def _save(figure, axes, file, title, x, y):
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def cost_of_checks(section, file):
    matplotlib.rcParams["svg.hashsalt"] = "bench"
    figure, axes = pyplot.subplots(figsize=(7, 4))
    cases = [(10, "http, 10 checks"), (1000, "http, 1000 checks"), (10000, "http, 10000 checks")]
    for name in ("ours", "haproxy", "envoy"):
        points = [
            (n, middle([r["cpu_us"] for r in section[case][name]]))
            for n, case in cases
            if case in section
        ]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    _save(
        figure,
        axes,
        file,
        "Cost of one plain HTTP check",
        "number of checks",
        "µs of CPU per check",
    )


def latency(section, file):
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for case, results in section.items():
        quantiles = [
            middle(values) for values in zip(*[r["quantiles_us"] for r in results], strict=True)
        ]
        axes.plot(quantiles[:100], range(100), label=case)
    axes.set_xscale("log")
    _save(
        figure,
        axes,
        file,
        "A probe over a new connection, 500 a second",
        "µs",
        "percent answered within",
    )


def draw(report, folder):
    sections = report["sections"]
    folder.mkdir(parents=True, exist_ok=True)
    if "checks" in sections:
        cost_of_checks(sections["checks"]["cost"], folder / "cost-of-checks.svg")
    if "latency" in sections:
        latency(sections["latency"], folder / "latency.svg")
