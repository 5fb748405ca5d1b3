"""Several runs on one chart: the twin of a run, any others, and what the paper says of the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.settings import read_only
from app.features.training import curve_charts, words
from app.services import training_runs
from app.ui import colours
from mvfa_core.experiments.tables import TABLE1, TABLE3
from mvfa_core.figures.curves import Line, as_bytes, learning_curves
from mvfa_core.model import PAPER_K
from mvfa_core.names import titles, visible
from mvfa_core.training.comparison import decisive
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

DASHES = ("solid", "dash", "dot", "dashdot")

Shades = Mapping[str, tuple[str, str]]
"""Colour and dash by run."""


def choose(run: Run, recipe: Recipe) -> None:
    """Which runs to lay over this one, and a button that brings its twin in."""
    others = [one.id for one in training_runs.runs() if one.id != run.id]
    other_pooling = {"mfa": "gap", "gap": "mfa"}[recipe.pooling].upper()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        session.follow_list(session.RACE, others)
        st.multiselect(
            _("Compare with"),
            others,
            key=session.RACE,
            format_func=titles(others),
            placeholder=_("other runs on the same chart"),
            help=_("Lays the curves of other runs over this one, each with its colour."),
            disabled=not others,
            persist_state="session",
        )
        st.button(
            _("Race it with its {pooling} twin").format(pooling=other_pooling),
            key="twin",
            disabled=read_only(),
            help=_(
                "The same recipe, seed and batches, ending in {pooling}. A twin that is here already is only shown."
            ).format(pooling=other_pooling),
            on_click=errors.pressed(_race_twin),
            args=(run.id, recipe),
        )


def twin(recipe: Recipe) -> Recipe:
    """The same with the other ending."""
    return replace(recipe, pooling={"mfa": "gap", "gap": "mfa"}[recipe.pooling])


def find_twin(recipe: Recipe, runs: Sequence[Run]) -> Run | None:
    """A run that differs from the recipe in nothing but its ending; the newest of several."""
    wanted = decisive(twin(recipe), views=False)
    return next((run for run in runs if decisive(run.recipe(), views=False) == wanted), None)


def _race_twin(run_id: str, recipe: Recipe) -> None:
    other: Run = find_twin(recipe, training_runs.runs()) or training_runs.start_training(twin(recipe), wait=True)
    session.put(session.RUN, run_id)  # the twin is the newer run, but the page stays with this one
    session.put(session.RACE, list(dict.fromkeys([*session.get(session.RACE, []), other.id])))


def rivals(run: FollowedRun) -> list[FollowedRun]:
    """The runs laid over this one, this one first."""
    there = {one.id: one for one in training_runs.runs()}
    return [run, *(there[name] for name in session.get(session.RACE, []) if name in there and name != run.id)]


@dataclass(frozen=True)
class Overlay:
    """The curves of one run, or of several, on the same charts."""

    name: str
    steps: int
    series: list[dict[str, Any]]
    charts: tuple[tuple[str, str], ...]
    reference_lines: list[dict[str, Any]]
    note: str = ""


def overlay(runs: Sequence[FollowedRun], shades: Shades) -> Overlay:
    """Loss and validation accuracy of all of them; of a single run all its curves. The first gives the name."""
    recipes = [run.recipe() for run in runs]
    steps = max(recipe.steps for recipe in recipes)
    for run in runs:
        run.catch_up()
    if len(runs) == 1:
        series = curve_charts.of_one_run(runs[0].curves(), recipes[0].pooling)
        return Overlay(runs[0].id, steps, series, curve_charts.titles(), reference_lines(recipes))
    mixed = len({recipe.pooling for recipe in recipes}) > 1
    titles = (
        ("loss", _("Loss of the head on the averaged map") if mixed else _("Loss")),
        ("accuracy", _("Validation accuracy")),
    )
    series = _side_by_side(runs, "loss_global" if mixed else "loss", shades)
    return Overlay(runs[0].id, steps, series, titles, reference_lines(recipes), note(recipes, mixed=mixed))


def _side_by_side(runs: Sequence[FollowedRun], loss: str, shades: Shades) -> list[dict[str, Any]]:
    series = []
    for run in runs:
        colour, dash = shades[run.id]
        told = run.curves()
        for field, chart in ((loss, "loss"), ("accuracy", "accuracy")):
            if field in told:
                series.append(
                    curve_charts.line(f"{run.id}-{field}", chart, visible(run.id), colour, told[field], dash=dash)
                )
    return series


def show(runs: Sequence[FollowedRun], *, waiting: bool) -> None:
    """The chart, and what must be known to read it. `waiting`: more will come."""
    made = overlay(runs, shades_of(runs))
    curve_charts.show(
        made.name, made.series, made.steps, charts=made.charts, references=made.reference_lines, waiting=waiting
    )
    if made.note:
        st.caption(made.note)


def pdf(runs: Sequence[FollowedRun], shades: Shades) -> bytes:
    """The same as a figure for paper. Knows no session: it is made when the browser asks for the file."""
    made = overlay(runs, shades)
    panels = {
        title: [
            *(Line(one["name"], one["colour"], one["dash"], one["steps"], one["values"]) for one in made.series
              if one["chart"] == chart),
            *(Line(one["name"], one["colour"], level=one["value"]) for one in made.reference_lines
              if one["chart"] == chart),
        ]
        for chart, title in made.charts
    }  # fmt: skip
    shares = [title for chart, title in made.charts if chart == "accuracy"]
    return as_bytes(learning_curves(panels, shares=shares), "pdf")


def _fields() -> dict[str, str]:
    return {
        "data": _("the pictures"),
        "train_n": _("their number"),
        "seed": _("the seed"),
        "batch": _("the batch size"),
        "augment": _("the augmentation"),
        "mix": _("the mixing"),
        "validate_on": _("the side that is watched"),
    }


def note(recipes: Sequence[Recipe], *, mixed: bool) -> str:
    """Whether the race is fair, and what the losses mean."""
    differing = [title for name, title in _fields().items() if len({getattr(one, name) for one in recipes}) > 1]
    fair = (
        _("They do not share {fields}, so their batches differ; compare with care.").format(
            fields=words.listed(differing)
        )
        if differing
        else _("All of them see the same pictures in the same batches: whatever differs comes from the recipe.")
    )
    race_loss = _(
        "MFA adds the losses of all views to that of its whole-image classifier, so totals cannot be compared. The "
        "loss shown is the one both have: of the head on the averaged map, L_global."
    )
    return f"{fair} {race_loss}" if mixed else fair


def shades_of(runs: Sequence[Run]) -> Shades:
    """Colour and dash of each run: of GAP's family or MFA's, and the same in this session for as long as the run is on
    the chart."""
    kinds = {run.id: run.recipe().pooling for run in runs}
    kept = {name: place for name, place in session.get(session.SHADES, {}).items() if name in kinds}
    for name, pooling in kinds.items():
        taken = {kept[other] for other, kind in kinds.items() if kind == pooling and other in kept}
        if name not in kept:
            kept[name] = next(place for place in range(len(kinds)) if place not in taken)
    session.put(session.SHADES, kept)
    return {
        name: (colours.of_family(pooling, kept[name]), DASHES[kept[name] % len(DASHES)])
        for name, pooling in kinds.items()
    }


def reference_lines(recipes: Sequence[Recipe]) -> list[dict[str, Any]]:
    """What the paper reports for these models, each once."""
    found = {}
    for recipe in recipes:
        if said := published(recipe):
            name, share = said
            colour = {"mfa": colours.MFA, "gap": colours.GAP}[recipe.pooling]
            found[name] = curve_charts.reference(
                "accuracy",
                _("paper, {name}: {share:.1f}\u00a0%").format(name=name, share=100 * share),
                colour,
                round(share, 4),
            )
    return list(found.values())


def published(recipe: Recipe) -> tuple[str, float] | None:
    """The paper's name for the model of a recipe and its accuracy on these pictures, from 0 to 1; None where the paper
    has no such model."""
    data = Path(recipe.data).name
    model = f"{recipe.backbone}_{recipe.pooling}".lower()
    if recipe.pooling == "mfa" and recipe.k != PAPER_K:
        share = TABLE3.get(f"K={recipe.k}", {}).get(data) if recipe.backbone == "vgg16" else None
        return None if share is None else (f"VGG16_MFA, K = {recipe.k}", share / 100)
    for name, by_data in TABLE1.items():
        if name.lower() == model and data in by_data:
            return name, by_data[data] / 100
    return None
