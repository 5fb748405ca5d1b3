"""What the scripts of the load say: tables and slopes from figures that are known beforehand."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from tests.load import compare, memory
from tests.load.compare import MARKS, Passed, Version
from tests.load.visitor import Tally


def test_the_slope_is_that_of_least_squares() -> None:
    draw = np.random.default_rng(0)
    sessions = np.arange(10.0, 110.0, 10.0)
    megabytes = 1200 + 0.4 * sessions + draw.normal(0, 2, len(sessions))
    found, error = memory.slope(sessions, megabytes)
    (wanted, _), covariance = np.polyfit(sessions, megabytes, 1, cov=True)
    assert found == pytest.approx(wanted) and error == pytest.approx(np.sqrt(covariance[0, 0]))


def version(name: str, control_ms: float, errors: int = 0) -> Version:
    times = {"control": [control_ms] * 20, "picture": [100.0] * 20}
    tally = Tally(times_ms=times, errors=["exception"] * errors)
    return Version(name, Path(), [Passed(tally, 10.0, 9.0, 0.5, 1.0, 900.0)])


def test_the_table_says_which_aims_were_reached() -> None:
    asked = argparse.Namespace(sessions=30, seconds=70.0, before="abc")
    text = compare.table([version("before", 1200.0, errors=1), version("now", 250.0)], asked)
    assert "| control, p50 / p95 / p99 ms | 1,200 / 1,200 / 1,200 | 250 / 250 / 250 |" in text
    assert "| errors | 1 | 0 |" in text and "| own picture, p95 ms of each pass | none | none |" in text
    assert text.endswith("Before: missed by errors, controls. Now: reached.")


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{MARKS[0]}\nold\n{MARKS[1]}\nbelow\n")
    compare.write("new", page)
    assert page.read_text() == f"above\n{MARKS[0]}\nnew\n{MARKS[1]}\nbelow\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match=r"page\.md: expected"):
        compare.write("new", page)


def test_the_page_of_the_project_has_the_marks() -> None:
    text = (compare.host.ROOT / "docs" / "serving.md").read_text()
    assert 0 < text.index(MARKS[0]) < text.index(MARKS[1])
