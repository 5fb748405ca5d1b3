"""The furniture of the Compare page: two models' maps, answers and surest regions beside each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.base import link_locks, session
from app.base.i18n import _, pgettext
from app.base.wording import wording
from app.features.compare import words
from app.services import class_subset, explanations, model_titles, models
from app.services.explanations import ModelInfo
from app.services.gallery import Picture
from app.ui import answer, colours, controls, panels, verdict
from app.ui.tables import frame
from mvfa_core.analysis.similarity import map_similarity
from mvfa_core.explain import Explanation


@dataclass(frozen=True)
class Side:
    """One model and what it made of the picture."""

    model: str
    facts: ModelInfo
    explanation: Explanation

    @property
    def title(self) -> str:
        """The model as it is called in lists."""
        return model_titles.titles([self.model])(self.model)


def second(first: str) -> str | None:
    """The other model, kept in the address: the twin where there is one; None if there is only one model."""
    options = [name for name in models.model_ids() if name != first]
    if not options:
        return None
    chosen = session.follow(session.SECOND, options, _twin(first, options))
    if not link_locks.hidden(session.SECOND):
        st.selectbox(
            pgettext("model", "Compare with"),
            options,
            key=session.SECOND,
            format_func=model_titles.titles(options),
            persist_state="session",
            **link_locks.look(session.SECOND),
        )
    return chosen


def _twin(first: str, options: list[str]) -> str:
    swapped = {first.replace("mfa", "gap"), first.replace("gap", "mfa")} - {first}
    return next((name for name in options if name in swapped), options[0])


def views(sides: tuple[ModelInfo, ModelInfo]) -> tuple[int | None, tuple[int, ...] | None]:
    """K and L_R for both, from the one that has views; None if neither has."""
    with_views = [facts for facts in sides if facts.pooling == "mfa"]
    if not with_views:
        return None, None
    fewest = min(with_views, key=lambda facts: facts.cells)
    return controls.anchors(fewest), controls.sizes(fewest)


def side(
    model: str, facts: ModelInfo, picture: Picture, target: str | None, k: int | None, sizes: tuple[int, ...] | None
) -> Side:
    """One model's explanation of the picture, for the class of that name if it has it, else for its own answer."""
    known = facts.classes.index(target) if target in facts.classes else None
    options = (k, sizes) if facts.pooling == "mfa" else (None, None)
    return Side(model, facts, explanations.explanation(model, picture, known, *options))


def show_answers(sides: tuple[Side, Side], picture: Picture, target: str | None) -> None:
    """What each says, a line each."""
    for one in sides:
        explanation = one.explanation
        name, share = explanation.classes[explanation.predicted], float(explanation.ensemble_C[explanation.predicted])
        known = picture.truth in models.model(*models.version(one.model)).classes
        st.markdown(words.answer(one.title, name, share, picture.truth, known=known))
        class_subset.note(one.facts.known, len(explanation.classes))
        if target is not None and target not in explanation.classes:
            st.caption(
                _("{model} has no class {name}: its own answer, {own}, is explained instead.").format(
                    model=wording.plain(one.title), name=wording.plain(target), own=wording.plain(name)
                )
            )


def show_scope(sides: tuple[Side, Side], picture: Picture) -> None:
    """What each can say at all of such a picture; once where both can say the same."""
    names = {one.model: models.model(*models.version(one.model)).classes for one in sides}
    for note in dict.fromkeys(answer.scope(model, picture, classes) for model, classes in names.items()):
        if note:
            st.caption(note)


def show_maps(sides: tuple[Side, Side], picture: Picture) -> None:
    """CAM, Grad-CAM and AdaCAM of both: on one board and range where the grids agree, on two boards otherwise."""
    first, other = sides
    shown = picture.digest
    recipe = panels.recipe(f"{first.model} and {other.model}", picture, first.explanation)
    if first.explanation.grid == other.explanation.grid:
        both = [panel for one in sides for panel in _maps(one)]
        panels.show_board(session.COMPARED("maps"), "compare", shown, first.explanation, both, recipe)
        return
    grids = [" × ".join(map(str, one.explanation.grid)) for one in sides]
    st.caption(
        _(
            "The grids differ, {first} and {second} cells: each model has its own board, and a cell of one is no cell "
            "of the other."
        ).format(first=grids[0], second=grids[1])
    )
    for place, one in enumerate(sides):
        own = panels.recipe(one.model, picture, one.explanation)
        key = session.COMPARED(f"maps_{place}")
        panels.show_board(key, "compare", shown, one.explanation, _maps(one), own, channel=key)


def _maps(one: Side) -> list[dict]:
    renamed = []
    for panel in panels.maps(one.explanation):
        title = _("{title}, {model}").format(title=panel["title"], model=one.title)
        renamed.append(panel | {"id": f"{one.model} {panel['id']}", "title": title})
    return renamed


def show_likeness(sides: tuple[Side, Side], k: int) -> None:
    """Every kind of map of the first model against the same kind of the second."""
    a, b = (one.explanation for one in sides)
    named = (("CAM", a.cam_HW, b.cam_HW), ("Grad-CAM", a.grad_cam_HW, b.grad_cam_HW),
             ("AdaCAM", a.adacam_HW, b.adacam_HW))  # fmt: skip
    rows = [(title, map_similarity(x, y, k)) for title, x, y in named if x is not None and y is not None]
    title, rank, shared = (
        column.format(k=k) for column in (_("Map"), _("Rank correlation"), _("Highest {k} cells in common, %"))
    )
    columns = {
        title: [name for name, _unused in rows],
        rank: [None if np.isnan(alike.rank) else alike.rank for _unused, alike in rows],
        shared: [100 * alike.shared for _unused, alike in rows],
    }
    look = {
        rank: st.column_config.NumberColumn(format="%+.3f"),
        shared: st.column_config.NumberColumn(format="%.0f"),
    }
    frame(columns, hide_index=True, column_config=look)
    st.caption(
        _(
            "The same map of both models: Spearman's rank correlation over all cells, and intersection over union of "
            "the {k} highest. Logits of two models have no common zero, so only orders and places are compared, not "
            "heights."
        ).format(k=k)
    )


def show_regions(sides: tuple[Side, Side], picture: Picture) -> None:
    """The surest region of every model that has views."""
    with_views = [one for one in sides if one.explanation.logits_MC is not None]
    if not with_views:
        st.caption(_("Neither model has views."))
        return
    shown = picture.digest
    drawn = []
    for one in with_views:
        top = panels.regions(one.explanation, distinct=False)[1]
        title = _("Top-1, {model}").format(model=one.title)
        drawn.append(top | {"id": f"{one.model} top-1", "title": title})
    explanation = with_views[0].explanation
    recipe = panels.recipe(" and ".join(one.model for one in with_views), picture, explanation)
    key = session.COMPARED("regions")
    panels.show_board(key, "compare regions", shown, explanation, drawn, recipe, channel=key)


def show_verdict(sides: tuple[Side, Side], truth: str | None) -> None:
    """The confidence of both in every class; beside each other if their classes differ."""
    if sides[0].explanation.classes == sides[1].explanation.classes:
        verdict.show_rows(session.VERDICT, _verdict(sides, truth))
        return
    st.caption(
        _("The models do not know the same classes, so their answers stand side by side and not class by class.")
    )
    for column, one in zip(st.columns(2, gap="large"), sides, strict=True):
        with column:
            st.text(one.title)
            verdict.show_rows(f"{session.VERDICT}_{one.model}", verdict.verdict(one.explanation, truth))


def _verdict(sides: tuple[Side, Side], truth: str | None) -> dict:
    family = {"gap": 0, "mfa": 0}
    heads = []
    for one in sides:
        pooling = one.explanation.pooling
        heads.append({"name": one.title, "colour": colours.of_family(pooling, family[pooling])})
        family[pooling] += 1
    answers = [one.explanation.ensemble_C for one in sides]
    return verdict.rows(sides[0].explanation, heads, answers, truth, _("Confidence of both models in each class"))
