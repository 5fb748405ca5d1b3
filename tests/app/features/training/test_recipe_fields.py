"""A field that is declared for the set-up form stands on it, without a line in the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from streamlit.testing.v1 import AppTest

from app.features.training import form_fields
from mvfa_core.training import recipes
from mvfa_core.training.recipe_fields import Bound, choice, declared, switch, whole
from mvfa_core.training.recipes import RECIPES, Recipe, quick


@dataclass(frozen=True)
class Tomorrow(Recipe):
    warm_up: int = whole(0, "steps in which the rate rises", Bound(0, 10_000), label="Warm-up", tab="training")
    shape: str = choice("line", ("line", "curve"), "of that rise", label="Its shape", tab="training")
    ema: str = switch("off", "on: keeps the mean of the last weights", label="Mean of weights", tab="device")


def test_it_is_shown_with_its_bounds_and_reaches_the_recipe(
    train_page: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = Tomorrow(**quick().to_json())
    monkeypatch.setitem(RECIPES, "quick", lambda: tomorrow)
    for module in (form_fields, recipes):
        monkeypatch.setattr(module, "Recipe", Tomorrow)
    page = train_page()
    field = page.number_input(key="set_up_warm_up")
    assert (field.label, field.help, field.min, field.max) == ("Warm-up", "steps in which the rate rises", 0, 10_000)
    field.set_value(30)
    page.selectbox(key="set_up_shape").set_value("curve")
    page.toggle(key="set_up_ema").set_value(True)
    page.run()
    assert not page.exception
    assert {"--warm-up 30", "--shape curve", "--ema on"} <= {
        f"--{words.strip()}" for words in page.code[0].value.split("--")
    }


def test_every_field_of_the_form_is_filled_in_from_a_recipe() -> None:
    """Those that are declared for it and those with a place of their own."""
    shown = form_fields._shown(replace(quick(), patience=3), data=True)
    assert {*declared(Recipe)} - {*shown} == {*form_fields.NOT_SHOWN}
