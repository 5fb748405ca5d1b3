"""What the recipe of the form will take: its size at once, memory and time from steps that are measured on request."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field, replace

import streamlit as st

from app.base import errors, permissions
from app.base.i18n import _
from app.base.settings import must_be_open
from app.base.wording import wording
from app.features.training import set_up_words as words
from app.services import inference_queue, limits
from mvfa_core.training.estimate import Estimate, Size, begin, noted, picture_counts, size_of
from mvfa_core.training.recipes import Recipe

LONGEST_S = 300.0
KEPT = 32
LONG, SILENT = "(long)", "(silent)"
"""In place of an answer: it took too long; it ended without a word."""


@dataclass
class EstimateService:
    """Where measuring processes are watched: one at a time for the whole server. `answers` holds, by recipe, what came
    of those that are done: an estimate or a sentence."""

    process: subprocess.Popen[str] | None = None
    recipe: Recipe | None = None
    since: float = 0.0
    answers: dict[Recipe, Estimate | str] = field(default_factory=dict)

    def ask(self, recipe: Recipe) -> None:
        """Begin to measure, if nothing is being measured."""
        must_be_open()
        limits.expect_startable(recipe)
        permissions.expect_seen(recipe.data)
        self.look()
        if self.process is None:
            self.answers.pop(recipe, None)
            self.process, self.recipe, self.since = begin(recipe), recipe, time.monotonic()

    def look(self) -> None:
        """Take the answer if the process has ended, or end it if it takes too long."""
        process, recipe = self.process, self.recipe
        if process is None or recipe is None:
            return
        if process.poll() is None:
            if time.monotonic() - self.since < LONGEST_S:
                return
            process.kill()
            answer: Estimate | str = LONG
            process.communicate()
        else:
            answer = _answer(*process.communicate(), process.returncode)
        self.process = self.recipe = None
        self.answers[recipe] = answer
        while len(self.answers) > KEPT:
            self.answers.pop(next(iter(self.answers)))


def _answer(out: str, err: str, status: int) -> Estimate | str:
    lines = err.strip().splitlines()
    if status == 0:
        return Estimate.from_json(json.loads(out))
    return lines[-1] if lines else SILENT


@st.cache_resource(show_spinner=False)
def _desk() -> EstimateService:
    return EstimateService()


@st.cache_data(show_spinner=False, max_entries=128)
def _size(recipe: Recipe, classes: int) -> Size:
    # In the line of inference: torch's random numbers are shared by the whole process.
    return inference_queue.infer(size_of, recipe, classes)


@st.cache_data(show_spinner=False, max_entries=64, ttl=600)
def _counts(recipe: Recipe) -> tuple[int, int, int]:
    return picture_counts(recipe)


def _plain(recipe: Recipe) -> Recipe:
    """Without what changes often and neither the size nor the counts depend on."""
    return replace(recipe, steps=1, lr=1.0, val_every=1, film=0, stop_at=None, patience=None)


def show(recipe: Recipe) -> None:
    """The size, and the estimate if there is one or else the way to it."""
    desk = _desk()
    desk.look()
    waiting = desk.recipe == recipe

    @st.fragment(run_every=1.0 if waiting else None)
    def line() -> None:
        desk.look()
        if waiting != (desk.recipe == recipe):  # it began or ended: the page ticks, or ticks no more
            st.rerun()
        _line(recipe, desk, waiting=waiting)

    line()


def _line(recipe: Recipe, desk: EstimateService, *, waiting: bool) -> None:
    try:
        counts = _counts(_plain(recipe))
        size = _size(_plain(recipe), counts[0])
        found = desk.answers.get(recipe) or noted(recipe, counts)
    except ValueError as error:
        st.caption(_("No estimate: {reason}").format(reason=wording.plain(errors.message(error))))
        return
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if isinstance(found, Estimate):
                st.markdown(words.estimated(found.total_s, found.memory), width="content")
            if not waiting:
                st.button(
                    _("Measure again") if found else _("Estimate time"),
                    key="form_measure",
                    icon=":material/speed:",
                    type="tertiary",
                    help=_(
                        "Trains a few steps on noise and scales them up. Runs in the background; takes some seconds."
                    ),
                    disabled=desk.process is not None,
                    on_click=errors.pressed(desk.ask),
                    args=(recipe,),
                )
        about = _about(recipe, found, desk, waiting=waiting)
        st.caption(f"{words.parameters(size.parameters, size.total)} {about}")


def _reason(found: str) -> str:
    said = {
        LONG: _("it took longer than {minutes} minutes and was ended").format(minutes=round(LONGEST_S / 60)),
        SILENT: _("its process ended without saying why"),
    }
    return said.get(found, found)


def _about(recipe: Recipe, found: Estimate | str | None, desk: EstimateService, *, waiting: bool) -> str:
    """The sentence below: what is going on, what went wrong, or what the figures rest on."""
    if waiting:
        return _("Measuring a few steps; the page can be used meanwhile.")
    if isinstance(found, str):
        return _("No estimate: {reason}").format(reason=wording.plain(_reason(found)))
    if found is None:
        return _("Another estimate is being measured; try again in a moment.") if desk.process else ""
    one = found.measured
    scaled = one.batch < min(recipe.batch, found.train_n)
    return words.measured(one.steps, one.batch, one.machine, beside=found.beside, scaled=scaled)
