"""The fields of the set-up form: each has a name, a value to start from, and a place for what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.wording import wording
from mvfa_core.backbones import BACKBONES
from mvfa_core.data.sources import SYNTHETIC_TRAIN
from mvfa_core.training.recipe_fields import Bound, Declared, declared, expect_offered
from mvfa_core.training.recipes import RECIPES, Recipe

LAYOUT: dict[str, Any] = {"width": "stretch", "persist_state": "session"}


@dataclass
class Form:
    """The recipe as far as it has been filled in: `base` is what fields start from, `values` what they say, `problems`
    what stands in the way, as it was said beside its field, and `train_n` the pictures to train on, once counted."""

    base: Recipe
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    train_n: int = 0

    def problem(self, sentence: str) -> None:
        """Say beside the field just made what is wrong with it."""
        self.problems.append(sentence)
        st.markdown(f":red[:material/error: {wording.plain(sentence)}]")

    def recipe(self) -> Recipe | None:
        """What all fields say; None, and the reason among the problems, while that cannot be carried out."""
        if self.problems:
            return None
        try:
            recipe = replace(self.base, **self.values)
            expect_offered(recipe)
            return recipe
        except ValueError as error:
            self.problems.append(errors.message(error))
            return None


def choice(label: str, shown: dict[str, str], start: str, name: str, **more: Any) -> str:
    """One of a few, side by side."""
    return st.segmented_control(
        label, list(shown), default=start, required=True, format_func=shown.__getitem__, key=key(name), **LAYOUT, **more
    )


def select(label: str, options: list[str], start: str, name: str, **more: Any) -> str:
    """One of several, from a list."""
    session.forget_unless(key(name), options)
    place = options.index(start) if start in options else 0
    return st.selectbox(label, options, place, key=key(name), **LAYOUT, **more)


def whole(label: str, start: int, name: str, **more: Any) -> int:
    """A whole number of a recipe's field, within the bounds that are declared for it."""
    least, most = int(bound(name).least), int(bound(name).offered)
    return st.number_input(label, least, most, min(start, most), key=key(name), **LAYOUT, **more)


def number(label: str, start: float, name: str, *, step: float, least: float | None = None, **more: Any) -> float:
    """A number with digits after the point, likewise; `least` for a field that steps from above its bound."""
    low, high = float(bound(name).least if least is None else least), float(bound(name).offered)
    start = min(max(start, low), high)
    return st.number_input(label, low, high, start, step=step, format="%.6g", key=key(name), **LAYOUT, **more)


def toggle(label: str, start: str, name: str, **more: Any) -> str:
    """Either "on" or "off"."""
    return "on" if st.toggle(label, start == "on", key=key(name), **more) else "off"


def bound(name: str) -> Bound:
    """How large a field may be."""
    limits = declared(Recipe)[name].bound
    assert limits, name
    return limits


def further(form: Form, tab: str) -> None:
    """The fields that are declared for a group of the form and have no place of their own in it."""
    for name, about in declared(type(form.base)).items():
        if about.label and about.tab == tab:
            form.values[name] = _further(name, about, getattr(form.base, name))


def _further(name: str, about: Declared, start: Any) -> Any:
    label, help = _(about.label), _(about.help)
    if about.kind == "switch":
        return toggle(label, start, name, help=help, persist_state="session")
    if about.choices:
        return select(label, list(about.choices), start, name, help=help)
    if about.kind == "whole" and not about.optional:
        return whole(label, start, name, help=help)
    if about.kind == "number" and not about.optional:
        return number(label, start, name, step=0.01, help=help)
    raise TypeError(f"{name}: a field of this kind needs a place of its own on the form")


def key(name: str) -> str:
    """The key of a field's widget."""
    return session.SET_UP(name)


# --- filling fields in ---


def fill(recipe: Recipe, *, data: bool = True) -> None:
    """Let every field show a recipe. In a callback, or before the fields are made.

    Args:
        data: whether its pictures are taken over too, or what is chosen stays.
    """
    remember(recipe)
    for name, value in _shown(recipe, data=data).items():
        session.put(key(name), value)


def remember(recipe: Recipe) -> None:
    """Let fields start from a recipe, as one for a new run of one process."""
    session.put(session.SET_UP_BASE, replace(recipe, restarts=(), devices=1, nodes=1).to_json())


def base(preset: str) -> Recipe:
    """The recipe that fields start from."""
    kept = session.get(session.SET_UP_BASE)
    return Recipe.from_json(kept) if kept else RECIPES[preset]()


def snapshot() -> dict[str, Any]:
    """What all fields show now, right or wrong, for `restore`."""
    shown = {str(name): value for name, value in st.session_state.items() if str(name).startswith(key(""))}
    shown.pop(key("fresh"), None)  # for the eye only
    return shown


def restore(values: dict[str, Any]) -> None:
    """Let the fields show what they did at a `snapshot`."""
    for name, value in values.items():
        session.put(name, value)


def _shown(recipe: Recipe, *, data: bool) -> dict[str, Any]:
    """The value of every widget for a recipe, by the field's name."""
    values = {name: value for name, value in recipe.to_json().items() if name not in NOT_SHOWN}
    values |= {name: values[name] == "on" for name, about in declared(type(recipe)).items() if about.kind == "switch"}
    known = recipe.backbone in BACKBONES
    weights = recipe.weights
    values |= {
        "preset": recipe.preset,
        "backbone": recipe.backbone if known else "timm",
        "timm": "" if known else recipe.backbone.partition(":")[2],
        "weights": "none" if weights is None else weights if weights == "imagenet" else "file",
        "weights_file": weights if weights not in (None, "imagenet") else "",
        "hidden": ", ".join(map(str, recipe.hidden)),
        "stop_at": None if recipe.stop_at is None else 100 * recipe.stop_at,
        "train_n": recipe.train_n or SYNTHETIC_TRAIN,
    }
    return {**values, "source": recipe.data} if data else values


NOT_SHOWN = ("data", "restarts", "devices", "nodes")
"""Pictures have a part of the form to themselves; a new run is one process that was never extended."""
