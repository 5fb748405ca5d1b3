"""What holds of the bounds of recipes and of a server's settings, whatever a file or an environment says."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.base import component_values, session, settings
from app.base.settings import number, switch
from app.services import allowed_paths, limits
from mvfa_core.training.recipe_fields import Bound, declared, expect_offered, expect_possible
from mvfa_core.training.recipes import RECIPES, Recipe
from mvfa_core.training.runs import RunError
from tests.corpus.drawn import JSON, WORDS, few, refused

FIELDS = declared(Recipe)
BOUNDS = {name: about.bound for name, about in FIELDS.items() if about.bound}
LISTS = ("sizes", "hidden", "restarts")
VALUES = st.one_of(
    st.sampled_from([0, 1, -1, 2, 64, 1024, 1025, 8192, 8193, 2**31, 2**40, 2**40 + 1, 10**9, True, None, "1"]),
    st.sampled_from([0.0, 0.5, 1.0, 1.5, -0.5, math.nan, math.inf, 1e300]),
    JSON,
)


def fits(name: str, value: Any, most: float) -> bool:
    """By hand: a number, of the field's kind, from its least to its most."""
    if value is None:
        return FIELDS[name].optional
    kind = (int,) if BOUNDS[name].whole else (int, float)
    return type(value) in kind and BOUNDS[name].least <= value <= most


@few
@given(st.sampled_from(sorted(BOUNDS)), VALUES)
@example("hidden", 10**9)
@example("train_n", 2**40)
@example("devices", 5)
def test_a_recipe_holds_what_is_possible_and_a_page_what_it_offers(name: str, value: Any) -> None:
    told = {name: [value] if name in LISTS else value}
    bound, base = BOUNDS[name], replace(RECIPES["quick"](), batch=2**20 if name == "devices" else 32)
    try:
        recipe = Recipe.from_json(base.to_json() | told)
    except (ValueError, TypeError):
        return  # other rules too: a batch that devices share, a rate above nought
    assert isinstance(bound, Bound) and fits(name, value, bound.possible)
    expect_possible(recipe)
    recipe = replace(recipe, batch=base.batch if name != "batch" else recipe.batch)
    batch_is_offered = recipe.batch <= BOUNDS["batch"].offered
    with refused(fits(name, value, bound.offered) and batch_is_offered):
        expect_offered(recipe)
    with refused(
        fits(name, value, bound.offered) and batch_is_offered and (name not in ("devices", "nodes") or value == 1)
    ):
        expect_offered(recipe, shared=True)


def test_presets_are_offered_and_every_offer_is_possible() -> None:
    for make in RECIPES.values():
        expect_offered(make(), shared=True)
        limits.expect_startable(make())
    assert all(bound.least <= bound.offered <= bound.possible for bound in BOUNDS.values())
    numbers = {one.name for one in fields(Recipe) if type(getattr(Recipe(), one.name)) in (int, float)}
    assert numbers <= {*BOUNDS}


@few
@given(WORDS | st.sampled_from(["1", "0", "on", "999999999", "9999999999", "-1", "1.5", "٣"]))
def test_settings(told: str) -> None:
    """A setting that cannot be understood never opens a server or lifts a limit."""
    text = told.strip()
    with refused(not text or (text.isascii() and text.isdigit() and len(text) < 10)):
        assert number({"N": told}, "N") == (int(text) if text else None)
    with refused(text.lower() in ("", "0", "1", "on", "off", "yes", "no", "true", "false")):
        assert switch({"N": told}, "N") == (text.lower() in ("1", "on", "yes", "true"))
    with pytest.MonkeyPatch.context() as patch:
        for name in (limits.AT_ONCE, limits.MEMORY, settings.SHARED):
            patch.delenv(settings.SHARED, raising=False)
            with pytest.MonkeyPatch.context() as one:
                if "\0" in told:
                    return
                one.setenv(name, told.encode(errors="replace").decode())
                try:
                    assert limits.most_at_once() >= 1 and (limits.most_memory() or 1) > 0
                    limits.expect_startable(RECIPES["quick"]())
                except (ValueError, RunError) as error:
                    assert "MVFA_" in str(error)


@few
@given(JSON, st.integers(1, 5))
@example({"it": [1, 2]}, 2)
@example({"it": 10**400}, 1)
def test_what_a_page_sends(told: Any, count: int) -> None:
    """Whatever it is, it is read as what it should be or as nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for held in (told, {"it": told}):
            patch.setattr(session, "get", lambda key, default=None, held=held: held)
            assert (
                component_values.value("k", "it") == (held.get("it") if isinstance(held, dict) else None)
                or told != told
            )
            assert isinstance(component_values.text("k", "it"), str | None) and isinstance(
                component_values.whole("k", "it"), int | None
            )
            assert all(
                isinstance(one, str)
                for one in (*component_values.texts("k", "it"), *component_values.texts_of("k", "it").values())
            )
            found = component_values.wholes("k", "it", count)
            assert found is None or (len(found) == count and all(type(one) is int and one >= 0 for one in found))


@few
@given(
    st.lists(st.sampled_from(["in", "out", "..", "link", "/", "/etc", "~", "deep", "", "."]), max_size=5) | WORDS,
    st.booleans(),
)
def test_places_that_visitors_name(tmp_path: Path, told: list[str] | str, shared: bool) -> None:
    """By links and dots nothing is opened but what really lies in the data folder."""
    for name in ("data/in/deep", "data/weights", "out/deep"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    if not (tmp_path / "data/link").exists():
        (tmp_path / "data/link").symlink_to(tmp_path / "out")
    asked = told if isinstance(told, str) else "/".join([str(tmp_path / "data"), *told])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_DATA", str(tmp_path / "data"))
        patch.setenv("MVFA_FOLDERS", "")
        patch.setenv(settings.SHARED, "1" if shared else "0")
        found = allowed_paths.folder(asked)
        assert found is None or (found.is_dir() and (not shared or found.is_relative_to(tmp_path / "data")))
        assert (
            allowed_paths.is_data(asked) == (found is not None or asked == "synthetic")
            and allowed_paths.weights() == []
        )
        if asked.strip() and "\0" not in asked:
            recipe = replace(RECIPES["quick"](), data=asked)
            assert allowed_paths.may_be_used(recipe) == (not shared or allowed_paths.is_data(asked))
