"""The fields of the set-up form: each has a name, a value to start from, and a place for what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.wording import wording
from mvfa_core.backbones import BACKBONES
from mvfa_core.data.sources import SYNTHETIC_TRAIN
from mvfa_core.training.bounds import BOUNDS, expect_offered
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
        kept = {one.name: getattr(self.base, one.name) for one in fields(Recipe)}
        try:
            recipe = Recipe(**{**kept, **self.values})
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


def whole(label: str, start: int, name: str) -> int:
    """A whole number of a recipe's field, within the bounds of `training.bounds`."""
    least, most = int(BOUNDS[name].least), int(BOUNDS[name].offered)
    return st.number_input(label, least, most, min(start, most), key=key(name), **LAYOUT)


def number(label: str, start: float, name: str, *, step: float, least: float | None = None) -> float:
    """A number with digits after the point, likewise; `least` for a field that steps from above its bound."""
    low, high = BOUNDS[name].least if least is None else least, BOUNDS[name].offered
    start = min(max(start, low), high)
    return st.number_input(label, low, high, start, step=step, format="%.6g", key=key(name), **LAYOUT)


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
    values = {name: value for name, value in recipe.to_json().items() if name in _PLAIN}
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
        "global_loss": recipe.global_loss == "on",
        "compile": recipe.compile == "on",
        "deterministic": recipe.deterministic == "on",
        "join_names": recipe.join_names == "on",
        "train_n": recipe.train_n or SYNTHETIC_TRAIN,
    }
    return {**values, "source": recipe.data} if data else values


_PLAIN = (
    "pooling", "k", "sizes", "head", "prototype_weight", "local", "anchors", "augment", "mix", "steps", "batch", "lr",
    "schedule", "optimizer", "weight_decay", "seed", "val_every", "validate_on", "patience", "film", "precision",
    "device", "log",
)  # fmt: skip
