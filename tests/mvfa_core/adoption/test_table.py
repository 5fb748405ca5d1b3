"""The table of docs/adopt.md: what stands there was measured, and one row is measured again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mvfa_core.adoption.sources import TIMM, Blueprint
from mvfa_core.adoption.table import BEGIN, END, blueprints, row, written


@pytest.fixture(scope="module")
def rows(repo_root: Path) -> dict[str, dict]:
    return json.loads((repo_root / "docs" / "adopt.json").read_text())


def test_the_page_shows_what_was_measured(rows: dict[str, dict], repo_root: Path) -> None:
    text = (repo_root / "docs" / "adopt.md").read_text()
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == written(rows)


def test_at_least_sixty_networks_are_exact_or_pooled_and_within_the_bound(rows: dict[str, dict]) -> None:
    views = [told["self_test"]["whole_view"] for told in rows.values() if told.get("kind") in ("exact", "pooled")]
    assert len(views) >= 60 and max(views) <= 1e-4
    assert all(told["self_test"]["mean_of_maps"] <= 1e-4 for told in rows.values() if told.get("kind") == "exact")
    assert {told.get("kind") for told in rows.values()} >= {"exact", "pooled", "tokens", "no"}
    assert set(rows) <= {str(blueprint) for blueprint in blueprints()}


@pytest.mark.slow
def test_a_row_is_as_it_is_measured_now(rows: dict[str, dict]) -> None:
    told, now = rows["timm:resnet10t"], row(Blueprint(TIMM, "resnet10t"))
    assert {key: told[key] for key in ("kind", "grid", "side")} == {key: now[key] for key in ("kind", "grid", "side")}
    assert now["self_test"]["whole_view"] < 1e-4
