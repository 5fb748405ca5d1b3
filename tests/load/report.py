"""What a load came to, as JSON and as a table."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from tests.load.visitor import Tally

KINDS = ("open", "picture", "own picture", "control", "page")
SHOWN_ERRORS = 10
ABOUT = (
    "{actions_per_s} actions/s, {errors} errors, {busy} busy, server {server_cores:.2f} cores, {received_mb} MB "
    "received, load average {load_average:.1f}"
)


def summary(tally: Tally, seconds: float) -> dict[str, Any]:
    """Times by kind of action, errors and bytes."""
    times = {}
    for kind in KINDS:
        took = np.array(tally.times_ms.get(kind, []))
        if len(took):
            p50, p95, p99 = np.percentile(took, (50, 95, 99))
            times[kind] = {"n": len(took), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "most_ms": took.max()}
    rounded = {kind: {name: round(float(v), 1) for name, v in row.items()} for kind, row in times.items()}
    return {
        "times": rounded,
        "actions_per_s": round(sum(row["n"] for row in times.values()) / seconds, 2),
        "errors": len(tally.errors),
        "busy": tally.busy,
        "first_errors": collections.Counter(tally.errors).most_common(SHOWN_ERRORS),
        "received_mb": round(tally.received / 1e6, 1),
    }


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = ["{machine}, {sessions} sessions, {seconds:g} s a wave, seed {seed}".format(**report)]
    for wave in report["waves"]:
        lines += ["", wave["name"] + ": " + ABOUT.format(**wave)]
        lines.append(f"  {'':12}{'n':>6}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'most ms':>10}")
        for kind, row in wave["times"].items():
            figures = "".join(f"{row[name]:>10,.0f}" for name in ("p50_ms", "p95_ms", "p99_ms", "most_ms"))
            lines.append(f"  {kind:12}{row['n']:>6}{figures}")
        lines += [f"  {count} x {text}" for text, count in wave["first_errors"]]
    if speed := report.get("training"):
        slower = "cannot be told" if speed["slow_down"] is None else f"{speed['slow_down']:.0%} slower"
        line = f"training: {speed['alone']:.2f} steps/s alone, {speed['with_load']:.2f} with the load ({slower})"
        lines += ["", line]
    memory = report["memory_mb"]
    lines += ["", "server memory, MB: " + ", ".join(f"{name} {value:,.0f}" for name, value in memory.items())]
    if (growth := report.get("growth_mb_per_session")) is not None:
        kept = report["growth_of_caches_mb_per_session"]
        lines.append(f"growth per session that came and went, in the last wave: {growth:.2f} MB, "
                     f"{kept:.2f} of it in caches bounded by bytes")  # fmt: skip
    return "\n".join(lines)
