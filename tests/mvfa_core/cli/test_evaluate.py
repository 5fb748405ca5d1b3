"""evaluate: the same accuracy as eval, findings in a folder, and going on with one."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path


def test_it_agrees_with_eval(call: Callable, either: Path, colours: Path, here: Path) -> None:
    out = here / "found"
    done = call("evaluate", either, "--out", out, "--device", "cpu", "--json")
    told = json.loads(done.out)
    other = json.loads(call("eval", either, "--device", "cpu", "--json").out)
    assert (done.status, told["accuracy"], told["n"]) == (0, other["accuracy"], other["n"])
    rows = list(csv.DictReader((out / "pictures.csv").open()))
    assert sum(row["class"] == row["answer"] for row in rows) / len(rows) == other["accuracy"]
    assert all((colours / row["picture"]).is_file() for row in rows)
    assert ("rescued" in told) == ("mfa" in either.name)
    again = call("evaluate", "--resume", out)
    assert again.status == 0 and f"of {told['n']} pictures" in again.out
    assert call("evaluate", "--resume", out, "--quiet") == (0, "", "")


def test_wrong_requests_are_one_line(call: Callable, model: Path, here: Path) -> None:
    for words, said in (
        ((), "name a model, or a folder to --resume"),
        ((model, "--limit", 0), "limit: expected a whole number >= 1, got 0"),
        (("--resume", here / "none"), "no evaluation there"),
        ((model, "--data", here / "none"), "no such folder"),
    ):
        done = call("evaluate", *words)
        assert done.status == 2 and said in done.err and done.err.count("\n") == 1
