"""A field of a recipe is declared once, and all else follows: shown on a recipe with a field more."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

from mvfa_core.cli.recipe_options import add_recipe_options, given
from mvfa_core.i18n import N_
from mvfa_core.training.comparison import decisive, differences
from mvfa_core.training.recipe_fields import (
    Bound,
    declared,
    document,
    expect_offered,
    expect_possible,
    number,
    switch,
    whole,
)
from mvfa_core.training.recipes import RECIPES, Recipe, quick


@dataclass(frozen=True)
class Tomorrow(Recipe):
    """The one line that CONTRIBUTING.md shows, and one more."""

    warm_up: int = whole(0, N_("steps in which the rate rises"), Bound(0, 10_000), label=N_("Warm-up"), tab="training")
    ema: str = switch("off", "on: keeps the mean of the last weights", decides=False)


def test_the_example_is_the_documented_one(repo_root: Path) -> None:
    (line,) = re.findall(r"^warm_up: int = .*$", (repo_root / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert line in Path(__file__).read_text()


def test_the_command_line_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "paper", Tomorrow)
    parser = argparse.ArgumentParser()
    add_recipe_options(parser, Tomorrow)
    args = parser.parse_args(["--warm-up", "30", "--ema"])
    assert given(args, Tomorrow) == {"warm_up": 30, "ema": "on"}
    assert "steps in which the rate rises" in parser.format_help()
    assert "--warm-up 30" in Tomorrow(warm_up=30).command("runs/x") and "--ema" not in Tomorrow().command("runs/x")


def test_its_bounds_hold_for_everybody() -> None:
    with pytest.raises(ValueError, match="warm_up: expected a whole number >= 0, got -1"):
        Tomorrow(warm_up=-1)
    beyond = Tomorrow(warm_up=10_001)
    expect_possible(beyond)
    with pytest.raises(ValueError, match="warm_up: expected a whole number from 0 to 10,000, got 10001"):
        expect_offered(beyond)
    with pytest.raises(ValueError, match="ema: expected one of on, off, got 'perhaps'"):
        Tomorrow(ema="perhaps")


def test_recipes_of_before_have_the_default() -> None:
    assert Tomorrow.from_json(quick().to_json()) == Tomorrow(**quick().to_json())
    assert Tomorrow.from_json(Tomorrow(warm_up=3).to_json()).warm_up == 3


def test_runs_are_compared_in_it() -> None:
    assert differences([Tomorrow(), Tomorrow(warm_up=3)]) == {"warm_up": [0, 3]}
    assert decisive(Tomorrow(warm_up=3))["warm_up"] == 3 and "ema" not in decisive(Tomorrow())


def test_what_means_nothing_to_gap_is_not_held_against_it() -> None:
    mfa, gap = quick(), replace(quick(), pooling="gap", k=7)
    assert differences([mfa, gap]) == {"pooling": ["mfa", "gap"]}
    assert differences([mfa, gap, replace(mfa, k=9)])["k"] == [mfa.k, None, 9]
    assert decisive(replace(gap, pooling="mfa"), views=False) == decisive(mfa, views=False)


def test_the_document_has_it_and_is_up_to_date(repo_root: Path) -> None:
    assert "| `warm_up` | whole number | 0 | 0 to 10,000 | steps in which the rate rises |" in document(Tomorrow)
    hint = "write it anew: python -m mvfa_core train --fields > docs/recipes.md"
    assert (repo_root / "docs" / "recipes.md").read_text() == document(Recipe), hint


def test_a_field_that_is_not_declared_is_refused() -> None:
    @dataclass(frozen=True)
    class Careless(Recipe):
        warm_up: int = 0

    with pytest.raises(TypeError, match=r"Careless.warm_up: declare it"):
        declared(Careless)


def test_every_field_is_declared_with_a_default_it_may_have() -> None:
    for one in fields(Recipe):
        about = declared(Recipe)[one.name]
        assert about.help and (one.default is not None or about.optional)
        assert not about.choices or one.default in about.choices


def test_bounds() -> None:
    rate = number(0.1, "x", Bound(0.0, 1.0, math.inf, whole=False, above=True)).metadata["declared"].bound
    for value, fits in ((0.0, False), (1e-300, True), (1, True), (math.nan, False), (math.inf, False), (True, False)):
        assert rate.within(value, rate.possible) == fits
    assert rate.within(10**400, rate.possible) and not rate.within(1.5, rate.offered)
