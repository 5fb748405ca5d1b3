"""bench: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest


def test_explain_as_table_and_json(call: Callable) -> None:
    done = call("bench", "explain", "--backbones", "compact", "--rounds", 1, "--json")
    assert done.status == 0, done.err
    (title,) = found = json.loads(done.out)
    assert "compact" in title
    rows = {row["name"]: row for row in found[title]}
    assert rows["plain forward"]["ratio"] == {"median": 1.0, "min": 1.0, "max": 1.0}
    assert rows["complete explanation"]["ms"]["min"] > 0
    plain = call("bench", "explain", "--backbones", "compact", "--rounds", 1)
    assert plain.status == 0
    assert "complete explanation" in plain.out
    assert "1 rounds" in plain.out or "1 round" in plain.out


@pytest.mark.slow
def test_a_figure_is_timed_in_every_format(call: Callable) -> None:
    done = call("bench", "figure", "--rounds", 1, "--json")
    assert done.status == 0, done.err
    seconds = json.loads(done.out)["seconds"]
    assert set(seconds) == {f"{what}, {kind}" for what in ("regions", "maps") for kind in ("png", "svg", "pdf")}
    assert all(0 < one["min"] <= one["median"] <= one["max"] for one in seconds.values())
